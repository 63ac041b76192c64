//! All partners in one process, for tests and demonstrations that need them outside their own.
//!
//! Writes one JSON line with the base address of each and the process id: `{"customs": "http://127.0.0.1:1234",
//! "ecites": ..., "epix": ..., "authority": ..., "species": ..., "pid": 4711}`. Then serves until its standard input
//! is closed, so that no orphan is left when the caller dies, or SIGTERM comes. `--bearer TOKEN` makes customs, ecites
//! and authority ask for that token, `--species-token TOKEN` sets that of Species+, `--nasty` starts an ecites that
//! honours no key and has no probe. Everything else is the control API of each partner.

use std::io::Read;

use dragoman_support::authority::{self, Authority};
use dragoman_support::customs::{self, Customs};
use dragoman_support::ecites::{self, Ecites};
use dragoman_support::epix::{self, Epix};
use dragoman_support::species::{self, Species};
use dragoman_support::{Access, Error};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;

#[derive(Default)]
struct Arguments {
    bearer: Option<String>,
    species_token: Option<String>,
    nasty: bool,
}

impl Arguments {
    fn read(mut given: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self::default();
        while let Some(argument) = given.next() {
            let mut value = || given.next().ok_or(format!("{argument} wants a value"));
            match &*argument {
                "--bearer" => arguments.bearer = Some(value()?),
                "--species-token" => arguments.species_token = Some(value()?),
                "--nasty" => arguments.nasty = true,
                other => {
                    return Err(format!(
                        "unknown argument `{other}`; there are --bearer TOKEN, --species-token TOKEN and --nasty"
                    ));
                }
            }
        }
        Ok(arguments)
    }
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    let arguments = match Arguments::read(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(reason) => {
            eprintln!("dragoman-partners: {reason}");
            return std::process::ExitCode::from(2);
        }
    };
    match serve(arguments).await {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("dragoman-partners: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

async fn serve(arguments: Arguments) -> Result<(), Error> {
    let access = arguments.bearer.map_or(Access::Open, Access::Bearer);
    let customs = Customs::start(customs::Options {
        access: access.clone(),
        ..customs::Options::default()
    })
    .await?;
    let ecites = Ecites::start(ecites::Options {
        access: access.clone(),
        ..if arguments.nasty {
            ecites::Options::nasty()
        } else {
            ecites::Options::default()
        }
    })
    .await?;
    let epix = Epix::start(epix::Options::default()).await?;
    let authority = Authority::start(authority::Options {
        access,
        ..authority::Options::default()
    })
    .await?;
    let mut options = species::Options::default();
    if let Some(token) = arguments.species_token {
        options.token = token;
    }
    let species = Species::start(options).await?;
    let addresses = serde_json::json!({
        "customs": customs.url(),
        "ecites": ecites.url(),
        "epix": epix.url(),
        "authority": authority.url(),
        "species": species.url(),
        "pid": std::process::id(),
    });
    // Whoever reads the line may end this at once: the signal must be waited for before it is written.
    let terminated = signal(SignalKind::terminate()).map_err(|source| Error::Io {
        what: "wait for SIGTERM".to_owned(),
        source,
    })?;
    println!("{addresses}");
    until_told_to_end(terminated).await
}

async fn until_told_to_end(mut terminated: Signal) -> Result<(), Error> {
    let (closed, input_closed) = oneshot::channel();
    // A thread of its own: reading the terminal or a pipe blocks, and must not keep the runtime from ending.
    std::thread::spawn(move || {
        let mut rest = [0_u8; 256];
        let mut input = std::io::stdin().lock();
        while matches!(input.read(&mut rest), Ok(read) if read > 0) {}
        // The receiver is gone only where the process is already ending.
        let _ = closed.send(());
    });
    tokio::select! {
        _ = terminated.recv() => {}
        _ = input_closed => {}
    }
    Ok(())
}

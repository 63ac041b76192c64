//! `dragoman serve`.

use std::io::Write;
use std::process::ExitCode;

use clap::Args;
use dragoman_server::Runtime;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tracing_subscriber::EnvFilter;

use crate::answer::{Error, Outcome, print_diagnostics};
use crate::console::colour;
use crate::memory;
use crate::site::{SiteOption, block_on};

/// Takes messages and runs pipelines until it is told to stop (SIGTERM or Ctrl-C). The site is checked first; with an
/// error nothing is started. When the site file, a pipeline or a plugin changes, and on SIGHUP, the site is read anew; with
/// an error it is served as it was.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    site: SiteOption,
    /// The log as JSON lines
    #[arg(long)]
    log_json: bool,
}

impl Serve {
    pub(crate) fn run(self) -> Outcome {
        log(self.log_json, "info");
        block_on(async {
            // Waited for from the start: a hangup while the site is opened must not end the process.
            let (stop, again) = (stopped()?, hangups()?);
            tokio::spawn(memory::give_back());
            let runtime = Runtime::open(&self.site.site).await?;
            print_diagnostics(&runtime.warnings);
            let site = runtime.said.name.value.clone();
            let pipelines = runtime.plans.all().len();
            let ready = move |address| {
                println!("dragoman: serving {site} with {pipelines} pipelines on http://{address}");
                // A reader on a pipe waits for this line.
                let _ = std::io::stdout().flush();
            };
            dragoman_server::serve(runtime, ready, stop, again).await?;
            Ok(())
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn refuse(error: std::io::Error) -> Error {
    Error::plain(format!("signals cannot be waited for: {error}"))
}

/// Told with each SIGHUP; several in a row count as one.
pub(super) fn hangups() -> Result<mpsc::Receiver<()>, Error> {
    let mut hangup = signal(SignalKind::hangup()).map_err(refuse)?;
    let (tell, again) = mpsc::channel(1);
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            if let Err(mpsc::error::TrySendError::Closed(())) = tell.try_send(()) {
                return;
            }
        }
    });
    Ok(again)
}

/// Resolves when the process is told to stop.
pub(super) fn stopped() -> Result<impl Future<Output = ()>, Error> {
    let mut terminate = signal(SignalKind::terminate()).map_err(refuse)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(refuse)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Logs go to standard error; `DRAGOMAN_LOG` chooses what, `usual` where it says nothing.
pub(crate) fn log(json: bool, usual: &str) {
    let filter = EnvFilter::try_from_env("DRAGOMAN_LOG").unwrap_or_else(|_| EnvFilter::new(usual));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(colour())
        .with_writer(std::io::stderr);
    // A second initialisation would be a test's; the first one stays.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
}

//! `dragoman run`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use dragoman_model::RunId;
use dragoman_server::{Begin, Came, Client, OPERATORS, Runtime, TOO_LARGE, begin, read_site};

use crate::answer::{Error, Outcome, print_diagnostics};
use crate::codes::unread;
use crate::commands::runs;
use crate::commands::serve::log;
use crate::site::{Site, SiteOption, block_on, desk, encoded};
use crate::who::WhoOption;

/// Runs one message through a pipeline until it has ended, waits for a person or is parked: at the server that runs, else
/// here. What fails for the moment is told on standard error. A run that sleeps for more than 10 s, because a partner is
/// away, is not waited for: it goes on when the site is served. Exits with 0 where it completed or was stopped as the pipeline says, with 3 where it waits,
/// sleeps or is parked, with 1 where it failed.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The pipeline's name
    pipeline: String,
    #[command(flatten)]
    site: SiteOption,
    #[command(flatten)]
    who: WhoOption,
    /// The file with the message
    #[arg(long, value_name = "FILE")]
    trigger: PathBuf,
    /// The trigger's id; needed where the pipeline has several that read differently
    #[arg(long, value_name = "ID")]
    on: Option<String>,
    /// Reads only: everything else is written down as what would have been done
    #[arg(long)]
    dry: bool,
    /// Waits for it so long, also while it sleeps: 90s, 5m, 1h
    #[arg(long = "for", value_name = "DURATION", value_parser = duration)]
    patience: Option<Duration>,
    /// The result as JSON
    #[arg(long)]
    json: bool,
}

impl Run {
    pub(crate) fn run(self) -> Outcome {
        // What becomes of the run is told anyway.
        log(false, "info,dragoman::runs=off");
        block_on(self.run_within())
    }

    async fn run_within(self) -> Outcome {
        let (said, _) = read_site(&self.site.site).map_err(Error::Diagnostics)?;
        let message = message(&self.trigger, said.largest_message)?;
        let json = self.json;
        let came = match self.site.reach().await? {
            Site::Served(client) => self.ask_server(client, message).await?,
            Site::Opened(runtime) => self.do_here(&runtime, message).await?,
        };
        let (again, shown) = match came {
            Came::Rests { again, shown } => (again, shown),
            Came::Left(_) => return Ok(ExitCode::from(3)),
        };
        if json {
            println!("{shown:#}");
        } else {
            if again {
                println!("this message was taken before; this is what came of it:\n");
            }
            runs::print_run(&shown);
        }
        Ok(match shown["run"]["status"].as_str() {
            Some("completed" | "stopped") => ExitCode::SUCCESS,
            Some("waiting" | "parked" | "sleeping") => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        })
    }

    async fn ask_server(self, client: Client, message: Vec<u8>) -> Result<Came, Error> {
        let client = self.who.introduce(client, false)?;
        let mut path = format!(
            "/v1/pipelines/{}/runs?dry={}&bodies={}&file={}",
            encoded(&self.pipeline),
            self.dry,
            self.json,
            encoded(&self.trigger.display().to_string())
        );
        if let Some(on) = &self.on {
            path.push_str(&format!("&on={}", encoded(on)));
        }
        if let Some(patience) = self.patience {
            path.push_str(&format!("&for={}", patience.as_millis()));
        }
        let mut told = client.begin(&path, message, |line| eprintln!("{line}")).await?;
        if told["shown"].is_object() {
            let again = told["again"] == true;
            return Ok(Came::Rests {
                again,
                shown: told["shown"].take(),
            });
        }
        let run = told["left"].as_str().and_then(|run| run.parse().ok());
        eprintln!("{}", left(run, "the server goes on with it"));
        Ok(Came::Left(run))
    }

    async fn do_here(self, runtime: &Runtime, message: Vec<u8>) -> Result<Came, Error> {
        let who = self.who.here(runtime, None).await?;
        who.may(&OPERATORS)?;
        print_diagnostics(&runtime.warnings);
        let wanted = Begin {
            pipeline: self.pipeline,
            on: self.on,
            dry: self.dry,
            message,
            file: self.trigger.display().to_string(),
            sender: who.actor,
            patience: self.patience,
            bodies: self.json,
        };
        let plans = runtime.plans.all();
        let say = |line| eprintln!("{line}");
        let came = begin(&runtime.handle(), &plans, &desk(runtime), wanted, say).await?;
        if let Came::Left(run) = &came {
            let later = "it goes on when the site is served (`dragoman serve`)";
            eprintln!("{}", left(*run, later));
        }
        Ok(came)
    }
}

/// The message in a file, of at most so many bytes: what is larger is refused without being read whole.
fn message(file: &Path, largest: u64) -> Result<Vec<u8>, Error> {
    let unread = |e| unread(file, e);
    let opened = std::fs::File::open(file).map_err(unread)?;
    let mut body = Vec::new();
    opened
        .take(largest.saturating_add(1))
        .read_to_end(&mut body)
        .map_err(unread)?;
    if body.len() as u64 > largest {
        let message = format!("the message in {} is larger than {largest} bytes", file.display());
        return Err(Error::coded(TOO_LARGE, message).help("raise `limits: { message: }` in the site file"));
    }
    Ok(body)
}

/// What is said of a run that is not waited for any longer, and who goes on with it.
fn left(run: Option<RunId>, later: &str) -> String {
    match run {
        Some(run) => format!("the run {run} has not ended; {later}"),
        None => format!("the run has not ended; {later}, and `dragoman runs list` lists it"),
    }
}

/// A duration as a person writes it: `90s`, `5m`, `1h`.
fn duration(text: &str) -> Result<Duration, String> {
    let refused = || "write a number with s, m or h, such as 90s".to_owned();
    let at = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(refused)?;
    let number: u64 = text[..at].parse().map_err(|_| refused())?;
    let unit = match &text[at..] {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(refused()),
    };
    // A hundred years are long enough, and any clock can add them.
    Ok(Duration::from_secs(number.saturating_mul(unit).min(3_155_760_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("5m", 300), ("2h", 7200), ("0s", 0)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "5", "s", "5d", "-5s", "5 s", "99999999999999999999s"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}

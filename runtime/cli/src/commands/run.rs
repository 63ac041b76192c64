//! `dragoman run`.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use dragoman_engine::{Delivery, Refused};
use dragoman_journal::{Ending, Standing};
use dragoman_model::{Failure, RunId};
use dragoman_server::{Runtime, TOO_LARGE, os_actor, read_site};
use serde_json::json;

use crate::answer::{Error, Outcome, print_diagnostics};
use crate::codes::{self, NOT_THERE, no_pipeline, unread};
use crate::commands::runs;
use crate::commands::serve::log;
use crate::site::{SiteOption, block_on, desk};
use crate::story::{self, Story};

/// Runs one message through a pipeline until it has ended, waits for a person or is parked. What fails for the moment is
/// told on standard error. A run that sleeps for more than 10 s, because a partner is away, is not waited for: it goes on
/// when the site is served. Exits with 0 where it completed or was stopped as the pipeline says, with 3 where it waits,
/// sleeps or is parked, with 1 where it failed.
#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The pipeline's name
    pipeline: String,
    #[command(flatten)]
    site: SiteOption,
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
    #[arg(long = "for", value_name = "DURATION", value_parser = story::duration)]
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
        let body = message(&self.trigger, said.largest_message)?;
        let runtime = Runtime::open(&self.site.site).await?;
        print_diagnostics(&runtime.warnings);
        let plans = runtime.plans.all();
        let Some(plan) = plans.iter().find(|p| p.pipeline == self.pipeline) else {
            let names: Vec<&str> = plans.iter().map(|p| p.pipeline.as_str()).collect();
            return Err(no_pipeline(&self.pipeline).help(format!("it has {}", names.join(", "))));
        };
        let trigger = match &self.on {
            Some(id) => plan.triggers.iter().find(|t| t.id == *id),
            None => plan
                .triggers
                .iter()
                .find(|t| t.kind == dragoman_plan::TriggerKind::Manual)
                .or(plan.triggers.first()),
        };
        let Some(trigger) = trigger else {
            let ids: Vec<&str> = plan.triggers.iter().map(|t| t.id.as_str()).collect();
            return Err(
                Error::coded(NOT_THERE, "the pipeline has no such trigger").help(format!("it has {}", ids.join(", ")))
            );
        };
        let delivery = Delivery {
            pipeline: self.pipeline.clone(),
            trigger: trigger.id.clone(),
            media_type: media_type(&body).into(),
            body: body.into(),
            headers: Vec::new(),
            attributes: json!({ "file": self.trigger.display().to_string() }),
            sender: os_actor("os_user", None),
            key: None,
        };
        let mut story = Story::new(runtime.handle().subscribe(), &self.pipeline, self.patience);
        let handle = runtime.handle();
        let finished = tokio::select! {
            // What ends at the same moment has ended.
            biased;
            finished = handle.run(delivery, self.dry) => finished.map_err(refused)?,
            run = story.tell() => {
                eprintln!("{}", left(run));
                return Ok(ExitCode::from(3));
            }
        };
        let shown = desk(&runtime).run(&finished.run.to_string(), self.json).await?;
        if self.json {
            println!("{shown:#}");
        } else {
            if finished.again {
                println!("this message was taken before; this is what came of it:\n");
            }
            runs::print_run(&shown);
        }
        Ok(match (finished.ending, finished.standing) {
            (Some(Ending::Completed | Ending::Stopped), _) => ExitCode::SUCCESS,
            (None, Standing::Waiting(_) | Standing::Parked | Standing::Sleeping(_)) => ExitCode::from(3),
            _ => ExitCode::FAILURE,
        })
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

/// What is said of a run that is not waited for any longer.
fn left(run: Option<RunId>) -> String {
    let later = "it goes on when the site is served (`dragoman serve`)";
    match run {
        Some(run) => format!("the run {run} has not ended; {later}"),
        None => format!("the run has not ended; {later}, and `dragoman runs list` lists it"),
    }
}

fn media_type(body: &[u8]) -> &'static str {
    match body.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'<' | 0xef) => "application/xml",
        _ => "application/json",
    }
}

/// Why the message was not taken, with the code that a sender is answered with over HTTP.
fn refused(refusal: Refused) -> Error {
    let error = |message: String| codes::refused(refusal.code(), message);
    match &refusal {
        Refused::Unreadable { failure, run } => {
            let message = &failure.message;
            let told = match message.strip_prefix("the message cannot be read") {
                Some(_) => message.clone(),
                None => format!("the message cannot be read: {message}"),
            };
            let refused = error(told + &issues(failure));
            match run {
                Some(run) => refused.help(format!("it is kept as run {run}; `dragoman runs show {run}` shows it")),
                None => refused,
            }
        }
        Refused::KeyConflict { run, key } => error(format!(
            "a message with the key `{key}` and another content was taken before, as run {run}"
        )),
        Refused::Overloaded { message, .. } => error(message.clone()).help("try again later"),
        Refused::Store { message, .. } => error(message.clone()),
        Refused::Unknown => error("the pipeline or its trigger is gone".into()),
    }
}

/// What is wrong with a message in particular, a line each.
fn issues(failure: &Failure) -> String {
    let told = failure.issues.iter().filter(|i| i.message != failure.message);
    told.map(|i| format!("\n  {}: {} ({})", i.path, i.message, i.code))
        .collect()
}

//! `dragoman runs record`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use dragoman_cases::record::{Hearer, Privacy, hearers, prove, record_history};
use dragoman_journal::RunFilter;
use serde_json::{Value, json};

use crate::answer::{Error, Outcome};
use crate::codes::unwritten;
use crate::commands::plugin::compiled;
use crate::site::{Sight, SiteOption, block_on};

/// Makes a case of a run: the message, what each call and each person answered, and what came of it. What belongs to
/// people, and the numbers by which business is found, become pseudonyms.
#[derive(Debug, Args)]
pub(crate) struct Record {
    /// Its id, or the beginning of it
    run: String,
    #[command(flatten)]
    site: SiteOption,
    /// The file to write; else it is printed
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    /// Hides this member besides: its name, or a JSON Pointer such as /customer/number
    #[arg(long, value_name = "MEMBER")]
    hide: Vec<String>,
    /// Keeps this member although it would be hidden: its name, or a JSON Pointer
    #[arg(long, value_name = "MEMBER")]
    keep: Vec<String>,
    /// Keeps the numbers by which business is found
    #[arg(long)]
    keep_ids: bool,
}

impl Record {
    pub(crate) fn run(self) -> Outcome {
        let trial = block_on(async { Ok(dragoman_server::trial(&self.site.site, compiled::cache()).await?) })?;
        let privacy = Privacy {
            hide: self.hide.clone(),
            keep: self.keep.clone(),
            keep_ids: self.keep_ids,
        };
        let hearers = |history: &[Value]| hearers(history, &trial.bench);
        let history = block_on(async { history(&self.site.look().await?, &self.run, &hearers).await })?;
        let text = record_history(&history, &trial.bench, &privacy).map_err(told)?;
        match &self.to {
            None => print!("{text}"),
            Some(file) if file.exists() => {
                return Err(unwritten(file, "it is there already").help("give another name"));
            }
            Some(file) => {
                std::fs::write(file, &text).map_err(|e| unwritten(file, e))?;
                println!("{}: recorded; read it before you hand it on", file.display());
            }
        }
        // What was written stays: a person can bring it to hold, and sees in it what the run did.
        let proven = prove(&text, &trial.bench).map_err(told);
        proven.map_err(|error| {
            error.help(
                "the pipeline or a connector may have changed since, or a case cannot say what the run rested on; write \
                 what is missing into the case, or let `dragoman test --update` write what comes out now",
            )
        })?;
        Ok(ExitCode::SUCCESS)
    }
}

fn told(error: dragoman_cases::Error) -> Error {
    match error {
        dragoman_cases::Error::Case(diagnostics) => Error::Diagnostics(diagnostics),
        dragoman_cases::Error::Plain { code, message } => Error::coded(code, message),
    }
}

/// So many of the newest runs of a pipeline are looked through for those that an event began.
const LOOKED_THROUGH: usize = 1_000;

/// The run with all that belongs to it, each with its timeline and bodies: the runs of its items and of the pipelines
/// that it runs, and those that its events began.
async fn history(
    site: &Sight,
    run: &str,
    hearers: &(dyn Fn(&[Value]) -> Vec<Hearer> + Sync),
) -> Result<Vec<Value>, Error> {
    let mut history = Vec::new();
    let mut looked = BTreeSet::new();
    let mut open = vec![run.to_owned()];
    loop {
        while let Some(run) = open.pop() {
            let found = site.run(&run, true).await?;
            let children = found["children"].as_array().into_iter().flatten();
            open.extend(children.filter_map(|child| Some(child["run"]["run"].as_str()?.to_owned())));
            history.push(json!({ "run": found["run"], "timeline": found["timeline"] }));
        }
        for hearer in hearers(&history) {
            let filter = RunFilter {
                pipeline: Some(hearer.pipeline.clone()),
                limit: LOOKED_THROUGH,
                ..RunFilter::default()
            };
            let listed = site.runs(filter).await?;
            for one in listed["runs"].as_array().into_iter().flatten() {
                let id = one["run"].as_str().unwrap_or_default();
                if hearer.may_have_begun(one) && looked.insert(id.to_owned()) {
                    let found = site.run(id, true).await?;
                    if hearer.began(&found["timeline"]) {
                        open.push(id.to_owned());
                    }
                }
            }
        }
        if open.is_empty() {
            return Ok(history);
        }
    }
}

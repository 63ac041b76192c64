//! `dragoman observe`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_journal::RunFilter;
use serde_json::{Value, json};

use crate::answer::Outcome;
use crate::console::table;
use crate::site::{SiteOption, block_on};

/// What observed pipelines would have done.
#[derive(Debug, Args)]
pub(crate) struct Observe {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Every call, claim and reply that was written down instead of being made
    Report {
        #[command(flatten)]
        site: SiteOption,
        /// Of this pipeline only
        #[arg(long)]
        pipeline: Option<String>,
        /// For programs, with what would have been sent
        #[arg(long)]
        json: bool,
    },
}

impl Observe {
    pub(crate) fn run(self) -> Outcome {
        let Act::Report { site, pipeline, json } = self.act;
        block_on(async {
            let site = site.reach().await?;
            let filter = RunFilter {
                run: None,
                pipeline,
                children: true,
                limit: 100_000,
                status: None,
            };
            let runs = site.runs(filter).await?;
            let mut acts = Vec::new();
            for run in runs["runs"].as_array().into_iter().flatten() {
                let id = run["run"].as_str().unwrap_or_default();
                let found = site.run(id, true).await?;
                for line in found["timeline"].as_array().into_iter().flatten() {
                    if line["record"]["kind"] == "observed" {
                        acts.push(json!({
                            "run": id, "pipeline": run["pipeline"], "key": run["key"], "at": line["at"],
                            "path": line["path"], "what": line["record"]["what"], "body": line["body"],
                        }));
                    }
                }
            }
            if json {
                println!("{:#}", Value::Array(acts));
            } else {
                print_acts(&acts);
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn print_acts(acts: &[Value]) {
    let mut rows = vec![
        ["AT", "PIPELINE", "STEP", "WOULD HAVE BEEN DONE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for act in acts {
        let text = |member: &str| act[member].as_str().unwrap_or_default().to_owned();
        rows.push(vec![
            text("at"),
            text("pipeline"),
            text("path"),
            format!("{} {}", text("what"), act["body"]),
        ]);
    }
    if acts.is_empty() {
        println!("nothing was observed: no pipeline or connection is in `mode: observe`, or no message came");
    } else {
        print!("{}", table(&rows));
    }
}

//! `dragoman runs`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_journal::RunFilter;
use dragoman_server::says_enough;
use serde_json::{Value, json};

use crate::answer::{Error, Outcome};
use crate::codes::{OPTION, no_pipeline};
use crate::commands::graph;
use crate::commands::record::Record;
use crate::console::table;
use crate::site::{Site, SiteOption, block_on, desk, encoded};
use crate::who::WhoOption;

/// What happened. Without a command: the runs, newest first.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Runs {
    #[command(subcommand)]
    act: Option<Act>,
    #[command(flatten)]
    list: List,
}

#[derive(Debug, Args)]
struct List {
    #[command(flatten)]
    site: SiteOption,
    /// Of this pipeline only
    #[arg(long)]
    pipeline: Option<String>,
    /// active, sleeping, waiting, parked, completed, stopped, failed or cancelled
    #[arg(long)]
    status: Option<String>,
    /// Only those that nothing moves on: no owner, no time to wake, nobody they wait for. There should be none
    #[arg(long, conflicts_with_all = ["pipeline", "status", "children"])]
    stuck: bool,
    /// Also the runs of the items of `each` steps
    #[arg(long)]
    children: bool,
    /// At most so many
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// For programs
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Runs, newest first
    List(List),
    /// Lets a parked run go on: the step is tried again, or the other side is asked where its effect is not known
    Resume(Operate),
    /// Says that a parked step's request had no effect: it is sent again with the same key
    Absent(Operate),
    /// Counts a parked step as done, without output
    Skip(Operate),
    /// Gives a run up, and what it began and waits for; it ends once nothing is under way
    Cancel(Operate),
    /// Makes a case of a run, for `dragoman test`
    Record(Record),
    /// One run, as a timeline
    Show {
        /// Its id, or the beginning of it
        run: String,
        #[command(flatten)]
        site: SiteOption,
        /// For programs, with messages, inputs and outputs
        #[arg(long)]
        json: bool,
    },
}

/// An act on a run.
#[derive(Debug, Args)]
struct Operate {
    /// Its id, or the beginning of it
    run: String,
    #[command(flatten)]
    site: SiteOption,
    /// Why, for the trail
    #[arg(long)]
    reason: String,
    #[command(flatten)]
    who: WhoOption,
}

impl Operate {
    async fn send(self, act: &str) -> Outcome {
        says_enough(&self.run)?;
        match self.site.reach().await? {
            Site::Served(client) => {
                let client = self.who.introduce(client, false)?;
                let body = json!({ "reason": self.reason });
                client
                    .post(&format!("/v1/runs/{}/{act}", encoded(&self.run)), &body)
                    .await?;
            }
            Site::Opened(runtime) => {
                let who = self.who.here(&runtime, None).await?;
                desk(&runtime).operate(&self.run, act, who, &self.reason).await?;
                runtime.handle().idle().await;
            }
        }
        println!("{act}: done; `dragoman runs show {}` tells what came of it", self.run);
        Ok(ExitCode::SUCCESS)
    }
}

impl Runs {
    pub(crate) fn run(self) -> Outcome {
        match self.act.unwrap_or(Act::List(self.list)) {
            Act::Resume(operate) => block_on(operate.send("resume")),
            Act::Absent(operate) => block_on(operate.send("absent")),
            Act::Skip(operate) => block_on(operate.send("skip")),
            Act::Cancel(operate) => block_on(operate.send("cancel")),
            Act::Record(record) => record.run(),
            Act::List(list) => block_on(list.print()),
            Act::Show { run, site, json } => block_on(async {
                let found = site.look().await?.run(&run, json).await?;
                if json {
                    println!("{found:#}");
                } else {
                    print_run(&found);
                }
                Ok(ExitCode::SUCCESS)
            }),
        }
    }
}

impl List {
    async fn print(self) -> Outcome {
        if self.limit == 0 {
            return Err(Error::coded(OPTION, "`--limit 0` lists nothing: write a number from 1"));
        }
        let found = match self.stuck {
            true => self.site.look().await?.stuck(self.limit).await?,
            false => {
                let filter = RunFilter {
                    pipeline: self.pipeline,
                    status: self.status,
                    children: self.children,
                    limit: self.limit,
                    ..RunFilter::default()
                };
                list(&self.site, filter).await?
            }
        };
        match self.json {
            true => println!("{found:#}"),
            false => print_list(&found, if self.stuck { "no run is stuck" } else { "no runs" }),
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Runs, newest first. None of a pipeline that nobody knows is a slip, and no answer.
async fn list(site: &SiteOption, filter: RunFilter) -> Result<Value, Error> {
    let sight = site.look().await?;
    let found = sight.runs(filter.clone()).await?;
    let is_empty = |found: &Value| found["runs"].as_array().is_none_or(Vec::is_empty);
    if let Some(pipeline) = filter.pipeline.as_deref()
        && is_empty(&found)
    {
        let any = RunFilter {
            pipeline: filter.pipeline.clone(),
            children: true,
            limit: 1,
            ..RunFilter::default()
        };
        // A pipeline that was taken out of the site may have runs in the store.
        if is_empty(&sight.runs(any).await?) {
            let (names, all) = graph::names(&site.site)?;
            if all && !names.iter().any(|name| name == pipeline) {
                let help = format!("it has {}; the store has no run of another", names.join(", "));
                return Err(no_pipeline(pipeline).help(help));
            }
        }
    }
    Ok(found)
}

fn print_list(found: &Value, none: &str) {
    let mut rows = vec![
        ["RUN", "PIPELINE", "STATUS", "BEGAN", "KEY", "NOTE"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for run in found["runs"].as_array().into_iter().flatten() {
        let text = |member: &str| run[member].as_str().unwrap_or_default().to_owned();
        let key: String = text("key").chars().take(40).collect();
        rows.push(vec![
            text("run"),
            text("pipeline"),
            text("status"),
            short(&text("began")),
            key,
            text("note"),
        ]);
    }
    if rows.len() == 1 {
        println!("{none}");
    } else {
        print!("{}", table(&rows));
    }
}

/// A time without its date's separators and milliseconds, as lists show it.
fn short(time: &str) -> String {
    time.split('.').next().unwrap_or(time).replace('T', " ")
}

/// Prints a run with its timeline and those of its children.
pub(crate) fn print_run(found: &Value) {
    print_one(&found["run"], &found["timeline"], "");
    if found["erased"] == true {
        println!("what it said was erased; who did what when stays");
    }
    for child in found["children"].as_array().into_iter().flatten() {
        println!();
        print_one(&child["run"], &child["timeline"], "  ");
    }
}

/// Who did what a line says, and for whom: `Maria Lis (maria) for igor`. None: the runtime by itself.
fn who(line: &Value) -> Option<String> {
    let text = |member: &str| line[member].as_str().filter(|text| !text.is_empty());
    let actor = text("actor").map(|id| match text("name") {
        Some(name) if name != id => format!("{name} ({id})"),
        _ => id.to_owned(),
    });
    let other = text("on_behalf_of").map(|other| format!("for {other}"));
    let parts: Vec<String> = actor.into_iter().chain(other).collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

fn print_one(run: &Value, timeline: &Value, indent: &str) {
    let text = |member: &str| run[member].as_str().unwrap_or_default();
    println!(
        "{indent}{} {}  {}",
        text("pipeline"),
        text("run"),
        text("status").to_uppercase()
    );
    println!("{indent}key {}", text("key"));
    if let Some(note) = run["note"].as_str() {
        println!("{indent}{note}");
    }
    let mut rows = Vec::new();
    for line in timeline.as_array().into_iter().flatten() {
        let member = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        let time = member("at")
            .split('T')
            .nth(1)
            .unwrap_or_default()
            .trim_end_matches('Z')
            .to_owned();
        let who = who(line).map(|who| format!("  [{who}]")).unwrap_or_default();
        rows.push(vec![
            format!("{indent}  {time}"),
            member("path"),
            format!("{}{who}", member("text")),
        ]);
    }
    print!("{}", table(&rows));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_acted_has_a_name_and_whoever_it_was_for() {
        for (line, said) in [
            (
                json!({ "actor": "maria", "name": "Maria Lis", "on_behalf_of": null }),
                Some("Maria Lis (maria)"),
            ),
            (
                json!({ "actor": "maria", "name": null, "on_behalf_of": "igor" }),
                Some("maria for igor"),
            ),
            (json!({ "actor": "maria" }), Some("maria")),
            (json!({ "actor": "", "name": null, "on_behalf_of": null }), None),
        ] {
            assert_eq!(who(&line).as_deref(), said, "{line}");
        }
    }
}

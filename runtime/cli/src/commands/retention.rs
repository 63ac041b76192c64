//! `dragoman retention`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_model::Value;
use dragoman_server::{Erasing, Held, HoldChange};

use crate::answer::{Error, Outcome};
use crate::codes::OPTION;
use crate::console::table;
use crate::site::{Site, SiteOption, block_on};
use crate::who::WhoOption;

/// How long what runs have said is kept, what is held, and erasing before its time. What was done when by whom stays.
#[derive(Debug, Args)]
pub(crate) struct Retention {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// The periods of the site, what is due, and what is held
    Show {
        #[command(flatten)]
        asked: Asked,
    },
    /// Erases what runs have said, each with all that it began. Without `--yes` it is only said what would be erased
    Erase {
        /// Their ids, or the beginnings of them
        runs: Vec<String>,
        /// And all runs that did something under this business reference
        #[arg(long = "ref", value_name = "REFERENCE")]
        reference: Option<String>,
        /// Does it; else it is only said what would be done
        #[arg(long, requires = "reason")]
        yes: bool,
        #[command(flatten)]
        doing: Doing,
    },
    /// Keeps something beyond its period, and from being erased, until it is let go
    Hold {
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        doing: Doing,
    },
    /// Lets something go that was held
    LetGo {
        #[command(flatten)]
        what: What,
        #[command(flatten)]
        doing: Doing,
    },
}

#[derive(Debug, Args)]
struct Asked {
    #[command(flatten)]
    site: SiteOption,
    #[command(flatten)]
    who: WhoOption,
    /// For programs
    #[arg(long)]
    json: bool,
}

/// By whom, and why.
#[derive(Debug, Args)]
struct Doing {
    /// Why, for the trail
    #[arg(long)]
    reason: Option<String>,
    /// On whose authority, as the administrator of this machine says; the trail keeps it beside who they are
    #[arg(long = "as", value_name = "PERSON", conflicts_with = "user")]
    person: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct What {
    /// A run with all that it began: its id, or the beginning of it
    #[arg(long)]
    run: Option<String>,
    /// All that was done under a business reference
    #[arg(long = "ref", value_name = "REFERENCE")]
    reference: Option<String>,
    /// All runs of a pipeline
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
}

impl Retention {
    pub(crate) fn run(self) -> Outcome {
        match self.act {
            Act::Show { asked } => block_on(asked.show()),
            Act::Erase {
                runs,
                reference,
                yes,
                doing,
            } => block_on(doing.erase(runs, reference, yes)),
            Act::Hold { what, doing } => block_on(doing.hold(what, true)),
            Act::LetGo { what, doing } => block_on(doing.hold(what, false)),
        }
    }
}

impl Asked {
    async fn show(self) -> Outcome {
        let told = match self.site.reach().await? {
            Site::Served(client) => self.who.introduce(client, false)?.get("/v1/retention").await?,
            Site::Opened(runtime) => runtime.retention.show().await?,
        };
        match self.json {
            true => println!("{told:#}"),
            false => print_shown(&told),
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Doing {
    async fn erase(self, runs: Vec<String>, reference: Option<String>, yes: bool) -> Outcome {
        let json = self.asked.json;
        let site = self.asked.site.reach().await?;
        let wanted = Erasing {
            runs,
            reference,
            reason: self.reason,
            yes,
            by: self.person.clone(),
        };
        let told = match site {
            Site::Served(client) => {
                let must = client.has_accounts() && self.person.is_none();
                let client = match self.person {
                    Some(_) => client,
                    None => self.asked.who.introduce(client, must)?,
                };
                let wanted = serde_json::to_value(&wanted).unwrap_or_default();
                client.post("/v1/retention/erasures", &wanted).await?
            }
            Site::Opened(runtime) => {
                let who = self.asked.who.here(&runtime, self.person).await?;
                runtime.retention.erase(&wanted, who).await?
            }
        };
        match json {
            true => println!("{told:#}"),
            false => print_erased(&told),
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn hold(self, what: What, hold: bool) -> Outcome {
        let Some(reason) = self.reason else {
            return Err(Error::coded(OPTION, "it is not said why").help("write --reason TEXT: it is kept in the trail"));
        };
        let site = self.asked.site.reach().await?;
        let held = match (what.run, what.reference, what.pipeline) {
            (Some(run), ..) => Held::Run(run),
            (_, Some(reference), _) => Held::Reference(reference),
            (.., pipeline) => Held::Pipeline(pipeline.unwrap_or_default()),
        };
        let change = HoldChange {
            what: held.clone(),
            hold,
            reason,
            by: self.person.clone(),
        };
        let told = match site {
            Site::Served(client) => {
                let must = client.has_accounts() && self.person.is_none();
                let client = match self.person {
                    Some(_) => client,
                    None => self.asked.who.introduce(client, must)?,
                };
                let change = serde_json::to_value(&change).unwrap_or_default();
                client.post("/v1/retention/holds", &change).await?
            }
            Site::Opened(runtime) => {
                let who = self.asked.who.here(&runtime, self.person).await?;
                runtime.retention.hold(&change, who).await?
            }
        };
        if self.asked.json {
            println!("{told:#}");
            return Ok(ExitCode::SUCCESS);
        }
        println!(
            "{}",
            match (hold, told["changed"] == true) {
                (true, true) => format!("{held} is held: nothing of it is erased until `dragoman retention let-go`"),
                (true, false) => format!("{held} was held already"),
                (false, true) => format!("{held} is let go: it is erased when its period is over"),
                (false, false) => format!("{held} was not held"),
            }
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn print_shown(told: &Value) {
    let days = |ms: &Value| match ms.as_i64() {
        Some(ms) if ms % 86_400_000 == 0 => format!("{} days", ms / 86_400_000),
        Some(ms) => format!("{} s", ms / 1000),
        None => "for ever".to_owned(),
    };
    let mut periods = Vec::new();
    for (name, ms) in told["pipelines"].as_object().into_iter().flatten() {
        periods.push(vec![format!("pipeline {name}"), days(ms)]);
    }
    let others = if periods.is_empty() {
        "all pipelines"
    } else {
        "all others"
    };
    periods.push(vec![others.to_owned(), days(&told["after_ms"])]);
    println!("kept after the end of a run:");
    print!("{}", table(&periods));
    for due in told["due"].as_array().into_iter().flatten() {
        let more = if due["more"] == true { "more than " } else { "" };
        println!(
            "due: {more}{} runs of {}, as far as they are not held",
            due["runs"],
            due["pipeline"].as_str().unwrap_or_default()
        );
    }
    let row = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let what: Option<Held> = serde_json::from_value(one["what"].clone()).ok();
        let what = what.map(|what| what.to_string()).unwrap_or_default();
        vec![format!("held: {what}"), text("at"), text("by"), text("reason")]
    };
    let held: Vec<_> = told["held"].as_array().into_iter().flatten().map(row).collect();
    match held.is_empty() {
        true => println!("nothing is held"),
        false => print!("{}", table(&held)),
    }
}

fn print_erased(told: &Value) {
    let done = told["done"] == true;
    let row = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        vec![
            text("run"),
            text("pipeline"),
            text("key"),
            text("touched"),
            format!("{} runs", one["runs"]),
            format!("{} texts", one["bodies"]),
        ]
    };
    let rows: Vec<_> = told["runs"].as_array().into_iter().flatten().map(row).collect();
    print!("{}", table(&rows));
    for one in told["refused"].as_array().into_iter().flatten() {
        println!(
            "not {}: {}",
            one["run"].as_str().unwrap_or_default(),
            one["why"].as_str().unwrap_or_default()
        );
    }
    match (done, told["by"].as_str()) {
        (true, Some(by)) => println!("erased; run {by} says so in the trail. Backups from before have it still"),
        _ => println!("nothing is erased yet: `--yes --reason WHY` does it"),
    }
}

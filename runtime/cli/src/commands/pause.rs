//! `dragoman pause` and `dragoman resume`.

use std::process::ExitCode;

use clap::Args;
use dragoman_model::Value;
use dragoman_server::{PauseChange, What};

use crate::answer::{Error, Outcome};
use crate::codes::OPTION;
use crate::console::table;
use crate::site::{Site, SiteOption, block_on};
use crate::who::WhoOption;

/// Pauses a pipeline or a connection: nobody is called, nothing is lost. Without either, says what is paused
#[derive(Debug, Args)]
pub(crate) struct Pause {
    #[command(flatten)]
    change: Change,
}

/// Lets a pipeline or a connection go on that was paused
#[derive(Debug, Args)]
pub(crate) struct Resume {
    #[command(flatten)]
    change: Change,
}

#[derive(Debug, Args)]
struct Change {
    /// Of this pipeline no run calls anybody
    #[arg(long, value_name = "NAME")]
    pipeline: Option<String>,
    /// Over this connection nobody is called
    #[arg(long, value_name = "NAME", conflicts_with = "pipeline")]
    connection: Option<String>,
    /// Why, for the trail
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    site: SiteOption,
    #[command(flatten)]
    who: WhoOption,
    /// On whose authority, as the administrator of this machine says; the trail keeps it beside who they are
    #[arg(long = "as", value_name = "PERSON", conflicts_with = "user")]
    person: Option<String>,
    /// For programs
    #[arg(long)]
    json: bool,
}

impl Pause {
    pub(crate) fn run(self) -> Outcome {
        match self.change.what() {
            Some(what) => block_on(self.change.make(what, true)),
            None => block_on(self.change.list()),
        }
    }
}

impl Resume {
    pub(crate) fn run(self) -> Outcome {
        match self.change.what() {
            Some(what) => block_on(self.change.make(what, false)),
            None => Err(Error::coded(OPTION, "it is not said what is to go on")
                .help("write --pipeline NAME or --connection NAME; `dragoman pause` says what is paused")),
        }
    }
}

impl Change {
    fn what(&self) -> Option<What> {
        let pipeline = self.pipeline.clone().map(What::Pipeline);
        pipeline.or_else(|| self.connection.clone().map(What::Connection))
    }

    async fn list(self) -> Outcome {
        let told = match self.site.reach().await? {
            Site::Served(client) => {
                let client = self.who.introduce(client, false)?;
                client.get("/v1/pauses").await?
            }
            Site::Opened(runtime) => runtime.pauses.list().await?,
        };
        match self.json {
            true => println!("{told:#}"),
            false => print_paused(&told),
        }
        Ok(ExitCode::SUCCESS)
    }

    async fn make(self, what: What, pause: bool) -> Outcome {
        let Some(reason) = self.reason else {
            return Err(Error::coded(OPTION, "it is not said why").help("write --reason TEXT: it is kept in the trail"));
        };
        let change = PauseChange {
            what: what.clone(),
            pause,
            reason,
            by: self.person.clone(),
        };
        let told = match self.site.reach().await? {
            Site::Served(client) => {
                let must = client.has_accounts() && self.person.is_none();
                let client = match self.person {
                    Some(_) => client,
                    None => self.who.introduce(client, must)?,
                };
                client
                    .post("/v1/pauses", &serde_json::to_value(&change).unwrap_or_default())
                    .await?
            }
            Site::Opened(runtime) => {
                let who = self.who.here(&runtime, self.person).await?;
                runtime.pauses.change(&change, who).await?
            }
        };
        if self.json {
            println!("{told:#}");
            return Ok(ExitCode::SUCCESS);
        }
        println!(
            "{}",
            match (pause, told["changed"] == true) {
                (true, true) => format!(
                    "{what} is paused: what is under way comes to its end, nobody is called any more; `dragoman resume` \
                     lets it go on"
                ),
                (true, false) => format!("{what} was paused already"),
                (false, true) => format!("{what} goes on"),
                (false, false) => format!("{what} was not paused"),
            }
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn print_paused(told: &Value) {
    let all = told["paused"].as_array().map(Vec::as_slice).unwrap_or_default();
    let failing = told["failing"].as_array().map(Vec::as_slice).unwrap_or_default();
    if all.is_empty() && failing.is_empty() {
        println!("nothing is paused");
    }
    let row = |one: &Value| {
        let text = |name: &str| one[name].as_str().unwrap_or_default().to_owned();
        let kind = if one["pipeline"].is_string() {
            "pipeline"
        } else {
            "connection"
        };
        vec![kind.to_owned(), text(kind), text("at"), text("by"), text("reason")]
    };
    print!("{}", table(&all.iter().map(row).collect::<Vec<_>>()));
    for one in failing {
        let text = |name: &str| one[name].as_str().unwrap_or_default();
        println!(
            "connection {} fails since {} ({}): {} runs are held back here; the next call is let through at {}",
            text("connection"),
            text("since"),
            text("code"),
            one["held"],
            text("until")
        );
    }
}

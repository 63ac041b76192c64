//! `dragoman migrate`.

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use dragoman_journal::Journal;
use dragoman_model::Value;
use dragoman_server::{Change, Client, Migrations, OPERATORS, Runtime};
use serde_json::json;

use crate::answer::{Error, Outcome};
use crate::console::{colour, table};
use crate::site::{Site, SiteOption, block_on};
use crate::who::WhoOption;

/// Lets runs in flight go on with the version of now, of their pipeline or of one connection's plugin. A run moves only
/// where all that it has reached means the same in the new version; the others stay with the version that they have.
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The pipeline whose runs are meant
    #[arg(required_unless_present = "connection", conflicts_with = "connection")]
    pipeline: Option<String>,
    /// The connection whose plugin is another one now; the text of the pipelines stays
    #[arg(long, value_name = "NAME")]
    connection: Option<String>,
    /// The runs keep the plugins that they have, and only the text is that of now
    #[arg(long, conflicts_with = "connection")]
    keep_plugins: bool,
    /// Only says what would become of each run
    #[arg(long, required_unless_present = "to", conflicts_with = "to")]
    plan: bool,
    /// Does it
    #[arg(long, value_name = "VERSION")]
    to: Option<To>,
    /// Only this run, with the items that it works on: its id, or the beginning of it
    #[arg(long = "run", value_name = "ID", conflicts_with = "plan")]
    runs: Vec<String>,
    /// Why, for the trail
    #[arg(long, required_if_eq("to", "current"))]
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

/// Where runs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum To {
    /// The version of now
    Current,
}

impl Migrate {
    pub(crate) fn run(self) -> Outcome {
        block_on(async {
            let (json, plan, named) = (self.json, self.plan, !self.runs.is_empty());
            let told = self.ask().await?;
            if json {
                println!("{told:#}");
            } else if plan {
                print_plan(&told);
            } else {
                print_done(&told);
            }
            let stayed = told["stayed"].as_array().is_some_and(|all| !all.is_empty());
            // Who names a run wants that one to move.
            Ok(if named && stayed {
                ExitCode::FAILURE
            } else {
                ExitCode::SUCCESS
            })
        })
    }

    async fn ask(self) -> Result<Value, Error> {
        match self.site.reach().await? {
            Site::Served(client) => self.ask_server(client).await,
            Site::Opened(runtime) => self.do_here(&runtime).await,
        }
    }

    fn change(&self) -> Change {
        match (self.pipeline.clone().unwrap_or_default(), self.connection.clone()) {
            (_, Some(connection)) => Change::Connection(connection),
            (pipeline, None) if self.keep_plugins => Change::Text(pipeline),
            (pipeline, None) => Change::Pipeline(pipeline),
        }
    }

    async fn ask_server(self, client: Client) -> Result<Value, Error> {
        let must = client.has_accounts() && self.person.is_none();
        let mut body = json!({ "change": self.change(), "runs": self.runs, "reason": self.reason,
            "colour": colour() && !self.json });
        if self.to.is_some() {
            body["to"] = "current".into();
        }
        let by = self.person.clone();
        let client = if self.person.is_some() {
            client
        } else {
            self.who.introduce(client, must)?
        };
        body["by"] = by.into();
        Ok(client.post("/v1/migrations", &body).await?)
    }

    async fn do_here(self, runtime: &Runtime) -> Result<Value, Error> {
        let journal: Arc<dyn Journal> = runtime.journal.clone();
        let change = self.change();
        let who = self.who.here(runtime, self.person).await?;
        who.may(&OPERATORS)?;
        let migrations = Migrations::new(journal, runtime.plans.clone(), runtime.handle());
        // What can go on by itself does, before it is looked at.
        runtime.handle().recovered().await;
        runtime.handle().idle().await;
        if self.to.is_none() {
            return Ok(migrations.plan(&change, colour() && !self.json).await?);
        }
        let reason = self.reason.unwrap_or_default();
        let done = migrations.carry_out(&change, &self.runs, &who.actor, &reason).await?;
        runtime.handle().idle().await;
        Ok(done)
    }
}

fn list<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

/// The beginning of a digest, as people read it.
fn short(digest: &Value) -> &str {
    let text = digest.as_str().unwrap_or_default();
    let hex = text.strip_prefix("sha256:").unwrap_or(text);
    hex.get(..12).unwrap_or(hex)
}

fn print_plan(told: &Value) {
    if list(told, "versions").is_empty() {
        println!("no run in flight");
    }
    for version in list(told, "versions") {
        print_version(version);
    }
    let (moves, stay) = (&told["move"], &told["stay"]);
    println!("{moves} can move, {stay} stay as they are");
    for part in list(told, "parts") {
        let (moves, stay) = (&part["move"], &part["stay"]);
        let what = match part["change"]["connection"].as_str() {
            Some(name) => format!("only the new plugin of `{name}` (`migrate --connection {name}`)"),
            None => "only the new text (`--keep-plugins`)".to_owned(),
        };
        println!("with {what}: {moves} can move, {stay} stay as they are");
    }
}

fn print_version(version: &Value) {
    let to = match version["to"].as_str() {
        None => "the version of now".to_owned(),
        Some(_) => format!("to {}", short(&version["to"])),
    };
    let name = version["pipeline"].as_str().unwrap_or_default();
    println!("{name} {}, {to}", short(&version["version"]));
    let mut rows = Vec::new();
    for group in list(version, "groups") {
        let at: Vec<&str> = list(group, "at").iter().filter_map(Value::as_str).collect();
        let verdict = match (version["to"].is_null(), group["moves"] == true) {
            (true, _) => "",
            (false, true) => "can move",
            (false, false) => "stays",
        };
        let runs = list(group, "runs");
        let first = runs.first().and_then(Value::as_str).unwrap_or_default();
        rows.push(vec![
            format!("  {}", runs.len()),
            group["status"].as_str().unwrap_or_default().to_owned(),
            if at.is_empty() {
                "at the beginning".into()
            } else {
                at.join(", ")
            },
            verdict.to_owned(),
            if runs.len() == 1 {
                first.to_owned()
            } else {
                format!("{first} and others")
            },
        ]);
    }
    print!("{}", table(&rows));
    let of_groups = list(version, "groups")
        .iter()
        .flat_map(|group| list(group, "diagnostics"));
    let mut printed: Vec<&str> = Vec::new();
    for diagnostic in list(version, "diagnostics").iter().chain(of_groups) {
        let text = diagnostic["text"].as_str().unwrap_or_default();
        if !printed.contains(&text) {
            println!("{text}\n");
            printed.push(text);
        }
    }
}

fn print_done(told: &Value) {
    for run in list(told, "stayed") {
        let text = |member: &str| run[member].as_str().unwrap_or_default();
        println!("{} stays: {}", text("run"), text("why"));
    }
    println!(
        "{} moved, {} stay as they are",
        list(told, "moved").len(),
        list(told, "stayed").len()
    );
}

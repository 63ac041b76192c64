//! `dragoman waits`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_model::{Digest, Value};
use dragoman_server::says_enough;
use serde_json::json;

use crate::answer::{Error, Outcome};
use crate::codes::{OPTION, refused};
use crate::shown;
use crate::site::{Site, SiteOption, block_on, desk, encoded};
use crate::who::WhoOption;

/// What waits for a person.
#[derive(Debug, Args)]
pub(crate) struct Waits {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Open waits, oldest first; of what is shown only the findings that have to be weighed
    List {
        #[command(flatten)]
        site: SiteOption,
        /// For programs, with what is shown
        #[arg(long)]
        json: bool,
    },
    /// One wait, with all that is shown to whoever answers it
    Show {
        /// Its id, or the beginning of it
        wait: String,
        #[command(flatten)]
        site: SiteOption,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Prints all that a wait shows, and answers it
    Answer(Box<Answer>),
}

/// An answer.
#[derive(Debug, Args)]
struct Answer {
    /// Its id, or the beginning of it
    wait: String,
    /// One of the decision's answers
    answer: String,
    #[command(flatten)]
    site: SiteOption,
    #[command(flatten)]
    who: WhoOption,
    /// Why, for the trail
    #[arg(long)]
    reason: Option<String>,
    /// Further fields of the answer, as a JSON object
    #[arg(long, value_name = "JSON")]
    fields: Option<String>,
    /// The digest of what you saw before (`waits list --json`): the answer is refused where something else is shown now
    #[arg(long, value_name = "DIGEST")]
    shown: Option<Digest>,
    /// On whose authority, as the administrator of this machine says; the trail keeps it beside who they are
    #[arg(long = "as", value_name = "PERSON", conflicts_with = "user")]
    person: Option<String>,
}

impl Waits {
    pub(crate) fn run(self) -> Outcome {
        match self.act {
            Act::List { site, json } => block_on(async {
                let found = site.look().await?.waits().await?;
                if json {
                    println!("{found:#}");
                } else {
                    print_list(&found);
                }
                Ok(ExitCode::SUCCESS)
            }),
            Act::Show { wait, site, json } => block_on(async {
                says_enough(&wait)?;
                let found = one(&site.look().await?.waits().await?, &wait)?;
                if json {
                    println!("{found:#}");
                } else {
                    print_whole(&found);
                }
                Ok(ExitCode::SUCCESS)
            }),
            Act::Answer(answer) => {
                let body = answer_body(&answer.answer, answer.reason.clone(), answer.fields.clone())?;
                block_on(answer.send(body))
            }
        }
    }
}

fn answer_body(answer: &str, reason: Option<String>, fields: Option<String>) -> Result<Value, Error> {
    let mut body = match fields {
        None => json!({}),
        Some(text) => serde_json::from_str(&text).map_err(|e| {
            Error::coded(OPTION, format!("`--fields` is not JSON: {e}"))
                .help("write for example --fields '{\"lines\": []}'")
        })?,
    };
    let Some(members) = body.as_object_mut() else {
        return Err(Error::coded(OPTION, "`--fields` is not a JSON object"));
    };
    members.insert("answer".into(), answer.into());
    if let Some(reason) = reason {
        members.insert("reason".into(), reason.into());
    }
    Ok(body)
}

impl Answer {
    async fn send(self, answer: Value) -> Outcome {
        says_enough(&self.wait)?;
        let site = self.site.reach().await?;
        let wait = one(&site.waits().await?, &self.wait)?;
        // The answer is bound to what is printed here, unless it is bound to what was seen before.
        print_whole(&wait);
        let shown = self.shown.map_or_else(|| wait["shown"].clone(), |digest| json!(digest));
        let id = wait["wait"].as_str().unwrap_or_default().to_owned();
        let answered = match site {
            Site::Served(client) => {
                let must = client.has_accounts() && self.person.is_none();
                let client = if self.person.is_some() {
                    client
                } else {
                    self.who.introduce(client, must)?
                };
                let body = json!({ "answer": answer, "shown": shown, "by": self.person });
                client.post(&format!("/v1/waits/{}", encoded(&id)), &body).await?
            }
            Site::Opened(runtime) => {
                let who = self.who.here(&runtime, self.person).await?;
                let shown = shown.as_str().and_then(|text| text.parse().ok());
                let shown = shown.ok_or_else(|| Error::plain("the wait shows nothing that can be answered"))?;
                let answered = desk(&runtime).answer(&id, who, answer, shown).await?;
                // The run goes on in this process as far as it can.
                runtime.handle().idle().await;
                answered
            }
        };
        println!("answered; run {} goes on", answered["run"].as_str().unwrap_or_default());
        Ok(ExitCode::SUCCESS)
    }
}

/// The wait that is meant by an id or its beginning.
fn one(found: &Value, id: &str) -> Result<Value, Error> {
    let waits = found["waits"].as_array().map(Vec::as_slice).unwrap_or_default();
    let mut fitting = waits
        .iter()
        .filter(|wait| wait["wait"].as_str().is_some_and(|all| all.starts_with(id)));
    match (fitting.next(), fitting.next()) {
        (Some(one), None) => Ok(one.clone()),
        _ => {
            Err(refused("unknown", format!("no single open wait is called {id}"))
                .help("`dragoman waits list` lists them"))
        }
    }
}

fn print_list(found: &Value) {
    let waits = found["waits"].as_array().cloned().unwrap_or_default();
    if waits.is_empty() {
        println!("nothing waits for a person");
    }
    for wait in &waits {
        print_head(wait);
        for shown in wait["show"].as_array().into_iter().flatten() {
            findings(shown);
        }
    }
}

/// What is asked, of whom, and of which message it is.
fn print_head(wait: &Value) {
    let text = |member: &str| wait[member].as_str().unwrap_or_default().to_owned();
    let roles = wait["roles"].as_array().into_iter().flatten();
    let roles: Vec<&str> = roles.filter_map(Value::as_str).collect();
    let whom = if roles.is_empty() {
        "no person".to_owned()
    } else {
        roles.join(", ")
    };
    println!("{}  {}  ({whom})", text("wait"), text("decision"));
    let item = wait["item"]
        .as_str()
        .map(|item| format!("  {item}"))
        .unwrap_or_default();
    println!("  {} {}{item}", text("pipeline"), shown::text(&text("key")));
    println!("  run {} at {}, since {}", text("run"), text("path"), text("since"));
    if let Some(due) = wait["due"].as_str() {
        println!("  until {due}");
    }
}

/// A wait with all that is shown: whoever answers has seen what they answer for.
fn print_whole(wait: &Value) {
    print_head(wait);
    println!("  shown, {}:", wait["shown"].as_str().unwrap_or_default());
    for line in shown::lines(&wait["show"]) {
        println!("    {line}");
    }
}

/// The findings in what is shown that a person has to weigh; what has passed is left to `--json`.
fn findings(shown: &Value) {
    for finding in shown["findings"].as_array().into_iter().flatten() {
        let result = finding["result"].as_str().unwrap_or_default();
        if ["officer", "refuse", "fail", "warn"].contains(&result) {
            println!("  - {} [{result}]", finding["text"].as_str().unwrap_or_default());
        }
    }
}

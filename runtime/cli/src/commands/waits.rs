//! `dragoman waits`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_model::{Actor, Digest, Value};
use serde_json::json;

use crate::answer::{Error, Outcome};
use crate::commands::run::user;
use crate::site::{Site, SiteOption, block_on, desk, encoded};

/// What waits for a person.
#[derive(Debug, Args)]
pub(crate) struct Waits {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Open waits, oldest first
    List {
        #[command(flatten)]
        site: SiteOption,
        /// For programs, with what is shown
        #[arg(long)]
        json: bool,
    },
    /// Answers a wait
    Answer {
        /// Its id, or the beginning of it
        wait: String,
        /// One of the decision's answers
        answer: String,
        #[command(flatten)]
        site: SiteOption,
        /// Why, for the trail
        #[arg(long)]
        reason: Option<String>,
        /// Further fields of the answer, as a JSON object
        #[arg(long, value_name = "JSON")]
        fields: Option<String>,
        /// The digest of what you saw (`waits list --json`): the answer is refused where something else is shown now
        #[arg(long, value_name = "DIGEST")]
        shown: Option<Digest>,
        /// On whose authority, where that is not the user of this machine
        #[arg(long = "as", value_name = "PERSON")]
        person: Option<String>,
    },
}

impl Waits {
    pub(crate) fn run(self) -> Outcome {
        match self.act {
            Act::List { site, json } => block_on(async {
                let found = site.reach().await?.waits().await?;
                if json {
                    println!("{found:#}");
                } else {
                    print_list(&found);
                }
                Ok(ExitCode::SUCCESS)
            }),
            Act::Answer {
                wait,
                answer,
                site,
                reason,
                fields,
                shown,
                person,
            } => {
                let body = answer_body(&answer, reason, fields)?;
                block_on(send(site, wait, body, shown, person.unwrap_or_else(user)))
            }
        }
    }
}

fn answer_body(answer: &str, reason: Option<String>, fields: Option<String>) -> Result<Value, Error> {
    let mut body = match fields {
        None => json!({}),
        Some(text) => serde_json::from_str(&text).map_err(|e| {
            Error::plain(format!("`--fields` is not JSON: {e}")).help("write for example --fields '{\"lines\": []}'")
        })?,
    };
    let Some(members) = body.as_object_mut() else {
        return Err(Error::plain("`--fields` is not a JSON object"));
    };
    members.insert("answer".into(), answer.into());
    if let Some(reason) = reason {
        members.insert("reason".into(), reason.into());
    }
    Ok(body)
}

async fn send(site: SiteOption, wait: String, answer: Value, shown: Option<Digest>, by: String) -> Outcome {
    let answered = match site.reach().await? {
        Site::Served(client) => {
            let body = json!({ "answer": answer, "shown": shown, "by": by });
            client.post(&format!("/v1/waits/{}", encoded(&wait)), &body).await?
        }
        Site::Opened(runtime) => {
            let answered = desk(&runtime)
                .answer(&wait, Actor::person(&by, "os_user"), answer, shown)
                .await?;
            // The run goes on in this process as far as it can.
            runtime.handle().idle().await;
            answered
        }
    };
    println!("answered; run {} goes on", answered["run"].as_str().unwrap_or_default());
    Ok(ExitCode::SUCCESS)
}

fn print_list(found: &Value) {
    let waits = found["waits"].as_array().cloned().unwrap_or_default();
    if waits.is_empty() {
        println!("nothing waits for a person");
    }
    for wait in waits {
        let text = |member: &str| wait[member].as_str().unwrap_or_default().to_owned();
        let roles: Vec<&str> = wait["roles"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        println!("{}  {}  ({})", text("wait"), text("decision"), roles.join(", "));
        println!("  run {} at {}, since {}", text("run"), text("path"), text("since"));
        if let Some(due) = wait["due"].as_str() {
            println!("  until {due}");
        }
        for shown in wait["show"].as_array().into_iter().flatten() {
            findings(shown);
        }
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

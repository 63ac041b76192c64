//! `dragoman ledger`.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_model::Value;
use dragoman_server::{Adjustment, AdjustmentLine};

use crate::answer::{Error, Outcome};
use crate::codes::OPTION;
use crate::console::table;
use crate::site::{Site, SiteOption, block_on, desk};
use crate::who::WhoOption;

/// Accounts of the ledgers: what is claimed of them, by whom, and setting them right.
#[derive(Debug, Args)]
pub(crate) struct Ledger {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Accounts, with limit, what is taken and what is left of each item
    Show {
        /// Of this ledger only
        ledger: Option<String>,
        /// This account only
        account: Option<String>,
        #[command(flatten)]
        site: SiteOption,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// What was claimed of an account, also what was given back
    History {
        /// The ledger
        ledger: String,
        /// The account in it
        account: String,
        #[command(flatten)]
        site: SiteOption,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Counts what was used elsewhere (on paper, before the system began), or gives a claim back
    Adjust(Adjust),
}

/// Without `--yes` it is only said what would be done.
#[derive(Debug, Args)]
struct Adjust {
    /// The ledger
    ledger: String,
    /// The account in it
    account: String,
    /// What was used: ITEM=QUANTITY UNIT, as `A=3 KGM`; may be repeated
    #[arg(long, value_name = "ITEM=QUANTITY UNIT", conflicts_with = "give_back")]
    add: Vec<String>,
    /// What it is known by, so that it is counted once: the paper's number, say
    #[arg(long, required_unless_present = "give_back")]
    key: Option<String>,
    /// Gives the claim with this key back
    #[arg(long, value_name = "KEY", conflicts_with = "key")]
    give_back: Option<String>,
    /// Also where it is more than the limit leaves
    #[arg(long)]
    beyond: bool,
    /// Does it; else it is only said what would be done
    #[arg(long, requires = "reason")]
    yes: bool,
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

impl Ledger {
    pub(crate) fn run(self) -> Outcome {
        match self.act {
            Act::Show {
                ledger,
                account,
                site,
                json,
            } => block_on(async {
                let found = site.look().await?.ledger(ledger, account).await?;
                print(&found, json, print_accounts);
                Ok(ExitCode::SUCCESS)
            }),
            Act::History {
                ledger,
                account,
                site,
                json,
            } => block_on(async {
                let found = site.look().await?.claims(&ledger, &account).await?;
                print(&found, json, print_claims);
                Ok(ExitCode::SUCCESS)
            }),
            Act::Adjust(adjust) => block_on(adjust.run()),
        }
    }
}

impl Adjust {
    async fn run(self) -> Outcome {
        let known = self.site.ledgers()?;
        if !known.contains(&self.ledger) {
            let said = Error::coded(OPTION, format!("the site has no ledger `{}`", self.ledger));
            return Err(said.help(format!("its ledgers are: {}", known.join(", "))));
        }
        let adjustment = Adjustment {
            ledger: self.ledger,
            account: self.account,
            add: self.add.iter().map(|text| line(text)).collect::<Result<_, _>>()?,
            give_back: self.give_back.is_some(),
            key: self.give_back.or(self.key).unwrap_or_default(),
            beyond: self.beyond,
            reason: self.reason,
            yes: self.yes,
            by: self.person.clone(),
        };
        let told = match self.site.reach().await? {
            Site::Served(client) => {
                let must = client.has_accounts() && self.person.is_none();
                let client = match self.person {
                    Some(_) => client,
                    None => self.who.introduce(client, must)?,
                };
                let body = serde_json::to_value(&adjustment).unwrap_or_default();
                client.post("/v1/ledger", &body).await?
            }
            Site::Opened(runtime) => {
                let who = self.who.here(&runtime, self.person).await?;
                desk(&runtime).adjust(&adjustment, who).await?
            }
        };
        print(&told, self.json, print_adjusted);
        Ok(ExitCode::SUCCESS)
    }
}

/// `ITEM=QUANTITY UNIT`.
fn line(text: &str) -> Result<AdjustmentLine, Error> {
    let parts = text.rsplit_once('=').and_then(|(item, quantity)| {
        let (value, unit) = quantity.trim().split_once(' ')?;
        Some((item.trim(), value, unit.trim()))
    });
    match parts {
        Some((item, value, unit)) if !item.is_empty() && !unit.is_empty() => Ok(AdjustmentLine {
            item: item.to_owned(),
            value: value.to_owned(),
            unit: unit.to_owned(),
        }),
        _ => Err(
            Error::coded(OPTION, format!("`--add {text}` is no item with a quantity"))
                .help("write item, quantity and unit: --add 'A=3 KGM'"),
        ),
    }
}

fn print(found: &Value, json: bool, people: impl Fn(&Value)) {
    match json {
        true => println!("{found:#}"),
        false => people(found),
    }
}

fn list_of<'a>(value: &'a Value, member: &str) -> &'a [Value] {
    value[member].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

fn print_items(items: &[Value]) {
    let row = |item: &Value| {
        let unit = text(item, "unit");
        vec![
            format!("  {}", text(item, "item")),
            format!("taken {} {unit}", text(item, "taken")),
            format!("of {}", text(item, "limit")),
            format!("left {}", text(item, "left")),
        ]
    };
    print!("{}", table(&items.iter().map(row).collect::<Vec<_>>()));
}

fn print_accounts(found: &Value) {
    let accounts = list_of(found, "accounts");
    if accounts.is_empty() {
        println!("nothing is claimed yet");
    }
    for account in accounts {
        let single = if account["single"] == true { ", single use" } else { "" };
        println!(
            "{}  {}  {} claims{single}",
            text(account, "ledger"),
            text(account, "account"),
            account["claims"]
        );
        print_items(list_of(account, "items"));
    }
}

fn print_claims(found: &Value) {
    let claims = list_of(found, "claims");
    if claims.is_empty() {
        println!("nothing was claimed of it");
    }
    for claim in claims {
        let lines: Vec<String> = list_of(claim, "lines")
            .iter()
            .map(|line| {
                format!(
                    "{} {} of {}",
                    text(line, "value"),
                    text(line, "unit"),
                    text(line, "item")
                )
            })
            .collect();
        println!("{}  {}  {}", text(claim, "at"), text(claim, "key"), lines.join(", "));
        println!(
            "  {}, run {} at {}",
            text(claim, "pipeline"),
            text(claim, "run"),
            text(claim, "path")
        );
        if claim["reason"].is_string() {
            println!("  adjusted by {}: {}", text(claim, "by"), text(claim, "reason"));
        }
        if claim["state"] == "given_back" {
            println!("  given back {}", text(claim, "given_back"));
        }
    }
}

fn print_adjusted(told: &Value) {
    println!("before");
    print_items(list_of(told, "before"));
    println!("after");
    print_items(list_of(told, "after"));
    match told["run"].as_str() {
        Some(run) => println!("adjusted: run {run} says who and why"),
        None => println!("nothing was changed: with --yes and --reason it is done"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_item_quantity_and_unit() {
        for (text, expected) in [
            ("A=3 KGM", Some(("A", "3", "KGM"))),
            ("Acipenser=baerii=2.50 KGM", Some(("Acipenser=baerii", "2.50", "KGM"))),
            (" A = 3 KGM ", Some(("A", "3", "KGM"))),
            ("A=3KGM", None),
            ("A", None),
            ("=3 KGM", None),
            ("A=3 ", None),
        ] {
            let read = line(text).ok();
            let read = read.as_ref().map(|line| (&*line.item, &*line.value, &*line.unit));
            assert_eq!(read, expected, "{text}");
        }
    }
}

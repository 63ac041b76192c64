//! `dragoman dead`.

mod print;
mod query;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use dragoman_model::Value;
use dragoman_server::{Repair, says_enough};
use serde_json::json;

use crate::answer::{Error, Outcome};
use crate::codes::OPTION;
use crate::site::{Site, SiteOption, block_on, desk, encoded};
use crate::who::WhoOption;
use query::Query;

/// So many runs are asked for at once, so that each answer comes soon.
const AT_ONCE: usize = 20;

/// Runs that stopped for a person or failed: all is kept, and they are repaired one by one or by query. Without `--yes`
/// it is only said what would be done.
#[derive(Debug, Args)]
pub(crate) struct Dead {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// Runs and items that stopped, oldest first, and how many there are of each kind
    List {
        #[command(flatten)]
        site: SiteOption,
        #[command(flatten)]
        query: Query,
        /// At most so many
        #[arg(long, default_value_t = 0, hide_default_value = true)]
        limit: usize,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// All that is kept of one, and what each act would do now
    Show {
        /// Its id, or the beginning of it
        run: String,
        #[command(flatten)]
        site: SiteOption,
        #[command(flatten)]
        who: WhoOption,
        /// For programs
        #[arg(long)]
        json: bool,
    },
    /// Lets them go on where they stopped, or from an earlier step; a failed one is begun anew
    Replay {
        /// From this step: what it and later ones gave is set aside, and nothing that took effect is done twice
        #[arg(long, value_name = "STEP")]
        from: Option<String>,
        /// Under another idempotency key, where the step is known to have had no effect
        #[arg(long)]
        new_key: bool,
        #[command(flatten)]
        doing: Doing,
    },
    /// Counts the step that they stopped at as done
    Skip {
        /// What the step gives, where later steps read it
        #[arg(long, value_name = "JSON")]
        output: Option<String>,
        #[command(flatten)]
        doing: Doing,
    },
    /// Undoes what they did, newest first, and ends them
    Undo {
        #[command(flatten)]
        doing: Doing,
    },
    /// Gives them up
    Cancel {
        #[command(flatten)]
        doing: Doing,
    },
}

/// To which of them it is done, and by whom.
#[derive(Debug, Args)]
struct Doing {
    /// Its id, or the beginning of it; or a query
    run: Option<String>,
    #[command(flatten)]
    query: Query,
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

impl Dead {
    pub(crate) fn run(self) -> Outcome {
        let repair = |act: &str| Repair {
            act: act.to_owned(),
            ..Repair::default()
        };
        match self.act {
            Act::List {
                site,
                query,
                limit,
                json,
            } => block_on(async {
                let mut filter = query.filter()?;
                filter.limit = limit;
                let found = site.look().await?.dead(&filter).await?;
                if json {
                    println!("{found:#}");
                } else {
                    print::list(&found, !filter.failed);
                }
                Ok(ExitCode::SUCCESS)
            }),
            Act::Show { run, site, who, json } => block_on(show(run, site, who, json)),
            Act::Replay { from, new_key, doing } => block_on(doing.carry_out(Repair {
                from,
                new_key,
                ..repair("replay")
            })),
            Act::Skip { output, doing } => block_on(doing.carry_out(Repair {
                output: output.as_deref().map(read_output).transpose()?,
                ..repair("skip")
            })),
            Act::Undo { doing } => block_on(doing.carry_out(repair("undo"))),
            Act::Cancel { doing } => block_on(doing.carry_out(repair("cancel"))),
        }
    }
}

fn read_output(text: &str) -> Result<Value, Error> {
    serde_json::from_str(text).map_err(|why| {
        Error::coded(OPTION, format!("`--output` takes JSON, and `{text}` is none: {why}"))
            .help(r#"a text stands in quotes of its own: --output '"A-17"'"#)
    })
}

async fn show(run: String, site: SiteOption, who: WhoOption, json: bool) -> Outcome {
    says_enough(&run)?;
    let found = match site.reach().await? {
        Site::Served(client) => {
            let client = who.introduce(client, false)?;
            client.get(&format!("/v1/dead/{}", encoded(&run))).await?
        }
        Site::Opened(runtime) => {
            runtime.handle().recovered().await;
            runtime.handle().idle().await;
            desk(&runtime).dead_letter(&run).await?
        }
    };
    if json {
        println!("{found:#}");
    } else {
        print::letter(&found);
    }
    Ok(ExitCode::SUCCESS)
}

impl Doing {
    /// Says what would be done; with `--yes` does it, some runs at a time, and tells of each.
    async fn carry_out(self, mut repair: Repair) -> Outcome {
        repair.query = self.query.filter()?;
        if let Some(run) = &self.run {
            says_enough(run)?;
            if repair.query.says_which() || repair.query.failed {
                let said = Error::coded(OPTION, "a run is named, and a query is given beside it");
                return Err(said.help("write one or the other"));
            }
            repair.runs = vec![run.clone()];
        }
        repair.reason = self.reason.clone();
        repair.by.clone_from(&self.person);
        let site = self.site.reach().await?;
        let ask = Asking::new(site, self.who, self.person).await?;
        let told = match self.yes {
            false => ask.repair(&repair).await?,
            true => do_all(&ask, repair, !self.json).await?,
        };
        ask.settle().await;
        if self.json {
            println!("{told:#}");
        } else if self.yes {
            print::count(&told);
        } else {
            print::would(&told);
        }
        Ok(match told["refused"].as_u64() {
            Some(0) => ExitCode::SUCCESS,
            _ => ExitCode::FAILURE,
        })
    }
}

/// Does it to all that are meant, and tells of each as it is known.
async fn do_all(ask: &Asking, mut repair: Repair, tell: bool) -> Result<Value, Error> {
    let mut meant = std::mem::take(&mut repair.runs);
    if meant.is_empty() {
        let looked = ask.repair(&repair).await?;
        let runs = looked["runs"].as_array().map(Vec::as_slice).unwrap_or_default();
        meant = runs
            .iter()
            .filter_map(|run| run["run"].as_str().map(str::to_owned))
            .collect();
    }
    repair.yes = true;
    repair.query = dragoman_server::DeadFilter::default();
    let (mut runs, mut done, mut refused) = (Vec::new(), 0, 0);
    for some in meant.chunks(AT_ONCE) {
        repair.runs = some.to_vec();
        let told = ask.repair(&repair).await?;
        done += told["done"].as_u64().unwrap_or_default();
        refused += told["refused"].as_u64().unwrap_or_default();
        let told = told["runs"].as_array().cloned().unwrap_or_default();
        if tell {
            told.iter().for_each(|run| print::outcome(&repair.act, run));
        }
        runs.extend(told);
    }
    Ok(json!({ "act": repair.act, "dry": false, "runs": runs, "done": done, "refused": refused }))
}

/// Whoever does it: the server, or the site that was opened here.
enum Asking {
    Served(dragoman_server::Client),
    Opened(Box<dragoman_server::Runtime>, dragoman_server::Who),
}

impl Asking {
    async fn new(site: Site, who: WhoOption, person: Option<String>) -> Result<Self, Error> {
        Ok(match site {
            Site::Served(client) => {
                let must = client.has_accounts() && person.is_none();
                Asking::Served(match person {
                    Some(_) => client,
                    None => who.introduce(client, must)?,
                })
            }
            Site::Opened(runtime) => {
                let who = who.here(&runtime, person).await?;
                // What can go on by itself does, before it is looked at.
                runtime.handle().recovered().await;
                runtime.handle().idle().await;
                Asking::Opened(runtime, who)
            }
        })
    }

    async fn repair(&self, repair: &Repair) -> Result<Value, Error> {
        match self {
            Asking::Served(client) => {
                let body = serde_json::to_value(repair).unwrap_or_default();
                Ok(client.post("/v1/dead", &body).await?)
            }
            Asking::Opened(runtime, who) => Ok(desk(runtime).repair(repair, who.clone()).await?),
        }
    }

    /// What was begun here comes to its end before the command does.
    async fn settle(&self) {
        if let Asking::Opened(runtime, _) = self {
            runtime.handle().idle().await;
        }
    }
}

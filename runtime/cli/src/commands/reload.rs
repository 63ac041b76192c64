//! `dragoman reload`.

use std::process::ExitCode;

use clap::Args;
use dragoman_model::Value;
use dragoman_server::{Address, Client};

use crate::answer::{Error, Outcome, count_of};
use crate::codes::NOT_SERVED;
use crate::console::colour;
use crate::site::{SiteOption, block_on};

/// Has the running server read its site anew: site file, pipelines and plugins. Everything is checked first; where
/// something is wrong it is printed, the server goes on with what it has, and the exit code is 1. The server does the same
/// by itself whenever one of these files changes, and on SIGHUP.
#[derive(Debug, Args)]
pub(crate) struct Reload {
    #[command(flatten)]
    site: SiteOption,
    /// For programs
    #[arg(long)]
    json: bool,
}

impl Reload {
    pub(crate) fn run(self) -> Outcome {
        block_on(async {
            let Some(client) = self.server().await? else {
                return Err(
                    Error::coded(NOT_SERVED, "nothing serves this site, so there is nothing to reload")
                        .help("start it with `dragoman serve`; it reads the site as it is then"),
                );
            };
            let answered = client.reload(colour() && !self.json).await?;
            let (told, taken) = match &answered {
                Ok(told) => (told, true),
                Err(told) => (told, false),
            };
            if self.json {
                println!("{told:#}");
            } else {
                print(told, taken);
            }
            Ok(if taken { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        })
    }

    async fn server(&self) -> Result<Option<Client>, Error> {
        match Address::find(&self.site.store()?) {
            Some(address) => Ok(Client::connect(address).await),
            None => Ok(None),
        }
    }
}

fn print(told: &Value, taken: bool) {
    let diagnostics = told["diagnostics"].as_array().map(Vec::as_slice).unwrap_or_default();
    for diagnostic in diagnostics {
        eprintln!("{}\n", diagnostic["text"].as_str().unwrap_or_default());
    }
    let severities = diagnostics.iter().filter_map(|d| d["severity"].as_str());
    eprint!("{}", count_of(severities));
    if !taken {
        eprintln!("not taken: the server goes on with what it has");
        return;
    }
    let changed: Vec<&str> = told["changed"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    match &changed[..] {
        [] => println!("taken; the pipelines are as they were"),
        names => println!("taken; changed: {}", names.join(", ")),
    }
    for name in told["leaving"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
    {
        println!("the connection `{name}` is kept for runs that began with it, until the server is started anew");
    }
}

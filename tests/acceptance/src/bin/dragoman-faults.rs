//! The fault suites, with real processes: `cargo xtask faults` builds everything and runs this.
//!
//! `--full`: 200 kills instead of 20, 300 faults of several processes instead of 30. `--seed N`: the moments and faults of an earlier run. `--only NAME`: one suite.

use std::process::ExitCode;

use dragoman_acceptance::Error;
use dragoman_acceptance::faults::{Campaign, Crowd, Neighbours, Tally, any_seed};

/// What was asked for.
struct Wanted {
    full: bool,
    seed: u64,
    only: Option<String>,
}

impl Wanted {
    fn read(arguments: impl Iterator<Item = String>) -> Result<Wanted, Error> {
        let mut wanted = Wanted {
            full: false,
            seed: any_seed(),
            only: None,
        };
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--full" => wanted.full = true,
                "--seed" => wanted.seed = arguments.next().ok_or("--seed needs a number")?.parse()?,
                "--only" => wanted.only = Some(arguments.next().ok_or("--only needs a name")?),
                other => {
                    return Err(format!("unknown argument `{other}`; there are --full, --seed N, --only NAME").into());
                }
            }
        }
        Ok(wanted)
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_deref().is_none_or(|only| only == name)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let wanted = match Wanted::read(std::env::args().skip(1)) {
        Ok(wanted) => wanted,
        Err(error) => {
            eprintln!("faults: {error}");
            return ExitCode::from(2);
        }
    };
    let mut failed = false;
    for campaign in campaigns(&wanted) {
        if wanted.wants(campaign.name) {
            failed |= !suite(&campaign).await;
        }
    }
    if wanted.wants("crowd") {
        failed |= !several(&wanted).await;
    }
    for (name, one_core) in [("neighbours", false), ("neighbours on one core", true)] {
        let neighbours = Neighbours {
            name,
            one_core,
            rounds: 5,
        };
        if wanted.wants("neighbours") {
            failed |= !beside(&neighbours).await;
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// The suites of kills.
fn campaigns(wanted: &Wanted) -> [Campaign; 2] {
    let kills = Campaign {
        name: "kills",
        seed: wanted.seed,
        kills: if wanted.full { 200 } else { 20 },
        in_flight: 50,
        nasty: false,
        losing: true,
        told: true,
    };
    let nasty = Campaign {
        name: "nasty",
        kills: kills.kills / 2,
        nasty: true,
        ..kills.clone()
    };
    [kills, nasty]
}

/// Runs the suite of several processes on one database; whether all is as promised.
async fn several(wanted: &Wanted) -> bool {
    let [kills, _] = campaigns(wanted);
    let campaign = Campaign {
        name: "crowd",
        kills: if wanted.full { 300 } else { 30 },
        ..kills
    };
    println!("{}: seed {}", campaign.name, campaign.seed);
    let crowd = Crowd { campaign };
    let came = match crowd.run().await {
        Ok(Some(tally)) => Ok(tally),
        Ok(None) => Err("there is no PostgreSQL or no RabbitMQ on this machine; install its package".into()),
        Err(error) => Err(error),
    };
    judge(&crowd.campaign, came)
}

/// Runs a suite and says what came of it; whether all is as promised.
async fn suite(campaign: &Campaign) -> bool {
    println!("{}: seed {}", campaign.name, campaign.seed);
    judge(campaign, campaign.run().await)
}

fn judge(campaign: &Campaign, came: Result<Tally, Error>) -> bool {
    match came {
        Ok(tally) if tally.wrong.is_empty() => {
            println!("{tally}");
            true
        }
        Ok(tally) => {
            for wrong in &tally.wrong {
                eprintln!("  wrong: {wrong}");
            }
            eprintln!(
                "faults: {}: failed with seed {}: {} things are wrong",
                campaign.name,
                campaign.seed,
                tally.wrong.len()
            );
            false
        }
        Err(error) => {
            eprintln!("faults: {}: failed with seed {}: {error}", campaign.name, campaign.seed);
            false
        }
    }
}

/// Runs hostile connectors beside a working one, and says what came of it; whether all is as promised.
async fn beside(neighbours: &Neighbours) -> bool {
    match neighbours.run().await {
        Ok(figures) if figures.wrong.is_empty() => {
            println!("{figures}");
            true
        }
        Ok(figures) => {
            for wrong in &figures.wrong {
                eprintln!("  wrong: {wrong}");
            }
            eprintln!("{figures}");
            eprintln!(
                "faults: {}: failed: {} things are wrong",
                neighbours.name,
                figures.wrong.len()
            );
            false
        }
        Err(error) => {
            eprintln!("faults: {}: failed: {error}", neighbours.name);
            false
        }
    }
}

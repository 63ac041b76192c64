//! Counting what took effect, and what the runtime says of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::Campaign;
use super::outbox::{Facts, Shared, endorsed, used};
use crate::{Case, Country, Error};

/// What came of a suite.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    name: &'static str,
    seed: u64,
    kills: u32,
    /// Runs of customs messages, without those within them.
    pub runs: usize,
    /// Permits endorsed.
    pub endorsed: usize,
    /// Usage messages delivered.
    pub used: usize,
    /// What a person has to look at: parked or waiting.
    pub parked: usize,
    /// Entries of the audit trail that were verified.
    pub entries: u64,
    /// What is wrong; nothing: all is as promised.
    pub wrong: Vec<String>,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "faults: {}: seed {}, kills {}, runs {}, permits endorsed {} (each once), usage messages {} (each once), parked {}, audit entries {}",
            self.name, self.seed, self.kills, self.runs, self.endorsed, self.used, self.parked, self.entries
        )
    }
}

impl Tally {
    /// Counts what took effect for the cases that were sent, while the runtime still serves; stops it to verify its trail.
    pub(crate) async fn of(campaign: &Campaign, country: &Country, outbox: &Shared) -> Result<Tally, Error> {
        let mut tally = Tally {
            name: campaign.name,
            seed: campaign.seed,
            kills: campaign.kills,
            ..Tally::default()
        };
        let account = outbox.account();
        tally.wrong.extend(account.refused);
        let runs = country.runs().await?;
        tally.count_runs(&runs, account.runs, campaign);
        let cases = outbox.cases();
        tally.count_facts(&country.facts(), &cases, &runs, campaign);
        tally.verify(country).await?;
        if campaign.told {
            println!(
                "  {}: {} cases, {} messages accepted, {} sent again",
                campaign.name,
                cases.len(),
                account.accepted,
                account.again
            );
        }
        Ok(tally)
    }

    fn count_runs(&mut self, runs: &[Value], expected: usize, campaign: &Campaign) {
        self.runs = runs.iter().filter(|r| r["parent"].is_null()).count();
        if self.runs != expected {
            self.wrong.push(format!(
                "the accepted messages make {expected} runs, and there are {}",
                self.runs
            ));
        }
        let mut odd: BTreeMap<String, (usize, String)> = BTreeMap::new();
        let still = runs
            .iter()
            .filter(|r| matches!(text(r, "status"), "parked" | "waiting"));
        let holding: BTreeSet<&str> = still.map(|r| text(r, "parent")).collect();
        for run in runs {
            let status = text(run, "status");
            match status {
                // A run that stands still because one within it does is not counted beside it.
                "parked" | "waiting" => self.parked += usize::from(!holding.contains(text(run, "run"))),
                "completed" | "stopped" => continue,
                _ => {}
            }
            if !(campaign.nasty && (status == "parked" || status == "waiting")) {
                let what = format!("{} {status}: {}", text(run, "pipeline"), text(run, "note"));
                let seen = odd.entry(what).or_insert((0, text(run, "run").to_owned()));
                seen.0 += 1;
            }
        }
        for (what, (count, example)) in odd {
            self.wrong.push(format!("{count} runs of {what} (such as {example})"));
        }
    }

    fn count_facts(&mut self, facts: &Facts, cases: &[Case], runs: &[Value], campaign: &Campaign) {
        let mut expected = 0;
        for case in cases {
            for (index, permit) in case.permits.iter().enumerate() {
                let counts = [endorsed(case, permit), used(case, permit)].map(|f| facts.get(&f).copied().unwrap_or(0));
                expected += counts.iter().filter(|c| **c > 0).count();
                self.endorsed += usize::from(counts[0] > 0);
                self.used += usize::from(counts[1] > 0);
                if counts.iter().any(|c| *c > 1) {
                    self.wrong.push(format!(
                        "{permit}: endorsed {} times, told {} times",
                        counts[0], counts[1]
                    ));
                }
                if counts.contains(&0) && !(campaign.nasty && awaits_person(runs, case, index)) {
                    self.wrong.push(format!(
                        "{permit} of {}: endorsed {} times, told {} times, and no one is asked: {}",
                        case.mrn,
                        counts[0],
                        counts[1],
                        story(runs, case, index)
                    ));
                }
            }
        }
        if facts.len() != expected {
            self.wrong.push(format!(
                "{} facts took effect, {expected} of them were asked for",
                facts.len()
            ));
        }
    }

    async fn verify(&mut self, country: &Country) -> Result<(), Error> {
        let audit = country.dragoman(&["audit", "verify", "--json"]).await?;
        if audit.code != Some(0) {
            self.wrong
                .push(format!("the audit trail does not verify: {}{}", audit.out, audit.err));
            return Ok(());
        }
        let report: Value = serde_json::from_str(&audit.out)?;
        self.entries = report["entries"].as_u64().unwrap_or_default();
        if report["heads"].as_u64().unwrap_or_default() == 0 {
            self.wrong
                .push("the audit trail was verified without an outside head".into());
        }
        Ok(())
    }
}

fn text<'a>(run: &'a Value, member: &str) -> &'a str {
    run[member].as_str().unwrap_or_default()
}

/// The runs about a case's permit: those of its notices, and the one within them that is about this permit alone.
fn about<'a>(runs: &'a [Value], case: &Case, index: usize) -> Vec<&'a Value> {
    // The ids of a numbered case's notices begin with its number, as its MRN has it.
    let number = &case.mrn["26PL443010Z".len()..case.mrn.len() - "A1".len()];
    let of_case = |r: &&Value| {
        r["parent"].is_null() && text(r, "pipeline") == "export-release" && text(r, "key").starts_with(number)
    };
    let mut found: Vec<&Value> = runs.iter().filter(of_case).collect();
    let parents: Vec<&str> = found.iter().map(|r| text(r, "run")).collect();
    let item = format!("permits[{index}]");
    let within = |r: &&Value| parents.contains(&text(r, "parent")) && text(r, "key").ends_with(&item);
    found.extend(runs.iter().filter(within));
    found
}

fn awaits_person(runs: &[Value], case: &Case, index: usize) -> bool {
    let found = about(runs, case, index);
    found.iter().any(|r| matches!(text(r, "status"), "parked" | "waiting"))
}

fn story(runs: &[Value], case: &Case, index: usize) -> String {
    let found = about(runs, case, index);
    let lines = found
        .iter()
        .map(|r| format!("{} {} {}", text(r, "run"), text(r, "status"), r["note"]));
    lines.collect::<Vec<_>>().join("; ")
}

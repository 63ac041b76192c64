//! Walking through the runs of a period.

use std::collections::HashMap;

use dragoman_engine::machine::version;
use dragoman_journal::{Error, Records, RunFilter, RunSummary};
use dragoman_manifest::parse_pipeline;
use dragoman_model::{Digest, RunId, Source, Timestamp, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::facts::{Fact, facts};
use super::figures::Figures;
use super::list::{Comparison, Listed};
use super::unit::{Lack, Unit};
use crate::dead::names;
use crate::records::begun;
use crate::view;

/// So many runs are asked for at once.
const PAGE: usize = 500;
/// Runs are in the order in which they were accepted, and clocks may have been set back by so much, in milliseconds.
const SET_BACK_MS: i64 = 26 * 3_600_000;
/// So many runs that are open from before are looked at.
const EARLIER: usize = 10_000;
/// So many of what is missing are listed where nothing is said.
const USUAL: usize = 1_000;

/// What is reconciled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// Runs that were taken then or later.
    pub from: Timestamp,
    /// Runs that were taken before then.
    pub until: Timestamp,
    /// At most so many of what is missing are listed; 0: a thousand.
    #[serde(default)]
    pub limit: usize,
    /// The other side's list, to compare with.
    #[serde(default)]
    pub list: Option<Listed>,
}

/// Reconciles a period: `{ from, until, taken, pipelines: [...], counts: { open, half_done, nothing }, earlier, missing: [...],
/// list? }`. `earlier`: how many of what is open were taken before the period; `missing`: the oldest first.
pub(crate) async fn reconcile(records: &dyn Records, wanted: &Wanted) -> Result<Value, Error> {
    let mut walk = Walk {
        records,
        editions: HashMap::new(),
        figures: Figures::default(),
        comparison: wanted.list.clone().map(Comparison::new),
        missing: Vec::new(),
    };
    walk.period(wanted).await?;
    walk.earlier(wanted).await?;
    Ok(walk.told(wanted))
}

/// What is missing.
struct Missing {
    began: Timestamp,
    run: RunId,
    lack: Lack,
    earlier: bool,
    told: Value,
}

/// What a run is looked at for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Look {
    /// It is of the period.
    Counted,
    /// It is from before, and open.
    Earlier,
    /// It came later: only for the other side's list.
    Named,
}

struct Walk<'a> {
    records: &'a dyn Records,
    editions: HashMap<Digest, Option<Vec<Fact>>>,
    figures: Figures,
    comparison: Option<Comparison>,
    missing: Vec<Missing>,
}

impl Walk<'_> {
    /// The newest first, as far as the period goes back.
    async fn period(&mut self, wanted: &Wanted) -> Result<(), Error> {
        let mut older_than = None;
        loop {
            let filter = RunFilter {
                older_than,
                limit: PAGE,
                ..RunFilter::default()
            };
            let page = self.records.runs(filter).await?;
            let Some(last) = page.last().map(|run| run.run) else {
                return Ok(());
            };
            let over = page.iter().all(|run| run.began < wanted.from.plus_millis(-SET_BACK_MS));
            for run in page {
                if run.began >= wanted.until && self.comparison.is_some() {
                    self.tree(run, Look::Named).await?;
                } else if run.began >= wanted.from && run.began < wanted.until {
                    self.tree(run, Look::Counted).await?;
                }
            }
            if over {
                return Ok(());
            }
            older_than = Some(last);
        }
    }

    /// What is open from before.
    async fn earlier(&mut self, wanted: &Wanted) -> Result<(), Error> {
        for status in ["parked", "waiting", "sleeping", "active"] {
            let filter = RunFilter {
                status: Some(status.to_owned()),
                limit: EARLIER,
                ..RunFilter::default()
            };
            let mut open = self.records.runs(filter).await?;
            open.retain(|run| run.began < wanted.from);
            for run in open {
                self.tree(run, Look::Earlier).await?;
            }
        }
        Ok(())
    }

    /// A run with its items, and with the pipelines that it runs.
    async fn tree(&mut self, root: RunSummary, look: Look) -> Result<(), Error> {
        let before = self.missing.len();
        let mut own = None;
        let mut left = vec![(root, Vec::new())];
        while let Some((summary, above)) = left.pop() {
            let entries = self.records.load(summary.run).await?;
            let Some(facts) = self.facts(version(&entries)).await? else {
                // What an operator did is no run of a pipeline.
                continue;
            };
            let mut known: Vec<String> = names(&entries).into_iter().map(str::to_owned).collect();
            known.extend(above);
            for path in begun(&entries) {
                let children = self.records.children(summary.run, path.to_owned()).await?;
                left.extend(children.into_iter().map(|child| (child, known.clone())));
            }
            let unit = Unit::read(summary, &entries, &facts);
            if look == Look::Counted {
                self.figures.count(&unit, &facts);
            }
            if let Some(comparison) = &mut self.comparison {
                comparison.see(&unit, &known, look == Look::Counted);
            }
            let Some(lack) = unit.lack().filter(|_| look != Look::Named) else {
                continue;
            };
            let is_item = unit.state.origin.as_ref().is_some_and(|o| o.of_item().is_some());
            if is_item && unit.facts.is_empty() {
                continue;
            }
            let missing = Missing {
                began: unit.summary.began,
                run: unit.summary.run,
                lack,
                earlier: look == Look::Earlier,
                told: unit.to_json(lack),
            };
            match unit.summary.parent {
                // It is listed where nothing below it is: it waits for that.
                None if view::status(&unit.summary) == "waiting" => own = Some(missing),
                _ => self.missing.push(missing),
            }
        }
        if self.missing.len() == before {
            self.missing.extend(own);
        }
        Ok(())
    }

    /// The facts of a version of a pipeline; none: it is no pipeline.
    async fn facts(&mut self, version: Option<Digest>) -> Result<Option<Vec<Fact>>, Error> {
        let Some(version) = version else { return Ok(None) };
        if !self.editions.contains_key(&version) {
            let kept = self.records.version(version).await?;
            let kept: Value = kept
                .and_then(|bytes| serde_json::from_slice(&bytes).ok())
                .unwrap_or_default();
            let found = kept["text"].as_str().and_then(|text| {
                let name = kept["name"].as_str().unwrap_or_default();
                parse_pipeline(Source::new(name, text)).0.as_ref().map(facts)
            });
            self.editions.insert(version, found);
        }
        Ok(self.editions[&version].clone())
    }

    fn told(mut self, wanted: &Wanted) -> Value {
        self.missing.sort_by_key(|missing| (missing.began, missing.run));
        let count = |lack: Lack| self.missing.iter().filter(|missing| missing.lack == lack).count();
        let counts: serde_json::Map<String, Value> = Lack::ALL
            .into_iter()
            .map(|lack| (lack.word().to_owned(), json!(count(lack))))
            .collect();
        let earlier = self.missing.iter().filter(|missing| missing.earlier).count();
        let limit = if wanted.limit == 0 { USUAL } else { wanted.limit };
        let listed: Vec<Value> = self
            .missing
            .into_iter()
            .take(limit)
            .map(|missing| missing.told)
            .collect();
        let mut told = json!({
            "from": wanted.from, "until": wanted.until, "taken": self.figures.taken(),
            "pipelines": self.figures.to_json(), "counts": counts, "earlier": earlier, "missing": listed,
        });
        if let Some(comparison) = &self.comparison {
            told["list"] = comparison.to_json();
        }
        told
    }
}

//! What a store holds of its runs, as people and programs are shown it: at the desk, and beside a store that nobody
//! serves.
//!
//! It needs the store alone: neither secrets nor plugins, and no pipeline without mistakes.

use dragoman_engine::shell::{Clock, SystemClock};
use dragoman_journal::{Entry, Record, Records, RunFilter};
use dragoman_model::{RunId, Value};
use serde_json::json;

use crate::dead::{DeadFilter, dead};
use crate::desk::Refusal;
use crate::error::Error;
use crate::ledger;
use crate::reconciliation::{Wanted, reconcile};
use crate::stores::Place;
use crate::stuck::stuck;
use crate::view;
use crate::waits::waits;

/// A store opened for those who only look: no lock is taken, nothing is made, no engine is started.
pub struct Stored(Box<dyn Records>);

impl Stored {
    /// Opens a store for reading.
    ///
    /// # Errors
    /// D0701 where there is none, D0704 where it is damaged, D0705 where a newer version wrote it.
    pub async fn open(place: &Place) -> Result<Self, Error> {
        Ok(Stored(place.records().await?))
    }

    /// Runs, newest first: as [`crate::Desk::runs`].
    ///
    /// # Errors
    /// Where the store cannot be read; the inner one where there is no such status.
    pub async fn runs(&self, filter: RunFilter) -> Result<Result<Value, Refusal>, Error> {
        Ok(runs(&*self.0, filter).await?)
    }

    /// Runs that nothing moves on: as [`crate::Desk::stuck`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn stuck(&self, limit: usize) -> Result<Value, Error> {
        Ok(stuck(&*self.0, SystemClock.now(), limit).await?)
    }

    /// What came of what was taken in a period, and what is missing: as `/v1/reconciliation` gives it.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn reconcile(&self, wanted: &Wanted) -> Result<Value, Error> {
        Ok(reconcile(&*self.0, wanted).await?)
    }

    /// A run with its timeline: as [`crate::Desk::run`].
    ///
    /// # Errors
    /// Where the store cannot be read; the inner one where there is no such run.
    pub async fn run(&self, id: &str, bodies: bool) -> Result<Result<Value, Refusal>, Error> {
        Ok(run(&*self.0, id, bodies).await?)
    }

    /// Dead letters, oldest first: as [`crate::Desk::dead`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn dead(&self, filter: &DeadFilter) -> Result<Value, Error> {
        Ok(dead(&*self.0, filter).await?)
    }

    /// Accounts of the ledgers: as [`crate::Desk::ledger`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn ledger(&self, ledger: Option<String>, account: Option<String>) -> Result<Value, Error> {
        Ok(ledger::accounts(&*self.0, ledger, account).await?)
    }

    /// What was claimed of an account: as [`crate::Desk::claims`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn claims(&self, ledger: String, account: String) -> Result<Value, Error> {
        Ok(ledger::claims(&*self.0, ledger, account).await?)
    }

    /// Open waits, oldest first: as [`crate::Desk::waits`].
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn waits(&self) -> Result<Value, Error> {
        Ok(waits(&*self.0).await?)
    }
}

/// The least of an id that says which one is meant. Less, and above all nothing, is a slip: where there is only one run or
/// wait it would be taken for that one.
const LEAST: usize = 6;

/// Whether so much of an id is given that one can be meant by it.
///
/// # Errors
/// [`Refusal::Unclear`].
pub fn says_enough(id: &str) -> Result<(), Refusal> {
    let given = id.chars().filter(|c| c.is_ascii_alphanumeric()).count();
    if given >= LEAST {
        return Ok(());
    }
    Err(Refusal::Unclear(format!(
        "`{id}` is too little of an id: write at least its first {LEAST} characters; `dragoman runs list` and `dragoman \
         waits list` show them"
    )))
}

/// How runs can stand, as lists have it.
const STATUSES: [&str; 8] = [
    "active",
    "sleeping",
    "waiting",
    "parked",
    "completed",
    "stopped",
    "failed",
    "cancelled",
];

/// Runs, newest first: `{ runs: [...] }`.
pub(crate) async fn runs(
    records: &dyn Records,
    mut filter: RunFilter,
) -> Result<Result<Value, Refusal>, dragoman_journal::Error> {
    if let Some(status) = filter.status.as_deref().filter(|status| !STATUSES.contains(status)) {
        return Ok(Err(Refusal::Unclear(format!(
            "there is no status `{status}`: write {}",
            STATUSES.join(", ")
        ))));
    }
    // Whoever asks what is parked or waits wants to see the item itself, not only the run it belongs to.
    filter.children |= matches!(filter.status.as_deref(), Some("parked" | "waiting"));
    let runs = records.runs(filter).await?;
    Ok(Ok(json!({ "runs": runs.iter().map(view::run).collect::<Vec<_>>() })))
}

/// A run with its timeline: `{ run, timeline, children }`, and `erased: true` where what it has said is gone; the children's
/// timelines too. With bodies also `edition`: the
/// version of its pipeline that it is pinned to, and its text, as far as the store has it.
pub(crate) async fn run(
    records: &dyn Records,
    id: &str,
    bodies: bool,
) -> Result<Result<Value, Refusal>, dragoman_journal::Error> {
    let run = match find(records, id).await? {
        Ok(run) => run,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let only = RunFilter {
        run: Some(run),
        children: true,
        limit: 1,
        ..RunFilter::default()
    };
    let summary = records.runs(only).await?.first().map(view::run);
    let entries = records.load(run).await?;
    let mut children = Vec::new();
    for path in begun(&entries) {
        for child in records.children(run, path.to_owned()).await? {
            let entries = records.load(child.run).await?;
            children.push(json!({ "run": view::run(&child), "timeline": view::history(&entries, bodies) }));
        }
    }
    let timeline = view::history(&entries, bodies);
    let mut told = json!({ "run": summary, "timeline": timeline, "children": children });
    if is_erased(&entries) {
        told["erased"] = json!(true);
    }
    if bodies {
        told["edition"] = edition(records, &entries).await?;
    }
    Ok(Ok(told))
}

/// Whether what a run has said was erased.
fn is_erased(entries: &[Entry]) -> bool {
    let said = |entry: &Entry| entry.header.body.is_some() && entry.body.is_none();
    entries.first().is_some_and(said)
}

/// The version of its pipeline that a run is pinned to: `{ version, name, text }`, or null where the store has none.
async fn edition(records: &dyn Records, entries: &[Entry]) -> Result<Value, dragoman_journal::Error> {
    let Some(version) = entries.last().map(|entry| entry.header.versions.pipeline) else {
        return Ok(Value::Null);
    };
    let kept = records.version(version).await?;
    let kept: Option<Value> = kept.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(kept.map_or(
        Value::Null,
        |kept| json!({ "version": version, "name": kept["name"], "text": kept["text"] }),
    ))
}

/// A run by its id, or by the beginning of its id where that is one run's only.
pub(crate) async fn find(records: &dyn Records, id: &str) -> Result<Result<RunId, Refusal>, dragoman_journal::Error> {
    if let Err(unclear) = says_enough(id) {
        return Ok(Err(unclear));
    }
    Ok(match *records.beginning(id.to_owned()).await? {
        [run] => Ok(run),
        [] => Err(Refusal::Unknown(format!("there is no run {id}"))),
        _ => Err(Refusal::Conflict(format!("more than one run's id begins with {id}"))),
    })
}

/// The paths of the steps that began children, in the order in which they did, each once.
pub(crate) fn begun(entries: &[Entry]) -> Vec<&str> {
    let mut paths: Vec<&str> = Vec::new();
    let begins = |entry: &&Entry| matches!(entry.header.record, Record::Children { .. });
    for entry in entries.iter().filter(begins) {
        if !paths.contains(&&*entry.header.path) {
            paths.push(&entry.header.path);
        }
    }
    paths
}

//! A run as the operator API tells it, read back: a store that is served cannot be opened beside.

use dragoman_journal::{Ending, Entry, FORMAT, Header, Record, RunSummary, Standing, Versions};
use dragoman_model::{Actor, Digest, RunId, Timestamp, Value};

use crate::error::Error;
use crate::family::Runs;

/// Reads runs: `{ run, timeline }` each.
pub(super) fn runs(history: &[Value]) -> Result<Runs, Error> {
    let mut runs = Runs::default();
    for told in history {
        let missing = || Error::record("the server tells of the run in a form that this version does not know");
        let summary = summary(&told["run"]).ok_or_else(missing)?;
        let lines = told["timeline"].as_array().ok_or_else(missing)?;
        let entries: Option<Vec<Entry>> = lines.iter().map(|line| entry(summary.run, line)).collect();
        runs.entries.insert(summary.run, entries.ok_or_else(missing)?);
        runs.summaries.push(summary);
    }
    Ok(runs)
}

fn summary(told: &Value) -> Option<RunSummary> {
    let text = |member: &str| told[member].as_str();
    let run: RunId = text("run")?.parse().ok()?;
    let touched = Timestamp::parse(text("touched")?).ok()?;
    let (standing, ending) = match text("status")? {
        "completed" => (Standing::Closed, Some(Ending::Completed)),
        "stopped" => (Standing::Closed, Some(Ending::Stopped)),
        "failed" => (Standing::Closed, Some(Ending::Failed)),
        "cancelled" => (Standing::Closed, Some(Ending::Cancelled)),
        "parked" => (Standing::Parked, None),
        "waiting" => (Standing::Waiting(None), None),
        "sleeping" => (Standing::Sleeping(touched), None),
        _ => (Standing::Active, None),
    };
    Some(RunSummary {
        run,
        pipeline: text("pipeline")?.into(),
        run_key: text("key")?.into(),
        standing,
        asks: false,
        ending,
        began: Timestamp::parse(text("began")?).ok()?,
        touched,
        entries: told["entries"].as_u64()?,
        parent: text("parent").and_then(|p| p.parse().ok()),
        note: text("note").map(str::to_owned),
        output: Some(told["output"].clone()).filter(|o| !o.is_null()),
        failure: None,
    })
}

fn entry(run: RunId, line: &Value) -> Option<Entry> {
    let record: Record = serde_json::from_value(line["record"].clone()).ok()?;
    let who = line["actor"].as_str().unwrap_or_default();
    let actor = match &record {
        _ if who.is_empty() => Actor::system("worker"),
        Record::Accepted { .. } => Actor::sender(who, "bearer"),
        _ => Actor::person(who, "password"),
    };
    Some(Entry {
        position: line["position"].as_u64().unwrap_or(0),
        header: Header {
            format: FORMAT,
            run,
            seq: line["seq"].as_u64()?,
            at: Timestamp::parse(line["at"].as_str()?).ok()?,
            actor,
            path: line["path"].as_str()?.into(),
            versions: Versions {
                pipeline: Digest::of(b""),
                plugin: None,
                settings: None,
            },
            record,
            headers: serde_json::from_value(line["headers"].clone()).unwrap_or_default(),
            body: None,
        },
        body: Some(line["body"].clone()).filter(|body| !body.is_null()),
    })
}

//! Runs and waits as JSON, for the operator API and the command line alike.

use dragoman_journal::{Ending, Entry, RunSummary, Standing};
use dragoman_model::Value;
use serde_json::json;

use crate::timeline::{Line, timeline};

/// One word for how a run stands.
pub fn status(run: &RunSummary) -> &'static str {
    match (run.standing, run.ending) {
        (_, Some(Ending::Completed)) => "completed",
        (_, Some(Ending::Stopped)) => "stopped",
        (_, Some(Ending::Failed)) => "failed",
        (_, Some(Ending::Cancelled)) => "cancelled",
        (Standing::Sleeping(_), None) => "sleeping",
        (Standing::Waiting(_), None) => "waiting",
        (Standing::Parked, None) => "parked",
        (Standing::Active | Standing::Closed, None) => "active",
    }
}

/// A run in a list.
pub fn run(run: &RunSummary) -> Value {
    json!({
        "run": run.run,
        "pipeline": run.pipeline,
        "key": run.run_key,
        "status": status(run),
        "began": run.began,
        "touched": run.touched,
        "entries": run.entries,
        "parent": run.parent,
        "note": run.note,
        "output": run.output,
    })
}

/// A run with what happened to it. Bodies are given only where they were asked for: they may hold personal data.
pub fn history(entries: &[Entry], bodies: bool) -> Vec<Value> {
    let lines: Vec<Line> = timeline(entries);
    lines
        .iter()
        .zip(entries)
        .map(|(line, entry)| {
            let mut value = line.to_json();
            if let Some(members) = value.as_object_mut() {
                members.insert(
                    "record".into(),
                    serde_json::to_value(&entry.header.record).unwrap_or_default(),
                );
                members.insert("position".into(), entry.position.into());
                if bodies {
                    members.insert("body".into(), entry.body.clone().unwrap_or_default());
                    members.insert("headers".into(), json!(entry.header.headers));
                }
            }
            value
        })
        .collect()
}

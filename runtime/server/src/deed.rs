//! What an operator does that belongs to no run: a run of its own, which has ended with its first transaction. So it stands
//! in the trail like any other, with who and why.

use std::sync::Arc;

use bytes::Bytes;
use dragoman_engine::shell::{Clock, SystemClock};
use dragoman_journal::{
    Begin, Begun, Draft, Ending, Journal, Operation, Record, Refusal as Refused, Standing, Versions,
};
use dragoman_model::{Digest, RunId, Timestamp, Value};
use serde_json::json;

use crate::desk::{Refusal, Who, store};

/// A deed.
pub(crate) struct Deed<'a> {
    /// What its run has in place of a pipeline.
    pub(crate) pipeline: &'static str,
    /// What was done, as it is written in the trail; also the trigger of its run.
    pub(crate) act: &'static str,
    /// The key of its run, of which there is one in the store; none: it has a key of its own.
    pub(crate) key: Option<String>,
    /// What its run is pinned to.
    pub(crate) version: &'static [u8],
    /// What was asked for.
    pub(crate) message: Value,
    /// Why.
    pub(crate) reason: &'a str,
    /// Records of what came of it, each with its path and body.
    pub(crate) records: Vec<(Record, String, Option<Value>)>,
    /// What it does in the store.
    pub(crate) operations: Vec<Operation>,
    /// What its run gives.
    pub(crate) output: Value,
}

impl Deed<'_> {
    /// Writes it. The inner error: the store does not take it as things stand, and nothing is written.
    ///
    /// # Errors
    /// [`Refusal::Store`] where the store does not answer, [`Refusal::Conflict`] where there is a run with its key.
    pub(crate) async fn write(self, journal: &dyn Journal, who: &Who) -> Result<Result<RunId, Refused>, Refusal> {
        let version = journal
            .keep_version(Bytes::from_static(self.version))
            .await
            .map_err(store)?;
        let id = uuid::Uuid::now_v7();
        let (run, now) = (RunId(id), now());
        let accepted = Record::Accepted {
            pipeline: self.pipeline.into(),
            trigger: self.act.into(),
            run_key: self.key.unwrap_or_else(|| id.to_string()),
            serial: None,
            parent: None,
            mode: "live".into(),
        };
        let operated = Record::Operated { act: self.act.into() };
        let closed = Record::Closed {
            ending: Ending::Completed,
        };
        let content = Digest::of_value(&self.message);
        let begun = json!({ "message": self.message, "now": now.to_string() });
        let mut parts = vec![
            (accepted, String::new(), Some(begun)),
            (operated, String::new(), Some(json!({ "reason": self.reason }))),
        ];
        parts.extend(self.records);
        parts.push((closed, String::new(), Some(json!({ "output": self.output }))));
        let begin = Begin {
            entries: drafts(run, now, version, who, parts),
            operations: self.operations,
            content,
            standing: Standing::Closed,
            lease_until: now,
        };
        Ok(match journal.begin(begin).await.map_err(store)? {
            Begun::New(_) | Begun::Queued { .. } => Ok(run),
            Begun::Refused(refused) => Err(*refused),
            Begun::Known { run, .. } | Begun::Conflict { run } => {
                return Err(Refusal::Conflict(format!("run {run} has this key already")));
            }
        })
    }
}

/// Its entries: record, path and body of each.
fn drafts(
    run: RunId,
    at: Timestamp,
    version: Digest,
    who: &Who,
    parts: Vec<(Record, String, Option<Value>)>,
) -> Vec<Draft> {
    let draft = |(seq, (record, path, body)): (u64, (Record, String, Option<Value>))| Draft {
        run,
        seq,
        at,
        actor: who.actor.clone(),
        path,
        versions: Versions {
            pipeline: version,
            plugin: None,
            settings: None,
        },
        record,
        headers: Vec::new(),
        body: body.map(Arc::new),
    };
    (0..).zip(parts).map(draft).collect()
}

/// The time of the machine.
pub(crate) fn now() -> Timestamp {
    SystemClock.now()
}

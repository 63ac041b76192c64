//! Small entries and appends to try stores with.

use std::sync::Arc;

use dragoman_model::{Actor, Class, Digest, Effect, OperationEffect, RunId, Timestamp, Usage, Value};
use serde_json::json;

use crate::entry::{Draft, Versions};
use crate::error::Error;
use crate::record::{Ending, OnceKey, Parent, Record};
use crate::store::{Append, Begin, Begun, Journal, Lease, Operation, Refusal, Standing};

/// When everything in the suite begins: 2026-01-01T00:00:00Z.
pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);
/// How long leases last in the suite, in milliseconds.
pub const LEASE: i64 = 10_000;

/// A run's id by number.
pub fn run(number: u64) -> RunId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    RunId::at(START, random)
}

/// An entry of a run.
pub fn draft(run: RunId, seq: u64, record: Record, body: Option<Value>) -> Draft {
    Draft {
        run,
        seq,
        at: START.plus_millis(i64::try_from(seq).unwrap_or(0)),
        actor: Actor::system("suite"),
        path: String::new(),
        versions: Versions {
            pipeline: Digest::of(b"orders"),
            plugin: None,
            settings: None,
        },
        record,
        headers: Vec::new(),
        body: body.map(Arc::new),
    }
}

/// The first entry of a run.
pub fn accepted(run: RunId, run_key: &str, parent: Option<Parent>) -> Draft {
    let record = Record::Accepted {
        pipeline: "orders".into(),
        trigger: if parent.is_some() { "each" } else { "hook" }.into(),
        run_key: run_key.into(),
        serial: None,
        parent,
        mode: "live".into(),
    };
    draft(run, 0, record, Some(json!({ "message": { "order": run_key } })))
}

/// A run that begins, with its message as its content.
pub fn begin(run: RunId, run_key: &str) -> Begin {
    Begin {
        entries: vec![accepted(run, run_key, None)],
        operations: Vec::new(),
        content: Digest::of_value(&json!({ "order": run_key })),
        standing: Standing::Active,
        lease_until: START.plus_millis(LEASE),
    }
}

/// An append of one entry.
pub fn append(lease: Lease, seq: u64, record: Record, body: Option<Value>) -> Append {
    Append {
        lease,
        entries: vec![draft(lease.run, seq, record, body)],
        operations: Vec::new(),
        begins: Vec::new(),
        standing: Standing::Active,
    }
}

/// An append of one entry after which the run stands otherwise.
pub fn stand(lease: Lease, seq: u64, record: Record, body: Option<Value>, standing: Standing) -> Append {
    Append {
        standing,
        ..append(lease, seq, record, body)
    }
}

/// An append that parks a run, with a reason.
pub fn park(lease: Lease, seq: u64, reason: &str) -> Append {
    let record = Record::Parked { code: "park".into() };
    stand(lease, seq, record, Some(json!({ "reason": reason })), Standing::Parked)
}

/// An append of a read, with an operation beside it.
pub fn with(lease: Lease, seq: u64, operation: Operation) -> Append {
    Append {
        operations: vec![operation],
        ..append(lease, seq, read(), Some(json!({ "output": seq })))
    }
}

/// A record of a read.
pub fn read() -> Record {
    Record::Read {
        connection: None,
        operation: None,
        attempt: 1,
        usage: Usage::default(),
    }
}

/// A record of an intent under a business key.
pub fn intent(once: Option<OnceKey>, reference: Option<&str>) -> Record {
    Record::Intent {
        connection: "shop".into(),
        operation: "ship".into(),
        attempt: 1,
        key: "k-1".into(),
        effect: OperationEffect::Once { settle_s: Some(5) },
        input: Digest::of(b"input"),
        once,
        reference: reference.map(Into::into),
        undo: false,
    }
}

/// A record of a last failure without effect.
pub fn failed() -> Record {
    Record::Failed {
        attempt: 1,
        class: Class::Rejected,
        effect: Effect::None,
        code: "shop.no".into(),
        last: true,
        usage: Usage::default(),
    }
}

/// An append that completes a run.
pub fn close(lease: Lease, seq: u64) -> Append {
    let record = Record::Closed {
        ending: Ending::Completed,
    };
    Append {
        standing: Standing::Closed,
        ..append(lease, seq, record, Some(json!({ "output": { "n": seq } })))
    }
}

/// A business key of the suite.
pub fn once(key: &str) -> OnceKey {
    OnceKey {
        scope: "shop.ship".into(),
        key: key.into(),
    }
}

/// Begins a run and gives its lease.
///
/// # Panics
/// Where the store does not begin it.
pub async fn begun(journal: &dyn Journal, number: u64) -> Lease {
    match journal.begin(begin(run(number), &format!("order-{number}"))).await {
        Ok(Begun::New(lease)) => lease,
        other => panic!("run {number} should begin, the store says {other:?}"),
    }
}

/// Runs that are due at a time, oldest first.
///
/// # Panics
/// Where the store does not answer.
pub async fn due(journal: &dyn Journal, at: Timestamp, limit: usize) -> Vec<RunId> {
    let due = answered(journal.due(at, None, limit).await);
    due.into_iter().map(|due| due.run).collect()
}

/// Appends and expects it to be written.
///
/// # Panics
/// Where it is refused.
pub async fn written(journal: &dyn Journal, append: Append) {
    let seq = append.entries.first().map(|e| e.seq);
    match journal.append(append).await {
        Ok(Ok(())) => {}
        other => panic!("entry {seq:?} should be written, the store says {other:?}"),
    }
}

/// Appends and expects a refusal.
///
/// # Panics
/// Where it is written.
pub async fn refused(journal: &dyn Journal, append: Append) -> Refusal {
    match journal.append(append).await {
        Ok(Err(refusal)) => refusal,
        other => panic!("a refusal was expected, the store says {other:?}"),
    }
}

/// Unwraps the answer to a question.
///
/// # Panics
/// Where the store has none.
pub fn answered<T>(result: Result<T, Error>) -> T {
    result.unwrap_or_else(|e| panic!("the store says {e}"))
}

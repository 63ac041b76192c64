//! The load of a bench: the same runs on every store.
//!
//! Each run is `begin` and three appends with bodies of 1 KB, all durable before the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use dragoman_model::{Actor, Digest, OperationEffect, RunId, Timestamp, Usage, Value};

use crate::entry::{Draft, Versions};
use crate::record::{Ending, OnceKey, Record};
use crate::store::{Append, Begin, Begun, Journal, Lease, Operation, Settled, Standing, Stats};

/// A body of 1 KB.
fn body() -> Value {
    serde_json::json!({ "output": { "text": "x".repeat(1000), "n": 1 } })
}

fn draft(run: RunId, seq: u64, record: Record, body: &Value) -> Draft {
    Draft {
        run,
        seq,
        at: Timestamp::from_millis(1_767_225_600_000),
        actor: Actor::system("bench"),
        path: if seq == 0 {
            String::new()
        } else {
            "orders[0].ship".into()
        },
        versions: Versions {
            pipeline: Digest::of(b"orders"),
            plugin: Some(Digest::of(b"shop")),
            settings: Some(Digest::of(b"settings")),
        },
        record,
        headers: Vec::new(),
        body: Some(Arc::new(body.clone())),
    }
}

fn begin(run: RunId, body: &Value) -> Begin {
    let record = Record::Accepted {
        pipeline: "orders".into(),
        trigger: "hook".into(),
        run_key: run.to_string(),
        serial: None,
        parent: None,
        mode: "live".into(),
    };
    Begin {
        entries: vec![draft(run, 0, record, body)],
        operations: Vec::new(),
        content: Digest::of(run.0.as_bytes()),
        standing: Standing::Active,
        lease_until: Timestamp::from_millis(1_767_225_630_000),
    }
}

/// The intent of an act that happens once, with what opens its business key.
fn intent(id: RunId, once: &OnceKey, body: &Value) -> (Draft, Operation) {
    let record = Record::Intent {
        connection: "shop".into(),
        operation: "ship".into(),
        attempt: 1,
        key: id.to_string(),
        effect: OperationEffect::Once { settle_s: Some(5) },
        input: Digest::of(b"input"),
        once: Some(once.clone()),
        reference: None,
        undo: false,
    };
    let open = Operation::OnceOpen {
        once: once.clone(),
        path: "orders[0].ship".into(),
        input: Digest::of(b"input"),
        reference: None,
        input_body: body.clone().into(),
    };
    (draft(id, 2, record, body), open)
}

/// The end of that act.
fn done(id: RunId, once: OnceKey, body: &Value) -> (Draft, Operation) {
    let record = Record::Done {
        attempt: 1,
        joined: None,
        known_by: "answer".into(),
        usage: Usage::default(),
    };
    let settle = Operation::Settle {
        once: Some(once),
        reference: None,
        path: "orders[0].ship".into(),
        state: Settled::Done(body.clone().into()),
    };
    (draft(id, 3, record, body), settle)
}

/// One run as the engine makes it: accepted; the read and the intent of an act that happens once; it is done; closed.
async fn run(journal: &dyn Journal, id: RunId, body: &Value) {
    let lease = match journal.begin(begin(id, body)).await {
        Ok(Begun::New(lease)) => lease,
        other => panic!("{other:?}"),
    };
    let once = OnceKey {
        scope: "shop.ship".into(),
        key: id.to_string(),
    };
    let read = Record::Read {
        connection: None,
        operation: None,
        attempt: 1,
        usage: Usage::default(),
    };
    let (intent, open) = intent(id, &once, body);
    append(
        journal,
        lease,
        vec![draft(id, 1, read, body), intent],
        vec![open],
        Standing::Active,
    )
    .await;
    let (done, settle) = done(id, once, body);
    append(journal, lease, vec![done], vec![settle], Standing::Active).await;
    let closed = Record::Closed {
        ending: Ending::Completed,
    };
    append(
        journal,
        lease,
        vec![draft(id, 4, closed, body)],
        Vec::new(),
        Standing::Closed,
    )
    .await;
}

async fn append(
    journal: &dyn Journal,
    lease: Lease,
    entries: Vec<Draft>,
    operations: Vec<Operation>,
    standing: Standing,
) {
    let append = Append {
        lease,
        entries,
        operations,
        begins: Vec::new(),
        standing,
    };
    match journal.append(append).await {
        Ok(Ok(())) => {}
        other => panic!("{other:?}"),
    }
}

fn id(number: u64) -> RunId {
    let mut random = [0; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    RunId::at(Timestamp::from_millis(1_767_225_600_000), random)
}

fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let index = ((times.len() as f64 - 1.0) * share).round() as usize;
    times.get(index).map_or(0.0, |t| t.as_secs_f64() * 1000.0)
}

/// Appends to one run, one after the other; prints how long each took.
pub async fn sequential(journal: &dyn Journal) {
    let body = &body();
    let lease = match journal.begin(begin(id(u64::MAX), body)).await {
        Ok(Begun::New(lease)) => lease,
        other => panic!("{other:?}"),
    };
    let mut times = Vec::new();
    for seq in 1..2000 {
        let record = Record::Read {
            connection: None,
            operation: None,
            attempt: 1,
            usage: Usage::default(),
        };
        let started = Instant::now();
        append(
            journal,
            lease,
            vec![draft(lease.run, seq, record, body)],
            Vec::new(),
            Standing::Active,
        )
        .await;
        times.push(started.elapsed());
    }
    let (p50, p99) = (percentile(&mut times, 0.5), percentile(&mut times, 0.99));
    println!("bench: durable append, one after the other: p50 {p50:.3} ms, p99 {p99:.3} ms");
}

/// Makes runs with so many callers at once for so long; prints a line. `stats`: what the store has done until now.
pub async fn concurrent(
    journal: &Arc<dyn Journal>,
    callers: u64,
    lasts: Duration,
    next: &Arc<AtomicU64>,
    stats: &dyn Fn() -> Stats,
) {
    let (before, began, body) = (stats(), Instant::now(), body());
    let tasks: Vec<_> = (0..callers)
        .map(|_| {
            let (journal, next, body) = (journal.clone(), next.clone(), body.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                while began.elapsed() < lasts {
                    let started = Instant::now();
                    run(&*journal, id(next.fetch_add(1, Ordering::Relaxed)), &body).await;
                    times.push(started.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap_or_else(|e| panic!("{e}")));
    }
    let seconds = began.elapsed().as_secs_f64();
    let runs = times.len() as f64;
    let stats = stats();
    println!(
        "bench: journal {callers} callers: {:.0} runs/s, p50 {:.3} ms, p99 {:.3} ms, {:.2} syncs per run, {:.0} entries/s, {:.1} MB/s",
        runs / seconds,
        percentile(&mut times, 0.5),
        percentile(&mut times, 0.99),
        (stats.syncs - before.syncs) as f64 / runs,
        (stats.entries - before.entries) as f64 / seconds,
        (stats.bytes - before.bytes) as f64 / seconds / 1e6,
    );
}

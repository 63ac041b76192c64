//! What those who share a store need of it beyond the suite: turns of a serial, and who is woken by what.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use dragoman_journal::conformance::sample::{self, LEASE, START, append, close, refused, run, stand, written};
use dragoman_journal::{
    Append, Begin, Begun, Emitted, Ending, Journal, Lease, Operation, Parent, Record, Refusal, Standing, Wait,
};
use dragoman_journals_postgres::{Options, PostgresJournal};
use dragoman_model::{Digest, RunId, Timestamp, Value};
use dragoman_support::postgres::Postgres;
use futures_util::future::join_all;
use serde_json::json;
use uuid::Uuid;

use crate::server::address;

const LATER: Timestamp = START.plus_millis(LEASE);

async fn open(server: &Postgres, owner: u128) -> Arc<PostgresJournal> {
    let options = Options {
        owner: Some(Uuid::from_u128(owner)),
        ..Options::default()
    };
    let opened = PostgresJournal::open(&address(server, "postgres", "dragoman"), options).await;
    Arc::new(opened.unwrap())
}

/// Two that share a store; none where there is no server to be had.
async fn two() -> Option<(Postgres, Arc<PostgresJournal>, Arc<PostgresJournal>)> {
    let server = Postgres::start().await.unwrap()?;
    let (one, other) = (open(&server, 1).await, open(&server, 2).await);
    one.keep_version("orders".into()).await.unwrap();
    Some((server, one, other))
}

fn in_line(mut begin: Begin, of: &str) -> Begin {
    if let Record::Accepted { serial, .. } = &mut begin.entries[0].record {
        *serial = Some(of.into());
    }
    begin
}

fn message(number: u64, serial: &str) -> Begin {
    in_line(sample::begin(run(number), &format!("order-{number}")), serial)
}

fn child(of: RunId, index: u64, serial: Option<&str>) -> Begin {
    let item = index.to_string();
    let id = of.child("parcels", &item);
    let parent = Parent {
        run: of,
        path: "parcels".into(),
        index,
        item: item.clone(),
    };
    let begin = Begin {
        entries: vec![sample::accepted(id, &item, Some(parent))],
        ..sample::begin(id, &item)
    };
    match serial {
        Some(serial) => in_line(begin, serial),
        None => begin,
    }
}

/// A run begins children and rests until they move.
fn begins(lease: Lease, children: Vec<Begin>) -> Append {
    let record = Record::Children {
        count: children.len() as u64,
    };
    Append {
        begins: children,
        ..stand(lease, 1, record, Some(json!({ "items": [] })), Standing::Waiting(None))
    }
}

async fn begun(journal: &dyn Journal, begin: Begin) -> Option<Lease> {
    match journal.begin(begin).await.unwrap() {
        Begun::New(lease) => Some(lease),
        Begun::Queued { .. } => None,
        other => panic!("it should begin: {other:?}"),
    }
}

async fn take(journal: &dyn Journal, run: RunId) -> Option<Lease> {
    journal.acquire(run, START, LATER).await.unwrap()
}

async fn due(journal: &dyn Journal) -> Vec<RunId> {
    sample::due(journal, START, 100).await
}

fn rests(lease: Lease, seq: u64) -> Append {
    stand(lease, seq, sample::read(), None, Standing::Waiting(None))
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_of_a_serial_take_turns_whoever_works_on_them() {
    let Some((_server, one, other)) = two().await else {
        return;
    };
    let first = begun(&*one, message(1, "s")).await.unwrap();
    assert_eq!(begun(&*other, message(2, "s")).await, None);
    assert_eq!(begun(&*one, message(3, "s")).await, None);
    assert!(
        begun(&*other, message(4, "t")).await.is_some(),
        "another serial is another line"
    );
    assert_eq!(due(&*other).await, [], "nobody's turn has come");
    assert_eq!(take(&*other, run(2)).await, None);
    written(&*one, append(first, 1, sample::read(), None)).await;
    assert_eq!(due(&*other).await, []);

    // Whoever rests gives its turn away, and waits in its place when it is woken.
    written(&*one, rests(first, 2)).await;
    one.stirred().await;
    assert_eq!(due(&*one).await, [run(2)]);
    let second = take(&*other, run(2)).await.unwrap();
    assert_eq!(take(&*one, run(1)).await, None, "it is another's turn");
    assert_eq!(due(&*one).await, []);
    written(&*other, close(second, 1)).await;
    assert_eq!(due(&*one).await, [run(1)], "it came before the third");
    let first = take(&*one, run(1)).await.unwrap();

    // Giving up needs no turn.
    assert_eq!(take(&*other, run(3)).await, None);
    let third = other.seize(run(3), START, LATER).await.unwrap().unwrap();
    written(&*other, close(third, 1)).await;
    written(&*one, close(first, 3)).await;
    assert_eq!(due(&*one).await, []);
    assert!(begun(&*one, message(5, "s")).await.is_some(), "the line is empty");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_family_has_one_turn_together() {
    let Some((_server, one, other)) = two().await else {
        return;
    };
    let parent = begun(&*one, message(1, "s")).await.unwrap();
    assert_eq!(begun(&*other, message(2, "s")).await, None);
    let children = vec![child(parent.run, 0, Some("s")), child(parent.run, 1, Some("s"))];
    let leases: Vec<Lease> = children
        .iter()
        .map(|child| Lease {
            run: child.entries[0].run,
            epoch: 1,
            until: LATER,
        })
        .collect();
    written(&*one, begins(parent, children)).await;
    assert_eq!(due(&*other).await, [], "they have the turn of the run that began them");
    written(&*one, close(leases[0], 1)).await;
    assert_eq!(due(&*other).await, []);
    // The parent may go on while the other is at work.
    let parent = take(&*one, parent.run).await.unwrap();
    written(&*one, close(leases[1], 1)).await;
    written(&*one, close(parent, 2)).await;
    assert_eq!(due(&*other).await, [run(2)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_turn_of_a_process_that_is_gone_stays_its_runs() {
    let Some((server, one, other)) = two().await else {
        return;
    };
    begun(&*one, message(1, "s")).await.unwrap();
    assert_eq!(begun(&*other, message(2, "s")).await, None);
    drop(one);
    assert_eq!(sample::due(&*other, LATER, 100).await, [run(1)]);
    let taken = other.acquire(run(1), LATER, LATER.plus_millis(LEASE)).await.unwrap();
    assert_eq!(taken.map(|lease| lease.epoch), Some(2));
    // What another had is free at once when that one starts again.
    let third = begun(&*other, message(3, "t")).await.unwrap();
    written(&*other, rests(third, 1)).await;
    take(&*other, run(3)).await.unwrap();
    assert_eq!(due(&*other).await, []);
    drop(other);
    let again = open(&server, 2).await;
    assert_eq!(due(&*again).await, [run(1), run(3)], "also one that rested before");
    assert_eq!(take(&*again, run(2)).await, None);
}

fn emits(lease: Lease, seq: u64, key: &str) -> Append {
    let event = Emitted {
        name: "shipped".into(),
        key: Some(key.into()),
        data: Value::Null,
        run: lease.run,
        path: "told".into(),
        pipeline: "orders".into(),
        at: START,
    };
    sample::with(lease, seq, Operation::Emit { event })
}

/// Waits for an event.
fn waits(lease: Lease, seq: u64, key: &str) -> Append {
    let show = json!({ "event": "shipped", "key": key });
    let wait = Wait {
        id: format!("{}-{seq}", lease.run),
        run: lease.run,
        path: "heard".into(),
        decision: format!("{}shipped", Wait::EVENT),
        roles: Vec::new(),
        since: START,
        due: None,
        shown: Digest::of_value(&show),
        show,
        reference: None,
    };
    Append {
        operations: vec![Operation::WaitBegin { wait }],
        ..rests(lease, seq)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_for_an_event_is_woken_by_whoever_emits_it() {
    let Some((_server, one, other)) = two().await else {
        return;
    };
    let waiting = begun(&*one, sample::begin(run(1), "order-1")).await.unwrap();
    let emitting = begun(&*other, sample::begin(run(2), "order-2")).await.unwrap();
    written(&*one, waits(waiting, 1, "7")).await;
    written(&*other, emits(emitting, 1, "8")).await;
    assert_eq!(due(&*one).await, [], "it waits for another one");
    written(&*other, emits(emitting, 2, "7")).await;
    other.stirred().await;
    assert_eq!(due(&*one).await, [run(1)]);
    let waiting = take(&*other, run(1)).await.unwrap();
    assert_eq!(due(&*one).await, [], "whoever took it looks");
    // What comes while it is at work is looked at when it rests.
    written(&*other, emits(emitting, 3, "7")).await;
    assert_eq!(due(&*one).await, []);
    written(&*other, rests(waiting, 2)).await;
    assert_eq!(due(&*one).await, [run(1)]);
    // What came before the wait began, and maybe after the run had looked.
    let late = begun(&*one, sample::begin(run(3), "order-3")).await.unwrap();
    written(&*one, waits(late, 1, "8")).await;
    assert_eq!(due(&*one).await, [run(1), run(3)]);
    let ended = take(&*one, run(3)).await.unwrap();
    written(&*other, emits(emitting, 4, "8")).await;
    written(&*one, close(ended, 2)).await;
    assert_eq!(due(&*one).await, [run(1)], "nobody looks at what has ended");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_is_woken_by_the_last_of_its_children_and_by_one_that_fails() {
    for fails in [false, true] {
        let Some((_server, one, other)) = two().await else {
            return;
        };
        let parent = begun(&*one, sample::begin(run(1), "order-1")).await.unwrap();
        let children: Vec<Begin> = (0..3).map(|index| child(parent.run, index, None)).collect();
        let ids: Vec<RunId> = children.iter().map(|child| child.entries[0].run).collect();
        written(&*one, begins(parent, children)).await;
        let lease = |at: usize| Lease {
            run: ids[at],
            epoch: 1,
            until: LATER,
        };
        written(&*other, close(lease(0), 1)).await;
        assert_eq!(due(&*one).await, []);
        if fails {
            let ending = Record::Closed { ending: Ending::Failed };
            let failed = stand(lease(1), 1, ending, Some(json!({ "code": "no" })), Standing::Closed);
            written(&*other, failed).await;
        } else {
            written(&*other, close(lease(1), 1)).await;
            assert_eq!(due(&*one).await, []);
            written(&*one, close(lease(2), 1)).await;
        }
        assert_eq!(due(&*one).await, [run(1)], "fails: {fails}");
    }
}

/// Who has the turn of each serial, as its workers see it.
type Inside = Mutex<HashMap<String, RunId>>;

fn serial_of(number: u64) -> String {
    format!("s{}", number % 3)
}

/// Works on a run until it rests or ends; nobody else may be at work in its line.
async fn work(journal: &dyn Journal, number: u64, lease: Lease, inside: &Inside) {
    let serial = serial_of(number);
    let before = inside.lock().unwrap().insert(serial.clone(), lease.run);
    assert_eq!(before, None, "{} came into the turn of {before:?}", lease.run);
    let seq = journal.load(lease.run).await.unwrap().len() as u64;
    let removed = || inside.lock().unwrap().remove(&serial);
    if seq < 3 && number.is_multiple_of(2) {
        written(journal, append(lease, seq, sample::read(), None)).await;
        assert_eq!(removed(), Some(lease.run));
        let sleeps = stand(lease, seq + 1, sample::read(), None, Standing::Sleeping(START));
        written(journal, sleeps).await;
    } else {
        assert_eq!(removed(), Some(lease.run));
        written(journal, close(lease, seq)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_into_anothers_turn_and_all_come_to_theirs() {
    const RUNS: u64 = 60;
    let Some((_server, one, other)) = two().await else {
        return;
    };
    let inside = Arc::new(Inside::default());
    let workers = (0..8).map(|worker| {
        let journal = if worker % 2 == 0 { one.clone() } else { other.clone() };
        let inside = inside.clone();
        tokio::spawn(async move {
            for number in (1..=RUNS).filter(|number| number % 8 == worker) {
                if let Some(lease) = begun(&*journal, message(number, &serial_of(number))).await {
                    work(&*journal, number, lease, &inside).await;
                }
            }
            let all = dragoman_journal::RunFilter {
                status: Some("completed".into()),
                limit: 1_000,
                ..Default::default()
            };
            use dragoman_journal::Records;
            while (journal.runs(all.clone()).await.unwrap().len() as u64) < RUNS {
                for found in due(&*journal).await {
                    if let Some(lease) = take(&*journal, found).await {
                        let number = (1..=RUNS).find(|number| run(*number) == found).unwrap();
                        work(&*journal, number, lease, &inside).await;
                    }
                }
            }
        })
    });
    for ended in join_all(workers).await {
        ended.unwrap();
    }
    let lease = begun(&*one, message(RUNS + 1, "s0")).await.unwrap();
    assert_eq!(
        refused(&*other, append(Lease { epoch: 7, ..lease }, 1, sample::read(), None)).await,
        Refusal::Fenced
    );
}

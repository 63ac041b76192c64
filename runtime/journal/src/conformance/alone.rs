//! What a store that one process has alone says of the runs that wait in it: they take no memory, and none is forgotten.

use dragoman_model::{Digest, RunId, Timestamp};
use serde_json::json;

use super::Stores;
use super::sample::{self, START, accepted, answered, begin, begun, park, run, stand, with, written};
use crate::query::{Emitted, Wait};
use crate::record::{Parent, Record, TimerPurpose};
use crate::store::{Append, Journal, Lease, Operation, Standing, Unfinished};

/// Long after the others, for a store that looks at what came to rest in the last minutes.
const LATER: Timestamp = START.plus_millis(3_600_000);

/// A run begins to wait: for an event of this key, or for a person, under this reference.
async fn waits(journal: &dyn Journal, number: u64, event: Option<&str>, reference: Option<&str>) {
    let lease = begun(journal, number).await;
    let decision = event.map_or("accept".to_owned(), |_| format!("{}shipped", Wait::EVENT));
    let show = event.map_or(json!({}), |key| json!({ "key": key }));
    let wait = Wait {
        id: format!("wait-{number}"),
        run: lease.run,
        path: "told".into(),
        decision: decision.clone(),
        roles: Vec::new(),
        since: START,
        due: None,
        shown: Digest::of_value(&show),
        show,
        reference: reference.map(Into::into),
    };
    let record = Record::Waiting {
        wait: wait.id.clone(),
        decision,
        roles: Vec::new(),
        due: None,
        shown: wait.shown,
        reference: wait.reference.clone(),
    };
    let append = Append {
        operations: vec![Operation::WaitBegin { wait }],
        ..stand(lease, 1, record, None, Standing::Waiting(None))
    };
    written(journal, append).await;
}

/// A parent that waits for its one child, which is at work.
async fn parent(journal: &dyn Journal, number: u64) -> Lease {
    let lease = begun(journal, number).await;
    let child = run(number + 1);
    let of = Parent {
        run: lease.run,
        path: "parcels".into(),
        index: 0,
        item: "a".into(),
    };
    let mut item = begin(child, "a");
    item.entries = vec![accepted(child, "a", Some(of))];
    let until = item.lease_until;
    let append = Append {
        begins: vec![item],
        ..stand(lease, 1, Record::Children { count: 1 }, None, Standing::Waiting(None))
    };
    written(journal, append).await;
    Lease {
        run: child,
        epoch: 1,
        until,
    }
}

/// The same, written later.
fn later(mut append: Append) -> Append {
    append.entries.iter_mut().for_each(|entry| entry.at = LATER);
    append
}

async fn waiting(journal: &dyn Journal) -> Vec<RunId> {
    answered(journal.left(Unfinished::Waiting, None, 100).await)
}

/// Runs the suite on a store that is opened anew several times.
///
/// # Panics
/// Where a run is forgotten, or one is named for which nothing has come.
pub async fn run_alone(stores: &dyn Stores) {
    let open = async || answered(stores.open("alone").await);
    what_waits(&*open().await).await;
    what_is_looked_at_late(&*open().await).await;
    let journal = open().await;
    assert_eq!(
        waiting(&*journal).await,
        [],
        "so long after that the parent has seen it"
    );
    what_came(&*journal).await;
}

/// Runs that wait, of which one is a parent with a child that was parked.
async fn what_waits(journal: &dyn Journal) {
    what_slept_and_worked(journal).await;
    waits(journal, 10, None, None).await;
    waits(journal, 11, None, Some("order-11")).await;
    waits(journal, 12, Some("12"), None).await;
    waits(journal, 13, Some("13"), Some("order-11")).await;
    let child = parent(journal, 14).await;
    assert_eq!(waiting(journal).await, [], "each of them has somebody it waits for");
    let awaiting = async |key: &str| answered(journal.awaiting("shipped".into(), key.into()).await);
    assert_eq!((awaiting("12").await, awaiting("14").await), (vec![run(12)], vec![]));

    // The child is parked: its parent may begin another.
    written(journal, park(child, 1, "no more paper")).await;
    assert_eq!(waiting(journal).await, [run(14)]);
}

/// Whoever comes hours later writes entries of its own before it has asked for all: what came to rest last is told still.
async fn what_is_looked_at_late(journal: &dyn Journal) {
    // One that is being taken up when the process is gone.
    let taken = answered(journal.acquire(run(10), START, LATER).await);
    assert_eq!(waiting(journal).await, [run(10), run(14)]);
    assert_eq!(
        answered(journal.left(Unfinished::Waiting, Some(run(10)), 100).await),
        [run(14)]
    );
    assert_eq!(answered(journal.left(Unfinished::Waiting, None, 1).await), [run(10)]);
    let answer = Record::Operated { act: "looked".into() };
    let rests = stand(taken.expect("nobody has it"), 2, answer, None, Standing::Waiting(None));
    written(journal, later(rests)).await;
    assert_eq!(waiting(journal).await, [run(14)]);
}

/// What came while nobody looked: for one that waits for an event, and for those under a reference; and one that waits for
/// nobody that is there.
async fn what_came(journal: &dyn Journal) {
    let awaiting = async |key: &str| answered(journal.awaiting("shipped".into(), key.into()).await);
    let nothing = Record::Children { count: 0 };
    let lease = begun(journal, 20).await;
    written(journal, stand(lease, 1, nothing, None, Standing::Waiting(None))).await;
    let lease = begun(journal, 21).await;
    let event = Emitted {
        name: "shipped".into(),
        key: Some("12".into()),
        data: json!({}),
        run: lease.run,
        path: "told".into(),
        pipeline: "orders".into(),
        at: LATER,
    };
    written(journal, later(with(lease, 1, Operation::Emit { event }))).await;
    assert_eq!(waiting(journal).await, [run(12), run(20)]);
    let reference = "order-11".to_owned();
    assert_eq!(
        answered(journal.waiting_under(reference.clone()).await),
        [run(11), run(13)]
    );
    let closes = Operation::Void {
        reference: reference.clone(),
    };
    written(journal, later(with(lease, 2, closes))).await;
    assert_eq!(waiting(journal).await, [run(11), run(12), run(13), run(20)]);
    for (number, wait) in [(12, "wait-12"), (13, "wait-13")] {
        let lease = answered(journal.acquire(run(number), START, LATER).await).expect("nobody has it");
        let wait = wait.to_owned();
        let answer = Record::Operated { act: "heard".into() };
        let mut ends = sample::append(lease, 2, answer, None);
        ends.operations = vec![Operation::WaitEnd { wait }];
        written(journal, ends).await;
    }
    assert_eq!(answered(journal.waiting_under(reference).await), [run(11)]);
    assert_eq!((awaiting("12").await, awaiting("13").await), (vec![], vec![]));
}

/// One sleeps, one is parked, one has ended, two were at work.
async fn what_slept_and_worked(journal: &dyn Journal) {
    let due = START.plus_millis(30_000);
    let timer = Record::Timer {
        due,
        purpose: TimerPurpose::Sleep,
        attempt: 1,
    };
    let lease = begun(journal, 1).await;
    written(journal, stand(lease, 1, timer, None, Standing::Sleeping(due))).await;
    written(journal, park(begun(journal, 2).await, 1, "no more paper")).await;
    written(journal, sample::close(begun(journal, 3).await, 1)).await;
    for number in [4, 5] {
        begun(journal, number).await;
    }
    let left = async |which| answered(journal.left(which, None, 100).await);
    assert_eq!(left(Unfinished::Active).await, [run(4), run(5)]);
    let behind = answered(journal.left(Unfinished::Active, Some(run(4)), 100).await);
    assert_eq!(behind, [run(5)]);
    assert_eq!(left(Unfinished::Sleeping(due.plus_millis(-1))).await, []);
    assert_eq!(left(Unfinished::Sleeping(due)).await, [run(1)]);
    assert_eq!(left(Unfinished::Waiting).await, []);
}

//! Runs that rest: when they are due, and who may take them.

use dragoman_model::{RunId, Timestamp};
use serde_json::json;

use super::sample::{self, LEASE, START, answered, begun, due, park, run, stand, written};
use crate::query::{Due, RunFilter};
use crate::record::{Parent, Record, TimerPurpose};
use crate::store::{Append, Begin, Begun, Journal, Lease, NOBODYS, Standing};

const DUE: Timestamp = START.plus_millis(3 * LEASE);

async fn sleep(journal: &dyn Journal, lease: Lease) {
    let timer = Record::Timer {
        due: DUE,
        purpose: TimerPurpose::Retry,
        attempt: 2,
    };
    written(journal, stand(lease, 1, timer, None, Standing::Sleeping(DUE))).await;
}

/// One run sleeps, one is parked, one waits for ever, one is at work.
async fn four(journal: &dyn Journal) {
    sleep(journal, begun(journal, 1).await).await;
    written(journal, park(begun(journal, 2).await, 1, "no more paper")).await;
    let children = Record::Children { count: 0 };
    let waits = stand(begun(journal, 3).await, 1, children, None, Standing::Waiting(None));
    written(journal, waits).await;
    begun(journal, 4).await;
}

pub(super) async fn runs_wake_when_they_are_due(journal: &dyn Journal) {
    let next = async |after| answered(journal.next_due(after).await);
    assert_eq!(next(START).await, None, "there is no run yet");
    four(journal).await;
    let due = async |at, limit| due(journal, at, limit).await;
    let lease_ends = START.plus_millis(LEASE);
    assert_eq!(
        due(START.plus_millis(LEASE - 1), 10).await,
        [],
        "one is owned, the others are not due"
    );
    let expected = [
        (START, Some(lease_ends), "the lease of the active run ends"),
        (lease_ends, Some(DUE), "what is due already is not asked for"),
        (DUE, None, "nothing else becomes due"),
    ];
    for (after, due, why) in expected {
        assert_eq!(next(after).await, due, "{why}");
    }
    assert_eq!(
        due(lease_ends, 10).await,
        [run(4)],
        "the lease of the active run is over"
    );
    assert_eq!(due(DUE, 10).await, [run(4), run(1)], "oldest first");
    assert_eq!(due(DUE, 1).await, [run(4)]);
    for (at, found) in [
        (START.plus_millis(LEASE - 1), vec![]),
        (lease_ends, vec![run(4)]),
        (DUE, vec![run(4), run(1)]),
    ] {
        let filter = RunFilter {
            overdue: Some(at),
            ..RunFilter::default()
        };
        let listed = answered(journal.runs(filter).await);
        let listed: Vec<_> = listed.iter().map(|summary| summary.run).collect();
        assert_eq!(listed, found, "what is due is listed, newest first");
    }

    answered(journal.acquire(run(1), DUE, DUE.plus_millis(LEASE)).await);
    assert_eq!(due(DUE, 10).await, [run(4)], "an owned run is not due");
    assert_eq!(
        due(DUE.plus_millis(LEASE), 10).await,
        [run(4), run(1)],
        "until its lease is over"
    );
}

/// A run that begins and that nobody has.
fn nobodys(run: RunId, run_key: &str, parent: Option<Parent>) -> Begin {
    Begin {
        entries: vec![sample::accepted(run, run_key, parent)],
        lease_until: NOBODYS,
        ..sample::begin(run, run_key)
    }
}

pub(super) async fn what_is_nobodys_is_due_for_anyone(journal: &dyn Journal) {
    let began = answered(journal.begin(nobodys(run(1), "order-1", None)).await);
    assert_eq!(began, Begun::Queued { run: run(1) });
    let parent = begun(journal, 2).await;
    let within = parent.run.child("parcels", "a");
    let from = Parent {
        run: parent.run,
        path: "parcels".into(),
        index: 0,
        item: "a".into(),
    };
    let children = Append {
        begins: vec![nobodys(within, "a", Some(from))],
        ..sample::append(parent, 1, Record::Children { count: 1 }, Some(json!({ "items": [] })))
    };
    written(journal, children).await;

    let asked = async |behind| answered(journal.due(START, behind, 10).await);
    let found = asked(None).await;
    let (first, inner) = (&found[0], &found[1]);
    let of = |due: &Due| (due.run, due.pipeline.clone());
    assert_eq!(of(first), (run(1), Some("orders".into())));
    assert_eq!(
        of(inner),
        (within, None),
        "what another run began works in that one's place"
    );
    assert_eq!(asked(Some(first.place)).await, found[1..]);
    assert_eq!(asked(Some(inner.place)).await, []);

    let ready = async |pipeline: &str, most| answered(journal.ready(pipeline.into(), most).await);
    assert_eq!(ready("orders", 10).await, 1);
    assert_eq!(ready("orders", 0).await, 0);
    assert_eq!(ready("parcels", 10).await, 0);
    let taken = answered(journal.acquire(run(1), START, DUE).await);
    assert_eq!(taken.map(|lease| lease.epoch), Some(2));
    assert_eq!(ready("orders", 10).await, 0, "somebody has it");
}

pub(super) async fn a_run_that_rests_can_be_taken(journal: &dyn Journal) {
    four(journal).await;
    let soon = START.plus_millis(1);
    let acquire = async |number| answered(journal.acquire(run(number), soon, DUE).await);
    for number in 1..=3 {
        let lease = acquire(number).await;
        assert_eq!(
            lease.map(|l| (l.epoch, l.until)),
            Some((2, DUE)),
            "run {number} belongs to nobody"
        );
        assert_eq!(acquire(number).await, None, "now it belongs to somebody");
    }
    assert_eq!(acquire(4).await, None, "a run at work is owned");

    let lease = begun(journal, 5).await;
    sleep(journal, lease).await;
    written(journal, sample::append(lease, 2, sample::read(), None)).await;
    assert_eq!(
        acquire(5).await,
        None,
        "who put it to sleep may go on with it as long as nobody took it"
    );
}

//! Beginning, growing, owning, waking and listing runs.

use dragoman_model::{Digest, Timestamp};
use serde_json::json;

use super::sample::{self, LEASE, START, answered, begun, refused, run, written};
use crate::error::CONTRADICTION;
use crate::query::RunFilter;
use crate::record::{Ending, Parent, Record, TimerPurpose};
use crate::store::{Append, Begin, Begun, Journal, Refusal, Standing};

fn later(millis: i64) -> Timestamp {
    START.plus_millis(millis)
}

pub(super) async fn a_key_begins_one_run(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    assert_eq!((lease.epoch, lease.until), (1, later(LEASE)));

    let again = Begin {
        entries: vec![sample::accepted(run(2), "order-1", None)],
        ..sample::begin(run(2), "order-1")
    };
    let answer = answered(journal.begin(again.clone()).await);
    assert_eq!(
        answer,
        Begun::Known {
            run: run(1),
            standing: Standing::Active
        },
        "the same key and content"
    );

    let other = Begin {
        content: Digest::of(b"something else"),
        ..again
    };
    assert_eq!(
        answered(journal.begin(other).await),
        Begun::Conflict { run: run(1) },
        "the same key, another content"
    );

    let entries = answered(journal.load(run(1)).await);
    assert_eq!(entries.len(), 1);
    assert_eq!(
        entries[0].body,
        Some(json!({ "message": { "order": "order-1" } }))
    );
    assert!(
        answered(journal.load(run(2)).await).is_empty(),
        "a run that was not begun has no entries"
    );

    let nothing = Begin {
        entries: Vec::new(),
        ..sample::begin(run(3), "order-3")
    };
    assert_eq!(
        journal.begin(nothing).await.map_err(|e| e.code),
        Err(CONTRADICTION)
    );
}

pub(super) async fn a_run_grows_without_gaps(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    for (seq, what) in [(2, "a gap"), (0, "a repetition")] {
        let answer = journal
            .append(sample::append(lease, seq, sample::read(), None))
            .await;
        assert_eq!(
            answer.map_err(|e| e.code),
            Err(CONTRADICTION),
            "{what} must not be written"
        );
    }
    let two = Append {
        entries: vec![
            sample::draft(lease.run, 1, sample::read(), Some(json!({ "output": "x" }))),
            sample::draft(lease.run, 2, sample::intent(None, None), None),
        ],
        ..sample::append(lease, 1, sample::read(), None)
    };
    let mut torn = two.clone();
    torn.entries[1].seq = 3;
    assert_eq!(
        journal.append(torn).await.map_err(|e| e.code),
        Err(CONTRADICTION),
        "a gap inside an append"
    );
    let mut foreign = two.clone();
    foreign.entries[1].run = run(9);
    assert_eq!(
        journal.append(foreign).await.map_err(|e| e.code),
        Err(CONTRADICTION),
        "an entry of another run"
    );
    written(journal, two).await;

    let entries = answered(journal.load(lease.run).await);
    let seqs: Vec<u64> = entries.iter().map(|e| e.header.seq).collect();
    assert_eq!(seqs, [0, 1, 2]);
    assert!(entries.windows(2).all(|w| w[0].position < w[1].position));
    assert_eq!(
        (&entries[1].body, &entries[2].body),
        (&Some(json!({ "output": "x" })), &None)
    );

    let mut unclosed = sample::close(lease, 3);
    unclosed.standing = Standing::Active;
    assert_eq!(
        journal.append(unclosed).await.map_err(|e| e.code),
        Err(CONTRADICTION),
        "closed, but active"
    );
    written(journal, sample::close(lease, 3)).await;
    let after = refused(journal, sample::append(lease, 4, sample::read(), None)).await;
    assert_eq!(after, Refusal::Fenced, "nothing follows the end");
}

pub(super) async fn the_owner_before_is_fenced_off(journal: &dyn Journal) {
    let first = begun(journal, 1).await;
    let id = first.run;
    assert_eq!(
        answered(
            journal
                .acquire(id, later(LEASE - 1), later(2 * LEASE))
                .await
        ),
        None,
        "it is owned"
    );
    let renewed = answered(journal.renew(vec![first], later(2 * LEASE)).await);
    assert_eq!(
        renewed.iter().map(|l| l.until).collect::<Vec<_>>(),
        [later(2 * LEASE)]
    );
    assert_eq!(
        answered(
            journal
                .acquire(id, later(LEASE + 1), later(3 * LEASE))
                .await
        ),
        None,
        "it was renewed"
    );

    let taken = answered(
        journal
            .acquire(id, later(2 * LEASE), later(3 * LEASE))
            .await,
    );
    let second = taken.unwrap_or_else(|| panic!("a lease that is over can be taken"));
    assert_eq!(second.epoch, 2);
    let stale = refused(journal, sample::append(first, 1, sample::read(), None)).await;
    assert_eq!(stale, Refusal::Fenced);
    assert!(
        answered(journal.renew(vec![first], later(9 * LEASE)).await).is_empty(),
        "a lost lease stays lost"
    );
    written(journal, sample::append(second, 1, sample::read(), None)).await;

    written(journal, sample::close(second, 2)).await;
    assert_eq!(
        answered(
            journal
                .acquire(id, later(9 * LEASE), later(10 * LEASE))
                .await
        ),
        None,
        "it is closed"
    );
    assert_eq!(
        answered(journal.acquire(run(99), later(0), later(1)).await),
        None,
        "there is no such run"
    );
}

pub(super) async fn runs_wake_when_they_are_due(journal: &dyn Journal) {
    let sleeper = begun(journal, 1).await;
    let parked = begun(journal, 2).await;
    let waiter = begun(journal, 3).await;
    begun(journal, 4).await;
    let due = later(3 * LEASE);
    let timer = Record::Timer {
        due,
        purpose: TimerPurpose::Retry,
        attempt: 2,
    };
    let sleep = Append {
        standing: Standing::Sleeping(due),
        ..sample::append(sleeper, 1, timer, None)
    };
    written(journal, sleep).await;
    let park = Record::Parked {
        code: "park".into(),
    };
    let body = Some(json!({ "reason": "no more paper" }));
    written(
        journal,
        Append {
            standing: Standing::Parked,
            ..sample::append(parked, 1, park, body)
        },
    )
    .await;
    let wait = sample::append(waiter, 1, Record::Children { count: 0 }, None);
    written(
        journal,
        Append {
            standing: Standing::Waiting(None),
            ..wait
        },
    )
    .await;

    assert_eq!(
        answered(journal.due(later(LEASE - 1), 10).await),
        [],
        "one is owned, the others are not due"
    );
    assert_eq!(
        answered(journal.next_due().await),
        Some(later(LEASE)),
        "the lease of the active run ends"
    );
    assert_eq!(
        answered(journal.due(later(LEASE), 10).await),
        [run(4)],
        "the lease of the active run is over"
    );
    assert_eq!(
        answered(journal.due(due, 10).await),
        [run(4), run(1)],
        "oldest first"
    );
    assert_eq!(answered(journal.due(due, 1).await), [run(4)]);

    let lease = answered(journal.acquire(run(1), due, due.plus_millis(LEASE)).await);
    assert!(
        lease.is_some_and(|l| l.epoch == 2),
        "a run that sleeps belongs to nobody"
    );
    assert_eq!(
        answered(journal.due(due, 10).await),
        [run(4)],
        "an owned run is not due"
    );
    let lease = answered(journal.acquire(run(2), later(1), later(LEASE)).await);
    assert!(
        lease.is_some(),
        "a parked run can be taken by who repairs it"
    );
}

pub(super) async fn children_begin_with_their_parent(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let child = |index: u64, item: &str| {
        let id = lease.run.child("parcels", item);
        let parent = Parent {
            run: lease.run,
            path: "parcels".into(),
            index,
            item: item.into(),
        };
        Begin {
            entries: vec![sample::accepted(id, item, Some(parent))],
            ..sample::begin(id, item)
        }
    };
    let children = Record::Children { count: 2 };
    let body = Some(json!({ "items": [{ "key": "a" }, { "key": "b" }] }));
    let begins = vec![child(1, "b"), child(0, "a")];
    written(
        journal,
        Append {
            begins,
            ..sample::append(lease, 1, children, body)
        },
    )
    .await;

    let found = answered(journal.children(lease.run, "parcels".into()).await);
    let keys: Vec<&str> = found.iter().map(|c| c.run_key.as_str()).collect();
    assert_eq!(keys, ["a", "b"], "by index");
    assert!(
        found
            .iter()
            .all(|c| c.parent == Some(lease.run) && c.standing == Standing::Active)
    );
    assert!(answered(journal.children(lease.run, "letters".into()).await).is_empty());

    let again = Append {
        begins: vec![child(0, "a")],
        ..sample::append(lease, 2, sample::read(), None)
    };
    written(journal, again).await;
    let id = lease.run.child("parcels", "a");
    assert_eq!(
        answered(journal.load(id).await).len(),
        1,
        "a child begins once"
    );
    let other = Begin {
        content: Digest::of(b"other"),
        ..child(0, "a")
    };
    let conflict = Append {
        begins: vec![other],
        ..sample::append(lease, 3, sample::read(), None)
    };
    assert_eq!(
        journal.append(conflict).await.map_err(|e| e.code),
        Err(CONTRADICTION)
    );
    assert_eq!(
        answered(journal.load(lease.run).await).len(),
        3,
        "nothing of it was written"
    );
}

pub(super) async fn lists_are_filtered(journal: &dyn Journal) {
    for number in 1..=4 {
        let lease = begun(journal, number).await;
        match number {
            1 => written(journal, sample::close(lease, 1)).await,
            2 => {
                let failed = Record::Closed {
                    ending: Ending::Failed,
                };
                let body = Some(json!({ "failure": { "message": "no such parcel" } }));
                let append = sample::append(lease, 1, failed, body);
                written(
                    journal,
                    Append {
                        standing: Standing::Closed,
                        ..append
                    },
                )
                .await;
            }
            3 => {
                let park = Record::Parked {
                    code: "park".into(),
                };
                let append =
                    sample::append(lease, 1, park, Some(json!({ "reason": "ask the boss" })));
                written(
                    journal,
                    Append {
                        standing: Standing::Parked,
                        ..append
                    },
                )
                .await;
            }
            _ => {}
        }
    }
    let filtered = async |status: Option<&str>, pipeline: Option<&str>, limit| {
        let filter = RunFilter {
            status: status.map(Into::into),
            pipeline: pipeline.map(Into::into),
            children: false,
            limit,
        };
        answered(journal.runs(filter).await)
    };
    let keys =
        |runs: &[crate::RunSummary]| runs.iter().map(|r| r.run_key.clone()).collect::<Vec<_>>();
    assert_eq!(
        keys(&filtered(None, None, 0).await),
        ["order-4", "order-3", "order-2", "order-1"],
        "newest first"
    );
    assert_eq!(
        keys(&filtered(None, Some("orders"), 2).await),
        ["order-4", "order-3"]
    );
    assert!(filtered(None, Some("letters"), 0).await.is_empty());
    assert!(filtered(Some("no such status"), None, 0).await.is_empty());
    assert_eq!(keys(&filtered(Some("active"), None, 0).await), ["order-4"]);

    let completed = filtered(Some("completed"), None, 0).await;
    assert_eq!(completed[0].output, Some(json!({ "n": 1 })));
    assert_eq!(
        (completed[0].entries, completed[0].standing),
        (2, Standing::Closed)
    );
    assert_eq!(
        (completed[0].began, completed[0].touched),
        (START, later(1))
    );
    let failed = filtered(Some("failed"), None, 0).await;
    assert_eq!(
        (failed[0].note.as_deref(), failed[0].ending),
        (Some("no such parcel"), Some(Ending::Failed))
    );
    let parked = filtered(Some("parked"), None, 0).await;
    assert_eq!(
        (parked[0].note.as_deref(), &parked[0].output),
        (Some("ask the boss"), &None)
    );
}

//! Events: durable with the step that emits them, found by those who wait, delivered once.

use dragoman_model::Timestamp;
use serde_json::json;

use super::sample::{self, START, answered, begun, refused, written};
use crate::query::Emitted;
use crate::store::{Append, Journal, Lease, Operation};

/// An event of the suite, so many milliseconds after the start.
fn event(lease: Lease, key: Option<&str>, after: i64) -> Emitted {
    Emitted {
        name: "shipped".into(),
        key: key.map(Into::into),
        data: json!({ "after": after }),
        run: lease.run,
        path: format!("told-{after}"),
        pipeline: "orders".into(),
        at: START.plus_millis(after),
    }
}

fn emit(event: &Emitted) -> Operation {
    Operation::Emit { event: event.clone() }
}

/// The numbers of what was not delivered.
async fn open(journal: &dyn Journal) -> Vec<u64> {
    let all = answered(journal.undelivered(0, 100).await);
    all.iter().map(|(number, _)| *number).collect()
}

pub(super) async fn the_newest_event_of_a_key_is_found(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let find = async |key: &str, since: Timestamp, after| {
        answered(journal.event("shipped".into(), key.into(), since, after).await)
    };
    assert_eq!(find("7", START, 0).await, None, "there is none yet");
    let (first, other, second) = (
        event(lease, Some("7"), 1),
        event(lease, Some("8"), 2),
        event(lease, Some("7"), 3),
    );
    written(journal, sample::with(lease, 1, emit(&first))).await;
    let (number, found) = find("7", START, 0).await.expect("it was emitted");
    assert_eq!(found, first);
    written(journal, sample::with(lease, 2, emit(&other))).await;
    assert_eq!(
        find("7", START.plus_millis(2), 0).await,
        None,
        "it came before that time"
    );
    assert_eq!(find("7", START, number).await, None, "that one is known already");
    written(journal, sample::with(lease, 3, emit(&second))).await;
    let (newer, found) = find("7", START, 0).await.expect("it was emitted");
    assert_eq!(found, second, "the newest counts");
    assert!(newer > number, "numbers grow: {newer} after {number}");
    assert_eq!(find("7", START, number).await.map(|(n, _)| n), Some(newer));
    assert_eq!(find("8", START, 0).await.map(|(_, e)| e), Some(other));
    let nameless = answered(journal.event("lost".into(), "7".into(), START, 0).await);
    assert_eq!(nameless, None, "a key is one of its name");
}

pub(super) async fn events_are_delivered_in_their_order(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let events = [
        event(lease, None, 1),
        event(lease, Some("7"), 2),
        event(lease, Some("7"), 3),
    ];
    let appended = Append {
        operations: events.iter().map(emit).collect(),
        ..sample::append(lease, 1, sample::read(), None)
    };
    written(journal, appended).await;
    let all = answered(journal.undelivered(0, 100).await);
    let bare: Vec<Emitted> = all.iter().map(|(_, event)| event.clone()).collect();
    assert_eq!(bare, events, "in the order in which they were emitted");
    let numbers: Vec<u64> = all.iter().map(|(number, _)| *number).collect();
    assert_eq!(answered(journal.undelivered(numbers[0], 1).await), [all[1].clone()]);

    answered(journal.delivered(vec![numbers[2], numbers[0]]).await);
    assert_eq!(open(journal).await, [numbers[1]]);
    answered(journal.delivered(vec![numbers[1]]).await);
    answered(journal.delivered(vec![numbers[1]]).await);
    assert_eq!(open(journal).await, [0; 0]);
    let found = answered(journal.event("shipped".into(), "7".into(), START, 0).await);
    assert_eq!(found, Some(all[2].clone()), "what was delivered is there for waits");
    written(journal, sample::with(lease, 2, emit(&event(lease, None, 4)))).await;
    assert!(open(journal).await[0] > numbers[2], "no number comes twice");
}

pub(super) async fn a_refused_append_emits_nothing(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let appended = Append {
        operations: vec![
            emit(&event(lease, Some("7"), 1)),
            Operation::WaitEnd { wait: "none".into() },
        ],
        ..sample::append(lease, 1, sample::read(), None)
    };
    refused(journal, appended).await;
    assert_eq!(open(journal).await, [0; 0]);
    let found = answered(journal.event("shipped".into(), "7".into(), START, 0).await);
    assert_eq!(found, None);
}

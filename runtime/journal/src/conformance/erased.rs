//! What runs that have ended have said is erased; what is known of them stays.

use dragoman_model::{Digest, DocumentReference, RunId, Timestamp};
use serde_json::json;

use super::sample::{self, START, answered, begin, begun, close, once, run, written};
use crate::entry::Draft;
use crate::query::{Emitted, OnceState};
use crate::record::{OnceKey, Record};
use crate::store::{Append, Begin, Begun, Erasure, Operation, Settled, Standing, Store};

fn document(word: &str) -> (DocumentReference, Vec<u8>) {
    let bytes = word.as_bytes().to_vec();
    (DocumentReference::of(&bytes, "text/plain"), bytes)
}

fn keep(word: &str) -> Operation {
    let (document, bytes) = document(word);
    Operation::Keep { document, bytes }
}

/// A run that does something under a key and a reference, emits an event, keeps a document of its own and one that it shares.
async fn done(store: &dyn Store, number: u64) {
    let lease = begun(store, number).await;
    let key = number.to_string();
    let said = json!({ "said": number });
    let settle = |once, reference, path: &str| Operation::Settle {
        once,
        reference,
        path: path.into(),
        state: Settled::Done(said.clone().into()),
    };
    let intent = sample::intent(Some(once(&key)), None);
    let input = Digest::of(b"input");
    let mut acts = sample::append(lease, 1, intent, Some(said.clone()));
    acts.entries[0].path = "ship".into();
    acts.operations = vec![
        Operation::OnceOpen {
            once: once(&key),
            path: "ship".into(),
            input,
            reference: Some("ref-1".into()),
            input_body: said.clone().into(),
        },
        Operation::Refer {
            reference: "ref-1".into(),
            path: "tell".into(),
            scope: "shop.tell".into(),
        },
        keep(&key),
        keep("shared"),
        Operation::Emit {
            event: Emitted {
                name: "shipped".into(),
                key: Some(key.clone()),
                data: said.clone(),
                run: lease.run,
                path: "told".into(),
                pipeline: "orders".into(),
                at: START,
            },
        },
    ];
    written(store, acts).await;
    let record = Record::Done {
        attempt: 1,
        joined: None,
        known_by: "answer".into(),
        usage: dragoman_model::Usage::default(),
    };
    let mut ends = sample::append(lease, 2, record, Some(json!({ "output": said })));
    ends.entries[0].path = "ship".into();
    ends.operations = vec![
        settle(Some(once(&key)), None, "ship"),
        settle(None, Some("ref-1".into()), "tell"),
    ];
    written(store, ends).await;
    let number = i64::try_from(number).unwrap_or_default();
    let mut closes = close(lease, 3);
    closes.entries[0].at = START.plus_millis(100 * number);
    written(store, Append { ..closes }).await;
}

/// An operator's run that erases one.
pub fn erasing(by: u64, erased: u64) -> Begin {
    let key = erased.to_string();
    let of = run(erased);
    let erasure = Erasure {
        runs: vec![of],
        onces: vec![(once(&key), of)],
        effects: vec![("ref-1".into(), of, "tell".into())],
        events: vec![("shipped".into(), key, of)],
    };
    let mut begin = begin(run(by), &format!("erase-{erased}"));
    let says = Draft {
        path: of.to_string(),
        ..sample::draft(run(by), 1, Record::Operated { act: "erase".into() }, None)
    };
    let closed = Record::Closed {
        ending: crate::record::Ending::Completed,
    };
    begin
        .entries
        .extend([says, sample::draft(run(by), 2, closed, Some(json!({ "output": null })))]);
    begin.operations = vec![Operation::Erase {
        erasure: Box::new(erasure),
    }];
    begin.standing = Standing::Closed;
    begin
}

async fn ended(store: &dyn Store, before: Timestamp, behind: Option<RunId>) -> Vec<RunId> {
    answered(store.ended("orders".into(), before, behind, 10).await)
}

/// Erases one of two runs that have ended, then the other.
///
/// # Panics
/// Where the store keeps what it should not, or does not keep what it should.
pub async fn what_has_ended_is_erased(store: &dyn Store) {
    let far = START.plus_millis(1_000_000);
    answered(store.keep_version("orders".into()).await);
    assert_eq!(answered(store.next_ended(String::new()).await), None);
    done(store, 2).await;
    done(store, 1).await;
    begun(store, 3).await;
    let numbers: Vec<u64> = answered(store.undelivered(0, 10).await)
        .iter()
        .map(|(number, _)| *number)
        .collect();
    answered(store.delivered(numbers).await);
    assert_eq!(
        answered(store.next_ended(String::new()).await).as_deref(),
        Some("orders")
    );
    assert_eq!(answered(store.next_ended("orders".into()).await), None);
    assert_eq!(
        ended(store, far, None).await,
        [run(1), run(2)],
        "the first to end first"
    );
    assert_eq!(ended(store, far, Some(run(1))).await, [run(2)]);
    assert_eq!(ended(store, START.plus_millis(200), None).await, [run(1)]);

    let before = answered(store.load(run(1)).await);
    assert!(matches!(answered(store.begin(erasing(8, 1)).await), Begun::New(_)));
    let after = answered(store.load(run(1)).await);
    assert!(after.iter().all(|entry| entry.body.is_none()));
    let headers = |entries: &[crate::Entry]| entries.iter().map(|entry| entry.header.clone()).collect::<Vec<_>>();
    assert_eq!(headers(&before), headers(&after));
    let key: OnceKey = once("1");
    let record = answered(store.once(key).await).expect("how it stands is known");
    assert_eq!(
        (record.state, record.output, record.run),
        (OnceState::Done, None, run(1))
    );
    let effects = answered(store.effects("ref-1".into()).await);
    let kept: Vec<RunId> = effects
        .iter()
        .filter(|effect| effect.output.is_some())
        .map(|effect| effect.run)
        .collect();
    assert_eq!((effects.len(), kept), (4, vec![run(2), run(2)]));
    for (key, there) in [("1", false), ("2", true)] {
        let event = answered(store.event("shipped".into(), key.into(), START, 0).await);
        assert_eq!(event.is_some(), there, "the event of {key}");
        let document = answered(store.document(document(key).0.digest).await);
        assert_eq!(document.is_some(), there, "the document of {key}");
    }
    let shared = || store.document(document("shared").0.digest);
    assert!(answered(shared().await).is_some(), "another run keeps it");
    let listed = ended(store, far, None).await;
    assert!(!listed.contains(&run(1)) && listed.contains(&run(2)), "{listed:?}");

    assert!(matches!(answered(store.begin(erasing(9, 2)).await), Begun::New(_)));
    assert_eq!(answered(shared().await), None);
    done(store, 4).await;
    assert!(answered(shared().await).is_some(), "it comes again");
}

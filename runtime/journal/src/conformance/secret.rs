//! A word that stands in everything that a store encrypts: told to a store, and read back. Who has the store's files and not
//! its key finds the word in none of them.

use dragoman_model::{Digest, DocumentReference};
use serde_json::{Value, json};

use super::sample::{self, START, answered, begun, once, run, written};
use crate::query::{Emitted, Wait};
use crate::record::Record;
use crate::store::{Append, Journal, Lease, Operation, Settled, Standing};

fn document(word: &str) -> (DocumentReference, Vec<u8>) {
    let bytes = word.repeat(3).into_bytes();
    (DocumentReference::of(&bytes, "text/plain"), bytes)
}

/// Tells the word in the body of an entry, the input and output of a business key and of an effect under a reference, what a
/// person is shown, an event, a document, and a connection's state.
///
/// # Panics
/// Where the store does not take it.
pub async fn tell(journal: &dyn Journal, word: &str) {
    let said = json!({ "said": word });
    let lease = begun(journal, 1).await;
    let wait = wait(&said);
    answered(journal.keep_version("orders".into()).await);
    let mut intent = sample::intent(Some(once("secret")), Some("ref-secret"));
    if let Record::Intent { input, .. } = &mut intent {
        *input = Digest::of_value(&said);
    }
    written(
        journal,
        append(lease, 1, intent, json!({ "input": word }), opens(lease, word)),
    )
    .await;
    let settle = |once, reference, path: &str| Operation::Settle {
        once,
        reference,
        path: path.into(),
        state: Settled::Done(said.clone().into()),
    };
    let settled = vec![
        settle(Some(once("secret")), None, "ship"),
        settle(None, Some("ref-secret".into()), "tell"),
    ];
    let done = Record::Done {
        attempt: 1,
        joined: None,
        known_by: "answer".into(),
        usage: dragoman_model::Usage::default(),
    };
    written(journal, append(lease, 2, done, json!({ "output": said }), settled)).await;
    let record = Record::Waiting {
        wait: wait.id.clone(),
        decision: wait.decision.clone(),
        roles: wait.roles.clone(),
        due: wait.due,
        shown: wait.shown,
        reference: None,
    };
    let mut asks = sample::stand(lease, 3, record, Some(json!({ "show": said })), Standing::Waiting(None));
    asks.entries[0].path.clone_from(&wait.path);
    asks.operations = vec![Operation::WaitBegin { wait }];
    written(journal, asks).await;
}

/// What stands beside the entry that opens all of it.
fn opens(lease: Lease, word: &str) -> Vec<Operation> {
    let said = json!({ "said": word });
    let (document, bytes) = document(word);
    vec![
        Operation::OnceOpen {
            once: once("secret"),
            path: "ship".into(),
            input: Digest::of_value(&said),
            reference: Some("ref-secret".into()),
            input_body: said.clone().into(),
        },
        Operation::Refer {
            reference: "ref-secret".into(),
            path: "tell".into(),
            scope: "shop.tell".into(),
        },
        Operation::Keep { document, bytes },
        Operation::StatePut {
            connection: "shop".into(),
            key: "cursor".into(),
            value: word.as_bytes().to_vec(),
            expected: None,
        },
        Operation::Emit {
            event: Emitted {
                name: "shipped".into(),
                key: Some("secret".into()),
                data: said.clone(),
                run: lease.run,
                path: "told".into(),
                pipeline: "orders".into(),
                at: START,
            },
        },
    ]
}

/// An entry of the step `ship`.
fn append(lease: Lease, seq: u64, record: Record, body: Value, operations: Vec<Operation>) -> Append {
    let mut append = sample::append(lease, seq, record, Some(body));
    append.entries[0].path = "ship".into();
    Append { operations, ..append }
}

fn wait(said: &Value) -> Wait {
    Wait {
        id: run(1).child("ask", "wait-0").to_string(),
        run: run(1),
        path: "ask".into(),
        decision: "ship-or-refuse".into(),
        roles: vec!["approver".into()],
        since: START,
        due: None,
        shown: Digest::of_value(said),
        show: said.clone(),
        reference: None,
    }
}

/// Reads all of it back.
///
/// # Panics
/// Where it is not what was told.
pub async fn hear(journal: &dyn Journal, word: &str) {
    let said = json!({ "said": word });
    let entries = answered(journal.load(run(1)).await);
    assert_eq!(entries[1].body, Some(json!({ "input": word })));
    let record = answered(journal.once(once("secret")).await).expect("it was opened");
    assert_eq!((record.input_body, record.output), (said.clone(), Some(said.clone())));
    let effects = answered(journal.effects("ref-secret".into()).await);
    let outputs: Vec<_> = effects.into_iter().map(|effect| effect.output).collect();
    assert_eq!(outputs, [Some(said.clone()), Some(said.clone())]);
    let waits = answered(journal.waits(None).await);
    assert_eq!(waits, [wait(&said)]);
    let event = answered(journal.event("shipped".into(), "secret".into(), START, 0).await);
    assert_eq!(event.map(|(_, event)| event.data), Some(said));
    let (reference, bytes) = document(word);
    let kept = answered(journal.document(reference.digest).await);
    assert_eq!(kept, Some((reference, bytes)));
    let state = answered(journal.state_get("shop".into(), "cursor".into()).await);
    assert_eq!(state, Some((word.as_bytes().to_vec(), 1)));
}

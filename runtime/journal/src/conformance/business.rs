//! Business keys and references.

use dragoman_model::{Digest, RunId};
use serde_json::{Value, json};

use super::sample::{self, answered, begun, once, refused, run, written};
use crate::query::OnceState;
use crate::store::{Append, ClaimLine, Journal, Lease, Operation, Refusal, Settled};

fn open(key: &str, input: &Value, reference: Option<&str>) -> Operation {
    Operation::OnceOpen {
        once: once(key),
        path: "ship".into(),
        input: Digest::of_value(input),
        reference: reference.map(Into::into),
        input_body: input.clone().into(),
    }
}

fn settle(key: &str, state: Settled) -> Operation {
    Operation::Settle {
        once: Some(once(key)),
        reference: None,
        path: "ship".into(),
        state,
    }
}

async fn state(journal: &dyn Journal, key: &str) -> Option<OnceState> {
    answered(journal.once(once(key)).await).map(|record| record.state)
}

pub(super) async fn a_business_key_is_held_by_one_step(journal: &dyn Journal) {
    held_until_settled(journal).await;
    free_after_failure(journal).await;
}

async fn expect(refusal: Refusal, state: OnceState, same: bool) -> Option<Value> {
    match refusal {
        Refusal::Once { record, same_input } => {
            assert_eq!((record.state, same_input, record.run), (state, same, run(1)));
            assert_eq!(record.input_body, json!({ "order": 7 }));
            record.output
        }
        other => panic!("the key is taken, the store says {other:?}"),
    }
}

async fn held_until_settled(journal: &dyn Journal) {
    let (first, second) = (begun(journal, 1).await, begun(journal, 2).await);
    let (input, other) = (json!({ "order": 7 }), json!({ "order": 8 }));
    assert_eq!(state(journal, "7").await, None);
    written(journal, sample::with(first, 1, open("7", &input, None))).await;
    written(journal, sample::with(first, 2, open("7", &input, None))).await;
    let refusal = refused(journal, sample::with(second, 1, open("7", &input, None))).await;
    expect(refusal, OnceState::Open, true).await;
    let refusal = refused(journal, sample::with(second, 1, open("7", &other, None))).await;
    expect(refusal, OnceState::Open, false).await;

    written(journal, sample::with(first, 3, settle("7", Settled::Parked))).await;
    let refusal = refused(journal, sample::with(second, 1, open("7", &input, None))).await;
    expect(refusal, OnceState::Parked, true).await;
    written(journal, sample::with(second, 1, settle("7", Settled::Failed))).await;
    assert_eq!(
        state(journal, "7").await,
        Some(OnceState::Parked),
        "only the holder settles its key"
    );
    written(journal, sample::with(first, 4, open("7", &input, None))).await;

    written(
        journal,
        sample::with(first, 5, settle("7", Settled::Done(json!({ "parcel": "P1" }).into()))),
    )
    .await;
    let refusal = refused(journal, sample::with(second, 2, open("7", &input, None))).await;
    let output = expect(refusal, OnceState::Done, true).await;
    assert_eq!(
        output,
        Some(json!({ "parcel": "P1" })),
        "who joins gets the recorded output"
    );
    written(journal, sample::with(second, 2, settle("7", Settled::Undone))).await;
    let refusal = refused(journal, sample::with(first, 6, open("7", &input, None))).await;
    expect(refusal, OnceState::Undone, true).await;
}

async fn free_after_failure(journal: &dyn Journal) {
    let (first, second) = (begun(journal, 3).await, begun(journal, 4).await);
    let (input, other) = (json!({ "order": 7 }), json!({ "order": 8 }));
    written(journal, sample::with(first, 1, open("8", &input, None))).await;
    written(journal, sample::with(first, 2, settle("8", Settled::Failed))).await;
    written(journal, sample::with(second, 1, open("8", &other, None))).await;
    let record = answered(journal.once(once("8")).await).unwrap_or_else(|| panic!("key 8 was opened"));
    assert_eq!(
        (record.run, record.state),
        (second.run, OnceState::Open),
        "a key without effect is free"
    );
    assert_eq!((record.input_body, record.path.as_str()), (other, "ship"));
}

pub(super) async fn a_voided_reference_refuses_what_comes_later(journal: &dyn Journal) {
    let (first, second) = (begun(journal, 1).await, begun(journal, 2).await);
    let input = json!({});
    written(journal, sample::with(first, 1, open("before", &input, Some("order-7")))).await;
    written(
        journal,
        sample::with(
            second,
            1,
            Operation::Void {
                reference: "order-7".into(),
            },
        ),
    )
    .await;
    written(
        journal,
        sample::with(
            second,
            2,
            Operation::Void {
                reference: "order-7".into(),
            },
        ),
    )
    .await;
    written(
        journal,
        sample::with(first, 2, settle("before", Settled::Done(json!(1).into()))),
    )
    .await;

    let later = under("order-7", first.run);
    for operation in later {
        let refusal = refused(journal, sample::with(first, 3, operation)).await;
        assert_eq!(
            refusal,
            Refusal::Voided {
                reference: "order-7".into(),
                by: second.run
            }
        );
    }
    written(journal, sample::with(first, 3, open("later", &input, Some("order-8")))).await;
    written(journal, sample::with(first, 4, open("none", &input, None))).await;
    assert_eq!(state(journal, "claim").await, None);
}

/// What a closed reference refuses.
fn under(reference: &str, run: RunId) -> [Operation; 4] {
    let line = ClaimLine {
        item: "a".into(),
        value: "1".into(),
        unit: "kg".into(),
    };
    let wait = super::kept::wait("w-1", run, Some(reference));
    [
        open("later", &json!({}), Some(reference)),
        Operation::Refer {
            reference: reference.into(),
            path: "x".into(),
            scope: "shop.tell".into(),
        },
        Operation::Claim {
            once: once("claim"),
            ledger: "stock".into(),
            account: "paper".into(),
            path: "take".into(),
            reference: Some(reference.into()),
            lines: vec![line.clone()],
            limits: vec![line],
            decided: Vec::new(),
            single: false,
        },
        Operation::WaitBegin { wait },
    ]
}

/// An act under a reference, without a business key.
fn tell(lease: Lease, seq: u64) -> Append {
    let mut refer = sample::append(
        lease,
        seq,
        sample::intent(None, Some("ref")),
        Some(json!({ "input": { "to": "x" } })),
    );
    refer.entries[0].path = "tell".into();
    refer.operations = vec![Operation::Refer {
        reference: "ref".into(),
        path: "tell".into(),
        scope: "shop.tell".into(),
    }];
    refer
}

pub(super) async fn effects_are_found_by_their_reference(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let input = json!({ "order": 7 });
    written(journal, sample::with(lease, 1, open("7", &input, Some("ref")))).await;
    let refer = tell(lease, 2);
    written(journal, refer).await;
    written(
        journal,
        sample::with(lease, 3, settle("7", Settled::Done(json!({ "parcel": 1 }).into()))),
    )
    .await;
    let told = Operation::Settle {
        once: None,
        reference: Some("ref".into()),
        path: "tell".into(),
        state: Settled::Done(json!("told").into()),
    };
    written(journal, sample::with(lease, 4, told)).await;

    let effects = answered(journal.effects("ref".into()).await);
    let brief: Vec<_> = effects
        .iter()
        .map(|e| (e.scope.as_str(), e.key.as_deref(), e.path.as_str(), &e.state))
        .collect();
    let done = OnceState::Done;
    assert_eq!(
        brief,
        [
            ("shop.ship", Some("7"), "ship", &done),
            ("shop.tell", None, "tell", &done)
        ]
    );
    assert_eq!((&effects[0].input, &effects[1].input), (&input, &json!({ "to": "x" })));
    assert_eq!(
        (&effects[0].output, &effects[1].output),
        (&Some(json!({ "parcel": 1 })), &Some(json!("told")))
    );
    assert!(answered(journal.effects("nothing".into()).await).is_empty());
}

pub(super) async fn a_refused_append_leaves_nothing(journal: &dyn Journal) {
    let (first, second) = (begun(journal, 1).await, begun(journal, 2).await);
    written(journal, sample::with(first, 1, open("taken", &json!(1), None))).await;
    let put = Operation::StatePut {
        connection: "shop".into(),
        key: "k".into(),
        value: vec![1],
        expected: None,
    };
    let append = Append {
        operations: vec![open("free", &json!(1), None), put, open("taken", &json!(2), None)],
        ..sample::append(second, 1, sample::read(), None)
    };
    assert!(matches!(
        refused(journal, append).await,
        Refusal::Once { same_input: false, .. }
    ));
    assert_eq!(state(journal, "free").await, None);
    assert_eq!(answered(journal.state_get("shop".into(), "k".into()).await), None);
    assert_eq!(answered(journal.load(second.run).await).len(), 1);
    written(journal, sample::append(second, 1, sample::read(), None)).await;
}

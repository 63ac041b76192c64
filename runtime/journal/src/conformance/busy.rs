//! Runs with all that a store keeps: for audits, and for what happens in trouble.

use dragoman_model::{Digest, Usage};
use serde_json::json;

use super::sample::{append, begun, close, intent, once, written};
use crate::record::{OnceKey, Record};
use crate::store::{Append, ClaimLine, Journal, Lease, Operation, Settled};

/// The entry of an act that took effect.
pub fn done() -> Record {
    Record::Done {
        attempt: 1,
        joined: None,
        known_by: "answer".into(),
        usage: Usage::default(),
    }
}

/// A run that does an act once, claims, and ends. 6 entries.
pub async fn busy(journal: &dyn Journal, number: u64) {
    let lease = begun(journal, number).await;
    let (key, input) = (format!("act-{number}"), json!({ "order": number }));
    let opened = Operation::OnceOpen {
        once: once(&key),
        path: "ship".into(),
        input: Digest::of(b"input"),
        reference: None,
        input_body: input.clone().into(),
    };
    let mut act = append(
        lease,
        1,
        intent(Some(once(&key)), None),
        Some(json!({ "input": input })),
    );
    act.entries[0].path = "ship".into();
    written(
        journal,
        Append {
            operations: vec![opened],
            ..act
        },
    )
    .await;
    let output = json!({ "parcel": number });
    let settle = Operation::Settle {
        once: Some(once(&key)),
        reference: None,
        path: "ship".into(),
        state: Settled::Done(output.clone().into()),
    };
    let mut act = append(lease, 2, done(), Some(json!({ "output": output })));
    act.entries[0].path = "ship".into();
    written(
        journal,
        Append {
            operations: vec![settle],
            ..act
        },
    )
    .await;
    written(journal, claim(lease, 3, &number.to_string())).await;
    let refer = Operation::Refer {
        reference: format!("ref-{number}"),
        path: "tell".into(),
        scope: "shop.tell".into(),
    };
    let mut tell = append(lease, 4, intent(None, Some(&format!("ref-{number}"))), None);
    tell.entries[0].path = "tell".into();
    written(
        journal,
        Append {
            operations: vec![refer],
            ..tell
        },
    )
    .await;
    written(journal, close(lease, 5)).await;
}

/// A claim of 0.1 kg of 100.
pub fn claim(lease: Lease, seq: u64, key: &str) -> Append {
    let once = OnceKey {
        scope: "ledger:stock".into(),
        key: key.into(),
    };
    let line = |value: &str| ClaimLine {
        item: "a".into(),
        value: value.into(),
        unit: "kg".into(),
    };
    let operation = Operation::Claim {
        once: once.clone(),
        ledger: "stock".into(),
        account: "paper".into(),
        path: "take".into(),
        reference: None,
        lines: vec![line("0.1")],
        limits: vec![line("100")],
        decided: Vec::new(),
        single: false,
    };
    let record = Record::Claimed {
        ledger: "stock".into(),
        account: "paper".into(),
        once,
        reference: None,
        joined: None,
    };
    let body = json!({ "lines": [{ "item": "a", "quantity": { "value": "0.10", "unit": "kg" } }] });
    let mut claim = append(lease, seq, record, Some(body));
    claim.entries[0].path = "take".into();
    Append {
        operations: vec![operation],
        ..claim
    }
}

/// An append with an operation beside it.
pub fn beside(append: Append, operation: Operation) -> Append {
    Append {
        operations: vec![operation],
        ..append
    }
}

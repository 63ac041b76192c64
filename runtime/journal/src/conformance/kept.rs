//! State, documents, versions and waits.

use dragoman_model::{Digest, DocumentReference, RunId};
use serde_json::json;

use super::sample::{self, START, answered, begun, refused, written};
use crate::error::CONTRADICTION;
use crate::query::Wait;
use crate::store::{Journal, Operation, Refusal};

/// A wait of the suite.
pub(super) fn wait(id: &str, run: RunId, reference: Option<&str>) -> Wait {
    let show = json!([{ "b": 1, "a": "2" }]);
    Wait {
        id: id.into(),
        run,
        path: "boss".into(),
        decision: "yes-or-no".into(),
        roles: vec!["approver".into(), "administrator".into()],
        since: START,
        due: Some(START.plus_millis(5)),
        shown: Digest::of_value(&show),
        show,
        reference: reference.map(Into::into),
    }
}

pub(super) async fn state_is_compared_and_swapped(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let put = |key: &str, value: u8, expected| Operation::StatePut {
        connection: "shop".into(),
        key: key.into(),
        value: vec![value],
        expected,
    };
    let delete = |key: &str, expected| Operation::StateDelete {
        connection: "shop".into(),
        key: key.into(),
        expected,
    };
    let get = async |key: &str| answered(journal.state_get("shop".into(), key.into()).await);
    let conflict = |version| Refusal::State {
        connection: "shop".into(),
        key: "page/1".into(),
        version,
    };

    assert_eq!(
        refused(journal, sample::with(lease, 1, put("page/1", 1, Some(1)))).await,
        conflict(0)
    );
    written(journal, sample::with(lease, 1, put("page/1", 1, Some(0)))).await;
    assert_eq!(get("page/1").await, Some((vec![1], 1)));
    assert_eq!(
        refused(journal, sample::with(lease, 2, put("page/1", 2, Some(0)))).await,
        conflict(1)
    );
    written(journal, sample::with(lease, 2, put("page/1", 2, Some(1)))).await;
    written(journal, sample::with(lease, 3, put("page/1", 3, None))).await;
    assert_eq!(get("page/1").await, Some((vec![3], 3)));
    assert_eq!(
        refused(journal, sample::with(lease, 4, delete("page/1", Some(1)))).await,
        conflict(3)
    );
    written(journal, sample::with(lease, 4, delete("page/1", Some(3)))).await;
    assert_eq!(get("page/1").await, None);
    assert_eq!(
        refused(journal, sample::with(lease, 5, delete("page/1", Some(3)))).await,
        conflict(0)
    );
    let relied = |expected| Operation::StateRelied {
        connection: "shop".into(),
        key: "page/1".into(),
        expected,
    };
    let with = |expected| {
        let mut append = sample::with(lease, 5, put("page/2", 9, None));
        append.operations.push(relied(expected));
        append
    };
    assert_eq!(refused(journal, with(3)).await, conflict(0));
    assert_eq!(get("page/2").await, None);
    written(journal, with(0)).await;
    assert_eq!(get("page/2").await, Some((vec![9], 1)));
}

pub(super) async fn state_keys_come_in_order(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let put = |key: &str, value: u8, expected| Operation::StatePut {
        connection: "shop".into(),
        key: key.into(),
        value: vec![value],
        expected,
    };
    for (seq, key) in [
        (1, "page/1"),
        (2, "page/3"),
        (3, "page/2"),
        (4, "pages"),
        (5, "other"),
        (6, "page/ä"),
    ] {
        written(journal, sample::with(lease, seq, put(key, 0, None))).await;
    }
    let keys = async |prefix: &str, after: Option<&str>, limit| {
        answered(
            journal
                .state_keys("shop".into(), prefix.into(), after.map(Into::into), limit)
                .await,
        )
    };
    assert_eq!(keys("page/", None, 9).await, ["page/1", "page/2", "page/3", "page/ä"]);
    assert_eq!(keys("page/", Some("page/1"), 1).await, ["page/2"]);
    assert_eq!(keys("", None, 9).await.len(), 6);
    assert!(answered(journal.state_keys("bank".into(), String::new(), None, 9).await).is_empty());
}

pub(super) async fn documents_and_versions_are_kept_once(journal: &dyn Journal) {
    let lease = begun(journal, 1).await;
    let bytes = b"<order/>".to_vec();
    let document = DocumentReference::of(&bytes, "application/xml");
    let keep = Operation::Keep {
        document: document.clone(),
        bytes: bytes.clone(),
    };
    written(journal, sample::with(lease, 1, keep.clone())).await;
    written(journal, sample::with(lease, 2, keep)).await;
    let found = answered(journal.document(document.digest).await);
    assert_eq!(found, Some((document.clone(), bytes.clone())));
    assert_eq!(answered(journal.document(Digest::of(b"nothing")).await), None);
    let wrong = Operation::Keep {
        document,
        bytes: b"<letter/>".to_vec(),
    };
    let answer = journal.append(sample::with(lease, 3, wrong)).await;
    assert_eq!(
        answer.map_err(|e| e.code),
        Err(CONTRADICTION),
        "the bytes are not those of the digest"
    );

    let digest = answered(journal.keep_version(bytes.clone().into()).await);
    assert_eq!(digest, Digest::of(&bytes));
    assert_eq!(answered(journal.keep_version(bytes.clone().into()).await), digest);
    assert_eq!(answered(journal.version(digest).await), Some(bytes));
    assert_eq!(answered(journal.version(Digest::of(b"nothing")).await), None);
}

pub(super) async fn a_wait_ends_once(journal: &dyn Journal) {
    let (one, two) = (begun(journal, 1).await, begun(journal, 2).await);
    let (first, second) = (wait("w-1", one.run, Some("order-7")), wait("w-2", two.run, None));
    written(
        journal,
        sample::with(one, 1, Operation::WaitBegin { wait: first.clone() }),
    )
    .await;
    written(
        journal,
        sample::with(two, 1, Operation::WaitBegin { wait: second.clone() }),
    )
    .await;
    assert_eq!(answered(journal.waits(None).await), [first, second.clone()]);
    assert_eq!(answered(journal.waits(Some(two.run)).await), [second]);
    written(journal, sample::with(one, 2, Operation::WaitEnd { wait: "w-1".into() })).await;
    let over = refused(journal, sample::with(one, 3, Operation::WaitEnd { wait: "w-1".into() })).await;
    assert_eq!(over, Refusal::WaitOver { wait: "w-1".into() });
    assert_eq!(answered(journal.waits(None).await).len(), 1);
}

//! What was erased is gone, and the trail is whole.

use std::sync::Arc;

use dragoman_journal::conformance::erased::{erasing, what_has_ended_is_erased};
use dragoman_journal::conformance::sample::{START, answered, begin, close, run, written};
use dragoman_journal::{Begun, Journal, Lease};
use dragoman_journals_sqlite::{Options, SqliteJournal, SqliteTrail};
use serde_json::json;

#[tokio::test]
async fn what_was_erased_is_gone_and_the_trail_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    what_has_ended_is_erased(&journal).await;
    let report = SqliteTrail::open(folder.path(), &Arc::default())
        .unwrap()
        .verify(&[])
        .unwrap();
    assert!(report.is_clean(), "{:?}", report.findings);
    assert_eq!(report.erased, 8);
}

#[tokio::test]
async fn no_page_of_the_file_has_what_was_erased() {
    let folder = tempfile::tempdir().unwrap();
    let found = || {
        let bytes = std::fs::read(folder.path().join("journal.db")).unwrap();
        bytes.windows(13).filter(|at| *at == b"Rhinoceros-17").count()
    };
    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    for number in 1..9 {
        let mut begin = begin(run(number), &format!("order-{number}"));
        begin.entries[0].body = Some(Arc::new(json!({ "message": "Rhinoceros-17 ".repeat(200) })));
        let Begun::New(lease) = answered(journal.begin(begin).await) else {
            panic!("it begins");
        };
        let lease: Lease = lease;
        written(&journal, close(lease, 1)).await;
    }
    drop(journal);
    assert!(found() >= 1_600, "this is how it is found");
    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    for number in 1..9 {
        answered(journal.begin(erasing(10 + number, number)).await);
    }
    let left =
        answered(dragoman_journal::Store::ended(&journal, "orders".into(), START.plus_millis(50), None, 20).await);
    assert_eq!(left.len(), 8, "the erasing runs, which have ended too");
    drop(journal);
    assert_eq!(found(), 0);
}

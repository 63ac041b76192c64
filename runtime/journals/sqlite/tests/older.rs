//! A store of every format that was ever written is opened, moved up and gone on with.

use std::path::Path;

use dragoman_journal::conformance::sample::{START, answered, begun, once, read, run, with, written};
use dragoman_journal::{Emitted, Journal, OnceState, Operation, Records, RunFilter, RunSummary, Unfinished, audit};
use dragoman_journals_sqlite::{Options, SqliteJournal, SqliteTrail};
use rusqlite::Connection;
use serde_json::json;

/// What this program writes.
const FORMAT: i32 = 5;

/// A store as a program of that time left it.
fn left_behind(folder: &Path, dump: &str) {
    let connection = Connection::open(folder.join("journal.db")).unwrap();
    connection.execute_batch(dump).unwrap();
}

fn format(folder: &Path) -> i32 {
    let connection = Connection::open(folder.join("journal.db")).unwrap();
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

#[tokio::test]
async fn a_store_of_format_1_is_moved_up() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path(), include_str!("golden/format-1.sql"));
    assert_eq!(format(folder.path()), 1);
    let before = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    assert_eq!(format(folder.path()), 1, "who only reads changes nothing");

    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    assert_eq!(format(folder.path()), FORMAT);
    let runs = answered(journal.runs(RunFilter::default()).await);
    let notes: Vec<_> = runs.iter().map(|run| (run.entries, run.note.as_deref())).collect();
    assert_eq!(notes, [(1, None), (3, Some("no more paper")), (4, None)]);
    let held = answered(journal.once(once("7")).await).expect("the key is held");
    assert_eq!((held.run, held.state), (run(1), OnceState::Done));
    assert_eq!(answered(journal.load(run(2)).await).len(), 3);

    // It takes what only the new format has.
    let lease = begun(&journal, 4).await;
    let event = Emitted {
        name: "shipped".into(),
        key: Some("7".into()),
        data: json!({}),
        run: lease.run,
        path: "told".into(),
        pipeline: "orders".into(),
        at: START,
    };
    written(&journal, with(lease, 1, Operation::Emit { event: event.clone() })).await;
    let found = answered(journal.event("shipped".into(), "7".into(), START, 0).await);
    assert_eq!(found.map(|(_, event)| event), Some(event));
    written(
        &journal,
        with(
            lease,
            2,
            Operation::Keep {
                document: document(),
                bytes: b"x".to_vec(),
            },
        ),
    )
    .await;
    assert_eq!(answered(journal.load(lease.run).await)[1].header.record, read());
    let after = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    assert_eq!(
        (before.entries + 3, before.findings.len()),
        (after.entries, after.findings.len())
    );
    drop(journal);

    SqliteJournal::open(folder.path(), Options::default()).unwrap();
    assert_eq!(format(folder.path()), FORMAT, "opened again it is as it was");
}

#[tokio::test]
async fn a_store_of_format_2_is_moved_up() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path(), include_str!("golden/format-2.sql"));
    assert_eq!(format(folder.path()), 2);
    let before = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    assert_eq!(format(folder.path()), FORMAT);

    let runs = answered(journal.runs(RunFilter::default()).await);
    let [parent] = runs.as_slice() else {
        panic!("children are not listed: {runs:?}")
    };
    let keys = |runs: Vec<RunSummary>| -> Vec<String> { runs.into_iter().map(|run| run.run_key).collect() };
    let of_item = |number: u8| format!("{}/sent[{number}]", parent.run);
    let children = answered(journal.children(parent.run, "sent".into()).await);
    assert_eq!(keys(children), [of_item(0), of_item(1)]);
    let unfinished = answered(journal.unfinished(parent.run, "sent".into()).await);
    assert_eq!(keys(unfinished), [of_item(1)], "the other one ended well");
    let after = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    assert_eq!(after, before);
}

#[tokio::test]
async fn a_store_of_format_3_is_moved_up() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path(), include_str!("golden/format-3.sql"));
    assert_eq!(format(folder.path()), 3);
    let before = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    assert_eq!(format(folder.path()), FORMAT);

    let runs = answered(journal.runs(RunFilter::default()).await);
    let hears = runs.iter().find(|run| run.pipeline == "hears").map(|run| run.run);
    let awaiting = answered(journal.awaiting("came".into(), "7".into()).await);
    assert_eq!(
        awaiting,
        Vec::from_iter(hears),
        "who waited for an event is found by it"
    );
    let left = answered(journal.left(Unfinished::Waiting, None, 10).await);
    assert_eq!(left, [], "nothing has come for them");
    let after = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    assert_eq!(after, before);
}

fn document() -> dragoman_model::DocumentReference {
    dragoman_model::DocumentReference::of(b"x", "text/plain")
}

#[tokio::test]
async fn a_store_of_format_4_is_moved_up() {
    let folder = tempfile::tempdir().unwrap();
    left_behind(folder.path(), include_str!("golden/format-4.sql"));
    assert_eq!(format(folder.path()), 4);
    let before = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    assert_eq!(format(folder.path()), FORMAT);
    drop(journal);
    let connection = Connection::open(folder.path().join("journal.db")).unwrap();
    let uses = "SELECT count(*) FROM document_use u JOIN document USING(digest) JOIN run r ON r.id = u.run";
    let uses: i64 = connection.query_row(uses, [], |row| row.get(0)).unwrap();
    assert_eq!(uses, 1, "which run keeps a document is read out of what it said");
    let after = audit::verify(
        &SqliteTrail::open(folder.path(), &std::sync::Arc::default()).unwrap(),
        &[],
    )
    .unwrap();
    assert_eq!(after, before);
}

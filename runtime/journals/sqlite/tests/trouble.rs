//! What goes wrong with the disk, the file and the folder.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dragoman_journal::Store as _;
use dragoman_journal::conformance::sample::{append, begin, begun, read, run, written};
use dragoman_journal::{Begun, Error, Journal, Records, RunFilter};
use dragoman_journals_sqlite::{Options, SqliteJournal, SqliteTrail};
use rusqlite::Connection;
use serde_json::json;

fn refused<T>(result: Result<T, Error>) -> (&'static str, String) {
    match result {
        Ok(_) => panic!("an error was expected"),
        Err(error) => (error.code.id, error.message),
    }
}

fn open(folder: &Path) -> Result<SqliteJournal, Error> {
    SqliteJournal::open(folder, Options::default())
}

#[tokio::test]
async fn a_full_disk_loses_nothing_and_is_got_over() {
    let folder = tempfile::tempdir().unwrap();
    let full = Options {
        max_pages: Some(70),
        ..Options::default()
    };
    let journal = Arc::new(SqliteJournal::open(folder.path(), full).unwrap());
    let lease = begun(&*journal, 1).await;
    let big = json!({ "output": "x".repeat(20_000) });
    let mut answered = 1;
    let (code, message) = loop {
        match journal.append(append(lease, answered, read(), Some(big.clone()))).await {
            Ok(Ok(())) => answered += 1,
            other => break refused(other),
        }
    };
    assert_eq!(code, "D0703", "{message}");
    assert!(answered > 3);
    assert_eq!(
        journal.load(lease.run).await.unwrap().len() as u64,
        answered,
        "what was answered is there"
    );
    written(&*journal, append(lease, answered, read(), None)).await;

    // Small and big at once: the small ones are written, the big one fails alone.
    let many = (2..10).map(|number| {
        let journal = journal.clone();
        let mut begin = begin(run(number), &format!("order-{number}"));
        if number == 5 {
            begin.entries[0].body = Some(Arc::new(big.clone()));
        }
        tokio::spawn(async move { journal.begin(begin).await })
    });
    let answers = futures_of(many.collect()).await;
    for (number, answer) in (2..).zip(answers) {
        match number {
            5 => assert_eq!(refused(answer).0, "D0703"),
            _ => assert!(matches!(answer, Ok(Begun::New(_))), "run {number}: {answer:?}"),
        }
    }
    let head = journal.heads().await.unwrap();
    drop(journal);
    let journal = open(folder.path()).unwrap();
    written(&journal, append(lease, answered + 1, read(), Some(big))).await;
    // What the suite's runs are pinned to.
    journal.keep_version("orders".into()).await.unwrap();
    assert_eq!(
        journal.trail().unwrap().verify(&head).unwrap().findings,
        [],
        "with space it goes on"
    );
}

async fn futures_of<T>(tasks: Vec<tokio::task::JoinHandle<T>>) -> Vec<T> {
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[tokio::test]
async fn a_failed_sync_stops_the_store_until_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let fails = Arc::new(AtomicBool::new(false));
    let hook = fails.clone();
    let fault: dragoman_journals_sqlite::Fault = Arc::new(move || hook.load(Ordering::SeqCst));
    let options = Options {
        fault: Some(fault),
        ..Options::default()
    };
    let journal = SqliteJournal::open(folder.path(), options).unwrap();
    let lease = begun(&journal, 1).await;
    fails.store(true, Ordering::SeqCst);
    assert_eq!(refused(journal.append(append(lease, 1, read(), None)).await).0, "D0707");
    fails.store(false, Ordering::SeqCst);
    assert_eq!(refused(journal.append(append(lease, 1, read(), None)).await).0, "D0707");
    assert_eq!(refused(journal.begin(begin(run(2), "order-2")).await).0, "D0707");
    assert_eq!(refused(journal.load(lease.run).await).0, "D0707");
    drop(journal);

    let journal = open(folder.path()).unwrap();
    assert_eq!(journal.load(lease.run).await.unwrap().len(), 1);
    written(&journal, append(lease, 1, read(), None)).await;
    // What the suite's runs are pinned to.
    journal.keep_version("orders".into()).await.unwrap();
    assert_eq!(journal.trail().unwrap().verify(&[]).unwrap().findings, []);
}

#[tokio::test]
async fn a_store_that_was_taken_away_promises_nothing_more() {
    for taken in ["removed", "replaced"] {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("store");
        let away = folder.path().join("away");
        let journal = open(&place).unwrap();
        let lease = begun(&journal, 1).await;
        std::fs::rename(&place, &away).unwrap();
        if taken == "replaced" {
            std::fs::create_dir(&place).unwrap();
            for file in ["journal.db", "journal.db-wal"] {
                std::fs::copy(away.join(file), place.join(file)).unwrap();
            }
        }
        for _ in 0..2 {
            let (code, message) = refused(journal.append(append(lease, 1, read(), None)).await);
            assert_eq!(code, "D0707");
            assert!(message.contains("was taken away while it ran"), "{taken}: {message}");
        }
        assert_eq!(refused(journal.begin(begin(run(2), "order-2")).await).0, "D0707");
        assert_eq!(refused(journal.load(lease.run).await).0, "D0707");
        drop(journal);

        // What was brought back is a store again.
        if taken == "removed" {
            std::fs::rename(&away, &place).unwrap();
            let journal = open(&place).unwrap();
            assert!(!journal.load(lease.run).await.unwrap().is_empty());
        }
    }
}

#[test]
fn a_store_has_one_owner() {
    let folder = tempfile::tempdir().unwrap();
    let first = open(folder.path()).unwrap();
    let (code, message) = refused(open(folder.path()));
    assert_eq!(code, "D0706");
    assert!(
        message.contains(&format!("process {}", std::process::id())),
        "{message}"
    );
    assert!(
        SqliteTrail::open(folder.path(), &Arc::default()).is_ok(),
        "an audit needs no lock"
    );
    drop(first);
    assert!(open(folder.path()).is_ok());
}

/// A deed on a store's folder, the code and a word of what is then said.
type Case<'a> = (&'a str, &'a str, &'a dyn Fn(&Path));

#[test]
fn what_is_no_store_is_said_to_be_none() {
    let cases: [Case<'_>; 6] = [
        ("D0705", "newer", &|folder| {
            drop(open(folder).unwrap());
            let file = Connection::open(folder.join("journal.db")).unwrap();
            file.pragma_update(None, "user_version", 99).unwrap();
        }),
        ("D0701", "something else", &|folder| {
            let file = Connection::open(folder.join("journal.db")).unwrap();
            file.execute_batch("CREATE TABLE songs(name TEXT)").unwrap();
        }),
        ("D0704", "damaged", &|folder| {
            std::fs::write(folder.join("journal.db"), [7; 9000]).unwrap()
        }),
        ("D0704", "damaged", &|folder| {
            drop(open(folder).unwrap());
            let path = folder.join("journal.db");
            let mut bytes = std::fs::read(&path).unwrap();
            bytes[100..4096].fill(0xff);
            std::fs::write(path, bytes).unwrap();
        }),
        ("D0701", "journal.db`", &|folder| {
            std::fs::create_dir(folder.join("journal.db")).unwrap()
        }),
        ("D0701", "lock", &|folder| {
            std::fs::create_dir(folder.join("lock")).unwrap()
        }),
    ];
    for (expected, word, spoil) in cases {
        let folder = tempfile::tempdir().unwrap();
        spoil(folder.path());
        let (code, message) = refused(open(folder.path()));
        assert_eq!(code, expected, "{message}");
        assert!(message.contains(word), "{word}: {message}");
    }
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(
        refused(SqliteTrail::open(folder.path(), &Arc::default())).0,
        "D0701",
        "nothing to audit"
    );
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(
        refused(open(&file.join("store"))).0,
        "D0701",
        "no folder can be made there"
    );
}

#[tokio::test]
async fn a_damaged_entry_is_said_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    let lease = begun(&journal, 1).await;
    written(&journal, append(lease, 1, read(), Some(json!({ "output": 1 })))).await;
    let file = Connection::open(folder.path().join("journal.db")).unwrap();
    file.execute("UPDATE body SET bytes = cast('{}' AS BLOB) WHERE position = 2", [])
        .unwrap();
    let (code, message) = refused(journal.load(lease.run).await);
    assert_eq!(code, "D0704");
    assert!(message.contains("entry 1 of run"), "{message}");
    file.execute("DELETE FROM entry WHERE position = 1", []).unwrap();
    assert_eq!(refused(journal.load(lease.run).await).0, "D0704");
    assert_eq!(
        journal.runs(RunFilter::default()).await.unwrap().len(),
        1,
        "lists go on"
    );
}

#[tokio::test]
async fn a_store_that_somebody_else_writes_to_is_not_written_until_they_are_done() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    let lease = begun(&journal, 1).await;
    let other = Connection::open(folder.path().join("journal.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (code, message) = refused(journal.append(append(lease, 1, read(), None)).await);
    assert_eq!(code, "D0702", "{message}");
    for word in ["database is locked", "nothing of this was written", "another program"] {
        assert!(message.contains(word), "no `{word}` in: {message}");
    }
    assert_eq!(journal.load(lease.run).await.unwrap().len(), 1);
    other.execute_batch("ROLLBACK").unwrap();
    written(&journal, append(lease, 1, read(), None)).await;
    // What the suite's runs are pinned to.
    journal.keep_version("orders".into()).await.unwrap();
    assert_eq!(journal.trail().unwrap().verify(&[]).unwrap().findings, []);
}

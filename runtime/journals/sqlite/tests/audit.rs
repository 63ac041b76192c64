//! What an audit finds in a store that somebody has been at.

use std::path::Path;

use dragoman_journal::conformance::busy::{beside, busy, claim};
use dragoman_journal::conformance::sample::{self, append, begun, run, written};
use dragoman_journal::{Head, Journal, OnceKey, Operation, Record, Records, Store};
use dragoman_journals_sqlite::{Options, SqliteJournal, SqliteTrail};
use rusqlite::Connection;
use serde_json::json;

fn open(folder: &Path) -> SqliteJournal {
    SqliteJournal::open(folder, Options::default()).unwrap()
}

/// A store with three runs that ended, one that released and voided, one that was erased, one under way.
async fn fill(folder: &Path) -> Vec<Head> {
    let journal = open(folder);
    // What the entries of the sample say that they were made with.
    journal.keep_version("orders".into()).await.unwrap();
    for number in 1..=3 {
        busy(&journal, number).await;
    }
    let lease = begun(&journal, 4).await;
    written(&journal, claim(lease, 1, "4")).await;
    let key = OnceKey {
        scope: "ledger:stock".into(),
        key: "4".into(),
    };
    let release = Operation::Release {
        once: key.clone(),
        ledger: "stock".into(),
    };
    let released = Record::Released {
        ledger: "stock".into(),
        once: key,
    };
    written(&journal, beside(append(lease, 2, released, None), release)).await;
    let void = Operation::Void {
        reference: "ref-1".into(),
    };
    let voided = Record::Voided {
        reference: "ref-1".into(),
    };
    written(&journal, beside(append(lease, 3, voided, None), void)).await;

    let erasure = Record::Operated { act: "erase".into() };
    written(&journal, append(begun(&journal, 5).await, 1, erasure, None)).await;
    written(
        &journal,
        append(
            begun(&journal, 6).await,
            1,
            sample::read(),
            Some(json!({ "output": 1 })),
        ),
    )
    .await;
    let heads = journal.heads().await.unwrap();
    drop(journal);
    let file = Connection::open(folder.join("journal.db")).unwrap();
    // What retention will do: the body goes, the header stays.
    let id = run(5).0.as_bytes().to_vec();
    file.execute(
        "DELETE FROM body WHERE position IN (SELECT position FROM entry WHERE run = ?1)",
        [id],
    )
    .unwrap();
    heads
}

fn codes(folder: &Path, heads: &[Head]) -> Vec<&'static str> {
    let report = SqliteTrail::open(folder, &std::sync::Arc::default())
        .unwrap()
        .verify(heads)
        .unwrap();
    let mut codes: Vec<_> = report.findings.iter().map(|finding| finding.code.id).collect();
    for finding in &report.findings {
        assert!(finding.message.len() > 20, "a finding says what and where: {finding:?}");
    }
    codes.dedup();
    codes
}

#[tokio::test]
async fn a_store_that_nobody_has_been_at_is_clean() {
    let folder = tempfile::tempdir().unwrap();
    let heads = fill(folder.path()).await;
    let report = SqliteTrail::open(folder.path(), &std::sync::Arc::default())
        .unwrap()
        .verify(&heads)
        .unwrap();
    assert_eq!(report.findings, []);
    assert_eq!((report.entries, report.erased, report.batches > 10), (26, 1, true));
    assert_eq!(
        SqliteTrail::open(folder.path(), &std::sync::Arc::default())
            .unwrap()
            .check_file(),
        Ok(Vec::new())
    );

    let journal = open(folder.path());
    let before = journal.trail().unwrap();
    begun(&journal, 9).await;
    assert_eq!(
        before.verify(&heads).unwrap().entries,
        26,
        "a trail is of one moment, and the writer goes on"
    );
    let after = journal.trail().unwrap().verify(&heads).unwrap();
    assert_eq!(
        (after.entries, after.findings),
        (27, Vec::new()),
        "an earlier head fits a longer trail"
    );
}

/// What somebody does to the file, and the codes of what is found, in order.
const DEEDS: [(&str, &str, &[&str]); 25] = [
    (
        "an entry goes",
        "DELETE FROM entry WHERE position = 3",
        &["D0710", "D0716", "D0718"],
    ),
    (
        "the last entry goes",
        "DELETE FROM entry WHERE position = 26",
        &["D0710", "D0717"],
    ),
    (
        "the last entry goes, and its batch",
        "DELETE FROM entry WHERE position = 26; DELETE FROM batch WHERE number = (SELECT max(number) FROM batch)",
        &["D0720", "D0717"],
    ),
    (
        "the end of the trail goes without a trace in the index",
        "DELETE FROM entry WHERE position = 26; DELETE FROM batch WHERE number = (SELECT max(number) FROM batch);
         UPDATE run SET entries = 1, touched = began WHERE entries = 2 AND number = 6",
        &["D0720"],
    ),
    (
        "a whole run goes from all tables but the chain",
        "DELETE FROM body WHERE position BETWEEN 7 AND 12; DELETE FROM entry WHERE position BETWEEN 7 AND 12;
         DELETE FROM run WHERE number = 2; DELETE FROM once_key WHERE key IN ('act-2', '2');
         DELETE FROM reference_effect WHERE reference = 'ref-2';
         UPDATE ledger_account SET claims = claims - 1; UPDATE ledger_line SET taken = '0.2'",
        &["D0710"],
    ),
    (
        "a batch goes",
        "DELETE FROM batch WHERE number = 4",
        &["D0712", "D0715"],
    ),
    (
        "a batch is altered",
        "UPDATE batch SET text = replace(text, '\"count\":1', '\"count\": 1') WHERE number = 4",
        &["D0712"],
    ),
    (
        "a header is altered",
        "UPDATE entry SET header = replace(header, '\"system\"', '\"person\"') WHERE position = 2",
        &["D0711"],
    ),
    (
        "a header becomes nonsense",
        "UPDATE entry SET header = '{}' WHERE position = 26",
        &["D0711", "D0717"],
    ),
    (
        "an entry is put under another run",
        "UPDATE entry SET run = zeroblob(16) WHERE position = 26",
        &["D0711"],
    ),
    (
        "an entry is added",
        "INSERT INTO entry SELECT 27, run, seq + 1, replace(header, '\"seq\":1', '\"seq\":2') FROM entry
         WHERE position = 26",
        &["D0715", "D0714", "D0717"],
    ),
    (
        "a body is altered",
        "UPDATE body SET bytes = '{\"output\":{\"n\":6}}' WHERE position = 6",
        &["D0713"],
    ),
    ("a body goes", "DELETE FROM body WHERE position = 6", &["D0714"]),
    (
        "a run goes from the index",
        "DELETE FROM run WHERE number = 2",
        &["D0717"],
    ),
    (
        "a run is opened again",
        "UPDATE run SET standing = 0, ending = NULL WHERE number = 2",
        &["D0717"],
    ),
    (
        "a run gets another key",
        "UPDATE run SET run_key = 'order-77' WHERE number = 2",
        &["D0717"],
    ),
    (
        "a run is closed",
        "UPDATE run SET standing = 4 WHERE number = 6",
        &["D0717"],
    ),
    (
        "a business key goes",
        "DELETE FROM once_key WHERE key = 'act-2'",
        &["D0718"],
    ),
    (
        "a business key is freed",
        "UPDATE once_key SET state = 2 WHERE key = 'act-2'",
        &["D0718"],
    ),
    (
        "an output is altered",
        "UPDATE once_key SET output = '{}' WHERE key = 'act-2'",
        &["D0718"],
    ),
    (
        "a claim is made smaller",
        "UPDATE once_key SET input_body = replace(input_body, '0.1', '0.01') WHERE key = '2';
         UPDATE ledger_line SET taken = '0.21'",
        &["D0718"],
    ),
    ("a ledger row goes", "DELETE FROM ledger_line", &["D0719"]),
    (
        "a ledger row is altered",
        "UPDATE ledger_line SET taken = '0.2'",
        &["D0719"],
    ),
    (
        "a ledger row gets another unit",
        "UPDATE ledger_line SET unit = 'g'",
        &["D0719"],
    ),
    (
        "a reference is opened again, an effect forgotten",
        "DELETE FROM reference; DELETE FROM reference_effect WHERE reference = 'ref-2'",
        &["D0718"],
    ),
];

#[tokio::test]
async fn every_deed_is_found() {
    let original = tempfile::tempdir().unwrap();
    let heads = fill(original.path()).await;
    for (what, sql, expected) in DEEDS {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(original.path().join("journal.db"), folder.path().join("journal.db")).unwrap();
        let file = Connection::open(folder.path().join("journal.db")).unwrap();
        file.execute_batch(sql).unwrap();
        assert_ne!(file.total_changes(), 0, "{what}: the statement changes nothing");
        drop(file);
        assert_eq!(codes(folder.path(), &heads), expected, "{what}");
    }
}

#[tokio::test]
async fn an_old_backup_is_found_by_the_last_head_only() {
    let folder = tempfile::tempdir().unwrap();
    let old = fill(folder.path()).await;
    let backup = std::fs::read(folder.path().join("journal.db")).unwrap();
    let journal = open(folder.path());
    busy(&journal, 10).await;
    let new = journal.heads().await.unwrap();
    drop(journal);
    assert!(codes(folder.path(), &new).is_empty());

    let restored = tempfile::tempdir().unwrap();
    std::fs::write(restored.path().join("journal.db"), backup).unwrap();
    assert!(codes(restored.path(), &old).is_empty());
    assert_eq!(codes(restored.path(), &new), ["D0720"]);

    let journal = open(restored.path());
    for number in 10..12 {
        let lease = begun(&journal, number).await;
        for seq in 1..6 {
            written(&journal, append(lease, seq, sample::read(), None)).await;
        }
    }
    drop(journal);
    assert!(
        codes(restored.path(), &old).is_empty(),
        "it goes on from the backup as if nothing had happened"
    );
    assert_eq!(codes(restored.path(), &new), ["D0721"]);
}

#[tokio::test]
async fn a_backup_is_a_store_of_its_moment() {
    let folder = tempfile::tempdir().unwrap();
    let heads = fill(folder.path()).await;
    let journal = open(folder.path());
    let trail = journal.trail().unwrap();
    busy(&journal, 10).await;
    let copy = tempfile::tempdir().unwrap();
    let file = copy.path().join("journal.db");
    trail.back_up(&file).unwrap();
    assert_eq!(
        trail.back_up(&file).map_err(|e| e.code.id),
        Err("D0701"),
        "nothing is overwritten"
    );

    let report = SqliteTrail::open(copy.path(), &std::sync::Arc::default())
        .unwrap()
        .verify(&heads)
        .unwrap();
    assert_eq!((report.entries, report.findings), (26, Vec::new()));
    let restored = open(copy.path());
    assert!(
        restored.load(run(10)).await.unwrap().is_empty(),
        "what came after is not in it"
    );
    busy(&restored, 10).await;
    assert_eq!(codes(copy.path(), &journal.heads().await.unwrap()), ["D0721"]);
}

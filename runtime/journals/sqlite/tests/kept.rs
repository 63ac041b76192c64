//! What an audit finds of what is kept beside the entries: documents, versions, waits, and what runs began with.

use std::path::Path;
use std::sync::Arc;

use dragoman_journal::conformance::sample::{self, append, begin, begun, run, stand, written};
use dragoman_journal::{Append, Begin, Begun, Journal, Lease, Operation, Record, Standing, Wait};
use dragoman_journals_sqlite::{Options, SqliteJournal, SqliteTrail};
use dragoman_model::{Digest, DocumentReference, Timestamp, Value};
use rusqlite::Connection;
use serde_json::json;

/// The bytes of a document, and its reference.
fn paper() -> (Vec<u8>, DocumentReference) {
    let bytes = b"<paper/>".to_vec();
    let reference = DocumentReference::of(&bytes, "application/xml");
    (bytes, reference)
}

fn due() -> Timestamp {
    Timestamp::from_millis(1_800_000_000_000)
}

/// The wait of a run at its step `ask`, as record and as it is kept.
fn wait(of: u64) -> (Record, Value, Wait) {
    let show = json!([{ "order": of }]);
    let wait = Wait {
        id: run(of).child("ask", "wait-0").to_string(),
        run: run(of),
        path: "ask".into(),
        decision: "ship-or-refuse".into(),
        roles: vec!["approver".into()],
        since: due(),
        due: Some(due()),
        shown: Digest::of_value(&show),
        show: show.clone(),
        reference: Some("ref-1".into()),
    };
    let record = Record::Waiting {
        wait: wait.id.clone(),
        decision: wait.decision.clone(),
        roles: wait.roles.clone(),
        due: wait.due,
        shown: wait.shown,
        reference: wait.reference.clone(),
    };
    (record, json!({ "show": show }), wait)
}

/// A run asks somebody. The path is that of the step.
async fn ask(journal: &dyn Journal, lease: Lease, of: u64) {
    let (record, body, wait) = wait(of);
    let mut asking = stand(lease, 1, record, Some(body), Standing::Waiting(Some(due())));
    asking.entries[0].path = "ask".into();
    asking.operations = vec![Operation::WaitBegin { wait }];
    written(journal, asking).await;
}

/// A run with a message of its own, and the document that it came as.
fn message(number: u64) -> Begin {
    let (bytes, reference) = paper();
    let message = json!({ "order": number });
    let mut begin = begin(run(number), &format!("order-{number}"));
    begin.content = Digest::of_value(&message);
    begin.entries[0].body = Some(Arc::new(
        json!({ "message": message, "documents": { "message": reference } }),
    ));
    begin.operations = vec![Operation::Keep {
        document: reference,
        bytes,
    }];
    begin
}

/// Run 1 has a document, run 2 waits, run 3 was answered.
async fn fill(folder: &Path) {
    let journal = SqliteJournal::open(folder, Options::default()).unwrap();
    journal.keep_version("orders".into()).await.unwrap();
    assert!(matches!(journal.begin(message(1)).await, Ok(Begun::New(_))));
    for of in [2, 3] {
        let lease = begun(&journal, of).await;
        ask(&journal, lease, of).await;
        // What happens at another step says nothing of the wait.
        let mut other = append(lease, 2, sample::read(), Some(json!({ "output": 1 })));
        other.entries[0].path = "asked".into();
        other.standing = Standing::Waiting(Some(due()));
        written(&journal, other).await;
        if of == 3 {
            let (.., wait) = wait(of);
            let answer = Record::Answer {
                wait: wait.id.clone(),
                shown: wait.shown,
            };
            let answered = append(lease, 3, answer, Some(json!({ "answer": "ship" })));
            let operations = vec![Operation::WaitEnd { wait: wait.id }];
            written(&journal, Append { operations, ..answered }).await;
        }
    }
}

fn codes(folder: &Path) -> Vec<(&'static str, String)> {
    let report = SqliteTrail::open(folder, &Arc::default()).unwrap().verify(&[]).unwrap();
    let finding = |finding: dragoman_journal::audit::Finding| (finding.code.id, finding.message);
    report.findings.into_iter().map(finding).collect()
}

/// What somebody does to the file, and the code and a word of what is found.
const DEEDS: [(&str, &str, &str, &str); 14] = [
    ("a document goes", "DELETE FROM document", "D0722", "which entry 1 names, is missing"),
    ("a document is zeroed", "UPDATE document SET bytes = zeroblob(8)", "D0722", "altered"),
    ("a version goes", "DELETE FROM version", "D0723", "is missing"),
    ("a version is altered", "UPDATE version SET bytes = 'others'", "D0723", "altered"),
    ("a wait goes", "DELETE FROM wait", "D0724", "nobody could answer it"),
    ("a wait has another id", "UPDATE wait SET id = 'x'", "D0724", "no entry has"),
    ("a wait has other roles", "UPDATE wait SET roles = '[\"viewer\"]'", "D0724", "other roles"),
    ("a wait has another deadline", "UPDATE wait SET due = NULL", "D0724", "deadline"),
    ("a wait shows another", "UPDATE wait SET show = '[]'", "D0724", "something else"),
    ("a wait has another decision", "UPDATE wait SET decision = 'x'", "D0724", "decision"),
    ("a wait has no reference", "UPDATE wait SET reference = NULL", "D0724", "reference"),
    ("a wait is of another step", "UPDATE wait SET path = 'x'", "D0724", "another step"),
    (
        "an answered wait comes again",
        "INSERT INTO wait SELECT lower(hex(id)), run, path, decision, roles, since, due, show, shown, reference, NULL, NULL FROM wait;
         UPDATE wait SET id = (SELECT json_extract(header, '$.record.wait') FROM entry
           WHERE json_extract(header, '$.record.kind') = 'answer')
         WHERE id <> (SELECT json_extract(header, '$.record.wait') FROM entry
           WHERE json_extract(header, '$.record.kind') = 'waiting' ORDER BY position LIMIT 1)",
        "D0724",
        "over by the entries",
    ),
    (
        "a run began with another message",
        "UPDATE run SET content = zeroblob(32) WHERE number = 1",
        "D0717",
        "another content",
    ),
];

#[tokio::test]
async fn what_is_kept_beside_the_entries_is_compared_with_them() {
    let original = tempfile::tempdir().unwrap();
    fill(original.path()).await;
    assert_eq!(codes(original.path()), []);
    for (what, sql, code, word) in DEEDS {
        let folder = tempfile::tempdir().unwrap();
        std::fs::copy(original.path().join("journal.db"), folder.path().join("journal.db")).unwrap();
        let file = Connection::open(folder.path().join("journal.db")).unwrap();
        file.execute_batch(sql).unwrap();
        assert_ne!(file.total_changes(), 0, "{what}: the statement changes nothing");
        drop(file);
        let found = codes(folder.path());
        let fits = |(id, message): &(&str, String)| *id == code && message.contains(word);
        assert!(found.iter().any(fits), "{what}: {found:?}");
        assert!(found.iter().all(|(id, _)| *id == code), "{what}: {found:?}");
    }
}

#[tokio::test]
async fn a_body_that_was_erased_names_no_document() {
    let folder = tempfile::tempdir().unwrap();
    let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
    journal.keep_version("orders".into()).await.unwrap();
    let Ok(Begun::New(lease)) = journal.begin(message(1)).await else {
        panic!("run 1 should begin");
    };
    let erasure = Record::Operated { act: "erase".into() };
    written(&journal, append(lease, 1, erasure, None)).await;
    drop(journal);
    let file = Connection::open(folder.path().join("journal.db")).unwrap();
    file.execute_batch("DELETE FROM body WHERE position = 1; DELETE FROM document;")
        .unwrap();
    drop(file);
    assert_eq!(codes(folder.path()), []);
}

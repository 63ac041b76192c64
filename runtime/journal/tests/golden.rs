//! The headers of format 1, one file for each kind of record: written once, read for ever.
//!
//! A file is never changed. A new kind gets a new file: run this test once with `DRAGOMAN_GOLDEN=new`, and look at it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use dragoman_journal::{
    Batch, Ending, FORMAT, Head, Header, OnceKey, Parent, Record, TimerPurpose, Versions, canonical, chain,
};
use dragoman_model::digest::canonical as of_model;
use dragoman_model::{Actor, Class, Digest, Effect, OperationEffect, RunId, Timestamp, Usage};
use serde::Serialize;
use serde::de::DeserializeOwned;

const AT: Timestamp = Timestamp::from_millis(1_767_225_600_120);

fn run() -> RunId {
    RunId::at(AT, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
}

fn usage() -> Usage {
    Usage {
        cpu_us: 1,
        wall_us: 2,
        peak_memory: 3,
        host_calls: 4,
        requests: 5,
        bytes_out: 6,
        bytes_in: 7,
    }
}

fn once(scope: &str) -> OnceKey {
    OnceKey {
        scope: scope.into(),
        key: "A-1|\"7\"".into(),
    }
}

/// One record of each kind, the barest with all members that must be there, the others with all that may be.
fn records() -> Vec<(&'static str, Record)> {
    [beginnings(), intents(), outcomes(), rests(), business(), endings()].concat()
}

fn beginnings() -> Vec<(&'static str, Record)> {
    let parent = Parent {
        run: run(),
        path: "parcels".into(),
        index: 3,
        item: "p-3".into(),
    };
    let accepted = |serial: Option<&str>, parent| Record::Accepted {
        pipeline: "orders".into(),
        trigger: "hook".into(),
        run_key: "order-7".into(),
        serial: serial.map(Into::into),
        parent,
        mode: "live".into(),
    };
    vec![
        ("accepted", accepted(None, None)),
        ("accepted-child", accepted(Some("order-7"), Some(parent))),
        ("children", Record::Children { count: 3 }),
    ]
}

fn intents() -> Vec<(&'static str, Record)> {
    let intent = |effect, once, reference: Option<&str>, undo| Record::Intent {
        connection: "shop".into(),
        operation: "ship".into(),
        attempt: 2,
        key: "k-1".into(),
        effect,
        input: Digest::of(b"input"),
        once,
        reference: reference.map(Into::into),
        undo,
    };
    let idempotent = OperationEffect::Idempotent { key_lifetime_s: None };
    let settles = OperationEffect::Once { settle_s: Some(30) };
    vec![
        ("intent", intent(idempotent, None, None, false)),
        (
            "intent-once",
            intent(settles, Some(once("shop.ship")), Some("order-7"), true),
        ),
    ]
}

fn outcomes() -> Vec<(&'static str, Record)> {
    let done = |attempt, joined, known_by: &str| Record::Done {
        attempt,
        joined,
        known_by: known_by.into(),
        usage: usage(),
    };
    let failed = Record::Failed {
        attempt: 2,
        class: Class::Retryable,
        effect: Effect::Unknown,
        code: "http.503".into(),
        last: false,
        usage: usage(),
    };
    vec![
        (
            "read",
            Record::Read {
                connection: None,
                operation: None,
                attempt: 1,
                usage: usage(),
            },
        ),
        (
            "read-named",
            Record::Read {
                connection: Some("shop".into()),
                operation: Some("order".into()),
                attempt: 1,
                usage: usage(),
            },
        ),
        ("done", done(1, None, "answer")),
        ("done-joined", done(0, Some(run()), "join")),
        ("failed", failed),
        ("observed", Record::Observed { what: "call".into() }),
        ("chosen", Record::Chosen { what: "branch".into() }),
    ]
}

fn rests() -> Vec<(&'static str, Record)> {
    let waiting = Record::Waiting {
        wait: "w-1".into(),
        decision: "yes-or-no".into(),
        roles: vec!["approver".into()],
        due: Some(AT),
        shown: Digest::of(b"shown"),
        reference: Some("order-7".into()),
    };
    vec![
        (
            "timer",
            Record::Timer {
                due: AT,
                purpose: TimerPurpose::Probe,
                attempt: 2,
            },
        ),
        ("waiting", waiting),
        (
            "answer",
            Record::Answer {
                wait: "w-1".into(),
                shown: Digest::of(b"shown"),
            },
        ),
        ("event", Record::Event { name: "voided".into() }),
    ]
}

fn business() -> Vec<(&'static str, Record)> {
    let claimed = Record::Claimed {
        ledger: "stock".into(),
        account: "paper".into(),
        once: once("ledger:stock"),
        reference: Some("order-7".into()),
        joined: Some(run()),
    };
    vec![
        ("claimed", claimed),
        (
            "released",
            Record::Released {
                ledger: "stock".into(),
                once: once("ledger:stock"),
            },
        ),
        (
            "voided",
            Record::Voided {
                reference: "order-7".into(),
            },
        ),
    ]
}

fn endings() -> Vec<(&'static str, Record)> {
    vec![
        ("operated", Record::Operated { act: "replay".into() }),
        (
            "migrated",
            Record::Migrated {
                from: Digest::of(b"one version"),
                to: Digest::of(b"another version"),
            },
        ),
        ("parked", Record::Parked { code: "park".into() }),
        (
            "closed",
            Record::Closed {
                ending: Ending::Completed,
            },
        ),
    ]
}

/// The name of a record's kind. A kind that is added here needs a record above.
fn kind(record: &Record) -> &'static str {
    match record {
        Record::Accepted { .. } => "accepted",
        Record::Read { .. } => "read",
        Record::Children { .. } => "children",
        Record::Intent { .. } => "intent",
        Record::Done { .. } => "done",
        Record::Failed { .. } => "failed",
        Record::Timer { .. } => "timer",
        Record::Waiting { .. } => "waiting",
        Record::Answer { .. } => "answer",
        Record::Event { .. } => "event",
        Record::Chosen { .. } => "chosen",
        Record::Claimed { .. } => "claimed",
        Record::Released { .. } => "released",
        Record::Voided { .. } => "voided",
        Record::Observed { .. } => "observed",
        Record::Operated { .. } => "operated",
        Record::Migrated { .. } => "migrated",
        Record::Parked { .. } => "parked",
        Record::Closed { .. } => "closed",
    }
}

fn header(name: &str, record: Record) -> Header {
    let bare = !name.contains('-');
    let person = Actor {
        on_behalf_of: Some("the boss".into()),
        ..Actor::person("ann", "bearer")
    };
    Header {
        format: FORMAT,
        run: run(),
        seq: 4,
        at: AT,
        actor: if bare { Actor::system("w1") } else { person },
        path: if bare { String::new() } else { "parcels[3].ship".into() },
        versions: Versions {
            pipeline: Digest::of(b"pipeline"),
            plugin: (!bare).then(|| Digest::of(b"plugin")),
            settings: (!bare).then(|| Digest::of(b"settings")),
        },
        record,
        headers: if bare {
            Vec::new()
        } else {
            vec![("Content-Type".into(), "text/xml; a=\"ä\n\"".into())]
        },
        body: (!bare).then(|| Digest::of(b"body")),
    }
}

fn golden() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/format-1")
}

fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(name: &str, value: &T) {
    let path = golden().join(format!("{name}.json"));
    let text = canonical::text(value).unwrap();
    assert_eq!(
        text,
        of_model(&serde_json::to_value(value).unwrap()),
        "{name}: one pass or two, the same text"
    );
    if !path.exists() && std::env::var("DRAGOMAN_GOLDEN").is_ok_and(|v| v == "new") {
        std::fs::create_dir_all(golden()).unwrap();
        std::fs::write(&path, &text).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    assert_eq!(text, kept, "{name}: what is written now is not what format 1 is");
    let read: T = serde_json::from_str(&kept).unwrap();
    assert_eq!(&read, value, "{name}: what was written is read back as something else");
}

#[test]
fn headers_are_written_and_read_as_ever() {
    let mut kinds = BTreeSet::new();
    for (name, record) in records() {
        kinds.insert(kind(&record));
        let header = header(name, record);
        check(name, &header);
        assert_eq!(Header::read(&canonical::text(&header).unwrap()), Ok(header));
    }
    assert_eq!(kinds.len(), 19, "each kind has a record");
}

#[test]
fn batches_and_heads_are_written_and_read_as_ever() {
    let batch = Batch {
        format: FORMAT,
        writer: "w".into(),
        number: 2,
        previous: Digest::of(b"before"),
        first_position: 5,
        count: 2,
        root: chain::root(&[chain::leaf(b"one"), chain::leaf(b"two")]),
        at: AT,
    };
    check("batch", &batch);
    let head = Head {
        writer: "w".into(),
        number: 2,
        batch: batch.digest().unwrap(),
        entries: 6,
        at: AT,
        signature: "c2ln".into(),
        key: "ed25519:0123456789abcdef".into(),
    };
    check("head", &head);
    assert!(!head.signed_text().unwrap().contains("signature"));
}

#[test]
fn every_file_is_read() {
    let mut read = 0;
    for file in std::fs::read_dir(golden()).unwrap() {
        let path = file.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        match path.file_stem().and_then(|stem| stem.to_str()) {
            Some("batch") => assert!(serde_json::from_str::<Batch>(&text).is_ok()),
            Some("head") => assert!(serde_json::from_str::<Head>(&text).is_ok()),
            _ => assert_eq!(Header::read(&text).map(|h| h.format), Ok(1), "{}", path.display()),
        }
        read += 1;
    }
    assert_eq!(read, records().len() + 2);
}

#[test]
fn a_newer_format_says_so() {
    let newer = r#"{"format":2,"kind":"something else"}"#;
    assert_eq!(Header::read(newer).map_err(|e| e.code.id), Err("D0705"));
    assert_eq!(Header::read("{}").map_err(|e| e.code.id), Err("D0704"));
    let text = canonical::text(&header(
        "read",
        Record::Read {
            connection: None,
            operation: None,
            attempt: 1,
            usage: usage(),
        },
    ))
    .unwrap();
    let newer = text.replace("\"format\":1", "\"format\":2");
    assert_eq!(
        Header::read(&newer).map_err(|e| e.code.id),
        Err("D0705"),
        "even where it looks like one of ours"
    );
}

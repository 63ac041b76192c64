//! A process that is killed while it writes: everything it was told is durable is there.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use dragoman_journal::Store as _;
use dragoman_journal::conformance::sample::{append, begun, read, run, written};
use dragoman_journal::{Journal, Records};
use dragoman_journals_sqlite::{Options, SqliteJournal};
use serde_json::json;

/// The variable by which this program knows that it is the one to be killed.
const CHILD: &str = "DRAGOMAN_CRASH_FOLDER";
/// The variable with the number of its first run.
const FIRST: &str = "DRAGOMAN_CRASH_FIRST";

/// Not a test of its own: the process that is killed. It writes for ever and says what it was told is durable.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "it is the process that the other test kills"]
async fn the_process_that_is_killed() {
    let Ok(folder) = std::env::var(CHILD) else {
        return;
    };
    let journal = std::sync::Arc::new(SqliteJournal::open(Path::new(&folder), Options::default()).unwrap());
    let first: u64 = std::env::var(FIRST).unwrap().parse().unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let journal = journal.clone();
            tokio::spawn(async move {
                for round in 0.. {
                    let number = first + round * 16 + task;
                    let lease = begun(&*journal, number).await;
                    println!("durable {number} 0");
                    for seq in 1..5 {
                        let body = Some(json!({ "output": "x".repeat(500) }));
                        written(&*journal, append(lease, seq, read(), body)).await;
                        println!("durable {number} {seq}");
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Starts the process, kills it after so many lines, and adds what it said to what must be there.
fn kill_after(first: u64, lines: usize, folder: &Path, durable: &mut BTreeMap<u64, u64>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "the_process_that_is_killed", "--nocapture"])
        .env(CHILD, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = 0;
    let mut killed = false;
    // What is in the pipe when it is killed was said before, so it counts: the pipe is read to its end.
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let mut words = line.split_whitespace().skip_while(|word| *word != "durable").skip(1);
        let (Some(number), Some(seq)) = (words.next(), words.next()) else {
            continue;
        };
        let (Ok(number), Ok(seq)) = (number.parse(), seq.parse::<u64>()) else {
            continue;
        };
        let entries = durable.entry(number).or_default();
        *entries = (*entries).max(seq + 1);
        said += 1;
        if said >= lines && !killed {
            child.kill().unwrap();
            killed = true;
        }
    }
    child.wait().unwrap();
    assert!(killed, "the process ended by itself after {said} lines");
}

#[tokio::test]
async fn what_was_answered_survives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let mut durable = BTreeMap::new();
    let mut head = Vec::new();
    for (first, lines) in [(1, 5), (100_001, 400), (200_001, 57), (300_001, 1500)] {
        kill_after(first, lines, folder.path(), &mut durable);
        let journal = SqliteJournal::open(folder.path(), Options::default()).unwrap();
        // What the suite's runs are pinned to.
        journal.keep_version("orders".into()).await.unwrap();
        for (number, entries) in &durable {
            let there = journal.load(run(*number)).await.unwrap().len() as u64;
            assert!(
                there >= *entries,
                "run {number}: {entries} entries were answered, {there} are there"
            );
        }
        let report = journal.trail().unwrap().verify(&head).unwrap();
        assert_eq!(report.findings, []);
        assert_eq!(journal.trail().unwrap().check_file(), Ok(Vec::new()));
        head = journal.heads().await.unwrap();
    }
    assert!(durable.len() > 300, "too few runs to say anything: {}", durable.len());
}

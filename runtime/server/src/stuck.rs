//! Runs that nothing moves on: an unfinished run has an owner, a time to wake, or somebody it waits for. Here are those that
//! have none of them, which no run ever should.

use std::collections::HashSet;

use dragoman_journal::{Error, Records, RunFilter, RunSummary, Standing};
use dragoman_model::{RunId, Timestamp, Value};
use serde_json::json;

use crate::view;

/// What is due is taken up within moments; so much later it is stuck, in milliseconds.
const LATE_MS: i64 = 60_000;
/// So many are looked at at once.
const PAGE: usize = 1_000;

/// Runs that are stuck, newest first: `{ runs: [...] }`, each with why in its `note`.
pub(crate) async fn stuck(records: &dyn Records, now: Timestamp, limit: usize) -> Result<Value, Error> {
    let before = now.plus_millis(-LATE_MS);
    let mut found = overdue(records, before, limit).await?;
    let left = limit.saturating_sub(found.len());
    found.extend(forsaken(records, before).await?.into_iter().take(left));
    found.sort_by_key(|run| std::cmp::Reverse(run.began));
    let told = |run: &RunSummary| {
        let mut told = view::run(run);
        told["note"] = json!(why(run));
        told
    };
    Ok(json!({ "runs": found.iter().map(told).collect::<Vec<_>>() }))
}

/// Whose owner is gone, or whose time has come, and nobody has taken them up since then.
async fn overdue(records: &dyn Records, before: Timestamp, limit: usize) -> Result<Vec<RunSummary>, Error> {
    let filter = RunFilter {
        overdue: Some(before),
        children: true,
        limit,
        ..RunFilter::default()
    };
    records.runs(filter).await
}

/// How many there are of these, up to a limit: it costs no more than they are.
pub(crate) async fn count_overdue(records: &dyn Records, now: Timestamp, limit: usize) -> Result<usize, Error> {
    Ok(overdue(records, now.plus_millis(-LATE_MS), limit).await?.len())
}

/// Those that wait for runs of which none is unfinished.
async fn forsaken(records: &dyn Records, before: Timestamp) -> Result<Vec<RunSummary>, Error> {
    let mut waiting: HashSet<RunId> = HashSet::new();
    let waits = |run: &RunSummary| run.standing == Standing::Waiting(None) && !run.asks && run.touched < before;
    each_that(records, "waiting", |run| waiting.extend(waits(run).then_some(run.run))).await?;
    for status in ["active", "sleeping", "waiting", "parked"] {
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        let awaited = |run: &RunSummary| {
            if let Some(parent) = run.parent {
                waiting.remove(&parent);
            }
        };
        each_that(records, status, awaited).await?;
    }
    let mut found = Vec::new();
    for run in waiting {
        let only = RunFilter {
            run: Some(run),
            children: true,
            limit: 1,
            ..RunFilter::default()
        };
        found.extend(records.runs(only).await?.into_iter().filter(waits));
    }
    Ok(found)
}

/// Looks at each run that stands so, some at a time: there may be a million of them.
async fn each_that(records: &dyn Records, status: &str, mut look: impl FnMut(&RunSummary)) -> Result<(), Error> {
    let mut older_than = None;
    loop {
        let filter = RunFilter {
            status: Some(status.to_owned()),
            older_than,
            children: true,
            limit: PAGE,
            ..RunFilter::default()
        };
        let runs = records.runs(filter).await?;
        let Some(last) = runs.last() else {
            return Ok(());
        };
        older_than = Some(last.run);
        runs.iter().for_each(&mut look);
    }
}

fn why(run: &RunSummary) -> String {
    match run.standing {
        Standing::Sleeping(due) => format!("it was to wake at {due}, and nobody has taken it up"),
        Standing::Waiting(Some(due)) => format!("what it waits for was over at {due}, and nobody has taken it up"),
        Standing::Waiting(None) => "what it waits for has ended, and nobody has told it".into(),
        _ => format!("nobody has worked on it since {}", run.touched),
    }
}

#[cfg(test)]
mod tests {
    use dragoman_journal::conformance::sample::{self, LEASE, START, begun, park, run, stand, written};
    use dragoman_journal::{Append, Parent, Record, TimerPurpose};
    use dragoman_journals_sqlite::{Options, SqliteJournal};

    use super::*;

    const DUE: Timestamp = START.plus_millis(3 * LEASE);

    /// The keys of those that are stuck so long after the beginning, with the first words of why.
    async fn stuck_after(journal: &SqliteJournal, millis: i64) -> Vec<String> {
        let found = stuck(journal, START.plus_millis(millis), 10)
            .await
            .expect("the store answers");
        let runs = found["runs"].as_array().expect("a list");
        let told = |run: &Value| {
            let note = run["note"].as_str().unwrap_or_default();
            let words: Vec<&str> = note.split(' ').take(4).collect();
            format!("{} {}", run["key"].as_str().unwrap_or_default(), words.join(" "))
        };
        let mut told: Vec<String> = runs.iter().map(told).collect();
        told.sort();
        told
    }

    #[tokio::test]
    async fn a_run_is_stuck_that_has_no_owner_no_time_and_nobody_it_waits_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = SqliteJournal::open(folder.path(), Options::default()).expect("a store");
        let timer = Record::Timer {
            due: DUE,
            purpose: TimerPurpose::Retry,
            attempt: 2,
        };
        let sleeps = stand(begun(&journal, 1).await, 1, timer, None, Standing::Sleeping(DUE));
        written(&journal, sleeps).await;
        written(&journal, park(begun(&journal, 2).await, 1, "no more paper")).await;
        let nothing = Record::Children { count: 0 };
        written(
            &journal,
            stand(begun(&journal, 3).await, 1, nothing, None, Standing::Waiting(None)),
        )
        .await;
        begun(&journal, 4).await;
        // Its item is repaired by a person one day, and it goes on then.
        let lease = begun(&journal, 5).await;
        let parent = Parent {
            run: lease.run,
            path: "parcels".into(),
            index: 0,
            item: "a".into(),
        };
        let mut item = sample::begin(run(6), "a");
        item.entries = vec![sample::accepted(run(6), "a", Some(parent))];
        item.lease_until = START.plus_millis(LEASE * 10_000);
        let one = Record::Children { count: 1 };
        let begins = Append {
            begins: vec![item],
            ..stand(lease, 1, one, None, Standing::Waiting(None))
        };
        written(&journal, begins).await;

        let forsaken = "order-3 what it waits for";
        let unowned = "order-4 nobody has worked on";
        assert_eq!(
            stuck_after(&journal, LATE_MS).await,
            Vec::<String>::new(),
            "all have just begun"
        );
        assert_eq!(stuck_after(&journal, LATE_MS + LEASE - 1).await, [forsaken]);
        assert_eq!(stuck_after(&journal, LATE_MS + LEASE).await, [forsaken, unowned]);
        let all = ["order-1 it was to wake", forsaken, unowned];
        assert_eq!(stuck_after(&journal, LATE_MS + 3 * LEASE).await, all);
    }
}

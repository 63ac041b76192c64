//! Bounds of a pipeline: how many runs with something in common work at once, how many begin in a time, and how old one
//! may grow before a person looks.

use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::Act;
use dragoman_journal::{Ending, Record, RunFilter, Standing};
use dragoman_model::{Actor, RunId};
use serde_json::json;
use tokio::sync::Notify;

use crate::house::{House, check, plan};
use crate::partner::Does;

/// The runs of a pipeline that have written more than their first entry.
async fn at_work(house: &House, pipeline: &str) -> usize {
    let filter = RunFilter {
        pipeline: Some(pipeline.into()),
        limit: 1_000,
        ..RunFilter::default()
    };
    let runs = house.journal.runs(filter).await.expect("the store answers");
    runs.iter().filter(|run| run.entries > 1).count()
}

/// Waits until so many have begun to work, and sees that no more do.
async fn until_at_work(house: &House, pipeline: &str, count: usize) {
    let begun = async {
        while at_work(house, pipeline).await < count {
            tokio::task::yield_now().await;
        }
    };
    let begun = tokio::time::timeout(Duration::from_secs(10), begun).await;
    assert!(begun.is_ok(), "{} of {count} began", at_work(house, pipeline).await);
    for _ in 0..200 {
        tokio::task::yield_now().await;
    }
    assert_eq!(at_work(house, pipeline).await, count);
}

const NAP: &str = "
limits: { rate: 2/1m }
steps: [{ sleep: 1s }]
";

#[tokio::test]
async fn so_many_runs_begin_in_a_time_and_the_others_wait() {
    let house = House::new(&[plan("nap", NAP), plan("free", "steps: [{ sleep: 1s }]\n")]);
    for number in 1..=5 {
        house.deliver("nap", &number.to_string()).await.expect("it is taken");
    }
    until_at_work(&house, "nap", 2).await;
    assert_eq!(house.handle().status().queued, 3);
    // Another pipeline is not held up, and neither is one that wakes.
    house.deliver("free", "1").await.expect("it is taken");
    until_at_work(&house, "free", 1).await;
    house.clock.advance(59_000);
    until_at_work(&house, "nap", 2).await;
    house.clock.advance(1_000);
    until_at_work(&house, "nap", 4).await;
    house.clock.advance(60_000);
    until_at_work(&house, "nap", 5).await;
    house.settle().await;
    let all = house
        .journal
        .runs(RunFilter::default())
        .await
        .expect("the store answers");
    assert!(all.iter().all(|run| run.ending == Some(Ending::Completed)), "{all:?}");
}

const PER_KEY: &str = "
limits: { per_key: { by: \"trigger.message.number.startsWith('a') ? 'a' : 'b'\", concurrent: 1 }, concurrent: 10 }
steps:
  - { id: sent, call: shop.notify, with: { number: =trigger.message.number } }
";

#[tokio::test]
async fn runs_that_have_something_in_common_take_turns() {
    let house = House::new(&[plan("keyed", PER_KEY)]);
    let gate = Arc::new(Notify::new());
    house
        .partner
        .will("notify", (0..4).map(|_| Does::Wait(Arc::clone(&gate))));
    for number in ["a1", "a2", "a3", "b1"] {
        house.deliver("keyed", number).await.expect("it is taken");
    }
    until_at_work(&house, "keyed", 2).await;
    let all = async {
        while at_work(&house, "keyed").await < 4 || house.handle().status().working > 0 {
            gate.notify_one();
            tokio::task::yield_now().await;
        }
    };
    let all = tokio::time::timeout(Duration::from_secs(10), all).await;
    assert!(all.is_ok(), "{:?}", house.partner.calls());
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "notify a1": 1, "notify a2": 1, "notify a3": 1, "notify b1": 1 })
    );
}

const SLOW: &str = "
decisions:
  go: { answers: [yes] }
limits: { deadline: 2d }
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: clerk
    wait: { decision: go, for: 30d, roles: [approver] }
";

const DAY: i64 = 86_400_000;

/// A run that was not answered for two days.
async fn overdue() -> (House, RunId) {
    let house = House::new(&[plan("slow", SLOW)]);
    let run = house.run_without_time("slow", "7").await;
    house.clock.advance(2 * DAY - 1);
    house.quiet().await;
    assert!(matches!(house.summary(run).await.standing, Standing::Waiting(Some(_))));
    house.clock.advance(1);
    house.until_parked(run).await;
    check(
        &house.story(run).await,
        "accepted hook
        read order #1
        waiting clerk go
        parked run.deadline",
    );
    (house, run)
}

fn olga() -> Actor {
    Actor::person("olga", "password")
}

#[tokio::test]
async fn a_run_past_its_deadline_is_put_to_a_person_once() {
    let (house, run) = overdue().await;
    let resumed = house.handle();
    resumed
        .operate(run, Act::Resume, olga(), "the clerk is ill")
        .await
        .expect("taken");
    house.quiet().await;
    let story = house.story(run).await;
    assert!(
        story.ends_with("parked run.deadline\noperated resume by olga"),
        "{story}"
    );
    assert!(matches!(house.summary(run).await.standing, Standing::Waiting(Some(_))));
    house.clock.advance(28 * DAY);
    house.until_parked(run).await;
    let story = house.story(run).await;
    assert!(story.ends_with("parked clerk wait.timeout"), "{story}");
}

#[tokio::test]
async fn who_answers_a_run_past_its_deadline_lets_it_go_on() {
    let (house, run) = overdue().await;
    let wait = house
        .journal
        .waits(Some(run))
        .await
        .expect("the store answers")
        .remove(0);
    let answered = house.handle();
    let answered = answered.answer(&wait.id, olga(), json!({ "answer": "yes" }), wait.shown);
    answered.await.expect("the answer is taken");
    house.until_closed(run).await;
    let records = house.entries(run).await;
    let answers = records
        .iter()
        .filter(|entry| matches!(entry.header.record, Record::Answer { .. }));
    assert_eq!(answers.count(), 1);
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
}

#[tokio::test]
async fn a_run_that_ends_in_time_hears_nothing_of_its_deadline() {
    let house = House::new(&[plan("quick", "limits: { deadline: 2d }\nsteps: [{ sleep: 1d }]\n")]);
    let run = house.run("quick", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        timer sleep-1 sleep 86400s
        closed completed",
    );
}

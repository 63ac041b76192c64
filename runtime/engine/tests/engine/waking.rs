//! Waking: no run sleeps longer than it said, whatever the scheduler was doing when it went to sleep.

use std::time::Duration;

use dragoman_journal::Standing;
use dragoman_model::RunId;

use crate::house::{House, plan};
use crate::trouble::troubled;

/// It is over at the time to which the clock was set: nothing else moves the clock.
async fn closes(house: &House, run: RunId) {
    let closed = async {
        while house.summary(run).await.standing != Standing::Closed {
            tokio::task::yield_now().await;
        }
    };
    let closed = tokio::time::timeout(Duration::from_secs(10), closed).await;
    assert!(closed.is_ok(), "it sleeps on: {}", house.story(run).await);
}

#[tokio::test]
async fn a_run_that_rests_while_the_scheduler_looks_is_woken_in_time() {
    let (_folder, store, house) = troubled(&[plan("nap", "steps: [{ sleep: 1s }]\n")]);
    let gate = store.gated();
    // The first look finds nothing, and so does the next, half a minute later.
    gate.reached.notified().await;
    gate.open.notify_one();
    house.clock.advance(30_000);
    gate.reached.notified().await;
    // The store has said that nothing becomes due; only then there is something.
    let run = house.run_without_time("nap", "1").await;
    store.ungated();
    gate.open.notify_one();
    house.clock.advance(1_000);
    closes(&house, run).await;
}

#[tokio::test]
async fn a_run_that_is_due_a_little_after_another_is_woken_in_time() {
    let house = House::new(&[
        plan("one", "steps: [{ sleep: 1s }]\n"),
        plan("two", "steps: [{ sleep: 1010ms }]\n"),
    ]);
    let one = house.run_without_time("one", "1").await;
    let two = house.run_without_time("two", "2").await;
    house.clock.advance(1_000);
    closes(&house, one).await;
    house.clock.advance(10);
    closes(&house, two).await;
}

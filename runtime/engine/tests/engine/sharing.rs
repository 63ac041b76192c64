//! Work that workers share: what one has no room for is taken up by another, in measure.

use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::{Delivered, Refused};
use dragoman_model::RunId;
use tokio::sync::Notify;

use crate::house::{House, plan};
use crate::partner::Does::*;

const TELL: &str = "
limits: { concurrent: 1, backlog: 4 }
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: told
    call: shop.notify
    with: { number: =steps.order.number }
";

/// Of each of these orders of a pipeline a run begins.
async fn taken(house: &House, pipeline: &str, numbers: std::ops::RangeInclusive<u32>) -> Vec<RunId> {
    let mut runs = Vec::new();
    for number in numbers {
        match house.deliver(pipeline, &number.to_string()).await {
            Ok(Delivered::Accepted { run, again: false, .. }) => runs.push(run),
            other => panic!("{number}: {other:?}"),
        }
    }
    runs
}

async fn until(what: &str, mut is: impl AsyncFnMut() -> bool) {
    let seen = tokio::time::timeout(Duration::from_secs(10), async {
        while !is().await {
            tokio::task::yield_now().await;
        }
    });
    assert!(seen.await.is_ok(), "{what}");
}

/// The first order is at work, held up at the partner, and the second waits for its place.
async fn one_works_and_one_waits(house: &House, pipeline: &str, gate: &Arc<Notify>) -> Vec<RunId> {
    house.partner.will("get", [Wait(Arc::clone(gate))]);
    let calls = house
        .partner
        .calls()
        .iter()
        .filter(|call| call.starts_with("get"))
        .count();
    let mut runs = taken(house, pipeline, 1..=1).await;
    until("it is at work", async || {
        house
            .partner
            .calls()
            .iter()
            .filter(|call| call.starts_with("get"))
            .count()
            > calls
    })
    .await;
    let waiting = house.handle().status().queued;
    runs.extend(taken(house, pipeline, 2..=2).await);
    until("it waits", async || house.handle().status().queued > waiting).await;
    runs
}

/// Who worked on a run.
async fn worker_of(house: &House, run: RunId) -> String {
    let entries = house.entries(run).await;
    entries
        .last()
        .map(|entry| entry.header.actor.id.clone())
        .unwrap_or_default()
}

#[tokio::test]
async fn what_one_has_no_room_for_another_takes_up() {
    let plans = [plan("tell", TELL)];
    let house = House::shared(&plans);
    let gate = Arc::new(Notify::new());
    let mut runs = one_works_and_one_waits(&house, "tell", &gate).await;
    runs.extend(taken(&house, "tell", 3..=5).await);
    assert_eq!(house.handle().status().queued, 4, "one waits here, three in the store");
    let refused = house.deliver("tell", "6").await;
    assert!(
        matches!(refused, Err(Refused::Overloaded { .. })),
        "the backlog is full: {refused:?}"
    );

    let other = house.another("worker-2", &plans);
    until("the other takes them", async || house.partner.facts().len() == 3).await;
    other.quiet().await;
    let facts: Vec<String> = house.partner.facts().into_keys().collect();
    assert_eq!(facts, ["notify 3", "notify 4", "notify 5"]);
    // The next look counts what is left.
    house.clock.advance(1_000);
    until("there is room", async || house.handle().status().queued == 1).await;

    gate.notify_one();
    house.quiet().await;
    let mut workers = Vec::new();
    for run in runs {
        workers.push(worker_of(&house, run).await);
    }
    assert_eq!(workers, ["worker-1", "worker-1", "worker-2", "worker-2", "worker-2"]);
    taken(&house, "tell", 6..=6).await;
    house.quiet().await;
    assert!(
        house.partner.facts().values().all(|times| *times == 1),
        "{:?}",
        house.partner.facts()
    );
}

/// What is accepted of a pipeline with these limits, behind one at work and one that waits: how many of two are left.
async fn check_left(limits: &str, left: usize) {
    let text = TELL.replace("limits: { concurrent: 1, backlog: 4 }", limits);
    let house = House::shared(&[plan("tell", &text)]);
    let gate = Arc::new(Notify::new());
    one_works_and_one_waits(&house, "tell", &gate).await;
    taken(&house, "tell", 3..=4).await;
    let ready = house.journal.ready("tell".into(), 10).await.expect("the store answers");
    assert_eq!(ready, left, "{limits}");
}

#[tokio::test]
async fn what_each_process_counts_by_itself_is_left_to_none() {
    check_left("limits: { concurrent: 1 }", 2).await;
    check_left("limits: { concurrent: 1, rate: 100/1m }", 0).await;
    check_left(
        "limits: { concurrent: 1, per_key: { by: trigger.message.number, concurrent: 1 } }",
        0,
    )
    .await;
    check_left("limits: { concurrent: 1 }\nserial: '\"all\"'", 0).await;
}

#[tokio::test]
async fn a_pipeline_that_has_much_to_do_holds_up_no_other() {
    let many = TELL.replace("backlog: 4", "backlog: 1000");
    let plans = [plan("many", &many), plan("few", &many)];
    let house = House::shared(&plans);
    let (gates, held) = (
        [Arc::new(Notify::new()), Arc::new(Notify::new())],
        Arc::new(Notify::new()),
    );
    one_works_and_one_waits(&house, "many", &gates[0]).await;
    // More than is taken up with one look.
    taken(&house, "many", 3..=400).await;
    one_works_and_one_waits(&house, "few", &gates[1]).await;
    let few = taken(&house, "few", 3..=3).await;

    house.partner.will("get", [Wait(Arc::clone(&held))]);
    let other = house.another("worker-2", &plans);
    until("the other is full of the one", async || {
        other.handle().status().working == 2
    })
    .await;
    house.clock.advance(1_000);
    until("the other one goes on", async || {
        worker_of(&house, few[0]).await == "worker-2"
    })
    .await;
    until("it ends", async || house.ending(few[0]).await.is_some()).await;
    until("no more is taken up than is needed soon", async || {
        other.handle().status().working == 2
    })
    .await;

    for gate in gates.iter().chain([&held]) {
        gate.notify_one();
    }
    until("all is done", async || house.partner.facts().len() == 400).await;
    house.quiet().await;
    other.quiet().await;
}

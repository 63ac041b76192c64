//! Runs that are given up while they sleep, wait, or are at work.

use std::sync::Arc;

use dragoman_engine::{Act, Delivered};
use dragoman_journal::Ending;
use dragoman_model::{Actor, Failure, RunId};
use serde_json::json;
use tokio::sync::Notify;

use crate::house::{House, check, plan};
use crate::partner::Does::*;

const LONG: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      once: steps.order.number
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
  - sleep: 30d
  - id: shipped
    call: shop.ship
    once: steps.order.number
    with: { number: =steps.order.number }
  - id: clerk
    wait: { decision: go, answers: [ship, refuse], for: 30d, show: [=steps.order.number], roles: [approver] }
  - id: told
    call: shop.notify
    with: { number: =steps.order.number }
output: { id: =steps.told.id }
";

const SHIP: &str = "
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    with: { number: =trigger.message.number }
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
";

async fn cancel(house: &House, run: RunId) {
    let olga = Actor::person("olga", "password");
    let handle = house.handle();
    let cancelled = handle.operate(run, Act::Cancel, olga, "begun by mistake").await;
    cancelled.expect("it has not ended");
}

/// The run has ended; how its story ends, and what the partner has seen.
async fn ended(house: &House, run: RunId, story: &str, facts: &serde_json::Value) {
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Cancelled));
    assert_eq!(house.summary(run).await.note.as_deref(), Some("begun by mistake"));
    let told = house.story(run).await;
    let lines: Vec<&str> = told.lines().collect();
    let last = lines.len() - story.lines().count();
    check(&lines[last..].join("\n"), story);
    assert_eq!(&json!(house.partner.facts()), facts);
    assert_eq!(house.journal.waits(None).await.expect("the store answers"), []);
}

#[tokio::test]
async fn one_that_sleeps_ends_at_once_and_gives_back_what_it_claimed() {
    let house = House::new(&[plan("long", LONG)]);
    let run = house.run_without_time("long", "7").await;
    cancel(&house, run).await;
    let story = house.story(run).await;
    assert!(story.contains("claimed used"), "{story}");
    ended(
        &house,
        run,
        "operated cancel by olga\nreleased used.undo stock\nclosed cancelled",
        &json!({}),
    )
    .await;
}

#[tokio::test]
async fn one_that_waits_for_a_person_ends_with_its_wait() {
    let house = House::new(&[plan("long", LONG)]);
    let run = house.run("long", "7").await;
    cancel(&house, run).await;
    // What took effect stays, and the claim with it.
    ended(
        &house,
        run,
        "operated cancel by olga\nclosed cancelled",
        &json!({ "ship 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn one_at_work_ends_once_what_is_under_way_has_come_back() {
    let house = House::new(&[plan("ships", SHIP)]);
    let gate = Arc::new(Notify::new());
    house.partner.will("ship", [Wait(Arc::clone(&gate))]);
    house.deliver("ships", "7").await.expect("taken");
    let run = house
        .journal
        .runs(dragoman_journal::RunFilter::default())
        .await
        .expect("the store answers")[0]
        .run;
    let sent = async {
        while house.partner.calls().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let sent = tokio::time::timeout(std::time::Duration::from_secs(10), sent).await;
    sent.expect("it is called");
    cancel(&house, run).await;
    assert_eq!(house.ending(run).await, None, "the request is on its way");
    gate.notify_one();
    ended(
        &house,
        run,
        "operated cancel by olga\ndone shipped by answer\nclosed cancelled",
        &json!({ "ship 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn what_may_have_taken_effect_is_asked_after_first() {
    let house = House::new(&[plan("ships", SHIP)]);
    house.partner.will("ship", [Break { applied: true }]);
    house.partner.will("probe ship", [Pending, Unreachable]);
    let run = house.run_without_time("ships", "7").await;
    cancel(&house, run).await;
    assert_eq!(
        house.ending(run).await,
        None,
        "it is not known what became of the request"
    );
    ended(
        &house,
        run,
        "done shipped by probe\nclosed cancelled",
        &json!({ "ship 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn what_failed_for_certain_is_not_tried_again() {
    let house = House::new(&[plan("ships", SHIP)]);
    let busy = || Fail(Failure::retryable("http.429", "later"));
    house.partner.will("ship", [busy(), busy()]);
    let run = house.run_without_time("ships", "7").await;
    cancel(&house, run).await;
    ended(&house, run, "operated cancel by olga\nclosed cancelled", &json!({})).await;
}

const BOXES: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    concurrent: 2
    steps:
      - id: officer
        wait: { decision: go, answers: [ship, refuse], for: 30d, show: [=parcel], roles: [approver] }
        when: parcel != 'b'
      - sleep: 30d
        when: parcel == 'b'
      - id: shipped
        call: shop.ship
        once: parcel
        with: { number: =parcel }
    value: { id: =steps.shipped.id }
output: { sent: =steps.sent }
";

#[tokio::test]
async fn items_are_given_up_with_the_run_that_began_them() {
    let house = House::new(&[plan("boxes", BOXES)]);
    let run = house.run_without_time("boxes", "7").await;
    let waits = house.journal.waits(None).await.expect("the store answers");
    assert_eq!(waits.len(), 2, "the third sleeps");
    cancel(&house, run).await;
    house.settle().await;
    for item in ["a", "b", "c"] {
        assert_eq!(
            house.ending(run.child("sent", item)).await,
            Some(Ending::Cancelled),
            "{item}"
        );
    }
    assert_eq!(
        house.ending(run).await,
        Some(Ending::Cancelled),
        "{}",
        house.story(run).await
    );
    assert_eq!(json!(house.partner.facts()), json!({}));
}

/// What a run can stand in a queue for, as its pipeline says it.
const QUEUES: [&str; 4] = [
    "limits: { concurrent: 1 }",
    "serial: \"'all'\"",
    "limits: { per_key: { by: \"'all'\", concurrent: 1 } }",
    "limits: { rate: 1/1m }",
];

/// Waits until a run has ended, whatever others do meanwhile.
async fn until_ended(house: &House, run: RunId) {
    let ended = async {
        while house.ending(run).await.is_none() {
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(10), ended).await;
    assert!(ended.is_ok(), "{}", house.story(run).await);
}

#[tokio::test]
async fn one_that_stands_in_a_queue_ends_at_once_and_holds_up_nobody() {
    for queue in QUEUES {
        let house = House::new(&[plan("ships", &format!("{queue}\n{SHIP}"))]);
        let gate = Arc::new(Notify::new());
        house.partner.will("ship", [Wait(Arc::clone(&gate))]);
        let mut runs = Vec::new();
        for number in ["1", "2", "3"] {
            let Ok(Delivered::Accepted { run, .. }) = house.deliver("ships", number).await else {
                panic!("{number} is not taken");
            };
            runs.push(run);
        }
        let sent = async {
            while house.partner.calls().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let sent = tokio::time::timeout(std::time::Duration::from_secs(10), sent).await;
        sent.expect("the first is at work");
        cancel(&house, runs[1]).await;
        until_ended(&house, runs[1]).await;
        check(
            &house.story(runs[1]).await,
            "accepted hook\noperated cancel by olga\nclosed cancelled",
        );
        let stories = [house.story(runs[0]).await, house.story(runs[2]).await];
        assert!(
            stories[0].ends_with("intent shipped ship #1") && stories[1] == "accepted hook",
            "{queue}: {stories:?}"
        );
        assert_eq!(house.handle().status().queued, 1, "{queue}");
        gate.notify_one();
        // So long the next one waits where only so many begin in a time.
        house.clock.advance(60_000);
        house.settle().await;
        for (run, ending) in [(runs[0], Ending::Completed), (runs[2], Ending::Completed)] {
            assert_eq!(house.ending(run).await, Some(ending), "{queue}");
        }
        let facts = json!({ "ship 1": 1, "notify 1": 1, "ship 3": 1, "notify 3": 1 });
        assert_eq!(json!(house.partner.facts()), facts, "{queue}");
    }
}

#[tokio::test]
async fn one_that_rested_and_whose_turn_another_has_is_given_up_at_once() {
    let text = format!(
        "serial: \"'all'\"\nsteps:\n  - sleep: 1h\n    when: trigger.message.number == '1'\n{}",
        &SHIP["\nsteps:\n".len()..]
    );
    let house = House::new(&[plan("ships", &text)]);
    let first = house.run_without_time("ships", "1").await;
    let gate = Arc::new(Notify::new());
    house.partner.will("ship", [Wait(Arc::clone(&gate))]);
    house.deliver("ships", "2").await.expect("taken");
    let sent = async {
        while house.partner.calls().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    let sent = tokio::time::timeout(std::time::Duration::from_secs(10), sent).await;
    sent.expect("the second is at work");
    // It sleeps; nothing tells it that its turn has come.
    cancel(&house, first).await;
    until_ended(&house, first).await;
    gate.notify_one();
    house.settle().await;
    assert_eq!(json!(house.partner.facts()), json!({ "ship 2": 1, "notify 2": 1 }));
}

//! Branches, children, undo, observe: how a run goes through its plan.

use std::sync::Arc;

use dragoman_engine::ManualClock;
use dragoman_journal::{Ending, Standing};
use dragoman_model::Failure;
use serde_json::json;

use crate::house::{House, MORNING, check, open, plan};
use crate::partner::Does::*;

const EACH: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    concurrent: 2
    on_item_failure: continue
    steps:
      - id: shipped
        call: shop.ship
        once: steps.order.number + parcel
        with: { number: =steps.order.number + parcel }
    value: { id: =steps.shipped.id }
output: { sent: =steps.sent }
";

#[tokio::test]
async fn each_item_has_a_run_of_its_own() {
    let house = House::new(&[plan("each", EACH)]);
    house
        .partner
        .will("ship", [Answer, Fail(Failure::rejected("parcel.lost", "lost"))]);
    let run = house.run("each", "7").await;
    let story = house.story(run).await;
    assert!(story.contains("children sent 3"), "{story}");
    assert!(story.ends_with("done sent by answer\nclosed completed"), "{story}");
    let sent = house.summary(run).await.output.expect("an output")["sent"].clone();
    let status: Vec<&str> = sent
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|s| s["status"].as_str())
        .collect();
    assert_eq!(status.len(), 3, "{sent}");
    assert_eq!(status.iter().filter(|s| **s == "completed").count(), 2, "{sent}");
    assert_eq!(status.iter().filter(|s| **s == "failed").count(), 1, "{sent}");
    let child = run.child("sent", "a");
    check(
        &house.story(child).await,
        "accepted each
        intent sent[0].shipped ship #1
        done sent[0].shipped by answer
        closed completed",
    );
}

/// One at work at once; an officer says of each parcel whether it goes.
const ASKED: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    concurrent: 1
    steps:
      - id: officer
        wait: { decision: ship-or-refuse, answers: [ship, refuse], for: 30d, show: [=parcel], roles: [approver] }
        on_timeout: [{ park: { reason: 'nobody decided' } }]
      - id: shipped
        call: shop.ship
        once: steps.order.number + parcel
        with: { number: =steps.order.number + parcel }
    value: { id: =steps.shipped.id }
output: { sent: =steps.sent }
";

#[tokio::test]
async fn an_item_that_waits_or_is_parked_holds_up_no_other() {
    let house = House::new(&[plan("asked", ASKED)]);
    let run = house.run("asked", "7").await;
    house.settle().await;
    let mut waits = house.journal.waits(None).await.expect("the store answers");
    assert_eq!(waits.len(), 3, "all have begun, though one may be at work at once");
    house.partner.will("ship", [Fail(Failure::permanent("http.401", "no"))]);
    let olga = || dragoman_model::Actor::person("olga", "password");
    while let Some(wait) = waits.pop() {
        let answer = json!({ "answer": "ship" });
        let handle = house.handle();
        let taken = handle.answer(&wait.id, olga(), answer, wait.shown).await;
        taken.expect("taken");
        house.settle().await;
    }
    let parked = ["a", "b", "c"].map(|item| run.child("sent", item));
    for child in parked {
        if house.summary(child).await.standing == Standing::Parked {
            let handle = house.handle();
            let resumed = handle.operate(child, dragoman_engine::Act::Resume, olga(), "well again");
            resumed.await.expect("taken");
        }
    }
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "ship 7a": 1, "ship 7b": 1, "ship 7c": 1 })
    );
}

#[tokio::test]
async fn a_parent_waits_while_a_child_is_parked() {
    let house = House::new(&[plan("each", EACH)]);
    house.partner.will("ship", [Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("each", "7").await;
    assert!(matches!(house.summary(run).await.standing, Standing::Waiting(_)));
    let person = dragoman_model::Actor::person("olga", "password");
    let child = run.child("sent", "a");
    house
        .handle()
        .operate(child, dragoman_engine::Act::Resume, person, "the key works again")
        .await
        .expect("taken");
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "ship 7a": 1, "ship 7b": 1, "ship 7c": 1 })
    );
}

const CHOOSE: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: way
    choose:
      - when: steps.order.large
        value: { id: 'by sea' }
      - else:
          - id: shipped
            call: shop.ship
            with: { number: =steps.order.number }
        value: { id: =steps.shipped.id }
  - id: both
    parallel:
      left: [{ id: one, call: shop.notify, with: { number: '=steps.order.number + \"l\"' } }]
      right: [{ id: two, call: shop.notify, with: { number: '=steps.order.number + \"r\"' } }]
  - id: extra
    call: shop.post
    when: steps.order.large
    with: { number: =steps.order.number }
  - stop: { reason: '=\"enough: \" + steps.both.left.id' }
    when: steps.way.id == 'ship-7'
";

#[tokio::test]
async fn branches_and_conditions() {
    let house = House::new(&[plan("choose", CHOOSE)]);
    let run = house.run("choose", "7").await;
    let summary = house.summary(run).await;
    assert_eq!(summary.ending, Some(Ending::Stopped));
    assert_eq!(summary.note.as_deref(), Some("enough: notify-7l"));
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "ship 7": 1, "notify 7l": 1, "notify 7r": 1 })
    );
}

#[tokio::test]
async fn where_a_branch_ends_the_run_the_others_bring_to_an_end_what_is_open() {
    let house = House::new(&[plan("choose", CHOOSE)]);
    house.partner.will(
        "notify",
        [Fail(Failure::permanent("http.401", "no")), Break { applied: true }],
    );
    let run = house.run("choose", "7").await;
    let story = house.story(run).await;
    assert!(story.contains("done both.right.two by answer"), "{story}");
    assert!(story.ends_with("parked both.left.one http.401"), "{story}");
}

const HANDLED: &str = "
steps:
  - id: shipped
    call: shop.ship
    with: { number: =trigger.message.number }
    on_rejected:
      steps:
        - id: told
          call: shop.notify
          with: { number: =trigger.message.number }
      value: { id: =failure.code }
output: { id: =steps.shipped.id }
";

#[tokio::test]
async fn a_handler_gives_the_value_of_its_step() {
    let house = House::new(&[plan("handled", HANDLED)]);
    house
        .partner
        .will("ship", [Fail(Failure::rejected("order.gone", "no"))]);
    let run = house.run("handled", "7").await;
    assert_eq!(house.summary(run).await.output, Some(json!({ "id": "order.gone" })));
}

const UNDO: &str = "
on_failure: undo
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
      once: trigger.message.number
      ref: trigger.message.number
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
    undo: { call: shop.cancel, with: { number: =trigger.message.number } }
  - id: posted
    call: shop.post
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn what_a_failed_run_did_is_undone_newest_first() {
    let house = House::new(&[plan("undo", UNDO)]);
    house.partner.will("post", [Fail(Failure::permanent("http.401", "no"))]);
    house.partner.will("cancel", [Break { applied: true }]);
    let run = house.run("undo", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        claimed used stock
        intent shipped ship #1
        done shipped by answer
        intent posted post #1
        failed posted #1 permanent none http.401 last
        intent shipped.undo cancel #1 undo
        failed shipped.undo #1 retryable unknown http.cut
        timer shipped.undo retry 0s
        intent shipped.undo cancel #2 undo
        done shipped.undo by answer
        released used.undo stock
        closed failed",
    );
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1, "cancel 7": 1 }));
    assert_eq!(
        house.effects("7").await,
        ["ledger:stock used Undone", "shop.ship shipped Undone"]
    );
}

#[tokio::test]
async fn an_undo_that_fails_parks_with_the_claim_held() {
    let house = House::new(&[plan("undo", UNDO)]);
    house.partner.will("post", [Fail(Failure::permanent("http.401", "no"))]);
    house
        .partner
        .will("cancel", [Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("undo", "7").await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    assert_eq!(
        house.effects("7").await,
        ["ledger:stock used Done", "shop.ship shipped Done"]
    );
}

const OBSERVED: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: shipped
    call: shop.ship
    once: steps.order.number
    with: { number: =steps.order.number }
  - id: told
    call: shop.notify
    with: { number: =steps.shipped.id }
  - id: way
    choose:
      - when: steps.shipped.id == 'x'
        value: { id: 'x' }
      - else: []
        value: { id: 'y' }
output: { id: =steps.shipped.id }
";

#[tokio::test]
async fn in_observe_mode_only_reads_are_made() {
    let house = House::new(&[plan("observed", &format!("mode: observe\n{OBSERVED}"))]);
    let run = house.run("observed", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        read order #1
        observed shipped call
        observed told call
        observed way choose
        closed completed",
    );
    assert_eq!(json!(house.partner.facts()), json!({}));
    let entries = house.entries(run).await;
    assert_eq!(
        entries[2].body.as_ref().expect("a body")["input"],
        json!({ "number": "7" })
    );
}

const OBSERVED_BRANCHES: &str = "
mode: observe
steps:
  - id: both
    parallel:
      read: [{ id: order, call: shop.get, with: { number: =trigger.message.number } }]
      sent: [{ id: shipped, call: shop.ship, once: trigger.message.number, with: { number: =trigger.message.number } }]
  - id: told
    call: shop.notify
    with: { number: =steps.both.read.number }
output: { id: =steps.both.sent.id }
";

#[tokio::test]
async fn a_branch_that_was_only_observed_does_not_look_like_one_that_gives_nothing() {
    let house = House::new(&[plan("branches", OBSERVED_BRANCHES)]);
    let run = house.run("branches", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        observed both.sent.shipped call
        read both.read.order #1
        observed both parallel
        observed told call
        closed completed",
    );
}

#[tokio::test]
async fn what_was_only_observed_is_done_when_it_comes_again_to_a_live_pipeline() {
    let folder = tempfile::tempdir().expect("a folder");
    let (journal, clock) = (open(folder.path()), ManualClock::new(MORNING));
    let in_mode = |mode: &str| {
        let plans = [plan("sent", &format!("mode: {mode}\n{OBSERVED}"))];
        House::on(Arc::clone(&journal), Arc::default(), clock.clone(), &plans)
    };
    let house = in_mode("observe");
    let observed = house.run("sent", "7").await;
    assert_eq!(house.run("sent", "7").await, observed, "it is observed once");
    assert_eq!(json!(house.partner.facts()), json!({}));
    drop(house);
    let house = in_mode("live");
    let live = house.run("sent", "7").await;
    assert_ne!(live, observed);
    assert_eq!(house.run("sent", "7").await, live, "it is done once");
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1, "notify ship-7": 1 }));
    assert_eq!(house.ending(observed).await, Some(Ending::Completed));
}

#[tokio::test]
async fn over_an_observed_connection_only_reads_are_made() {
    let house = House::new(&[plan("watched", &OBSERVED.replace("call: shop", "call: watched"))]);
    let run = house.run("watched", "7").await;
    let story = house.story(run).await;
    assert!(story.contains("read order #1\nobserved shipped call"), "{story}");
    assert_eq!(json!(house.partner.facts()), json!({}));
}

const SLEEP: &str = "
steps:
  - sleep: 3d
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn a_sleep_lives_in_the_store() {
    let house = House::new(&[plan("sleep", SLEEP)]);
    let run = house.run("sleep", "7").await;
    let story = house.story(run).await;
    assert!(story.contains("sleep 259200s"), "{story}");
    assert!(story.ends_with("closed completed"), "{story}");
}

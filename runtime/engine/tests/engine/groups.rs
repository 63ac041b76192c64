//! `try`: what a group catches, what it lets through, and what a person finds of it later.

use dragoman_engine::Act;
use dragoman_journal::{Ending, Standing};
use dragoman_model::{Actor, Effect, Failure};
use serde_json::json;

use crate::house::{House, check, plan};
use crate::partner::Does::*;

const GROUP: &str = "
steps:
  - id: group
    try:
      - id: order
        call: shop.get
        with: { number: =trigger.message.number }
      - id: posted
        call: shop.post
        with: { number: =steps.order.number }
      - id: told
        call: shop.notify
        with: { number: =steps.posted.id }
    on_rejected:
      value: { order: { number: none, parcels: [], large: false }, posted: { id: refused }, told: { id: refused } }
    on_failure: HANDLER
output: { told: =steps.group.told.id, posted: =steps.group.posted.id }
";

const YIELDS: &str = "{ value: { order: { number: none, parcels: [], large: false }, posted: { id: failed }, told: { id: =failure.code } } }";

fn group(handler: &str) -> std::sync::Arc<dragoman_plan::Plan> {
    plan("group", &GROUP.replace("HANDLER", handler))
}

#[tokio::test]
async fn a_group_gives_the_outputs_of_its_steps_by_name() {
    let house = House::new(&[group(YIELDS)]);
    let run = house.run("group", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        read group.steps.order #1
        intent group.steps.posted post #1
        done group.steps.posted by answer
        intent group.steps.told notify #1
        done group.steps.told by answer
        closed completed",
    );
    assert_eq!(
        house.summary(run).await.output,
        Some(json!({ "told": "notify-post-7", "posted": "post-7" }))
    );
}

#[tokio::test]
async fn what_its_steps_did_not_handle_the_group_handles() {
    let house = House::new(&[group(YIELDS)]);
    house.partner.will(
        "notify",
        [
            Fail(Failure::permanent("http.401", "no")),
            Fail(Failure::rejected("gone", "no")),
        ],
    );
    let run = house.run("group", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        read group.steps.order #1
        intent group.steps.posted post #1
        done group.steps.posted by answer
        intent group.steps.told notify #1
        failed group.steps.told #1 permanent none http.401 last
        failed group #1 permanent none http.401 last
        closed completed",
    );
    assert_eq!(
        house.summary(run).await.output,
        Some(json!({ "told": "http.401", "posted": "failed" }))
    );
    let refused = house.run("group", "8").await;
    assert_eq!(
        house.summary(refused).await.output,
        Some(json!({ "told": "refused", "posted": "refused" }))
    );
}

#[tokio::test]
async fn what_may_have_taken_effect_is_never_caught() {
    let unknown = Failure::permanent("http.cut", "cut").with_effect(Effect::Unknown);
    for failure in [unknown.clone(), unknown.with_effect(Effect::Applied)] {
        let house = House::new(&[group(YIELDS)]);
        house.partner.will("post", [Fail(failure)]);
        let run = house.run("group", "7").await;
        let story = house.story(run).await;
        assert!(story.ends_with("parked group.steps.posted http.cut"), "{story}");
    }
}

#[tokio::test]
async fn a_person_lets_go_on_what_failed_inside_and_nothing_is_done_twice() {
    let house = House::new(&[group("park")]);
    house
        .partner
        .will("notify", [Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("group", "7").await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    let person = Actor::person("olga", "password");
    let acted = house
        .handle()
        .operate(run, Act::Resume, person, "the key works again")
        .await;
    acted.expect("taken");
    house.settle().await;
    check(
        &house.story(run).await,
        "accepted hook
        read group.steps.order #1
        intent group.steps.posted post #1
        done group.steps.posted by answer
        intent group.steps.told notify #1
        failed group.steps.told #1 permanent none http.401 last
        failed group #1 permanent none http.401 last
        parked group.on_failure.park-1 park
        operated resume by olga
        intent group.steps.told notify #2
        done group.steps.told by answer
        closed completed",
    );
    assert_eq!(json!(house.partner.facts()), json!({ "post 7": 1, "notify post-7": 1 }));
}

const ENDS: &str = "
steps:
  - id: group
    try:
      - id: inner
        try:
          - stop: { reason: 'not ours' }
            when: trigger.message.number == '1'
          - fail: { reason: 'meant so' }
            when: trigger.message.number == '2'
          - id: told
            call: shop.notify
            with: { number: =trigger.message.number }
            on_rejected: { value: { id: handled } }
        on_rejected: { value: { told: { id: never } } }
    on_failure: { value: { inner: { told: { id: outer } } } }
output: { id: =steps.group.inner.told.id }
";

#[tokio::test]
async fn what_ends_the_run_ends_it_and_what_does_not_fit_is_let_through() {
    let house = House::new(&[plan("ends", ENDS)]);
    for (number, ending) in [("1", Ending::Stopped), ("2", Ending::Failed)] {
        let run = house.run("ends", number).await;
        assert_eq!(house.ending(run).await, Some(ending), "{number}");
    }
    house.partner.will(
        "notify",
        [
            Fail(Failure::rejected("gone", "no")),
            Fail(Failure::permanent("http.401", "no")),
        ],
    );
    for (number, id) in [("3", "handled"), ("4", "outer"), ("5", "notify-5")] {
        let run = house.run("ends", number).await;
        assert_eq!(house.summary(run).await.output, Some(json!({ "id": id })), "{number}");
    }
}

const BRANCHES: &str = "
decisions:
  go: { answers: { ship: [] } }
steps:
  - id: group
    try:
      - parallel:
          left: [{ id: one, call: shop.notify, with: { number: =trigger.message.number } }]
          right: [{ id: clerk, wait: { decision: go, roles: [approver] } }]
    on_failure: { value: {} }
  - id: after
    call: shop.post
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn what_a_caught_failure_leaves_open_is_given_up() {
    let house = House::new(&[plan("branches", BRANCHES)]);
    house
        .partner
        .will("notify", [Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("branches", "7").await;
    assert!(house.journal.waits(None).await.expect("the store answers").is_empty());
    let story = house.story(run).await;
    assert!(
        story.contains("waiting group.steps.parallel-1.right.clerk go"),
        "{story}"
    );
    assert!(story.ends_with("done after by answer\nclosed completed"), "{story}");
}

#[tokio::test]
async fn beside_what_is_caught_an_unknown_effect_is_still_a_persons() {
    let both = BRANCHES.replace(
        "{ id: clerk, wait: { decision: go, roles: [approver] } }",
        "{ id: two, call: shop.post, with: { number: =trigger.message.number } }",
    );
    let house = House::new(&[plan("branches", &both)]);
    house
        .partner
        .will("notify", [Fail(Failure::permanent("http.401", "no"))]);
    house.partner.will("post", [Break { applied: true }]);
    let run = house.run("branches", "7").await;
    let story = house.story(run).await;
    assert!(
        story.ends_with("parked group.steps.parallel-1.right.two http.cut"),
        "{story}"
    );
}

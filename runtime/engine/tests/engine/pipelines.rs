//! `run`: another pipeline as a child, its end, and what becomes of the one that runs it.

use std::sync::Arc;

use bytes::Bytes;
use dragoman_engine::{Acceptor, Act, Refused};
use dragoman_journal::{Ending, Record, Standing};
use dragoman_model::{Actor, Failure, RunId};
use dragoman_plan::Plan;
use serde_json::json;

use crate::house::{House, check, delivery, plan_among};
use crate::partner::Does::*;

const INPUT: &str = "on: [{ id: called, manual: { input: { type: object, required: [number],
  properties: { number: { type: string, pattern: '^[0-9]+$' }, large: { type: boolean } } } } }]\n";

const CALLED: &str = "
key: trigger.message.number
on_failure: WORD
steps:
  - stop: { reason: 'not ours' }
    when: trigger.message.number == '1'
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
output: { id: =steps.told.id }
";

const CALLER: &str = "
steps:
  - id: other
    run: called
    with: { number: =trigger.message.number }
    on_rejected: { value: { id: =failure.code } }
output: { id: =steps.other.id }
";

/// The pipeline that is run, and the one that runs it.
pub(crate) fn family(word: &str, caller: &str) -> [Arc<Plan>; 2] {
    let called = plan_among(INPUT, "called", &CALLED.replace("WORD", word), &[]);
    let top = "on: [{ id: hook, http: { path: /caller, from: partner }, read: shop.read_order }]\n";
    let caller = plan_among(top, "caller", caller, std::slice::from_ref(&called));
    [called, caller]
}

fn child(run: RunId) -> RunId {
    run.child("other", "run")
}

#[tokio::test]
async fn a_pipeline_runs_another_and_has_its_output() {
    let plans = family("park", CALLER);
    let house = House::new(&plans);
    let run = house.run("caller", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        children other 1
        done other by answer
        closed completed",
    );
    check(
        &house.story(child(run)).await,
        "accepted called
        intent told notify #1
        done told by answer
        closed completed",
    );
    assert_eq!(house.summary(run).await.output, Some(json!({ "id": "notify-7" })));
    let summary = house.summary(child(run)).await;
    assert_eq!((summary.parent, summary.run_key.as_str()), (Some(run), "7"));
    let first = house.entries(child(run)).await.remove(0).header;
    assert_eq!(first.versions.pipeline, plans[0].version);
    let Record::Accepted {
        parent: Some(parent), ..
    } = first.record
    else {
        panic!("it has a parent");
    };
    assert_eq!((parent.run, parent.path.as_str()), (run, "other"));
}

#[tokio::test]
async fn while_the_other_is_parked_the_one_that_runs_it_waits() {
    let house = House::new(&family("park", CALLER));
    house
        .partner
        .will("notify", [Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("caller", "7").await;
    assert!(matches!(house.summary(run).await.standing, Standing::Waiting(_)));
    let person = Actor::person("olga", "password");
    let acted = house
        .handle()
        .operate(child(run), Act::Resume, person, "the key works again")
        .await;
    acted.expect("taken");
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
}

/// How the one that runs it ends for what becomes of the other, and why.
async fn ends(number: &str, failure: Option<Failure>, expected: &str) {
    let house = House::new(&family("fail", CALLER));
    house.partner.will("notify", failure.map(Fail));
    let run = house.run("caller", number).await;
    let story = house.story(run).await;
    assert!(story.ends_with(expected), "{number}: {story}");
}

#[tokio::test]
async fn how_the_other_ended_is_how_the_step_ends() {
    let permanent = Failure::permanent("http.401", "no");
    ends(
        "7",
        Some(permanent),
        "failed other #1 permanent none run.failed last\nparked other run.failed",
    )
    .await;
    let rejected = Failure::rejected("gone", "no");
    ends(
        "7",
        Some(rejected),
        "failed other #1 rejected none run.failed last\nclosed completed",
    )
    .await;
    ends(
        "1",
        None,
        "failed other #1 permanent none run.stopped last\nparked other run.stopped",
    )
    .await;
}

#[tokio::test]
async fn a_person_lets_it_be_run_anew() {
    let house = House::new(&family("fail", CALLER));
    house
        .partner
        .will("notify", [Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("caller", "7").await;
    let person = Actor::person("olga", "password");
    let acted = house
        .handle()
        .operate(run, Act::Resume, person, "the key works again")
        .await;
    acted.expect("taken");
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    assert_eq!(house.ending(child(run)).await, Some(Ending::Failed));
    assert_eq!(house.ending(run.child("other", "run-2")).await, Some(Ending::Completed));
}

#[tokio::test]
async fn what_does_not_fit_the_input_begins_nothing() {
    let house = House::new(&family("park", CALLER));
    let run = house.run("caller", "7a").await;
    let story = house.story(run).await;
    assert!(
        story.ends_with("failed other #1 permanent none run.input last\nparked other run.input"),
        "{story}"
    );
    let mut by_hand = delivery("called", "7");
    by_hand.trigger = "called".into();
    for (body, taken) in [
        ("{ \"number\": \"8\" }", true),
        ("{ \"number\": \"8a\" }", false),
        ("{}", false),
    ] {
        by_hand.body = Bytes::from_static(body.as_bytes());
        match house.handle().deliver(by_hand.clone()).await {
            Ok(_) => assert!(taken, "{body}"),
            Err(Refused::Unreadable { failure, .. }) => {
                assert!(!taken, "{body}");
                assert_eq!(failure.code, "message.invalid");
                assert_eq!(failure.issues.len(), 1);
            }
            Err(other) => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn who_only_observes_runs_others_only_to_observe() {
    let caller = format!("mode: observe\n{CALLER}");
    let house = House::new(&family("park", &caller));
    let run = house.run("caller", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        children other 1
        observed other run
        closed completed",
    );
    check(
        &house.story(child(run)).await,
        "accepted called
        observed told call
        closed completed",
    );
    assert!(house.partner.facts().is_empty());
}

const KEYED: &str = "
serial: trigger.message.number
steps:
  - try:
      - repeat:
          until: round == 1
          steps:
            - id: other
              run: called
              with: { number: '=text(round + 5)' }
              key: trigger.message.number + text(round)
    on_failure: park
";

#[tokio::test]
async fn rounds_and_groups_may_run_others_under_keys_of_their_own() {
    let house = House::new(&family("park", KEYED));
    let run = house.run("caller", "7").await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    for round in [0, 1] {
        let child = run.child(&format!("try-1.steps.repeat-1[{round}].other"), "run");
        assert_eq!(house.summary(child).await.run_key, format!("7{round}"));
        let first = house.entries(child).await.remove(0);
        let Record::Accepted { serial, .. } = first.header.record else {
            panic!("it begins");
        };
        assert_eq!(serial.as_deref(), Some("7"), "it has the turn of its family");
    }
    assert_eq!(json!(house.partner.facts()), json!({ "notify 5": 1, "notify 6": 1 }));
}

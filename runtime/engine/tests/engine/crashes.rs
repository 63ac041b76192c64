//! Crashes at every commit: whatever moment the process dies, the world outside looks as if it had not.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use dragoman_engine::{Act, ManualClock};
use dragoman_journal::{Entry, Record, RunFilter, Standing};
use dragoman_model::{Actor, Failure, Value};
use dragoman_plan::Plan;
use serde_json::json;

use crate::house::{House, MORNING, open, plan, plan_on};
use crate::migrate::move_all;
use crate::mortal::{Dies, Mortal};
use crate::partner::Does::*;
use crate::partner::Partner;
use crate::pipelines::family;

/// What is done in one life: the messages are delivered (again, for nobody acknowledged them), people answer, time
/// passes.
async fn live(house: &House, plans: &[Arc<Plan>], pipelines: &[&str]) {
    for pipeline in pipelines {
        // A message of an earlier life is known by its key.
        house.deliver(pipeline, "7").await.expect("the message is taken");
        house.settle().await;
        move_all(house, plans).await;
        answer_all(house).await;
        repair_all(house).await;
    }
    house.until_delivered().await;
    house.settle().await;
    answer_all(house).await;
}

async fn answer_all(house: &House) {
    for wait in house.journal.waits(None).await.expect("the store answers") {
        if wait.roles.is_empty() {
            // Nobody answers a wait for an event.
            continue;
        }
        if wait.roles == ["administrator"] {
            give_up_all(house).await;
            break;
        }
        let answer = json!({ "answer": "ship" });
        let given = house
            .handle()
            .answer(&wait.id, Actor::person("olga", "password"), answer, wait.shown)
            .await;
        given.expect("the answer is taken");
    }
    house.settle().await;
}

/// Repairs what is parked, as the name of its pipeline says.
async fn repair_all(house: &House) {
    let from = Some("order".into());
    for (pipeline, act) in [
        ("undone", Act::Undo),
        ("replayed", Act::Replay { from, new_key: false }),
        ("replayed", Act::Resume),
    ] {
        let parked = RunFilter {
            pipeline: Some(pipeline.into()),
            status: Some("parked".into()),
            ..RunFilter::default()
        };
        for run in house.journal.runs(parked).await.expect("the store answers") {
            let olga = Actor::person("olga", "password");
            let done = house.handle().operate(run.run, act.clone(), olga, "mended").await;
            done.expect("it fits");
        }
        house.settle().await;
    }
}

/// Gives up every run that a message began and that has not ended.
async fn give_up_all(house: &House) {
    for run in house
        .journal
        .runs(RunFilter::default())
        .await
        .expect("the store answers")
    {
        if run.standing != Standing::Closed {
            let olga = Actor::person("olga", "password");
            let given_up = house
                .handle()
                .operate(run.run, Act::Cancel, olga, "begun by mistake")
                .await;
            given_up.expect("it has not ended");
        }
    }
}

/// One life on a folder: until everything is settled, or until the process dies. How many commits it made.
fn one_life(
    folder: &Path,
    partner: &Arc<Partner>,
    clock: &ManualClock,
    plans: &[Arc<Plan>],
    pipelines: &[&str],
    dies: Dies,
) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mortal = Mortal::new(open(folder), dies);
    runtime.block_on(async {
        let house = House::on(Arc::clone(&mortal) as _, Arc::clone(partner), clock.clone(), plans);
        tokio::select! {
            () = live(&house, plans, pipelines) => {}
            () = mortal.dead.notified() => {}
        }
    });
    // All tasks end with their runtime, wherever they are: nothing is tidied up.
    drop(runtime);
    mortal.commits.load(Ordering::SeqCst)
}

/// What stands in the end, as the world outside and the store have it.
fn outcome(folder: &Path, partner: &Partner) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let store = open(folder);
    let ends = runtime.block_on(async {
        let all = RunFilter {
            children: true,
            limit: 1_000,
            ..RunFilter::default()
        };
        let mut ends = Vec::new();
        for run in store.runs(all).await.expect("the store answers") {
            assert_ne!(run.standing, Standing::Active, "{run:?}");
            let entries = store.load(run.run).await.expect("the store answers");
            let moved = |entry: &&Entry| matches!(entry.header.record, Record::Migrated { .. });
            let moved = entries.iter().filter(moved).count();
            ends.push(format!(
                "{} {:?} {:?} moved {moved}",
                run.pipeline, run.standing, run.ending
            ));
        }
        ends.sort();
        ends
    });
    json!({ "facts": partner.facts(), "ends": ends })
}

/// Lives once without dying; then, for every commit, dies right before it and right after it, lives again, and demands
/// the same outcome.
pub(crate) fn every_commit(plans: &[Arc<Plan>], pipelines: &[&str], script: &dyn Fn(&Partner)) {
    let lives = |all: &[Dies]| {
        let folder = tempfile::tempdir().expect("a folder");
        let partner = Arc::new(Partner::default());
        script(&partner);
        let clock = ManualClock::new(MORNING);
        let mut commits = 0;
        for dies in all {
            commits = one_life(folder.path(), &partner, &clock, plans, pipelines, *dies);
        }
        (outcome(folder.path(), &partner), commits)
    };
    let (expected, commits) = lives(&[Dies::Never]);
    assert!(commits > 2, "a scenario of {commits} commits tests nothing");
    for number in 0..commits {
        for dies in [Dies::Before(number), Dies::After(number)] {
            let (found, _) = lives(&[dies, Dies::Never]);
            assert_eq!(found, expected, "{dies:?}");
        }
    }
}

pub(crate) const MAIN: &str = "
decisions:
  go: { answers: { ship: [] } }
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: clerk
    wait: { decision: go, for: 30d, show: [=steps.order.number], roles: [approver] }
    ref: steps.order.number
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      once: steps.order.number
      ref: steps.order.number
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
  - id: shipped
    call: shop.ship
    once: steps.order.number
    ref: steps.order.number
    with: { number: =steps.order.number }
  - id: told
    call: shop.notify
    with: { number: =steps.order.number }
output: { id: =steps.shipped.id }
";

#[test]
fn the_main_flow() {
    every_commit(&[plan("main", MAIN)], &["main"], &|_| {});
}

#[test]
fn the_main_flow_with_trouble() {
    every_commit(&[plan("main", MAIN)], &["main"], &|partner| {
        partner.will(
            "ship",
            [Fail(Failure::retryable("http.503", "no")), Break { applied: true }],
        );
        partner.will("notify", [Break { applied: true }, Break { applied: false }]);
        partner.will("get", [Fail(Failure::retryable("http.503", "no"))]);
    });
}

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
      - id: told
        call: shop.notify
        with: { number: =steps.shipped.id }
output: { sent: =steps.sent }
";

#[test]
fn children() {
    every_commit(&[plan("each", EACH)], &["each"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
    });
}

const GIVEN_UP: &str = "
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
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    concurrent: 5
    steps:
      - id: shipped
        call: shop.ship
        once: steps.order.number + parcel
        with: { number: =steps.order.number + parcel }
        when: parcel != 'b'
      - id: officer
        wait: { decision: go, answers: [ship, refuse], for: 30d, show: [=parcel], roles: [administrator] }
output: { sent: =steps.sent }
";

#[test]
fn a_run_that_is_given_up_with_its_items() {
    every_commit(&[plan("given-up", GIVEN_UP)], &["given-up"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
    });
}

const ASKS: &str = "
steps:
  - emit: { event: nudge, key: trigger.message.number, data: { number: =trigger.message.number } }
  - id: heard
    wait: { event: shipped, key: trigger.message.number, for: 30d }
  - id: told
    call: shop.notify
    with: { number: =steps.heard.number }
output: { number: =steps.told.id }
";

const ANSWERS: &str = "
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    with: { number: =trigger.message.number }
  - emit: { event: shipped, key: trigger.message.number, data: { number: =steps.shipped.id } }
";

#[test]
fn events_there_and_back() {
    let answers = plan_on("on: [{ id: nudged, event: { name: nudge } }]\n", "answers", ANSWERS);
    every_commit(&[plan("asks", ASKS), answers], &["asks"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
    });
}

const ROUNDS: &str = "
steps:
  - id: rounds
    repeat:
      until: round == 2
      every: 30s
      for: 1h
      steps:
        - id: group
          try:
            - id: shipped
              call: shop.ship
              once: trigger.message.number + text(round)
              with: { number: '=default(last.number, trigger.message.number) + text(round)' }
            - id: told
              call: shop.notify
              with: { number: =steps.shipped.id }
          on_rejected: { value: { shipped: { id: refused }, told: { id: =failure.code } } }
      value: { number: '=steps.group.shipped.id' }
output: { number: =steps.rounds.number }
";

#[test]
fn groups_in_rounds() {
    every_commit(&[plan("rounds", ROUNDS)], &["rounds"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
        partner.will("notify", [Break { applied: true }]);
    });
}

const CALLER: &str = "
steps:
  - id: other
    run: called
    with: { number: =trigger.message.number }
  - id: posted
    call: shop.ship
    once: steps.other.id
    with: { number: =steps.other.id }
output: { id: =steps.posted.id }
";

#[test]
fn a_pipeline_that_runs_another() {
    every_commit(&family("park", CALLER), &["caller"], &|partner| {
        partner.will("notify", [Break { applied: true }]);
        partner.will("ship", [Break { applied: true }]);
    });
}

const UNDO: &str = "
on_failure: undo
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
    undo: { call: shop.cancel, with: { number: =trigger.message.number } }
  - fail: { reason: 'changed my mind', class: permanent }
";

#[test]
fn undo() {
    every_commit(&[plan("undo", UNDO)], &["undo"], &|partner| {
        partner.will("cancel", [Break { applied: true }]);
    });
}

const SHIP: &str = "
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
";

const VOID: &str = "
steps:
  - id: closed
    void: { ref: trigger.message.number }
  - id: undone
    each: steps.closed.effects
    as: effect
    item_key: effect.run + effect.path
    steps:
      - id: cancelled
        call: shop.cancel
        with: { number: =trigger.message.number }
        when: effect.state == 'done'
";

#[test]
fn joining_and_voiding() {
    let plans = [plan("ship", SHIP), plan("twin", SHIP), plan("void", VOID)];
    every_commit(&plans, &["ship", "twin", "void"], &|partner| {
        partner.will("ship", [Break { applied: true }]);
        partner.will("probe ship", [Pending]);
    });
}

const BLIND: &str = "
steps:
  - id: posted
    call: shop.post
    with: { number: =trigger.message.number }
";

#[test]
fn with_neither_key_nor_probe_nothing_happens_twice() {
    // Here the outcome may differ: where it cannot be known whether the request left, a person decides.
    let plans = [plan("blind", BLIND)];
    for number in 0..3 {
        for dies in [Dies::Before(number), Dies::After(number)] {
            let folder = tempfile::tempdir().expect("a folder");
            let partner = Arc::new(Partner::default());
            let clock = ManualClock::new(MORNING);
            one_life(folder.path(), &partner, &clock, &plans, &["blind"], dies);
            one_life(folder.path(), &partner, &clock, &plans, &["blind"], Dies::Never);
            let posted = partner.facts().get("post 7").copied().unwrap_or(0);
            let parked = outcome(folder.path(), &partner)["ends"][0]
                .as_str()
                .expect("a text")
                .contains("Parked");
            assert!(posted == 1 || (posted == 0 && parked), "{dies:?}: {posted} {parked}");
        }
    }
}

#[test]
fn a_process_that_dies_in_the_middle_of_a_call() {
    for applied in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let partner = Arc::new(Partner::default());
        partner.will("ship", [Hang { applied }]);
        let clock = ManualClock::new(MORNING);
        let plans = [plan("ship", SHIP)];
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let house = House::on(open(folder.path()), Arc::clone(&partner), clock.clone(), &plans);
            house.deliver("ship", "7").await.expect("the message is taken");
            while partner.calls().len() < 2 {
                tokio::task::yield_now().await;
            }
        });
        drop(runtime);
        one_life(folder.path(), &partner, &clock, &plans, &["ship"], Dies::Never);
        assert_eq!(json!(partner.facts()), json!({ "ship 7": 1 }), "applied: {applied}");
    }
}

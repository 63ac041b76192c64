//! Runs that go on with another version of their pipeline: which can, and what becomes of them.

use std::sync::Arc;

use dragoman_engine::machine::{Machine, State, hindrances, version};
use dragoman_engine::{Act, Error};
use dragoman_journal::{Record, RunFilter, RunSummary, Standing};
use dragoman_model::{Actor, Failure, RunId};
use dragoman_plan::Plan;
use serde_json::json;

use crate::crashes::{MAIN, every_commit};
use crate::house::{House, check, plan};
use crate::partner::Does::*;

const OLD: &str = "
decisions:
  go: { answers: { ship: [], refuse: [] } }
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: label
    set: { text: =steps.order.number }
  - stop: { reason: nothing }
    when: steps.order.number == '0'
  - id: way
    choose:
      - when: steps.order.large
        value: { id: 'by sea' }
      - else:
          - id: shipped
            call: shop.ship
            once: steps.order.number
            ref: steps.order.number
            with: { number: =steps.order.number }
            undo: { call: shop.cancel, with: { number: =steps.order.number } }
        value: { id: =steps.shipped.id }
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      once: steps.order.number
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
  - id: clerk
    wait: { decision: go, for: 30d, show: [=steps.label.text], roles: [approver] }
  - id: told
    call: shop.notify
    with: { number: =steps.label.text }
output: { id: =steps.told.id }
";

/// The old text with something else in it.
fn edited(from: &str, to: &str) -> String {
    let text = OLD.replacen(from, to, 1);
    assert_ne!(text, OLD, "`{from}` is in the text");
    text
}

fn olga() -> Actor {
    Actor::person("olga", "password")
}

/// A run of the old version that waits for the clerk, where a new version is there too.
async fn waiting(new: &str) -> (House, RunId, [Arc<Plan>; 2]) {
    let plans = [plan("moves", new), plan("moves", OLD)];
    let house = House::new(&plans);
    let run = house.run_without_time("moves", "7").await;
    (house, run, plans)
}

/// What keeps a run that waits for the clerk from going on with a new version, a line each.
async fn in_the_way(new: &str) -> String {
    let (house, run, [new, old]) = waiting(new).await;
    let mut state = State::new(run);
    house.entries(run).await.iter().for_each(|entry| state.apply(entry));
    let found = hindrances(&state, &old, &new, &json!({ "country": "CH" }));
    assert_eq!(state.stands_at(), ["clerk"]);
    let lines: Vec<String> = found
        .iter()
        .map(|one| format!("{}: {}", one.path, one.reason))
        .collect();
    lines.join("\n")
}

#[tokio::test]
async fn what_comes_later_may_be_anything() {
    for (from, to) in [
        // Behind the wait.
        ("call: shop.notify", "call: shop.post"),
        (
            "  - id: told",
            "  - { id: more, call: shop.post, with: { number: =steps.order.number } }\n  - id: told",
        ),
        ("output: { id: =steps.told.id }", "output: { id: =steps.way.id }"),
        // What was sent was sent.
        (
            "call: shop.get\n    with: { number: =trigger.message.number }",
            "call: shop.get\n    with: { number: '=\"0\" + trigger.message.number' }",
        ),
        (
            "limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"",
            "limits: \"[{'item': 'a', 'quantity': quantity('9', 'KGM')}]\"",
        ),
        // An arm that was not taken, and how long is waited.
        ("value: { id: 'by sea' }", "value: { id: 'by air' }"),
        ("for: 30d", "for: 90d"),
        ("steps:\n", "on_failure: undo\nsteps:\n"),
    ] {
        assert_eq!(in_the_way(&edited(from, to)).await, "", "{to}");
    }
}

#[tokio::test]
async fn what_was_reached_must_mean_the_same() {
    let reached = "the run has reached it, and its";
    for (from, to, expected) in [
        (
            "call: shop.get",
            "call: watched.get",
            "order: the run has reached it with the operation `shop.get`".to_owned(),
        ),
        (
            "set: { text: =steps.order.number }",
            "set: { text: '=steps.order.number + \"b\"' }",
            "label: the run has passed it, and it gives another value".into(),
        ),
        (
            "when: steps.order.number == '0'",
            "when: steps.order.number == '1'",
            "stop-1: the run has decided whether it is taken".into(),
        ),
        (
            "when: steps.order.large",
            "when: '!steps.order.large'",
            "way.arm-1: the run has chosen by its condition".into(),
        ),
        (
            "once: steps.order.number\n            ref",
            "once: trigger.message.number\n            ref",
            format!("way.arm-2.shipped: {reached} `once` was `steps.order.number` and is `trigger.message.number` now"),
        ),
        (
            "ref: steps.order.number",
            "ref: trigger.message.number",
            format!("way.arm-2.shipped: {reached} `ref` was"),
        ),
        (
            "            undo: { call: shop.cancel, with: { number: =steps.order.number } }\n",
            "",
            "way.arm-2.shipped: what it does could no longer be undone".into(),
        ),
        (
            "value: { id: =steps.shipped.id }",
            "value: { id: '=steps.shipped.id + \"b\"' }",
            "way.arm-2: the run has passed it, and its `value`".into(),
        ),
        (
            "\"'paper'\"",
            "\"'card'\"",
            format!("used: {reached} `account` was `'paper'` and is `'card'` now"),
        ),
        (
            "answers: { ship: [], refuse: [] }",
            "answers: { ship: [], wait: [] }",
            "clerk: somebody is asked to decide, and the new version has other answers".into(),
        ),
        (
            "roles: [approver]",
            "roles: [operator]",
            "clerk: somebody is asked to decide, and in the new version others may".into(),
        ),
        (
            "  - id: clerk\n",
            "  - id: early\n    set: 1\n  - id: clerk\n",
            "early: it stands before `clerk`".into(),
        ),
        (
            "  - stop: { reason: nothing }\n    when: steps.order.number == '0'\n",
            "",
            "stop-1: the run has reached it, and the new version does not have it".into(),
        ),
        (
            "            with: { number: =steps.order.number }\n            undo",
            "            when: steps.order.number != '0'\n            with: { number: =steps.order.number }\n            undo",
            String::new(),
        ),
    ] {
        let text = edited(from, to);
        // A step that may be skipped gives what may be absent.
        let text = if expected.is_empty() {
            text.replace(
                "{ id: =steps.shipped.id }",
                "{ id: '=default(steps.shipped.id, \"\")' }",
            )
        } else {
            text
        };
        let found = in_the_way(&text).await;
        let expected = if expected.is_empty() {
            "way.arm-2: the run has passed it, and its `value`"
        } else {
            &expected
        };
        assert!(found.starts_with(expected), "{to}:\n{found}");
    }
}

#[tokio::test]
async fn a_run_goes_on_with_the_new_version_and_nothing_is_called_again() {
    let new = edited(
        "  - id: told\n",
        "  - id: more\n    call: shop.post\n    with: { number: =steps.way.id }\n  - id: told\n",
    );
    let (house, run, [new, _]) = waiting(&new).await;
    let before = house.entries(run).await;
    let calls = house.partner.calls();
    house
        .handle()
        .migrate(run, new.version, olga(), "mended")
        .await
        .expect("it is moved");
    house
        .handle()
        .migrate(run, new.version, olga(), "again")
        .await
        .expect("it is there already");
    house.quiet().await;
    assert_eq!(house.partner.calls(), calls);

    // The state is what the entries say, and the only thing that differs is the version.
    let entries = house.entries(run).await;
    assert_eq!(entries[..before.len()], before);
    assert_eq!(entries.len(), before.len() + 1);
    assert_eq!(version(&entries), Some(new.version));
    let fold = |entries: &[_]| {
        Machine::from_entries(Arc::clone(&new), run, entries, &Actor::system("w"))
            .state()
            .clone()
    };
    let (mut was, now) = (fold(&before), fold(&entries));
    was.next += 1;
    was.origin.as_mut().expect("it began").version = new.version;
    assert_eq!(was, now);

    let wait = house
        .journal
        .waits(Some(run))
        .await
        .expect("the store answers")
        .remove(0);
    let answered = house
        .handle()
        .answer(&wait.id, olga(), json!({ "answer": "ship" }), wait.shown)
        .await;
    answered.expect("the wait is open as it was");
    house.settle().await;
    let story = house.story(run).await;
    let behind = story.split("waiting clerk go\n").nth(1).expect("it waited");
    check(
        behind,
        "migrated by olga
        answer clerk by olga
        intent more post #1
        done more by answer
        intent told notify #1
        done told by answer
        closed completed",
    );
    let last = house.entries(run).await;
    assert!(
        last[before.len()..]
            .iter()
            .all(|entry| entry.header.versions.pipeline == new.version)
    );
    let Record::Migrated { from, to } = &last[before.len()].header.record else {
        panic!("it is the entry of the move");
    };
    assert_eq!((*from, *to), (before[0].header.versions.pipeline, new.version));
    assert_eq!(house.partner.facts()["ship 7"], 1);
}

#[tokio::test]
async fn a_run_that_cannot_move_stays_where_it_is() {
    let (house, run, [new, _]) = waiting(&edited("call: shop.get", "call: watched.get")).await;
    let before = house.entries(run).await;
    let moved = house.handle().migrate(run, new.version, olga(), "mended").await;
    assert!(matches!(moved, Err(Error::Bound { .. })), "{moved:?}");
    house.quiet().await;
    assert_eq!(house.entries(run).await, before);
    let stands = house.summary(run).await.standing;
    assert!(matches!(stands, Standing::Waiting(Some(_))), "{stands:?}");
}

const BROKEN: &str = "
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    with: { number: =trigger.message.number }
    on_failure: park
  - id: told
    call: shop.notify
    with: { number: '=trigger.message.number + \"x\"' }
";

#[tokio::test]
async fn a_parked_run_stays_parked_and_goes_on_in_the_new_version() {
    let mended = BROKEN.replace("+ \"x\"", "+ \"y\"");
    let plans = [plan("parks", &mended), plan("parks", BROKEN)];
    let house = House::new(&plans);
    house.partner.will("ship", [Fail(Failure::permanent("no.way", "no"))]);
    let run = house.run("parks", "7").await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    house
        .handle()
        .migrate(run, plans[0].version, olga(), "mended")
        .await
        .expect("it is moved");
    house.quiet().await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    house
        .handle()
        .operate(run, Act::Resume, olga(), "repaired")
        .await
        .expect("it goes on");
    house.settle().await;
    let facts: Vec<String> = house.partner.facts().into_keys().collect();
    assert_eq!(facts, ["notify 7y", "ship 7"]);
    let ended = house.handle().migrate(run, plans[1].version, olga(), "back").await;
    assert!(matches!(ended, Err(Error::Ended(_))), "{ended:?}");
}

#[tokio::test]
async fn what_is_under_way_is_not_moved() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let plans = [
        plan("parks", &BROKEN.replace("+ \"x\"", "+ \"y\"")),
        plan("parks", BROKEN),
    ];
    let house = House::new(&plans);
    house.partner.will("ship", [Wait(Arc::clone(&gate))]);
    let mut story = house.handle().subscribe();
    let Ok(dragoman_engine::Delivered::Accepted { run, .. }) = house.deliver("parks", "7").await else {
        panic!("it is taken");
    };
    while !matches!(
        story.recv().await.expect("it is told").entry.record,
        Record::Intent { .. }
    ) {}
    let busy = house.handle().migrate(run, plans[0].version, olga(), "mended").await;
    assert!(matches!(busy, Err(Error::Busy(_))), "{busy:?}");
    gate.notify_one();
    house.settle().await;
    assert_eq!(house.partner.facts()["notify 7x"], 1, "it came to its end as it began");
}

/// Where there are two versions of a pipeline, whatever has not ended goes on with the first.
pub(crate) async fn move_all(house: &House, plans: &[Arc<Plan>]) {
    for run in open_runs(house).await {
        let mut versions = plans.iter().filter(|plan| plan.pipeline == run.pipeline);
        let (Some(plan), Some(_)) = (versions.next(), versions.next()) else {
            continue;
        };
        let actor = Actor::person("olga", "password");
        let moved = house.handle().migrate(run.run, plan.version, actor, "mended").await;
        moved.expect("the run is moved");
    }
    house.settle().await;
}

async fn open_runs(house: &House) -> Vec<RunSummary> {
    let all = RunFilter {
        children: true,
        limit: 1_000,
        ..RunFilter::default()
    };
    let mut runs = house.journal.runs(all).await.expect("the store answers");
    runs.retain(|run| run.standing != Standing::Closed);
    runs
}

/// What is new stands behind the wait: a run that waits can go on with it.
fn with_more(text: &str) -> String {
    let mended = text.replace(
        "  - id: told\n",
        "  - id: more\n    call: shop.notify\n    with: { number: '=steps.order.number + \"more\"' }\n  - id: told\n",
    );
    assert_ne!(mended, text);
    mended
}

#[test]
fn a_run_goes_on_with_another_version() {
    let plans = [plan("main", &with_more(MAIN)), plan("main", MAIN)];
    every_commit(&plans, &["main"], &|partner| {
        partner.will("ship", [Break { applied: true }]);
    });
}

const ASKS_EACH: &str = "
decisions:
  go: { answers: { ship: [] } }
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
      - id: shipped
        call: shop.ship
        once: steps.order.number + parcel
        with: { number: =steps.order.number + parcel }
      - id: clerk
        wait: { decision: go, for: 30d, show: [=parcel], roles: [approver] }
      - id: told
        call: shop.notify
        with: { number: =steps.shipped.id }
    value: =steps.told.id
output: { sent: =steps.sent }
";

#[test]
fn items_and_their_parent_go_on_with_another_version() {
    let more = ASKS_EACH.replace(
        "      - id: told\n",
        "      - call: shop.notify\n        with: { number: =parcel }\n      - id: told\n",
    );
    let plans = [plan("asks", &more), plan("asks", ASKS_EACH)];
    every_commit(&plans, &["asks"], &|_| {});
}

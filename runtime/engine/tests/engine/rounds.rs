//! `repeat`: rounds, the pauses between them, the end of the time, and what is left of a round that is over.

use dragoman_engine::Act;
use dragoman_engine::machine::{Event, Machine};
use dragoman_journal::{Ending, Standing};
use dragoman_model::{Actor, Failure, RunId};
use serde_json::json;

use crate::house::{House, MORNING, check, plan};
use crate::partner::Does::*;
use crate::replay::{Quiet, accepted, worker};

const POLL: &str = "
steps:
  - id: poll
    repeat:
      until: round >= 2 && default(last.count, 0) == 2
      every: 10s..1m
      steps:
        - id: asked
          call: shop.get
          with: { number: '=trigger.message.number + text(round)' }
      value: { count: '=default(last.count, 0) + 1', number: =steps.asked.number }
output: =steps.poll
";

#[tokio::test]
async fn rounds_follow_until_something_holds() {
    let house = House::new(&[plan("poll", POLL)]);
    let run = house.run("poll", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        read poll[0].asked #1
        chosen poll round
        timer poll repeat 10s
        read poll[1].asked #1
        chosen poll round
        timer poll repeat 20s
        read poll[2].asked #1
        closed completed",
    );
    assert_eq!(
        house.summary(run).await.output,
        Some(json!({ "count": 3, "number": "72" }))
    );
}

const PAGES: &str = "
steps:
  - id: pages
    repeat:
      until: size(steps.page.parcels) < 3 || round == 3
      rounds: ROUNDS
      steps:
        - id: page
          call: shop.get
          with: { number: '=default(last.next, trigger.message.number)' }
        - id: told
          call: shop.notify
          with: { number: =steps.page.number }
      value: { next: '=steps.page.number + \"x\"', all: '=default(last.all, []) + [steps.told.id]' }
    on_timeout: { value: { next: none, all: [=failure.code] } }
output: { all: =steps.pages.all }
";

#[tokio::test]
async fn a_round_sees_what_the_one_before_gave() {
    let house = House::new(&[plan("pages", &PAGES.replace("ROUNDS", "100"))]);
    let run = house.run("pages", "7").await;
    let all = json!({ "all": ["notify-7", "notify-7x", "notify-7xx", "notify-7xxx"] });
    assert_eq!(house.summary(run).await.output, Some(all));
}

#[tokio::test]
async fn more_rounds_than_were_said_are_not_made() {
    let house = House::new(&[plan("pages", &PAGES.replace("ROUNDS", "2"))]);
    let run = house.run("pages", "7").await;
    assert_eq!(
        house.summary(run).await.output,
        Some(json!({ "all": ["repeat.rounds"] }))
    );
    assert_eq!(house.partner.facts().len(), 2);
}

const TIMED: &str = "
decisions:
  go: { answers: { ship: [] } }
steps:
  - id: poll
    repeat:
      until: 'false'
      every: 40s
      for: 1m
      steps: BODY
    HANDLER
";

fn timed(body: &str, handler: &str) -> std::sync::Arc<dragoman_plan::Plan> {
    plan("timed", &TIMED.replace("BODY", body).replace("HANDLER", handler))
}

const ASKS: &str = "[{ id: asked, call: shop.get, with: { number: =trigger.message.number } }]";

#[tokio::test]
async fn when_the_time_is_over_the_step_fails() {
    let house = House::new(&[timed(ASKS, "on_timeout: [{ stop: { reason: =failure.code } }]")]);
    let run = house.run("timed", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        chosen poll deadline
        read poll[0].asked #1
        chosen poll round
        timer poll repeat 40s
        read poll[1].asked #1
        chosen poll round
        timer poll repeat 20s
        failed poll #1 permanent none repeat.timeout last
        closed stopped",
    );
    assert_eq!(house.summary(run).await.note.as_deref(), Some("repeat.timeout"));
}

#[tokio::test]
async fn what_a_round_waits_for_ends_with_the_time() {
    let waits = "[{ id: clerk, wait: { decision: go, roles: [approver] } }]";
    let house = House::new(&[timed(waits, "on_failure: park")]);
    let run = house.run("timed", "7").await;
    assert!(matches!(house.summary(run).await.standing, Standing::Waiting(Some(_))));
    house.clock.advance(60_000);
    house.until_parked(run).await;
    assert!(house.journal.waits(None).await.expect("the store answers").is_empty());
    let person = Actor::person("olga", "password");
    let acted = house
        .handle()
        .operate(run, Act::Resume, person, "the clerk is back")
        .await;
    acted.expect("taken");
    house.quiet().await;
    check(
        &house.story(run).await,
        "accepted hook
        chosen poll deadline
        waiting poll[0].clerk go
        failed poll #1 permanent none repeat.timeout last
        parked poll.on_failure.park-1 park
        operated resume by olga
        chosen poll deadline
        waiting poll[0].clerk go",
    );
}

#[tokio::test]
async fn a_round_that_fails_is_handled_and_the_next_try_goes_on_in_it() {
    let posts = "[{ id: posted, call: shop.post, with: { number: 'a' } }, { id: told, call: shop.notify, with: { number: 'b' } }]";
    let house = House::new(&[timed(posts, "on_failure: park")]);
    house
        .partner
        .will("notify", [Answer, Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("timed", "7").await;
    let story = house.story(run).await;
    assert!(story.ends_with("failed poll[1].told #1 permanent none http.401 last\nfailed poll #1 permanent none http.401 last\nparked poll.on_failure.park-1 park"), "{story}");
    let person = Actor::person("olga", "password");
    house
        .handle()
        .operate(run, Act::Resume, person, "again")
        .await
        .expect("taken");
    house.quiet().await;
    let story = house.story(run).await;
    assert!(
        story.contains(
            "operated resume by olga\nchosen poll deadline\nintent poll[1].told notify #2\ndone poll[1].told"
        ),
        "{story}"
    );
    assert_eq!(house.partner.facts()["post a"], 2);
}

const UNDONE: &str = "
on_failure: undo
steps:
  - id: many
    repeat:
      until: round == 2
      steps:
        - id: shipped
          call: shop.ship
          with: { number: '=trigger.message.number + text(round)' }
          undo: { call: shop.cancel, with: { number: '=steps.shipped.id + text(round)' } }
  - fail: { reason: 'changed my mind' }
";

#[tokio::test]
async fn what_rounds_did_is_undone_newest_first() {
    let house = House::new(&[plan("undone", UNDONE)]);
    let run = house.run("undone", "7").await;
    assert_eq!(house.ending(run).await, Some(Ending::Failed));
    let cancelled: Vec<String> = house
        .partner
        .calls()
        .into_iter()
        .filter(|call| call.starts_with("cancel"))
        .collect();
    assert_eq!(
        cancelled,
        ["cancel ship-722 #1", "cancel ship-711 #1", "cancel ship-700 #1"]
    );
}

const EMPTY: &str = "
steps:
  - id: count
    repeat:
      until: round == 5000
      steps:
        - { id: one, set: { n: =round } }
        - { id: two, set: { n: =steps.one.n } }
      value: { n: =steps.two.n }
output: { n: =steps.count.n }
";

/// Each round is a turn of its own, and what is over is gone: five thousand rounds take as little room as five.
#[test]
fn rounds_that_are_over_take_no_room() {
    let plan = plan("count", EMPTY);
    let run = RunId::at(MORNING, [7; 10]);
    let mut machine = Machine::from_drafts(plan.clone(), run, &[accepted(&plan, run)], &worker());
    let mut event = Event::Started;
    let mut commits = 0;
    while machine.state().closed.is_none() {
        let turn = machine.advance(&Quiet, MORNING, event);
        assert!(
            turn.commit.is_some_and(|commit| commit.entries.len() <= 2),
            "in commit {commits}"
        );
        commits += 1;
        assert!(machine.state().steps().count() <= 2, "in commit {commits}");
        event = Event::Committed;
    }
    assert_eq!(commits, 5_001);
    assert_eq!(machine.state().closed, Some(Ending::Completed));
}

//! Replaying what stopped: from an earlier step, or under another key.

use dragoman_engine::machine::Redo;
use dragoman_engine::{Act, Error};
use dragoman_journal::{Ending, Record, Standing};
use dragoman_model::{Actor, Failure, RunId};
use serde_json::json;

use crate::crashes::every_commit;
use crate::house::{House, check, plan};
use crate::partner::Does::*;

pub(crate) fn olga() -> Actor {
    Actor::person("olga", "password")
}

pub(crate) fn from(step: &str) -> Act {
    Act::Replay {
        from: Some(step.into()),
        new_key: false,
    }
}

fn new_key() -> Act {
    Act::Replay {
        from: None,
        new_key: true,
    }
}

pub(crate) fn refused() -> crate::partner::Does {
    Fail(Failure::permanent("http.401", "no"))
}

pub(crate) async fn act(house: &House, run: RunId, act: Act) {
    let done = house.handle().operate(run, act, olga(), "mended").await;
    done.expect("it fits");
    house.settle().await;
}

/// Both the act and the look at it are refused with these words, and nothing is written.
pub(crate) async fn unfit(house: &House, run: RunId, act: Act, words: &str) {
    let before = house.story(run).await;
    let looked = house.handle().foresee(run, &act).await.map(drop);
    let done = house.handle().operate(run, act.clone(), olga(), "mended").await;
    for found in [looked, done] {
        match found {
            Err(error @ Error::Unfit { .. }) => {
                assert_eq!(error.code().id, "D0509");
                assert!(error.to_string().contains(words), "{act:?}: {error}");
            }
            other => panic!("{act:?}: {other:?}"),
        }
    }
    assert_eq!(house.story(run).await, before);
}

/// The keys of the requests of a step, in order.
async fn keys(house: &House, run: RunId, path: &str) -> Vec<String> {
    let key = |entry: &dragoman_journal::Entry| match &entry.header.record {
        Record::Intent { key, .. } if entry.header.path == path => Some(key.clone()),
        _ => None,
    };
    house.entries(run).await.iter().filter_map(key).collect()
}

const MAIN: &str = "
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
  - id: shipped
    call: shop.ship
    once: steps.order.number
    ref: steps.order.number
    with: { number: =steps.order.number }
  - id: told
    call: shop.notify
    ref: steps.order.number
    with: { number: =steps.shipped.id }
  - id: last
    call: shop.notify
    with: { number: =steps.order.number }
output: { id: =steps.shipped.id }
";

#[tokio::test]
async fn a_replay_goes_from_an_earlier_step_and_does_nothing_twice() {
    let house = House::new(&[plan("main", MAIN)]);
    house.partner.will("notify", [Answer, refused()]);
    let run = house.run("main", "7").await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    let foreseen = house.handle().foresee(run, &from("order")).await.expect("it fits");
    let replay = foreseen.replay.expect("it is a replay");
    let redo: Vec<(&str, &str)> = replay
        .aside
        .iter()
        .map(|aside| {
            let what = match &aside.redo {
                Redo::Anew => "anew",
                Redo::Asked => "asked",
                Redo::SameKey(_) => "same key",
                Redo::NewKey(_) => "new key",
                Redo::Joined(_) => "joined",
            };
            (aside.path.as_str(), what)
        })
        .collect();
    let expected = [
        ("order", "anew"),
        ("used", "joined"),
        ("shipped", "joined"),
        ("told", "same key"),
        ("last", "anew"),
    ];
    assert_eq!(redo, expected);
    assert_eq!(foreseen.next[0].text, "reads shop.get");
    act(&house, run, from("order")).await;
    check(
        &house.story(run).await,
        "accepted hook
        read order #1
        claimed used stock
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        done told by answer
        intent last notify #1
        failed last #1 permanent none http.401 last
        parked last http.401
        operated replay by olga
        read order #2
        claimed used stock joined
        done shipped by join
        intent told notify #2
        done told by answer
        intent last notify #2
        done last by answer
        closed completed",
    );
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "ship 7": 1, "notify ship-7": 1, "notify 7": 1 })
    );
    let told = keys(&house, run, "told").await;
    assert_eq!(told[0], told[1], "the other side knows it by its key");
    let entries = house.entries(run).await;
    let operated = entries
        .iter()
        .find(|entry| matches!(entry.header.record, Record::Operated { .. }));
    assert_eq!(
        operated.and_then(|entry| entry.body.clone()),
        Some(json!({ "reason": "mended", "from": "order",
            "aside": ["order", "used", "shipped", "told", "last"] }))
    );
    assert_eq!(
        house.effects("7").await,
        ["shop.ship shipped Done", "shop.notify told Done"]
    );
}

const BLIND: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: posted
    call: shop.post
    with: { number: =steps.order.number }
  - { emit: { event: nudge, data: { number: =steps.order.number } }, id: nudged }
  - id: told
    call: shop.notify
    with: { number: =steps.posted.id }
";

#[tokio::test]
async fn what_cannot_be_asked_again_is_not_gone_before() {
    let house = House::new(&[plan("blind", BLIND)]);
    house.partner.will("notify", [refused()]);
    let run = house.run("blind", "7").await;
    unfit(
        &house,
        run,
        from("order"),
        "`posted` (shop.post) took effect and cannot be asked again safely",
    )
    .await;
    unfit(
        &house,
        run,
        from("nudged"),
        "`nudged` cannot be done again: it has handed an event",
    )
    .await;
    unfit(
        &house,
        run,
        from("tols"),
        "it has no step `tols`; its steps are order, posted, nudged, told",
    )
    .await;
    act(&house, run, from("told")).await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    assert_eq!(json!(house.partner.facts()), json!({ "post 7": 1, "notify post-7": 1 }));
}

#[tokio::test]
async fn another_key_is_for_what_had_no_effect() {
    let house = House::new(&[plan("main", MAIN)]);
    house.partner.will("notify", [refused(), refused()]);
    let run = house.run("main", "7").await;
    act(&house, run, new_key()).await;
    act(&house, run, new_key()).await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    let told = keys(&house, run, "told").await;
    assert_eq!(told.len(), 3);
    assert!(
        told[0] != told[1] && told[1] != told[2] && told[0] != told[2],
        "{told:?}"
    );

    let house = House::new(&[plan("main", MAIN), plan("blind", BLIND)]);
    house.partner.will("ship", [refused()]);
    let run = house.run("main", "7").await;
    unfit(
        &house,
        run,
        new_key(),
        "the key of `shipped` is that of its business key",
    )
    .await;
    house.partner.will("post", [Break { applied: true }]);
    let run = house.run("blind", "7").await;
    unfit(&house, run, new_key(), "whether `posted` took effect is not known").await;
    let house = House::new(&[plan("main", MAIN)]);
    house.partner.will("notify", [Answer, refused()]);
    let run = house.run("main", "7").await;
    let told = Act::Replay {
        from: Some("told".into()),
        new_key: true,
    };
    unfit(&house, run, told, "`told` took effect under its key").await;
}

const ASKS: &str = "
decisions:
  go: { answers: { ship: [label], refuse: [] }, fields: { label: { type: string } } }
steps:
  - id: clerk
    wait: { decision: go, show: [=trigger.message.number], roles: [approver] }
  - id: way
    choose:
      - when: steps.clerk.answer == 'ship'
        steps:
          - id: shipped
            call: shop.ship
            once: trigger.message.number
            with: { number: '=default(steps.clerk.label, \"none\")' }
            undo: { call: shop.cancel, with: { number: =steps.shipped.id } }
        value: { id: =steps.shipped.id }
      - else:
        value: { id: none }
  - id: told
    call: shop.notify
    with: { number: =steps.way.id }
output: { id: =steps.way.id }
";

async fn answer(house: &House, run: RunId, given: serde_json::Value) {
    let wait = house
        .journal
        .waits(Some(run))
        .await
        .expect("the store answers")
        .remove(0);
    let answered = house.handle().answer(&wait.id, olga(), given, wait.shown).await;
    answered.expect("taken");
    house.settle().await;
}

/// A run that has shipped, could not tell of it, and was replayed from its clerk, who is asked again.
async fn asked_again() -> (House, RunId) {
    let house = House::new(&[plan("asks", ASKS)]);
    house.partner.will("notify", [refused()]);
    let run = house.run_without_time("asks", "7").await;
    answer(&house, run, json!({ "answer": "ship", "label": "L1" })).await;
    act(&house, run, from("clerk")).await;
    (house, run)
}

#[tokio::test]
async fn a_person_is_asked_again_and_the_same_answer_leads_to_the_same() {
    let (house, run) = asked_again().await;
    answer(&house, run, json!({ "answer": "ship", "label": "L1" })).await;
    assert_eq!(house.summary(run).await.output, Some(json!({ "id": "ship-L1" })));
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "ship L1": 1, "notify ship-L1": 1 })
    );
}

#[tokio::test]
async fn what_took_effect_is_not_done_with_another_input() {
    let (house, run) = asked_again().await;
    answer(&house, run, json!({ "answer": "ship", "label": "L2" })).await;
    let summary = house.summary(run).await;
    assert_eq!(summary.standing, Standing::Parked);
    let note = summary.note.expect("it says why");
    assert!(
        note.contains("`way.arm-1.shipped` took effect before the replay"),
        "{note}"
    );
    assert_eq!(json!(house.partner.facts()), json!({ "ship L1": 1 }));
    let once = dragoman_journal::OnceKey {
        scope: "shop.ship".into(),
        key: "7".into(),
    };
    let held = house
        .journal
        .once(once)
        .await
        .expect("the store answers")
        .expect("it is held");
    assert_eq!(
        held.state,
        dragoman_journal::OnceState::Done,
        "it stands for all others"
    );
}

#[tokio::test]
async fn what_the_new_way_leaves_behind_is_a_persons() {
    for (skips, ending, facts) in [
        (true, Ending::Completed, json!({ "ship L1": 1, "notify none": 1 })),
        (
            false,
            Ending::Cancelled,
            json!({ "ship L1": 1, "notify none": 1, "cancel ship-L1": 1 }),
        ),
    ] {
        let (house, run) = asked_again().await;
        answer(&house, run, json!({ "answer": "refuse" })).await;
        let summary = house.summary(run).await;
        assert_eq!(summary.standing, Standing::Parked, "{}", house.story(run).await);
        assert!(house.story(run).await.ends_with("parked way.arm-1.shipped replay.left"));
        act(&house, run, if skips { Act::Pass { output: None } } else { Act::Undo }).await;
        assert_eq!(house.ending(run).await, Some(ending), "{}", house.story(run).await);
        assert_eq!(json!(house.partner.facts()), facts);
    }
}

const ITEMS: &str = "
steps:
  - id: sent
    each: trigger.message.parcels
    as: parcel
    item_key: parcel
    steps:
      - id: order
        call: shop.get
        with: { number: =parcel }
      - id: told
        call: shop.notify
        with: { number: =steps.order.number }
  - id: last
    call: shop.notify
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn an_item_is_replayed_as_the_run_that_it_is() {
    let house = House::new(&[plan("items", ITEMS)]);
    house.partner.will("notify", [refused()]);
    let run = house.run("items", "7").await;
    let children = house
        .journal
        .children(run, "sent".into())
        .await
        .expect("the store answers");
    let stopped = children
        .iter()
        .find(|child| child.standing == Standing::Parked)
        .expect("one is parked")
        .run;
    unfit(
        &house,
        stopped,
        from("last"),
        "it has no step `sent[0].last`; its steps are order, told",
    )
    .await;
    house.partner.will("notify", [refused()]);
    act(&house, stopped, from("order")).await;
    assert_eq!(
        house.summary(stopped).await.standing,
        Standing::Parked,
        "it stopped again"
    );
    house.partner.will("notify", [Answer, refused()]);
    act(&house, stopped, from("sent[0].order")).await;
    assert_eq!(house.ending(stopped).await, Some(Ending::Completed));
    // The other items were done in the meantime; then the last step stopped.
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    unfit(&house, run, from("sent"), "`sent` has begun runs of its own").await;
    unfit(&house, run, Act::Undo, "the runs that `sent` has begun").await;
    act(&house, run, from("last")).await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
}

const AGAIN: &str = "
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
    ref: steps.order.number
    with: { number: =steps.shipped.id }
  - park: { reason: somebody looks at it }
    when: trigger.message.number != ''
  - id: last
    call: shop.notify
    with: { number: =steps.order.number }
output: { id: =steps.shipped.id }
";

#[test]
fn a_replay_in_every_crash() {
    // It stops, is replayed, stops at the same place and is let go on.
    every_commit(&[plan("replayed", AGAIN)], &["replayed"], &|partner| {
        partner.will("ship", [Break { applied: true }]);
        partner.will("notify", [Break { applied: true }, Break { applied: true }]);
    });
}

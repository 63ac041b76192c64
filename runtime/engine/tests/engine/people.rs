//! Waiting for people, and what people do.

use dragoman_engine::{Act, Error, Refused};
use dragoman_journal::{Ending, Standing, Wait};
use dragoman_model::{Actor, Digest, Failure, RunId};
use serde_json::json;

use crate::house::{House, check, plan};
use crate::partner::Does::*;

const ASK: &str = "
decisions:
  ship-or-refuse:
    answers: { ship: [label], refuse: [] }
    fields: { label: { type: string } }
steps:
  - id: clerk
    wait: { decision: ship-or-refuse, for: 30d, show: [=trigger.message.number], roles: [approver] }
    ref: trigger.message.number
    on_timeout: [{ park: { reason: 'no clerk decided' } }]
  - fail: { reason: '=default(steps.clerk.reason, \"refused\")', class: rejected }
    when: steps.clerk.answer == 'refuse'
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
output: { by: =steps.clerk.by.id, name: '=default(steps.clerk.by.name, \"none\")', how: =steps.clerk.by.authentication }
";

const VOID: &str = "
steps:
  - id: closed
    void: { ref: trigger.message.number }
";

fn olga() -> Actor {
    Actor {
        name: Some("Olga Nowak".into()),
        ..Actor::person("olga", "password")
    }
}

/// An order that waits for the clerk.
async fn waiting() -> (House, RunId, Wait) {
    let house = House::new(&[plan("ask", ASK), plan("void", VOID)]);
    let run = house.run_without_time("ask", "7").await;
    let wait = house
        .journal
        .waits(Some(run))
        .await
        .expect("the store answers")
        .remove(0);
    (house, run, wait)
}

#[tokio::test]
async fn a_person_answers_and_the_run_goes_on() {
    let (house, run, wait) = waiting().await;
    let answer = json!({ "answer": "ship", "label": "L1" });
    house
        .handle()
        .answer(&wait.id, olga(), answer.clone(), wait.shown)
        .await
        .expect("taken");
    house.settle().await;
    check(
        &house.story(run).await,
        "accepted hook
        waiting clerk ship-or-refuse
        answer clerk by olga
        intent shipped ship #1
        done shipped by answer
        closed completed",
    );
    assert_eq!(
        house.summary(run).await.output,
        Some(json!({ "by": "olga", "name": "Olga Nowak", "how": "password" }))
    );
    let second = house.handle().answer(&wait.id, olga(), answer, wait.shown).await;
    assert_eq!(second, Err(Error::NoWait(wait.id)));
}

#[tokio::test]
async fn a_refusal_ends_the_run() {
    let (house, run, wait) = waiting().await;
    let answer = json!({ "answer": "refuse", "reason": "too late" });
    house
        .handle()
        .answer(&wait.id, olga(), answer, wait.shown)
        .await
        .expect("taken");
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Failed));
    assert_eq!(house.summary(run).await.note.as_deref(), Some("too late"));
}

#[tokio::test]
async fn an_answer_that_does_not_fit_changes_nothing() {
    let (house, run, wait) = waiting().await;
    let handle = house.handle();
    let wrong = [
        json!({ "answer": "perhaps" }),
        json!({ "answer": "ship" }),
        json!("ship"),
        json!({ "answer": "refuse", "by": "me" }),
    ];
    for answer in wrong {
        let given = handle.answer(&wait.id, olga(), answer.clone(), wait.shown).await;
        assert!(matches!(given, Err(Error::WrongAnswer(_))), "{answer}: {given:?}");
    }
    let other = Digest::of(b"something else");
    let changed = handle
        .answer(&wait.id, olga(), json!({ "answer": "refuse" }), other)
        .await;
    assert_eq!(changed, Err(Error::Changed(wait.id.clone())));
    house.quiet().await;
    assert!(matches!(house.summary(run).await.standing, Standing::Waiting(Some(_))));
    check(&house.story(run).await, "accepted hook\nwaiting clerk ship-or-refuse");
}

const CHECKED: &str = "
steps:
  - id: known
    set: { labels: '=[trigger.message.number, \"8\"]' }
  - id: decision
    choose:
      - when: size(steps.known.labels) == 2
        steps:
          - id: clerk
            wait:
              decision: ship-or-refuse
              answers: { ship: [label], refuse: [] }
              fields: { label: { type: string }, weight: { type: string } }
              check: '(!has(answer.label) || answer.label in steps.known.labels) && decimal(default(answer.weight, \"1\")) > decimal(\"0\")'
              refusal: there is no such label
        value: =steps.clerk.answer
output: { answer: =steps.decision }
";

#[tokio::test]
async fn an_answer_of_which_the_check_does_not_hold_is_not_taken() {
    let house = House::new(&[plan("ask", CHECKED)]);
    let run = house.run_without_time("ask", "7").await;
    let waits = house.journal.waits(Some(run)).await.expect("the store answers");
    let answer = async |answer: serde_json::Value| {
        house
            .handle()
            .answer(&waits[0].id, olga(), answer, waits[0].shown)
            .await
    };
    let wrong = [
        (
            json!({ "answer": "ship", "label": "9" }),
            "the answer cannot be taken: there is no such label",
        ),
        (
            json!({ "answer": "refuse", "weight": "0" }),
            "the answer cannot be taken: there is no such label",
        ),
        (
            json!({ "answer": "ship", "label": "7", "weight": "much" }),
            "the answer cannot be looked at: ",
        ),
    ];
    for (given, why) in wrong {
        match answer(given.clone()).await {
            Err(Error::WrongAnswer(text)) => assert!(text.starts_with(why), "{given}: {text}"),
            other => panic!("{given}: {other:?}"),
        }
    }
    house.quiet().await;
    assert!(
        matches!(house.summary(run).await.standing, Standing::Waiting(None)),
        "it can be answered again"
    );
    answer(json!({ "answer": "ship", "label": "8" })).await.expect("taken");
    house.settle().await;
    assert_eq!(house.summary(run).await.output, Some(json!({ "answer": "ship" })));
}

#[tokio::test]
async fn nobody_answers_and_the_wait_can_be_opened_again() {
    let (house, run, wait) = waiting().await;
    house.clock.advance(31 * 86_400_000);
    house.until_parked(run).await;
    let late = house
        .handle()
        .answer(&wait.id, olga(), json!({ "answer": "refuse" }), wait.shown)
        .await;
    assert_eq!(late, Err(Error::NoWait(wait.id)));
    house
        .handle()
        .operate(run, Act::Resume, olga(), "ask again")
        .await
        .expect("taken");
    house.quiet().await;
    let again = house
        .journal
        .waits(Some(run))
        .await
        .expect("the store answers")
        .remove(0);
    let answer = json!({ "answer": "ship", "label": "L1" });
    house
        .handle()
        .answer(&again.id, olga(), answer, again.shown)
        .await
        .expect("taken");
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
}

#[tokio::test]
async fn a_void_ends_a_wait() {
    let (house, run, wait) = waiting().await;
    let void = house.run("void", "7").await;
    assert_eq!(house.ending(void).await, Some(Ending::Completed));
    assert_eq!(house.ending(run).await, Some(Ending::Stopped));
    assert_eq!(house.journal.waits(None).await.expect("the store answers"), []);
    let late = house
        .handle()
        .answer(&wait.id, olga(), json!({ "answer": "refuse" }), wait.shown)
        .await;
    assert_eq!(late, Err(Error::NoWait(wait.id)));
    assert_eq!(json!(house.partner.facts()), json!({}));
}

#[tokio::test]
async fn a_void_closes_a_parked_run_without_unknown_effect() {
    let house = House::new(&[plan("ask", ASK), plan("void", VOID)]);
    let run = house.run_without_time("ask", "7").await;
    house.clock.advance(31 * 86_400_000);
    house.until_parked(run).await;
    house.run("void", "7").await;
    assert_eq!(house.ending(run).await, Some(Ending::Stopped));
}

const POST: &str = "
steps:
  - id: posted
    call: shop.post
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn a_parked_run_is_resumed_skipped_or_given_up() {
    let refused = || Fail(Failure::permanent("http.401", "no"));
    for (act, ending, facts) in [
        (Act::Resume, Ending::Completed, json!({ "post 7": 1 })),
        (Act::Skip, Ending::Completed, json!({})),
        (Act::Cancel, Ending::Cancelled, json!({})),
    ] {
        let house = House::new(&[plan("post", POST)]);
        house.partner.will("post", [refused()]);
        let run = house.run("post", "7").await;
        assert_eq!(house.summary(run).await.standing, Standing::Parked);
        house
            .handle()
            .operate(run, act.clone(), olga(), "repaired")
            .await
            .expect("taken");
        house.settle().await;
        assert_eq!(house.ending(run).await, Some(ending), "{act:?}");
        assert_eq!(json!(house.partner.facts()), facts, "{act:?}");
        let again = house.handle().operate(run, act.clone(), olga(), "again").await;
        assert_eq!(again, Err(Error::Ended(run)));
    }
}

#[tokio::test]
async fn an_unknown_effect_is_not_sent_again_by_resuming() {
    let house = House::new(&[plan("post", POST)]);
    house.partner.will("post", [Break { applied: true }]);
    let run = house.run("post", "7").await;
    house
        .handle()
        .operate(run, Act::Resume, olga(), "try")
        .await
        .expect("taken");
    house.settle().await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    assert_eq!(json!(house.partner.facts()), json!({ "post 7": 1 }));
}

#[tokio::test]
async fn an_unreadable_message_is_kept() {
    let house = House::new(&[plan("post", POST)]);
    house.partner.will(
        "read_order",
        [Fail(Failure::permanent("xml.broken", "line 3: not well-formed"))],
    );
    let Err(Refused::Unreadable {
        failure,
        run: Some(run),
    }) = house.deliver("post", "7").await
    else {
        panic!("it was taken")
    };
    assert_eq!(failure.code, "xml.broken");
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    let document = house.entries(run).await[0].body.as_ref().expect("a body")["documents"]["message"]["digest"].clone();
    let digest = document.as_str().expect("a digest").parse().expect("a digest");
    let kept = house
        .journal
        .document(digest)
        .await
        .expect("the store answers")
        .expect("the message");
    assert_eq!(kept.1, b"7");
}

#[tokio::test]
async fn a_person_who_knows_that_it_had_no_effect_lets_it_be_sent_again() {
    let house = House::new(&[plan("post", POST)]);
    house.partner.will("post", [Break { applied: false }]);
    let run = house.run("post", "7").await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    house
        .handle()
        .operate(run, Act::Absent, olga(), "they have nothing")
        .await
        .expect("taken");
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    assert_eq!(json!(house.partner.facts()), json!({ "post 7": 1 }));
}

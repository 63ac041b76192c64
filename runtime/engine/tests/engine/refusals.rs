//! What people ask of runs and cannot have: each refusal has its code and says what to do, and nothing is written.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dragoman_engine::{Act, Error, ManualClock};
use dragoman_journal::{Standing, Wait};
use dragoman_journals_sqlite::{Fault, Options, SqliteJournal};
use dragoman_model::{Actor, Digest, Failure, RunId};
use serde_json::json;

use crate::house::{House, MORNING, plan};
use crate::partner::Does::*;

const ASK: &str = "
decisions:
  ship-or-refuse:
    answers: { ship: [label], refuse: [] }
    fields: { label: { type: string } }
steps:
  - id: clerk
    wait: { decision: ship-or-refuse, show: [=trigger.message.number], roles: [approver] }
";

const POST: &str = "
steps:
  - id: posted
    call: shop.post
    with: { number: =trigger.message.number }
";

fn olga() -> Actor {
    Actor::person("olga", "password")
}

/// A refusal: its code, in the error and at the beginning of what is said, and the words.
#[track_caller]
fn check(refused: Result<(), Error>, code: &str, words: &[&str]) {
    let error = refused.expect_err(code);
    assert_eq!(error.code().id, code, "{error}");
    let said = error.to_string();
    assert!(said.starts_with(&format!("{code}: ")), "{said}");
    for word in words {
        assert!(said.contains(word), "no `{word}` in: {said}");
    }
}

/// A run that is parked, and what it was called with.
async fn parked(house: &House, number: &str) -> RunId {
    house.partner.will("post", [Fail(Failure::permanent("http.401", "no"))]);
    let run = house.run("post", number).await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    run
}

async fn the_wait(house: &House, run: RunId) -> Wait {
    house
        .journal
        .waits(Some(run))
        .await
        .expect("the store answers")
        .remove(0)
}

#[tokio::test]
async fn acts_that_do_not_fit_are_refused() {
    let house = House::new(&[plan("ask", ASK), plan("post", POST)]);
    let waits = house.run("ask", "1").await;
    let ended = parked(&house, "2").await;
    let operate = async |run, act| house.handle().operate(run, act, olga(), "mended").await;
    operate(ended, Act::Skip).await.expect("it is parked");
    house.settle().await;
    let stories = [house.story(waits).await, house.story(ended).await];
    let nowhere = RunId::at(MORNING, [7; 10]);
    for (run, code, words) in [
        (nowhere, "D0501", &["there is no run"][..]),
        (waits, "D0502", &["is not parked", "`dragoman runs show`"]),
        (ended, "D0502", &["has ended"]),
    ] {
        for act in [Act::Resume, Act::Absent, Act::Skip, Act::Cancel] {
            // Whatever has not ended can be given up.
            if run != waits || act != Act::Cancel {
                check(operate(run, act.clone()).await, code, words);
            }
        }
    }
    assert_eq!([house.story(waits).await, house.story(ended).await], stories);
}

#[tokio::test]
async fn answers_that_do_not_fit_are_refused() {
    let house = House::new(&[plan("ask", ASK)]);
    let run = house.run("ask", "1").await;
    let Wait { id, shown, .. } = the_wait(&house, run).await;
    let other = Digest::of(b"something else");
    let cases: [(&str, _, _, &str, &[&str]); 6] = [
        (
            "w-1",
            json!({ "answer": "refuse" }),
            shown,
            "D0501",
            &["no open wait `w-1`"],
        ),
        (&id, json!({ "answer": "refuse" }), other, "D0504", &["look again", &id]),
        (
            &id,
            json!({ "answer": "perhaps" }),
            shown,
            "D0503",
            &["`perhaps`", "refuse", "ship"],
        ),
        (&id, json!({ "answer": "ship" }), shown, "D0503", &["label"]),
        (&id, json!({ "answer": "ship", "label": 7 }), shown, "D0503", &["label"]),
        (&id, json!("ship"), shown, "D0503", &[]),
    ];
    let story = house.story(run).await;
    for (wait, answer, shown, code, words) in cases {
        check(house.handle().answer(wait, olga(), answer, shown).await, code, words);
    }
    assert_eq!(house.story(run).await, story);
    house
        .handle()
        .answer(&id, olga(), json!({ "answer": "refuse" }), shown)
        .await
        .expect("the wait is still open");
}

#[tokio::test]
async fn what_is_under_way_or_cannot_be_built_is_left_where_it_is() {
    let gate = Arc::new(tokio::sync::Notify::new());
    let other = POST.replace("=trigger.message.number", "'=trigger.message.number + \"x\"'");
    let plans = [plan("post", &other), plan("post", POST)];
    let house = House::new(&plans);
    let stays = parked(&house, "1").await;
    house.partner.will("post", [Wait(Arc::clone(&gate))]);
    let mut story = house.handle().subscribe();
    house.deliver("post", "2").await.expect("the message is taken");
    let busy = loop {
        let heard = story.recv().await.expect("it is told");
        if matches!(heard.entry.record, dragoman_journal::Record::Intent { .. }) {
            break heard.entry.run;
        }
    };
    let refused = house.handle().migrate(busy, plans[0].version, olga(), "mended").await;
    check(refused, "D0505", &["try again in a moment"]);
    gate.notify_one();
    house.settle().await;

    // Another version to go on with, and then the one that the run is pinned to, are not there.
    let gone = Digest::of(b"gone");
    let refused = house.handle().migrate(stays, gone, olga(), "mended").await;
    check(refused, "D0506", &[&gone.to_string(), "put its plugins back"]);
    let next = House::on(
        Arc::clone(&house.journal),
        Arc::clone(&house.partner),
        house.clock.clone(),
        &plans[..1],
    );
    drop(house.engine);
    let refused = next.handle().operate(stays, Act::Resume, olga(), "mended").await;
    check(
        refused,
        "D0506",
        &[&plans[1].version.to_string(), "put its plugins back"],
    );
    assert_eq!(next.summary(stays).await.standing, Standing::Parked);
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let fails = Arc::new(AtomicBool::new(false));
    let hook = Arc::clone(&fails);
    let fault: Fault = Arc::new(move || hook.load(Ordering::SeqCst));
    let options = Options {
        fault: Some(fault),
        ..Options::default()
    };
    let journal = Arc::new(SqliteJournal::open(folder.path(), options).expect("the store opens"));
    let plans = [plan("ask", ASK), plan("post", POST)];
    let house = House::on(journal, Arc::default(), ManualClock::new(MORNING), &plans);
    let asks = house.run("ask", "1").await;
    let stands = parked(&house, "2").await;
    let Wait { id, shown, .. } = the_wait(&house, asks).await;
    fails.store(true, Ordering::SeqCst);
    let words = ["the store has stopped", "(D0707)"];
    let handle = house.handle();
    check(
        handle.operate(stands, Act::Resume, olga(), "mended").await,
        "D0507",
        &words,
    );
    let answer = json!({ "answer": "refuse" });
    check(handle.answer(&id, olga(), answer, shown).await, "D0507", &words);
}

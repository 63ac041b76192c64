//! What surrounds a run: replies, bounds, leases, stopping.

use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::{Acceptor, Act, Delivered, Refused};
use dragoman_journal::Standing;
use dragoman_model::{Actor, Failure, RunId, Timestamp};
use serde_json::json;
use tokio::sync::Notify;

use crate::house::{House, MORNING, delivery, plan, plan_with};
use crate::partner::Does::*;

const TELL: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: told
    call: shop.notify
    with: { number: =steps.order.number }
output: { id: =steps.told.id }
";

fn run_of(delivered: Result<Delivered, Refused>) -> RunId {
    match delivered {
        Ok(Delivered::Accepted { run, .. } | Delivered::Replied { run, .. }) => run,
        Err(refused) => panic!("{refused:?}"),
    }
}

#[tokio::test]
async fn a_sender_that_waits_is_answered_with_the_output_or_the_failure() {
    let house = House::new(&[plan_with("replied", "tell", TELL)]);
    let Ok(Delivered::Replied { result, .. }) = house.deliver("tell", "1").await else {
        panic!("no reply")
    };
    assert_eq!(result, Ok(json!({ "id": "notify-1" })));
    house.partner.will("get", [Fail(Failure::rejected("order.gone", "no"))]);
    let Ok(Delivered::Replied { result, .. }) = house.deliver("tell", "2").await else {
        panic!("no reply")
    };
    assert_eq!(result.map_err(|failure| failure.code), Err("order.gone".into()));
    house.partner.will("get", [Fail(Failure::permanent("http.401", "no"))]);
    let Ok(Delivered::Replied { result, .. }) = house.deliver("tell", "3").await else {
        panic!("no reply")
    };
    assert_eq!(result.map_err(|failure| failure.code), Err("run.parked".into()));
}

const REPLY: &str = "
steps:
  - reply: { number: =trigger.message.number }
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn a_reply_comes_before_the_end() {
    let house = House::new(&[plan_with("replied", "reply", REPLY)]);
    house.partner.will("notify", [Hang { applied: false }]);
    let Ok(Delivered::Replied { result, .. }) = house.deliver("reply", "1").await else {
        panic!("no reply")
    };
    assert_eq!(result, Ok(json!({ "number": "1" })));
}

/// A sender whose connection broke sends the same message again, and is told what it did not hear.
#[tokio::test]
async fn a_sender_that_asks_again_is_answered_what_was_replied() {
    let house = House::new(&[plan_with("replied", "reply", REPLY), plan_with("replied", "tell", TELL)]);
    let first = house.deliver("reply", "1").await;
    assert_eq!(house.deliver("reply", "1").await, first);
    house.quiet().await;
    assert_eq!(house.deliver("reply", "1").await, first, "also when the run has ended");
    house.partner.will("get", [Fail(Failure::permanent("http.401", "no"))]);
    let code = |delivered: Result<Delivered, Refused>| match delivered {
        Ok(Delivered::Replied { result, .. }) => result.map_err(|failure| failure.code),
        other => panic!("no reply: {other:?}"),
    };
    for _ in 0..2 {
        assert_eq!(code(house.deliver("tell", "2").await), Err("run.parked".into()));
    }
    let run = run_of(house.deliver("tell", "2").await);
    let resumed = house
        .handle()
        .operate(run, Act::Resume, Actor::person("olga", "password"), "the key works")
        .await;
    resumed.expect("resumed");
    // It is at work again, so the sender waits as it did at first.
    assert_eq!(code(house.deliver("tell", "2").await), Ok(json!({ "id": "notify-2" })));
    assert_eq!(code(house.deliver("tell", "2").await), Ok(json!({ "id": "notify-2" })));
    house.quiet().await;
    assert_eq!(json!(house.partner.facts()), json!({ "notify 1": 1, "notify 2": 1 }));
}

#[tokio::test]
async fn too_much_is_refused_and_goes_on_when_there_is_room() {
    let house = House::new(&[plan(
        "tell",
        &format!("limits: {{ concurrent: 1, backlog: 1 }}\n{TELL}"),
    )]);
    let gate = Arc::new(Notify::new());
    house.partner.will("get", [Wait(Arc::clone(&gate))]);
    house.deliver("tell", "1").await.expect("taken");
    house.deliver("tell", "2").await.expect("taken");
    let full = async {
        while house.handle().status().queued < 1 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), full)
        .await
        .expect("the second waits");
    assert!(matches!(
        house.deliver("tell", "3").await,
        Err(Refused::Overloaded { .. })
    ));
    gate.notify_one();
    house.quiet().await;
    house.deliver("tell", "3").await.expect("taken");
    house.quiet().await;
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "notify 1": 1, "notify 2": 1, "notify 3": 1 })
    );
}

#[tokio::test]
async fn an_owner_that_lost_its_run_sends_nothing_more() {
    let house = House::new(&[plan("tell", TELL)]);
    let gate = Arc::new(Notify::new());
    house.partner.will("get", [Wait(Arc::clone(&gate))]);
    let run = run_of(house.deliver("tell", "1").await);
    let later = Timestamp::from_millis(MORNING.millis() + 600_000);
    let taken = house
        .journal
        .acquire(run, later, later.plus_millis(60_000))
        .await
        .expect("the store answers");
    assert!(taken.is_some());
    gate.notify_one();
    house.quiet().await;
    assert_eq!(house.partner.calls(), ["read_order ? #1", "get 1 #1"]);
    assert_eq!(house.story(run).await, "accepted hook");
}

#[tokio::test]
async fn leases_are_lengthened_while_a_run_works() {
    let house = House::new(&[plan("tell", TELL)]);
    let gate = Arc::new(Notify::new());
    house.partner.will("get", [Wait(Arc::clone(&gate))]);
    let run = run_of(house.deliver("tell", "1").await);
    let mut now = MORNING;
    for _ in 0..6 {
        house.clock.advance(30_000);
        now = now.plus_millis(30_000);
        // The lease is always long enough that nobody else can take the run.
        let lengthened = async {
            while !house
                .journal
                .due(now, None, 1)
                .await
                .expect("the store answers")
                .is_empty()
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(10), lengthened)
            .await
            .expect("the lease is lengthened");
    }
    let taken = house
        .journal
        .acquire(run, now, now.plus_millis(60_000))
        .await
        .expect("the store answers");
    assert_eq!(taken, None);
    gate.notify_one();
    house.quiet().await;
    assert_eq!(house.summary(run).await.standing, Standing::Closed);
}

#[tokio::test]
async fn an_engine_that_stops_refuses_and_loses_nothing() {
    let house = House::new(&[plan("tell", TELL)]);
    house.partner.will("get", [Hang { applied: false }]);
    let run = run_of(house.deliver("tell", "1").await);
    let clock = house.clock.clone();
    let handle = house.handle();
    let (drained, ()) = tokio::join!(handle.shutdown(Duration::from_secs(5)), async { clock.advance(6_000) });
    assert!(!drained, "a run hangs");
    assert!(matches!(
        house.deliver("tell", "2").await,
        Err(Refused::Overloaded { .. })
    ));
    house.quiet().await;
    let next = House::on(
        Arc::clone(&house.journal),
        Arc::clone(&house.partner),
        house.clock.clone(),
        &[plan("tell", TELL)],
    );
    next.settle().await;
    assert_eq!(next.summary(run).await.standing, Standing::Closed);
}

#[tokio::test]
async fn a_run_is_followed_to_its_end() {
    let house = House::new(&[plan("tell", TELL)]);
    let finished = house.handle().run(delivery("tell", "1"), false).await.expect("taken");
    assert_eq!(finished.output, Some(json!({ "id": "notify-1" })));
    let again = house.handle().run(delivery("tell", "1"), false).await.expect("taken");
    assert!(again.again && again.run == finished.run);
    let dry = house.handle().run(delivery("tell", "2"), true).await.expect("taken");
    assert_eq!(dry.standing, Standing::Closed);
    assert_eq!(json!(house.partner.facts()), json!({ "notify 1": 1 }));
    let unknown = house.handle().deliver(delivery("nowhere", "1")).await;
    assert_eq!(unknown, Err(Refused::Unknown));
}

//! A pipeline or a connection is paused: nothing is called, nothing is lost, and all goes on from there.

use std::sync::Arc;

use dragoman_engine::{Delivered, Paused};
use dragoman_model::Failure;
use serde_json::json;
use tokio::sync::Notify;

use crate::calls::MAIN;
use crate::house::{House, check, plan};
use crate::partner::Does::{Break, Fail, Pending, Wait};

const HOUR: i64 = 3_600_000;

impl House {
    async fn resume(&self) {
        self.partner.pause(None);
        self.handle().resumed().await.expect("the store answers");
        self.quiet().await;
    }
}

#[tokio::test]
async fn what_is_paused_calls_nobody_and_goes_on_at_once_when_it_may() {
    for paused in [Paused::Pipeline, Paused::Connection] {
        let house = House::new(&[plan("main", MAIN)]);
        house.partner.pause(Some(paused));
        let run = house.run_without_time("main", "7").await;
        house.jump(60_000).await;
        house.jump(60_000).await;
        house.jump(120_000).await;
        assert_eq!(
            house.partner.calls(),
            ["read_order ? #1"],
            "reading the message calls nobody"
        );
        house.resume().await;
        check(
            &house.story(run).await,
            "
            accepted hook
            timer order retry 60s
            timer order retry 60s
            timer order retry 120s
            timer order retry 240s
            read order #1
            intent shipped ship #1
            done shipped by answer
            intent told notify #1
            done told by answer
            closed completed",
        );
    }
}

#[tokio::test]
async fn what_is_under_way_comes_to_its_end_and_what_follows_is_held_back() {
    let house = House::new(&[plan("main", MAIN)]);
    let gate = Arc::new(Notify::new());
    house.partner.will("ship", [Wait(Arc::clone(&gate))]);
    let Delivered::Accepted { run, .. } = house.deliver("main", "7").await.expect("it is taken") else {
        panic!("nobody waits for a reply");
    };
    house.until_called("ship", 1).await;
    house.partner.pause(Some(Paused::Connection));
    gate.notify_one();
    house.quiet().await;
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1 }));
    house.resume().await;
    check(
        &house.story(run).await,
        "
        accepted hook
        read order #1
        intent shipped ship #1
        done shipped by answer
        timer told retry 60s
        intent told notify #1
        done told by answer
        closed completed",
    );
}

#[tokio::test]
async fn nobody_is_asked_either_and_is_asked_afterwards() {
    let house = House::new(&[plan("main", MAIN)]);
    house.partner.will("ship", [Break { applied: true }]);
    house.partner.will("probe ship", [Pending]);
    let run = house.run_without_time("main", "7").await;
    house.partner.pause(Some(Paused::Connection));
    house.jump(5_000).await;
    assert_eq!(house.partner.calls().len(), 4, "{:?}", house.partner.calls());
    house.resume().await;
    check(
        &house.story(run).await,
        "
        accepted hook
        read order #1
        intent shipped ship #1
        failed shipped #1 retryable unknown http.cut
        timer shipped probe 5s
        timer shipped probe 60s
        done shipped by probe
        intent told notify #1
        done told by answer
        closed completed",
    );
}

#[tokio::test]
async fn the_time_to_try_stands_still_meanwhile() {
    let house = House::new(&[plan("main", MAIN)]);
    let unavailable = || Fail(Failure::retryable("http.503", "not now"));
    house.partner.will("ship", [unavailable(), unavailable()]);
    let run = house.run_without_time("main", "7").await;
    house.partner.pause(Some(Paused::Connection));
    house.jump(2_000).await;
    // It is tried for a day, and is paused for three.
    house.jump(72 * HOUR).await;
    house.resume().await;
    house.settle().await;
    check(
        &house.story(run).await,
        "
        accepted hook
        read order #1
        intent shipped ship #1
        failed shipped #1 retryable none http.503
        timer shipped retry 0s
        timer shipped retry 60s
        timer shipped retry 3600s
        intent shipped ship #2
        failed shipped #2 retryable none http.503
        timer shipped retry 1s
        intent shipped ship #3
        done shipped by answer
        intent told notify #1
        done told by answer
        closed completed",
    );
}

#[tokio::test]
async fn a_key_that_is_forgotten_meanwhile_is_not_used_again() {
    let house = House::new(&[plan("main", MAIN)]);
    house.partner.will("notify", [Break { applied: true }]);
    let run = house.run_without_time("main", "7").await;
    house.partner.pause(Some(Paused::Connection));
    house.jump(2_000).await;
    house.jump(2 * HOUR).await;
    house.partner.pause(None);
    house.handle().resumed().await.expect("the store answers");
    house.until_parked(run).await;
    assert!(house.story(run).await.ends_with("parked told http.cut"));
}

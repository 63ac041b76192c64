//! Nothing works over a connection: it is called no more, but for one call from time to time.

use std::sync::Arc;

use dragoman_engine::{Clock, Failing};
use dragoman_model::{Failure, RunId};
use dragoman_plan::Plan;

use crate::calls::MAIN;
use crate::house::{House, MORNING, check, plan};
use crate::partner::Does::{self, Break, Fail, Unreachable};

const SECOND: i64 = 1_000;

fn down(times: usize) -> Vec<Does> {
    vec![Fail(Failure::retryable("http.503", "not now")); times]
}

/// A house whose partner is down for so many calls, and a run of `main` that has found that nothing works.
async fn failing(plans: &[Arc<Plan>], times: usize) -> (House, RunId) {
    let house = House::with_breakers(plans);
    house.partner.will("get", down(times));
    let run = house.run_without_time("main", "7").await;
    while house.handle().failing().is_empty() {
        assert!(house.step().await, "it goes on trying");
    }
    (house, run)
}

impl House {
    /// How often a number was asked for.
    fn asked(&self, number: &str) -> usize {
        let ask = format!("get {number} #");
        self.partner
            .calls()
            .iter()
            .filter(|call| call.starts_with(&ask))
            .count()
    }

    /// Time passes up to when a call is let through, and it is made.
    async fn let_through(&self) {
        let asked = self.partner.calls().len();
        let until = self.failing_shop().until;
        self.jump(until.millis() - 1 - self.clock.now().millis()).await;
        assert_eq!(self.partner.calls().len(), asked, "nobody calls before");
        self.clock.advance(1);
        let called = async {
            while self.partner.calls().len() == asked {
                tokio::task::yield_now().await;
            }
        };
        let called = tokio::time::timeout(std::time::Duration::from_secs(10), called).await;
        assert!(called.is_ok(), "nobody is let through at {until}");
        self.quiet().await;
    }

    fn failing_shop(&self) -> Failing {
        let mut failing = self.handle().failing();
        failing.remove("shop").expect("nothing works over it").0
    }
}

#[tokio::test]
async fn one_call_is_let_through_at_a_time_and_all_go_on_when_it_works_again() {
    let (house, first) = failing(&[plan("main", MAIN)], 7).await;
    let begun = house.failing_shop();
    assert_eq!((begun.since, begun.code.as_str()), (MORNING, "http.503"));
    assert_eq!(house.asked("7"), 5);
    let second = house.run_without_time("main", "8").await;
    let third = house.run_without_time("main", "9").await;
    house.quiet().await;
    assert_eq!(house.asked("8") + house.asked("9"), 0, "they are held back at once");
    house.let_through().await;
    assert_eq!(house.failing_shop().until, house.clock.now().plus_millis(20 * SECOND));
    house.let_through().await;
    assert_eq!(house.failing_shop().until, house.clock.now().plus_millis(40 * SECOND));
    house.let_through().await;
    house.quiet().await;
    let last = house.story(third).await;
    assert!(
        last.ends_with("closed completed"),
        "it is woken by the answer, and not by time: {last}"
    );
    // Whoever has tried sleeps out the pause of that.
    house.settle().await;
    for run in [first, second] {
        let story = house.story(run).await;
        assert!(story.ends_with("closed completed"), "{story}");
    }
    assert_eq!(house.handle().failing().len(), 0);
    assert_eq!(house.asked("7") + house.asked("8") + house.asked("9"), 7 + 3);
}

#[tokio::test]
async fn what_is_held_back_is_not_counted_as_an_attempt() {
    let few = MAIN.replacen("    with:", "    retry: { attempts: 2 }\n    with:", 1);
    let (house, _) = failing(&[plan("main", MAIN), plan("few", &few)], 5).await;
    let run = house.run_without_time("few", "8").await;
    house.let_through().await;
    house.settle().await;
    check(
        &house.story(run).await,
        "
        accepted hook
        timer order retry 60s
        read order #1
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        done told by answer
        closed completed",
    );
}

#[tokio::test]
async fn what_becomes_of_a_step_at_the_end_of_its_time_is_said_by_a_call() {
    let short = MAIN.replacen("    with:", "    retry: { for: 90s }\n    with:", 1);
    let (house, _) = failing(&[plan("main", MAIN), plan("short", &short)], 1_000).await;
    // Others make the calls that are let through, as they were there before.
    house.run_without_time("main", "9").await;
    let run = house.run_without_time("short", "8").await;
    let began = house.clock.now();
    for _ in 0..3 {
        house.let_through().await;
    }
    assert_eq!((house.asked("7") + house.asked("9"), house.asked("8")), (5 + 3, 0));
    house
        .jump(90 * SECOND - (house.clock.now().millis() - began.millis()))
        .await;
    assert_eq!(house.asked("8"), 1);
    let story = house.story(run).await;
    let begin: Vec<&str> = story.lines().take(4).collect();
    check(
        &begin.join("\n"),
        "
        accepted hook
        timer order retry 60s
        timer order retry 20s
        failed order #1 retryable none http.503",
    );
}

#[tokio::test]
async fn what_may_have_taken_effect_is_asked_after_as_soon_as_somebody_can_be_asked() {
    let house = House::with_breakers(&[plan("main", MAIN)]);
    house.partner.will("ship", [Break { applied: true }]);
    house.partner.will("probe ship", vec![Unreachable; 5]);
    let run = house.run_without_time("main", "7").await;
    while house.handle().failing().is_empty() {
        assert!(house.step().await, "it goes on asking");
    }
    house.settle().await;
    let story = house.story(run).await;
    assert!(story.contains("done shipped by probe"), "{story}");
    assert_eq!(house.partner.facts()["ship 7"], 1);
}

#[tokio::test]
async fn an_operator_or_another_process_says_that_it_works() {
    let (house, _) = failing(&[plan("main", MAIN)], 5).await;
    let run = house.run_without_time("main", "8").await;
    assert_eq!((house.asked("8"), house.handle().failing()["shop"].1), (0, 1));
    house.handle().works("shop").await;
    house.quiet().await;
    assert!(house.story(run).await.ends_with("closed completed"));
}

//! One call, whatever becomes of it: the table of the design.

use dragoman_journal::Ending;
use dragoman_model::{Failure, Value};
use serde_json::json;

use crate::house::{House, check, plan};
use crate::partner::Does::{self, *};

pub(crate) const MAIN: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
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

fn unavailable() -> Does {
    Fail(Failure::retryable("http.503", "not now"))
}

/// Runs the main pipeline with a script, and checks what is written from the first intent on and what took effect.
async fn calls(script: &[(&str, Vec<Does>)], story: &str, facts: &Value) {
    let house = House::new(&[plan("main", MAIN)]);
    for (operation, does) in script {
        house.partner.will(operation, does.clone());
    }
    let run = house.run("main", "7").await;
    check(&house.story(run).await, &format!("accepted hook\n{story}"));
    assert_eq!(json!(house.partner.facts()), *facts);
    assert!(house.partner.all_fenced());
}

#[tokio::test]
async fn a_run_without_trouble() {
    let house = House::new(&[plan("main", MAIN)]);
    let run = house.run("main", "7").await;
    check(
        &house.story(run).await,
        "
        accepted hook
        read order #1
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        done told by answer
        closed completed",
    );
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    assert_eq!(house.summary(run).await.output, Some(json!({ "id": "ship-7" })));
    assert_eq!(house.effects("7").await, ["shop.ship shipped Done"]);
}

#[tokio::test]
async fn a_read_is_repeated_with_growing_pauses() {
    let story = "
        failed order #1 retryable none http.503
        timer order retry 0s
        failed order #2 retryable none http.503
        timer order retry 1s
        read order #3
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        done told by answer
        closed completed";
    calls(
        &[("get", vec![unavailable(), unavailable()])],
        story,
        &json!({ "ship 7": 1, "notify 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn a_call_without_effect_is_repeated() {
    let story = "
        read order #1
        intent shipped ship #1
        failed shipped #1 retryable none http.503
        timer shipped retry 0s
        intent shipped ship #2
        done shipped by answer
        intent told notify #1
        done told by answer
        closed completed";
    calls(
        &[("ship", vec![unavailable()])],
        story,
        &json!({ "ship 7": 1, "notify 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn what_may_have_taken_effect_is_not_repeated_under_a_key_that_was_forgotten_meanwhile() {
    let house = House::new(&[plan("main", MAIN)]);
    house.partner.will("notify", [Break { applied: true }]);
    let run = house.run_without_time("main", "7").await;
    // The key lives for an hour; nothing works for longer than that, and the next attempt was due long ago.
    house.clock.advance(3_700_000);
    house.until_parked(run).await;
    check(
        &house.story(run).await,
        "
        accepted hook
        read order #1
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        failed told #1 retryable unknown http.cut
        timer told retry 0s
        failed told #1 retryable unknown http.cut last
        parked told http.cut",
    );
}

#[tokio::test]
async fn an_unknown_effect_that_took_place_is_found_by_probing() {
    let story = "
        read order #1
        intent shipped ship #1
        failed shipped #1 retryable unknown http.cut
        done shipped by probe
        intent told notify #1
        done told by answer
        closed completed";
    calls(
        &[("ship", vec![Break { applied: true }])],
        story,
        &json!({ "ship 7": 1, "notify 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn absent_counts_only_after_the_settle_time() {
    let story = "
        read order #1
        intent shipped ship #1
        failed shipped #1 retryable unknown http.cut
        timer shipped probe 60s
        failed shipped #1 retryable none http.cut
        timer shipped retry 0s
        intent shipped ship #2
        done shipped by answer
        intent told notify #1
        done told by answer
        closed completed";
    calls(
        &[("ship", vec![Break { applied: false }])],
        story,
        &json!({ "ship 7": 1, "notify 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn a_probe_that_is_not_decided_is_asked_again() {
    let story = "
        read order #1
        intent shipped ship #1
        failed shipped #1 retryable unknown http.cut
        timer shipped probe 5s
        timer shipped probe 1s
        done shipped by probe
        intent told notify #1
        done told by answer
        closed completed";
    let script = [
        ("ship", vec![Break { applied: true }]),
        ("probe ship", vec![Pending, Unreachable]),
    ];
    calls(&script, story, &json!({ "ship 7": 1, "notify 7": 1 })).await;
}

#[tokio::test]
async fn an_idempotent_call_is_repeated_with_its_key() {
    let story = "
        read order #1
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        failed told #1 retryable unknown http.cut
        timer told retry 0s
        intent told notify #2
        done told by answer
        closed completed";
    calls(
        &[("notify", vec![Break { applied: true }])],
        story,
        &json!({ "ship 7": 1, "notify 7": 1 }),
    )
    .await;
}

/// What is told of the second step when the first went well.
async fn told(script: Vec<Does>, story: &str, facts: &Value) {
    let begin = "read order #1\nintent shipped ship #1\ndone shipped by answer\nintent told notify #1";
    calls(&[("notify", script)], &format!("{begin}\n{story}"), facts).await;
}

#[tokio::test]
async fn an_attempt_that_was_never_sent_does_not_clear_the_doubt_of_an_earlier_one() {
    let story = "
        failed told #1 retryable unknown http.cut
        timer told retry 0s
        intent told notify #2
        failed told #2 retryable unknown http.503
        timer told retry 1s
        intent told notify #3
        done told by answer
        closed completed";
    let script = vec![Break { applied: true }, unavailable()];
    told(script, story, &json!({ "ship 7": 1, "notify 7": 1 })).await;
}

#[tokio::test]
async fn a_refusal_of_the_caller_does_not_clear_the_doubt_either() {
    let story = "
        failed told #1 retryable unknown http.cut
        timer told retry 0s
        intent told notify #2
        failed told #2 permanent unknown http.401
        timer told retry 1s
        intent told notify #3
        done told by answer
        closed completed";
    let script = vec![Break { applied: true }, Fail(Failure::permanent("http.401", "no"))];
    told(script, story, &json!({ "ship 7": 1, "notify 7": 1 })).await;
}

#[tokio::test]
async fn a_partner_that_knows_the_key_and_says_no_settles_the_doubt() {
    let story = "
        failed told #1 retryable unknown http.cut
        timer told retry 0s
        intent told notify #2
        failed told #2 rejected none address.wrong last
        parked told address.wrong";
    let no = Fail(Failure::rejected("address.wrong", "no"));
    told(vec![Break { applied: false }, no], story, &json!({ "ship 7": 1 })).await;
}

#[tokio::test]
async fn what_stays_in_doubt_when_the_attempts_are_over_goes_to_a_person() {
    let limited = MAIN.replace("\noutput", "\n    retry: { attempts: 2 }\noutput");
    let house = House::new(&[plan("main", &limited)]);
    house.partner.will("notify", [Break { applied: true }, unavailable()]);
    let run = house.run("main", "7").await;
    let story = house.story(run).await;
    assert!(
        story.ends_with("failed told #2 retryable unknown http.503 last\nparked told http.503"),
        "{story}"
    );
    let parked = house.summary(run).await;
    assert!(format!("{parked:?}").contains("needs a person"), "{parked:?}");
}

#[tokio::test]
async fn an_answer_of_no_use_is_asked_for_by_probing() {
    let story = "
        read order #1
        intent shipped ship #1
        failed shipped #1 permanent applied output.invalid
        done shipped by probe
        intent told notify #1
        done told by answer
        closed completed";
    calls(
        &[("ship", vec![Useless])],
        story,
        &json!({ "ship 7": 1, "notify 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn a_permanent_failure_parks() {
    let story = "
        read order #1
        intent shipped ship #1
        failed shipped #1 permanent none http.401 last
        parked shipped http.401";
    calls(
        &[("ship", vec![Fail(Failure::permanent("http.401", "no"))])],
        story,
        &json!({}),
    )
    .await;
}

#[tokio::test]
async fn a_rejection_without_any_effect_fails_the_run() {
    let story = "
        read order #1
        intent shipped ship #1
        failed shipped #1 rejected none order.gone last
        closed failed";
    calls(
        &[("ship", vec![Fail(Failure::rejected("order.gone", "no"))])],
        story,
        &json!({}),
    )
    .await;
}

#[tokio::test]
async fn a_rejection_after_an_effect_parks() {
    let story = "
        read order #1
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        failed told #1 rejected none address.wrong last
        parked told address.wrong";
    let script = [("notify", vec![Fail(Failure::rejected("address.wrong", "no"))])];
    calls(&script, story, &json!({ "ship 7": 1 })).await;
}

const BLIND: &str = "
steps:
  - id: posted
    call: shop.post
    retry: { backoff: 1s..4s x2, for: 10s }
    with: { number: =trigger.message.number }
";

/// As [`calls`], with an operation that has neither key nor probe.
async fn blind(script: &[(&str, Vec<Does>)], story: &str, facts: &Value) {
    let house = House::new(&[plan("blind", BLIND)]);
    for (operation, does) in script {
        house.partner.will(operation, does.clone());
    }
    let run = house.run("blind", "7").await;
    check(&house.story(run).await, story);
    assert_eq!(json!(house.partner.facts()), *facts);
}

#[tokio::test]
async fn an_unknown_effect_that_nobody_can_tell_goes_to_a_person() {
    let story = "
        accepted hook
        intent posted post #1
        failed posted #1 retryable unknown http.cut last
        parked posted http.cut";
    blind(
        &[("post", vec![Break { applied: true }])],
        story,
        &json!({ "post 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn retries_end_with_their_window() {
    let story = "
        accepted hook
        intent posted post #1
        failed posted #1 retryable none http.503
        timer posted retry 1s
        intent posted post #2
        failed posted #2 retryable none http.503
        timer posted retry 2s
        intent posted post #3
        failed posted #3 retryable none http.503
        timer posted retry 4s
        intent posted post #4
        failed posted #4 retryable none http.503 last
        parked posted http.503";
    blind(&[("post", vec![unavailable(); 9])], story, &json!({})).await;
}

#[tokio::test]
async fn the_partners_wish_is_honoured_within_the_bounds() {
    let wish = |ms| {
        Fail(Failure {
            retry_after_ms: Some(ms),
            ..Failure::retryable("http.429", "slow down")
        })
    };
    let story = "
        accepted hook
        intent posted post #1
        failed posted #1 retryable none http.429
        timer posted retry 3s
        intent posted post #2
        failed posted #2 retryable none http.429
        timer posted retry 4s
        intent posted post #3
        done posted by answer
        closed completed";
    blind(
        &[("post", vec![wish(3_000), wish(90_000)])],
        story,
        &json!({ "post 7": 1 }),
    )
    .await;
}

#[tokio::test]
async fn after_a_person_s_word_the_attempts_are_counted_anew() {
    let limited = MAIN.replace("\noutput", "\n    retry: { attempts: 2 }\noutput");
    let house = House::new(&[plan("main", &limited)]);
    house
        .partner
        .will("notify", [unavailable(), unavailable(), unavailable()]);
    let run = house.run("main", "7").await;
    assert!(
        house.story(run).await.ends_with("parked told http.503"),
        "{}",
        house.story(run).await
    );
    let olga = dragoman_model::Actor::person("olga", "password");
    let resumed = house
        .handle()
        .operate(run, dragoman_engine::Act::Resume, olga, "repaired")
        .await;
    assert_eq!(resumed.map_err(|error| error.to_string()), Ok(()));
    house.settle().await;
    let story = house.story(run).await;
    assert_eq!(house.ending(run).await, Some(Ending::Completed), "{story}");
    assert!(story.contains("intent told notify #4\ndone told by answer"), "{story}");
}

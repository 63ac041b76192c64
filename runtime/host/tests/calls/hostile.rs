//! A guest that tries what the host has to refuse.

use dragoman_engine::runner::StepRunner;
use dragoman_host::{CallLimits, EndpointGrant, HostSettings};
use dragoman_model::{Class, Effect, Failure};
use serde_json::{Value, json};

use crate::world::{Act, World};

async fn hostile() -> World {
    World::of("hostile", HostSettings::default(), |connection| {
        let grant = EndpointGrant {
            max_request: 1 << 20,
            ..EndpointGrant::default()
        };
        connection.endpoints.insert("api".into(), grant);
        connection.limits = CallLimits {
            memory_bytes: 200 << 20,
            cpu_ms: 30_000,
            ..CallLimits::default()
        };
    })
    .await
}

#[track_caller]
fn check(failure: &Failure, effect: Effect, code: &str, part: &str) {
    assert_eq!(
        (failure.class, failure.effect, failure.code.as_str()),
        (Class::Permanent, effect, code),
        "{failure:?}"
    );
    assert!(failure.message.contains(part), "{}", failure.message);
}

/// Calls an operation that sends nothing.
async fn refused(operation: &str, input: Value, code: &str, part: &str) {
    let world = hostile().await;
    let report = world.call(operation, input).await;
    check(&report.result.expect_err(operation), Effect::None, code, part);
    assert!(world.script.requests().is_empty() && report.documents.is_empty());
    assert_eq!(world.runner.host().in_use().0, 0);
}

#[tokio::test]
async fn floods_and_hoards_are_refused() {
    refused("shout", json!({"much": 50}), "plugin.output", "more data").await;
    refused("hoard", json!({"much": 100_000}), "plugin.trap", "").await;
    refused("gamble", json!({"much": 70_000}), "plugin.contract", "65536").await;
    refused("flood", json!({"much": 65}), "document.quota", "").await;
    refused("push", json!({"much": 2}), "http.too_large", "").await;
    refused("lie", json!({}), "output.invalid", "not one that the call had or made").await;
    refused("sneak", json!({}), "http.denied.effect", "trust_safe").await;
}

#[tokio::test]
async fn what_is_within_bounds_passes() {
    let world = hostile().await;
    for (operation, much) in [("shout", 1), ("hoard", 100), ("gamble", 4_096), ("flood", 5)] {
        let report = world.call(operation, json!({"much": much})).await;
        assert!(report.result.is_ok(), "{operation}: {:?}", report.result);
    }
}

/// Calls an operation that sends one request, while the endpoint does something with it.
async fn sent(operation: &str, act: Act, effect: Effect, code: &str, part: &str) {
    let world = hostile().await;
    world.script.then(act);
    let failure = world.call(operation, json!({})).await.result.expect_err(operation);
    check(&failure, effect, code, part);
    assert_eq!(world.script.requests().len(), 1);
}

#[tokio::test]
async fn a_guests_word_about_its_effect_is_not_trusted() {
    let ok = || Act::Answer(200, json!({}));
    sent("deny", Act::Cut, Effect::Unknown, "hostile.denied", "cut").await;
    sent("deny", Act::Unreachable, Effect::None, "hostile.denied", "connect").await;
    // The answer was complete, so it is the guest that can tell what it means.
    sent("deny", ok(), Effect::None, "hostile.denied", "200").await;
    sent("drop_out", ok(), Effect::Unknown, "plugin.panic", "after the request").await;
    sent(
        "drop_out",
        Act::Unreachable,
        Effect::None,
        "plugin.panic",
        "after the request",
    )
    .await;
    sent("overdo", ok(), Effect::Applied, "output.invalid", "`/number`").await;
}

#[tokio::test]
async fn a_query_by_post_passes_where_both_say_so() {
    let world = World::of("hostile", HostSettings::default(), |connection| {
        let grant = EndpointGrant {
            trust_safe: true,
            ..EndpointGrant::default()
        };
        connection.endpoints.insert("api".into(), grant);
    })
    .await;
    world.script.then(Act::Answer(200, json!({})));
    let mut call = world.request("sneak", json!({}));
    call.dry_run = true;
    assert!(world.runner.call(call).await.result.is_ok());
}

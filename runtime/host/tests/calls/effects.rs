//! The effect of what failed, and requests that do not leave.

use std::time::{Duration, Instant};

use dragoman_engine::runner::StepRunner;
use dragoman_host::{CallLimits, EndpointGrant, HostSettings, Mode};
use dragoman_model::{Class, Effect};
use serde_json::json;

use crate::world::{Act, World};

/// Calls an operation once while the endpoint does something, and checks the failure.
async fn check(operation: &str, act: Act, class: Class, effect: Effect, code: &str) {
    let world = World::with(HostSettings::default(), |connection| {
        connection.limits = CallLimits {
            wall_ms: 300,
            ..CallLimits::default()
        };
    })
    .await;
    world.script.then(act);
    let input = if operation == "get" {
        json!({"key": "1"})
    } else {
        json!({"number": "1"})
    };
    let failure = world.call(operation, input).await.result.unwrap_err();
    assert_eq!(
        (failure.class, failure.effect, failure.code.as_str()),
        (class, effect, code),
        "{}",
        failure.message
    );
    assert_eq!(world.script.requests().len(), 1);
}

#[tokio::test]
async fn the_effect_follows_from_what_left() {
    check(
        "place",
        Act::Unreachable,
        Class::Retryable,
        Effect::None,
        "http.connect",
    )
    .await;
    check("place", Act::Cut, Class::Retryable, Effect::Unknown, "http.cut").await;
    check("place", Act::Hang, Class::Retryable, Effect::Unknown, "plugin.deadline").await;
    check(
        "place",
        Act::Answer(409, json!({})),
        Class::Rejected,
        Effect::None,
        "order.refused",
    )
    .await;
    check(
        "place",
        Act::Answer(400, json!({})),
        Class::Permanent,
        Effect::None,
        "http.400",
    )
    .await;
    check(
        "place",
        Act::Answer(500, json!({})),
        Class::Retryable,
        Effect::Unknown,
        "http.500",
    )
    .await;
    check("notify", Act::Cut, Class::Retryable, Effect::Unknown, "http.cut").await;
    check("get", Act::Cut, Class::Retryable, Effect::None, "http.cut").await;
    check("get", Act::Hang, Class::Retryable, Effect::None, "plugin.deadline").await;
    check(
        "get",
        Act::Answer(404, json!({})),
        Class::Rejected,
        Effect::None,
        "order.not_found",
    )
    .await;
}

/// Calls an operation that is to be refused before anything leaves.
async fn check_denied(world: World, operation: &str, dry_run: bool, fence: Option<Instant>, class: Class, code: &str) {
    let input = if operation == "get" {
        json!({"key": "1"})
    } else {
        json!({"number": "1"})
    };
    let mut call = world.request(operation, input);
    (call.dry_run, call.fence) = (dry_run, fence);
    let failure = world.runner.call(call).await.result.unwrap_err();
    assert_eq!(
        (failure.class, failure.effect, failure.code.as_str()),
        (class, Effect::None, code),
        "{}",
        failure.message
    );
    assert!(world.script.requests().is_empty());
}

#[tokio::test]
async fn what_is_not_granted_does_not_leave() {
    let settings = HostSettings::default;
    check_denied(
        World::new().await,
        "place",
        true,
        None,
        Class::Permanent,
        "http.denied.dry_run",
    )
    .await;
    let observing = World::with(settings(), |connection| connection.mode = Mode::Observe).await;
    assert!(observing.runner.observes("shop"));
    check_denied(observing, "place", false, None, Class::Permanent, "http.denied.dry_run").await;
    let bare = World::with(settings(), |connection| connection.endpoints.clear()).await;
    check_denied(bare, "get", false, None, Class::Permanent, "http.denied.endpoint").await;
    let reading = World::with(settings(), |connection| {
        let grant = EndpointGrant {
            methods: vec!["GET".into()],
            ..EndpointGrant::default()
        };
        connection.endpoints.insert("api".into(), grant);
    })
    .await;
    check_denied(reading, "place", false, None, Class::Permanent, "http.denied.method").await;
}

#[tokio::test]
async fn nothing_is_sent_past_the_fence() {
    let world = World::new().await;
    let over = Instant::now();
    check_denied(world, "place", false, Some(over), Class::Retryable, "host.fence").await;
    let world = World::new().await;
    world.script.then(Act::Answer(200, json!({})));
    let mut call = world.request("place", json!({"number": "1"}));
    call.fence = Some(Instant::now() + Duration::from_secs(60));
    assert!(world.runner.call(call).await.result.is_ok());
}

//! Guests that misbehave fail alone and within their limits.

use std::time::{Duration, Instant};

use dragoman_engine::runner::StepRunner;
use dragoman_host::{CallLimits, Connection, EndpointGrant, HostSettings};
use dragoman_model::{Class, Effect};
use serde_json::json;

use crate::world::{Act, World};

async fn limited(limits: CallLimits) -> World {
    World::with(HostSettings::default(), |connection| connection.limits = limits).await
}

#[track_caller]
fn check(report: &dragoman_engine::runner::Report, code: &str, part: &str) {
    let failure = report.result.as_ref().expect_err("the call fails");
    assert_eq!(
        (failure.class, failure.effect, failure.code.as_str()),
        (Class::Permanent, Effect::None, code),
        "{failure:?}"
    );
    assert!(failure.message.contains(part), "{}", failure.message);
}

#[tokio::test]
async fn a_guest_that_spins_is_stopped_at_its_cpu_limit() {
    let world = limited(CallLimits {
        cpu_ms: 50,
        ..CallLimits::default()
    })
    .await;
    let report = world.call("spin", json!({})).await;
    check(&report, "plugin.cpu", "CPU");
    assert!(report.usage.cpu_us >= 50_000, "{:?}", report.usage);
}

#[tokio::test]
async fn a_guest_that_spins_is_stopped_at_its_deadline() {
    let world = limited(CallLimits {
        cpu_ms: 60_000,
        wall_ms: 80,
        ..CallLimits::default()
    })
    .await;
    let began = Instant::now();
    check(&world.call("spin", json!({})).await, "plugin.deadline", "time was over");
    assert!(began.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a_guest_that_eats_gets_no_more_than_its_limit() {
    let world = limited(CallLimits {
        memory_bytes: 16 << 20,
        cpu_ms: 20_000,
        ..CallLimits::default()
    })
    .await;
    let report = world.call("eat", json!({})).await;
    let got = report.result.as_ref().expect("this guest bears a refusal").payload["count"]
        .as_u64()
        .unwrap();
    assert!((8..16).contains(&got), "{got} MiB");
    assert!(report.usage.peak_memory <= 16 << 20);
    assert_eq!(world.runner.host().in_use().0, 0);
}

#[tokio::test]
async fn a_guest_that_panics_is_told_with_its_place() {
    let world = World::new().await;
    let report = world.call("panic", json!({})).await;
    check(&report, "plugin.panic", "the echo connector was asked to panic");
    assert!(report.result.unwrap_err().message.contains("misbehave.rs:"));
}

#[tokio::test]
async fn a_guest_that_recurses_traps() {
    let world = World::new().await;
    check(
        &world.call("deep", json!({})).await,
        "plugin.trap",
        "in dragoman_guest_echo::misbehave::deep",
    );
}

#[tokio::test]
async fn a_guest_that_cannot_even_begin_has_too_little_memory() {
    let small = limited(CallLimits {
        memory_bytes: 64 << 10,
        ..CallLimits::default()
    })
    .await;
    check(
        &small.call("echo", json!({"text": "x"})).await,
        "plugin.memory",
        "limits.memory",
    );
}

#[tokio::test]
async fn host_calls_are_counted_and_limited() {
    let world = limited(CallLimits {
        host_calls: 100,
        ..CallLimits::default()
    })
    .await;
    assert!(world.call("log_lines", json!({"count": 50})).await.result.is_ok());
    check(
        &world.call("log_lines", json!({"count": 200})).await,
        "plugin.host_calls",
        "limits.calls",
    );
}

#[tokio::test]
async fn an_answer_over_the_limit_is_refused() {
    let world = limited(CallLimits {
        output_bytes: 1 << 10,
        ..CallLimits::default()
    })
    .await;
    check(
        &world.call("echo", json!({"text": "x".repeat(2 << 10)})).await,
        "plugin.output",
        "1024 bytes",
    );
    // Past what one crossing of the boundary may carry, it does not even reach the host's memory.
    let text = "x".repeat(9 << 20);
    let world = limited(CallLimits {
        output_bytes: 1 << 10,
        memory_bytes: 200 << 20,
        cpu_ms: 60_000,
        ..CallLimits::default()
    })
    .await;
    check(
        &world.call("echo", json!({"text": text})).await,
        "plugin.output",
        "more data",
    );
}

#[tokio::test]
async fn memory_for_all_is_a_matter_of_time() {
    let settings = HostSettings {
        memory_total: 3 << 20,
        ..HostSettings::default()
    };
    let world = World::with(settings, |connection| connection.limits.memory_bytes = 16 << 20).await;
    let text = "x".repeat(2 << 20);
    let failure = world.call("echo", json!({"text": text})).await.result.unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Retryable, "host.memory")
    );
    assert!(world.call("echo", json!({"text": "x"})).await.result.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_places_wait_for_their_turn() {
    let settings = HostSettings {
        concurrency: 2,
        ..HostSettings::default()
    };
    let world = std::sync::Arc::new(World::with(settings, |_| {}).await);
    let calls = (0..40).map(|n| {
        let world = world.clone();
        tokio::spawn(async move { world.call("echo", json!({"text": n.to_string()})).await })
    });
    for (n, call) in calls.collect::<Vec<_>>().into_iter().enumerate() {
        assert_eq!(call.await.unwrap().result.unwrap().payload["text"], n.to_string());
    }
    assert_eq!(world.runner.host().in_use(), (0, 2));
}

#[tokio::test]
async fn a_slow_partner_does_not_hold_up_other_connections() {
    let settings = HostSettings {
        concurrency: 4,
        ..HostSettings::default()
    };
    let world = World::with(settings, |_| {}).await;
    let mut shop = Connection::new(world.plugin.digest, json!({}));
    shop.endpoints.insert("api".into(), EndpointGrant::default());
    let other = Connection::new(world.plugin.digest, json!({}));
    world
        .runner
        .host()
        .set_connections([("shop".to_owned(), shop), ("other".to_owned(), other)].into());
    let mut slow = Vec::new();
    for _ in 0..10 {
        world.script.then(Act::Hang);
        slow.push(world.call("get", json!({"key": "1"})));
    }
    let mut call = world.request("echo", json!({"text": "x"}));
    call.connection = "other".into();
    tokio::select! {
        biased;
        _ = futures_util::future::join_all(slow) => panic!("the partner never answers"),
        report = world.runner.call(call) => assert!(report.result.is_ok()),
    }
    // The calls of the slow partner took all places that a connection may have, and no more.
    assert_eq!(world.script.requests().len(), 3);
}

#[tokio::test]
async fn a_call_that_gets_no_turn_in_its_time_is_told_so() {
    let settings = HostSettings {
        concurrency: 1,
        ..HostSettings::default()
    };
    let world = World::with(settings, |connection| {
        connection.limits = CallLimits {
            cpu_ms: 60_000,
            wall_ms: 400,
            ..CallLimits::default()
        };
    })
    .await;
    assert!(world.call("echo", json!({"text": "x"})).await.result.is_ok());
    let mut short = world.request("echo", json!({"text": "x"}));
    short.deadline = Duration::from_millis(50);
    let (spun, waited) = tokio::join!(world.call("spin", json!({})), world.runner.call(short));
    check(&spun, "plugin.deadline", "time");
    let failure = waited.result.unwrap_err();
    assert_eq!((failure.class, failure.code.as_str()), (Class::Retryable, "host.busy"));
}

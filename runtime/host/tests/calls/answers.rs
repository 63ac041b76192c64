//! What calls give back.

use bytes::Bytes;
use dragoman_engine::runner::{Probed, StateWrite, StepRunner, Written};
use dragoman_host::{CredentialGrant, HostSettings};
use dragoman_model::{Class, DocumentReference, Timestamp, Value};
use serde_json::json;

use crate::world::{Act, World};

#[track_caller]
fn payload(report: &dragoman_engine::runner::Report) -> &Value {
    &report.result.as_ref().expect("the call succeeds").payload
}

#[tokio::test]
async fn an_operation_answers_and_its_use_is_counted() {
    let world = World::new().await;
    let report = world.call("echo", json!({"text": "hello"})).await;
    assert_eq!(payload(&report)["text"], "hello");
    let usage = report.usage;
    assert!(usage.cpu_us > 0 && usage.wall_us >= usage.cpu_us, "{usage:?}");
    assert!(usage.peak_memory >= 64 << 10, "{usage:?}");
    assert_eq!((usage.requests, usage.bytes_in, usage.bytes_out), (0, 0, 0));
    assert!(usage.host_calls >= 1);
}

#[tokio::test]
async fn a_guest_sees_who_calls_and_its_readings_are_kept() {
    let credential = CredentialGrant {
        secret: b"k"[..].into(),
        certificates: vec![],
        reveal: false,
    };
    let world = World::with(HostSettings::default(), |connection| {
        connection.config = json!({"greeting": "hi "});
        connection.credentials.insert("key".into(), credential);
    })
    .await;
    let report = world.call("caller", json!({})).await;
    let said = payload(&report);
    for (name, value) in [
        ("pipeline", json!("orders")),
        ("step", json!("lines[0].place")),
        ("connection", json!("shop")),
        ("attempt", json!(2)),
        ("key", json!("key-1")),
        ("deadline_ms", json!(30_000)),
        ("dry_run", json!(false)),
        ("has_key", json!(true)),
    ] {
        assert_eq!(said[name], value, "{name}");
    }
    assert_eq!(report.readings["clock"][0], said["now_ms"]);
    assert_eq!(report.readings["random"].as_array().map(Vec::len), Some(1));
    assert_eq!(
        payload(&world.call("echo", json!({"text": "you"})).await)["text"],
        "hi you"
    );
}

#[tokio::test]
async fn a_request_goes_out_with_key_and_trace_and_its_answer_comes_back() {
    let world = World::new().await;
    world.script.then(Act::Answer(201, json!({"reference": "R-7"})));
    let report = world.call("place", json!({"number": "1/2"})).await;
    assert_eq!(
        payload(&report),
        &json!({"number": "1/2", "reference": "R-7", "status": 201})
    );
    assert_eq!(
        report.result.as_ref().unwrap().attributes,
        [("message-id".to_owned(), "m-1".to_owned())]
    );
    let request = world.script.requests().remove(0);
    assert_eq!(
        (request.connection.as_str(), request.endpoint.as_str()),
        ("shop", "api")
    );
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("PUT", "/orders/1%2F2")
    );
    assert_eq!(request.key, "key-1");
    assert!(request.traceparent.starts_with("00-0af7"));
    assert_eq!(report.usage.requests, 1);
    assert_eq!(report.usage.bytes_out, request.body.len() as u64);
    assert_eq!(report.usage.bytes_in, r#"{"reference":"R-7"}"#.len() as u64);
}

#[tokio::test]
async fn a_guests_failure_comes_with_its_class_and_issues() {
    let world = World::new().await;
    let failure = world.call("fail", json!({"text": "no"})).await.result.unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str(), failure.message.as_str()),
        (Class::Permanent, "echo.refused", "no")
    );
    assert_eq!(
        (failure.issues[0].path.as_str(), failure.issues[0].code.as_str()),
        ("/text", "echo.text")
    );
}

#[tokio::test]
async fn what_cannot_be_called_is_a_permanent_failure() {
    let world = World::new().await;
    let check = |failure: dragoman_model::Failure, code: &str, part: &str| {
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (Class::Permanent, code),
            "{}",
            failure.message
        );
        assert!(failure.message.contains(part), "{}", failure.message);
    };
    check(
        world.call("ehco", json!({})).await.result.unwrap_err(),
        "operation.unknown",
        "did you mean `echo`?",
    );
    check(
        world.call("echo", json!({"txet": "x"})).await.result.unwrap_err(),
        "input.invalid",
        "`text` is missing",
    );
    let mut call = world.request("echo", json!({"text": "x"}));
    call.connection = "shpo".into();
    check(
        world.runner.call(call).await.result.unwrap_err(),
        "connection.unknown",
        "`shpo`",
    );
    let mut call = world.request("echo", json!({"text": "x"}));
    call.plugin = dragoman_model::Digest::of(b"another");
    check(
        world.runner.call(call).await.result.unwrap_err(),
        "plugin.unknown",
        "not loaded",
    );
    let call = world.request("echo", json!({"text": "x"}));
    let (answer, _) = world.runner.probe(call, Timestamp::from_millis(0)).await;
    check(answer.unwrap_err(), "probe.none", "no probe");
}

#[tokio::test]
async fn a_probe_says_applied_absent_or_pending() {
    let world = World::new().await;
    for (status, expected) in [(404, "absent"), (202, "pending"), (200, "applied")] {
        world.script.then(Act::Answer(status, json!({"reference": "R"})));
        let call = world.request("place", json!({"number": "1"}));
        let (answer, usage) = world.runner.probe(call, Timestamp::from_millis(1)).await;
        let found = match answer.unwrap() {
            Probed::Absent => "absent",
            Probed::Pending(_) => "pending",
            Probed::Applied(output) => {
                assert_eq!(output.payload["reference"], "R");
                "applied"
            }
        };
        assert_eq!((found, usage.requests), (expected, 1));
    }
}

#[tokio::test]
async fn documents_are_read_and_made() {
    let world = World::new().await;
    let stored = DocumentReference::of(b"stored", "text/plain");
    world
        .shelf
        .documents
        .lock()
        .unwrap()
        .insert(stored.digest, (stored.clone(), b"stored".to_vec()));
    let fresh = DocumentReference::of(b"fresh", "text/plain");
    for (reference, unstored, text) in [
        (stored, vec![], "stored"),
        (fresh.clone(), vec![(fresh, Bytes::from_static(b"fresh"))], "fresh"),
    ] {
        let mut call = world.request("read_document", json!({}));
        call.documents.insert("message".into(), reference);
        call.unstored = unstored;
        assert_eq!(payload(&world.runner.call(call).await)["text"], text);
    }
    let missing = world.call("read_document", json!({})).await.result.unwrap_err();
    assert_eq!(missing.code, "document.missing");
    let report = world.call("write_document", json!({"text": "a copy"})).await;
    let copy = DocumentReference::of(b"a copy", "text/plain");
    assert_eq!(report.result.as_ref().unwrap().documents["copy"], copy);
    assert_eq!(report.documents, [(copy, b"a copy".to_vec())]);
}

#[tokio::test]
async fn state_is_read_and_its_writes_come_with_the_report() {
    let world = World::new().await;
    world
        .shelf
        .state
        .lock()
        .unwrap()
        .insert("shop/k".into(), (b"old".to_vec(), 3));
    assert_eq!(
        payload(&world.call("recall", json!({"key": "k"})).await),
        &json!({"key": "k", "value": "old", "version": 3})
    );
    let report = world
        .call("remember", json!({"key": "k", "value": "new", "version": 3}))
        .await;
    let write = StateWrite {
        key: "k".into(),
        written: Written::Put(b"new".to_vec()),
        expected: Some(3),
    };
    assert_eq!(report.state, [write]);
    let report = world
        .call("remember", json!({"key": "k", "value": "new", "version": 2}))
        .await;
    assert!(report.result.is_err() && report.state.is_empty());
}

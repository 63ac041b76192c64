//! The echo connector natively: what the host's tests expect of it holds before any sandbox comes into it.
#![allow(missing_docs)]

use dragoman_guest::http::Response;
use dragoman_guest::prelude::*;
use dragoman_guest::testing::{self, Scripted};
use dragoman_guest_echo::Echo;
use serde_json::Value;

use dragoman_guest::serde_json;

/// Invokes an operation and compares its payload, or its failure's code.
fn check(host: Scripted, operation: &str, input: Value, expected: Value) {
    let said = testing::invoke::<Echo>(&host.shared(), operation, input);
    let said = said.map_or_else(|failed| json!(failed.code), |answer| answer.payload);
    assert_eq!(said, expected, "{operation}");
}

#[test]
fn operations_answer() {
    let order = json!({ "number": "5", "lines": [{ "article": "tea", "count": 2 }] });
    let greeting = Scripted::new().config(json!({ "greeting": "hello " }));
    let accepted = |status| Response::new(status).with_json(&json!({ "reference": "R" }));
    let receipt = |status: u16| json!({ "number": "5", "reference": "R", "status": status });
    let to = |method, answer| Scripted::new().answer(method, "api", answer);
    check(
        greeting,
        "echo",
        json!({ "text": "you" }),
        json!({ "text": "hello you", "lines": [] }),
    );
    check(
        to("GET", Response::new(200).with_json(&order)),
        "get",
        json!({ "key": "5" }),
        order.clone(),
    );
    check(
        to("GET", Response::new(404)),
        "get",
        json!({ "key": "5" }),
        json!("order.not_found"),
    );
    check(to("PUT", accepted(201)), "place", order.clone(), receipt(201));
    check(
        to("PUT", Response::new(409)),
        "place",
        order.clone(),
        json!("order.refused"),
    );
    check(to("POST", accepted(202)), "notify", order, receipt(202));
    check(Scripted::new(), "fail", json!({ "text": "no" }), json!("echo.refused"));
    let stored = Scripted::new().stored("a", "b");
    check(
        stored,
        "recall",
        json!({ "key": "a" }),
        json!({ "key": "a", "value": "b", "version": 1 }),
    );
    let stored = Scripted::new().stored("a", "b");
    let other = json!({ "key": "a", "value": "c", "version": 7 });
    check(stored, "remember", other, json!("state.conflict"));
    check(Scripted::new(), "log_lines", json!({ "count": 3 }), json!({}));
}

#[test]
fn documents_are_read_and_made() {
    let host = Scripted::new().document("message", "text/plain", "hello").shared();
    let read = testing::invoke::<Echo>(&host, "read_document", json!({})).unwrap();
    assert_eq!(
        (&read.payload["length"], &read.payload["text"]),
        (&json!(5), &json!("hello"))
    );
    let made = testing::invoke::<Echo>(&host, "write_document", json!({ "text": "copy" })).unwrap();
    let (name, document) = &made.documents[0];
    assert_eq!(
        (name.as_str(), host.content(&document.digest)),
        ("copy", Some(b"copy".to_vec()))
    );
}

#[test]
fn a_long_greeting_is_refused() {
    let issues = testing::check_config::<Echo>(json!({ "greeting": "a greeting that does not end" }));
    assert_eq!(issues[0].code, "greeting.long");
    assert!(testing::check_config::<Echo>(json!({ "greeting": "hi" })).is_empty());
}

#[test]
#[should_panic(expected = "asked to panic")]
fn the_panic_is_one() {
    let _ = testing::invoke::<Echo>(&Scripted::new().shared(), "panic", json!({}));
}

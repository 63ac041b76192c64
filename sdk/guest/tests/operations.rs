//! Operations through the dispatch that the exports use, with a scripted host.
#![allow(missing_docs, unreachable_pub)]

mod shop;

use dragoman_guest::http::{Body, Error, Response};
use dragoman_guest::prelude::*;
use dragoman_guest::testing::{self, Scripted};
use serde_json::Value;
use shop::Acme;

fn host() -> Scripted {
    Scripted::new().config(json!({ "country": "FR" }))
}

/// Invokes an operation with a host that answers as scripted; what comes out in a few words.
fn check(name: &str, host: Scripted, operation: &str, input: Value, expected: &str) {
    let said = match testing::invoke::<Acme>(&host.shared(), operation, input) {
        Ok(answer) => answer.payload.to_string(),
        Err(failed) => {
            let places: Vec<_> = failed.issues.iter().map(|issue| issue.path.as_str()).collect();
            format!(
                "{:?} {:?} {} {}",
                failed.class,
                failed.known_effect(),
                failed.code,
                places.join(" ")
            )
        }
    };
    assert_eq!(said.trim(), expected, "{name}");
}

fn problem(status: u16, code: &str) -> Response {
    Response::new(status).with_body(
        json!({ "code": code, "detail": "in words", "errors": [{ "pointer": "/number", "message": "odd" }] })
            .to_string(),
        "application/problem+json",
    )
}

#[test]
fn what_reads_come_to() {
    let input = || json!({ "number": "A/1" });
    let get = |name, host: Scripted, expected| check(name, host, "get", input(), expected);
    let found = json!({ "number": "A/1", "status": "on_its_way", "extra": 1 });
    get(
        "found",
        host().answer("GET", "api", Response::new(200).with_json(&found)),
        r#"{"number":"A/1","status":"on_its_way"}"#,
    );
    get(
        "not found",
        host().answer("GET", "api", Response::new(404)),
        "Rejected None order.not_found",
    );
    get(
        "no rights",
        host().answer("GET", "api", Response::new(401)),
        "Permanent None http.401",
    );
    get(
        "busy",
        host().answer("GET", "api", Response::new(503)),
        "Retryable None http.503",
    );
    get(
        "broken",
        host().answer("GET", "api", Response::new(500)),
        "Retryable None http.500",
    );
    get(
        "garbage",
        host().answer("GET", "api", Response::new(200).with_body("<html>", "text/html")),
        "Retryable None answer.unreadable",
    );
    get(
        "cut",
        host().error("GET", "api", Error::new("cut", "cut off", true)),
        "Retryable None http.cut",
    );
    get(
        "denied",
        host().error("GET", "api", Error::new("denied.endpoint", "no", false)),
        "Permanent None http.denied.endpoint",
    );
    get("not scripted", host(), "Permanent None http.denied.script");
}

#[test]
fn what_acts_come_to() {
    let receipt = |reference: &str| Response::new(201).with_json(&json!({ "reference": reference }));
    let garbage = Response::new(200).with_body("{", "application/json");
    let in_three_seconds = Response::new(503).with_header("Retry-After", "3");
    for (answer, expected) in [
        (receipt("R1"), r#"{"reference":"R1"}"#),
        // No effect is stated, and the request was answered with success.
        (receipt(""), "Permanent Unknown receipt.empty"),
        (garbage, "Retryable Unknown answer.unreadable"),
        (Response::new(500), "Retryable Unknown http.500"),
        // A bare 503 may come from a proxy.
        (Response::new(503), "Retryable Unknown http.503"),
        (in_three_seconds, "Retryable None http.503"),
        (Response::new(504), "Retryable Unknown http.504"),
        (Response::new(429), "Retryable None http.429"),
        (Response::new(408), "Retryable None http.408"),
        (problem(422, "odd"), "Permanent None http.422 /number"),
        (Response::new(307), "Permanent None http.307"),
    ] {
        let name = format!("{answer:?}");
        let host = host().answer("PUT", "api", answer);
        check(&name, host, "place", json!({ "number": "1" }), expected);
    }
}

#[test]
fn what_acts_without_an_answer_come_to() {
    for (code, sent, expected) in [
        ("connect", false, "Retryable None http.connect"),
        ("timeout", true, "Retryable Unknown http.timeout"),
        ("too_large", true, "Permanent Unknown http.too_large"),
        ("denied.dry_run", false, "Permanent None http.denied.dry_run"),
    ] {
        let host = host().error("PUT", "api", Error::new(code, "why", sent));
        check(code, host, "place", json!({ "number": "1" }), expected);
    }
}

#[test]
fn what_does_not_fit_is_permanent() {
    for (operation, input, expected) in [
        ("get", json!({ "number": 5 }), "Permanent None input.invalid /number"),
        ("get", json!({}), "Permanent None input.invalid"),
        (
            "place",
            json!({ "number": "1", "payment": { "kind": "cheque" } }),
            "Permanent None input.invalid /payment/kind",
        ),
        ("gte", json!({}), "Permanent None operation.unknown"),
        ("cancel_order", json!({}), "Permanent None operation.unknown"),
        ("get", json!({ "number": ".." }), "Permanent None http.request.path"),
        ("get", json!({ "number": "" }), "Permanent None http.request.path"),
    ] {
        check(operation, host(), operation, input, expected);
    }
    let bare = Scripted::new();
    check("no config", bare, "count", json!({}), "Permanent None config.invalid");
}

#[test]
fn requests_are_as_they_were_built() {
    let receipt = Response::new(201).with_json(&json!({ "reference": "R1" }));
    let host = host()
        .answer("PUT", "api", receipt)
        .answer("GET", "api", Response::new(404))
        .shared();
    let answer = testing::invoke::<Acme>(&host, "place", json!({ "number": "A/1 \u{e9}" })).unwrap();
    let _ = testing::invoke::<Acme>(&host, "get", json!({ "number": "x?y" }));
    let requests = host.requests();
    assert_eq!(requests[0].path, "/orders/A%2F1%20%C3%A9");
    assert_eq!(requests[0].body, Body::Inline("{\"number\":\"A/1 \u{e9}\"}".into()));
    assert_eq!(requests[0].timeout_ms, Some(5000));
    let key = ("idempotency-key".to_owned(), "key-1".to_owned());
    assert!(requests[0].headers.contains(&key));
    assert_eq!(requests[1].path, "/v/1/orders/x%3Fy?from=FR");
    assert_eq!(answer.attributes, [("seen".to_owned(), "0".to_owned())]);
    let (name, paper) = &answer.documents[0];
    assert_eq!(name, "receipt");
    assert_eq!(host.content(&paper.digest).unwrap(), b"R1");
}

#[test]
fn problems_are_kept() {
    let host = host()
        .answer("PUT", "api", problem(422, "odd").with_header("Retry-After", "7"))
        .shared();
    let failed = testing::invoke::<Acme>(&host, "place", json!({ "number": "1" })).unwrap_err();
    assert_eq!(failed.message, "the other side answered 422: in words");
    assert_eq!(failed.detail, Some(json!({ "status": 422, "code": "odd" })));
    assert_eq!(failed.retry_after, Some(std::time::Duration::from_secs(7)));
}

#[test]
fn when_to_come_back() {
    let check = |after: &str, date: Option<&str>, expected: Option<u64>| {
        let answer = Response::new(503).with_header("retry-after", after);
        let answer = match date {
            Some(date) => answer.with_header("date", date),
            None => answer,
        };
        let wait = answer.retry_after().map(|wait| wait.as_secs());
        assert_eq!(wait, expected, "{after} {date:?}");
    };
    let date = "Sun, 06 Nov 1994 08:49:37 GMT";
    check("120", None, Some(120));
    check(" 0 ", None, Some(0));
    check("Sun, 06 Nov 1994 08:50:37 GMT", Some(date), Some(60));
    check("Sun, 06 Nov 1994 08:40:00 GMT", Some(date), Some(0));
    check("Thu, 01 Jan 1970 00:01:00 GMT", None, Some(60));
    check("soon", Some(date), None);
    check("-5", None, None);
}

#[test]
fn state_and_documents() {
    let host = host().document("message", "text/plain", "hello").shared();
    for expected in ["1", "2", "3"] {
        let answer = testing::invoke::<Acme>(&host, "count", json!({})).unwrap();
        assert_eq!(answer.payload["reference"], expected);
    }
    assert_eq!(host.state("count").unwrap().version, 3);
    let answer = testing::invoke::<Acme>(&host, "read", json!({})).unwrap();
    assert_eq!(answer.payload["reference"], "hello");
    let spoilt = self::host().stored("count", "x");
    check(
        "spoilt state",
        spoilt,
        "count",
        json!({}),
        "Permanent None state.unreadable",
    );
    check(
        "no document",
        self::host(),
        "read",
        json!({}),
        "Permanent None document.missing",
    );
    let long = self::host().document("message", "text/plain", "more than sixteen bytes");
    check(
        "a long document",
        long,
        "read",
        json!({}),
        "Permanent None document.too_large",
    );
}

#[test]
fn probes() {
    let ask = |answer: Response| {
        let host = host().answer("GET", "api", answer).shared();
        let sent = Sent {
            key: "key-0".to_owned(),
            first_at_ms: 5,
        };
        let probed = testing::probe::<Acme>(&host, "place", json!({ "number": "1" }), sent);
        assert_eq!(host.lines()[0].fields[0].1, "key-0");
        match probed {
            Ok(Probed::Applied(answer)) => answer.payload.to_string(),
            Ok(Probed::Absent) => "absent".to_owned(),
            Ok(Probed::Pending(wait)) => format!("pending {wait:?}"),
            Err(failed) => failed.code.clone(),
        }
    };
    let receipt = json!({ "reference": "R1" });
    assert_eq!(ask(Response::new(200).with_json(&receipt)), r#"{"reference":"R1"}"#);
    assert_eq!(ask(Response::new(404)), "absent");
    assert_eq!(
        ask(Response::new(202).with_header("retry-after", "9")),
        "pending Some(9s)"
    );
    assert_eq!(ask(Response::new(202)), "pending None");
    assert_eq!(ask(Response::new(500)), "http.500");
    for (operation, code) in [
        ("get", "probe.none"),
        ("cancel", "probe.none"),
        ("no", "operation.unknown"),
    ] {
        let sent = Sent {
            key: "key-0".to_owned(),
            first_at_ms: 5,
        };
        let failed = testing::probe::<Acme>(&host().shared(), operation, json!({}), sent).unwrap_err();
        assert_eq!(failed.code, code);
    }
}

#[test]
fn without_a_host_everything_is_refused() {
    let failed: Failure = http::get("api", "/").send().unwrap_err().into();
    assert_eq!(
        (failed.class, failed.code.as_str()),
        (Class::Permanent, "http.denied.host")
    );
    let failed: Failure = state::get("key").unwrap_err().into();
    assert_eq!(failed.class, Class::Permanent);
    let failed: Failure = documents::read("sha256:0").unwrap_err().into();
    assert_eq!(failed.class, Class::Permanent);
    let failed: Failure = credentials::sign("key", "ed25519", b"").unwrap_err().into();
    assert_eq!(failed.class, Class::Permanent);
    assert!(!credentials::has("key"));
    assert_eq!(random::bytes(5000), vec![0; 5000]);
}

//! What is refused before anything is sent, and answers that no good system gives.

use dragoman_guest::http::{Error, Response};
use dragoman_guest::testing::{self, Scripted};
use dragoman_guest::{Class, Effect, Failure};
use ecites::Ecites;
use serde_json::{Value, json};

fn wish() -> Value {
    json!({"number": "P1", "issuing_country": "PL", "declaration": {"scheme": "mrn", "value": "D1"},
        "items": [{"item": "A", "quantity": {"value": "1", "unit": "C62"}}],
        "at": "2026-03-01T10:15:00Z", "endorsed_by": {"person_id": "o1"}})
}

fn permit() -> Value {
    json!({"number": "P1", "issuing_country": "PL", "kind": "export",
        "items": [{"id": "A", "quantity": {"value": "10", "unit": "C62"}}], "endorsements": []})
}

fn endorsement(id: Option<&str>) -> Value {
    let mut endorsement = json!({"permit": "P1", "issuing_country": "PL", "items": wish()["items"], "status": "valid",
        "declaration": {"scheme": "mrn", "value": "D1"}});
    if let Some(id) = id {
        endorsement["id"] = json!(id);
    }
    endorsement
}

/// The wish with one member changed, or taken away where there is no value.
fn with(field: &str, value: Option<Value>) -> Value {
    let mut wish = wish();
    match value {
        Some(value) => wish[field] = value,
        None => drop(wish.as_object_mut().unwrap().remove(field)),
    }
    wish
}

#[track_caller]
fn check_refused(operation: &str, input: Value, code: &str, path: &str) {
    let host = Scripted::new().shared();
    let failure = testing::invoke::<Ecites>(&host, operation, input.clone()).unwrap_err();
    let facts = (failure.class, failure.known_effect(), failure.code.as_str());
    assert_eq!(facts, (Class::Permanent, Effect::None, code), "{input}");
    assert_eq!(failure.issues[0].path, path, "{input}");
    assert_eq!(host.requests(), [], "{input}");
}

#[test]
fn an_endorsement_names_its_officer() {
    let blank = json!({"person_id": " ", "name": "", "authority": "NRA"});
    for officer in [None, Some(json!({})), Some(blank)] {
        let input = with("endorsed_by", officer);
        check_refused("endorse", input, "endorsement.no_officer", "/endorsed_by");
    }
}

#[test]
fn an_endorsement_has_quantities_above_zero_each_item_in_one_unit() {
    let line =
        |(item, value, unit): &(&str, &str, &str)| json!({"item": item, "quantity": {"value": value, "unit": unit}});
    let items = |lines: &[(&str, &str, &str)]| Some(json!(lines.iter().map(line).collect::<Vec<_>>()));
    check_refused("endorse", with("items", items(&[])), "endorsement.no_items", "/items");
    for (lines, path) in [
        (vec![("A", "1", "C62"), (" ", "1", "C62")], "/items/1"),
        (vec![("A", "0", "C62")], "/items/0"),
        (vec![("A", "-1", "C62")], "/items/0"),
        (vec![("A", "1", "")], "/items/0"),
        (vec![("A", "1", "C62"), ("A", "1", "KGM")], "/items/1"),
    ] {
        let input = with("items", items(&lines));
        check_refused("endorse", input, "endorsement.line", path);
    }
}

#[test]
fn what_cannot_be_read_or_is_blank_is_not_sent() {
    let nameless = json!({"scheme": "mrn", "value": ""});
    let comma = json!([{"item": "A", "quantity": {"value": "1,5", "unit": "KGM"}}]);
    for (field, value, path) in [
        ("items", Some(comma), "/items/0/quantity"),
        ("number", Some(json!(" ")), "/number"),
        ("declaration", Some(nameless), "/declaration/value"),
        ("at", Some(json!("yesterday")), "/at"),
        ("at", None, ""),
    ] {
        check_refused("endorse", with(field, value), "input.invalid", path);
    }
    let unnumbered = json!({"number": "", "issuing_country": "PL"});
    check_refused("get", unnumbered, "input.invalid", "/number");
    let tokenless = json!({"number": "P1", "token": ""});
    check_refused("verify", tokenless, "input.invalid", "/token");
}

#[test]
fn a_withdrawal_names_its_reason_and_its_person() {
    for (reason, name, code, path) in [
        (" ", "Anna", "withdrawal.no_reason", "/reason"),
        ("invalidated", "", "withdrawal.no_person", "/by"),
    ] {
        let mut input = wish();
        input["reason"] = json!(reason);
        input["by"] = json!({"name": name});
        check_refused("withdraw", input, code, path);
    }
}

/// What `endorse` answers where the system answers the PUT so.
fn endorsed_with(answer: Response) -> Result<Value, Failure> {
    let host = Scripted::new()
        .answer(
            "GET",
            "api",
            Response::new(200).with_json(&permit()).with_header("ETag", "W/\"1\""),
        )
        .answer("PUT", "api", answer)
        .answer("GET", "api", Response::new(200).with_json(&permit()))
        .shared();
    let answer = testing::invoke::<Ecites>(&host, "endorse", wish());
    let put = &host.requests()[1];
    assert!(
        put.headers.iter().all(|(name, _)| name != "if-match"),
        "a weak tag is no condition"
    );
    assert!(
        put.headers
            .contains(&("idempotency-key".to_owned(), "key-1".to_owned()))
    );
    answer.map(|answered| answered.payload)
}

#[test]
fn an_endorsement_that_the_permit_does_not_show_is_put_on_it() {
    let answer = endorsed_with(Response::new(201).with_json(&endorsement(None))).unwrap();
    assert_eq!(
        answer["id"], "D1",
        "without an identifier of the system's own, the declaration's"
    );
    assert_eq!(answer["permit"]["endorsements"], json!([endorsement(None)]));
}

fn problem(status: u16, code: &str) -> Response {
    let body = json!({"code": code, "detail": "so it is"});
    Response::new(status).with_body(body.to_string(), "application/problem+json")
}

#[track_caller]
fn check_answer(answer: Response, class: Class, effect: Effect, code: &str) {
    let failure = endorsed_with(answer.clone()).unwrap_err();
    let facts = (failure.class, failure.known_effect(), failure.code.as_str());
    assert_eq!(facts, (class, effect, code), "{answer:?}: {failure}");
}

#[test]
fn a_refusal_is_rejected_without_effect() {
    for (answer, code) in [
        (problem(409, "changed"), "permit.changed"),
        (problem(422, "over_quantity"), "permit.over_quantity"),
        (problem(409, "already_used"), "permit.already_used"),
        (problem(410, "revoked"), "permit.revoked"),
        (Response::new(404), "permit.not_found"),
    ] {
        check_answer(answer, Class::Rejected, Effect::None, code);
    }
}

#[test]
fn any_other_status_says_what_is_known_of_the_effect() {
    let busy = Response::new(429).with_header("retry-after", "7");
    check_answer(busy, Class::Retryable, Effect::None, "http.429");
    check_answer(problem(409, "tuesday"), Class::Permanent, Effect::None, "http.409");
    check_answer(Response::new(401), Class::Permanent, Effect::None, "http.401");
    // A refusal in a 5xx may come from a proxy that lost the answer of the system behind it.
    let broken = problem(500, "over_quantity");
    check_answer(broken, Class::Retryable, Effect::Unknown, "http.500");
    check_answer(Response::new(503), Class::Retryable, Effect::Unknown, "http.503");
}

#[test]
fn an_answer_that_does_not_fit_leaves_the_effect_unknown() {
    let login = Response::new(200).with_body("<html>", "text/html");
    check_answer(login, Class::Retryable, Effect::Unknown, "answer.unreadable");
    let mut other = endorsement(Some("E1"));
    other["items"][0]["quantity"]["value"] = json!("2");
    let other = Response::new(201).with_json(&other);
    check_answer(other, Class::Retryable, Effect::Unknown, "answer.unexpected");
}

#[test]
fn another_permit_than_the_one_asked_for_is_not_taken() {
    for (field, value) in [("number", "P2"), ("issuing_country", "DE")] {
        let mut wrong = permit();
        wrong[field] = json!(value);
        let host = Scripted::new()
            .answer("GET", "api", Response::new(200).with_json(&wrong))
            .shared();
        let input = json!({"number": "P1", "issuing_country": "PL"});
        let failure = testing::invoke::<Ecites>(&host, "get", input).unwrap_err();
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (Class::Permanent, "permit.mismatch")
        );
    }
}

#[test]
fn a_system_that_is_not_reached_leaves_no_effect() {
    let host = Scripted::new()
        .error("GET", "api", Error::new("timeout", "no answer in time", true))
        .shared();
    let failure = testing::invoke::<Ecites>(&host, "endorse", wish()).unwrap_err();
    assert_eq!(
        (failure.class, failure.known_effect(), failure.code.as_str()),
        (Class::Retryable, Effect::None, "http.timeout")
    );
}

#[test]
fn verification_is_a_query_with_the_token_in_the_body() {
    let host = Scripted::new()
        .answer(
            "POST",
            "api",
            Response::new(200).with_json(&json!({"number": "P1", "valid": false})),
        )
        .shared();
    let answer = testing::invoke::<Ecites>(&host, "verify", json!({"number": "P1", "token": "t"})).unwrap();
    assert_eq!(answer.payload, json!({"number": "P1", "valid": false, "remaining": []}));
    let request = &host.requests()[0];
    assert!(request.safe && request.path == "/verifications");
}

#[test]
fn the_descriptor_says_what_each_operation_does() {
    let descriptor = testing::describe::<Ecites>();
    assert_eq!(descriptor.endpoints, ["api"]);
    let said: Vec<_> = descriptor
        .operations
        .iter()
        .map(|one| (one.name, one.has_probe, one.undo))
        .collect();
    assert_eq!(
        said,
        [
            ("get", false, None),
            ("endorse", true, Some("withdraw")),
            ("withdraw", true, None),
            ("verify", false, None)
        ]
    );
}

#[test]
fn a_configuration_is_checked() {
    for (config, paths) in [
        (json!({}), vec![]),
        (
            json!({"ports": [{"office": "PL1", "code": "PLMED"}, {"office": "PL2", "name": "Medyka"}]}),
            vec![],
        ),
        (json!({"authority": " "}), vec!["/authority"]),
        (
            json!({"ports": [{"office": "PL1", "code": "Medyka"}, {"office": "PL1"}]}),
            vec!["/ports/0/code", "/ports/1/office", "/ports/1"],
        ),
        (json!({"ports": 5}), vec!["/ports"]),
    ] {
        let issues = testing::check_config::<Ecites>(config.clone());
        let found: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(found, paths, "{config}");
    }
}

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
fn nothing_incomplete_is_sent() {
    let line = |item: &str, value: &str, unit: &str| json!({"item": item, "quantity": {"value": value, "unit": unit}});
    for (field, value, code, path) in [
        ("endorsed_by", None, "endorsement.no_officer", "/endorsed_by"),
        ("endorsed_by", Some(json!({})), "endorsement.no_officer", "/endorsed_by"),
        (
            "endorsed_by",
            Some(json!({"person_id": " ", "name": "", "authority": "NRA"})),
            "endorsement.no_officer",
            "/endorsed_by",
        ),
        ("items", Some(json!([])), "endorsement.no_items", "/items"),
        (
            "items",
            Some(json!([line("A", "1", "C62"), line(" ", "1", "C62")])),
            "endorsement.line",
            "/items/1",
        ),
        (
            "items",
            Some(json!([line("A", "0", "C62")])),
            "endorsement.line",
            "/items/0",
        ),
        (
            "items",
            Some(json!([line("A", "-1", "C62")])),
            "endorsement.line",
            "/items/0",
        ),
        (
            "items",
            Some(json!([line("A", "1", "")])),
            "endorsement.line",
            "/items/0",
        ),
        (
            "items",
            Some(json!([line("A", "1", "C62"), line("A", "1", "KGM")])),
            "endorsement.line",
            "/items/1",
        ),
        (
            "items",
            Some(json!([line("A", "1,5", "KGM")])),
            "input.invalid",
            "/items/0/quantity",
        ),
        ("number", Some(json!(" ")), "input.invalid", "/number"),
        (
            "declaration",
            Some(json!({"scheme": "mrn", "value": ""})),
            "input.invalid",
            "/declaration/value",
        ),
        ("at", Some(json!("yesterday")), "input.invalid", "/at"),
        ("at", None, "input.invalid", ""),
    ] {
        check_refused("endorse", with(field, value), code, path);
    }
    let withdrawal = |reason: &str, by: Value| json!({"number": "P1", "issuing_country": "PL", "declaration": {"scheme": "mrn", "value": "D1"}, "reason": reason, "by": by});
    check_refused(
        "withdraw",
        withdrawal(" ", json!({"name": "A"})),
        "withdrawal.no_reason",
        "/reason",
    );
    check_refused(
        "withdraw",
        withdrawal("r", json!({"name": ""})),
        "withdrawal.no_person",
        "/by",
    );
    check_refused(
        "verify",
        json!({"number": "P1", "token": ""}),
        "input.invalid",
        "/token",
    );
    check_refused(
        "get",
        json!({"number": "", "issuing_country": "PL"}),
        "input.invalid",
        "/number",
    );
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

#[test]
fn answers_of_an_endorsement_and_what_is_known_of_its_effect() {
    let problem = |status: u16, code: &str| {
        Response::new(status).with_body(
            json!({"code": code, "detail": "so it is"}).to_string(),
            "application/problem+json",
        )
    };
    let mut other = endorsement(Some("E1"));
    other["items"][0]["quantity"]["value"] = json!("2");
    for (name, answer, class, effect, code) in [
        (
            "login page",
            Response::new(200).with_body("<html>", "text/html"),
            Class::Retryable,
            Effect::Unknown,
            "answer.unreadable",
        ),
        (
            "another endorsement",
            Response::new(201).with_json(&other),
            Class::Retryable,
            Effect::Unknown,
            "answer.unexpected",
        ),
        (
            "other items",
            problem(409, "changed"),
            Class::Rejected,
            Effect::None,
            "permit.changed",
        ),
        (
            "over quantity",
            problem(422, "over_quantity"),
            Class::Rejected,
            Effect::None,
            "permit.over_quantity",
        ),
        (
            "already used",
            problem(409, "already_used"),
            Class::Rejected,
            Effect::None,
            "permit.already_used",
        ),
        (
            "plain not found",
            Response::new(404),
            Class::Rejected,
            Effect::None,
            "permit.not_found",
        ),
        (
            "unknown code",
            problem(409, "tuesday"),
            Class::Permanent,
            Effect::None,
            "http.409",
        ),
        (
            "not allowed",
            Response::new(401),
            Class::Permanent,
            Effect::None,
            "http.401",
        ),
        (
            "too many",
            Response::new(429).with_header("retry-after", "7"),
            Class::Retryable,
            Effect::None,
            "http.429",
        ),
        (
            "broken",
            problem(500, "over_quantity"),
            Class::Retryable,
            Effect::Unknown,
            "http.500",
        ),
        (
            "bare 503",
            Response::new(503),
            Class::Retryable,
            Effect::Unknown,
            "http.503",
        ),
    ] {
        let failure = endorsed_with(answer).unwrap_err();
        let facts = (failure.class, failure.known_effect(), failure.code.as_str());
        assert_eq!(facts, (class, effect, code), "{name}: {failure}");
    }
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

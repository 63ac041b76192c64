//! What partners are told: against the authority's simulator, and against answers that it does not give.

mod partner;

use dragoman_guest::http::{Error, Response};
use dragoman_guest::testing::{self, Answered, Scripted};
use dragoman_guest::{Class, Effect, Failure};
use dragoman_support::authority::Options;
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::record::fact;
use partner::Partner;
use partner_gateway::PartnerGateway;
use serde_json::{Value, json};
use std::rc::Rc;

const NUMBER: &str = "PL/2026/000123";
const DECLARATION: &str = "26PL443010NS7MX4A1";

fn endorsement() -> Value {
    json!({
        "id": "EN-000001", "permit": NUMBER, "issuing_country": "PL", "at": "2026-03-01T10:15:00+01:00",
        "endorsed_by": {"person_id": "anna"}, "declaration": {"scheme": "mrn", "value": DECLARATION}, "status": "valid",
        "items": [{"item": "A", "quantity": {"value": "45", "unit": "C62"}}, {"item": "B", "quantity": {"value": "2.50", "unit": "KGM"}}]
    })
}

fn permit() -> Value {
    json!({
        "number": NUMBER, "issuing_country": "PL", "kind": "export", "token": "tok-1", "country_of_import": "CH",
        "applicant": {"name": "J. Kowalska"}, "special_conditions": "by air only",
        "items": [{"id": "A", "quantity": {"value": "100", "unit": "C62"}}], "endorsements": [endorsement()]
    })
}

fn notification() -> Value {
    json!({"to_country": "CH", "permit": permit(), "endorsement": endorsement()})
}

fn withdrawal() -> Value {
    json!({"to_country": "CH", "endorsement": endorsement(), "reason": "invalidated before exit",
        "by": {"id": "anna", "kind": "person"}, "at": "2026-03-02T08:00:00+01:00"})
}

fn invoke(host: &Rc<Scripted>, operation: &str, input: Value) -> Result<Answered, Failure> {
    testing::invoke::<PartnerGateway>(host, operation, input)
}

#[track_caller]
fn check_failure(failure: &Failure, class: Class, effect: Effect, code: &str) {
    let facts = (failure.class, failure.known_effect(), failure.code.as_str());
    assert_eq!(facts, (class, effect, code), "{failure}");
}

#[test]
fn a_use_is_told_and_the_receipt_kept() {
    let partner = Partner::start(Options::default());
    let host = partner.host("partner-CH", json!({}));
    let answer = invoke(&host, "notify_use", notification()).unwrap();
    let message = &partner.authority.messages()[0];
    assert_eq!(message["key"], "key-1");
    assert_eq!(
        message["message"]["usage"],
        json!({
            "direction": "exported", "certificate": NUMBER, "issuing_country": "PL", "to_country": "CH", "token": "tok-1",
            "positions": endorsement()["items"], "at": "2026-03-01T10:15:00+01:00",
            "declaration": {"scheme": "mrn", "value": DECLARATION}, "endorsement": "EN-000001"
        })
    );
    assert_eq!(message["message"]["permit"], permit());
    let receipt = &answer.payload;
    for name in ["message_id", "reference", "at", "status"] {
        assert_eq!(receipt[name], message["receipt"][name], "{name}");
    }
    let headers = receipt["headers"].as_array().unwrap();
    assert!(headers.iter().any(|header| header["name"] == "date"));
    let attribute = |name: &str| {
        answer
            .attributes
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    };
    assert_eq!(
        (attribute("message-id"), attribute("reference")),
        (Some("key-1"), Some("UM-000001"))
    );
    assert!(attribute("date").is_some());
    let (name, document) = &answer.documents[0];
    assert_eq!(
        (name.as_str(), receipt["digest"].as_str()),
        ("receipt", Some(document.digest.as_str()))
    );
    assert_eq!(
        serde_json::from_slice::<Value>(&host.content(&document.digest).unwrap()).unwrap(),
        message["receipt"]
    );
}

#[test]
fn the_same_message_again_is_one_use() {
    let partner = Partner::start(Options::default());
    partner
        .authority
        .faults()
        .push(Rule::once("POST /usages", Fault::CutAfter));
    let host = partner.host("partner-CH", json!({}));
    let failure = invoke(&host, "notify_use", notification()).unwrap_err();
    check_failure(&failure, Class::Retryable, Effect::Unknown, "http.cut");
    let first = invoke(&host, "notify_use", notification()).unwrap().payload;
    let again = invoke(&host, "notify_use", notification()).unwrap().payload;
    assert_eq!(first["reference"], again["reference"]);
    assert_eq!(
        partner
            .authority
            .facts()
            .get(&fact("used", &[NUMBER, DECLARATION, "exported"])),
        Some(&1)
    );
    // Another message under the same key is shown to a person, not sent under a new one.
    let mut other = notification();
    other["endorsement"]["items"][0]["quantity"]["value"] = json!("46");
    let failure = invoke(&host, "notify_use", other).unwrap_err();
    check_failure(&failure, Class::Permanent, Effect::None, "partner.key_reused");
}

#[test]
fn a_use_that_is_taken_back_says_so() {
    for permit in [None, Some(permit())] {
        let partner = Partner::start(Options::default());
        let host = partner.host("partner-ch", json!({}));
        let mut input = withdrawal();
        if let Some(permit) = &permit {
            input["permit"] = permit.clone();
        }
        invoke(&host, "notify_withdrawal", input).unwrap();
        let message = &partner.authority.messages()[0]["message"];
        let usage = &message["usage"];
        assert_eq!(
            (&usage["status"], &usage["supersedes"], &usage["reason"]),
            (
                &json!("withdrawn"),
                &json!("EN-000001"),
                &json!("invalidated before exit")
            )
        );
        assert_eq!(usage["token"], permit.map_or(Value::Null, |_| json!("tok-1")));
        let withdrawn = &message["permit"]["endorsements"][0];
        assert_eq!(
            (&withdrawn["status"], &withdrawn["withdrawal"]),
            (&json!("withdrawn"), &message["withdrawal"])
        );
        assert_eq!(
            message["withdrawal"],
            json!({"reason": "invalidated before exit", "by": {"person_id": "anna", "kind": "officer"}, "at": "2026-03-02T08:00:00+01:00"})
        );
        assert_eq!(
            partner
                .authority
                .facts()
                .get(&fact("used", &[NUMBER, DECLARATION, "withdrawn"])),
            Some(&1)
        );
    }
}

#[test]
fn a_country_without_an_endpoint_is_rejected() {
    let partner = Partner::start(Options::default());
    for (country, endpoint, word) in [
        (json!("NO"), "partner-CH", "bind the endpoint `partner-NO`"),
        (json!("Switzerland"), "partner-CH", "no country code"),
        (json!("C/"), "partner-CH", "no country code"),
    ] {
        let mut input = notification();
        input["to_country"] = country;
        let host = partner.host(endpoint, json!({}));
        let failure = invoke(&host, "notify_use", input).unwrap_err();
        check_failure(&failure, Class::Rejected, Effect::None, "partner.unknown");
        assert!(failure.message.contains(word), "{}", failure.message);
    }
    let host = partner.host("partner-CH", json!({}));
    let mut nowhere = withdrawal();
    nowhere.as_object_mut().unwrap().remove("to_country");
    let failure = invoke(&host, "notify_withdrawal", nowhere).unwrap_err();
    check_failure(&failure, Class::Rejected, Effect::None, "partner.unknown");
    assert_eq!(partner.authority.messages().len(), 0);
}

#[test]
fn the_permits_country_of_import_is_told_where_nothing_else_is_said() {
    let partner = Partner::start(Options::default());
    for to_country in [json!(" "), json!("ch"), Value::Null] {
        let mut input = notification();
        input["to_country"] = to_country;
        invoke(&partner.host("partner-CH", json!({})), "notify_use", input).unwrap();
    }
    assert_eq!(partner.authority.messages()[0]["message"]["usage"]["to_country"], "CH");
}

#[test]
fn what_is_withheld_is_not_sent() {
    let partner = Partner::start(Options::default());
    let config = json!({"disclosures": [
        {"withhold": ["applicant"], "basis": "data protection act, article 9"},
        {"country": "NO", "withhold": ["special_conditions"]}
    ]});
    invoke(&partner.host("partner-CH", config), "notify_use", notification()).unwrap();
    let sent = &partner.authority.messages()[0]["message"]["permit"];
    assert_eq!(
        (sent.get("applicant"), &sent["special_conditions"]),
        (None, &json!("by air only"))
    );
}

#[test]
fn what_does_not_fit_together_is_not_sent() {
    for (operation, pointer, value, path) in [
        (
            "notify_use",
            "/endorsement/permit",
            json!("PL/2026/9"),
            "/endorsement/permit",
        ),
        (
            "notify_use",
            "/endorsement/issuing_country",
            json!("DE"),
            "/endorsement/issuing_country",
        ),
        (
            "notify_use",
            "/endorsement/status",
            json!("withdrawn"),
            "/endorsement/status",
        ),
        ("notify_use", "/endorsement/items", json!([]), "/endorsement/items"),
        (
            "notify_withdrawal",
            "/endorsement/items",
            json!([]),
            "/endorsement/items",
        ),
        ("notify_withdrawal", "/reason", json!(" "), "/reason"),
    ] {
        let mut input = if operation == "notify_use" {
            notification()
        } else {
            withdrawal()
        };
        *input.pointer_mut(pointer).unwrap() = value;
        let host = Scripted::new().shared();
        let failure = invoke(&host, operation, input).unwrap_err();
        check_failure(&failure, Class::Permanent, Effect::None, "usage.unfit");
        assert_eq!(failure.issues[0].path, path);
        assert_eq!(host.requests(), []);
    }
}

fn answered(answer: Result<Response, Error>) -> Result<Answered, Failure> {
    let host = match answer {
        Ok(response) => Scripted::new().answer("POST", "partner-CH", response),
        Err(error) => Scripted::new().error("POST", "partner-CH", error),
    };
    invoke(&host.shared(), "notify_use", notification())
}

#[track_caller]
fn check_answer(answer: Result<Response, Error>, class: Class, effect: Effect, code: &str) {
    check_failure(&answered(answer).unwrap_err(), class, effect, code);
}

#[test]
fn a_partner_that_says_no_is_rejected() {
    let receipt = Response::new(202).with_json(&json!({"reference": "UM-1", "status": 50}));
    let problem = Response::new(422).with_json(&json!({"code": "unknown_permit"}));
    for answer in [receipt, problem] {
        check_answer(Ok(answer), Class::Rejected, Effect::None, "partner.refused");
    }
    // A Dragoman there knows the use with another content.
    let conflict = Response::new(409).with_json(&json!({"code": "key.conflict", "detail": "another content"}));
    check_answer(Ok(conflict), Class::Permanent, Effect::None, "partner.key_reused");
    let malformed = Response::new(400).with_json(&json!({"code": "malformed"}));
    check_answer(Ok(malformed), Class::Permanent, Effect::None, "http.400");
}

#[test]
fn an_answer_that_is_no_receipt_says_what_is_known_of_the_effect() {
    let garbage = Response::new(200).with_body("<html>", "text/html");
    check_answer(Ok(garbage), Class::Retryable, Effect::Unknown, "answer.unreadable");
    let bare = Response::new(503);
    check_answer(Ok(bare.clone()), Class::Retryable, Effect::Unknown, "http.503");
    let later = bare.with_header("retry-after", "30");
    check_answer(Ok(later), Class::Retryable, Effect::None, "http.503");
}

#[test]
fn a_partner_that_is_not_reached_says_what_was_sent() {
    for (code, sent, class, effect) in [
        ("connect", false, Class::Retryable, Effect::None),
        ("timeout", true, Class::Retryable, Effect::Unknown),
        ("denied.method", false, Class::Permanent, Effect::None),
    ] {
        let error = Error::new(code, "no answer", sent);
        check_answer(Err(error), class, effect, &format!("http.{code}"));
    }
}

#[test]
fn a_partner_that_says_little_gives_a_receipt_all_the_same() {
    let quiet = Response::new(204)
        .with_header("Message-ID", "m-7")
        .with_header("Set-Cookie", "s=1");
    let receipt = answered(Ok(quiet)).unwrap();
    assert_eq!(
        receipt.payload,
        json!({"message_id": "m-7", "headers": [{"name": "message-id", "value": "m-7"}]})
    );
    assert_eq!(receipt.documents, []);
    let odd = Response::new(202).with_json(&json!({"reference": 17, "at": "just now", "status": "43"}));
    let payload = answered(Ok(odd)).unwrap().payload;
    assert_eq!(
        (&payload["reference"], payload.get("at"), &payload["status"]),
        (&json!("17"), None, &json!("43"))
    );
}

#[test]
fn a_configuration_is_checked() {
    for (config, paths) in [
        (json!({}), vec![]),
        (
            json!({"country": "PL", "disclosures": [{"country": "CH", "withhold": ["applicant", "use", "token"]}]}),
            vec![],
        ),
        (json!({"country": "UK"}), vec!["/country"]),
        (
            json!({"disclosures": [{"country": "Q", "withhold": ["number", "aplicant"]}]}),
            vec![
                "/disclosures/0/country",
                "/disclosures/0/withhold/0",
                "/disclosures/0/withhold/1",
            ],
        ),
        (json!({"disclosures": [{}]}), vec!["/disclosures/0"]),
    ] {
        let issues = testing::check_config::<PartnerGateway>(config.clone());
        let found: Vec<&str> = issues.iter().map(|issue| issue.path.as_str()).collect();
        assert_eq!(found, paths, "{config}");
    }
}

#[test]
fn the_descriptor_asks_for_partners_by_pattern() {
    let descriptor = testing::describe::<PartnerGateway>();
    assert_eq!(descriptor.endpoints, ["partner-*"]);
    let names: Vec<_> = descriptor.operations.iter().map(|one| one.name).collect();
    assert_eq!(names, ["notify_use", "notify_withdrawal", "read_usage"]);
}

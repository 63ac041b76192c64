//! The operations as the host calls them: keeping, noting, finding again, and asking customs.

use dragoman_guest::testing::{self, Scripted};
use dragoman_guest::{Class, Effect, Failure, http};
use serde_json::{Value, json};
use std::rc::Rc;
use wco_customs::WcoCustoms;

const MRN: &str = "26PL443010NS7MX4A1";
const LRN: &str = "DRG-2026-000417";

fn sample(file: &str) -> Vec<u8> {
    let path = format!(
        "{}/tests/samples/export-with-permits/{file}",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::read(path).unwrap()
}

fn document(file: &str) -> Value {
    serde_json::from_slice(&sample(file)).unwrap()
}

fn invoke(host: &Rc<Scripted>, operation: &str, payload: Value) -> Result<Value, Failure> {
    testing::invoke::<WcoCustoms>(host, operation, payload).map(|answer| answer.payload)
}

/// The sample declaration as it was lodged: before customs had given it a number.
fn lodged() -> Value {
    let mut declaration = document("declaration.json");
    declaration["id"] = json!({"scheme": "lrn", "value": LRN});
    declaration
}

fn wanted() -> Value {
    json!({"id": {"scheme": "mrn", "value": MRN}, "lrn": LRN, "version": 1})
}

/// A notice about the sample declaration.
fn notice(event: &str, message_id: &str, at: &str) -> Value {
    json!({"notice": {"message_id": message_id, "event": event, "code": "0", "declaration": {"scheme": "mrn", "value": MRN},
        "lrn": LRN, "version": 1, "effective_at": at, "errors": []}})
}

#[test]
fn messages_are_read_from_the_document() {
    let host = Scripted::new()
        .document("message", "application/xml", sample("notice-08-released.xml"))
        .shared();
    assert_eq!(
        invoke(&host, "read_notice", json!({})).unwrap(),
        document("notice-08-released.json")
    );
    let failure = invoke(&host, "read_declaration", json!({})).unwrap_err();
    assert_eq!(
        (failure.class, failure.known_effect(), failure.code.as_str()),
        (Class::Permanent, Effect::None, "message.unexpected")
    );
    assert_eq!(failure.issues[0].path, "7:3");
    let host = Scripted::new()
        .document("message", "application/xml", sample("declaration.xml"))
        .shared();
    assert_eq!(
        invoke(&host, "read_declaration", json!({})).unwrap(),
        document("declaration.json")
    );
}

#[test]
fn a_message_without_an_identifier_has_its_digest() {
    let text = String::from_utf8(sample("notice-08-released.xml")).unwrap();
    let own_id = document("notice-08-released.json")["message_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let host = Scripted::new()
        .document("message", "application/xml", text.replace(&own_id, "").into_bytes())
        .shared();
    let message_id = invoke(&host, "read_notice", json!({})).unwrap()["message_id"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        message_id.starts_with("sha256:") && message_id.len() == 71,
        "{message_id}"
    );
}

#[test]
fn what_is_not_lodged_yet_may_come_later() {
    let host = Scripted::new().shared();
    let failure = invoke(&host, "declaration", wanted()).unwrap_err();
    assert_eq!(
        (failure.class, failure.known_effect(), failure.code.as_str()),
        (Class::Retryable, Effect::None, "declaration.not_lodged")
    );
    let failure = invoke(&host, "declaration", json!({})).unwrap_err();
    assert_eq!(failure.code, "input.invalid");
}

#[test]
fn a_kept_declaration_is_found_by_both_numbers() {
    let host = Scripted::new().shared();
    let kept = invoke(&host, "keep_declaration", json!({"declaration": lodged()})).unwrap();
    assert_eq!(
        kept,
        json!({"id": {"scheme": "lrn", "value": LRN}, "lrn": LRN, "kept": true, "permits": 2})
    );
    // The number that was asked for becomes the declaration's identity, so that keys made of it stay the same.
    let mut expected = document("declaration.json");
    expected["status"] = json!("lodged");
    assert_eq!(invoke(&host, "declaration", wanted()).unwrap(), expected);
    let standing = invoke(
        &host,
        "note_notice",
        notice("accepted", "a", "2026-11-16T08:15:00+01:00"),
    )
    .unwrap();
    assert_eq!(standing["declaration"], json!({"scheme": "mrn", "value": MRN}));
    assert_eq!(
        (&standing["lodged"], &standing["exited"]),
        (&json!(true), &json!(false))
    );
    expected["status"] = json!("accepted");
    assert_eq!(invoke(&host, "declaration", wanted()).unwrap(), expected);
    assert_eq!(invoke(&host, "declaration", json!({"lrn": LRN})).unwrap(), expected);
    assert_eq!(
        invoke(&host, "declaration", json!({"id": {"scheme": "mrn", "value": MRN}})).unwrap(),
        expected
    );
}

#[test]
fn notices_may_come_in_any_order_and_more_than_once() {
    let notices = [
        notice("received", "r", "2026-11-16T08:12:03+01:00"),
        notice("accepted", "a", "2026-11-16T08:15:00+01:00"),
        notice("released", "g", "2026-11-16T10:30:00+01:00"),
        notice("exited", "x", "2026-11-17T17:10:00+01:00"),
    ];
    let orders: [&[usize]; 4] = [&[0, 1, 2, 3], &[3, 2, 1, 0], &[2, 2, 3, 0, 1, 3], &[1, 3, 0, 2, 1]];
    let mut standings = Vec::new();
    for order in orders {
        let host = Scripted::new().shared();
        for index in order {
            invoke(&host, "note_notice", notices[*index].clone()).unwrap();
        }
        invoke(&host, "keep_declaration", json!({"declaration": lodged()})).unwrap();
        standings.push(invoke(&host, "note_notice", notices[0].clone()).unwrap());
        assert_eq!(
            invoke(&host, "declaration", wanted()).unwrap()["status"],
            json!("exited")
        );
    }
    assert!(standings.iter().all(|standing| *standing == standings[0]));
    assert_eq!(standings[0]["exited"], json!(true));
    let events: Vec<&str> = standings[0]["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["event"].as_str().unwrap())
        .collect();
    assert_eq!(events, ["received", "accepted", "released", "exited"]);
}

#[test]
fn a_notice_that_names_the_mrn_alone_is_joined_with_its_declaration_later() {
    let mut alone = notice("exited", "x", "2026-11-17T17:10:00+01:00");
    alone["notice"].as_object_mut().unwrap().remove("lrn");
    let both = notice("released", "g", "2026-11-16T10:30:00+01:00");
    let lodged = json!({"declaration": lodged()});
    for order in [
        ["alone", "lodged", "both"],
        ["lodged", "alone", "both"],
        ["alone", "both", "lodged"],
    ] {
        let host = Scripted::new().shared();
        for what in order {
            let (operation, payload) = match what {
                "alone" => ("note_notice", &alone),
                "both" => ("note_notice", &both),
                _ => ("keep_declaration", &lodged),
            };
            invoke(&host, operation, payload.clone()).unwrap();
        }
        let found = invoke(&host, "declaration", json!({"id": {"scheme": "mrn", "value": MRN}})).unwrap();
        assert_eq!(
            (&found["status"], &found["lrn"]),
            (&json!("exited"), &json!(LRN)),
            "{order:?}"
        );
        let standing = invoke(&host, "note_notice", both.clone()).unwrap();
        assert_eq!(standing["events"].as_array().unwrap().len(), 2, "{order:?}");
    }
}

#[test]
fn an_lrn_that_was_refused_without_an_mrn_is_lodged_anew() {
    let host = Scripted::new().shared();
    invoke(&host, "keep_declaration", json!({"declaration": lodged()})).unwrap();
    let mut refused = notice("rejected", "j", "2026-11-16T08:15:00+01:00");
    refused["notice"]["declaration"] = json!({"scheme": "lrn", "value": LRN});
    invoke(&host, "note_notice", refused).unwrap();
    let kept = invoke(&host, "keep_declaration", json!({"declaration": lodged()})).unwrap();
    assert_eq!(kept["kept"], json!(true));
    let found = invoke(&host, "declaration", json!({"id": {"scheme": "lrn", "value": LRN}})).unwrap();
    assert_eq!(found["status"], json!("lodged"));
}

#[test]
fn the_newest_version_stays() {
    let host = Scripted::new().shared();
    let version = |version: Value, description: &str| {
        let mut declaration = document("declaration.json");
        declaration["version"] = version;
        declaration["goods"][0]["description"] = json!(description);
        json!({"declaration": declaration})
    };
    let keep = |payload: Value| invoke(&host, "keep_declaration", payload).unwrap()["kept"].clone();
    let found = || invoke(&host, "declaration", wanted()).unwrap()["goods"][0]["description"].clone();
    assert_eq!(keep(json!({"declaration": lodged()})), json!(true));
    assert_eq!(
        (keep(version(json!(2), "second")), found()),
        (json!(true), json!("second"))
    );
    assert_eq!(
        (keep(version(json!(1), "first")), found()),
        (json!(false), json!("second"))
    );
    assert_eq!(
        (keep(json!({"declaration": lodged()})), found()),
        (json!(false), json!("second"))
    );
    assert_eq!(
        (keep(version(json!(2), "second again")), found()),
        (json!(true), json!("second again"))
    );
    let mut amendment = version(json!(3), "third");
    amendment["declaration"]["type_code"] = json!("COR");
    assert_eq!((keep(amendment), found()), (json!(false), json!("second again")));
}

#[test]
fn an_lrn_lodged_anew_after_a_refusal_is_another_declaration() {
    let host = Scripted::new().shared();
    invoke(&host, "keep_declaration", json!({"declaration": lodged()})).unwrap();
    let standing = invoke(
        &host,
        "note_notice",
        notice("rejected", "j", "2026-11-16T08:15:00+01:00"),
    )
    .unwrap();
    assert_eq!(standing["status"], json!("rejected"));
    let mut anew = lodged();
    anew["goods"][0]["description"] = json!("anew");
    assert_eq!(
        invoke(&host, "keep_declaration", json!({"declaration": anew})).unwrap()["kept"],
        json!(true)
    );
    let mut second = notice("accepted", "b", "2026-11-16T09:00:00+01:00");
    second["notice"]["declaration"]["value"] = json!("26PL443010NS7MX4Z9");
    assert_eq!(invoke(&host, "note_notice", second).unwrap()["lodged"], json!(true));
    let found = invoke(
        &host,
        "declaration",
        json!({"id": {"scheme": "mrn", "value": "26PL443010NS7MX4Z9"}, "lrn": LRN}),
    )
    .unwrap();
    assert_eq!(
        (&found["goods"][0]["description"], &found["status"]),
        (&json!("anew"), &json!("accepted"))
    );
    let first = invoke(&host, "declaration", wanted()).unwrap();
    assert_eq!(first["status"], json!("rejected"));
}

#[test]
fn an_invalidation_is_told() {
    let host = Scripted::new().shared();
    invoke(&host, "keep_declaration", json!({"declaration": lodged()})).unwrap();
    let standing = invoke(
        &host,
        "note_notice",
        notice("invalidated", "i", "2026-11-16T12:00:00+01:00"),
    )
    .unwrap();
    assert_eq!(
        (&standing["invalidated"], &standing["exited"]),
        (&json!(true), &json!(false))
    );
    invoke(
        &host,
        "note_notice",
        notice("released", "g", "2026-11-16T10:30:00+01:00"),
    )
    .unwrap();
    let found = invoke(&host, "declaration", wanted()).unwrap();
    assert_eq!(
        (&found["status"], &found["id"]["value"]),
        (&json!("invalidated"), &json!(MRN))
    );
}

fn from_customs() -> Value {
    json!({"declaration_from": "customs", "declaration_path": "/v1/declarations/{mrn}?version={version}"})
}

/// An answer of customs with a sample in it, or with nothing.
fn answer(status: u16, file: &str) -> http::Response {
    let mut response = http::Response::new(status);
    response.body = http::Body::Inline(if file.is_empty() { Vec::new() } else { sample(file) });
    response
}

#[test]
fn customs_is_asked_where_the_configuration_says_so() {
    let config = from_customs();
    let host = Scripted::new()
        .config(config.clone())
        .answer("GET", "api", answer(200, "declaration.xml"))
        .shared();
    assert_eq!(
        invoke(&host, "declaration", wanted()).unwrap(),
        document("declaration.json")
    );
    assert_eq!(host.requests()[0].path, format!("/v1/declarations/{MRN}?version=1"));
}

#[test]
fn what_customs_cannot_give_is_a_failure() {
    let config = from_customs();
    let cases = [
        (404, "", wanted(), Class::Retryable, "declaration.not_lodged"),
        (503, "", wanted(), Class::Retryable, "http.503"),
        (401, "", wanted(), Class::Permanent, "http.401"),
        (
            200,
            "notice-08-released.xml",
            wanted(),
            Class::Permanent,
            "message.unexpected",
        ),
        (
            200,
            "declaration.xml",
            json!({"id": {"scheme": "mrn", "value": "26PL/../x"}}),
            Class::Permanent,
            "declaration.mismatch",
        ),
    ];
    for (status, file, payload, class, code) in cases {
        let host = Scripted::new()
            .config(config.clone())
            .answer("GET", "api", answer(status, file))
            .shared();
        let failure = invoke(&host, "declaration", payload).unwrap_err();
        assert_eq!(
            (failure.class, failure.known_effect(), failure.code.as_str()),
            (class, Effect::None, code)
        );
    }
    // What is no XML at all came from something on the way: the next answer may be whole.
    let declaration = sample("declaration.xml");
    for body in [
        b"".as_slice(),
        b"<<{\"not: what was agreed]",
        b"<!DOCTYPE html><html><body>Log in</body></html>",
        &declaration[..declaration.len() / 2],
    ] {
        let host = Scripted::new()
            .config(config.clone())
            .answer("GET", "api", http::Response::new(200).with_body(body, "text/html"))
            .shared();
        let failure = invoke(&host, "declaration", wanted()).unwrap_err();
        assert_eq!(
            (failure.class, failure.known_effect(), failure.code.as_str()),
            (Class::Retryable, Effect::None, "answer.unreadable")
        );
    }
    let host = Scripted::new()
        .config(config)
        .answer("GET", "api", answer(200, "declaration.xml"))
        .shared();
    let failure = invoke(&host, "declaration", json!({"lrn": LRN})).unwrap_err();
    assert_eq!((failure.code.as_str(), host.requests().len()), ("input.invalid", 0));
}

#[test]
fn the_connector_describes_itself() {
    let descriptor = testing::describe::<WcoCustoms>();
    let names: Vec<&str> = descriptor.operations.iter().map(|operation| operation.name).collect();
    assert_eq!(
        names,
        [
            "read_notice",
            "read_declaration",
            "keep_declaration",
            "note_notice",
            "declaration"
        ]
    );
    let wrong = json!({"permit_codes": ["c400", "Y900"], "issuing_country": "UK", "declaration_path": "declarations"});
    let config: wco_customs::Config = serde_json::from_value(wrong).unwrap();
    let paths: Vec<String> = config.check().into_iter().map(|issue| issue.path).collect();
    assert_eq!(
        paths,
        [
            "/permit_codes/0",
            "/permit_codes/1",
            "/issuing_country",
            "/declaration_path"
        ]
    );
    assert!(wco_customs::Config::default().check().is_empty());
}

//! What partners tell: the messages under `samples/`, and messages that are not taken.

use dragoman_guest::testing::{self, Scripted};
use dragoman_guest::{Class, Effect, Failure};
use partner_gateway::PartnerGateway;
use serde_json::{Value, json};

fn sample(file: &str) -> Vec<u8> {
    let path = format!("{}/tests/samples/{file}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(path).unwrap()
}

fn read(message: &[u8], config: Value) -> Result<Value, Failure> {
    let host = Scripted::new()
        .config(config)
        .document("message", "application/json", message)
        .shared();
    testing::invoke::<PartnerGateway>(&host, "read_usage", json!({})).map(|answer| answer.payload)
}

#[test]
fn messages_are_read_into_usages() {
    for name in ["exported", "imported-bare", "withdrawn"] {
        let expected: Value = serde_json::from_slice(&sample(&format!("{name}.usage.json"))).unwrap();
        let message = sample(&format!("{name}.json"));
        assert_eq!(read(&message, json!({})).unwrap(), expected, "{name}");
        let marked = [b"\xef\xbb\xbf", message.as_slice()].concat();
        assert_eq!(
            read(&marked, json!({})).unwrap(),
            expected,
            "{name} with a byte order mark"
        );
    }
}

#[test]
fn what_this_connector_sends_it_reads() {
    let endorsement = json!({"id": "E1", "permit": "P1", "issuing_country": "PL", "status": "valid",
        "items": [{"item": "A", "quantity": {"value": "1", "unit": "C62"}}], "declaration": {"scheme": "mrn", "value": "D1"}});
    let permit = json!({"number": "P1", "issuing_country": "PL", "kind": "export", "items": [], "endorsements": []});
    for (operation, input, status) in [
        (
            "notify_use",
            json!({"to_country": "CH", "permit": permit, "endorsement": endorsement}),
            Value::Null,
        ),
        (
            "notify_withdrawal",
            json!({"to_country": "CH", "endorsement": endorsement, "reason": "r"}),
            json!("withdrawn"),
        ),
    ] {
        let host = Scripted::new()
            .answer("POST", "partner-CH", dragoman_guest::http::Response::new(204))
            .shared();
        testing::invoke::<PartnerGateway>(&host, operation, input).unwrap();
        let dragoman_guest::http::Body::Inline(sent) = &host.requests()[0].body else {
            panic!("the message is sent inline");
        };
        let usage = read(sent, json!({"country": "CH"})).unwrap();
        assert_eq!(
            (&usage["certificate"], &usage["status"]),
            (&json!("P1"), &status),
            "{operation}"
        );
    }
}

/// The sample with the value at a pointer replaced.
fn with(pointer: &str, value: Value) -> Vec<u8> {
    let mut message: Value = serde_json::from_slice(&sample("exported.json")).unwrap();
    *message.pointer_mut(pointer).unwrap() = value;
    message.to_string().into_bytes()
}

#[track_caller]
fn check_refused(message: &[u8], code: &str, word: &str) {
    let failure = read(message, json!({"country": "CH"})).unwrap_err();
    let text = String::from_utf8_lossy(message);
    let facts = (failure.class, failure.known_effect(), failure.code.as_str());
    assert_eq!(facts, (Class::Permanent, Effect::None, code), "{text}");
    assert!(failure.message.contains(word), "{text}: {}", failure.message);
}

#[test]
fn what_is_no_usage_message_is_refused_with_its_place() {
    let sideways = with("/usage/direction", json!("sideways"));
    let number = with("/usage/positions/0/quantity/value", json!(5));
    let cases: [(&[u8], &str); 11] = [
        (b"", "line 1 column 0"),
        (b"{\"usage\":\n {\"direction\": }}", "line 2 column"),
        (b"[]", "no JSON object"),
        (
            b"<CITESEPermit/>",
            "it is XML from line 1 column 1 on; a usage message is a JSON object",
        ),
        (
            b"\xef\xbb\xbf\n\n  <?xml version='1.0'?><a/>",
            "XML from line 3 column 3 on",
        ),
        (b"\xff\xfe<\0a\0/\0>\0", "UTF-16 from line 1 column 1 on"),
        (b"{\"usage\": \"\xff\"}", "after byte 11"),
        (b"{}", "missing field"),
        (b"{\"usage\": {}, \"usage\": {}}", "duplicate field `usage` at line 1"),
        (&sideways, "sideways"),
        (&number, "column"),
    ];
    for (message, word) in cases {
        check_refused(message, "message.unreadable", word);
    }
}

#[test]
fn what_a_usage_cannot_do_without_is_there() {
    for (pointer, value, word) in [
        ("/usage/positions/0/quantity/value", "0", "/usage/positions/0"),
        ("/usage/positions/1/item", " ", "/usage/positions/1"),
        ("/usage/positions/1/quantity/unit", "", "/usage/positions/1"),
        ("/usage/certificate", "", "/usage/certificate"),
        ("/usage/issuing_country", "UK", "UK"),
    ] {
        check_refused(&with(pointer, json!(value)), "message.incomplete", word);
    }
    let empty = with("/usage/positions", json!([]));
    check_refused(&empty, "message.incomplete", "/usage/positions");
}

#[test]
fn permit_and_usage_agree_and_the_message_is_for_us() {
    for (pointer, value) in [("/permit/number", "23XA000418"), ("/permit/issuing_country", "XC")] {
        check_refused(&with(pointer, json!(value)), "message.contradictory", pointer);
    }
    let elsewhere = with("/usage/to_country", json!("NO"));
    check_refused(&elsewhere, "message.misdirected", "NO");
}

#[test]
fn a_message_has_a_greatest_size() {
    let failure = read(&b" ".repeat(4_000_001), json!({})).unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Permanent, "document.too_large")
    );
    assert!(failure.message.contains("4000000"), "{}", failure.message);
}

#[test]
fn a_message_must_be_there() {
    let host = Scripted::new().shared();
    let failure = testing::invoke::<PartnerGateway>(&host, "read_usage", json!({})).unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Permanent, "document.missing")
    );
}

//! The operations as the host calls them: what goes to the hub, and what each of its answers becomes.

use dragoman_guest::testing::{self, Answered, Scripted};
use dragoman_guest::{Class, Effect, Failure, http};
use epix::Epix;
use serde_json::{Value, json};
use std::path::Path;
use std::rc::Rc;

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";

fn sample(file: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    std::fs::read(folder.join(file)).unwrap()
}

fn golden(file: &str) -> Value {
    serde_json::from_slice(&sample(file)).unwrap()
}

/// A hub that gives one answer.
fn hub(status: u16, body: impl Into<Vec<u8>>) -> Rc<Scripted> {
    let answer = http::Response::new(status).with_body(body, "text/xml");
    Scripted::new().answer("POST", "hub", answer).shared()
}

fn envelope(inside: &str) -> String {
    format!("<s:Envelope xmlns:s=\"{SOAP}\"><s:Body>{inside}</s:Body></s:Envelope>")
}

fn fault(code: &str, text: &str) -> String {
    envelope(&format!(
        "<s:Fault><faultcode>{code}</faultcode><faultstring>{text}</faultstring></s:Fault>"
    ))
}

fn invoke(host: &Rc<Scripted>, operation: &str, payload: Value) -> Result<Answered, Failure> {
    testing::invoke::<Epix>(host, operation, payload)
}

fn wanted() -> Value {
    json!({"number": "PLECP2026000117", "token": "k7", "country": "PL"})
}

fn confirmed(positions: Value) -> Value {
    json!({"number": "PLECP2026000117", "token": "k7", "country": "PL", "positions": positions})
}

fn positions() -> Value {
    json!([
        {"item": "A", "quantity": {"value": "120", "unit": "C62"}},
        {"item": "B", "quantity": {"value": "2.00", "unit": "KGM"}},
    ])
}

#[test]
fn a_message_is_read_and_written_again() {
    let host = Scripted::new()
        .document("message", "application/xml", sample("permit-v1.xml"))
        .shared();
    let permit = invoke(&host, "read_permit", json!({})).unwrap().payload;
    assert_eq!(permit, golden("permit-v1.json"));
    for form in ["message", "response"] {
        let input = json!({"permit": permit, "form": form});
        let written = invoke(&host, "write_permit", input).unwrap();
        let text = written.payload["text"].as_str().unwrap();
        assert_eq!(written.payload["message"]["media_type"], "application/xml");
        let again = Scripted::new().document("message", "application/xml", text).shared();
        let read = invoke(&again, "read_permit", json!({})).unwrap();
        assert_eq!(read.payload, permit, "{form}");
    }
}

#[test]
fn permits_are_asked_for_as_the_hub_wants_it() {
    for (operation, element) in [
        ("get_final", "get_final_cites_certificate"),
        ("get_non_final", "get_non_final_cites_certificate"),
    ] {
        let host = hub(200, sample("permit-v2.xml"));
        let answer = invoke(&host, operation, wanted()).unwrap();
        assert_eq!(answer.payload, golden("permit-v2.json"));
        let original = &answer.documents[0];
        assert_eq!(original.0, "original");
        assert_eq!(host.content(&original.1.digest), Some(sample("permit-v2.xml")));
        let requests = host.requests();
        let request = &requests[0];
        assert_eq!(request.path, "/api/v1/soap_api");
        assert!(request.safe, "{operation} changes nothing");
        let header = |name: &str| {
            let mut headers = request.headers.iter();
            headers.find(|(known, _)| known == name).map(|(_, value)| value.clone())
        };
        assert_eq!(header("content-type").as_deref(), Some("text/xml; charset=utf-8"));
        assert_eq!(header("soapaction"), Some(format!("\"{element}\"")));
        let body = body(request);
        let expected = format!(
            "<hub:{element}><CertificateNumber>PLECP2026000117</CertificateNumber><TokenId>k7</TokenId>\
             <IsoCountryCode>PL</IsoCountryCode></hub:{element}>"
        );
        assert!(body.contains(&expected), "{body}");
    }
}

/// A request's body without the white space between elements.
fn body(request: &http::Request) -> String {
    let http::Body::Inline(bytes) = &request.body else {
        panic!("no body");
    };
    let text = String::from_utf8(bytes.clone()).unwrap();
    text.lines().map(str::trim).collect()
}

#[test]
fn the_configuration_says_where_and_who() {
    let answer = http::Response::new(200).with_body(sample("permit-v2.xml"), "text/xml");
    let host = Scripted::new()
        .config(json!({"hub_path": "/soap", "caller": "CH", "dialect": "hub"}))
        .answer("POST", "hub", answer)
        .shared();
    invoke(&host, "get_final", wanted()).unwrap();
    let request = &host.requests()[0];
    assert_eq!(request.path, "/soap");
    let caller = ("x-caller-country".to_owned(), "CH".to_owned());
    assert!(request.headers.contains(&caller));
    assert!(testing::check_config::<Epix>(json!({})).is_empty());
    for config in [json!({"hub_path": "soap"}), json!({"caller": "Switzerland"})] {
        assert_eq!(testing::check_config::<Epix>(config.clone()).len(), 1, "{config}");
    }
}

#[test]
fn another_permit_is_never_handed_out() {
    let host = hub(200, sample("permit-v2.xml"));
    let input = json!({"number": "PLECP2026000118", "country": "PL"});
    let failure = invoke(&host, "get_final", input).unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Permanent, "permit.mismatch")
    );
}

#[test]
fn quantities_are_confirmed_position_by_position() {
    let answer = envelope("<x:ConfirmQuantitiesResponse xmlns:x=\"urn:CitesDataExchange/v2/\"/>");
    let response = http::Response::new(200)
        .with_header("x-message-id", "m-1")
        .with_body(answer, "text/xml");
    let host = Scripted::new()
        .now(1_763_740_800_000)
        .answer("POST", "hub", response)
        .shared();
    let answer = invoke(&host, "confirm_quantities", confirmed(positions())).unwrap();
    assert_eq!(
        answer.payload["headers"][0],
        json!({"name": "x-message-id", "value": "m-1"})
    );
    assert_eq!(answer.payload["digest"], json!(answer.documents[0].1.digest));
    assert!(answer.payload["at"].as_str().unwrap().starts_with("2025-11-21T"));
    let request = &host.requests()[0];
    assert!(!request.safe, "a confirmation changes something");
    let body = body(request);
    let expected = "<ConfirmedQuantities>\
         <CitesPosition><ID>A</ID><InspectedUnitQuantity>120</InspectedUnitQuantity></CitesPosition>\
         <CitesPosition><ID>B</ID><InspectedUnitQuantity>2</InspectedUnitQuantity></CitesPosition>\
         </ConfirmedQuantities>";
    assert!(body.contains(expected), "{body}");
}

#[test]
fn what_the_hub_cannot_take_is_refused_before_it_is_sent() {
    let position = |item: &str, value: &str| json!({"item": item, "quantity": {"value": value, "unit": "KGM"}});
    let check = |positions: Value, code: &str, path: Option<&str>| {
        let host = Scripted::new().shared();
        let failure = invoke(&host, "confirm_quantities", confirmed(positions)).unwrap_err();
        assert_eq!(
            (failure.class, failure.known_effect(), failure.code.as_str()),
            (Class::Rejected, Effect::None, code)
        );
        assert_eq!(failure.issues.first().map(|issue| issue.path.as_str()), path);
        assert!(host.requests().is_empty());
    };
    let value = Some("/positions/0/quantity/value");
    check(json!([position("A", "0.2")]), "quantity.not_whole", value);
    check(json!([position("A", "1.999")]), "quantity.not_whole", value);
    check(json!([position("A", "-1")]), "quantity.negative", value);
    check(
        json!([position("A ", "1")]),
        "position.not_token",
        Some("/positions/0/item"),
    );
    check(
        json!([position("", "1")]),
        "position.not_token",
        Some("/positions/0/item"),
    );
    check(
        json!([position("A", "1"), position("A", "2")]),
        "position.twice",
        Some("/positions/1/item"),
    );
    check(json!([]), "position.none", None);
}

#[test]
fn bad_input_is_permanent() {
    let check = |payload: Value, path: &str| {
        let failure = invoke(&Scripted::new().shared(), "get_final", payload).unwrap_err();
        assert_eq!(
            (failure.class, failure.code.as_str()),
            (Class::Permanent, "input.invalid")
        );
        assert_eq!(failure.issues[0].path, path);
    };
    check(json!({"number": " ", "country": "PL"}), "/number");
    check(json!({"number": "1", "country": "Poland"}), "/country");
    check(json!({"number": "1", "country": "pl"}), "/country");
}

/// What a hub's answer becomes for a read and for a confirmation: code, class, effect.
fn check(status: u16, body: &str, code: &str, class: Class, read: Effect, confirm: Effect) {
    for (operation, payload, effect) in [
        ("get_final", wanted(), read),
        ("confirm_quantities", confirmed(positions()), confirm),
    ] {
        let failure = invoke(&hub(status, body), operation, payload).unwrap_err();
        assert_eq!(
            (failure.code.as_str(), failure.class, failure.known_effect()),
            (code, class, effect),
            "{operation}: {status} {body}"
        );
    }
}

/// A fault's code and text, and its HTTP status.
type Said = (u16, &'static str, &'static str);

fn check_fault((status, code, text): Said, failure: &str, class: Class, confirm: Effect) {
    check(status, &fault(code, text), failure, class, Effect::None, confirm);
}

#[test]
fn the_hubs_own_faults_are_told_apart() {
    use Class::{Permanent, Rejected, Retryable};
    use Effect::{None, Unknown};
    let of_hub = |text: &'static str| (500, "soap:Server", text);
    let of_caller = |text: &'static str| (500, "Client", text);
    let cases = [
        (
            of_hub("CertificateMissing"),
            "epix.certificate_missing",
            Permanent,
            None,
        ),
        (of_hub("CallerNotFound"), "epix.caller_not_found", Permanent, None),
        (of_hub("CalleeNotFound"), "epix.callee_not_found", Rejected, None),
        (
            of_hub("AdapterNotAvailable"),
            "epix.adapter_not_available",
            Retryable,
            None,
        ),
        (of_caller("Invalid Request"), "epix.invalid_request", Permanent, None),
        (
            of_caller("XML structure is not valid. ID must be a token"),
            "position.not_token",
            Rejected,
            None,
        ),
        (
            of_caller("XML structure is not valid. Integer!"),
            "epix.invalid_structure",
            Permanent,
            None,
        ),
        (
            of_hub("This request took too long to process..."),
            "epix.timeout",
            Retryable,
            Unknown,
        ),
        (of_hub("Something went wrong"), "epix.hub_error", Retryable, Unknown),
    ];
    for (said, code, class, confirm) in cases {
        check_fault(said, code, class, confirm);
    }
}

#[test]
fn faults_of_national_systems_are_told_apart() {
    use Class::{Permanent, Rejected, Retryable};
    use Effect::{None, Unknown};
    let national = |text: &'static str| (200, "soap:Server", text);
    let cases = [
        (national("CertificateNotFound"), "permit.not_found", Rejected, None),
        (
            national("The certificate does not exist"),
            "permit.not_found",
            Rejected,
            None,
        ),
        (national("Position C not found"), "position.not_found", Rejected, None),
        (national("Unknown error"), "epix.fault", Retryable, Unknown),
        (
            national("java.io.FileNotFoundException: not found"),
            "epix.fault",
            Retryable,
            Unknown,
        ),
        (national("ORA-00060"), "epix.fault", Retryable, Unknown),
        ((200, "Client", "token is wrong"), "epix.fault", Permanent, None),
    ];
    for (said, code, class, confirm) in cases {
        check_fault(said, code, class, confirm);
    }
}

#[test]
fn answers_that_are_no_soap_are_told_apart() {
    use Class::{Permanent, Retryable};
    use Effect::{None, Unknown};
    check(200, "<html>", "answer.unreadable", Retryable, None, Unknown);
    check(200, "<html/>", "answer.unreadable", Retryable, None, Unknown);
    check(200, "", "answer.unreadable", Retryable, None, Unknown);
    check(200, &envelope(""), "answer.unreadable", Retryable, None, Unknown);
    check(502, "bad gateway", "http.502", Retryable, None, Unknown);
    check(502, &envelope("<x/>"), "http.502", Retryable, None, Unknown);
    check(404, "<html/>", "http.404", Permanent, None, None);
    check(403, "", "http.403", Permanent, None, None);
}

#[test]
fn a_lost_answer_leaves_the_effect_open() {
    for (operation, payload, effect) in [
        ("get_non_final", wanted(), Effect::None),
        ("confirm_quantities", confirmed(positions()), Effect::Unknown),
    ] {
        let error = http::Error::new("cut", "the connection was cut", true);
        let host = Scripted::new().error("POST", "hub", error).shared();
        let failure = invoke(&host, operation, payload).unwrap_err();
        assert_eq!(
            (failure.class, failure.known_effect()),
            (Class::Retryable, effect),
            "{operation}"
        );
    }
}

#[test]
fn an_acknowledgement_that_says_no_is_a_refusal() {
    let no = envelope("<ConfirmQuantitiesResponse><Acknowledged>false</Acknowledged></ConfirmQuantitiesResponse>");
    let failure = invoke(&hub(200, no), "confirm_quantities", confirmed(positions())).unwrap_err();
    assert_eq!(
        (failure.class, failure.known_effect(), failure.code.as_str()),
        (Class::Rejected, Effect::None, "quantities.refused")
    );
}

#[test]
fn an_answer_without_a_permit_is_permanent() {
    let host = hub(200, envelope("<GetFinalCitesCertificateResponse/>"));
    let failure = invoke(&host, "get_final", wanted()).unwrap_err();
    assert_eq!(
        (failure.class, failure.code.as_str()),
        (Class::Permanent, "message.unexpected")
    );
}

#[test]
fn states_are_reported() {
    let check = |inside: &str, available: bool, state: Option<&str>| {
        let answer = envelope(&format!("<ServiceStateResponse>{inside}</ServiceStateResponse>"));
        let report = invoke(&hub(200, answer), "service_state", json!({"country": "CH"})).unwrap();
        let mut expected = json!({"country": "CH", "available": available});
        if let Some(state) = state {
            expected["state"] = json!(state);
        }
        assert_eq!(report.payload, expected);
    };
    check("", true, None);
    check("<State>available</State>", true, Some("available"));
    check("<State>OK</State>", true, Some("OK"));
    check(
        "<State>temporarily unavailable</State>",
        false,
        Some("temporarily unavailable"),
    );
}

#[test]
fn the_descriptor_says_what_changes_something() {
    let descriptor = testing::describe::<Epix>();
    let names: Vec<&str> = descriptor.operations.iter().map(|one| one.name).collect();
    assert_eq!(
        names,
        [
            "read_permit",
            "write_permit",
            "get_final",
            "get_non_final",
            "confirm_quantities",
            "service_state"
        ]
    );
    let confirm = &descriptor.operations[4];
    assert!(!confirm.has_probe && confirm.undo.is_none());
}

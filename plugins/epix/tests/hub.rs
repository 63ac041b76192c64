//! The operations against the hub's simulator, which is strict and counts what really took effect.

use dragoman_guest::http::{Body, Error, Request, Response};
use dragoman_guest::testing::{self, Scripted};
use dragoman_guest::{Class, Effect, Failure};
use dragoman_support::epix::{Epix as Hub, Options};
use dragoman_support::faults::{Fault, Rule};
use epix::Epix;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use tokio::runtime::Runtime;

const NUMBER: &str = "PLECP2026000117";
const ROUTE: &str = "POST *";

fn sample(file: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    std::fs::read_to_string(folder.join(file)).unwrap()
}

/// The hub, running, and a runtime to speak with it.
struct Partner {
    runtime: Runtime,
    hub: Arc<Hub>,
}

impl Partner {
    /// A hub that knows CH as a caller, and the sample permit of PL in both toolkit versions.
    fn start(adapter: Value) -> Self {
        let certificate = |country: &str, file: &str| json!({"country": country, "number": NUMBER, "token": "k7", "xml": sample(file)});
        let options = Options {
            callers: vec!["CH".to_owned()],
            seed: json!({
                "adapters": {"PL": adapter, "CZ": {"available": false}, "SK": {"callers": ["HU"]}},
                "certificates": [certificate("PL", "permit-v2.xml"), certificate("FR", "permit-v1.xml")],
            }),
        };
        let runtime = Runtime::new().unwrap();
        let hub = runtime.block_on(Hub::start(options)).unwrap();
        Self {
            runtime,
            hub: Arc::new(hub),
        }
    }

    fn invoke_as(&self, caller: Option<&str>, operation: &str, input: Value) -> Result<Value, Failure> {
        let (handle, hub) = (self.runtime.handle().clone(), self.hub.clone());
        let config = caller.map_or(json!({}), |caller| json!({"caller": caller}));
        let host = Scripted::new()
            .config(config)
            .rule(move |request: &Request| Some(handle.block_on(forward(&hub.url(), request))))
            .shared();
        testing::invoke::<Epix>(&host, operation, input).map(|answered| answered.payload)
    }

    fn invoke(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        self.invoke_as(Some("CH"), operation, input)
    }

    /// How often the sample permit's quantities were confirmed.
    fn confirmed(&self) -> u32 {
        let fact = dragoman_support::record::fact("confirmed", &["PL", NUMBER]);
        self.hub.facts().get(&fact).copied().unwrap_or(0)
    }
}

async fn forward(url: &str, request: &Request) -> Result<Response, Error> {
    let Body::Inline(body) = &request.body else {
        panic!("a request without a body");
    };
    let body = String::from_utf8(body.clone()).unwrap();
    let headers = request.headers.iter();
    let headers: Vec<(&str, &str)> = headers.map(|(name, value)| (&**name, &**value)).collect();
    let url = format!("{}{}", url.trim_end_matches('/'), request.path);
    let answer = dragoman_support::http::request(&request.method, &url, &headers, body)
        .await
        .map_err(|error| Error::new("cut", error.to_string(), true))?;
    Ok(Response::new(answer.status).with_body(answer.body, "text/xml"))
}

fn wanted(country: &str) -> Value {
    json!({"number": NUMBER, "token": "k7", "country": country})
}

fn positions() -> Value {
    json!({
        "number": NUMBER, "token": "k7", "country": "PL",
        "positions": [{"item": "A", "quantity": {"value": "120", "unit": "C62"}}],
    })
}

fn facts(failure: &Failure) -> (&str, Class, Effect) {
    (&failure.code, failure.class, failure.known_effect())
}

#[test]
fn permits_come_from_both_toolkit_versions() {
    let partner = Partner::start(json!({}));
    let golden = |file: &str| -> Value { serde_json::from_str(&sample(file)).unwrap() };
    for operation in ["get_final", "get_non_final"] {
        let second = partner.invoke(operation, wanted("PL")).unwrap();
        assert_eq!(second, golden("permit-v2.json"));
        let first = partner.invoke(operation, wanted("FR")).unwrap();
        assert_eq!(first, golden("permit-v1.json"));
    }
    let state = partner.invoke("service_state", json!({"country": "PL"})).unwrap();
    assert_eq!(state, json!({"country": "PL", "available": true, "state": "available"}));
}

#[test]
fn quantities_are_confirmed_once() {
    let partner = Partner::start(json!({}));
    partner.invoke("confirm_quantities", positions()).unwrap();
    assert_eq!(partner.confirmed(), 1);
    let positions = json!([{"id": "A", "quantity": 120}]);
    assert_eq!(partner.hub.confirmations()[0]["positions"], positions);
}

#[test]
fn the_hubs_faults_are_told_apart() {
    let partner = Partner::start(json!({}));
    let check = |caller: Option<&str>, country: &str, code: &str, class: Class| {
        let failure = partner.invoke_as(caller, "get_final", wanted(country)).unwrap_err();
        assert_eq!(facts(&failure), (code, class, Effect::None), "{caller:?} {country}");
    };
    check(None, "PL", "epix.certificate_missing", Class::Permanent);
    check(Some("DE"), "PL", "epix.caller_not_found", Class::Permanent);
    check(Some("CH"), "CZ", "epix.callee_not_found", Class::Rejected);
    check(Some("CH"), "SK", "epix.adapter_not_available", Class::Retryable);
    let unknown = json!({"number": "PL0", "token": "k7", "country": "PL"});
    let failure = partner.invoke("get_final", unknown).unwrap_err();
    assert_eq!(facts(&failure), ("permit.not_found", Class::Rejected, Effect::None));
    let mut elsewhere = positions();
    elsewhere["positions"][0]["item"] = json!("Z");
    let failure = partner.invoke("confirm_quantities", elsewhere).unwrap_err();
    assert_eq!(facts(&failure), ("position.not_found", Class::Rejected, Effect::None));
    assert_eq!(partner.confirmed(), 0);
}

#[test]
fn a_confirmation_that_may_have_arrived_is_never_called_undone() {
    let took_long = "This request took too long to process...";
    for (after_effect, count) in [(true, 1), (false, 0)] {
        let partner = Partner::start(json!({"faults": [{"text": took_long, "after_effect": after_effect}]}));
        let failure = partner.invoke("confirm_quantities", positions()).unwrap_err();
        assert_eq!(facts(&failure), ("epix.timeout", Class::Retryable, Effect::Unknown));
        assert_eq!(partner.confirmed(), count);
    }
    let faults = [
        (Fault::CutAfter, 1),
        (Fault::CutBefore, 0),
        (Fault::Garbage, 1),
        (Fault::GarbageBefore, 0),
        (Fault::DropHalf, 1),
        (Fault::FailAfter { status: 502 }, 1),
    ];
    for (fault, count) in faults {
        let partner = Partner::start(json!({}));
        let name = format!("{fault:?}");
        partner.hub.faults().push(Rule::once(ROUTE, fault));
        let failure = partner.invoke("confirm_quantities", positions()).unwrap_err();
        assert_eq!(failure.known_effect(), Effect::Unknown, "{name}: {failure}");
        assert_eq!(partner.confirmed(), count, "{name}");
    }
}

#[test]
fn a_read_that_went_wrong_can_be_repeated() {
    let partner = Partner::start(json!({}));
    for fault in [
        Fault::CutAfter,
        Fault::Garbage,
        Fault::DropHalf,
        Fault::FailAfter { status: 503 },
    ] {
        let name = format!("{fault:?}");
        partner.hub.faults().push(Rule::once(ROUTE, fault));
        let failure = partner.invoke("get_final", wanted("PL")).unwrap_err();
        assert_eq!(
            (failure.class, failure.known_effect()),
            (Class::Retryable, Effect::None),
            "{name}: {failure}"
        );
        partner.invoke("get_final", wanted("PL")).unwrap();
    }
}

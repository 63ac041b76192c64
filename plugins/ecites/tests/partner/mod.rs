//! The permit system's simulator, reached through a scripted host: the connector's requests go over real HTTP.

use dragoman_guest::http::{Body, Error, Request, Response};
use dragoman_guest::testing::{self, Scripted};
use dragoman_guest::{Failure, Probed, Sent};
use dragoman_support::ecites::{Ecites as System, Options};
use ecites::Ecites;
use serde_json::{Value, json};
use std::rc::Rc;
use std::sync::Arc;
use tokio::runtime::Runtime;

pub(crate) const NUMBER: &str = "PL/2026/000123";
pub(crate) const DECLARATION: &str = "26PL443010NS7MX4A1";

/// A multiple-use permit of two items, as the system issued it.
pub(crate) fn permit() -> Value {
    json!({
        "number": NUMBER, "issuing_country": "PL", "kind": "export", "use": "multiple", "token": "tok-1", "status": "issued",
        "valid_from": "2026-01-01", "valid_until": "2026-06-30", "time_zone": "Europe/Warsaw",
        "country_of_import": "CH", "country_of_export": "PL",
        "items": [
            {"id": "A", "scientific_name": "Caiman crocodilus fuscus", "appendix": "II", "quantity": {"value": "100", "unit": "C62"}},
            {"id": "B", "scientific_name": "Python regius", "appendix": "II", "quantity": {"value": "12.5", "unit": "KGM"}}
        ],
        "endorsements": []
    })
}

/// An endorsement of two goods items of item A and one of item B, as the pipeline asks for it.
pub(crate) fn wish() -> Value {
    json!({
        "number": NUMBER, "issuing_country": "PL", "declaration": {"scheme": "mrn", "value": DECLARATION},
        "items": [
            {"goods_item": 1, "item": "A", "quantity": {"value": "40", "unit": "C62"}, "basis": "write_off"},
            {"goods_item": 2, "item": "B", "quantity": {"value": "2.50", "unit": "KGM"}, "basis": "net_mass"},
            {"goods_item": 3, "item": "A", "quantity": {"value": "5", "unit": "C62"}, "basis": "write_off"}
        ],
        "office": {"code": "PL443010"}, "at": "2026-03-01T10:15:00+01:00",
        "endorsed_by": {"id": "anna", "kind": "person", "authentication": "bearer"}
    })
}

/// The system, running, and a runtime to speak with it.
pub(crate) struct Partner {
    pub(crate) runtime: Runtime,
    pub(crate) system: Arc<System>,
}

impl Partner {
    pub(crate) fn start(options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let seed = json!({"permits": [permit()]});
        let system = runtime.block_on(System::start(Options { seed, ..options }));
        Self {
            runtime,
            system: Arc::new(system.unwrap()),
        }
    }

    /// A host whose endpoint `api` is the system; `before` sees each request first.
    pub(crate) fn host(&self, before: impl Fn(&System, &Request) + 'static) -> Rc<Scripted> {
        let (handle, system) = (self.runtime.handle().clone(), self.system.clone());
        let rule = move |request: &Request| {
            assert_eq!(request.endpoint, "api");
            before(&system, request);
            Some(handle.block_on(forward(&system.url(), request)))
        };
        Scripted::new()
            .config(json!({"authority": "National Revenue Administration", "ports": [{"office": "PL443010", "code": "PLMED", "name": "Medyka"}]}))
            .rule(rule)
            .shared()
    }

    pub(crate) fn invoke(&self, operation: &str, input: Value) -> Result<Value, Failure> {
        testing::invoke::<Ecites>(&self.host(|_, _| {}), operation, input).map(|a| a.payload)
    }

    pub(crate) fn probe(&self, operation: &str, input: Value) -> Result<Probed<Value>, Failure> {
        let sent = Sent {
            key: "key-1".to_owned(),
            first_at_ms: 0,
        };
        let host = self.host(|_, _| {});
        Ok(match testing::probe::<Ecites>(&host, operation, input, sent)? {
            Probed::Applied(answered) => Probed::Applied(answered.payload),
            Probed::Absent => Probed::Absent,
            Probed::Pending(wait) => Probed::Pending(wait),
        })
    }

    /// How often a fact came true.
    pub(crate) fn count(&self, act: &str) -> u32 {
        let fact = dragoman_support::record::fact(act, &[NUMBER, DECLARATION]);
        self.system.facts().get(&fact).copied().unwrap_or(0)
    }
}

async fn forward(url: &str, request: &Request) -> Result<Response, Error> {
    let Body::Inline(body) = &request.body else {
        return send(url, request, String::new()).await;
    };
    send(url, request, String::from_utf8(body.clone()).unwrap()).await
}

async fn send(url: &str, request: &Request, body: String) -> Result<Response, Error> {
    let headers: Vec<(&str, &str)> = request
        .headers
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    let url = format!("{}{}", url.trim_end_matches('/'), request.path);
    let answer = dragoman_support::http::request(&request.method, &url, &headers, body)
        .await
        .map_err(|error| Error::new("cut", error.to_string(), true))?;
    let kind = answer.headers.get("content-type").cloned().unwrap_or_default();
    let response = Response::new(answer.status).with_body(answer.body, &kind);
    let headers = answer.headers.iter();
    Ok(headers.fold(response, |response, (name, value)| {
        response.with_header(name, value.as_str())
    }))
}

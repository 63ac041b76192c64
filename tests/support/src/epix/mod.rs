//! The EPIX hub (`epix`): routes permit requests of one Management Authority to the system of another, by country.
//!
//! SOAP 1.1 at `POST /api/v1/soap_api` (and `/api/v1/soap_api/action`), operations in `urn:CitesDataExchange`:
//! `get_final_cites_certificate`, `get_non_final_cites_certificate`, `confirm_quantities`, `service_state`
//! (unepwcmc/epix, the hub's published code). It is strict, see [`soap`], and it knows no idempotency key.
//!
//! Whose fault it is shows in the status, as in the published code: the hub's own faults come with HTTP 500, those of
//! the national system behind it are passed through with HTTP 200.
//!
//! Seed: `{"adapters": {country: {"available": bool, "callers": [country], "toolkit": 1|2,
//! "faults": [{"text": "...", "after_effect": bool}]}}, "certificates": [{"country", "number", "token", "xml",
//! "attachments": [name], "composite": bool}]}`. `xml` is a `CITESEPermit` or `CBFShip` message, or a whole SOAP
//! envelope, which is passed through as it stands. `faults` are answered once each, in order, as the national system's.
//!
//! Facts: `confirmed|<country>|<number>`, one for each accepted confirmation.

mod routing;
pub(crate) mod soap;
mod xml;

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use serde_json::{Value, json};

use crate::Error;
use crate::partner::{Partner, Simulator};
use crate::record::{Record, fact, locked};
use routing::{Hub, Reached};
use soap::{Fault, Operation, Request};

/// How this hub behaves.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The countries known as callers. Empty: nobody is asked who they are. A caller is known by its client
    /// certificate, whose subject the TLS front hands on as `X-SSL-Client-S-DN: /C=XA/O=...`; the shorter
    /// `X-Caller-Country: XA` is taken too.
    pub callers: Vec<String>,
    /// What it holds at the start (see the module's seed).
    pub seed: Value,
}

/// A running hub.
pub struct Epix {
    partner: Partner,
    desk: Arc<Desk>,
}

impl Epix {
    /// Starts one.
    ///
    /// # Errors
    /// No port could be bound, or the seed has not the shape of the module's description.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let record = Arc::new(Record::default());
        let desk = Arc::new(Desk {
            hub: Mutex::new(Hub::default()),
            record: record.clone(),
            options,
        });
        desk.restore()?;
        let partner = Partner::serve(desk.clone(), record).await?;
        Ok(Self { partner, desk })
    }

    /// The address of the SOAP service.
    #[must_use]
    pub fn service(&self) -> String {
        format!("{}/api/v1/soap_api", self.url())
    }

    /// The confirmations that took effect, each `{country, number, positions: [{id, quantity}]}`.
    #[must_use]
    pub fn confirmations(&self) -> Vec<Value> {
        locked(&self.desk.hub).confirmations.clone()
    }
}

impl Deref for Epix {
    type Target = Partner;

    fn deref(&self) -> &Partner {
        &self.partner
    }
}

struct Desk {
    hub: Mutex<Hub>,
    record: Arc<Record>,
    options: Options,
}

impl Desk {
    fn restore(&self) -> Result<(), Error> {
        let mut hub = Hub::default();
        hub.take(&self.options.seed).map_err(wrong_seed)?;
        *locked(&self.hub) = hub;
        Ok(())
    }

    /// Answers one request, or says which fault it ends in.
    fn answer(&self, headers: &HeaderMap, text: &str) -> Result<String, Fault> {
        let request = soap::read(headers, text)?;
        let caller = self.caller(headers)?;
        let mut hub = locked(&self.hub);
        let Reached { toolkit, failure } = hub.reach(caller.as_deref(), &request.country)?;
        if let Some(failure) = &failure
            && !failure.after_effect
        {
            return Err(Fault::national(&failure.text));
        }
        let answer = self.act(&mut hub, &request, toolkit)?;
        match failure {
            Some(failure) => Err(Fault::national(&failure.text)),
            None => Ok(answer),
        }
    }

    fn act(&self, hub: &mut Hub, request: &Request, toolkit: u8) -> Result<String, Fault> {
        if request.operation == Operation::ServiceState {
            let state = "<State>available</State>";
            return Ok(soap::response(toolkit, "ServiceStateResponse", state));
        }
        let certificate = hub.certificate(&request.country, &request.number, &request.token)?;
        if request.operation == Operation::ConfirmQuantities {
            certificate.check_positions(&request.positions)?;
            self.confirm(hub, request);
            let acknowledged = "<Acknowledged>true</Acknowledged>";
            return Ok(soap::response(toolkit, "ConfirmQuantitiesResponse", acknowledged));
        }
        let name = if request.operation == Operation::GetFinal {
            "GetFinalCitesCertificateResponse"
        } else {
            "GetNonFinalCitesCertificateResponse"
        };
        Ok(match certificate.content() {
            Ok(content) => soap::response(toolkit, name, &content),
            Err(envelope) => envelope,
        })
    }

    fn confirm(&self, hub: &mut Hub, request: &Request) {
        let positions: Vec<Value> = request
            .positions
            .iter()
            .map(|(id, quantity)| json!({ "id": id, "quantity": quantity }))
            .collect();
        hub.confirmations.push(json!({
            "country": request.country, "number": request.number, "positions": positions,
        }));
        let about = [&*request.country, &*request.number];
        self.record.effect(fact("confirmed", &about));
    }

    /// The caller's country, `None` where nobody is asked.
    fn caller(&self, headers: &HeaderMap) -> Result<Option<String>, Fault> {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let subject = text("x-ssl-client-s-dn")
            .and_then(|dn| dn.split(['/', ',']).find_map(|part| part.trim().strip_prefix("C=")));
        let country = subject.or_else(|| text("x-caller-country"));
        match country {
            _ if self.options.callers.is_empty() => Ok(country.map(str::to_owned)),
            None => Err(Fault::hub("CertificateMissing")),
            Some(country) if self.options.callers.iter().any(|known| known == country) => Ok(Some(country.to_owned())),
            Some(_) => Err(Fault::hub("CallerNotFound")),
        }
    }
}

fn wrong_seed(reason: String) -> Error {
    Error::Seed {
        partner: "epix",
        reason,
    }
}

impl Simulator for Desk {
    fn name(&self) -> &'static str {
        "epix"
    }

    fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/api/v1/soap_api", post(serve))
            .route("/api/v1/soap_api/action", post(serve))
            .with_state(self)
    }

    fn admit(&self, _headers: &HeaderMap) -> Result<(), Box<Response>> {
        // Who may not call is told so by a SOAP fault, not at the door.
        Ok(())
    }

    fn seed(&self, seed: Value) -> Result<(), Error> {
        locked(&self.hub).take(&seed).map_err(wrong_seed)
    }

    fn reset(&self) {
        // The options' own seed was accepted at the start, so it is accepted again.
        let _ = self.restore();
    }
}

async fn serve(State(desk): State<Arc<Desk>>, headers: HeaderMap, text: String) -> Response {
    let (status, body) = match desk.answer(&headers, &text) {
        Ok(body) => (StatusCode::OK, body),
        Err(fault) => (fault.status(), fault.envelope()),
    };
    let kind = [(header::CONTENT_TYPE, "text/xml; charset=utf-8")];
    (status, kind, body).into_response()
}

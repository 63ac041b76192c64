//! The importing country's Management Authority (`authority`): takes usage messages and gives receipts.
//!
//! `POST /usages` with `{usage, permit}` and an `Idempotency-Key` answers 202 with a receipt `{message_id, reference,
//! at, status}` (status 43 of UNTDID 1373: received); the same key with the same message gives the same receipt, with
//! another one 422 `key_reused`. A message that takes a usage back has `withdrawal` `{reason, by, at}` beside them.
//! `GET /usages/{key}` gives the receipt under that key, or 404.
//!
//! Seed: `{"honours_keys": bool}`. Facts: `used|<number>|<declaration>|<direction>`, and for one taken back
//! `used|<number>|<declaration>|withdrawn`.

use std::collections::BTreeMap;
use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::partner::{Access, Partner, Simulator};
use crate::problem::Problem;
use crate::record::{Record, fact, locked};
use crate::{Error, now};

/// How this authority behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who is let in.
    pub access: Access,
    /// Whether a key once seen gives its receipt again. `false`: every accepted message counts.
    pub honours_keys: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            access: Access::Open,
            honours_keys: true,
        }
    }
}

/// A running partner authority.
pub struct Authority {
    partner: Partner,
    gateway: Arc<Gateway>,
}

impl Authority {
    /// Starts one.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let record = Arc::new(Record::default());
        let gateway = Arc::new(Gateway {
            inbox: Mutex::new(Inbox::new(options.honours_keys)),
            record: record.clone(),
            options,
        });
        let partner = Partner::serve(gateway.clone(), record).await?;
        Ok(Self { partner, gateway })
    }

    /// The messages that took effect, in order of arrival, each `{key, message, receipt}`.
    #[must_use]
    pub fn messages(&self) -> Vec<Value> {
        locked(&self.gateway.inbox).messages.clone()
    }
}

impl Deref for Authority {
    type Target = Partner;

    fn deref(&self) -> &Partner {
        &self.partner
    }
}

struct Inbox {
    honours_keys: bool,
    messages: Vec<Value>,
    by_key: BTreeMap<String, usize>,
}

impl Inbox {
    fn new(honours_keys: bool) -> Self {
        Self {
            honours_keys,
            messages: Vec::new(),
            by_key: BTreeMap::new(),
        }
    }
}

struct Gateway {
    inbox: Mutex<Inbox>,
    record: Arc<Record>,
    options: Options,
}

impl Simulator for Gateway {
    fn name(&self) -> &'static str {
        "authority"
    }

    fn routes(self: Arc<Self>) -> Router {
        Router::new()
            .route("/usages", post(receive))
            .route("/usages/{key}", get(receipt))
            .with_state(self)
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        if self.options.access.admits(headers) {
            return Ok(());
        }
        Err(Box::new(Problem::unauthorized().into_response()))
    }

    fn seed(&self, seed: Value) -> Result<(), Error> {
        if let Some(honours) = seed["honours_keys"].as_bool() {
            locked(&self.inbox).honours_keys = honours;
        }
        Ok(())
    }

    fn reset(&self) {
        *locked(&self.inbox) = Inbox::new(self.options.honours_keys);
    }
}

async fn receive(State(gateway): State<Arc<Gateway>>, headers: HeaderMap, text: String) -> Result<Response, Problem> {
    let key = headers
        .get("idempotency-key")
        .and_then(|key| key.to_str().ok())
        .filter(|key| !key.is_empty())
        .ok_or_else(|| Problem::malformed("the Idempotency-Key header is missing"))?;
    let message: Value =
        serde_json::from_str(&text).map_err(|error| Problem::malformed(format!("not JSON: {error}")))?;
    let name = business_fact(&message)?;
    let mut inbox = locked(&gateway.inbox);
    if inbox.honours_keys
        && let Some(known) = inbox.by_key.get(key)
    {
        let known = &inbox.messages[*known];
        if known["message"] != message {
            return Err(Problem::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "key_reused",
                "another message came under this key",
            ));
        }
        return Ok((StatusCode::ACCEPTED, Json(&known["receipt"])).into_response());
    }
    let number = inbox.messages.len() + 1;
    let receipt = json!({
        "message_id": key,
        "reference": format!("UM-{number:06}"),
        "at": now(),
        "status": "43",
    });
    inbox
        .messages
        .push(json!({ "key": key, "message": message, "receipt": receipt }));
    inbox.by_key.insert(key.to_owned(), number - 1);
    gateway.record.effect(name);
    Ok((StatusCode::ACCEPTED, Json(receipt)).into_response())
}

/// The business fact that a message states, or what is wrong with it.
fn business_fact(message: &Value) -> Result<String, Problem> {
    let usage = &message["usage"];
    let number = usage["certificate"]
        .as_str()
        .ok_or_else(|| Problem::malformed("a usage names its `certificate`"))?;
    if !message["permit"].is_object() {
        return Err(Problem::malformed("the endorsed `permit` is missing"));
    }
    if message["permit"]["number"].as_str().is_some_and(|own| own != number) {
        return Err(Problem::malformed("usage and permit are about different numbers"));
    }
    let positions = usage["positions"].as_array();
    if positions.is_none_or(Vec::is_empty) {
        return Err(Problem::malformed("a usage has `positions`"));
    }
    let declaration = &usage["declaration"];
    let declaration = declaration
        .as_str()
        .or_else(|| declaration["value"].as_str())
        .ok_or_else(|| Problem::malformed("a usage names its `declaration`"))?;
    let status = if message["withdrawal"].is_object() {
        "withdrawn"
    } else {
        usage["direction"]
            .as_str()
            .ok_or_else(|| Problem::malformed("a usage has a `direction`"))?
    };
    Ok(fact("used", &[number, declaration, status]))
}

async fn receipt(State(gateway): State<Arc<Gateway>>, Path(key): Path<String>) -> Result<Response, Problem> {
    let inbox = locked(&gateway.inbox);
    let place = inbox.by_key.get(&key);
    let place = place.ok_or_else(|| Problem::not_found("no message came under this key"))?;
    Ok(Json(&inbox.messages[*place]["receipt"]).into_response())
}

//! What all partners have: an address, faults, counts, a log, and the control API.
//!
//! Control API, beside each partner's own routes and never subject to its faults: `POST /_control/faults`
//! `{seed?, clear?, rules?}`, `GET /_control/faults`, `GET /_control/facts`, `GET /_control/log`,
//! `POST /_control/seed` (what it takes is the partner's), `POST /_control/reset`.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use bytes::Bytes;
use futures_util::StreamExt;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::connection::{Cut, Door};
use crate::faults::{Fault, Faults, Rule};
use crate::problem::Problem;
use crate::record::{Exchange, Record};
use crate::{Error, now};

/// The largest request body a partner takes.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// How a partner wants to be told who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Anyone may call.
    #[default]
    Open,
    /// `Authorization: Bearer <token>`.
    Bearer(String),
    /// A header with a secret value.
    Header {
        /// The header's name.
        name: String,
        /// The value it must have.
        value: String,
    },
}

impl Access {
    /// Whether a request with these headers is let in.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let has = |name: &str, value: &str| {
            headers
                .get(name)
                .is_some_and(|given| given.as_bytes() == value.as_bytes())
        };
        match self {
            Self::Open => true,
            Self::Bearer(token) => has("authorization", &format!("Bearer {token}")),
            Self::Header { name, value } => has(name, value),
        }
    }
}

/// What makes one partner different from the others.
pub(crate) trait Simulator: Send + Sync + 'static {
    /// Its name in addresses and messages.
    fn name(&self) -> &'static str;
    /// Its own routes.
    fn routes(self: Arc<Self>) -> Router;
    /// Lets a request in, or answers why not.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Response>>;
    /// Takes in data, adding to what is there.
    fn seed(&self, seed: Value) -> Result<(), Error>;
    /// Forgets all data that was seeded or came in.
    fn reset(&self);
}

struct Desk {
    simulator: Arc<dyn Simulator>,
    record: Arc<Record>,
    faults: Faults,
}

/// A running simulator: it serves on a loopback port of its own until this value is dropped.
pub struct Partner {
    address: SocketAddr,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Partner {
    /// Starts serving a simulator on a free loopback port. Its record must be the one that the simulator counts in.
    pub(crate) async fn serve(
        simulator: Arc<dyn Simulator>,
        record: Arc<Record>,
    ) -> Result<Self, Error> {
        let name = simulator.name();
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(|source| Error::io(format!("bind a port for {name}"), source))?;
        let address = listener
            .local_addr()
            .map_err(|source| Error::io(format!("address of {name}"), source))?;
        let desk = Arc::new(Desk {
            simulator: simulator.clone(),
            record,
            faults: Faults::default(),
        });
        let app = simulator
            .routes()
            .fallback(|| async { Problem::not_found("no such resource") })
            .layer(from_fn_with_state(desk.clone(), guard))
            .merge(control(desk.clone()))
            .into_make_service_with_connect_info::<Cut>();
        let task = tokio::spawn(async move {
            // Serving ends only with the task: the listener never gives up.
            let _ = axum::serve(Door::new(listener), app).await;
        });
        Ok(Self {
            address,
            desk,
            task,
        })
    }

    /// The partner's name: `customs`, `ecites`, `epix`, `authority`, `species`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.desk.simulator.name()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The rules of what goes wrong here.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.desk.faults
    }

    /// How often each business fact took effect here (see [`crate::record::fact`]).
    #[must_use]
    pub fn facts(&self) -> BTreeMap<String, u32> {
        self.desk.record.facts()
    }

    /// Every request that arrived here, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Exchange> {
        self.desk.record.log()
    }

    /// Adds data (the shape is the partner's, see its module), as `POST /_control/seed` does.
    ///
    /// # Errors
    /// [`Error::Seed`] where the data has not that shape.
    pub fn seed(&self, seed: Value) -> Result<(), Error> {
        self.desk.simulator.seed(seed)
    }

    /// Forgets data, faults, counts and log.
    pub fn reset(&self) {
        self.desk.reset();
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    fn reset(&self) {
        self.simulator.reset();
        self.record.clear();
        self.faults.clear();
    }
}

/// Stands before every route: writes the request down, lets the fault strike, and writes the answer down.
async fn guard(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "over 32 MiB")
            .into_response();
    };
    let fault = desk.faults.strike(parts.method.as_str(), parts.uri.path());
    let number = desk.record.arrived(Exchange {
        number: 0,
        at: now(),
        method: parts.method.to_string(),
        path: parts
            .uri
            .path_and_query()
            .map_or_else(|| parts.uri.path().to_owned(), ToString::to_string),
        headers: header_map(&parts.headers),
        body: String::from_utf8_lossy(&body).into_owned(),
        fault: fault.clone(),
        status: None,
    });
    let admitted = desk.simulator.admit(&parts.headers);
    let act = async move {
        match admitted {
            Ok(()) => next.run(Request::from_parts(parts, Body::from(body))).await,
            Err(refusal) => *refusal,
        }
    };
    // A real server goes on with a request whose caller has hung up; only a task of its own does so here.
    let answer = tokio::spawn(suffer(fault, act))
        .await
        .unwrap_or(Answer::Full(
            StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        ));
    match answer {
        Answer::Full(response) => {
            desk.record.answered(number, response.status().as_u16());
            response
        }
        Answer::None => {
            cut.now();
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

enum Answer {
    Full(Response),
    None,
}

/// Runs the request's act around the fault that struck it.
async fn suffer(fault: Option<Fault>, act: impl Future<Output = Response>) -> Answer {
    Answer::Full(match fault {
        None => act.await,
        Some(Fault::Slow { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            act.await
        }
        Some(Fault::SlowAfter { ms }) => {
            let response = act.await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            response
        }
        Some(Fault::FailBefore {
            status,
            retry_after,
        }) => broken(status, retry_after),
        Some(Fault::FailAfter { status }) => {
            act.await;
            broken(status, None)
        }
        Some(Fault::Garbage) => {
            act.await;
            garbage()
        }
        Some(Fault::GarbageBefore) => garbage(),
        Some(Fault::CutBefore) => return Answer::None,
        Some(Fault::CutAfter) => {
            act.await;
            return Answer::None;
        }
        Some(Fault::DropHalf) => half(act.await).await,
    })
}

fn broken(status: u16, retry_after: Option<u32>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, "out of order\n").into_response();
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn garbage() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, "<<{\"\u{fffd}not: what was agreed]").into_response()
}

/// The same head, which promises the whole body, but only its first half before the connection breaks.
async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    let first = body.slice(..body.len() / 2);
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let pieces = futures_util::stream::once(async move { Ok::<Bytes, std::io::Error>(first) })
        .chain(futures_util::stream::once(async {
            // The server flushes what it has whenever the body makes it wait; without these turns the first half
            // could still be in its buffer when the connection breaks.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            Err(std::io::Error::other("the connection breaks here"))
        }));
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn header_map(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text)
        })
        .collect()
}

#[derive(Deserialize)]
struct FaultOrder {
    #[serde(default)]
    clear: bool,
    seed: Option<u64>,
    #[serde(default)]
    rules: Vec<Rule>,
}

fn control(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/_control/faults", get(show_faults).post(order_faults))
        .route("/_control/facts", get(show_facts))
        .route("/_control/log", get(show_log))
        .route("/_control/seed", post(take_seed))
        .route("/_control/reset", post(take_reset))
        .with_state(desk)
}

async fn show_faults(State(desk): State<Arc<Desk>>) -> Json<Value> {
    Json(json!({ "rules": desk.faults.rules() }))
}

async fn order_faults(State(desk): State<Arc<Desk>>, Json(order): Json<FaultOrder>) -> Json<Value> {
    if order.clear {
        desk.faults.clear();
    }
    if let Some(seed) = order.seed {
        desk.faults.seed(seed);
    }
    for rule in order.rules {
        desk.faults.push(rule);
    }
    Json(json!({ "rules": desk.faults.rules() }))
}

async fn show_facts(State(desk): State<Arc<Desk>>) -> Json<BTreeMap<String, u32>> {
    Json(desk.record.facts())
}

async fn show_log(State(desk): State<Arc<Desk>>) -> Json<Vec<Exchange>> {
    Json(desk.record.log())
}

async fn take_seed(
    State(desk): State<Arc<Desk>>,
    Json(seed): Json<Value>,
) -> Result<StatusCode, Problem> {
    desk.simulator
        .seed(seed)
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|error| Problem::malformed(error.to_string()))
}

async fn take_reset(State(desk): State<Arc<Desk>>) -> Result<StatusCode, Infallible> {
    desk.reset();
    Ok(StatusCode::NO_CONTENT)
}

//! The control API of a partner, beside its own routes and never subject to its faults: `POST /_control/faults`
//! `{seed?, clear?, rules?}`, `GET /_control/faults`, `GET /_control/facts`, `GET /_control/log`,
//! `POST /_control/seed` (what it takes is the partner's), `POST /_control/reset`.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::faults::Rule;
use crate::partner::Desk;
use crate::problem::Problem;
use crate::record::Exchange;

#[derive(Deserialize)]
struct FaultOrder {
    #[serde(default)]
    clear: bool,
    seed: Option<u64>,
    #[serde(default)]
    rules: Vec<Rule>,
}

/// The control routes over one partner.
pub(crate) fn control(desk: Arc<Desk>) -> Router {
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

async fn take_seed(State(desk): State<Arc<Desk>>, Json(seed): Json<Value>) -> Result<StatusCode, Problem> {
    desk.simulator
        .seed(seed)
        .map(|()| StatusCode::NO_CONTENT)
        .map_err(|error| Problem::malformed(error.to_string()))
}

async fn take_reset(State(desk): State<Arc<Desk>>) -> StatusCode {
    desk.reset();
    StatusCode::NO_CONTENT
}

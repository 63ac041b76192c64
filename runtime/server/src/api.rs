//! The operator API: what the console and the command line ask a running server.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Response, StatusCode};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use dragoman_journal::RunFilter;
use dragoman_journals_sqlite::SqliteJournal;
use dragoman_model::{Actor, Digest, Value};
use dragoman_security::Bearer;
use dragoman_transports_http::inbound::problem;
use serde::Deserialize;
use serde_json::json;

use crate::desk::{Desk, Refusal};
use crate::error::NOT_TAKEN;
use crate::reload::Reloader;
use crate::served::told;

struct Api {
    desk: Desk,
    token: Bearer,
    reloader: Arc<Reloader>,
    journal: Arc<SqliteJournal>,
}

/// The routes below `/v1`. All but `/v1/health` ask for the token that only the user who serves can read.
pub(crate) fn router(desk: Desk, token: Bearer, reloader: Arc<Reloader>, journal: Arc<SqliteJournal>) -> Router {
    Router::new()
        .route("/v1/health", get(health))
        .route("/v1/status", get(status))
        .route("/v1/runs", get(runs))
        .route("/v1/runs/{run}", get(run))
        .route("/v1/runs/{run}/{act}", post(operate))
        .route("/v1/waits", get(waits))
        .route("/v1/waits/{wait}", post(answer))
        .route("/v1/reload", post(reload))
        .with_state(Arc::new(Api {
            desk,
            token,
            reloader,
            journal,
        }))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    pipeline: Option<String>,
    status: Option<String>,
    #[serde(default)]
    children: bool,
    #[serde(default)]
    limit: usize,
    #[serde(default)]
    bodies: bool,
    #[serde(default)]
    colour: bool,
}

/// What is sent to answer a wait.
#[derive(Debug, Deserialize)]
struct Answering {
    /// `{ answer, reason?, ...fields }`.
    answer: Value,
    /// The digest of what the person saw.
    shown: Option<Digest>,
    /// Who answers, as the command line knows it.
    by: String,
}

/// What is sent to act on a parked run.
#[derive(Debug, Deserialize)]
struct Operating {
    /// Why, for the trail.
    reason: String,
    /// Who acts, as the command line knows it.
    by: String,
}

async fn operate(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path((run, act)): Path<(String, String)>,
    Json(given): Json<Operating>,
) -> Response<Body> {
    let actor = Actor::person(&given.by, "token");
    guarded(&api, &headers, api.desk.operate(&run, &act, actor, &given.reason)).await
}

async fn health(State(api): State<Arc<Api>>) -> Response<Body> {
    Json(json!({ "status": "ok", "site": api.reloader.served().name })).into_response()
}

async fn status(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response<Body> {
    let stats = api.journal.stats();
    let mut status = api.desk.status();
    status["store"] = json!({
        "syncs": stats.syncs, "batches": stats.batches, "entries": stats.entries, "bytes": stats.bytes,
    });
    status["site"] = api.reloader.served().to_json();
    guarded(&api, &headers, async { Ok(status) }).await
}

/// Reads the site anew: 200 with what is served from here on, or 422 with all that is wrong.
async fn reload(State(api): State<Arc<Api>>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response<Body> {
    if let Err(refused) = admitted(&api, &headers) {
        return refused;
    }
    match api.reloader.reload("asked to").await {
        Ok(reloaded) => {
            let mut value = reloaded.served.to_json();
            value["changed"] = json!(reloaded.changed);
            value["diagnostics"] = told(&reloaded.warnings, wanted.colour).into();
            Json(value).into_response()
        }
        Err(error) => {
            let diagnostics = told(&error.diagnostics(), wanted.colour);
            let detail = "the site cannot be served as it is written now; what was served is served on";
            let more = json!({ "diagnostics": diagnostics });
            problem(StatusCode::UNPROCESSABLE_ENTITY, NOT_TAKEN.id, detail, more)
        }
    }
}

async fn runs(State(api): State<Arc<Api>>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response<Body> {
    let filter = RunFilter {
        run: None,
        pipeline: wanted.pipeline,
        status: wanted.status,
        children: wanted.children,
        limit: wanted.limit,
    };
    guarded(&api, &headers, api.desk.runs(filter)).await
}

async fn run(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path(run): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response<Body> {
    guarded(&api, &headers, api.desk.run(&run, wanted.bodies)).await
}

async fn waits(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response<Body> {
    guarded(&api, &headers, api.desk.waits()).await
}

async fn answer(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path(wait): Path<String>,
    Json(given): Json<Answering>,
) -> Response<Body> {
    let actor = Actor::person(&given.by, "token");
    guarded(&api, &headers, api.desk.answer(&wait, actor, given.answer, given.shown)).await
}

fn admitted(api: &Api, headers: &HeaderMap) -> Result<(), Response<Body>> {
    let authorization = headers.get("authorization").and_then(|v| v.to_str().ok());
    if api.token.admits(authorization) {
        return Ok(());
    }
    let detail = "the operator API asks for the token in the store's folder";
    Err(problem(StatusCode::UNAUTHORIZED, "unauthorized", detail, json!({})))
}

async fn guarded(
    api: &Api,
    headers: &HeaderMap,
    answer: impl Future<Output = Result<Value, Refusal>>,
) -> Response<Body> {
    if let Err(refused) = admitted(api, headers) {
        return refused;
    }
    match answer.await {
        Ok(value) => Json(value).into_response(),
        Err(Refusal::Unknown(detail)) => problem(StatusCode::NOT_FOUND, "unknown", &detail, json!({})),
        Err(Refusal::Conflict(detail)) => problem(StatusCode::CONFLICT, "conflict", &detail, json!({})),
        Err(Refusal::Store(detail)) => problem(StatusCode::SERVICE_UNAVAILABLE, "store", &detail, json!({})),
    }
}

//! `/v1/metrics` and `/v1/ready`, and counting what is answered over HTTP.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::middleware::Next;
use axum::response::IntoResponse;
use dragoman_journal::RunFilter;
use dragoman_model::Role;
use dragoman_transports_http::inbound::problem;
use serde_json::json;

use super::Counted;
use crate::api::{Answer, Api, identify};

/// A store that has not answered by then does not work.
const PATIENCE: Duration = Duration::from_secs(2);
/// The text format of OpenMetrics, which Prometheus reads.
const FORMAT: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How the site is doing, for whoever may see its runs.
pub(crate) async fn metrics(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response<Body> {
    let who = match identify(&api, &headers).await {
        Ok(who) => who,
        Err(response) => return response,
    };
    if let Err(refusal) = who.may(&[Role::Viewer]) {
        return Answer::from(refusal).0;
    }
    let text = api.metrics.text(&api.desk.handle, &api.pauses, &*api.journal).await;
    ([(header::CONTENT_TYPE, FORMAT)], text).into_response()
}

/// Whether messages are taken and runs go on: 200, or 503 with why not. It asks nobody who they are.
pub(crate) async fn ready(State(api): State<Arc<Api>>) -> Response<Body> {
    let status = api.desk.handle.status();
    let not = |code: &str, why: &str| problem(StatusCode::SERVICE_UNAVAILABLE, code, why, json!({ "retry_after": 1 }));
    if status.stopping {
        return not("stopping", "the server stops; no more messages are taken");
    }
    if !status.recovered {
        return not("starting", "runs of before are being taken up");
    }
    let one = RunFilter {
        limit: 1,
        ..RunFilter::default()
    };
    match tokio::time::timeout(PATIENCE, api.desk.journal.runs(one)).await {
        Ok(Ok(_)) => Json(json!({ "status": "ready" })).into_response(),
        Ok(Err(error)) => not("store", &format!("the store does not answer ({})", error.code)),
        Err(_) => not("store", "the store does not answer"),
    }
}

/// Counts what is answered.
pub(crate) async fn count_answers(State(counted): State<Arc<Counted>>, request: Request, next: Next) -> Response<Body> {
    let to = match request.uri().path().starts_with("/v1/") {
        true => "operators",
        false => "senders",
    };
    let response = next.run(request).await;
    counted.answered(to, response.status().as_u16());
    response
}

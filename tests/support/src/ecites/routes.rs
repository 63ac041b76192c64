//! The HTTP surface of the permit system; every rule is in the register.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::System;
use super::entry::etag;
use crate::now;
use crate::problem::Problem;
use crate::record::locked;

type Answer = Result<Response, Problem>;

/// The routes over one system.
pub(crate) fn routes(system: Arc<System>) -> Router {
    Router::new()
        .route("/permits", get(list))
        .route("/permits/{number}", get(permit))
        .route("/permits/{number}/endorsements/{declaration}", get(probe).put(endorse))
        .route(
            "/permits/{number}/endorsements/{declaration}/withdrawal",
            post(withdraw),
        )
        .route("/permits/{number}/usages", post(confirm))
        .route("/permits/{number}/history", get(history))
        .route("/verifications", post(verify))
        .with_state(system)
}

#[derive(Deserialize)]
struct ByCountry {
    issuing_country: Option<String>,
}

#[derive(Deserialize)]
struct Since {
    changed_since: Option<String>,
}

fn tagged(status: StatusCode, version: u64, document: &Value) -> Response {
    (status, [(header::ETAG, etag(version))], Json(document)).into_response()
}

fn header_text(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn body(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|error| Problem::malformed(format!("not JSON: {error}")))
}

async fn list(State(system): State<Arc<System>>, Query(query): Query<Since>) -> Answer {
    let since = match query.changed_since {
        None => None,
        Some(text) => Some(
            text.parse::<Timestamp>()
                .map_err(|_| Problem::malformed("`changed_since` is a date-time with its offset"))?,
        ),
    };
    let permits = locked(&system.register).changed_since(since);
    Ok(Json(json!({ "permits": permits, "as_of": now() })).into_response())
}

async fn permit(
    State(system): State<Arc<System>>,
    Path(number): Path<String>,
    Query(query): Query<ByCountry>,
    headers: HeaderMap,
) -> Answer {
    let (document, version) = locked(&system.register).permit(&number, query.issuing_country.as_deref())?;
    if header_text(&headers, header::IF_NONE_MATCH) == Some(&etag(version)) {
        let tag = [(header::ETAG, etag(version))];
        return Ok((StatusCode::NOT_MODIFIED, tag).into_response());
    }
    Ok(tagged(StatusCode::OK, version, &document))
}

async fn endorse(
    State(system): State<Arc<System>>,
    Path((number, declaration)): Path<(String, String)>,
    headers: HeaderMap,
    text: String,
) -> Answer {
    let body = body(&text)?;
    let if_match = header_text(&headers, header::IF_MATCH);
    let answer = locked(&system.register).endorse(&system.record, &number, &declaration, &body, if_match)?;
    let status = if answer.created {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(tagged(status, answer.version, &answer.endorsement))
}

async fn probe(State(system): State<Arc<System>>, Path((number, declaration)): Path<(String, String)>) -> Answer {
    let register = locked(&system.register);
    if !register.probe {
        let allow = [(header::ALLOW, "PUT")];
        return Ok((StatusCode::METHOD_NOT_ALLOWED, allow).into_response());
    }
    let (endorsement, version) = register.endorsement(&number, &declaration)?;
    Ok(tagged(StatusCode::OK, version, &endorsement))
}

async fn withdraw(
    State(system): State<Arc<System>>,
    Path((number, declaration)): Path<(String, String)>,
    text: String,
) -> Answer {
    let body = body(&text)?;
    let (endorsement, version) = locked(&system.register).withdraw(&system.record, &number, &declaration, &body)?;
    Ok(tagged(StatusCode::OK, version, &endorsement))
}

async fn confirm(State(system): State<Arc<System>>, Path(number): Path<String>, text: String) -> Answer {
    let body = body(&text)?;
    let (usage, created) = locked(&system.register).confirm(&system.record, &number, &body)?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(usage)).into_response())
}

async fn history(State(system): State<Arc<System>>, Path(number): Path<String>) -> Answer {
    let events = locked(&system.register).history(&number)?;
    Ok(Json(json!({ "events": events })).into_response())
}

async fn verify(State(system): State<Arc<System>>, text: String) -> Answer {
    let body = body(&text)?;
    Ok(Json(locked(&system.register).verify(&body)?).into_response())
}

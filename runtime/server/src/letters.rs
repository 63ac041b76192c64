//! `/v1/dead`: dead letters, what each act would do to them, and doing it.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Response, StatusCode};
use dragoman_model::Role;
use dragoman_transports_http::inbound::problem;
use serde_json::json;

use crate::api::{Answer, Api, CONTENT, Given, guarded, on_the_authority, unreadable};
use crate::dead::{DeadFilter, Repair};
use crate::desk::OPERATORS;

/// Dead letters, oldest first, with how many there are of each kind.
pub(crate) async fn dead(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    wanted: Result<Query<DeadFilter>, QueryRejection>,
) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |_| {
        let Query(filter) = wanted.map_err(|rejection| {
            let detail = format!("what is asked for cannot be read: {}", rejection.body_text());
            Answer(problem(StatusCode::BAD_REQUEST, "unclear", &detail, json!({})))
        })?;
        Ok(api.desk.dead(&filter).await?)
    })
    .await
}

/// One of them, with all that is kept, and what each act would do now.
pub(crate) async fn dead_letter(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path(run): Path<String>,
) -> Response<Body> {
    guarded(&api, &headers, &CONTENT, async |_| {
        Ok(api.desk.dead_letter(&run).await?)
    })
    .await
}

/// Repairs them; without `yes` it is only said what would be done.
pub(crate) async fn repair(State(api): State<Arc<Api>>, headers: HeaderMap, given: Given<Repair>) -> Response<Body> {
    guarded(&api, &headers, &OPERATORS, async |who| {
        let Json(repair) = given.map_err(unreadable)?;
        let who = on_the_authority(who, repair.by.clone());
        Ok(api.desk.repair(&repair, who).await?)
    })
    .await
}

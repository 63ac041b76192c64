//! `POST /v1/migrations`: runs in flight go on with another version.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode};
use dragoman_transports_http::inbound::problem;
use serde::Deserialize;
use serde_json::json;

use crate::api::{Answer, Api, Given, guarded, on_the_authority, unreadable};
use crate::desk::OPERATORS;
use crate::migrations::Change;

/// What is sent.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// `{ "pipeline": NAME }`, `{ "text": NAME }` or `{ "connection": NAME }`.
    change: Change,
    /// `current`: it is done. Left out: it is only said what would become of each run.
    to: Option<To>,
    /// Only these runs, with the items that they work on; ids or their beginnings.
    #[serde(default)]
    runs: Vec<String>,
    /// Why, for the trail.
    reason: Option<String>,
    /// Who moves them, where the administrator of this machine says so.
    by: Option<String>,
    #[serde(default)]
    colour: bool,
}

/// Where runs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum To {
    /// The version of now.
    Current,
}

pub(crate) async fn migrate(State(api): State<Arc<Api>>, headers: HeaderMap, given: Given<Wanted>) -> Response<Body> {
    guarded(&api, &headers, &OPERATORS, async |who| {
        let Json(wanted) = given.map_err(unreadable)?;
        if wanted.to.is_none() {
            return Ok(api.migrations.plan(&wanted.change, wanted.colour).await?);
        }
        let reason = wanted.reason.as_deref().unwrap_or_default().trim();
        if reason.is_empty() {
            let detail = "moving runs is kept in the trail with a `reason`: send one";
            let refused = problem(StatusCode::BAD_REQUEST, "body.unreadable", detail, json!({}));
            return Err(Answer(refused));
        }
        let actor = on_the_authority(who, wanted.by).actor;
        let done = api.migrations.carry_out(&wanted.change, &wanted.runs, &actor, reason);
        Ok(done.await?)
    })
    .await
}

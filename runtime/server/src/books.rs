//! `/v1/ledger`: accounts, what was claimed of them, adjustments.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Response, StatusCode};
use dragoman_model::Role;
use dragoman_transports_http::inbound::problem;
use serde::Deserialize;
use serde_json::json;

use crate::api::{Answer, Api, Given, guarded, on_the_authority, unreadable};
use crate::desk::{OPERATORS, Refusal};
use crate::ledger::Adjustment;

/// Of which ledger, and which account in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    ledger: Option<String>,
    account: Option<String>,
}

fn asked(wanted: Result<Query<Wanted>, QueryRejection>) -> Result<Wanted, Answer> {
    let Query(wanted) = wanted.map_err(|rejection| {
        let detail = format!("what is asked for cannot be read: {}", rejection.body_text());
        Answer(problem(StatusCode::BAD_REQUEST, "unclear", &detail, json!({})))
    })?;
    Ok(wanted)
}

/// Accounts with what is taken of them.
pub(crate) async fn ledger(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |_| {
        let wanted = asked(wanted)?;
        Ok(api.desk.ledger(wanted.ledger, wanted.account).await?)
    })
    .await
}

/// What was claimed of an account.
pub(crate) async fn claims(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    wanted: Result<Query<Wanted>, QueryRejection>,
) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |_| {
        let wanted = asked(wanted)?;
        let (Some(ledger), Some(account)) = (wanted.ledger, wanted.account) else {
            return Err(Refusal::Unclear("claims are those of an account: write `ledger` and `account`".into()).into());
        };
        Ok(api.desk.claims(ledger, account).await?)
    })
    .await
}

/// Adjusts an account; without `yes` it is only said what would be done.
pub(crate) async fn adjust(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    given: Given<Adjustment>,
) -> Response<Body> {
    guarded(&api, &headers, &OPERATORS, async |who| {
        let Json(adjustment) = given.map_err(unreadable)?;
        let who = on_the_authority(who, adjustment.by.clone());
        Ok(api.desk.adjust(&adjustment, who).await?)
    })
    .await
}

//! `/v1/pauses`.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use dragoman_model::Role;

use super::acts::PauseChange;
use crate::api::{Api, Given, guarded, on_the_authority, unreadable};
use crate::desk::OPERATORS;

/// What is paused.
pub(crate) async fn list(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |_| Ok(api.pauses.list().await?)).await
}

/// Pauses something, or lets it go on.
pub(crate) async fn change(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    given: Given<PauseChange>,
) -> Response<Body> {
    guarded(&api, &headers, &OPERATORS, async |who| {
        let Json(change) = given.map_err(unreadable)?;
        let who = on_the_authority(who, change.by.clone());
        Ok(api.pauses.change(&change, who).await?)
    })
    .await
}

//! `/v1/retention`.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response};
use dragoman_model::Role;

use super::act::Erasing;
use super::hold::HoldChange;
use crate::api::{Api, Given, guarded, on_the_authority, unreadable};

/// Periods, what is due, what is held.
pub(crate) async fn show(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |_| {
        Ok(api.retention.show().await?)
    })
    .await
}

/// Erases what runs have said, or says what would be.
pub(crate) async fn erase(State(api): State<Arc<Api>>, headers: HeaderMap, given: Given<Erasing>) -> Response<Body> {
    guarded(&api, &headers, &[Role::Administrator], async |who| {
        let Json(wanted) = given.map_err(unreadable)?;
        let who = on_the_authority(who, wanted.by.clone());
        Ok(api.retention.erase(&wanted, who).await?)
    })
    .await
}

/// Holds something, or lets it go.
pub(crate) async fn hold(State(api): State<Arc<Api>>, headers: HeaderMap, given: Given<HoldChange>) -> Response<Body> {
    guarded(&api, &headers, &[Role::Administrator], async |who| {
        let Json(change) = given.map_err(unreadable)?;
        let who = on_the_authority(who, change.by.clone());
        Ok(api.retention.hold(&change, who).await?)
    })
    .await
}

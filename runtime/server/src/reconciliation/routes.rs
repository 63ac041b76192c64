//! `/v1/reconciliation`.

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Response};
use dragoman_model::{Role, Timestamp};
use serde::Deserialize;

use super::walk::{Wanted, reconcile};
use crate::api::{Api, Given, guarded, unreadable};
use crate::desk::store;

/// A period.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Period {
    from: Timestamp,
    until: Timestamp,
    #[serde(default)]
    limit: usize,
}

/// What came of what was taken in a period.
pub(crate) async fn reconciliation(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Query(period): Query<Period>,
) -> Response<Body> {
    let wanted = Wanted {
        from: period.from,
        until: period.until,
        limit: period.limit,
        list: None,
    };
    guarded(&api, &headers, &[Role::Viewer], async |_| {
        Ok(reconcile(&*api.journal, &wanted).await.map_err(store)?)
    })
    .await
}

/// The same, with the other side's list.
pub(crate) async fn reconciliation_with(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    given: Given<Wanted>,
) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |_| {
        let Json(wanted) = given.map_err(unreadable)?;
        Ok(reconcile(&*api.journal, &wanted).await.map_err(store)?)
    })
    .await
}

//! The Species+ API (`species`): taxa, listings, quotas, suspensions, distributions, as unepwcmc/species-api gives them.
//!
//! Under `/api/v1`: `taxon_concepts`, `taxon_concepts/{id}/cites_legislation`, `.../eu_legislation`,
//! `.../distributions`, `.../references`, each also with `.json`. The token is in `X-Authentication-Token` (else 401),
//! an unknown or wrong parameter is 422, errors are `{"error":{"message"}}`, pages come with `Link` and
//! `Total-Count`, and every answer with a weak `ETag`. XML is not offered (406).
//!
//! The built-in data (`data.json`) is small and the project's own: its shapes are true to form, its content is made to
//! hold the traps: a split listing, listings stated again without a deletion between, one in Appendix III, inherited
//! ones, one that is not in force yet, reservations entered and withdrawn, a suspension of a whole country
//! (`taxon_concept_id` null), a quota without a number, a taxon that is no longer active.
//!
//! Seed: `{"taxa": [...], "country_suspensions": [...]}` in the shape of that file; a taxon of a known id is replaced.
//! There are no facts: everything here is a read.

mod catalogue;
mod query;

use std::ops::Deref;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::{Value, json};

use crate::Error;
use crate::partner::{Partner, Simulator};
use crate::record::{Record, locked};
use catalogue::Catalogue;
use query::Query;

/// How this API behaves.
#[derive(Clone, Debug)]
pub struct Options {
    /// The token it lets in.
    pub token: String,
    /// The status for an id that it does not have: 404, or 500 as it was in 2022.
    pub unknown_taxon: u16,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            token: "species-token".to_owned(),
            unknown_taxon: 404,
        }
    }
}

/// A running Species+ API.
pub struct Species {
    partner: Partner,
}

impl Species {
    /// Starts one with the built-in data.
    ///
    /// # Errors
    /// No port could be bound.
    pub async fn start(options: Options) -> Result<Self, Error> {
        let api = Arc::new(Api {
            catalogue: Mutex::new(Catalogue::built_in()?),
            options,
        });
        let partner = Partner::serve(api, Arc::new(Record::default())).await?;
        Ok(Self { partner })
    }

    /// The base address of version 1 of the API.
    #[must_use]
    pub fn api(&self) -> String {
        format!("{}/api/v1", self.url())
    }
}

impl Deref for Species {
    type Target = Partner;

    fn deref(&self) -> &Partner {
        &self.partner
    }
}

struct Api {
    catalogue: Mutex<Catalogue>,
    options: Options,
}

impl Simulator for Api {
    fn name(&self) -> &'static str {
        "species"
    }

    fn routes(self: Arc<Self>) -> Router {
        let mut router = Router::new();
        for suffix in ["", ".json"] {
            let below = "/api/v1/taxon_concepts/{id}";
            router = router
                .route(&format!("/api/v1/taxon_concepts{suffix}"), get(taxa))
                .route(&format!("{below}/cites_legislation{suffix}"), get(cites))
                .route(&format!("{below}/eu_legislation{suffix}"), get(eu))
                .route(&format!("{below}/distributions{suffix}"), get(distributions))
                .route(&format!("{below}/references{suffix}"), get(references));
        }
        router.route("/api/v1/taxon_concepts.xml", get(no_xml)).with_state(self)
    }

    fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        let given = headers.get("x-authentication-token");
        if given.is_some_and(|given| given.as_bytes() == self.options.token.as_bytes()) {
            return Ok(());
        }
        Err(Box::new(failed(401, "Unauthorised")))
    }

    fn seed(&self, seed: Value) -> Result<(), Error> {
        locked(&self.catalogue).take(&seed)
    }

    fn reset(&self) {
        // The built-in data was read at the start, so it is read again.
        if let Ok(catalogue) = Catalogue::built_in() {
            *locked(&self.catalogue) = catalogue;
        }
    }
}

const SORRY: &str = "We are sorry but an error occurred processing your request";

fn failed(status: u16, message: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = json!({ "error": { "message": message } });
    (status, axum::Json(body)).into_response()
}

async fn no_xml() -> Response {
    failed(406, "only JSON is offered here")
}

/// A whole answer with its weak entity tag, or 304 where the caller has it already.
fn tagged(headers: &HeaderMap, body: &Value) -> Response {
    let text = body.to_string();
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, text.as_bytes());
    let hex: String = digest
        .as_ref()
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("W/\"{hex}\"");
    let known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == tag.as_bytes());
    let cache = [
        (header::ETAG, tag),
        (header::CACHE_CONTROL, "max-age=0, private, must-revalidate".to_owned()),
    ];
    if known {
        return (StatusCode::NOT_MODIFIED, cache).into_response();
    }
    let kind = [(header::CONTENT_TYPE, "application/json; charset=utf-8")];
    (cache, kind, text).into_response()
}

async fn taxa(State(api): State<Arc<Api>>, RawQuery(raw): RawQuery, headers: HeaderMap) -> Response {
    let query = match Query::taxa(raw.as_deref().unwrap_or_default()) {
        Ok(query) => query,
        Err(message) => return failed(422, &message),
    };
    let found = locked(&api.catalogue).search(&query);
    let page = query.page();
    let total = found.len();
    let shown: Vec<Value> = found.into_iter().skip(page.first()).take(page.size).collect();
    let body = json!({
        "pagination": { "current_page": page.number, "per_page": page.size, "total_entries": total },
        "taxon_concepts": shown,
    });
    let mut response = tagged(&headers, &body);
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or("localhost");
    let links = page.links(&format!("http://{host}/api/v1/taxon_concepts"), &query, total);
    if let Ok(links) = HeaderValue::from_str(&links)
        && !links.is_empty()
    {
        response.headers_mut().insert(header::LINK, links);
    }
    response.headers_mut().insert("total-count", HeaderValue::from(total));
    response
}

/// One taxon's part, after its parameters have been checked.
fn part(
    api: &Api,
    id: &str,
    raw: Option<&str>,
    headers: &HeaderMap,
    allowed: &[&str],
    show: impl Fn(&Catalogue, &Value, &Query) -> Value,
) -> Response {
    let query = match Query::part(raw.unwrap_or_default(), allowed) {
        Ok(query) => query,
        Err(message) => return failed(422, &message),
    };
    let catalogue = locked(&api.catalogue);
    match id.parse().ok().and_then(|id| catalogue.taxon(id)) {
        Some(taxon) => tagged(headers, &show(&catalogue, taxon, &query)),
        None => failed(api.options.unknown_taxon, SORRY),
    }
}

async fn cites(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    part(
        &api,
        &id,
        raw.as_deref(),
        &headers,
        &["scope", "language"],
        |catalogue, taxon, query| {
            json!({
                "cites_listings": catalogue.in_scope(taxon, "cites_listings", query),
                "cites_quotas": catalogue.in_scope(taxon, "cites_quotas", query),
                "cites_suspensions": catalogue.suspensions(taxon, query),
            })
        },
    )
}

async fn eu(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    part(
        &api,
        &id,
        raw.as_deref(),
        &headers,
        &["scope", "language"],
        |catalogue, taxon, query| {
            json!({
                "eu_listings": catalogue.in_scope(taxon, "eu_listings", query),
                "eu_decisions": catalogue.in_scope(taxon, "eu_decisions", query),
            })
        },
    )
}

async fn distributions(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    part(&api, &id, raw.as_deref(), &headers, &["language"], |_, taxon, _| {
        list(taxon, "distributions")
    })
}

async fn references(
    State(api): State<Arc<Api>>,
    Path(id): Path<String>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    part(&api, &id, raw.as_deref(), &headers, &[], |_, taxon, _| {
        list(taxon, "references")
    })
}

fn list(taxon: &Value, name: &str) -> Value {
    match &taxon[name] {
        Value::Null => json!([]),
        list => list.clone(),
    }
}

//! From a path to the pipelines that take messages there.

use std::collections::BTreeMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use dragoman_engine::source::{Acceptor, Delivery};
use dragoman_model::Actor;
use serde_json::json;

use super::answer::{accepted, problem, refused};
use super::sender::Sender;

/// A pipeline's trigger on a path.
#[derive(Debug, Clone)]
pub struct Route {
    /// The pipeline.
    pub pipeline: String,
    /// The trigger's id.
    pub trigger: String,
    /// Who may send; none: anybody.
    pub from: Option<Arc<Sender>>,
}

/// The routes of a site at one time: swapped as a whole on reload.
#[derive(Debug, Default)]
pub struct Routes {
    /// By path, with the leading slash.
    pub by_path: BTreeMap<String, Vec<Route>>,
    /// The largest message taken, in bytes.
    pub largest: usize,
}

/// Headers that never go into the trail.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

struct Inbound {
    routes: Arc<ArcSwap<Routes>>,
    acceptor: Arc<dyn Acceptor>,
}

/// The router that takes messages: every path that no other route has.
pub fn router(routes: Arc<ArcSwap<Routes>>, acceptor: Arc<dyn Acceptor>) -> Router {
    Router::new().fallback(take).with_state(Arc::new(Inbound { routes, acceptor }))
}

async fn take(State(inbound): State<Arc<Inbound>>, request: Request) -> Response<Body> {
    let routes = inbound.routes.load_full();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let Some(here) = routes.by_path.get(path) else {
        return problem(StatusCode::NOT_FOUND, "path.unknown", &format!("no pipeline takes messages at {path}"), json!({}));
    };
    if parts.method != Method::POST && parts.method != Method::PUT {
        return problem(StatusCode::METHOD_NOT_ALLOWED, "method", "messages are sent with POST", json!({}));
    }
    let Ok(body) = to_bytes(body, routes.largest).await else {
        return problem(
            StatusCode::PAYLOAD_TOO_LARGE,
            "D0801",
            &format!("the message is larger than {} bytes (`limits: {{ message: }}` in the site file)", routes.largest),
            json!({}),
        );
    };
    let mut taken = Vec::with_capacity(here.len());
    for route in here {
        let Some(sender) = identify(route, &parts.headers, &body) else {
            return problem(
                StatusCode::UNAUTHORIZED,
                "D0802",
                "the request does not prove that it comes from the sender that the pipeline names",
                json!({ "pipeline": route.pipeline }),
            );
        };
        match inbound.acceptor.deliver(delivery(route, sender, &parts, body.clone())).await {
            Ok(delivered) => taken.push((route.pipeline.clone(), delivered)),
            Err(refusal) => return refused(&route.pipeline, refusal),
        }
    }
    accepted(taken)
}

fn identify(route: &Route, headers: &HeaderMap, body: &[u8]) -> Option<Actor> {
    match &route.from {
        Some(sender) => sender.identify(headers, body),
        None => Some(Actor::sender("anybody", "none")),
    }
}

fn delivery(route: &Route, sender: Actor, parts: &axum::http::request::Parts, body: Bytes) -> Delivery {
    let media_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .map_or_else(|| guess(&body), |t| t.split(';').next().unwrap_or(t).trim().to_ascii_lowercase());
    let headers = parts
        .headers
        .iter()
        .filter(|(name, _)| !CREDENTIALS.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    Delivery {
        pipeline: route.pipeline.clone(),
        trigger: route.trigger.clone(),
        body,
        media_type,
        headers,
        attributes: json!({ "path": parts.uri.path(), "query": parts.uri.query().unwrap_or_default() }),
        sender,
        key: None,
    }
}

/// What a message is whose sender did not say.
fn guess(body: &[u8]) -> String {
    match body.iter().find(|b| !b.is_ascii_whitespace()) {
        Some(b'<') => "application/xml",
        Some(b'{' | b'[') => "application/json",
        _ => "application/octet-stream",
    }
    .into()
}

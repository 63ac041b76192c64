//! From a path to the pipelines that take messages there.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, Response, StatusCode, header};
use dragoman_engine::Notices;
use dragoman_engine::source::{self, Acceptor, Delivery, Refused};
use dragoman_model::Actor;
use serde_json::json;

use super::answer::{TOO_LARGE, UNPROVEN, accepted, problem, refused};
use super::body::Reader;
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

/// The routes of a site at one time: swapped as a whole on reload. A request is served by the routes that were there when
/// it came, to its end.
pub struct Routes {
    /// By path, with the leading slash.
    pub by_path: BTreeMap<String, Vec<Route>>,
    /// The largest message taken, in bytes.
    pub largest: usize,
    /// Takes what comes in over these routes: with the pipelines that they were made for, also once others have come.
    pub acceptor: Arc<dyn Acceptor>,
}

/// Headers that never go into the trail.
const CREDENTIALS: [&str; 4] = ["authorization", "cookie", "proxy-authorization", "x-api-key"];

/// What a message is whose sender does not say it, and which does not show it.
const BYTES: &str = "application/octet-stream";

struct Inbound {
    routes: Arc<ArcSwap<Routes>>,
    reader: Reader,
    notices: Notices,
}

/// The router that takes messages: every path that no other route has. Where it is served with [`ConnectInfo`], the log
/// says from where what was refused came.
pub fn router(routes: Arc<ArcSwap<Routes>>) -> Router {
    let reader = Reader::default();
    Router::new().fallback(take).with_state(Arc::new(Inbound {
        routes,
        reader,
        notices: Notices::default(),
    }))
}

async fn take(State(inbound): State<Arc<Inbound>>, request: Request) -> Response<Body> {
    let routes = inbound.routes.load_full();
    let (parts, body) = request.into_parts();
    let path = parts.uri.path();
    let Some(here) = routes.by_path.get(path) else {
        return problem(
            StatusCode::NOT_FOUND,
            "path.unknown",
            &format!("no pipeline takes messages at {path}"),
            json!({}),
        );
    };
    if parts.method != Method::POST && parts.method != Method::PUT {
        return problem(
            StatusCode::METHOD_NOT_ALLOWED,
            "method",
            "messages are sent with POST",
            json!({}),
        );
    }
    let is_refused = |route: &&Route| {
        route
            .from
            .as_ref()
            .is_some_and(|from| from.is_refused_unread(&parts.headers))
    };
    if let Some(route) = here.iter().find(is_refused) {
        return inbound.unproven(route, &parts);
    }
    let body = match inbound.reader.read(&parts.headers, body, routes.largest).await {
        Ok(body) => body,
        Err(response) => return inbound.unread(here, &parts, response),
    };
    // All are asked before any takes it: a sender that is refused has sent nothing.
    let mut proven = Vec::with_capacity(here.len());
    for route in here {
        match identify(route, &parts.headers, &body) {
            Some(sender) => proven.push((route, sender)),
            None => return inbound.unproven(route, &parts),
        }
    }
    let mut taken = Vec::with_capacity(here.len());
    for (route, sender) in proven {
        match routes
            .acceptor
            .deliver(delivery(route, sender, &parts, body.clone()))
            .await
        {
            Ok(delivered) => taken.push((route.pipeline.clone(), delivered)),
            Err(refusal) => return inbound.refused(route, &parts, refusal),
        }
    }
    accepted(taken)
}

impl Inbound {
    fn unproven(&self, route: &Route, parts: &Parts) -> Response<Body> {
        let status = StatusCode::UNAUTHORIZED;
        self.notices
            .message(status.as_u16(), UNPROVEN.id, &route.pipeline, remote(parts), None);
        problem(
            status,
            UNPROVEN.id,
            "the request does not prove that it comes from the sender that the pipeline names",
            json!({ "pipeline": route.pipeline }),
        )
    }

    /// A body that was not read: the log says it where it is for ever, and not where the sender only has to come again.
    fn unread(&self, here: &[Route], parts: &Parts, response: Response<Body>) -> Response<Body> {
        if response.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let pipelines: Vec<&str> = here.iter().map(|route| &*route.pipeline).collect();
            let (status, pipelines) = (response.status().as_u16(), pipelines.join(", "));
            self.notices
                .message(status, TOO_LARGE.id, &pipelines, remote(parts), None);
        }
        response
    }

    fn refused(&self, route: &Route, parts: &Parts, refusal: Refused) -> Response<Body> {
        let (code, run) = (refusal.code().to_owned(), refusal.run());
        let response = refused(&route.pipeline, refusal);
        if let status @ (409 | 422) = response.status().as_u16() {
            self.notices.message(status, &code, &route.pipeline, remote(parts), run);
        }
        response
    }
}

/// Where a request came from.
fn remote(parts: &Parts) -> Option<SocketAddr> {
    let info = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    info.map(|ConnectInfo(address)| *address)
}

fn identify(route: &Route, headers: &HeaderMap, body: &[u8]) -> Option<Actor> {
    match &route.from {
        Some(sender) => sender.identify(headers, body),
        None => Some(Actor::sender("anybody", "none")),
    }
}

fn delivery(route: &Route, sender: Actor, parts: &Parts, body: Bytes) -> Delivery {
    let media_type = parts
        .headers
        .get(header::CONTENT_TYPE)
        .and_then(|v| v.to_str().ok())
        .map_or_else(
            || source::media_type(&body).unwrap_or(BYTES).to_owned(),
            |t| t.split(';').next().unwrap_or(t).trim().to_ascii_lowercase(),
        );
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

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use dragoman_engine::runner::Boxed;
    use dragoman_engine::source::Delivered;
    use dragoman_model::{RunId, Timestamp};
    use dragoman_security::{Bearer, Hmac, Secret};
    use futures_util::stream;
    use tower::ServiceExt;

    use super::super::sender::Proof;
    use super::*;

    /// Takes everything; remembers which pipelines got it.
    #[derive(Default)]
    struct Door(Mutex<Vec<String>>);

    impl Acceptor for Door {
        fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
            self.0.lock().unwrap().push(delivery.pipeline);
            let run = RunId::at(Timestamp::from_millis(0), [0; 10]);
            let status = "active".into();
            Box::pin(async move {
                Ok(Delivered::Accepted {
                    run,
                    again: false,
                    status,
                })
            })
        }
    }

    /// Sends `body` (none: one that never comes) to the pipelines of these proofs; who took it, and the answer's status.
    async fn check(proofs: &[Proof], header: Option<(&str, &str)>, body: Option<&str>, status: u16, taken: usize) {
        let route = |proof: &Proof| Route {
            pipeline: "orders".into(),
            trigger: "hook".into(),
            from: Some(Arc::new(Sender {
                name: "shop".into(),
                proof: proof.clone(),
            })),
        };
        let by_path = BTreeMap::from([("/orders".to_owned(), proofs.iter().map(route).collect())]);
        let door = Arc::new(Door::default());
        let routes = Arc::new(ArcSwap::from_pointee(Routes {
            by_path,
            largest: 10,
            acceptor: door.clone(),
        }));
        let body = body.map_or_else(
            || Body::from_stream(stream::pending::<Result<&str, std::io::Error>>()),
            |text| Body::from(text.to_owned()),
        );
        let mut request = Request::post("/orders");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let response = router(routes).oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(
            (response.status().as_u16(), door.0.lock().unwrap().len()),
            (status, taken)
        );
    }

    #[tokio::test]
    async fn senders_prove_themselves_before_their_bodies_are_read() {
        let secret = || Secret::new("secret");
        let bearer = Proof::Bearer(Bearer::new(secret()));
        let hmac = Proof::Hmac(Hmac::new(&secret()), "x-signature".into());
        let proof = Some(("authorization", "Bearer secret"));
        check(std::slice::from_ref(&bearer), proof, Some("order"), 202, 1).await;
        check(&[Proof::Nothing, bearer.clone()], proof, Some("order"), 202, 2).await;
        // These bodies never come: the answer does all the same.
        check(std::slice::from_ref(&bearer), None, None, 401, 0).await;
        check(
            &[Proof::Nothing, bearer.clone()],
            Some(("authorization", "Bearer other")),
            None,
            401,
            0,
        )
        .await;
        check(std::slice::from_ref(&hmac), None, None, 401, 0).await;
        check(
            &[Proof::Nothing, hmac],
            Some(("x-signature", "00")),
            Some("order"),
            401,
            0,
        )
        .await;
        check(&[bearer], proof, Some("a large order"), 413, 0).await;
    }
}

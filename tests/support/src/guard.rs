//! What stands before every route of a partner: the request is written down, and the fault strikes.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::StreamExt;

use crate::connection::Cut;
use crate::faults::Fault;
use crate::now;
use crate::partner::Desk;
use crate::problem::Problem;
use crate::record::Exchange;

/// The largest request body a partner takes.
const BODY_LIMIT: usize = 32 * 1024 * 1024;

/// Stands before every route: writes the request down, lets the fault strike, and writes the answer down.
pub(crate) async fn guard(
    State(desk): State<Arc<Desk>>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_LIMIT).await else {
        return Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "over 32 MiB").into_response();
    };
    let fault = desk.faults.strike(parts.method.as_str(), parts.uri.path());
    let number = desk.record.arrived(Exchange {
        number: 0,
        at: now(),
        method: parts.method.to_string(),
        path: parts
            .uri
            .path_and_query()
            .map_or_else(|| parts.uri.path().to_owned(), ToString::to_string),
        headers: header_map(&parts.headers),
        body: String::from_utf8_lossy(&body).into_owned(),
        fault: fault.clone(),
        status: None,
    });
    let admitted = desk.simulator.admit(&parts.headers);
    let act = async move {
        match admitted {
            Ok(()) => next.run(Request::from_parts(parts, Body::from(body))).await,
            Err(refusal) => *refusal,
        }
    };
    // A real server goes on with a request whose caller has hung up; only a task of its own does so here.
    let answer = tokio::spawn(suffer(fault, act))
        .await
        .unwrap_or(Answer::Full(StatusCode::INTERNAL_SERVER_ERROR.into_response()));
    match answer {
        Answer::Full(response) => {
            desk.record.answered(number, response.status().as_u16());
            response
        }
        Answer::None => {
            cut.now();
            StatusCode::NO_CONTENT.into_response()
        }
    }
}

enum Answer {
    Full(Response),
    None,
}

/// Runs the request's act around the fault that struck it.
async fn suffer(fault: Option<Fault>, act: impl Future<Output = Response>) -> Answer {
    Answer::Full(match fault {
        None => act.await,
        Some(Fault::Slow { ms }) => {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            act.await
        }
        Some(Fault::SlowAfter { ms }) => {
            let response = act.await;
            tokio::time::sleep(Duration::from_millis(ms)).await;
            response
        }
        Some(Fault::FailBefore { status, retry_after }) => broken(status, retry_after),
        Some(Fault::FailAfter { status }) => {
            act.await;
            broken(status, None)
        }
        Some(Fault::Garbage) => {
            act.await;
            garbage()
        }
        Some(Fault::GarbageBefore) => garbage(),
        Some(Fault::CutBefore) => return Answer::None,
        Some(Fault::CutAfter) => {
            act.await;
            return Answer::None;
        }
        Some(Fault::DropHalf) => half(act.await).await,
    })
}

fn broken(status: u16, retry_after: Option<u32>) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, "out of order\n").into_response();
    if let Some(seconds) = retry_after {
        response
            .headers_mut()
            .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn garbage() -> Response {
    let kind = [(header::CONTENT_TYPE, "application/json")];
    (kind, "<<{\"\u{fffd}not: what was agreed]").into_response()
}

/// The same head, which promises the whole body, but only its first half before the connection breaks.
async fn half(response: Response) -> Response {
    let (mut parts, body) = response.into_parts();
    let body = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    let first = body.slice(..body.len() / 2);
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let pieces = futures_util::stream::once(async move { Ok::<Bytes, std::io::Error>(first) }).chain(
        futures_util::stream::once(async {
            // The server flushes what it has whenever the body makes it wait; without these turns the first half
            // could still be in its buffer when the connection breaks.
            for _ in 0..3 {
                tokio::task::yield_now().await;
            }
            Err(std::io::Error::other("the connection breaks here"))
        }),
    );
    Response::from_parts(parts, Body::from_stream(pieces))
}

fn header_map(headers: &HeaderMap) -> BTreeMap<String, String> {
    headers
        .iter()
        .map(|(name, value)| {
            let text = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), text)
        })
        .collect()
}

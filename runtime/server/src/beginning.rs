//! `POST /v1/pipelines/{pipeline}/runs`: the message in the body begins a run, and what becomes of it is answered.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::IntoResponse;
use dragoman_model::Value;
use dragoman_transports_http::inbound::{TOO_LARGE, problem};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc;

use crate::api::{Answer, Api, identify};
use crate::begun::{Begin, Came, begin as begin_run};
use crate::desk::OPERATORS;
use crate::error::{Error, NOT_THERE};

/// How it is begun.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    /// The trigger.
    on: Option<String>,
    #[serde(default)]
    dry: bool,
    /// How long it is waited for, in milliseconds.
    r#for: Option<u64>,
    /// Where the message came from, for the trail.
    #[serde(default)]
    file: String,
    #[serde(default)]
    bodies: bool,
}

/// What is told meanwhile, or at last.
type Told = Result<Value, Error>;

/// A line each: `{ said }` of what happens, and at last `{ again, shown }`, or `{ left }` with the run where it is not
/// waited for any longer. What is not taken is answered as to a sender.
pub(crate) async fn begin(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path(pipeline): Path<String>,
    Query(wanted): Query<Wanted>,
    body: Body,
) -> Response<Body> {
    let who = match identify(&api, &headers).await {
        Ok(who) => who,
        Err(response) => return response,
    };
    if let Err(refusal) = who.may(&OPERATORS) {
        return Answer::from(refusal).0;
    }
    let largest = api.reloader.routes.load().largest;
    let Ok(message) = to_bytes(body, largest).await else {
        let detail = format!("the message is larger than {largest} bytes, or broke off");
        return problem(StatusCode::PAYLOAD_TOO_LARGE, TOO_LARGE.id, &detail, json!({}));
    };
    let begun = Begin {
        pipeline,
        on: wanted.on,
        dry: wanted.dry,
        message: message.into(),
        file: wanted.file,
        sender: who.actor,
        patience: wanted.r#for.map(Duration::from_millis),
        bodies: wanted.bodies,
    };
    let (telling, mut told) = mpsc::unbounded_channel();
    tokio::spawn(follow(api, begun, telling));
    // Nothing is said of what is not taken: the first line tells which answer it is.
    match told.recv().await {
        Some(Ok(first)) => {
            let lines = futures_util::stream::unfold((Some(first), told), async |(first, mut told)| {
                let next = match first {
                    Some(first) => Some(first),
                    None => told.recv().await.and_then(Result::ok),
                };
                next.map(|value| (Ok::<_, std::convert::Infallible>(line(&value)), (None, told)))
            });
            (
                [(header::CONTENT_TYPE, "application/x-ndjson")],
                Body::from_stream(lines),
            )
                .into_response()
        }
        Some(Err(error)) => refused(error),
        None => Json(json!({ "left": null })).into_response(),
    }
}

/// Follows the run as long as somebody listens; it goes on without them.
async fn follow(api: Arc<Api>, begun: Begin, telling: mpsc::UnboundedSender<Told>) {
    let (handle, plans) = (api.reloader.handle(), api.reloader.plans());
    let say = |said: String| drop(telling.send(Ok(json!({ "said": said }))));
    let came = tokio::select! {
        came = begin_run(&handle, &plans, &api.desk, begun, say) => came,
        () = telling.closed() => return,
    };
    let last = came.map(|came| match came {
        Came::Rests { again, shown } => json!({ "again": again, "shown": shown }),
        Came::Left(run) => json!({ "left": run }),
    });
    // Whoever asked may be gone.
    let _ = telling.send(last);
}

fn line(value: &Value) -> Bytes {
    format!("{value}\n").into()
}

fn refused(error: Error) -> Response<Body> {
    let (code, message, help) = match error {
        Error::Refused { code, message, help } => (code, message, help),
        Error::Plain { code, message, help } => (code.id.to_owned(), message, Some(help)),
        Error::Diagnostics(_) => (String::new(), error.to_string(), None),
    };
    let status = match &*code {
        code if code == NOT_THERE.id => StatusCode::NOT_FOUND,
        "path.unknown" => StatusCode::NOT_FOUND,
        "key.conflict" => StatusCode::CONFLICT,
        "overloaded" | "store" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    };
    problem(
        status,
        &code,
        &message,
        json!({ "help": help.filter(|help| !help.is_empty()) }),
    )
}

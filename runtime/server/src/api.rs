//! The operator API: what the console and the command line ask a running server.

use std::sync::Arc;

use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use dragoman_journal::RunFilter;
use dragoman_journal::Store;
use dragoman_model::{Digest, Role, Value};
use dragoman_security::Bearer;
use dragoman_transports_http::inbound::problem;
use serde::Deserialize;
use serde_json::json;

use crate::accounts::Denied;
use crate::beginning;
use crate::books;
use crate::desk::{Desk, OPERATORS, Refusal, Who};
use crate::error::{NO_ROLE, NOT_SHOWN, NOT_TAKEN, TOO_OFTEN};
use crate::letters;
use crate::metrics::{self, Metrics};
use crate::migrations::Migrations;
use crate::moving;
use crate::os_user::os_actor;
use crate::pauses::{self, Pauses};
use crate::reconciliation;
use crate::reload::Reloader;
use crate::retention::{self, Retention};
use crate::served::told;

pub(crate) struct Api {
    pub(crate) desk: Desk,
    pub(crate) migrations: Migrations,
    pub(crate) pauses: Arc<Pauses>,
    pub(crate) metrics: Metrics,
    pub(crate) token: Bearer,
    pub(crate) reloader: Arc<Reloader>,
    pub(crate) journal: Arc<dyn Store>,
    pub(crate) retention: Retention,
}

/// The routes below `/v1`. All but `/v1/health` and `/v1/ready` ask who it is: an account of the site, or the administrator of this machine
/// with the token that only the user who serves can read.
pub(crate) fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/health", get(health))
        .route("/v1/ready", get(metrics::ready))
        .route("/v1/metrics", get(metrics::metrics))
        .route("/v1/status", get(status))
        .route("/v1/runs", get(runs))
        .route("/v1/runs/{run}", get(run))
        .route("/v1/runs/{run}/{act}", post(operate))
        .route("/v1/pipelines/{pipeline}/runs", post(beginning::begin))
        .route("/v1/dead", get(letters::dead).post(letters::repair))
        .route("/v1/dead/{run}", get(letters::dead_letter))
        .route("/v1/ledger", get(books::ledger).post(books::adjust))
        .route("/v1/ledger/claims", get(books::claims))
        .route("/v1/pauses", get(pauses::list).post(pauses::change))
        .route(
            "/v1/reconciliation",
            get(reconciliation::reconciliation).post(reconciliation::reconciliation_with),
        )
        .route("/v1/retention", get(retention::show))
        .route("/v1/retention/erasures", post(retention::erase))
        .route("/v1/retention/holds", post(retention::hold))
        .route("/v1/waits", get(waits))
        .route("/v1/waits/{wait}", post(answer))
        .route("/v1/reload", post(reload))
        .route("/v1/migrations", post(moving::migrate))
        .with_state(Arc::new(api))
}

#[derive(Debug, Deserialize)]
struct Wanted {
    pipeline: Option<String>,
    status: Option<String>,
    /// Only what nothing moves on.
    #[serde(default)]
    stuck: bool,
    #[serde(default)]
    children: bool,
    #[serde(default)]
    limit: usize,
    #[serde(default)]
    bodies: bool,
    #[serde(default)]
    colour: bool,
}

/// What is sent to answer a wait.
#[derive(Debug, Deserialize)]
struct Answering {
    /// `{ answer, reason?, ...fields }`.
    answer: Value,
    /// The digest of what the person saw.
    shown: Option<Digest>,
    /// On whose authority, where the administrator of this machine says so.
    by: Option<String>,
}

/// What is sent to act on a parked run.
#[derive(Debug, Deserialize)]
struct Operating {
    /// Why, for the trail.
    reason: String,
    /// On whose authority, where the administrator of this machine says so.
    by: Option<String>,
}

/// What comes with a request as its body, or what is wrong with it.
pub(crate) type Given<T> = Result<Json<T>, JsonRejection>;

async fn operate(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path((run, act)): Path<(String, String)>,
    given: Given<Operating>,
) -> Response<Body> {
    guarded(&api, &headers, &OPERATORS, async |who| {
        let Json(given) = given.map_err(unreadable)?;
        let who = on_the_authority(who, given.by);
        Ok(api.desk.operate(&run, &act, who, &given.reason).await?)
    })
    .await
}

async fn health(State(api): State<Arc<Api>>) -> Response<Body> {
    let accounts = api.reloader.accounts.are_there();
    Json(json!({ "status": "ok", "site": api.reloader.served().name, "accounts": accounts })).into_response()
}

async fn status(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |_| {
        let stats = api.journal.stats();
        let mut status = api.desk.status();
        status["store"] = json!({
            "syncs": stats.syncs, "batches": stats.batches, "entries": stats.entries, "bytes": stats.bytes,
        });
        status["queues"] = api.reloader.queues.to_json();
        status["site"] = api.reloader.served().to_json();
        Ok(status)
    })
    .await
}

/// Reads the site anew: 200 with what is served from here on, or 422 with all that is wrong.
async fn reload(State(api): State<Arc<Api>>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response<Body> {
    guarded(&api, &headers, &[Role::Administrator], async |who| {
        let why = format!("asked to by {}", who.actor.id);
        match api.reloader.reload(&why).await {
            Ok(reloaded) => {
                let mut value = reloaded.served.to_json();
                value["changed"] = json!(reloaded.changed);
                value["diagnostics"] = told(&reloaded.warnings, wanted.colour).into();
                Ok(value)
            }
            Err(error) => {
                let diagnostics = told(&error.diagnostics(), wanted.colour);
                let detail = "the site cannot be served as it is written now; what was served is served on";
                let more = json!({ "diagnostics": diagnostics });
                Err(Answer(problem(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    NOT_TAKEN.id,
                    detail,
                    more,
                )))
            }
        }
    })
    .await
}

async fn runs(State(api): State<Arc<Api>>, headers: HeaderMap, Query(wanted): Query<Wanted>) -> Response<Body> {
    let filter = RunFilter {
        pipeline: wanted.pipeline,
        status: wanted.status,
        children: wanted.children,
        limit: wanted.limit,
        ..RunFilter::default()
    };
    guarded(&api, &headers, &[Role::Viewer], async |who| {
        let mut found = match wanted.stuck {
            true => api.desk.stuck(filter.limit).await?,
            false => api.desk.runs(filter).await?,
        };
        if who.may(&CONTENT).is_err() {
            without(&mut found["runs"], &["output"]);
        }
        Ok(found)
    })
    .await
}

async fn run(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path(run): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Response<Body> {
    let needed: &[Role] = if wanted.bodies { &CONTENT } else { &[Role::Viewer] };
    guarded(&api, &headers, needed, async |who| {
        let mut found = api.desk.run(&run, wanted.bodies).await?;
        if who.may(&CONTENT).is_err() {
            without(&mut found["run"], &["output"]);
            for child in found["children"].as_array_mut().into_iter().flatten() {
                without(&mut child["run"], &["output"]);
            }
        }
        Ok(found)
    })
    .await
}

async fn waits(State(api): State<Arc<Api>>, headers: HeaderMap) -> Response<Body> {
    guarded(&api, &headers, &[Role::Viewer], async |who| {
        let mut found = api.desk.waits().await?;
        if who.may(&CONTENT).is_err() {
            without(&mut found["waits"], &["show"]);
        }
        Ok(found)
    })
    .await
}

async fn answer(
    State(api): State<Arc<Api>>,
    headers: HeaderMap,
    Path(wait): Path<String>,
    given: Given<Answering>,
) -> Response<Body> {
    // Which role it takes is said by the wait.
    guarded(&api, &headers, &[Role::Viewer], async |who| {
        let Json(given) = given.map_err(unreadable)?;
        let shown = given.shown.ok_or_else(|| {
            let detail = "an answer says what was shown, so that nobody decides on what they have not seen: send `shown`, \
                          the digest that `GET /v1/waits` gives beside `show`";
            Answer(problem(StatusCode::BAD_REQUEST, NOT_SHOWN.id, detail, json!({})))
        })?;
        let who = on_the_authority(who, given.by);
        Ok(api.desk.answer(&wait, who, given.answer, shown).await?)
    })
    .await
}

/// Whoever has one of these roles may see messages and what is shown.
pub(crate) const CONTENT: [Role; 2] = [Role::Operator, Role::Approver];

/// Takes members away from an object, or from each in a list.
fn without(value: &mut Value, members: &[&str]) {
    let objects: Vec<&mut Value> = match value {
        Value::Array(items) => items.iter_mut().collect(),
        other => vec![other],
    };
    for object in objects.into_iter().filter_map(Value::as_object_mut) {
        for member in members {
            object.remove(*member);
        }
    }
}

/// The administrator of this machine acts on the authority that they name, and stays who they are; an account is who it
/// is, and for nobody else.
pub(crate) fn on_the_authority(who: Who, by: Option<String>) -> Who {
    match by {
        Some(by) if who.actor.authentication == LOCAL => Who::administrator(os_actor(LOCAL, Some(by))),
        _ => who,
    }
}

/// An answer that is not the one that was asked for.
pub(crate) struct Answer(pub(crate) Response<Body>);

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        Answer(match refusal {
            Refusal::Unknown(detail) => problem(StatusCode::NOT_FOUND, "unknown", &detail, json!({})),
            Refusal::Unclear(detail) => problem(StatusCode::BAD_REQUEST, "unclear", &detail, json!({})),
            Refusal::Conflict(detail) => problem(StatusCode::CONFLICT, "conflict", &detail, json!({})),
            Refusal::Engine(error) => {
                let status = match error {
                    dragoman_engine::Error::NoRun(_) => StatusCode::NOT_FOUND,
                    dragoman_engine::Error::Store(_) => StatusCode::SERVICE_UNAVAILABLE,
                    _ => StatusCode::CONFLICT,
                };
                problem(status, error.code().id, &error.message(), json!({}))
            }
            Refusal::Forbidden { message, needed } => {
                let needed: Vec<&str> = needed.iter().map(|role| role.name()).collect();
                problem(StatusCode::FORBIDDEN, NO_ROLE.id, &message, json!({ "needed": needed }))
            }
            Refusal::Store(detail) => problem(StatusCode::SERVICE_UNAVAILABLE, "store", &detail, json!({})),
        })
    }
}

pub(crate) fn unreadable(rejection: JsonRejection) -> Answer {
    let detail = format!("the body cannot be read: {}", rejection.body_text());
    Answer(problem(rejection.status(), "body.unreadable", &detail, json!({})))
}

/// How the administrator of this machine proves to be one.
const LOCAL: &str = "local_token";

/// Finds out who asks, and whether they have one of the roles; then answers.
pub(crate) async fn guarded(
    api: &Api,
    headers: &HeaderMap,
    needed: &[Role],
    answer: impl AsyncFnOnce(Who) -> Result<Value, Answer>,
) -> Response<Body> {
    let who = match identify(api, headers).await {
        Ok(who) => who,
        Err(response) => return response,
    };
    let answered = match who.may(needed) {
        Ok(()) => answer(who).await,
        Err(refusal) => Err(refusal.into()),
    };
    match answered {
        Ok(value) => Json(value).into_response(),
        Err(Answer(response)) => response,
    }
}

pub(crate) async fn identify(api: &Api, headers: &HeaderMap) -> Result<Who, Response<Body>> {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok());
    if api.token.admits(authorization) {
        // Only the user who serves can read the token, so it is they who ask, whatever they say.
        return Ok(Who::administrator(os_actor(LOCAL, None)));
    }
    match api.reloader.accounts.identify(authorization).await {
        Ok(who) => Ok(who),
        Err(Denied::Later(wait)) => {
            let seconds = wait.as_secs().max(1);
            tracing::warn!("too many attempts to get into the operator API failed; the next may come in {seconds} s");
            let detail = format!("too many attempts failed; try again in {seconds} s");
            let more = json!({ "retry_after": seconds });
            let mut response = problem(StatusCode::TOO_MANY_REQUESTS, TOO_OFTEN.id, &detail, more);
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
            Err(response)
        }
        Err(Denied::Unproven) => {
            let detail = "the operator API asks who you are: an account of the site (user and password, or a token), or the \
                          token in the store's folder";
            let mut response = problem(StatusCode::UNAUTHORIZED, "unauthorized", detail, json!({}));
            let schemes = HeaderValue::from_static("Basic realm=\"dragoman\", charset=\"UTF-8\", Bearer");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, schemes);
            Err(response)
        }
    }
}

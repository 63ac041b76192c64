//! What the sender of a message is answered.

use axum::body::Body;
use axum::http::{Response, StatusCode, header};
use dragoman_engine::source::{Delivered, Refused};
use dragoman_model::Code;
use serde_json::{Value, json};

/// A message is larger than the site takes.
pub const TOO_LARGE: Code = Code::new("D0801", "the message is too large");
/// A request does not prove to come from the sender that the pipeline names.
pub(super) const UNPROVEN: Code = Code::new("D0802", "the sender is not who the pipeline names");

/// An error as `application/problem+json` (RFC 9457) with a code.
pub fn problem(status: StatusCode, code: &str, detail: &str, more: Value) -> Response<Body> {
    let mut body = json!({
        "title": status.canonical_reason().unwrap_or("error"),
        "status": status.as_u16(),
        "code": code,
        "detail": detail,
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    respond(status, "application/problem+json", &body)
}

pub(super) fn respond(status: StatusCode, media_type: &'static str, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, header::HeaderValue::from_static(media_type));
    response
}

/// The answer where every pipeline on the path took the message: 202, or the reply of the one that replies.
pub(super) fn accepted(taken: Vec<(String, Delivered)>) -> Response<Body> {
    let mut runs = Vec::new();
    for (pipeline, delivered) in taken {
        let stopped = delivered.stopped().map(|(_, _, text)| text);
        match delivered {
            Delivered::Accepted { run, again, status } => {
                let mut told = json!({ "pipeline": pipeline, "run": run, "again": again, "status": status });
                if let Some(text) = stopped {
                    told["detail"] = text.into();
                }
                runs.push(told);
            }
            Delivered::Replied { result: Ok(value), .. } => return respond(StatusCode::OK, "application/json", &value),
            Delivered::Replied {
                run,
                result: Err(failure),
            } => {
                let status = match failure.class {
                    dragoman_model::Class::Rejected => StatusCode::UNPROCESSABLE_ENTITY,
                    _ => StatusCode::BAD_GATEWAY,
                };
                return problem(
                    status,
                    &failure.code,
                    &failure.message,
                    json!({ "run": run, "pipeline": pipeline, "issues": failure.issues }),
                );
            }
        }
    }
    respond(StatusCode::ACCEPTED, "application/json", &json!({ "runs": runs }))
}

/// The answer where a pipeline did not take it. The others may have: the same message sent again is the same run there.
pub(super) fn refused(pipeline: &str, refusal: Refused) -> Response<Body> {
    match refusal {
        Refused::Unreadable { failure, run } => problem(
            StatusCode::UNPROCESSABLE_ENTITY,
            &failure.code,
            &failure.message,
            json!({ "pipeline": pipeline, "run": run, "issues": failure.issues }),
        ),
        Refused::KeyConflict { run, key } => problem(
            StatusCode::CONFLICT,
            "key.conflict",
            &format!("a message with the key `{key}` and another content was taken before; it was not changed"),
            json!({ "pipeline": pipeline, "run": run, "key": key }),
        ),
        Refused::Overloaded { retry_after_s, message } => {
            let mut response = problem(
                StatusCode::SERVICE_UNAVAILABLE,
                "overloaded",
                &message,
                json!({ "pipeline": pipeline, "retry_after": retry_after_s }),
            );
            response.headers_mut().insert(header::RETRY_AFTER, retry_after_s.into());
            response
        }
        Refused::Store { message, full } => {
            let status = if full {
                StatusCode::INSUFFICIENT_STORAGE
            } else {
                StatusCode::SERVICE_UNAVAILABLE
            };
            let mut response = problem(status, "store", &message, json!({ "pipeline": pipeline }));
            response.headers_mut().insert(header::RETRY_AFTER, 30.into());
            response
        }
        Refused::Unknown => problem(
            StatusCode::NOT_FOUND,
            "path.unknown",
            "no pipeline takes messages here any more",
            json!({ "pipeline": pipeline }),
        ),
    }
}

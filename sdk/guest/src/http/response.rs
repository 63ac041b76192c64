//! Reading a response, and what its status says of the effect.

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Body;
use super::date::imf_fixdate;
use crate::call::Document;
use crate::clock;
use crate::documents;
use crate::failure::{Failure, Issue};
use crate::payload::read_utf8;

/// A complete answer, of whatever status.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub body: Body,
    /// Whether the request was one that changes nothing; set when it was sent.
    pub(crate) safe: bool,
}

/// What an `application/problem+json` body says (RFC 9457), as far as partners fill it in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problem {
    /// The partner's own code: `code`, else the last part of `type`.
    pub code: Option<String>,
    /// A short name of the problem.
    pub title: Option<String>,
    /// What is wrong in this case.
    pub detail: Option<String>,
    /// What is wrong place by place: `errors` or `issues`.
    pub issues: Vec<Issue>,
}

impl Response {
    /// A response of a status, without a body; for scripted hosts in tests.
    pub fn new(status: u16) -> Self {
        Self {
            status,
            ..Self::default()
        }
    }

    /// With one header more.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a JSON body.
    #[must_use]
    pub fn with_json(self, value: &Value) -> Self {
        self.with_body(value.to_string(), "application/json")
    }

    /// With a body of a media type.
    #[must_use]
    pub fn with_body(mut self, bytes: impl Into<Vec<u8>>, media_type: &str) -> Self {
        self.body = Body::Inline(bytes.into());
        self.with_header("content-type", media_type)
    }

    /// The first header of that name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter();
        let found = found.find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The bytes of an inline body; none of an empty or kept one.
    pub fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Inline(bytes) => bytes,
            Body::Empty | Body::Document(_) => &[],
        }
    }

    /// The body as UTF-8 text.
    ///
    /// # Errors
    /// Retryable `answer.unreadable`; the effect is unknown unless the request was safe.
    pub fn text(&self) -> Result<String, Failure> {
        match std::str::from_utf8(self.bytes()) {
            Ok(text) => Ok(text.to_owned()),
            Err(error) => Err(self.unreadable(&error)),
        }
    }

    /// The body as JSON that fits `T`.
    ///
    /// # Errors
    /// Retryable `answer.unreadable`; the effect is unknown unless the request was safe.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Failure> {
        read_utf8(self.bytes()).map_err(|error| self.unreadable(&error))
    }

    /// The failure for an answer that makes no sense: what went wrong on the way cannot be known, so a
    /// request that was not safe has an unknown effect.
    pub fn unreadable(&self, reason: &dyn std::fmt::Display) -> Failure {
        let failure = Failure::retryable(
            "answer.unreadable",
            format!("the answer (status {}) cannot be read: {reason}", self.status),
        );
        if self.safe { failure } else { failure.unknown() }
    }

    /// The reference of a body that was kept as a document.
    ///
    /// # Errors
    /// Permanent `answer.not_kept` if the request did not ask for it; else what the host answered.
    pub fn kept(&self) -> Result<Document, Failure> {
        match &self.body {
            Body::Document(digest) => Ok(documents::info(digest)?),
            Body::Empty | Body::Inline(_) => Err(Failure::permanent(
                "answer.not_kept",
                "the answer's body was not kept as a document",
            )),
        }
    }

    /// Whether the status is 2xx.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// What a JSON body says of the problem; none where it is no JSON object.
    pub fn problem(&self) -> Option<Problem> {
        let body: Value = read_utf8(self.bytes()).ok()?;
        let body = body.as_object()?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let kind = text("type").filter(|kind| kind != "about:blank");
        let kind = kind.and_then(|kind| kind.rsplit(['/', ':', '#']).next().map(str::to_owned));
        let issues = ["errors", "issues"]
            .iter()
            .filter_map(|name| body.get(*name)?.as_array());
        Some(Problem {
            code: text("code").or(kind),
            title: text("title"),
            detail: text("detail").or_else(|| text("message")),
            issues: issues.flatten().filter_map(issue).collect(),
        })
    }

    /// How long `Retry-After` asks to wait, in seconds or until a date; a date is taken from the answer's own
    /// `Date` where it has one, so that clocks that differ do no harm.
    pub fn retry_after(&self) -> Option<Duration> {
        let said = self.header("retry-after")?.trim();
        if let Ok(seconds) = said.parse() {
            return Some(Duration::from_secs(seconds));
        }
        let until = imf_fixdate(said)?;
        let now = self.header("date").and_then(imf_fixdate).unwrap_or_else(clock::now_ms);
        Some(Duration::from_millis(until.saturating_sub(now)))
    }

    /// Whether the status says that the request was not carried out: redirects, 4xx, and a 503 that says
    /// when to come back. A bare 503 may come from a proxy whose upstream did act.
    pub(crate) fn refused(&self) -> bool {
        match self.status {
            300..500 => true,
            503 => self.header("retry-after").is_some(),
            _ => false,
        }
    }

    /// The answer itself if its status is 2xx.
    ///
    /// # Errors
    /// [`Response::failure`].
    pub fn expect_success(self) -> Result<Self, Failure> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(self.failure())
        }
    }

    /// The failure for a status that is not expected: 408, 429 and 5xx are retryable, all others permanent;
    /// the effect is unknown where a request that is not safe was not clearly refused. The code is
    /// `http.<status>`; what a problem body says is in the message and in `detail`.
    pub fn failure(&self) -> Failure {
        let problem = self.problem().unwrap_or_default();
        let said = [&problem.detail, &problem.title, &problem.code];
        let message = match said.into_iter().flatten().next() {
            Some(said) => format!("the other side answered {}: {said}", self.status),
            None => format!("the other side answered {}", self.status),
        };
        let code = format!("http.{}", self.status);
        let mut failure = match self.status {
            408 | 429 | 500..600 => Failure::retryable(code, message),
            _ => Failure::permanent(code, message),
        };
        if !self.safe && !self.refused() {
            failure = failure.unknown();
        }
        failure.retry_after = self.retry_after();
        failure.issues = problem.issues;
        let mut detail = json!({ "status": self.status });
        if let Some(code) = problem.code {
            detail["code"] = Value::String(code);
        }
        failure.detail(detail)
    }
}

/// One entry of a problem's `errors`, in the spellings that are about.
fn issue(entry: &Value) -> Option<Issue> {
    let text = |names: &[&str]| {
        let mut found = names.iter().filter_map(|name| entry.get(*name)?.as_str());
        found.next().unwrap_or_default().to_owned()
    };
    let message = text(&["message", "detail", "title"]);
    let code = text(&["code", "type"]);
    if message.is_empty() && code.is_empty() {
        return None;
    }
    Some(Issue {
        path: text(&["path", "pointer", "field"]),
        code,
        message,
    })
}

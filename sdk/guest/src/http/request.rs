//! Building and sending a request.

use std::time::Duration;

use serde::Serialize;

use super::{Body, Error, Path, Response, note_act};
use crate::boundary;

/// A request to an endpoint by name, built step by step and sent with [`Request::send`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// An endpoint's name in the connection's grants.
    pub endpoint: String,
    /// In capitals.
    pub method: String,
    /// Path and query below the base URL, encoded.
    pub path: String,
    /// Names and values, in order.
    pub headers: Vec<(String, String)>,
    /// What it carries.
    pub body: Body,
    /// In milliseconds; lowered, never raised, against the operator's limit.
    pub timeout_ms: Option<u32>,
    /// The plugin's word that this request changes nothing although its method is not a safe one.
    pub safe: bool,
    /// Keep the answer's body as a document, and hand out its digest.
    pub keep: bool,
    fault: Option<Error>,
}

/// A GET of `path` at an endpoint.
pub fn get(endpoint: &str, path: impl Into<Path>) -> Request {
    request("GET", endpoint, path)
}

/// A HEAD of `path` at an endpoint.
pub fn head(endpoint: &str, path: impl Into<Path>) -> Request {
    request("HEAD", endpoint, path)
}

/// A POST to `path` at an endpoint.
pub fn post(endpoint: &str, path: impl Into<Path>) -> Request {
    request("POST", endpoint, path)
}

/// A PUT of `path` at an endpoint.
pub fn put(endpoint: &str, path: impl Into<Path>) -> Request {
    request("PUT", endpoint, path)
}

/// A PATCH of `path` at an endpoint.
pub fn patch(endpoint: &str, path: impl Into<Path>) -> Request {
    request("PATCH", endpoint, path)
}

/// A DELETE of `path` at an endpoint.
pub fn delete(endpoint: &str, path: impl Into<Path>) -> Request {
    request("DELETE", endpoint, path)
}

/// A request by any method. A path that is text is taken as it is, a [`Path`] is encoded.
pub fn request(method: &str, endpoint: &str, path: impl Into<Path>) -> Request {
    let (path, fault) = path.into().into_parts();
    Request {
        endpoint: endpoint.to_owned(),
        method: method.to_ascii_uppercase(),
        path,
        headers: Vec::new(),
        body: Body::Empty,
        timeout_ms: None,
        safe: false,
        keep: false,
        fault: fault.map(|message| Error::new("request.path", message, false)),
    }
}

impl Request {
    /// Adds a header; a name may come more than once.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Adds `Idempotency-Key`, usually with [`crate::Call::key`].
    #[must_use]
    pub fn idempotency_key(self, key: &str) -> Self {
        self.header("idempotency-key", key)
    }

    /// Carries a value as JSON.
    #[must_use]
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => self.body(bytes, "application/json"),
            Err(error) => {
                self.fault = Some(Error::new("request.body", error.to_string(), false));
                self
            }
        }
    }

    /// Carries bytes of a media type.
    #[must_use]
    pub fn body(mut self, bytes: impl Into<Vec<u8>>, media_type: &str) -> Self {
        self.body = Body::Inline(bytes.into());
        self.header("content-type", media_type)
    }

    /// Carries a document, by its digest.
    #[must_use]
    pub fn document(mut self, digest: &str, media_type: &str) -> Self {
        self.body = Body::Document(digest.to_owned());
        self.header("content-type", media_type)
    }

    /// Waits at most so long; lowered, never raised, against the operator's limit.
    #[must_use]
    pub fn timeout(mut self, wait: Duration) -> Self {
        self.timeout_ms = Some(u32::try_from(wait.as_millis()).unwrap_or(u32::MAX));
        self
    }

    /// Gives the plugin's word that this request changes nothing although its method is not a safe one
    /// (a query by POST). Believed only where the endpoint's grant says so, in an operation of effect `read`.
    #[must_use]
    pub fn safe(mut self) -> Self {
        self.safe = true;
        self
    }

    /// Keeps the answer's body as a document; [`Response::kept`] gives its reference.
    #[must_use]
    pub fn keep(mut self) -> Self {
        self.keep = true;
        self
    }

    /// Whether it changes nothing, by its method or by the plugin's word.
    pub fn is_safe(&self) -> bool {
        self.safe || matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// Sends it and waits for the whole answer, of whatever status.
    ///
    /// # Errors
    /// If there is no complete answer; `sent` says whether the other side may have got the request.
    pub fn send(self) -> Result<Response, Error> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        let safe = self.is_safe();
        let answer = match boundary::http(self) {
            Ok(answer) => Ok(Response { safe, ..answer }),
            Err(error) => Err(Error { safe, ..error }),
        };
        let acted = match &answer {
            Ok(response) => !response.refused(),
            Err(error) => error.sent,
        };
        if acted && !safe {
            note_act();
        }
        answer
    }
}

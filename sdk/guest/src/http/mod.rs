//! Outgoing HTTP, to endpoints by name. Base URL, TLS identity and credentials are the operator's.

mod date;
mod path;
mod request;
mod response;

pub use path::{Path, path};
pub use request::{Request, delete, get, head, patch, post, put, request};
pub use response::{Problem, Response};

use std::cell::Cell;

use crate::failure::Failure;

/// What a request or a response carries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Body {
    /// Nothing.
    #[default]
    Empty,
    /// Bytes.
    Inline(Vec<u8>),
    /// A document by its digest.
    Document(String),
}

/// Why there is no complete response.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// `denied.endpoint`, `denied.method`, `denied.path`, `denied.address`, `denied.dry_run`, `tls`,
    /// `connect`, `timeout`, `cut`, `too_large`; `request.path` and `request.body` are the SDK's own.
    pub code: String,
    /// For people, one sentence.
    pub message: String,
    /// Whether any byte of the request may have reached the other side.
    pub sent: bool,
    /// Whether the request was one that changes nothing; set when it was sent.
    pub(crate) safe: bool,
}

impl Error {
    /// An error as the host gives it; for scripted hosts in tests.
    pub fn new(code: impl Into<String>, message: impl Into<String>, sent: bool) -> Self {
        Self {
            code: code.into(),
            message: message.into(),
            sent,
            safe: false,
        }
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Error {}

/// Not sent: retryable, effect none. Sent: retryable, effect unknown (none where the request was safe).
/// Denied by the operator's grants, not fit to be sent, or answered with too much: permanent.
impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let code = format!("http.{}", error.code);
        let permanent =
            error.code.starts_with("denied") || error.code.starts_with("request.") || error.code == "too_large";
        let failure = if permanent {
            Failure::permanent(code, error.message)
        } else {
            Failure::retryable(code, error.message)
        };
        if error.sent && !error.safe {
            failure.unknown()
        } else {
            failure
        }
    }
}

thread_local! {
    /// Whether a request of this call may have changed something on the other side. Instances live for one
    /// call; natively the dispatch sets it back.
    static ACTED: Cell<bool> = const { Cell::new(false) };
}

/// Begins a call: nothing has been changed yet.
pub(crate) fn nothing_done_yet() {
    ACTED.set(false);
}

/// Notes that a request may have changed something on the other side.
pub(crate) fn note_act() {
    ACTED.set(true);
}

/// Whether a request since [`nothing_done_yet`] may have changed something.
pub(crate) fn may_have_acted() -> bool {
    ACTED.get()
}

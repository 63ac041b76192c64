//! The socket through which requests leave: a transport is the plug. The host has no network of its own.
//!
//! The host decides *whether* a request may leave (endpoint, method, effect, dry run, fence, sizes);
//! the egress decides *where to* (address, prefix, TLS) and adds credentials last.

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

use bytes::Bytes;

/// A request that the host lets out.
#[derive(Debug, Clone)]
pub struct EndpointRequest {
    /// The connection.
    pub connection: String,
    /// The endpoint's name in it.
    pub endpoint: String,
    /// Upper case.
    pub method: String,
    /// Path and query below the endpoint's base address, as the plugin wrote it.
    pub path: String,
    /// As the plugin wrote them; the egress refuses those that are not a plugin's to set.
    pub headers: Vec<(String, String)>,
    /// The body; empty: none.
    pub body: Bytes,
    /// The most time for the whole exchange.
    pub timeout: Duration,
    /// Nothing may be sent past this instant; looked at last.
    pub fence: Option<Instant>,
    /// The largest response body, in bytes.
    pub max_response: usize,
    /// The call's idempotency key, for endpoints that name a header for it.
    pub key: String,
    /// W3C trace context.
    pub traceparent: String,
}

/// A complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointResponse {
    /// The status.
    pub status: u16,
    /// In the order they came.
    pub headers: Vec<(String, String)>,
    /// All of it.
    pub body: Bytes,
}

/// No complete answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EgressError {
    /// As in the contract: `denied.address`, `connect`, `tls`, `timeout`, `cut`, `too_large`, ...
    pub code: String,
    /// For people; secrets are scrubbed from it.
    pub message: String,
    /// Whether any byte of the request may have reached the other side.
    pub sent: bool,
}

impl EgressError {
    /// Nothing was sent.
    pub fn not_sent(code: impl Into<String>, message: impl Into<String>) -> Self {
        EgressError {
            code: code.into(),
            message: message.into(),
            sent: false,
        }
    }

    /// Something may have been sent.
    pub fn sent(code: impl Into<String>, message: impl Into<String>) -> Self {
        EgressError {
            code: code.into(),
            message: message.into(),
            sent: true,
        }
    }
}

/// What an exchange ends with.
pub type Exchanged = Result<EndpointResponse, EgressError>;

/// Sends requests to endpoints by name.
pub trait Egress: Send + Sync {
    /// Sends one request and waits for the complete answer, within its timeout. Dropping the future gives up the
    /// exchange; whether something was sent is then not known.
    fn send(&self, request: EndpointRequest) -> Pin<Box<dyn Future<Output = Exchanged> + Send + '_>>;
}

/// The egress of a host without a network: every request is refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoEgress;

impl Egress for NoEgress {
    fn send(&self, request: EndpointRequest) -> Pin<Box<dyn Future<Output = Exchanged> + Send + '_>> {
        let message = format!(
            "endpoint `{}` leads nowhere: this host has no network",
            request.endpoint
        );
        Box::pin(async move { Err(EgressError::not_sent("denied.endpoint", message)) })
    }
}

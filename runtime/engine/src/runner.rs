//! The socket of what runs a step's call: the host is the plug.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};

pub use crate::machine::Paused;
use dragoman_model::{Digest, DocumentReference, Failure, Part, RunId, Timestamp, Usage, Value};

/// A boxed future, so that the sockets can be used as objects.
pub type Boxed<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a call is about; the same for `call` and `probe`.
#[derive(Debug, Clone)]
pub struct Call {
    /// The component, as the run is pinned to it.
    pub plugin: Digest,
    /// The connection's name: configuration, endpoints, credentials, limits.
    pub connection: String,
    /// The operation.
    pub operation: String,
    /// Its payload.
    pub input: Part,
    /// Documents beside the payload, by name.
    pub documents: BTreeMap<String, DocumentReference>,
    /// Bytes of documents that are not in the store yet (a message being read before it is accepted).
    pub unstored: Vec<(DocumentReference, bytes::Bytes)>,
    /// The run.
    pub run: RunId,
    /// The pipeline's name.
    pub pipeline: String,
    /// The step's path.
    pub step: String,
    /// From 1.
    pub attempt: u32,
    /// The idempotency key.
    pub key: String,
    /// Of the whole call; the host lowers it to the connection's own limit.
    pub deadline: Duration,
    /// Nothing may be sent past this instant: the run's lease ends there.
    pub fence: Option<Instant>,
    /// Requests with an effect are refused by the host.
    pub dry_run: bool,
    /// W3C trace context; made from the run's id where no trace came with the message.
    pub traceparent: String,
}

/// What came out.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// The payload, already checked against the operation's schema.
    pub payload: Value,
    /// Documents by name.
    pub documents: BTreeMap<String, DocumentReference>,
    /// Message headers and receipts, for the audit trail.
    pub attributes: Vec<(String, String)>,
}

/// What becomes of a key of a connection's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Written {
    /// It has this value.
    Put(Vec<u8>),
    /// It is removed.
    Removed,
    /// It was read, and what was written relies on it.
    Relied,
}

/// A write to a connection's state, buffered during the call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StateWrite {
    /// The key.
    pub key: String,
    /// What becomes of it.
    pub written: Written,
    /// The version that must be there (0: none); none: whatever is there.
    pub expected: Option<u64>,
}

/// What is known after a call, however it ended. Failures already carry the effect as the host computed it.
#[derive(Debug, Clone)]
pub struct Report {
    /// The output or the failure.
    pub result: Result<Output, Failure>,
    /// What it used.
    pub usage: Usage,
    /// To be committed with the step; empty where it failed.
    pub state: Vec<StateWrite>,
    /// Documents that the call made or received, to be kept with the step.
    pub documents: Vec<(DocumentReference, Vec<u8>)>,
    /// Readings of clock and randomness, for replay.
    pub readings: Value,
}

/// What a probe found.
#[derive(Debug, Clone, PartialEq)]
pub enum Probed {
    /// It took effect; this would have been the output.
    Applied(Output),
    /// It did not.
    Absent,
    /// Not decided; ask again, after so long if given.
    Pending(Option<Duration>),
}

/// Runs calls. Never panics, never blocks, and always answers: traps, limits and timeouts are failures.
pub trait StepRunner: Send + Sync {
    /// Calls an operation.
    fn call(&self, call: Call) -> Boxed<'_, Report>;
    /// Asks whether an earlier request took effect. `first_sent_at`: when its first attempt began.
    fn probe(&self, call: Call, first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)>;
    /// The digest of a connection's configuration and endpoints as they are now; none: no such connection.
    fn settings(&self, connection: &str) -> Option<Digest>;
    /// Whether the connection is in `observe` mode: only reads are made.
    fn observes(&self, connection: &str) -> bool;
    /// Whether the pipeline may make no call now, or none over this connection. Whoever lets them go on says so with
    /// [`crate::Handle::resumed`].
    fn paused(&self, pipeline: &str, connection: &str) -> Option<Paused> {
        let _ = (pipeline, connection);
        None
    }
}

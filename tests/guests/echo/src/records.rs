//! What the operations take and give back.

use dragoman_guest::prelude::*;

/// How the connector greets; may be left out.
#[record]
pub struct Config {
    /// Put before the texts of `echo`.
    pub greeting: Option<String>,
}

/// What `echo` takes and gives back.
#[record]
pub struct Echoed {
    /// Any text.
    pub text: String,
    /// Any lines.
    #[serde(default)]
    pub lines: Vec<Line>,
}

/// One line of an order.
#[record]
pub struct Line {
    /// What is ordered.
    pub article: String,
    /// How many.
    pub count: u32,
    /// Anything to be said of it.
    pub note: Option<String>,
}

/// What is ordered with `place` and announced with `notify`.
#[record]
pub struct Order {
    /// The order's number.
    pub number: String,
    /// What is ordered.
    #[serde(default)]
    pub lines: Vec<Line>,
}

/// What the other side said of an order.
#[record]
pub struct Receipt {
    /// The order's number.
    pub number: String,
    /// The other side's reference.
    pub reference: Option<String>,
    /// The status of the answer.
    pub status: u16,
}

/// What the other side answers to an order.
#[record]
pub(crate) struct Accepted {
    pub(crate) reference: Option<String>,
}

/// Where something is remembered.
#[record]
pub struct Key {
    /// The key.
    pub key: String,
}

/// Something to be remembered.
#[record]
pub struct Memory {
    /// The key.
    pub key: String,
    /// What is remembered; absent if nothing is.
    pub value: Option<String>,
    /// What is expected to be there, 0 for nothing; in an answer, what is there.
    pub version: Option<u64>,
}

/// How much of something is wanted.
#[record]
pub struct Count {
    /// How many.
    pub count: u32,
}

/// A document that was read.
#[record]
pub struct Read {
    /// Its reference.
    pub document: Document,
    /// Its length in bytes, as it was read.
    pub length: u64,
    /// Its text, what is not UTF-8 replaced.
    pub text: String,
}

/// Who is calling, as the host says.
#[record]
pub struct Caller {
    /// The run.
    pub run: String,
    /// The pipeline.
    pub pipeline: String,
    /// The step.
    pub step: String,
    /// The connection.
    pub connection: String,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The idempotency key.
    pub key: String,
    /// The time left, in milliseconds.
    pub deadline_ms: u64,
    /// Whether nothing may be changed.
    pub dry_run: bool,
    /// The clock, in milliseconds since 1970.
    pub now_ms: u64,
    /// Eight random bytes, in hexadecimal digits.
    pub random: String,
    /// Whether the credential `key` is granted.
    pub has_key: bool,
}

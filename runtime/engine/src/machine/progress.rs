//! How one step of a run stands, as its entries tell it.

use std::collections::BTreeMap;

use dragoman_journal::{OnceKey, TimerPurpose};
use dragoman_model::{DocumentReference, Failure, OperationEffect, RunId, Timestamp, Value};

/// How one step stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// The last attempt that was begun; also the round of a wait that was opened again.
    pub attempt: u32,
    /// A request may be under way: its intent is durable and nothing is known of its end.
    pub open: bool,
    /// The idempotency key.
    pub key: String,
    /// When the first attempt began: retry windows and key lifetimes count from here.
    pub first_at: Option<Timestamp>,
    /// Up to when a request may have been sent: settle times count from here.
    pub last_at: Option<Timestamp>,
    /// What is sent, kept for later attempts.
    pub request: Option<Request>,
    /// The last failure.
    pub failure: Option<Failed>,
    /// What it waits for.
    pub timer: Option<Timer>,
    /// How often a probe was put off.
    pub probes: u32,
    /// A wait for a person.
    pub wait: Option<Waiting>,
    /// The items of an `each` step.
    pub items: Option<Vec<Item>>,
    /// How many of them have begun.
    pub begun: u64,
    /// The reference of a `void` step is closed.
    pub voided: bool,
    /// How it ended.
    pub end: Option<End>,
    /// The number of the entry that ended it: undo goes newest first.
    pub ended_seq: u64,
    /// The run whose result was joined.
    pub joined: Option<RunId>,
    /// The claim that stands.
    pub claim: Option<Claim>,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// With an output; none: it gives none.
    Done(Option<Value>),
    /// It failed for good; the failure is [`Progress::failure`].
    Failed,
    /// In observe mode: it was only written down.
    Observed,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The payload.
    pub input: Value,
    /// Documents beside it.
    pub documents: BTreeMap<String, DocumentReference>,
    /// As declared or tightened.
    pub effect: OperationEffect,
    /// The business key.
    pub once: Option<OnceKey>,
    /// The business reference.
    pub reference: Option<String>,
}

/// A failure of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// What was said.
    pub failure: Failure,
    /// Whether retries are over.
    pub last: bool,
    /// When.
    pub at: Timestamp,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// Until when at the latest.
    pub due: Timestamp,
    /// What for.
    pub purpose: TimerPurpose,
    /// The attempt that follows.
    pub attempt: u32,
    /// Whether it waits for another run, and goes on as soon as that one is seen to have moved.
    pub for_other: bool,
}

/// A wait for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// When it is over.
    pub due: Option<Timestamp>,
    /// A void of it ends the wait.
    pub reference: Option<String>,
}

/// An item of an `each` step.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Unique among the items.
    pub key: String,
    /// The item.
    pub item: Value,
}

/// A claim that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The ledger.
    pub ledger: String,
    /// Its business key.
    pub once: OnceKey,
    /// The business reference.
    pub reference: Option<String>,
}

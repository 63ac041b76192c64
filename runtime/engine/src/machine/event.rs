//! What the machine is told, and what it wants done.

use std::collections::BTreeMap;

use dragoman_journal::{Begin, Draft, Effect, NumberedEvent, Operation, Refusal, RunSummary, Standing};
use dragoman_model::{Actor, Digest, DocumentReference, Failure, Part, RunId, Timestamp, Usage, Value};

use crate::runner::{Probed, Report};

/// What the machine is told.
#[derive(Debug)]
pub enum Event {
    /// The run's entries were read, by an owner who knows that no request of an earlier owner can leave any more.
    Started,
    /// The last commit is durable.
    Committed,
    /// Nothing of the last commit was written.
    Refused {
        /// Why.
        refusal: Refusal,
        /// The commit, given back.
        commit: Box<Commit>,
    },
    /// A call was answered.
    Called {
        /// The step.
        path: String,
        /// What is known now.
        report: Box<Report>,
    },
    /// A probe was answered.
    Probed {
        /// The step.
        path: String,
        /// What it found.
        result: Box<Result<Probed, Failure>>,
        /// What it used.
        usage: Usage,
    },
    /// The store answered.
    Found {
        /// The step.
        path: String,
        /// What it found.
        found: Found,
    },
    /// A person answered a wait.
    Answered {
        /// The step.
        path: String,
        /// Who.
        actor: Actor,
        /// The answer, already checked with [`super::Machine::check_answer`].
        answer: Value,
        /// The digest of what was shown.
        shown: Digest,
    },
    /// Another run closed a reference.
    Voided {
        /// The reference.
        reference: String,
        /// The run that closed it.
        by: RunId,
    },
    /// An operator acts on a run that is parked.
    Operated {
        /// What they do.
        act: Act,
        /// Who.
        actor: Actor,
        /// Why.
        reason: String,
    },
    /// Something that a step waits for may have moved: a child, a business key, a reference.
    Woken,
    /// Time has passed.
    Time,
}

/// What an operator does to a parked run.
#[derive(Debug, Clone, PartialEq)]
pub enum Act {
    /// The step that parked it goes on: tried again, or asked after where its effect is not known.
    Resume,
    /// A person knows that the step's request had no effect: it is tried again with the same key.
    Absent,
    /// The step counts as done, without output.
    Skip,
    /// As [`Act::Skip`], with what the step gives; refused where a later step needs that and it is not said.
    Pass {
        /// What it gives.
        output: Option<Value>,
    },
    /// The run goes on from a step that it has reached: what that one and later ones gave is set aside.
    Replay {
        /// Its path; in the run of an item also without that of the item. None: the step that parked the run.
        from: Option<String>,
        /// The first request of it leaves under another idempotency key.
        new_key: bool,
    },
    /// What the run did is undone, newest first, and the run ends.
    Undo,
    /// The run is given up.
    Cancel,
}

impl Act {
    /// As it is written in the trail.
    pub fn name(&self) -> &'static str {
        match self {
            Act::Resume => "resume",
            Act::Absent => "absent",
            Act::Skip | Act::Pass { .. } => "skip",
            Act::Replay { .. } => "replay",
            Act::Undo => "undo",
            Act::Cancel => "cancel",
        }
    }
}

/// What the store found.
#[derive(Debug)]
pub enum Found {
    /// The children of a step.
    Children(Vec<RunSummary>),
    /// Of its children those that have not ended, and those that failed or were given up.
    Unfinished(Vec<RunSummary>),
    /// What was done, or is open, under a reference; `waiting`: other runs still wait under it.
    Effects {
        /// All of it.
        effects: Vec<Effect>,
        /// Whether a wait under it is open.
        waiting: bool,
    },
    /// The event that a step waits for; none: it has not come.
    Event(Option<Box<NumberedEvent>>),
}

/// One transaction: everything that what follows depends on.
#[derive(Debug, Clone, PartialEq)]
pub struct Commit {
    /// Consecutive entries.
    pub entries: Vec<Draft>,
    /// Decided with them.
    pub operations: Vec<Operation>,
    /// Children that begin with them.
    pub begins: Vec<Begin>,
    /// How the run stands afterwards.
    pub standing: Standing,
    /// How many of the entries and operations are certain; the rest is decided anew if the store refuses.
    pub certain: (usize, usize),
}

/// What is to be done once the commit of the turn is durable.
#[derive(Debug, Clone, PartialEq)]
pub enum Request {
    /// Call an operation.
    Call(Box<Outgoing>),
    /// Ask whether an earlier call took effect.
    Probe {
        /// The call.
        call: Box<Outgoing>,
        /// When its first attempt began.
        first_sent_at: Timestamp,
    },
    /// Ask the store for the children of a step.
    Children {
        /// The step.
        path: String,
        /// All of them; else those that have not ended, and those that failed or were given up.
        all: bool,
    },
    /// Ask the store whether an event has come, and tell the run when one does.
    Event {
        /// The step.
        path: String,
        /// The event's name.
        name: String,
        /// Its key.
        key: String,
        /// It came then or later.
        since: Timestamp,
        /// After the one with this number, which the run has heard already.
        after: u64,
    },
    /// Tell every run that waits or is parked under a reference that it is closed, and collect what was done under it.
    Effects {
        /// The step.
        path: String,
        /// The reference.
        reference: String,
    },
}

/// A call, as far as the machine knows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outgoing {
    /// The step.
    pub path: String,
    /// The component.
    pub plugin: Digest,
    /// The connection.
    pub connection: String,
    /// The operation.
    pub operation: String,
    /// The payload.
    pub input: Part,
    /// Documents beside it.
    pub documents: BTreeMap<String, DocumentReference>,
    /// From 1.
    pub attempt: u32,
    /// The idempotency key.
    pub key: String,
    /// Of this attempt, in milliseconds; none: the engine's limit.
    pub timeout_ms: Option<u64>,
    /// Whether requests with an effect are refused by the host.
    pub dry_run: bool,
}

/// What keeps a call from being made, until somebody lets it go on, or it is seen that the connection works again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Paused {
    /// The pipeline is paused.
    Pipeline,
    /// The connection is.
    Connection,
    /// Nothing has worked over the connection since then.
    Failing {
        /// Since when.
        since: Timestamp,
    },
}

/// What follows a turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// Once the commit is durable, the machine is told [`Event::Committed`] at once.
    Continue,
    /// Answers are awaited; at the time given, if any, the machine is told [`Event::Time`].
    Working(Option<Timestamp>),
    /// Nothing is under way: the run lives in the store until it is due, or something happens to it.
    Resting,
}

/// What the machine wants: first the commit, then the requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// To be durable before anything else.
    pub commit: Option<Commit>,
    /// To be done then.
    pub requests: Vec<Request>,
    /// What follows.
    pub rest: Rest,
}

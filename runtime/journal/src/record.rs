//! What an entry says happened.
//!
//! The set of kinds is append-only: a kind is never changed or dropped, and a new one is written only when every
//! worker can read it. Each variant's fields are those that a fold, a lookup or an auditor needs without the body.

use dragoman_model::{Class, Digest, Effect, OperationEffect, RunId, Timestamp, Usage};
use serde::{Deserialize, Serialize};

/// Where a child run hangs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The parent's run.
    pub run: RunId,
    /// The path of the `each` step in the parent.
    pub path: String,
    /// The item's number, from 0.
    pub index: u64,
    /// The item's key.
    pub item: String,
}

/// A business key: an act that happens once over all runs.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OnceKey {
    /// Connection and operation (`shop.ship`), or `ledger:` and the ledger's name.
    pub scope: String,
    /// The key that the pipeline computed.
    pub key: String,
}

impl OnceKey {
    /// Whether it is a claim on a ledger, and no act of a connection.
    pub fn is_claim(&self) -> bool {
        self.scope.starts_with("ledger:")
    }
}

/// Why a run wakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerPurpose {
    /// Another attempt after a failure without effect.
    Retry,
    /// Another question after an unknown outcome (or the end of its settle time).
    Probe,
    /// A `sleep` step.
    Sleep,
    /// The next round of a `repeat` step.
    Repeat,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// All steps are done.
    Completed,
    /// A `stop` step, or a voided reference: nothing more is to be done, and that is right.
    Stopped,
    /// A `fail` step or a failure that nothing handled.
    Failed,
    /// A person gave it up.
    Cancelled,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// The run began. Body: `{ message, documents, site, now, read }`: the typed trigger message, the named
    /// documents, the values of `site.`, the time that `run.now` answers.
    Accepted {
        /// The pipeline's name.
        pipeline: String,
        /// The trigger's id; `each` for a child.
        trigger: String,
        /// The run key, unique in the pipeline.
        run_key: String,
        /// The turn it takes with others.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        serial: Option<String>,
        /// For a child.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Parent>,
        /// `live` or `observe`.
        mode: String,
    },
    /// A call without effect was answered. Body: `{ output }`.
    Read {
        /// The connection; none: an entry of before this was written down.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection: Option<String>,
        /// The operation.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        operation: Option<String>,
        /// From 1.
        attempt: u32,
        /// What it used.
        usage: Usage,
    },
    /// The items of an `each` step, durable before the first child begins. Body: `{ items: [{ key, item }] }`.
    Children {
        /// How many.
        count: u64,
    },
    /// A request with an effect is about to leave. Body: `{ input, documents }`.
    Intent {
        /// The connection.
        connection: String,
        /// The operation.
        operation: String,
        /// From 1.
        attempt: u32,
        /// The idempotency key; the same for every attempt.
        key: String,
        /// As declared, or tightened.
        effect: OperationEffect,
        /// Of the input's canonical text.
        input: Digest,
        /// The business key, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        once: Option<OnceKey>,
        /// The business reference, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// Whether this is the undo of the step at this path.
        #[serde(default, skip_serializing_if = "is_false")]
        undo: bool,
    },
    /// It took effect. Body: `{ output }`.
    Done {
        /// From 1; 0 where another run's result was joined.
        attempt: u32,
        /// The run whose recorded result this is, where `once` joined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        joined: Option<RunId>,
        /// How it is known: `answer`, `probe`, `join`, `person`.
        known_by: String,
        /// What it used.
        usage: Usage,
    },
    /// It failed. Body: the failure.
    Failed {
        /// From 1.
        attempt: u32,
        /// What may be done next.
        class: Class,
        /// What is known of its effect.
        effect: Effect,
        /// The failure's code.
        code: String,
        /// Whether the step's retries are over.
        last: bool,
        /// What it used.
        usage: Usage,
    },
    /// The run sleeps until a time.
    Timer {
        /// When it wakes.
        due: Timestamp,
        /// What for.
        purpose: TimerPurpose,
        /// The attempt or round that follows.
        attempt: u32,
    },
    /// The run waits for a person. Body: `{ show }`.
    Waiting {
        /// The wait's id: derived from run and path.
        wait: String,
        /// The decision's name.
        decision: String,
        /// Who may answer.
        roles: Vec<String>,
        /// When it is over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
        /// Of what is shown; an answer is bound to it.
        shown: Digest,
        /// A voided reference ends the wait.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A person answered. Body: the answer.
    Answer {
        /// The wait.
        wait: String,
        /// Of what was shown.
        shown: Digest,
    },
    /// Something that concerns the run happened elsewhere: a reference was voided (`voided`), an event came. Body: it.
    Event {
        /// Its name.
        name: String,
    },
    /// A choice of the machine that cannot be computed again from the other entries. Body: its value.
    Chosen {
        /// What for.
        what: String,
    },
    /// A ledger took a claim. Body: `{ lines }`.
    Claimed {
        /// The ledger.
        ledger: String,
        /// The account in it.
        account: String,
        /// The business key.
        once: OnceKey,
        /// The business reference, if any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
        /// The run whose claim this is, where `once` joined.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        joined: Option<RunId>,
    },
    /// A claim was given back. Body: `{ lines }`.
    Released {
        /// The ledger.
        ledger: String,
        /// The business key of the claim.
        once: OnceKey,
    },
    /// A business reference was closed. Body: `{ effects }`: what was done under it.
    Voided {
        /// The reference.
        reference: String,
    },
    /// In observe mode: what would have been done. Body: it.
    Observed {
        /// `call`, `claim`, `reply`, `void` ...
        what: String,
    },
    /// An operator's act. Body: what, why.
    Operated {
        /// `replay`, `skip`, `pause`, `adjust`, ...
        act: String,
    },
    /// From here on the run goes on with another version of its pipeline, or of a plugin of it. Body: `{ reason }`.
    /// All that stands before was done with the version before, and holds in the new one as it is.
    Migrated {
        /// The version that it was pinned to.
        from: Digest,
        /// The version that it is pinned to now; also that of the entry and of those that follow.
        to: Digest,
    },
    /// The run stopped for a person to repair. Body: `{ reason, failure }`.
    Parked {
        /// Short and stable: the failure's code, or `park`.
        code: String,
    },
    /// The run ended. Body: `{ output }` or `{ reason, failure }`.
    Closed {
        /// How.
        ending: Ending,
    },
}

fn is_false(value: &bool) -> bool {
    !*value
}

//! What a store answers to questions.

use dragoman_model::{Digest, Failure, RunId, Timestamp, Value};

use crate::record::{Ending, OnceKey};
use crate::store::Standing;

/// How a business key stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OnceState {
    /// A run is at it.
    Open,
    /// It took effect.
    Done,
    /// It had no effect; the key is free.
    Failed,
    /// A person must say.
    Parked,
    /// It was undone (a claim given back, an act withdrawn).
    Undone,
}

/// A run that is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The run.
    pub run: RunId,
    /// Its pipeline, where a message began it; none: another run began it, in whose place it works.
    pub pipeline: Option<String>,
    /// Its place among what is due: since when, in milliseconds, and its number in the store.
    pub place: (i64, u64),
}

/// A business key with what is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Once {
    /// Scope and key.
    pub once: OnceKey,
    /// The run that holds or held it.
    pub run: RunId,
    /// The step's path in that run.
    pub path: String,
    /// How it stands.
    pub state: OnceState,
    /// Of the input.
    pub input: Digest,
    /// The input itself, for people to compare.
    pub input_body: Value,
    /// The recorded output, where it is done.
    pub output: Option<Value>,
}

/// An account of a ledger, as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountSummary {
    /// The ledger.
    pub ledger: String,
    /// The account in it.
    pub account: String,
    /// Only one claim may ever stand.
    pub single: bool,
    /// Claims that stand.
    pub claims: u64,
    /// Its items, by name.
    pub lines: Vec<AccountLine>,
}

/// An item of an account. Quantities are decimal numbers as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountLine {
    /// The item.
    pub item: String,
    /// What it is counted in.
    pub unit: String,
    /// The limit that is known last.
    pub most: String,
    /// What the claims that stand have taken.
    pub taken: String,
}

/// Something that was done, or is open, under a business reference.
#[derive(Debug, Clone, PartialEq)]
pub struct Effect {
    /// The run.
    pub run: RunId,
    /// The step's path.
    pub path: String,
    /// Connection and operation, or `ledger:` and name.
    pub scope: String,
    /// The business key, if any.
    pub key: Option<String>,
    /// How it stands.
    pub state: OnceState,
    /// The input (of a claim: account and lines).
    pub input: Value,
    /// The output, where it is done.
    pub output: Option<Value>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq)]
pub struct RunSummary {
    /// Its id.
    pub run: RunId,
    /// The pipeline.
    pub pipeline: String,
    /// The run key.
    pub run_key: String,
    /// How it stands.
    pub standing: Standing,
    /// Whether a wait of its own is open: nothing goes on in it until a person answers, or an event comes.
    pub asks: bool,
    /// How it ended.
    pub ending: Option<Ending>,
    /// When it began.
    pub began: Timestamp,
    /// Its last entry's time.
    pub touched: Timestamp,
    /// Number of entries.
    pub entries: u64,
    /// The parent, for a child.
    pub parent: Option<RunId>,
    /// One line on why it stands as it does (reason of parking, stop or failure).
    pub note: Option<String>,
    /// The output, where it completed.
    pub output: Option<Value>,
    /// The failure that it ended with, where it did.
    pub failure: Option<Failure>,
}

/// Which runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunFilter {
    /// This run only.
    pub run: Option<RunId>,
    /// Of this pipeline only.
    pub pipeline: Option<String>,
    /// `active`, `sleeping`, `waiting`, `parked`, `completed`, `stopped`, `failed`, `cancelled`.
    pub status: Option<String>,
    /// Owned by nobody, and due at this time already.
    pub overdue: Option<Timestamp>,
    /// Accepted before this one: to go on after the last of a list.
    pub older_than: Option<RunId>,
    /// Also children.
    pub children: bool,
    /// At most so many (0: 100).
    pub limit: usize,
}

/// A wait for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Wait {
    /// Its id.
    pub id: String,
    /// The run.
    pub run: RunId,
    /// The step's path.
    pub path: String,
    /// The decision.
    pub decision: String,
    /// Who may answer.
    pub roles: Vec<String>,
    /// Since.
    pub since: Timestamp,
    /// Until.
    pub due: Option<Timestamp>,
    /// What is shown.
    pub show: Value,
    /// Its digest.
    pub shown: Digest,
    /// A void of this reference ends it.
    pub reference: Option<String>,
}

impl Wait {
    /// What stands before the name of an event in what is to be decided: decisions have no colon in their names.
    pub const EVENT: &str = "event:";

    /// Name and key of the event that is waited for; none: a person is.
    pub fn event(&self) -> Option<(&str, &str)> {
        let name = self.decision.strip_prefix(Wait::EVENT)?;
        Some((name, self.show.get("key")?.as_str()?))
    }
}

/// An event that a run has handed to the site.
#[derive(Debug, Clone, PartialEq)]
pub struct Emitted {
    /// Its name.
    pub name: String,
    /// What waits find it by; none: no wait does.
    pub key: Option<String>,
    /// What it brings.
    pub data: Value,
    /// The run that emitted it.
    pub run: RunId,
    /// The step's path in that run.
    pub path: String,
    /// That run's pipeline.
    pub pipeline: String,
    /// When.
    pub at: Timestamp,
}

/// The failure in the body of a run's last `closed` entry.
pub fn failure(ending: Option<Ending>, body: Option<&Value>) -> Option<Failure> {
    let failure = body?.get("failure").filter(|_| ending == Some(Ending::Failed))?;
    serde_json::from_value(failure.clone()).ok()
}

/// What the body of a run's last `parked` or `closed` entry tells a list: a note on why it stands as it does, and the
/// output where it completed.
pub fn told(ending: Option<Ending>, body: Option<Value>) -> (Option<String>, Option<Value>) {
    let Some(Value::Object(mut body)) = body else {
        return (None, None);
    };
    if ending == Some(Ending::Completed) {
        return (None, body.remove("output"));
    }
    let reason = body.get("reason").and_then(Value::as_str);
    let message = body
        .get("failure")
        .and_then(|failure| failure.get("message"))
        .and_then(Value::as_str);
    let note = match (reason, message) {
        // The reason is what the pipeline says, the message what really happened.
        (Some(reason), Some(message)) if !reason.contains(message) => Some(format!("{reason}: {message}")),
        (reason, message) => reason.or(message).map(str::to_owned),
    };
    (note, None)
}

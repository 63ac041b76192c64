//! What happened in a run, as a case sees it.

use dragoman_manifest::cases::Ending;
use dragoman_model::Value;

/// A call that was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Called {
    /// `connection.operation`.
    pub call: String,
    /// The step's path.
    pub step: String,
    /// What it was called with.
    pub input: Value,
    /// How often it was tried.
    pub attempts: u32,
    /// Whether it has no effect.
    pub read: bool,
    /// Whether it was tried again until its time for that was over.
    pub gave_up: bool,
}

/// What happened in a run, in those of its items and of the pipelines that it runs.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// How it stands.
    pub ending: Ending,
    /// Why, the run's own reason first, then those of its items.
    pub reasons: Vec<String>,
    /// The steps that did something, in their order.
    pub path: Vec<String>,
    /// The calls in their order.
    pub calls: Vec<Called>,
    /// The output.
    pub output: Option<Value>,
    /// Steps whose effect was undone, in the order of the undoing.
    pub undo: Vec<String>,
    /// What was only written down: `{ what, path, ... }`.
    pub observed: Vec<Value>,
    /// The events that were emitted: `{ event, key?, data }`.
    pub emitted: Vec<Value>,
    /// What the first `reply` step answered.
    pub reply: Option<Value>,
    /// The runs that its events began, in the order of the events.
    pub begun: Vec<Begun>,
}

/// What happened in a run that an event began.
#[derive(Debug, Clone, PartialEq)]
pub struct Begun {
    /// Its pipeline.
    pub pipeline: String,
    /// What happened.
    pub found: Found,
}

impl Found {
    /// Of a message that was not taken.
    pub(crate) fn refused(why: String) -> Self {
        Found {
            ending: Ending::Refused,
            reasons: vec![why],
            ..Found::nothing()
        }
    }

    /// Nothing happened yet.
    pub(crate) fn nothing() -> Self {
        Found {
            ending: Ending::Completed,
            reasons: Vec::new(),
            path: Vec::new(),
            calls: Vec::new(),
            output: None,
            undo: Vec::new(),
            observed: Vec::new(),
            emitted: Vec::new(),
            reply: None,
            begun: Vec::new(),
        }
    }
}

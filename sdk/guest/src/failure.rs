//! What an operation answers when it could not be done: built by class and effect.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use serde_json::Value;

/// What the engine may do next with a failed operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A matter of transport or capacity: the same request may succeed later.
    Retryable,
    /// Wrong configuration, credentials or message: a person must act.
    Permanent,
    /// The other side answered and said no, on business grounds.
    Rejected,
}

/// What is known of the effect on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It has not taken effect.
    None,
    /// It may or may not have taken effect: the other side is asked before it is sent again.
    Unknown,
    /// It has taken effect; only the answer was of no use.
    Applied,
}

/// One thing that is wrong with a message or a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// JSON Pointer or XPath to the place; empty for the whole.
    pub path: String,
    /// Stable and namespaced, for example `order.quantity`.
    pub code: String,
    /// For people, one sentence.
    pub message: String,
}

impl Issue {
    /// An issue at `path` (JSON Pointer or XPath) with a stable `code` and a `message` for people.
    pub fn new(path: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

/// Why an operation could not be done, and what is known of its effect.
///
/// ```
/// use dragoman_guest::prelude::*;
///
/// let failure = Failure::retryable("shop.busy", "the shop asks to come back later")
///     .retry_after(std::time::Duration::from_secs(30));
/// assert_eq!(failure.known_effect(), Effect::None);
/// ```
#[derive(Clone, PartialEq)]
pub struct Failure {
    // Boxed, so that the many results that carry no failure stay small.
    facts: Box<FailureFacts>,
}

/// What a [`Failure`] says; its fields are read through the failure itself.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureFacts {
    /// What the engine may do next.
    pub class: Class,
    /// What is known of the effect. Not stated: `none`, or `unknown` where a non-safe request of this
    /// call was answered with success or not clearly refused.
    pub effect: Option<Effect>,
    /// Stable and namespaced: `http.503`, `order.not_found`.
    pub code: String,
    /// For people, in one or two sentences.
    pub message: String,
    /// How long the other side asks to wait.
    pub retry_after: Option<Duration>,
    /// The reference that the other side gave, if any.
    pub remote_reference: Option<String>,
    /// What is wrong with the message, place by place.
    pub issues: Vec<Issue>,
    /// Whatever else helps, as JSON.
    pub detail: Option<Value>,
}

impl Failure {
    fn new(class: Class, code: impl Into<String>, message: impl Into<String>) -> Self {
        let facts = FailureFacts {
            class,
            effect: None,
            code: code.into(),
            message: message.into(),
            retry_after: None,
            remote_reference: None,
            issues: Vec::new(),
            detail: None,
        };
        Self { facts: Box::new(facts) }
    }

    /// A matter of transport or capacity; the effect is not stated.
    pub fn retryable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Retryable, code, message)
    }

    /// Wrong configuration, credentials or message; the effect is not stated.
    pub fn permanent(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Permanent, code, message)
    }

    /// The other side said no on business grounds: the effect is stated to be `none`.
    pub fn rejected(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Rejected, code, message).effect(Effect::None)
    }

    /// States what is known of the effect.
    #[must_use]
    pub fn effect(mut self, effect: Effect) -> Self {
        self.facts.effect = Some(effect);
        self
    }

    /// States that it may or may not have taken effect.
    #[must_use]
    pub fn unknown(self) -> Self {
        self.effect(Effect::Unknown)
    }

    /// States that it has taken effect.
    #[must_use]
    pub fn applied(self) -> Self {
        self.effect(Effect::Applied)
    }

    /// Adds one thing that is wrong, at `path` (JSON Pointer or XPath).
    #[must_use]
    pub fn issue(self, path: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        self.issues([Issue::new(path, code, message)])
    }

    /// Adds several things that are wrong.
    #[must_use]
    pub fn issues(mut self, issues: impl IntoIterator<Item = Issue>) -> Self {
        self.facts.issues.extend(issues);
        self
    }

    /// States how long the other side asks to wait.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.facts.retry_after = Some(wait);
        self
    }

    /// Keeps the reference that the other side gave.
    #[must_use]
    pub fn remote_reference(mut self, reference: impl Into<String>) -> Self {
        self.facts.remote_reference = Some(reference.into());
        self
    }

    /// Keeps whatever else helps.
    #[must_use]
    pub fn detail(mut self, detail: Value) -> Self {
        self.facts.detail = Some(detail);
        self
    }

    /// The effect as it is stated, `none` where it is not.
    pub fn known_effect(&self) -> Effect {
        self.facts.effect.unwrap_or(Effect::None)
    }
}

impl Deref for Failure {
    type Target = FailureFacts;
    fn deref(&self) -> &FailureFacts {
        &self.facts
    }
}

impl DerefMut for Failure {
    fn deref_mut(&mut self) -> &mut FailureFacts {
        &mut self.facts
    }
}

impl From<Failure> for FailureFacts {
    fn from(failure: Failure) -> Self {
        *failure.facts
    }
}

impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.facts.fmt(f)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Failure {}

/// JSON that the plugin could not write or read: permanent, code `json.invalid`.
impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::permanent("json.invalid", error.to_string())
    }
}

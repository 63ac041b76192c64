//! What a call that failed says: what may be done next, and what is known of its effect.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What may be done next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Transport or capacity: the same request may succeed later.
    Retryable,
    /// Configuration, credentials or message are wrong: a person must act.
    Permanent,
    /// The other side answered and said no.
    Rejected,
}

/// What is known of the effect on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// It has not taken effect.
    None,
    /// Not known.
    Unknown,
    /// It has taken effect; only the answer was of no use.
    Applied,
}

/// One thing that is wrong with a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// JSON Pointer or XPath.
    pub path: String,
    /// Stable and namespaced.
    pub code: String,
    /// For people.
    pub message: String,
}

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// What may be done next.
    pub class: Class,
    /// What is known of the effect.
    pub effect: Effect,
    /// Stable and namespaced: `http.503`, `plugin.trap`.
    pub code: String,
    /// For people.
    pub message: String,
    /// The other side's wish, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The other side's reference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_reference: Option<String>,
    /// What is wrong in detail.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<Issue>,
    /// Open.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<Value>,
}

impl Failure {
    /// A failure of a class, with no effect.
    pub fn new(class: Class, code: impl Into<String>, message: impl Into<String>) -> Self {
        Failure {
            class,
            effect: Effect::None,
            code: code.into(),
            message: message.into(),
            retry_after_ms: None,
            remote_reference: None,
            issues: Vec::new(),
            detail: None,
        }
    }

    /// Retryable, no effect.
    pub fn retryable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Retryable, code, message)
    }

    /// Permanent, no effect.
    pub fn permanent(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Permanent, code, message)
    }

    /// Rejected, no effect.
    pub fn rejected(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Class::Rejected, code, message)
    }

    /// The same with another effect.
    #[must_use]
    pub fn with_effect(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }
}

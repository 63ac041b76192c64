//! What an operation does to the world outside.

use serde::{Deserialize, Serialize};

/// The effect class of an operation, as its plugin declares it. A pipeline may tighten it, never loosen it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "class")]
pub enum OperationEffect {
    /// Changes nothing outside.
    Read,
    /// May be repeated with the same key within the key's lifetime; past it, it counts as once.
    Idempotent {
        /// In seconds; none: for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        key_lifetime_s: Option<u64>,
    },
    /// Must not be repeated before the other side has been asked.
    Once {
        /// Seconds after which a request still under way can no longer be applied; none: not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settle_s: Option<u64>,
    },
}

impl OperationEffect {
    /// Whether it changes nothing outside.
    pub fn is_read(self) -> bool {
        matches!(self, OperationEffect::Read)
    }
}

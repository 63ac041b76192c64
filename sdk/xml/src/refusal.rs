//! Why a connector did not take a message that it was to read.

use crate::{Element, Error, Position};

/// Why a message was not taken. All are permanent: the same message will not become readable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The message is no XML that can be read.
    #[error("the message cannot be read: {0}")]
    Xml(#[from] Error),
    /// The message is XML, but damaged or with a value that cannot be read.
    #[error("the message cannot be read: at {at}: {what}")]
    Unreadable {
        /// Where it was seen.
        at: Position,
        /// What was seen, as a clause.
        what: String,
    },
    /// The message is of another kind than the operation reads.
    #[error("not the message that was expected: at {at}: {what}")]
    Unexpected {
        /// Where it was seen.
        at: Position,
        /// What was seen, as a clause.
        what: String,
    },
    /// The message lacks what the canonical document cannot do without.
    #[error("the message is incomplete: at {at}: {what}")]
    Incomplete {
        /// The element in which it is missing.
        at: Position,
        /// What is missing, as a clause.
        what: String,
    },
}

impl Refusal {
    /// An element is damaged, or its value cannot be read; `what` was seen, as a clause.
    pub fn unreadable(element: &Element, what: impl Into<String>) -> Self {
        Self::Unreadable {
            at: element.position(),
            what: what.into(),
        }
    }

    /// An element is of another kind than the one that was expected; `what` was seen, as a clause.
    pub fn unexpected(element: &Element, what: impl Into<String>) -> Self {
        Self::Unexpected {
            at: element.position(),
            what: what.into(),
        }
    }

    /// An element lacks something; `what` is missing, as a clause.
    pub fn incomplete(element: &Element, what: impl Into<String>) -> Self {
        Self::Incomplete {
            at: element.position(),
            what: what.into(),
        }
    }

    /// The stable code of the failure that it becomes: `message.unreadable`, `message.unexpected` or
    /// `message.incomplete`.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Xml(_) | Self::Unreadable { .. } => "message.unreadable",
            Self::Unexpected { .. } => "message.unexpected",
            Self::Incomplete { .. } => "message.incomplete",
        }
    }

    /// Where in the message it was seen; none for a message that is too large.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Xml(error) => error.position(),
            Self::Unreadable { at, .. } | Self::Unexpected { at, .. } | Self::Incomplete { at, .. } => Some(*at),
        }
    }
}

/// The beginning of a text from outside, 40 characters at most: short enough for a message.
#[must_use]
pub fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

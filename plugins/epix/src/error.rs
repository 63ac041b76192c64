//! Why a message was not taken or not written, and the failure that it becomes.

use dragoman_guest::Failure;
use dragoman_xml::{Element, Position};

/// Why a message was not taken or not written. All are permanent: the same message will not become readable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The message is no XML that can be read.
    #[error("the message cannot be read: {0}")]
    Xml(#[from] dragoman_xml::Error),
    /// The message is XML, but damaged or with a value that cannot be read.
    #[error("the message cannot be read: at {at}: {what}")]
    Unreadable {
        /// Where it was seen.
        at: Position,
        /// What was seen, as a clause.
        what: String,
    },
    /// The message is of another kind than a permit.
    #[error("not the message that was expected: at {at}: {what}")]
    Unexpected {
        /// Where it was seen.
        at: Position,
        /// What was seen, as a clause.
        what: String,
    },
    /// The message lacks what a permit cannot do without.
    #[error("the message is incomplete: at {at}: {what}")]
    Incomplete {
        /// The element in which it is missing.
        at: Position,
        /// What is missing, as a clause.
        what: String,
    },
    /// A permit cannot be written so that it reads back equal.
    #[error("the permit cannot be written: {what}")]
    Unwritable {
        /// The places, as JSON Pointers into the permit; none where it is the permit as a whole.
        pointers: Vec<String>,
        /// What is wrong, as a clause.
        what: String,
    },
}

impl Error {
    /// The stable code of the failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Xml(_) | Self::Unreadable { .. } => "message.unreadable",
            Self::Unexpected { .. } => "message.unexpected",
            Self::Incomplete { .. } => "message.incomplete",
            Self::Unwritable { .. } => "permit.unwritable",
        }
    }

    /// Where in the message it was seen; none for a message that is too large, and for a permit.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::Xml(error) => error.position(),
            Self::Unreadable { at, .. } | Self::Unexpected { at, .. } | Self::Incomplete { at, .. } => Some(*at),
            Self::Unwritable { .. } => None,
        }
    }

    pub(crate) fn unreadable(element: &Element, what: impl Into<String>) -> Self {
        Self::Unreadable {
            at: element.position(),
            what: what.into(),
        }
    }

    pub(crate) fn unexpected(element: &Element, what: impl Into<String>) -> Self {
        Self::Unexpected {
            at: element.position(),
            what: what.into(),
        }
    }

    pub(crate) fn incomplete(element: &Element, what: impl Into<String>) -> Self {
        Self::Incomplete {
            at: element.position(),
            what: what.into(),
        }
    }

    pub(crate) fn unwritable(pointers: Vec<String>, what: impl Into<String>) -> Self {
        Self::Unwritable {
            pointers,
            what: what.into(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let failure = Failure::permanent(error.code(), text.clone());
        match (&error, error.position()) {
            (Error::Unwritable { pointers, .. }, _) => pointers.iter().fold(failure, |failure, pointer| {
                failure.issue(pointer.clone(), error.code(), text.clone())
            }),
            (_, Some(at)) => failure.issue(at.to_string(), error.code(), text),
            (_, None) => failure,
        }
    }
}

/// The beginning of a text from outside, short enough for a message.
pub(crate) fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

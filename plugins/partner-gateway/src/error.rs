//! Why a message is not sent or not taken, and the failure that it becomes.

use dragoman_guest::Failure;

/// Why a message is not sent, or one that came is not taken. All are permanent: a person must correct it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A message that came is no JSON, or no usage message.
    #[error("the message cannot be read: {0}")]
    Unreadable(String),
    /// A message that came lacks what a usage cannot do without.
    #[error("the message is incomplete: `{path}`: {what}")]
    Incomplete {
        /// JSON Pointer to the place.
        path: String,
        /// What is missing or wrong, as a clause.
        what: String,
    },
    /// Two parts of a message say different things.
    #[error("the message contradicts itself: `{path}`: {what}")]
    Contradictory {
        /// JSON Pointer to the place.
        path: String,
        /// What differs, as a clause.
        what: String,
    },
    /// A message that came is for another country.
    #[error("the message is for {to}, and this is {own}")]
    Misdirected {
        /// The country it is for.
        to: String,
        /// The own country.
        own: String,
    },
    /// What is to be told does not fit together.
    #[error("the use cannot be told: {what}")]
    Unfit {
        /// JSON Pointer to the place in the input.
        path: String,
        /// What does not fit, as a clause.
        what: String,
    },
}

impl Error {
    /// The stable code of the failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unreadable(_) => "message.unreadable",
            Self::Incomplete { .. } => "message.incomplete",
            Self::Contradictory { .. } => "message.contradictory",
            Self::Misdirected { .. } => "message.misdirected",
            Self::Unfit { .. } => "usage.unfit",
        }
    }

    /// JSON Pointer to the place; empty for the whole.
    #[must_use]
    pub fn path(&self) -> &str {
        match self {
            Self::Unreadable(_) | Self::Misdirected { .. } => "",
            Self::Incomplete { path, .. } | Self::Contradictory { path, .. } | Self::Unfit { path, .. } => path,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, message) = (error.code(), error.to_string());
        Self::permanent(code, message.clone()).issue(error.path(), code, message)
    }
}

//! Why a message was not taken or not written, and the failure that it becomes.

use dragoman_guest::Failure;
use dragoman_xml::Refusal;

/// Why a message was not taken or not written. All are permanent: the same message will not become readable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A message was not taken.
    #[error(transparent)]
    Refused(#[from] Refusal),
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
            Self::Refused(refusal) => refusal.code(),
            Self::Unwritable { .. } => "permit.unwritable",
        }
    }

    pub(crate) fn unwritable(pointers: Vec<String>, what: impl Into<String>) -> Self {
        Self::Unwritable {
            pointers,
            what: what.into(),
        }
    }

    /// Where it was seen: line and column of a message, or pointers into a permit.
    fn places(&self) -> Vec<String> {
        match self {
            Self::Refused(refusal) => refusal.position().iter().map(ToString::to_string).collect(),
            Self::Unwritable { pointers, .. } => pointers.clone(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let text = error.to_string();
        let failure = Failure::permanent(error.code(), text.clone());
        let places = error.places().into_iter();
        places.fold(failure, |failure, place| {
            failure.issue(place, error.code(), text.clone())
        })
    }
}

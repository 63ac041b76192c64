//! What is wrong with a request before it is sent, and the failure that it becomes.

use dragoman_guest::Failure;

/// Why a request is not sent. All are permanent: a person must complete or correct what was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// No person is named for an endorsement (box 14).
    #[error(
        "the endorsement names no officer: give `endorsed_by` with a `person_id` or a `name` (box 14 is never left blank)"
    )]
    NoOfficer,
    /// No person is named for a withdrawal.
    #[error("the withdrawal names no person: give `by` with a `person_id` or a `name`")]
    NoPerson,
    /// A withdrawal without a reason.
    #[error("the withdrawal gives no reason")]
    NoReason,
    /// A text that must say something is blank.
    #[error("`{0}` is blank")]
    Blank(&'static str),
    /// An endorsement without quantities.
    #[error("the endorsement has no items: box 14 names what was really exported, item by item")]
    NoItems,
    /// A line that cannot be endorsed; its place and why.
    #[error("the line `{path}` cannot be endorsed: {what}")]
    Line {
        /// JSON Pointer to the line.
        path: String,
        /// What is wrong, as a clause.
        what: String,
    },
}

impl Error {
    /// The stable code of the failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoOfficer => "endorsement.no_officer",
            Self::NoPerson => "withdrawal.no_person",
            Self::NoReason => "withdrawal.no_reason",
            Self::Blank(_) => "input.invalid",
            Self::NoItems => "endorsement.no_items",
            Self::Line { .. } => "endorsement.line",
        }
    }

    /// JSON Pointer to the place in the input.
    #[must_use]
    pub fn path(&self) -> String {
        match self {
            Self::NoOfficer => "/endorsed_by".to_owned(),
            Self::NoPerson => "/by".to_owned(),
            Self::NoReason => "/reason".to_owned(),
            Self::Blank(field) => format!("/{}", field.replace('.', "/")),
            Self::NoItems => "/items".to_owned(),
            Self::Line { path, .. } => path.clone(),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (code, message) = (error.code(), error.to_string());
        Self::permanent(code, message.clone()).issue(error.path(), code, message)
    }
}

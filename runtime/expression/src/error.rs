//! Why an evaluation failed.

use dragoman_model::Code;

use crate::codes;

/// Why an evaluation failed: permanent, with no effect. The message names the part of the expression that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {message}", code.id)]
pub struct Error {
    /// [`codes::FAILED`] or [`codes::OVER_BUDGET`].
    pub code: Code,
    /// For people.
    pub message: String,
}

impl Error {
    /// The code under which the engine journals such a failure.
    pub const FAILURE: &'static str = "expression.failed";

    pub(crate) fn failed(message: impl Into<String>) -> Self {
        Error {
            code: codes::FAILED,
            message: message.into(),
        }
    }

    pub(crate) fn over_budget(message: impl Into<String>) -> Self {
        Error {
            code: codes::OVER_BUDGET,
            message: message.into(),
        }
    }
}

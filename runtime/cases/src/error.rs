//! What can go wrong with a case, and with the recording of one.

use dragoman_model::{Code, Diagnostic};

/// A case names a pipeline, trigger, operation or step that is not there.
pub(crate) const UNKNOWN: Code = Code::new("D0940", "a case names what is not there");
/// An answer or a message that the connector could never give.
pub(crate) const IMPOSSIBLE: Code = Code::new("D0941", "an answer that the connector could never give");
/// A call for which the case has no answer.
pub(crate) const NO_ANSWER: Code = Code::new("D0942", "the case says nothing about a call");
/// A person's answer that is not taken, or that nothing asks for.
pub(crate) const PERSON: Code = Code::new("D0943", "a person's answer is not taken");
/// The run does not come to rest, or the store does not answer.
pub(crate) const RESTLESS: Code = Code::new("D0944", "the case does not come to rest");
/// A run that cannot be made into a case.
pub(crate) const RECORD: Code = Code::new("D0945", "the run cannot be recorded");
/// What a run did cannot be told again as a case.
pub(crate) const UNLIKE: Code = Code::new("D0946", "the recorded case does not come out as the run did");

/// Why a case could not be run, or a run not be recorded.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What the case says is wrong.
    #[error("{} things are wrong with the case", .0.len())]
    Case(Vec<Diagnostic>),
    /// The engine, the store or the system around them.
    #[error("{code}: {message}")]
    Plain {
        /// Its code.
        code: Code,
        /// What happened, and what to do.
        message: String,
    },
}

impl Error {
    pub(crate) fn restless(message: impl Into<String>) -> Self {
        Error::Plain {
            code: RESTLESS,
            message: message.into(),
        }
    }

    pub(crate) fn record(message: impl Into<String>) -> Self {
        Error::Plain {
            code: RECORD,
            message: message.into(),
        }
    }

    pub(crate) fn unlike(message: impl Into<String>) -> Self {
        Error::Plain {
            code: UNLIKE,
            message: message.into(),
        }
    }
}

impl From<dragoman_journal::Error> for Error {
    fn from(error: dragoman_journal::Error) -> Self {
        Error::restless(format!("the store of the case does not answer: {error}"))
    }
}

impl From<dragoman_engine::Error> for Error {
    fn from(error: dragoman_engine::Error) -> Self {
        Error::restless(error.to_string())
    }
}

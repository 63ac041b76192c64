//! What can go wrong when the engine is asked for something.

use dragoman_model::{Code, RunId};

/// No such run, wait or plan.
pub const NOT_FOUND: Code = Code::new("D0501", "no such run or wait");
/// The run does not stand so that the act fits.
pub const NOT_FITTING: Code = Code::new("D0502", "the run does not stand so");
/// The answer does not fit the decision.
pub const WRONG_ANSWER: Code = Code::new("D0503", "the answer does not fit the decision");
/// What was answered is not what is shown.
pub const CHANGED: Code = Code::new("D0504", "something else is shown now");
/// Another worker has the run.
pub const BUSY: Code = Code::new("D0505", "another worker has the run");
/// The version that the run is pinned to is not in the store.
pub const NO_PLAN: Code = Code::new("D0506", "the run's pipeline version is missing");
/// The store did not answer.
pub const STORE: Code = Code::new("D0507", "the store did not answer");
/// A run cannot go on with another version of its pipeline.
pub const BOUND: Code = Code::new("D0508", "the run cannot go on with the other version");

/// What is asked of a parked or failed run would not be safe, or not make sense.
pub const UNFIT: Code = Code::new("D0509", "the act does not fit the run");

/// Why the engine did not do what it was asked for. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such run, or it has no entries.
    #[error("D0501: there is no run `{0}`")]
    NoRun(RunId),
    /// There is no such open wait: it was answered, it timed out, or it never was.
    #[error("D0501: there is no open wait `{0}`; it was answered, it is over, or the run has ended")]
    NoWait(String),
    /// The act needs a parked run.
    #[error(
        "D0502: run `{0}` is not parked, so it can only be given up (`dragoman runs cancel`); `dragoman runs show` tells how it \
         stands"
    )]
    NotParked(RunId),
    /// The run has ended.
    #[error("D0502: run `{0}` has ended, and nothing follows; what is to be done again is a new message")]
    Ended(RunId),
    /// The answer does not fit.
    #[error("D0503: {0}")]
    WrongAnswer(String),
    /// The person saw something else.
    #[error("D0504: what wait `{0}` shows is not what was answered; look again and answer anew")]
    Changed(String),
    /// Another worker has the run, or this one could not finish.
    #[error("D0505: run `{0}` could not be worked on now; try again in a moment")]
    Busy(RunId),
    /// The plan is missing.
    #[error(
        "D0506: run `{run}` needs pipeline version {version}, which the store does not have or which cannot be built any \
         more; put its plugins back and try again"
    )]
    NoPlan {
        /// The run.
        run: RunId,
        /// The version.
        version: String,
    },
    /// What the run has reached is something else in the other version.
    #[error("D0508: run `{run}` cannot go on with version {version}: {why}")]
    Bound {
        /// The run.
        run: RunId,
        /// The version.
        version: String,
        /// The first thing that is in the way.
        why: String,
    },
    /// The act does not fit what the run has done.
    #[error("D0509: {act} of run `{run}` is refused: {why}")]
    Unfit {
        /// The run.
        run: RunId,
        /// The act.
        act: &'static str,
        /// Why, and what can be done.
        why: String,
    },
    /// The store.
    #[error("D0507: {0}")]
    Store(String),
}

impl Error {
    /// What happened and what to do, without the code.
    pub fn message(&self) -> String {
        let said = self.to_string();
        match said.split_once(": ") {
            Some((_, message)) => message.to_owned(),
            None => said,
        }
    }

    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Error::NoRun(_) | Error::NoWait(_) => NOT_FOUND,
            Error::NotParked(_) | Error::Ended(_) => NOT_FITTING,
            Error::WrongAnswer(_) => WRONG_ANSWER,
            Error::Changed(_) => CHANGED,
            Error::Busy(_) => BUSY,
            Error::NoPlan { .. } => NO_PLAN,
            Error::Bound { .. } => BOUND,
            Error::Unfit { .. } => UNFIT,
            Error::Store(_) => STORE,
        }
    }
}

impl From<dragoman_journal::Error> for Error {
    fn from(error: dragoman_journal::Error) -> Self {
        Error::Store(format!("{} ({})", error.message, error.code))
    }
}

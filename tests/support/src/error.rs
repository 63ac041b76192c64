//! What can go wrong in the tests' own machinery.

use std::path::PathBuf;

/// A failure of a simulator, a started process or a measurement; never of what is being tested.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A socket, file or process could not be used.
    #[error("{what}: {source}")]
    Io {
        /// What was being done.
        what: String,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// A seed has not the shape that the partner wants.
    #[error("seed for {partner}: {reason}")]
    Seed {
        /// The partner's name.
        partner: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A program that a test wants to start has not been built and could not be.
    #[error("no program at {path}: {reason}")]
    NotBuilt {
        /// Where it was looked for.
        path: PathBuf,
        /// What to do, or what the build said.
        reason: String,
    },
    /// Something that was waited for did not happen in time.
    #[error("waited {millis} ms for {what}; last seen: {last}")]
    Deadline {
        /// What was waited for.
        what: String,
        /// How long, in milliseconds.
        millis: u128,
        /// The last thing seen, so that the failure says more than that it took too long.
        last: String,
    },
    /// A program ended before it wrote what was waited for.
    #[error("the program ended before {what} came; {last}")]
    Ended {
        /// What was waited for.
        what: String,
        /// All that it wrote.
        last: String,
    },
    /// A request of the tests' own could not be made.
    #[error("{url}: {reason}")]
    Http {
        /// The address asked.
        url: String,
        /// What the client said.
        reason: String,
    },
    /// A broker of messages did not do what a test asked of it.
    #[error("the broker: {what}: {reason}")]
    Broker {
        /// What was being done.
        what: String,
        /// What the client said.
        reason: String,
    },
    /// A template names a value that was not given.
    #[error("the template wants a value for @{0}@")]
    Template(String),
    /// An XML text could not be read.
    #[error("xml: {0}")]
    Xml(String),
}

impl Error {
    /// An input or output failure, with what was being done.
    pub(crate) fn io(what: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io {
            what: what.into(),
            source,
        }
    }
}

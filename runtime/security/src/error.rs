//! What can go wrong with keys and secrets.

use dragoman_model::Code;

/// A key of the installation cannot be read or made.
pub const BAD_KEY: Code = Code::new("D0971", "a key of the installation cannot be used");
/// A secret is not where its reference says.
pub const NO_SECRET: Code = Code::new("D0972", "a secret cannot be read");
/// Something else where the hash of a password is expected.
pub const BAD_HASH: Code = Code::new("D0974", "not the hash of a password");

/// A failure; its message never contains a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Its code.
    pub code: Code,
    /// What happened and what to do.
    pub message: String,
}

impl Error {
    /// An error with a code.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Error {
            code,
            message: message.into(),
        }
    }
}

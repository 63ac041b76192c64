//! What can go wrong with a store.

use dragoman_model::Code;

/// The store could not be opened.
pub const CANNOT_OPEN: Code = Code::new("D0701", "the store cannot be opened");
/// Writing failed.
pub const CANNOT_WRITE: Code = Code::new("D0702", "the store cannot be written");
/// The disk is full.
pub const DISK_FULL: Code = Code::new("D0703", "the disk is full");
/// What was read back cannot be right.
pub const CORRUPT: Code = Code::new("D0704", "the store is damaged");
/// The store's format is newer than this program.
pub const NEWER: Code = Code::new("D0705", "the store was written by a newer version");
/// Another process has it.
pub const LOCKED: Code = Code::new("D0706", "the store is in use by another process");
/// The node has stopped writing: a sync failed, or the file is not where it was.
pub const STOPPED: Code = Code::new("D0707", "the store has stopped");

/// A caller asked for what cannot be: a gap in the numbers of a run, an entry of another run.
pub const CONTRADICTION: Code = Code::new("D0708", "the append contradicts the run");

/// An entry or what belongs to it can never be kept: it has no JSON text, or one that could not be read back.
pub const UNKEEPABLE: Code = Code::new("D0709", "this cannot be kept in the store");

/// The store was encrypted with a key that is not given.
pub const KEY_MISSING: Code = Code::new("D0726", "a key of the store is missing");
/// What is given as a key is none.
pub const NOT_A_KEY: Code = Code::new("D0727", "this is not a key of a store");

/// A failure of the store itself; nothing was written.
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

    /// Whether the same write is refused for ever: what is wrong is the write, not the store.
    pub fn is_final(&self) -> bool {
        [UNKEEPABLE, CONTRADICTION].contains(&self.code)
    }
}

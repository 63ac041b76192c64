//! State per connection, with compare-and-swap. Writes are kept once the step is done and dropped if it
//! fails; a call sees its own writes.

use serde::{Serialize, de::DeserializeOwned};

use crate::boundary;
use crate::failure::Failure;
use crate::payload::read_utf8;

/// What is stored under a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The bytes as they were written.
    pub value: Vec<u8>,
    /// Counts the writes of this key, from 1.
    pub version: u64,
}

/// What a write takes for granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Whatever is there is replaced.
    Anything,
    /// Nothing is there yet.
    Absent,
    /// This version is there.
    Version(u64),
}

impl Expected {
    /// In the contract's words: none for anything, 0 for absent.
    pub(crate) fn version(self) -> Option<u64> {
        match self {
            Self::Anything => None,
            Self::Absent => Some(0),
            Self::Version(version) => Some(version),
        }
    }
}

/// Why state could not be read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// Somebody else wrote it; the version that is there now (0: none).
    Conflict(u64),
    /// Over the limit that the operator set.
    Quota(String),
    /// Anything else.
    Other(String),
}

/// What is stored under a key, if anything.
///
/// # Errors
/// If the host could not read it.
pub fn get(key: &str) -> Result<Option<Entry>, Error> {
    boundary::state_get(key)
}

/// Stores bytes under a key.
///
/// # Errors
/// [`Error::Conflict`] if what is there is not what was expected; quota.
pub fn put(key: &str, value: &[u8], expected: Expected) -> Result<(), Error> {
    boundary::state_put(key, value, expected.version())
}

/// Removes a key.
///
/// # Errors
/// [`Error::Conflict`] if what is there is not what was expected.
pub fn delete(key: &str, expected: Expected) -> Result<(), Error> {
    boundary::state_delete(key, expected.version())
}

/// At most `limit` keys under a prefix, in order, after a given key.
///
/// # Errors
/// If the host could not read them.
pub fn keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, Error> {
    boundary::state_keys(prefix, after, limit)
}

/// The JSON value under a key with its version, if anything is there.
///
/// # Errors
/// Permanent `state.unreadable` if what is there does not fit `T`; else what the host answered.
pub fn load<T: DeserializeOwned>(key: &str) -> Result<Option<(T, u64)>, Failure> {
    let Some(entry) = get(key)? else {
        return Ok(None);
    };
    let value = read_utf8(&entry.value).map_err(|error| {
        Failure::permanent(
            "state.unreadable",
            format!("what is stored under `{key}` does not fit: {error}"),
        )
    })?;
    Ok(Some((value, entry.version)))
}

/// Stores a value as JSON under a key.
///
/// # Errors
/// Retryable `state.conflict` if what is there is not what was expected; quota.
pub fn store<T: Serialize>(key: &str, value: &T, expected: Expected) -> Result<(), Failure> {
    put(key, &serde_json::to_vec(value)?, expected)?;
    Ok(())
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Conflict(version) => Failure::retryable(
                "state.conflict",
                format!("another call wrote this state first (version {version})"),
            ),
            Error::Quota(message) => Failure::permanent("state.quota", message),
            Error::Other(message) => Failure::retryable("state.unavailable", message),
        }
    }
}

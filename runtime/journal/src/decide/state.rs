//! Connections' state: values with versions, compared and swapped.

use crate::store::Refusal;

/// Compares the version that is there (0: none) with the one expected (none: whatever is there).
pub fn refused(connection: &str, key: &str, version: u64, expected: Option<u64>) -> Option<Refusal> {
    expected
        .filter(|expected| *expected != version)
        .map(|_| Refusal::State {
            connection: connection.into(),
            key: key.into(),
            version,
        })
}

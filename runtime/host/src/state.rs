//! A connection's state as one call sees it: what the store has, under the call's own writes.

use std::collections::BTreeMap;

use dragoman_engine::runner::{StateWrite, Written};

/// Bytes of a key.
const KEY_BYTES: usize = 512;
/// Bytes of a value: a whole large document in its canonical text has room.
const VALUE_BYTES: usize = 4 << 20;
/// Bytes of all writes of a call.
const WRITTEN_BYTES: usize = 8 << 20;
/// Keys written by a call.
const WRITTEN_KEYS: usize = 1_000;

/// A value with its version.
pub(crate) type Versioned = Option<(Vec<u8>, u64)>;

/// Why a write was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum StateError {
    /// The version that is there (0: none).
    Conflict(u64),
    /// Over a limit.
    Quota(String),
    /// The store failed, or the power is denied.
    Other(String),
}

/// A buffered write of one key.
#[derive(Debug, Clone)]
struct Buffered {
    value: Option<Vec<u8>>,
    /// What the call sees as its version.
    version: u64,
    /// What must be there at the commit.
    expected: Option<u64>,
}

/// The writes of a call, and what it has read before them.
#[derive(Debug, Default)]
pub(crate) struct StateBuffer {
    writes: BTreeMap<String, Buffered>,
    /// Keys that it asked the store for, with the version that was there (0: none).
    read: BTreeMap<String, u64>,
    bytes: usize,
}

impl StateBuffer {
    /// What the call wrote under a key: outer none: nothing.
    pub(crate) fn own(&self, key: &str) -> Option<Versioned> {
        let own = self.writes.get(key)?;
        Some(own.value.clone().map(|value| (value, own.version)))
    }

    /// What the store has there is given to the call. It is the same as before, or another has written it meanwhile.
    pub(crate) fn reads(&mut self, key: &str, stored: u64) -> Result<(), StateError> {
        let before = *self.read.entry(key.to_owned()).or_insert(stored);
        unmoved(before, stored)
    }

    /// Writes (or removes: no value) a key over `stored`, what the store has there.
    pub(crate) fn write(
        &mut self,
        key: &str,
        value: Option<Vec<u8>>,
        expected: Option<u64>,
        stored: u64,
    ) -> Result<(), StateError> {
        self.check_quota(key, value.as_deref())?;
        if let Some(read) = self.read.get(key) {
            unmoved(*read, stored)?;
        }
        let before = self.writes.get(key);
        let seen = before.map_or(stored, |own| own.version);
        if let Some(expected) = expected
            && expected != seen
        {
            return Err(StateError::Conflict(seen));
        }
        // What the call found in the store must still be there at the commit, whichever of its writes relied on it.
        let at_commit = match before {
            Some(own) => own.expected.or(expected.map(|_| stored)),
            None => expected,
        };
        self.bytes += value.as_ref().map_or(0, Vec::len);
        let version = if value.is_some() { stored.max(seen) + 1 } else { 0 };
        self.writes.insert(
            key.to_owned(),
            Buffered {
                value,
                version,
                expected: at_commit,
            },
        );
        Ok(())
    }

    fn check_quota(&self, key: &str, value: Option<&[u8]>) -> Result<(), StateError> {
        let refuse = |what: &str, limit: usize| Err(StateError::Quota(format!("{what} over the limit of {limit}")));
        let size = value.map_or(0, <[u8]>::len);
        if key.is_empty() || key.len() > KEY_BYTES {
            return refuse("a key that is empty or has bytes", KEY_BYTES);
        }
        if size > VALUE_BYTES {
            return refuse("a value with bytes", VALUE_BYTES);
        }
        if self.bytes + size > WRITTEN_BYTES {
            return refuse("bytes written in one call", WRITTEN_BYTES);
        }
        if self.writes.len() >= WRITTEN_KEYS && !self.writes.contains_key(key) {
            return refuse("keys written in one call", WRITTEN_KEYS);
        }
        Ok(())
    }

    /// Lays the call's writes over keys that the store gave, in order; at most `limit` of them.
    pub(crate) fn overlay(&self, stored: Vec<String>, prefix: &str, after: Option<&str>, limit: usize) -> Vec<String> {
        let in_range = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
        let mut keys: std::collections::BTreeSet<String> = stored.into_iter().collect();
        for (key, own) in self.writes.iter().filter(|(key, _)| in_range(key)) {
            match own.value {
                Some(_) => keys.insert(key.clone()),
                None => keys.remove(key),
            };
        }
        keys.into_iter().take(limit).collect()
    }

    /// How many keys were written: so many of the store's keys may be hidden.
    pub(crate) fn len(&self) -> usize {
        self.writes.len()
    }

    /// For the commit. `repeatable`: where another has written meanwhile what the call read, it is called again, so all
    /// of that must still be there; else only what the call itself demands.
    pub(crate) fn into_writes(mut self, repeatable: bool) -> Vec<StateWrite> {
        if self.writes.is_empty() || !repeatable {
            self.read.clear();
        }
        let mut writes = Vec::with_capacity(self.writes.len() + self.read.len());
        for (key, own) in self.writes {
            let read = self.read.remove(&key);
            writes.push(StateWrite {
                key,
                written: own.value.map_or(Written::Removed, Written::Put),
                expected: own.expected.or(read),
            });
        }
        let relied = self.read.into_iter().map(|(key, version)| StateWrite {
            key,
            written: Written::Relied,
            expected: Some(version),
        });
        writes.extend(relied);
        writes
    }
}

fn unmoved(before: u64, stored: u64) -> Result<(), StateError> {
    if before == stored {
        Ok(())
    } else {
        Err(StateError::Conflict(stored))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(
        writes: &[(Option<&str>, Option<u64>)],
        stored: u64,
        outcomes: &[Result<(), u64>],
        commit: Option<(Option<&str>, Option<u64>)>,
    ) {
        let mut buffer = StateBuffer::default();
        for ((value, expected), outcome) in writes.iter().zip(outcomes) {
            let value = value.map(|v| v.as_bytes().to_vec());
            let result = buffer.write("k", value, *expected, stored);
            assert_eq!(result, outcome.map_err(StateError::Conflict));
        }
        let commit = commit.map(|(value, expected)| StateWrite {
            key: "k".into(),
            written: value.map_or(Written::Removed, |v| Written::Put(v.as_bytes().to_vec())),
            expected,
        });
        assert_eq!(buffer.into_writes(true), commit.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn writes_compare_with_what_the_call_sees() {
        check(&[(Some("a"), None)], 3, &[Ok(())], Some((Some("a"), None)));
        check(&[(Some("a"), Some(3))], 3, &[Ok(())], Some((Some("a"), Some(3))));
        check(&[(Some("a"), Some(0))], 3, &[Err(3)], None);
        check(
            &[(Some("a"), Some(3)), (Some("b"), Some(4))],
            3,
            &[Ok(()), Ok(())],
            Some((Some("b"), Some(3))),
        );
        check(
            &[(Some("a"), None), (Some("b"), Some(3))],
            3,
            &[Ok(()), Err(4)],
            Some((Some("a"), None)),
        );
        check(
            &[(Some("a"), None), (Some("b"), Some(4))],
            3,
            &[Ok(()), Ok(())],
            Some((Some("b"), Some(3))),
        );
        check(
            &[(None, Some(3)), (Some("b"), Some(0))],
            3,
            &[Ok(()), Ok(())],
            Some((Some("b"), Some(3))),
        );
        check(&[(Some("a"), Some(0))], 0, &[Ok(())], Some((Some("a"), Some(0))));
    }

    /// A call that was given `read` with version 2 and wrote `wrote`: what must be there at its commit.
    #[track_caller]
    fn check_relied(read: &[&str], wrote: &[&str], repeatable: bool, expected: &[(&str, Option<u64>)]) {
        let mut buffer = StateBuffer::default();
        for key in read {
            buffer.reads(key, 2).unwrap();
        }
        for key in wrote {
            buffer.write(key, None, None, 2).unwrap();
        }
        let writes = buffer.into_writes(repeatable);
        let found: Vec<_> = writes.iter().map(|w| (w.key.as_str(), w.expected)).collect();
        assert_eq!(found, expected);
        for write in writes {
            assert_eq!(write.written == Written::Relied, !wrote.contains(&write.key.as_str()));
        }
    }

    #[test]
    fn what_was_read_must_still_be_there_where_the_call_can_be_repeated() {
        check_relied(&["a", "b"], &[], true, &[]);
        check_relied(
            &["a", "b"],
            &["c"],
            true,
            &[("c", None), ("a", Some(2)), ("b", Some(2))],
        );
        check_relied(&["a", "b"], &["b"], true, &[("b", Some(2)), ("a", Some(2))]);
        check_relied(&["a", "b"], &["b"], false, &[("b", None)]);
    }

    #[test]
    fn a_key_that_another_wrote_between_two_looks_is_a_conflict() {
        let mut buffer = StateBuffer::default();
        assert_eq!(buffer.reads("k", 0), Ok(()));
        assert_eq!(buffer.reads("k", 0), Ok(()));
        assert_eq!(buffer.reads("k", 4), Err(StateError::Conflict(4)));
        assert_eq!(buffer.write("k", None, None, 4), Err(StateError::Conflict(4)));
    }

    #[test]
    fn keys_show_the_calls_own_writes() {
        let mut buffer = StateBuffer::default();
        buffer.write("a/2", Some(vec![]), None, 0).unwrap();
        buffer.write("a/3", None, None, 1).unwrap();
        buffer.write("b/1", Some(vec![]), None, 0).unwrap();
        let stored = vec!["a/1".to_owned(), "a/3".to_owned(), "a/4".to_owned()];
        assert_eq!(buffer.overlay(stored, "a/", None, 10), ["a/1", "a/2", "a/4"]);
        assert_eq!(buffer.overlay(vec!["a/4".into()], "a/", Some("a/1"), 1), ["a/2"]);
        assert_eq!(buffer.own("a/3"), Some(None));
        assert_eq!(buffer.own("a/1"), None);
    }

    #[test]
    fn writes_are_bounded() {
        let mut buffer = StateBuffer::default();
        for (key, size) in [("", 0), (&"k".repeat(513)[..], 0), ("k", VALUE_BYTES + 1)] {
            assert!(matches!(
                buffer.write(key, Some(vec![0; size]), None, 0),
                Err(StateError::Quota(_))
            ));
        }
        // Two of the largest values fill a call; a byte more does not fit.
        let mut write = |key: &str, size: usize| buffer.write(key, Some(vec![0; size]), None, 0);
        assert_eq!(write("first", VALUE_BYTES), Ok(()));
        assert_eq!(write("second", VALUE_BYTES), Ok(()));
        assert!(matches!(write("third", 1), Err(StateError::Quota(_))));
    }
}

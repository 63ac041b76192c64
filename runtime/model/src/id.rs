//! Ids of runs.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Digest;

/// A run's id: a UUID. Version 7 for runs that a trigger begins, version 8 (derived) for the children of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RunId(pub Uuid);

impl RunId {
    /// A new id for a time and ten random bytes; both come from the caller, so that this room has no clock.
    pub fn at(time: crate::Timestamp, random: [u8; 10]) -> Self {
        RunId(uuid::Builder::from_unix_timestamp_millis(time.millis().max(0).unsigned_abs(), &random).into_uuid())
    }

    /// The id of a child: derived from the parent, the path of the step and the item's key, so that a second
    /// attempt to begin it gives the same id.
    pub fn child(self, path: &str, item: &str) -> Self {
        let digest = Digest::of_parts(&[self.0.as_bytes(), &[0], path.as_bytes(), &[0], item.as_bytes()]);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.0[..16]);
        RunId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for RunId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::parse_str(text).map(RunId)
    }
}

//! The entry: the unit of the journal, format 1.
//!
//! An entry has a *header*, which is chained for ever, and a *body*, which is kept apart and found through its
//! salted digest, so that retention or erasure can remove the body and leave the chain whole.

use std::sync::Arc;

use dragoman_model::{Actor, Digest, RunId, Timestamp, Value};
use serde::{Deserialize, Serialize};

use crate::record::Record;

/// The format that this version writes. Every format ever written is read; golden files hold each.
pub const FORMAT: u16 = 1;

/// What an entry was made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Versions {
    /// The content hash of the pipeline.
    pub pipeline: Digest,
    /// The digest of the component, where a plugin was involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plugin: Option<Digest>,
    /// The digest of the connection's configuration and endpoints, where a plugin was involved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<Digest>,
}

/// An entry as the engine makes it; the store salts and digests its body.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// The run.
    pub run: RunId,
    /// From 0, without gaps.
    pub seq: u64,
    /// When, by the clock of the engine.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The step's path (`orders[0].ship`); empty for the run itself.
    pub path: String,
    /// Made with.
    pub versions: Versions,
    /// What happened.
    pub record: Record,
    /// Message headers and receipts, as they were received.
    pub headers: Vec<(String, String)>,
    /// Payload: message, input, output, answer. Shared: the run that wrote it goes on with it while the store takes it.
    pub body: Option<Arc<Value>>,
}

/// The header as it is stored and chained. Its canonical text is the Merkle leaf.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`] at the time of writing.
    pub format: u16,
    /// The run.
    pub run: RunId,
    /// From 0, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// The step's path; empty for the run itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Made with.
    pub versions: Versions,
    /// What happened.
    pub record: Record,
    /// Message headers and receipts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// SHA-256 over salt and body text; none where there is no body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Digest>,
}

/// An entry read back.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Its place in the whole trail, from 1.
    pub position: u64,
    /// The chained part.
    pub header: Header,
    /// The body; none where there never was one, or it was erased (then `header.body` is there).
    pub body: Option<Value>,
}

/// A path with `[]` for each number of an item or a round: the place in the pipeline that it is of.
pub fn without_numbers(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for character in path.chars() {
        inside &= character != ']';
        if !inside {
            out.push(character);
        }
        inside |= character == '[';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_left_out() {
        for (path, expected) in [("a.b", "a.b"), ("a[3].b", "a[].b"), ("a[12].b.c[0].d", "a[].b.c[].d")] {
            assert_eq!(without_numbers(path), expected);
        }
    }
}

//! The documents that a call may see: those of its input, and those it made or received.

use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use dragoman_model::{Digest, DocumentReference, Value};

/// Why a document could not be had or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum DocumentError {
    /// Not there, or not this call's to see.
    NotFound,
    /// Over the limit.
    Quota(String),
    /// The store failed.
    Other(String),
}

/// A call's documents.
#[derive(Debug, Default)]
pub(crate) struct Documents {
    /// Seen through the input, and kept by the store.
    stored: BTreeSet<Digest>,
    /// At hand.
    loaded: BTreeMap<Digest, (DocumentReference, Bytes)>,
    /// Made or received by the call.
    made: Vec<Digest>,
    made_bytes: u64,
    limit: u64,
}

impl Documents {
    /// The documents of an input: beside its payload, named in its payload, and those that are not in the store yet.
    pub(crate) fn new(
        beside: &BTreeMap<String, DocumentReference>,
        payload: &Value,
        unstored: Vec<(DocumentReference, Bytes)>,
        limit: u64,
    ) -> Self {
        let mut documents = Documents {
            limit,
            ..Documents::default()
        };
        documents
            .stored
            .extend(beside.values().map(|reference| reference.digest));
        collect(payload, &mut documents.stored);
        for (reference, bytes) in unstored {
            documents.loaded.insert(reference.digest, (reference, bytes));
        }
        documents
    }

    /// Whether the call may see it, and whether its bytes are at hand.
    pub(crate) fn find(&self, digest: Digest) -> Result<Option<(DocumentReference, Bytes)>, DocumentError> {
        match self.loaded.get(&digest) {
            Some(found) => Ok(Some(found.clone())),
            None if self.stored.contains(&digest) => Ok(None),
            None => Err(DocumentError::NotFound),
        }
    }

    /// Keeps what the store gave, for the next reading.
    pub(crate) fn remember(&mut self, reference: DocumentReference, bytes: Bytes) {
        self.loaded.insert(reference.digest, (reference, bytes));
    }

    /// Whether so many more bytes may be made or received.
    pub(crate) fn room_for(&self, bytes: u64) -> Result<(), DocumentError> {
        if self.made_bytes.saturating_add(bytes) > self.limit {
            let message = format!("more than {} bytes of documents in one call", self.limit);
            return Err(DocumentError::Quota(message));
        }
        Ok(())
    }

    /// Counts bytes of a document that is being written.
    pub(crate) fn take(&mut self, bytes: u64) -> Result<(), DocumentError> {
        self.room_for(bytes)?;
        self.made_bytes += bytes;
        Ok(())
    }

    /// Adds a document whose bytes have been counted.
    pub(crate) fn add(&mut self, bytes: Bytes, media_type: &str) -> DocumentReference {
        let reference = DocumentReference::of(&bytes, media_type);
        if !self.loaded.contains_key(&reference.digest) {
            self.made.push(reference.digest);
        }
        self.loaded.insert(reference.digest, (reference.clone(), bytes));
        reference
    }

    /// Whether an answer may refer to it.
    pub(crate) fn may_name(&self, digest: Digest) -> bool {
        self.loaded.contains_key(&digest) || self.stored.contains(&digest)
    }

    /// Those made or received, with their bytes.
    pub(crate) fn into_made(mut self) -> Vec<(DocumentReference, Vec<u8>)> {
        let made = std::mem::take(&mut self.made);
        made.iter()
            .filter_map(|digest| self.loaded.remove(digest))
            .map(|(reference, bytes)| (reference, bytes.to_vec()))
            .collect()
    }
}

/// Finds the document references in a payload: objects with a digest and a media type.
fn collect(value: &Value, found: &mut BTreeSet<Digest>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(members) => {
            if let (Some(Value::String(digest)), true) = (members.get("digest"), members.contains_key("media_type"))
                && let Ok(digest) = digest.parse()
            {
                found.insert(digest);
            }
            members.values().for_each(|member| collect(member, found));
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_call_sees_what_its_input_names_and_what_it_made() {
        let named = DocumentReference::of(b"named", "text/plain");
        let payload = json!({"attachments": [{"digest": named.digest, "media_type": "text/plain", "size": 5}]});
        let fresh = (
            DocumentReference::of(b"fresh", "text/plain"),
            Bytes::from_static(b"fresh"),
        );
        let mut documents = Documents::new(&BTreeMap::new(), &payload, vec![fresh.clone()], 10);
        assert_eq!(documents.find(named.digest), Ok(None));
        assert_eq!(documents.find(fresh.0.digest), Ok(Some(fresh)));
        assert_eq!(documents.find(Digest::of(b"other")), Err(DocumentError::NotFound));
        documents.take(6).unwrap();
        let made = documents.add(Bytes::from_static(b"made!!"), "text/plain");
        assert!(documents.may_name(made.digest));
        assert!(matches!(documents.take(5), Err(DocumentError::Quota(_))));
        assert_eq!(documents.into_made(), [(made, b"made!!".to_vec())]);
    }
}

//! Documents: messages, PDFs and attachments, kept once and found by their digest.

use serde::{Deserialize, Serialize};

use crate::Digest;

/// A document that the store keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentReference {
    /// Of its bytes.
    pub digest: Digest,
    /// For example `application/xml`.
    pub media_type: String,
    /// In bytes.
    pub size: u64,
}

impl DocumentReference {
    /// The reference of some bytes.
    pub fn of(bytes: &[u8], media_type: &str) -> Self {
        DocumentReference {
            digest: Digest::of(bytes),
            media_type: media_type.into(),
            size: bytes.len() as u64,
        }
    }
}

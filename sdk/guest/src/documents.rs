//! Documents: messages, PDFs, attachments. A call sees those of its input and those it made or received.

use crate::boundary;
use crate::call::{DOCUMENT_LIMIT, Document};
use crate::failure::Failure;

/// Why a document could not be read or kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// No such document, or not this call's to see.
    NotFound,
    /// Over the limit that the operator set.
    Quota(String),
    /// Over the limit that the reader set, in bytes.
    TooLarge {
        /// The document's size in bytes.
        size: u64,
        /// The reader's limit in bytes.
        limit: u64,
    },
    /// Anything else.
    Other(String),
}

/// The whole content of a document, at most [`DOCUMENT_LIMIT`] bytes.
///
/// # Errors
/// If it is not there, too large, or the host could not read it.
pub fn read(digest: &str) -> Result<Vec<u8>, Error> {
    read_up_to(digest, DOCUMENT_LIMIT)
}

/// As [`read`], with a limit of the caller's own, in bytes.
///
/// # Errors
/// If it is not there, too large, or the host could not read it.
pub fn read_up_to(digest: &str, limit: u64) -> Result<Vec<u8>, Error> {
    boundary::document_read(digest, limit)
}

/// What is known of a document: its media type and size.
///
/// # Errors
/// If it is not there.
pub fn info(digest: &str) -> Result<Document, Error> {
    boundary::document_info(digest)
}

/// Keeps `content` as a document of `media_type`; it stays once the step is done.
///
/// # Errors
/// If it is over the operator's limit, or the host could not keep it.
pub fn write(media_type: &str, content: &[u8]) -> Result<Document, Error> {
    boundary::document_write(media_type, content)
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::NotFound => Failure::permanent(
                "document.not_found",
                "the document is not there, or not this call's to see",
            ),
            Error::Quota(message) => Failure::permanent("document.quota", message),
            Error::TooLarge { size, limit } => Failure::permanent(
                "document.too_large",
                format!("the document has {size} bytes, over the limit of {limit}"),
            ),
            Error::Other(message) => Failure::retryable("document.unreadable", message),
        }
    }
}

//! How much of an answer a document takes, found without writing it.

use serde::Serialize;
use std::io::{self, Write};

/// Counts what is written, up to a limit.
struct Counter {
    left: usize,
}

impl Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.left = self.left.checked_sub(bytes.len()).ok_or(io::ErrorKind::WriteZero)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Whether a document takes at most `limit` bytes as JSON. Takes no memory: a connector asks before it writes an answer
/// that its memory, or the host, would not bear.
#[must_use]
pub fn fits<T: Serialize>(document: &T, limit: usize) -> bool {
    serde_json::to_writer(Counter { left: limit }, document).is_ok()
}

/// The most bytes of JSON that a connector hands out as one document: a little less than the 8 MiB that an answer may have
/// unless the operator says otherwise.
pub const MOST: usize = 8_000_000;

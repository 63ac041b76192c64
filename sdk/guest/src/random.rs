//! Randomness, read through the journal: a replay gives the same bytes.

use std::fmt::Write as _;

use crate::boundary;

/// The most bytes that the host gives in one call.
const ONE_CALL: usize = 4096;

/// `length` random bytes.
pub fn bytes(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        let wanted = (length - bytes.len()).min(ONE_CALL);
        let more = boundary::random(wanted);
        if more.is_empty() {
            // A host that gives nothing would keep this going for ever; zeros are plainly not random.
            bytes.resize(length, 0);
        }
        bytes.extend(more);
    }
    bytes.truncate(length);
    bytes
}

/// A random UUID (version 4) as text.
pub fn uuid() -> String {
    let mut bytes = bytes(16);
    // RFC 9562: the version in the high half of byte 6, the variant in the high bits of byte 8.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::with_capacity(36);
    for (place, byte) in bytes.iter().enumerate() {
        if matches!(place, 4 | 6 | 8 | 10) {
            text.push('-');
        }
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

//! From the bytes of a file to a text that can be read: not too many of them, and UTF-8.

use std::sync::Arc;

use dragoman_model::{Diagnostic, Source, Span};

use crate::codes;

/// The longest text that is read, in bytes. Whoever reads a file needs no more than one byte beyond it.
pub const LONGEST_TEXT: usize = 4 * 1024 * 1024;

/// The text of a file.
///
/// In: the name under which people know it, and its bytes, of which those beyond [`LONGEST_TEXT`] and one may be left
/// out. Out: the text; what it says is not looked at.
///
/// # Errors
/// A diagnostic where it is too long, or is not UTF-8 (at the first byte that is not).
pub fn source_of(name: &str, bytes: Vec<u8>) -> Result<Arc<Source>, Box<Diagnostic>> {
    if bytes.len() > LONGEST_TEXT {
        let message = format!("{name} has more than {LONGEST_TEXT} bytes");
        let diagnostic = Diagnostic::without_place(codes::TOO_LARGE, message);
        return Err(Box::new(diagnostic.help("split it into several files")));
    }
    String::from_utf8(bytes)
        .map(|text| Source::new(name, text))
        .map_err(|error| Box::new(not_utf8(name, error.utf8_error().valid_up_to(), error.as_bytes())))
}

/// Where a text stops to be UTF-8, and what it may be instead.
fn not_utf8(name: &str, at: usize, bytes: &[u8]) -> Diagnostic {
    // What stands before the place is the same in both, so the place is right in the mended text too.
    let source = Source::new(name, String::from_utf8_lossy(bytes));
    let end = at + char::REPLACEMENT_CHARACTER.len_utf8();
    let span = Span::new(&source, at..end.min(source.text.len()));
    let message = match bytes.get(at) {
        Some(byte) => format!("the text is not UTF-8: the byte 0x{byte:02x} does not belong here"),
        None => "the text is not UTF-8".into(),
    };
    let help = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        "it looks like UTF-16: save it as UTF-8"
    } else {
        "save it as UTF-8, or write the character anew"
    };
    Diagnostic::error(codes::NOT_YAML, span, message).help(help)
}

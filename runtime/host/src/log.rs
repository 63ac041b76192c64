//! What plugins log: through `tracing`, bounded, and with nothing in it that could pass for another line.

use std::fmt::Write;

/// Lines of one call.
const LINES: u32 = 1_000;
/// Bytes of one line.
const LINE_BYTES: usize = 4 << 10;
/// The field by which the SDK tells a panic, with its place.
const PANIC: &str = "dragoman.panic";

/// How important a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// Of no interest but to its author.
    Trace,
    /// For its author.
    Debug,
    /// For operators.
    Info,
    /// Look at it.
    Warn,
    /// Something failed.
    Error,
}

/// The log of one call.
#[derive(Debug)]
pub(crate) struct Log {
    bytes_left: usize,
    lines_left: u32,
    panic: Option<(String, String)>,
}

impl Log {
    /// A log of so many bytes.
    pub(crate) fn new(bytes: usize) -> Self {
        Log {
            bytes_left: bytes,
            lines_left: LINES,
            panic: None,
        }
    }

    /// The panic that was told: message and place.
    pub(crate) fn panic(&self) -> Option<(&str, &str)> {
        self.panic
            .as_ref()
            .map(|(message, place)| (message.as_str(), place.as_str()))
    }

    /// Takes a line; gives the text to be written, if there is room for it.
    pub(crate) fn line(&mut self, message: &str, fields: &[(String, String)]) -> Option<String> {
        if let Some((_, place)) = fields.iter().find(|(name, _)| name == PANIC) {
            self.panic = Some((escape(message, LINE_BYTES), escape(place, 256)));
        }
        if self.lines_left == 0 {
            return None;
        }
        let mut line = escape(message, LINE_BYTES);
        for (name, value) in fields.iter().take(32) {
            // Writing to a string cannot fail.
            let _ = write!(line, " {}={}", escape(name, 64), escape(value, 512));
        }
        if line.len() > self.bytes_left {
            self.lines_left = 0;
            return Some("(more was logged; the call's log limit is reached)".to_owned());
        }
        self.bytes_left -= line.len();
        self.lines_left -= 1;
        Some(line)
    }
}

/// A text without control characters, of at most so many bytes.
pub(crate) fn escape(text: &str, limit: usize) -> String {
    let mut out = String::with_capacity(text.len().min(limit));
    for char in text.chars() {
        if out.len() >= limit {
            out.push('…');
            break;
        }
        match char {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_pass_for_two() {
        assert_eq!(
            escape("a\nERROR b\u{1b}[31m\u{202e}", 100),
            "a\\nERROR b\\u{1b}[31m\\u{202e}"
        );
        assert_eq!(escape("aaaa", 2), "aa…");
    }

    #[test]
    fn a_log_is_bounded_and_says_so_once() {
        let mut log = Log::new(10);
        assert_eq!(log.line("12345678", &[]).as_deref(), Some("12345678"));
        assert!(log.line("12345678", &[]).unwrap().contains("limit"));
        assert_eq!(log.line("1", &[]), None);
        assert_eq!(log.panic(), None);
        log.line("boom", &[(PANIC.into(), "src/a.rs:1:2".into())]);
        assert_eq!(log.panic(), Some(("boom", "src/a.rs:1:2")));
    }
}

//! From an offset in a scalar's text to its place in the source: right inside quoted, folded and literal scalars.

use super::Style;

/// From byte offsets in a scalar's text to byte offsets in the source.
///
/// A list of pieces: text from `text_at` on stands in the source from `source_at` on, byte for byte, until the
/// next piece begins. An escape or a folded line break is a piece of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct OffsetMap {
    pieces: Vec<(usize, usize)>,
    text_end: usize,
    source_end: usize,
}

impl OffsetMap {
    /// Where a byte of the text stands in the source; offsets past the end give the end.
    pub fn source_offset(&self, text_offset: usize) -> usize {
        if text_offset >= self.text_end {
            return self.source_end;
        }
        let index = self.pieces.partition_point(|(at, _)| *at <= text_offset);
        match index.checked_sub(1).and_then(|i| self.pieces.get(i)) {
            Some((text_at, source_at)) => (source_at + text_offset - text_at).min(self.source_end),
            None => self.source_end,
        }
    }

    /// Each byte offset of the text (and its end) with its place in the source.
    pub fn to_vec(&self) -> Vec<usize> {
        (0..=self.text_end).map(|at| self.source_offset(at)).collect()
    }

    /// The map of a part of the text.
    #[must_use]
    pub fn part(&self, range: std::ops::Range<usize>) -> Self {
        let mut pieces = vec![(0, self.source_offset(range.start))];
        pieces.extend(
            self.pieces
                .iter()
                .filter(|(at, _)| *at > range.start && *at < range.end)
                .map(|(at, source)| (at - range.start, *source)),
        );
        let source_end = self.source_offset(range.end);
        OffsetMap {
            pieces,
            text_end: range.end.saturating_sub(range.start),
            source_end,
        }
    }

    /// The map of a scalar whose source text begins at `start` (quotes and block header included).
    pub(super) fn of(text: &str, style: Style, source: &str, start: usize, end: usize) -> Self {
        let written = &source[start..end];
        let mut builder = Builder {
            text,
            written,
            start,
            at_text: 0,
            at_written: 0,
            pieces: Vec::new(),
        };
        match style {
            Style::Plain => builder.follow(0, written.len(), Style::Plain),
            Style::Single | Style::Double => builder.follow(1, written.len().saturating_sub(1), style),
            Style::Literal | Style::Folded => {
                let body = written.find('\n').map_or(written.len(), |at| at + 1);
                let from = if written.starts_with(['|', '>']) { body } else { 0 };
                builder.follow(from, written.len(), style);
            }
        }
        let source_end = start + builder.at_written.min(written.len());
        OffsetMap {
            pieces: builder.pieces,
            text_end: text.len(),
            source_end,
        }
    }
}

struct Builder<'a> {
    text: &'a str,
    written: &'a str,
    start: usize,
    at_text: usize,
    at_written: usize,
    pieces: Vec<(usize, usize)>,
}

impl Builder<'_> {
    /// Walks text and source side by side: equal bytes go together, white space that only one of them has is
    /// skipped there, an escape stands for the character it gives.
    fn follow(&mut self, from: usize, to: usize, style: Style) {
        self.at_written = from;
        let to = to.max(from);
        while self.at_text < self.text.len() {
            let Some(character) = self.text[self.at_text..].chars().next() else {
                break;
            };
            let rest = self.written.get(self.at_written..to).unwrap_or("");
            if rest.starts_with(' ') && self.skips(character, rest) {
                self.at_written += 1;
            } else if style == Style::Double && rest.starts_with('\\') && !is_line_escape(rest) {
                self.pair(character.len_utf8(), escape_length(rest));
            } else if style == Style::Single && rest.starts_with("''") && character == '\'' {
                self.pair(1, 2);
            } else if rest.starts_with(character) {
                self.pair(character.len_utf8(), character.len_utf8());
            } else if character.is_whitespace() && rest.starts_with(['\n', '\r', ' ', '\t']) {
                // A folded line break: one space (or line break) of the text for the break and its indentation.
                let gap = rest.len() - rest.trim_start().len();
                self.pair(character.len_utf8(), gap.max(1));
            } else if let Some(skipped) = rest.chars().next() {
                // Indentation, or an escaped line break, that gives nothing.
                self.at_written += skipped.len_utf8();
            } else {
                break;
            }
        }
    }

    /// Whether a space of the source is indentation although the text has a space here too.
    fn skips(&self, character: char, rest: &str) -> bool {
        if character != ' ' || !self.at_line_start() {
            return false;
        }
        let spaces = |s: &str| s.len() - s.trim_start_matches(' ').len();
        spaces(rest) > spaces(&self.text[self.at_text..])
    }

    fn at_line_start(&self) -> bool {
        self.written
            .get(..self.at_written)
            .unwrap_or("")
            .trim_end_matches(' ')
            .ends_with('\n')
    }

    fn pair(&mut self, text: usize, written: usize) {
        let next = (self.at_text, self.start + self.at_written);
        let continues = self.pieces.last().is_some_and(|(t, s)| next.0 - t == next.1 - s) && text == written;
        if !continues {
            self.pieces.push(next);
        }
        self.at_text += text;
        self.at_written += written;
        if text != written {
            // What follows begins a piece of its own.
            self.pieces.push((self.at_text, self.start + self.at_written));
        }
    }
}

fn is_line_escape(rest: &str) -> bool {
    rest.starts_with("\\\n") || rest.starts_with("\\\r")
}

/// The length in the source of an escape of a double-quoted scalar (YAML 1.2.2, 5.7).
fn escape_length(rest: &str) -> usize {
    let length = match rest.as_bytes().get(1) {
        Some(b'x') => 4,
        Some(b'u') => {
            // A surrogate pair is one character.
            let second = rest.get(6..).is_some_and(|r| r.starts_with("\\u"));
            let high = rest.get(2..6).and_then(|h| u32::from_str_radix(h, 16).ok());
            if second && high.is_some_and(|h| (0xd800..0xdc00).contains(&h)) {
                12
            } else {
                6
            }
        }
        Some(b'U') => 10,
        _ => 2,
    };
    length.min(rest.len())
}

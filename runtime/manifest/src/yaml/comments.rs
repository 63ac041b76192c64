//! The comments of a text.

use dragoman_model::Source;
use serde_saphyr::granit_parser::{self, Event, Parser};

/// A comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Comment {
    /// Where its `#` stands, in bytes.
    pub(crate) start: usize,
    /// How many characters stand before it on its line.
    pub(crate) column: usize,
    /// With its `#`, without white space at its end.
    pub(crate) text: String,
    /// Whether nothing else stands on its line.
    pub(crate) own_line: bool,
}

/// All comments, in the order of the text; as far as the text can be read.
pub(crate) fn comments(source: &Source) -> Vec<Comment> {
    let options = granit_parser::options! { emit_unresolved_aliases: true };
    let mut parser = Parser::new_from_str_with_options(&source.text, options);
    let mut comments: Vec<Comment> = Vec::new();
    while let Some(Ok((event, span))) = parser.next_event() {
        if !matches!(event, Event::Comment(..)) {
            continue;
        }
        let Some(start) = span.start.byte_offset() else {
            continue;
        };
        let rest = source.text.get(start..).unwrap_or("");
        let line = rest.lines().next().unwrap_or("").trim_end();
        let before = source.text.get(..start).unwrap_or("");
        let before = &before[before.rfind('\n').map_or(0, |at| at + 1)..];
        comments.push(Comment {
            start,
            column: before.len(),
            text: line.to_owned(),
            own_line: before.trim_start_matches('\u{feff}').trim().is_empty(),
        });
    }
    comments.sort_by_key(|c| c.start);
    comments.dedup_by_key(|c| c.start);
    comments
}

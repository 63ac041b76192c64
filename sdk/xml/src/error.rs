//! What can be wrong with a message, and where.

use std::fmt;

/// A place in a message: line and column, both from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.line, self.column)
    }
}

/// Why a message was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// More bytes than the limit; both in bytes.
    #[error("the message has {size} bytes, and at most {limit} are read")]
    TooLarge {
        /// The size of the message in bytes.
        size: usize,
        /// The limit in bytes.
        limit: usize,
    },
    /// Elements nested deeper than the limit.
    #[error("at {at}: elements are nested more than {limit} deep")]
    TooDeep {
        /// Where the limit was passed.
        at: Position,
        /// The greatest depth that is read.
        limit: usize,
    },
    /// More elements and attributes than the limit.
    #[error("at {at}: the message has more than {limit} elements and attributes")]
    TooMany {
        /// Where the limit was passed.
        at: Position,
        /// The greatest number that is read.
        limit: usize,
    },
    /// More text than the limit, in bytes.
    #[error("at {at}: the message has more than {limit} bytes of text")]
    TooMuchText {
        /// Where the limit was passed.
        at: Position,
        /// The most bytes that are kept.
        limit: usize,
    },
    /// The characters cannot be read.
    #[error("at {at}: {what}")]
    Encoding {
        /// Where it was seen.
        at: Position,
        /// What was seen, as a clause.
        what: String,
    },
    /// A document type declaration, refused whatever is in it.
    #[error("at {at}: a document type declaration (DTD) is not accepted")]
    DocumentType {
        /// Where it begins.
        at: Position,
    },
    /// The text is not well-formed XML.
    #[error("not well-formed at {at}: {what}")]
    Malformed {
        /// Where it was seen.
        at: Position,
        /// What was seen, as a clause.
        what: String,
    },
    /// A prefix that no declaration binds to a namespace.
    #[error("at {at}: the prefix `{prefix}` is not bound to a namespace")]
    UnboundPrefix {
        /// Where it is used.
        at: Position,
        /// The prefix.
        prefix: String,
    },
    /// The writer was given what XML cannot hold.
    #[error("cannot be written as xml: {0}")]
    Unwritable(String),
}

impl Error {
    /// Where in the message it was seen; none for a size and for what was to be written.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::TooDeep { at, .. }
            | Self::TooMany { at, .. }
            | Self::TooMuchText { at, .. }
            | Self::Encoding { at, .. }
            | Self::DocumentType { at }
            | Self::Malformed { at, .. }
            | Self::UnboundPrefix { at, .. } => Some(*at),
            Self::TooLarge { .. } | Self::Unwritable(_) => None,
        }
    }
}

/// The position of a byte offset in a text; an offset past the end is the end.
pub(crate) fn position_of(text: &str, offset: usize) -> Position {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cursor = Cursor::default();
    cursor.advance(text, end);
    cursor.position()
}

/// Counts lines and columns while a text is read from front to back. A line ends as XML 1.0 section 2.11 has it: with a
/// line feed, a carriage return, or both.
#[derive(Debug, Clone)]
pub(crate) struct Cursor {
    offset: usize,
    line: u32,
    column: u32,
    returned: bool,
}

impl Default for Cursor {
    fn default() -> Self {
        Self {
            offset: 0,
            line: 1,
            column: 1,
            returned: false,
        }
    }
}

impl Cursor {
    /// Moves forward to a byte offset, which is a character boundary; a smaller one changes nothing.
    pub(crate) fn advance(&mut self, text: &str, offset: usize) {
        let Some(passed) = text.get(self.offset..offset) else {
            return;
        };
        for character in passed.chars() {
            match character {
                // The second half of a line end that was counted.
                '\n' if self.returned => {}
                '\n' | '\r' => {
                    self.line = self.line.saturating_add(1);
                    self.column = 1;
                }
                _ => self.column = self.column.saturating_add(1),
            }
            self.returned = character == '\r';
        }
        self.offset = offset;
    }

    pub(crate) fn position(&self) -> Position {
        Position {
            line: self.line,
            column: self.column,
        }
    }
}

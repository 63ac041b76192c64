//! The words of an expression with their places: what the parser of CEL does not tell.

use std::ops::Range;

/// Brackets nested deeper than this are refused before the parser sees them.
pub(crate) const DEPTH: usize = 32;
/// So many words may an expression have; it bounds what the parser and the checker recurse over.
pub(crate) const WORDS: usize = 1_500;

/// What sort of word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WordKind {
    /// A name or a keyword.
    Name,
    /// A number.
    Number,
    /// Text in quotes.
    Text,
    /// One character of an operator or a bracket.
    Mark(u8),
}

/// A word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Word {
    pub(crate) kind: WordKind,
    pub(crate) range: Range<usize>,
    /// For a bracket: the number of the word that matches it.
    pub(crate) partner: Option<usize>,
}

/// Why a text is not even words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooDeep(Range<usize>),
    TooManyWords(Range<usize>),
    /// A quote that is never closed.
    OpenText(Range<usize>),
    /// A bracket without its partner.
    Bracket(Range<usize>),
}

/// All words of a text.
#[derive(Debug, Default)]
pub(crate) struct Words(pub(crate) Vec<Word>);

impl Words {
    pub(crate) fn of(text: &str) -> Result<Words, Refusal> {
        let bytes = text.as_bytes();
        let mut words: Vec<Word> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let mut at = 0;
        while at < bytes.len() {
            let start = at;
            let byte = bytes[at];
            if byte.is_ascii_whitespace() {
                at += 1;
                continue;
            }
            if bytes[at..].starts_with(b"//") {
                at += bytes[at..].iter().position(|b| *b == b'\n').unwrap_or(bytes.len() - at);
                continue;
            }
            let (kind, end) = word(bytes, at)?;
            at = end;
            let number = words.len();
            let mut partner = None;
            match kind {
                WordKind::Mark(b'(' | b'[' | b'{') => open.push(number),
                WordKind::Mark(closing @ (b')' | b']' | b'}')) => {
                    let opened = open.pop().filter(|o| matching(words[*o].kind) == Some(closing));
                    let Some(opened) = opened else {
                        return Err(Refusal::Bracket(start..end));
                    };
                    words[opened].partner = Some(number);
                    partner = Some(opened);
                }
                _ => {}
            }
            words.push(Word {
                kind,
                range: start..end,
                partner,
            });
            if open.len() > DEPTH {
                return Err(Refusal::TooDeep(start..end));
            }
            if words.len() > WORDS {
                return Err(Refusal::TooManyWords(start..end));
            }
        }
        match open.pop() {
            Some(number) => Err(Refusal::Bracket(words[number].range.clone())),
            None => Ok(Words(words)),
        }
    }

    /// The number of the word that begins at an offset.
    pub(crate) fn at(&self, offset: usize) -> Option<usize> {
        self.0.binary_search_by_key(&offset, |word| word.range.start).ok()
    }

    /// The range with the pairs of round brackets around it that only group.
    pub(crate) fn grouped(&self, text: &str, range: Range<usize>) -> Range<usize> {
        let mut range = range;
        loop {
            let before = self.0.partition_point(|word| word.range.start < range.start);
            let after = self.0.partition_point(|word| word.range.start < range.end);
            let (Some(open), Some(close)) = (before.checked_sub(1), self.0.get(after)) else {
                return range;
            };
            let grouping = self.0[open].kind == WordKind::Mark(b'(')
                && self.0[open].partner == Some(after)
                && !open.checked_sub(1).is_some_and(|word| self.is_callable(text, word));
            if !grouping {
                return range;
            }
            range = self.0[open].range.start..close.range.end;
        }
    }

    /// Whether a bracket behind this word is a call.
    fn is_callable(&self, text: &str, word: usize) -> bool {
        let word = &self.0[word];
        word.kind == WordKind::Name && &text[word.range.clone()] != "in"
    }
}

fn matching(kind: WordKind) -> Option<u8> {
    match kind {
        WordKind::Mark(b'(') => Some(b')'),
        WordKind::Mark(b'[') => Some(b']'),
        WordKind::Mark(b'{') => Some(b'}'),
        _ => None,
    }
}

/// The word that begins at an offset: its kind and its end.
fn word(bytes: &[u8], at: usize) -> Result<(WordKind, usize), Refusal> {
    let rest = &bytes[at..];
    let name = rest
        .iter()
        .take_while(|b| b.is_ascii_alphanumeric() || **b == b'_')
        .count();
    let quote = rest.get(name).copied().filter(|b| matches!(b, b'"' | b'\''));
    if let Some(quote) = quote {
        // `r"..."` and `b"..."`: letters before the quote belong to it.
        let prefix = &rest[..name];
        if name == 0 || (name <= 2 && prefix.iter().all(|b| b"rRbB".contains(b))) {
            let raw = prefix.iter().any(|b| b"rR".contains(b));
            return text_end(bytes, at + name, quote, raw).map(|end| (WordKind::Text, end));
        }
    }
    if rest[0].is_ascii_digit() {
        // The parser knows the exact form; a point belongs to a number where a digit follows.
        let mut end = at + name;
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            end += 1;
            end += bytes[end..].iter().take_while(|b| b.is_ascii_alphanumeric()).count();
        }
        return Ok((WordKind::Number, end));
    }
    if name > 0 {
        return Ok((WordKind::Name, at + name));
    }
    // A character outside ASCII is one word of all its bytes, so that places stay on character boundaries.
    let width = 1 + rest[1..].iter().take_while(|b| **b & 0xC0 == 0x80).count();
    Ok((WordKind::Mark(rest[0]), at + width))
}

fn text_end(bytes: &[u8], at: usize, quote: u8, raw: bool) -> Result<usize, Refusal> {
    let triple = bytes[at..].starts_with(&[quote; 3]);
    let width = if triple { 3 } else { 1 };
    let mut here = at + width;
    while here < bytes.len() {
        if bytes[here] == b'\\' && !raw {
            here += 2;
        } else if bytes[here..].starts_with(&[quote; 3][..width]) {
            return Ok(here + width);
        } else if bytes[here] == b'\n' && !triple {
            break;
        } else {
            here += 1;
        }
    }
    Err(Refusal::OpenText(at..bytes.len()))
}

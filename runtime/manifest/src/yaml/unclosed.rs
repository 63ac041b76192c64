//! Quotes and brackets that are opened and never closed: the parser reads on, and stumbles far behind them.
//!
//! Whether one is the cause is found by trying: the text is read again with it closed in its own line. Where the parser
//! then gets further than the line in which it stumbled, that was it.

use serde_saphyr::granit_parser::{self, Parser};

/// Of longer texts nothing is tried: reading them again and again takes time.
const LONGEST: usize = 128 << 10;
/// So many lines with something open are tried, those nearest to the error.
const MOST: usize = 12;

/// The place of the opening quote or bracket, and the character.
pub(super) fn cause(text: &str, error: usize) -> Option<(usize, char)> {
    if text.len() > LONGEST {
        return None;
    }
    let mut open = Vec::new();
    let mut line = 0;
    for written in text.split_inclusive('\n') {
        if line > error {
            break;
        }
        open.extend(left_open(written).map(|(at, opener)| (line, written, at, opener)));
        line += written.len();
    }
    let end = text[error..].find('\n').map_or(text.len(), |n| error + n);
    let tried = open.split_off(open.len().saturating_sub(MOST));
    let found = tried.into_iter().find(|(line, written, at, opener)| {
        closings(written, *at, *opener).any(|closing| {
            let (before, behind) = text.split_at(line + closing);
            let mended = format!("{before}{}{behind}", closer(*opener));
            first_error(&mended).is_none_or(|further| further > end + 1)
        })
    });
    found.map(|(line, _, at, opener)| (line + at, opener))
}

/// What closes a quote or a bracket.
pub(super) fn closer(opener: char) -> char {
    match opener {
        '{' => '}',
        '[' => ']',
        quote => quote,
    }
}

/// What a line opens at the beginning of a value and does not close: a quote, else the outermost bracket.
fn left_open(line: &str) -> Option<(usize, char)> {
    let (mut brackets, mut quote, mut before) = (Vec::new(), None, ' ');
    let mut value = true;
    for (at, character) in line.char_indices() {
        match (quote, character) {
            (Some((_, q)), c) if c == q && (q == '\'' || before != '\\') => quote = None,
            (Some(_), _) => {}
            (None, '#') if before == ' ' => break,
            (None, '"' | '\'') if value => quote = Some((at, character)),
            (None, '{' | '[') if value => brackets.push((at, character)),
            (None, '}' | ']') => {
                brackets.pop();
            }
            _ => {}
        }
        value = match character {
            ' ' => value,
            ':' | '-' | ',' | '{' | '[' => true,
            _ => false,
        };
        before = if before == '\\' { ' ' } else { character };
    }
    quote.or_else(|| brackets.first().copied())
}

/// Where in the line it may have been meant to be closed: at a comma, before a closing bracket, at the end.
fn closings(line: &str, at: usize, opener: char) -> impl Iterator<Item = usize> {
    let end = line.trim_end().len();
    let inner = line[at..end].char_indices();
    let quote = matches!(opener, '"' | '\'');
    let places = inner.filter(move |(_, c)| quote && matches!(c, ',' | '}' | ']'));
    let mut places: Vec<usize> = places.map(|(offset, _)| at + offset).collect();
    // Before ` }`, not between the space and the brace.
    let trimmed = places
        .iter()
        .map(|place| line[..*place].trim_end().len())
        .collect::<Vec<_>>();
    places = trimmed;
    places.push(end);
    places.into_iter().filter(move |place| *place > at)
}

/// The offset at which a text stops being YAML.
fn first_error(text: &str) -> Option<usize> {
    let options = granit_parser::options! { emit_unresolved_aliases: true };
    let mut parser = Parser::new_from_str_with_options(text, options);
    while let Some(event) = parser.next_event() {
        if let Err(error) = event {
            return Some(error.marker().byte_offset().unwrap_or(text.len()));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cause_is_what_is_never_closed() {
        let check = |text: &str, expected: Option<&str>| {
            let error = first_error(text).expect("it is no YAML");
            let found = cause(text, error).map(|(at, _)| &text[at..]);
            let expected = expected.map(|begin| &text[text.find(begin).unwrap()..]);
            assert_eq!(found, expected, "{text}");
        };
        check("a: \"x\nb: 'y'\nc: \"z\"\n", Some("\"x"));
        check("a: 'x\nb: it's\nc: { d: e }\n", Some("'x"));
        check("on: { f: \"*.xml, s: 2s }\nb: \"z\"\n", Some("\"*.xml"));
        check("a: [b, c\nd: e\n", Some("[b, c"));
        check("a: { b: c\nd: e\nf: g\n", Some("{ b"));
        // These are open over several lines, and closed.
        check("a: [b,\n  c]\nd: e: f\n", None);
        check("a: \"b\n  c\"\nd: e: f\n", None);
        check("a:\n  b: c\n d: e\n", None);
    }
}

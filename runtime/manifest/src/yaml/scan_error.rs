//! What is said where the text is not YAML: the place, in our words, and what to write.

use std::sync::Arc;

use dragoman_model::{Diagnostic, Source, Span};
use serde_saphyr::granit_parser::{ErrorKind, ScanError};

use super::scan_words::words;
use super::{columns, slips, unclosed};
use crate::codes;

/// In longer texts spaces are not looked at one by one.
const LONGEST_TRIED: usize = 1 << 20;

/// The diagnostic of an error of the parser.
pub(super) fn diagnostic(source: &Arc<Source>, error: &ScanError) -> Diagnostic {
    let at = error.marker().byte_offset().unwrap_or(0).min(source.text.len());
    if let Some(diagnostic) = odd_space(source, error.kind(), at) {
        return diagnostic;
    }
    if let Some((opened, opener)) = unclosed::cause(&source.text, at) {
        let what = if opener == '{' || opener == '[' {
            "bracket"
        } else {
            "quote"
        };
        let span = Span::new(source, opened..opened + 1);
        return Diagnostic::error(codes::NOT_YAML, span, format!("the {what} `{opener}` is never closed"))
            .help(format!("write `{}` where it ends", unclosed::closer(opener)));
    }
    if let Some(range) = flow_expression(&source.text, at) {
        if let Some((behind, name)) = slips::member_behind(&source.text[range.clone()]) {
            let span = Span::new(source, range.start + behind..range.start + behind + name.len());
            return Diagnostic::error(codes::NOT_YAML, span, "a comma is missing before this key")
                .help(format!("write `, {name}: ...`"));
        }
        let quoted = quoted(&source.text[range.clone()]);
        return Diagnostic::error(
            codes::CUT_BY_COMMA,
            Span::new(source, range),
            "YAML cuts this expression to pieces",
        )
        .mark("it stands inside braces, where commas and brackets belong to YAML")
        .help(format!("quote the text: {quoted}"));
    }
    if let Some(diagnostic) = foreign_line(source, at) {
        return diagnostic;
    }
    if let Some(diagnostic) = denied(source, at).or_else(|| by_the_line(source, error.kind(), at)) {
        return diagnostic;
    }
    let (message, help) = words(error.kind());
    let code = if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
        codes::TOO_LARGE
    } else {
        codes::NOT_YAML
    };
    let mut diagnostic = Diagnostic::error(code, Span::new(source, place(&source.text, at)), message);
    for line in help {
        diagnostic = diagnostic.help(line);
    }
    diagnostic
}

/// A line that other programs write: a mark of a merge, or a comment of another language.
fn foreign_line(source: &Arc<Source>, error: usize) -> Option<Diagnostic> {
    let text = &source.text;
    let begin = text[..error].rfind('\n').map_or(0, |end| end + 1);
    let line = text[begin..].lines().next()?;
    let content = line.trim();
    let merge = ["<<<<<<<", "=======", ">>>>>>>", "|||||||"];
    let (message, help) = if merge.iter().any(|mark| line.starts_with(mark)) {
        (
            "this line is a mark of a merge whose conflict nobody has resolved",
            "keep one of the two sides, and take the lines with `<<<<<<<`, `=======` and `>>>>>>>` away",
        )
    } else if content.starts_with("//") || content.starts_with("/*") || content.starts_with("-- ") {
        ("this is no comment here", "a comment begins with `#`: write `# ...`")
    } else {
        return None;
    };
    let start = begin + line.len() - line.trim_start().len();
    let span = Span::new(source, start..start + content.len());
    Some(Diagnostic::error(codes::NOT_YAML, span, message).help(help))
}

/// A line that is indented with something that is no space: a tab where the parser stumbled, or a space that only looks
/// like one, anywhere before.
fn odd_space(source: &Arc<Source>, kind: &ErrorKind, error: usize) -> Option<Diagnostic> {
    let odd = |c: char| c.is_whitespace() && !c.is_ascii();
    let text = &source.text;
    let mut line = 0;
    for written in text.split_inclusive('\n').take_while(|_| text.len() <= LONGEST_TRIED) {
        if line > error {
            break;
        }
        let indent = &written[..written.len() - written.trim_start().len()];
        if let Some((at, space)) = indent.char_indices().find(|(_, c)| odd(*c)) {
            let span = Span::new(source, line + at..line + at + space.len_utf8());
            let message = format!("this is no space: it is the character U+{:04X}", u32::from(space));
            return Some(Diagnostic::error(codes::NOT_YAML, span, message).help("indent with spaces"));
        }
        line += written.len();
    }
    let tab = indenting_tab(text, kind, error)?;
    let (message, help) = words(&ErrorKind::TabInIndentation);
    let diagnostic = Diagnostic::error(codes::NOT_YAML, Span::new(source, tab..tab + 1), message);
    Some(help.into_iter().fold(diagnostic, Diagnostic::help))
}

/// Where the parser stumbled over a tab, or in a line that is indented with one: the first such tab from there.
fn indenting_tab(text: &str, kind: &ErrorKind, error: usize) -> Option<usize> {
    use ErrorKind as K;
    let tab = matches!(
        kind,
        K::TabNotAllowed
            | K::TabInBlockIndentation
            | K::TabInIndentation
            | K::TabAtBlockScalarStart
            | K::TabInPlainScalar
    );
    let mut line = text.get(..error)?.rfind('\n').map_or(0, |n| n + 1);
    for written in text[line..].split_inclusive('\n') {
        let indent = written.len() - written.trim_start_matches([' ', '\t']).len();
        if let Some(at) = written[..indent].find('\t') {
            return Some(line + at);
        }
        if !tab {
            return None;
        }
        line += written.len();
    }
    None
}

/// What the line itself shows better than the parser's place.
fn by_the_line(source: &Arc<Source>, kind: &ErrorKind, error: usize) -> Option<Diagnostic> {
    use ErrorKind as K;
    let text = &source.text;
    let mut at = error;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let before = &text[line..at];
    match kind {
        K::UnknownQuotedScalarEscape => {
            let (escape, width) = unknown_escape(&text[at..])?;
            let span = Span::new(source, at + escape..at + escape + width);
            let (message, help) = words(kind);
            let diagnostic = Diagnostic::error(codes::NOT_YAML, span, message);
            Some(help.into_iter().fold(diagnostic, Diagnostic::help))
        }
        K::UnknownAnchor | K::MissingAnchorOrAliasName => columns::no_dash(source, line),
        K::ExpectedDocumentStart => columns::misplaced(source, line),
        K::ExpectedBlockMappingKey
        | K::ExpectedBlockSequenceEntry
        | K::BlockSequenceEntryNotAllowed
        | K::MappingKeyNotAllowed
        | K::SimpleKeyExpected
        | K::InvalidSimpleKey
        | K::InvalidIndentation => misplaced(source, line),
        K::ExpectedFlowMappingSeparator
        | K::ExpectedFlowSequenceSeparator
        | K::UnexpectedEofFlowMapping
        | K::UnexpectedEofFlowSequence => {
            if let Some(diagnostic) = joined_members(source, line, at) {
                return Some(diagnostic);
            }
            let (open, bracket) = open_bracket(&text[..at]).filter(|(open, _)| *open < line || at == text.len())?;
            let message = format!("`{bracket}` is never closed");
            let close = if bracket == '{' { '}' } else { ']' };
            let span = Span::new(source, open..open + 1);
            Some(Diagnostic::error(codes::NOT_YAML, span, message).help(format!("write `{close}` where it ends")))
        }
        K::MappingValueNotAllowed | K::InvalidTrailingDoubleQuotedScalar | K::InvalidTrailingSingleQuotedScalar => {
            let quoted_from = before.rfind(": \"").or_else(|| before.rfind(": '"));
            let trailing = !matches!(kind, K::MappingValueNotAllowed);
            let colon = quoted_from.filter(|_| trailing).or_else(|| before.find(": "));
            let key = colon.map(|colon| colon + 2);
            let Some(value) = key else {
                return columns::misplaced(source, line).or_else(|| Some(not_a_neighbour(source, line, before, at)));
            };
            Some(no_one_text(source, line, before, value, trailing))
        }
        _ => None,
    }
}

/// An expression that begins with `!` and is in no quotes: to YAML that is a tag, whatever it stumbles over behind it.
fn denied(source: &Arc<Source>, error: usize) -> Option<Diagnostic> {
    let text = &source.text;
    let begin = text.get(..error)?.rfind('\n').map_or(0, |end| end + 1);
    let line = text[begin..].lines().next()?;
    let (key, value) = line.split_once(": ")?;
    let expression = value.trim();
    let is_key = key
        .trim_start()
        .trim_start_matches("- ")
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b == b'_');
    let denies =
        expression.starts_with('!') && expression[1..].starts_with(|c: char| c.is_ascii_lowercase() || c == '(');
    if !is_key || !denies || expression.contains(" #") {
        return None;
    }
    let start = begin + key.len() + 2 + value.len() - value.trim_start().len();
    let span = Span::new(source, start..start + expression.len());
    let message = "`!` at the beginning is a tag of YAML, which is not taken";
    let quoted = expression.replace('\'', "''");
    Some(Diagnostic::error(codes::NOT_YAML, span, message).help(format!("quote the text: `'{quoted}'`")))
}

/// `{ a: one b: 2 }`: inside of braces a second colon stands in what is one text to YAML. Most likely a comma is missing
/// before the key; where the word before the colon is no key, the text has a colon of its own.
fn joined_members(source: &Arc<Source>, line: usize, at: usize) -> Option<Diagnostic> {
    let text = &source.text;
    let (before, behind) = (text[line..at].trim_end_matches(':'), text[at..].trim_start_matches(':'));
    let begin = before.rfind([',', '{']).map_or(0, |at| at + 1);
    let (first, value) = before[begin..].split_once(": ")?;
    let at_value = line + begin + first.len() + 2 + value.len() - value.trim_start().len();
    let value = value.trim();
    if !behind.starts_with(' ') || value.is_empty() || value.contains(['"', '\'']) || !slips::is_name(first.trim()) {
        return None;
    }
    let (other, name) = value.rsplit_once(' ')?;
    if slips::is_name(name) && crate::keys::is_key(name) {
        let start = at_value + value.len() - name.len();
        let span = Span::new(source, start..start + name.len());
        let help = match other.trim_end().ends_with(';') {
            true => format!("a comma stands between two keys: write `, {name}: ...` in place of the semicolon"),
            false => format!("write `, {name}: ...`"),
        };
        return Some(Diagnostic::error(codes::NOT_YAML, span, "a comma is missing before this key").help(help));
    }
    let end = behind.find([',', '}', '\n']).unwrap_or(behind.len());
    let whole = text[at_value..at + (text.len() - at - behind.len()) + end].trim();
    let span = Span::new(source, at_value..at_value + whole.len());
    let message = "YAML does not read this as one text: it has a colon";
    Some(Diagnostic::error(codes::NOT_YAML, span, message).help(format!(
        "quote the text: `{}: {}`",
        first.trim(),
        quoted(whole)
    )))
}

/// A value that YAML does not read as one text: it has a colon, or goes on behind its closing quote. `value`: where it begins
/// behind the beginning of the line.
fn no_one_text(source: &Arc<Source>, line: usize, before: &str, value: usize, trailing: bool) -> Diagnostic {
    let text = &source.text;
    let end = text[line..].find('\n').map_or(text.len(), |n| line + n);
    let inside_braces = before[..value].contains('{');
    let key = before[..value]
        .trim_end_matches([' ', ':'])
        .trim_start()
        .trim_start_matches("- ");
    let key = key
        .rsplit([' ', '{', ','])
        .next()
        .unwrap_or("")
        .trim_matches(['"', '\'']);
    let value = line + value;
    let behind = text[value..end].trim_start();
    let last_quote = text[value..end].rfind(['"', '\'']).map(|quote| value + quote + 1);
    let end = last_quote.filter(|_| inside_braces && trailing).unwrap_or(end);
    let whole = text[value..end].trim();
    let value = value + text[value..end].len() - text[value..end].trim_start().len();
    let span = Span::new(source, value..value + whole.len());
    if let Some((end, next)) = slips::next_member(behind).filter(|_| inside_braces && trailing) {
        let span = Span::new(source, value + end..value + end + next.len());
        return Diagnostic::error(codes::NOT_YAML, span, "a comma is missing before this key")
            .help(format!("write `, {next}: ...`"));
    }
    let diagnostic = Diagnostic::error(codes::NOT_YAML, span, "YAML does not read this as one text");
    if slips::is_members(whole) && !inside_braces {
        return diagnostic.help(format!(
            "several keys in one line stand in braces: `{key}: {{ {whole} }}`"
        ));
    }
    let diagnostic = diagnostic.help(format!("quote the text: `{key}: {}`", requoted(whole)));
    // `"number " + x`, which is an expression and none of the texts that YAML knows.
    match whole.starts_with(['"', '\'']) && whole.contains(" + ") {
        true => diagnostic
            .help("where a value is to be computed, a `=` stands before it, inside of the quotes: `'=\"a \" + b'`"),
        false => diagnostic,
    }
}

/// Where in a text in double quotes the first escape stands that YAML does not know, and how long it is.
fn unknown_escape(text: &str) -> Option<(usize, usize)> {
    let mut characters = text.char_indices().take_while(|(at, c)| *at == 0 || *c != '"');
    while let Some((at, character)) = characters.next() {
        if character != '\\' {
            continue;
        }
        let (_, escaped) = characters.next()?;
        if !"0abtnvfre \"/\\N_LPxuU\t\n\r".contains(escaped) {
            return Some((at, 1 + escaped.len_utf8()));
        }
    }
    None
}

/// A key that does not begin where its neighbours do, where nothing more is known of these.
fn not_a_neighbour(source: &Arc<Source>, line: usize, before: &str, at: usize) -> Diagnostic {
    let start = line + before.len() - before.trim_start().len();
    let message = "this key does not begin where its neighbours do";
    Diagnostic::error(codes::NOT_YAML, Span::new(source, start..at.max(start)), message)
        .help("keys of one mapping begin in the same column; what belongs to a key stands further to the right")
}

/// A text that has its own quotes, in which one stands that ends it too early; else any text, in quotes.
fn requoted(whole: &str) -> String {
    let inner = |quote: char| {
        whole
            .strip_prefix(quote)?
            .strip_suffix(quote)
            .filter(|inner| inner.contains(quote))
    };
    if let Some(inner) = inner('\'') {
        return format!("'{}'", inner.replace("''", "'").replace('\'', "''"));
    }
    match inner('"') {
        Some(inner) if !inner.contains('\'') => format!("'{}'", inner.replace("\\\"", "\"")),
        Some(inner) => format!("\"{}\"", inner.replace("\\\"", "\"").replace('"', "\\\"")),
        None => quoted(whole),
    }
}

/// A line that stands in the wrong column: an item of a list, or a text behind `|` or `>` that is not indented.
fn misplaced(source: &Arc<Source>, line: usize) -> Option<Diagnostic> {
    let text = &source.text;
    let written = text[line..].lines().next().unwrap_or_default();
    let indent = written.len() - written.trim_start().len();
    let (start, content) = (line + indent, written.trim_start());
    if let Some(diagnostic) = without_a_space(source, start, content) {
        return Some(diagnostic);
    }
    if let Some(diagnostic) = columns::misplaced(source, line) {
        return Some(diagnostic);
    }
    // The nearest line above that is not deeper: where a text begins behind it, this line is meant as a part of that.
    let above = text[..line].lines().rev().find(|above| {
        let depth = above.len() - above.trim_start().len();
        !above.trim().is_empty() && depth <= indent
    });
    if !above.is_some_and(|above| slips::begins_a_text(above.trim())) {
        return None;
    }
    let span = Span::new(source, start..start + content.len());
    let message = "this text stands behind `|` or `>` above, and is not indented";
    Some(Diagnostic::error(codes::NOT_YAML, span, message).help("indent it further than its key"))
}

/// A key with its value right behind the colon, or the first item of a list right behind its key.
fn without_a_space(source: &Arc<Source>, start: usize, content: &str) -> Option<Diagnostic> {
    let (key, value) = content.split_once(':')?;
    let name = key.trim_start_matches("- ");
    if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
        return None;
    }
    let colon = start + key.len();
    let diagnostic = |range, message| Diagnostic::error(codes::NOT_YAML, Span::new(source, range), message);
    if value.trim_start().starts_with("- ") {
        let dash = colon + 1 + value.len() - value.trim_start().len();
        let begun = diagnostic(dash..dash + 1, "a list begins behind its key");
        return Some(begun.help(format!("begin the list on a line of its own, below `{name}:`")));
    }
    let plain = value.starts_with(|c: char| c.is_alphanumeric());
    plain.then(|| {
        diagnostic(start..start + content.len(), "a space is missing behind the colon")
            .help(format!("write `{name}: {value}`"))
    })
}

/// The last bracket that is open at the end of a text; quoted texts are passed over.
fn open_bracket(text: &str) -> Option<(usize, char)> {
    let (mut open, mut quote, mut before) = (Vec::new(), None, ' ');
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), '\n') => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if " [{,:".contains(before) => quote = Some(character),
            (None, '{' | '[') => open.push((at, character)),
            (None, '}' | ']') => {
                open.pop();
            }
            _ => {}
        }
        before = character;
    }
    // The outermost one of the last line that has any: what is inside it was swallowed.
    open.first().copied()
}

/// The text as YAML in quotes.
pub(super) fn quoted(text: &str) -> String {
    if text.contains('\'') {
        format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
    } else {
        format!("'{text}'")
    }
}

/// The expression without quotes in which the parser stumbled, where it stands inside braces on the same line.
fn flow_expression(text: &str, error: usize) -> Option<std::ops::Range<usize>> {
    let mut at = error;
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    let line = text[..at].rfind('\n').map_or(0, |n| n + 1);
    let starts = text[line..at]
        .match_indices('=')
        .map(|(from, _)| line + from)
        .filter(|from| {
            let before = text[line..*from].trim_end_matches(' ');
            let after_indicator =
                before.ends_with([',', '[', '{']) || before.len() < *from - line && before.ends_with(':');
            after_indicator && before.contains(['{', '['])
        });
    starts
        .map(|from| from..from + expression_length(&text[from..]))
        .rfind(|range| range.end >= at)
}

/// How long an expression goes on: to a comma or a closing bracket that is not its own, or to the end of the line.
pub(super) fn expression_length(text: &str) -> usize {
    let (mut depth, mut quote) = (0_i32, None);
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (_, '\n' | '\r') => return at,
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}' | ',') if depth == 0 => return text[..at].trim_end().len(),
            (None, ')' | ']' | '}') => depth -= 1,
            _ => {}
        }
    }
    text.len()
}

/// One character at the place, or the last one where the text ends there.
fn place(text: &str, at: usize) -> std::ops::Range<usize> {
    let mut start = at;
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    match text[start..].chars().next() {
        Some(c) if c != '\n' && c != '\r' => start..start + c.len_utf8(),
        _ => start..start,
    }
}

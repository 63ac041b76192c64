//! What is wrong with an expression, in words for people; and why a text is none.

use std::ops::Range;

use dragoman_model::{Code, Diagnostic};

use crate::environment::Written;
use crate::scan::{Refusal, WordKind, Words};
use crate::{codes, habits};

/// Something that is wrong, at its place in the text of the expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    /// What was expected, what to write: a sentence each.
    pub(crate) help: Vec<String>,
    /// Where a value does not fit: others that are near it, to be tried in its place.
    pub(crate) others: Option<Others>,
    /// The whole expression without it, where that is known.
    pub(crate) mended: Option<String>,
}

/// Values that may stand in the place of one that does not fit.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Others {
    /// What they stand in place of.
    pub(crate) place: Range<usize>,
    /// What it was taken from, or what was made of it: each is meant by itself.
    pub(crate) parts: Vec<String>,
    /// What stands beside it and inside of it, by its name.
    pub(crate) beside: Vec<(String, String)>,
    /// What has the shape that is asked for and is somewhere else.
    pub(crate) elsewhere: Vec<String>,
    /// The name that was written.
    pub(crate) name: String,
}

impl Problem {
    pub(crate) fn new(code: Code, range: Range<usize>, message: impl Into<String>) -> Self {
        Problem {
            code,
            range,
            message: message.into(),
            help: Vec::new(),
            others: None,
            mended: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Says what the whole expression is without it.
    fn whole(mut self, mended: String) -> Self {
        self.mended = Some(mended);
        self
    }

    /// The same for who wrote the expression.
    pub(crate) fn told(self, written: &Written<'_>) -> Diagnostic {
        let told = Diagnostic::error(self.code, written.part(&self.range), self.message);
        let told = self.help.into_iter().fold(told, Diagnostic::help);
        match self.mended.and_then(|mended| (written.quoted)(&mended)) {
            Some(quoted) => told.help(format!("without quotes YAML would read it otherwise: write `{quoted}`")),
            None => told,
        }
    }
}

pub(crate) fn refused(refusal: Refusal) -> Problem {
    match refusal {
        Refusal::TooDeep(range) => Problem::new(codes::NESTED, range, "brackets are nested too deeply")
            .help("give a part of it a name with a step `set`"),
        Refusal::TooManyWords(range) => Problem::new(codes::TOO_LONG, range, "the expression has too many words")
            .help("give a part of it a name with a step `set`"),
        Refusal::OpenText(range) => {
            Problem::new(codes::SYNTAX, range, "the text has no closing quote").help("write the closing quote")
        }
        Refusal::Bracket(range) => {
            Problem::new(codes::SYNTAX, range, "the bracket has no partner").help("write its partner, or take it away")
        }
    }
}

/// The first of the parser's complaints, in words for people.
pub(crate) fn unreadable(text: &str, words: &Words, errors: &cel::ParseErrors) -> Problem {
    let Some(error) = errors.errors.first() else {
        return Problem::new(codes::SYNTAX, 0..text.len(), "the expression cannot be read")
            .help("write, for example, `trigger.message.number == \"1\"`");
    };
    if let Some(problem) = habits::foreign(text, words) {
        return problem;
    }
    let at = offset(text, error.pos);
    let range = match words.0.iter().find(|word| word.range.contains(&at)) {
        Some(word) => word.range.clone(),
        None => at..text[at..].chars().next().map_or(at, |c| at + c.len_utf8()),
    };
    let there = &text[range.clone()];
    if there.is_empty() {
        return Problem::new(codes::SYNTAX, range, "the expression ends too early")
            .help("write the rest of it: something is missing behind the last word");
    }
    if let Some(name) = error.msg.strip_prefix("reserved identifier: ") {
        return Problem::new(
            codes::SYNTAX,
            range,
            format!("`{name}` is a reserved word and cannot be a name"),
        )
        .help("write another name; a text stands in quotes");
    }
    if error.msg.starts_with("invalid ") {
        return Problem::new(
            codes::INVALID_LITERAL,
            range,
            format!("`{there}` cannot be read: {}", error.msg),
        )
        .help("write a whole number, a decimal such as `1.50`, or a text in quotes");
    }
    if let Some(problem) = habit(text, words, &range) {
        return problem;
    }
    if there.contains('_') && there.starts_with(|c: char| c.is_ascii_digit()) {
        let number = there.replace('_', "");
        let message = format!("`{there}` is no number: its digits stand side by side");
        return Problem::new(codes::SYNTAX, range, message).help(format!("write `{number}`"));
    }
    let comma = lacks_comma(words, &range);
    let problem = Problem::new(codes::SYNTAX, range, format!("`{there}` is not expected here"));
    match there {
        "not" => problem.help("write `!`"),
        "`" if text.contains("${") => problem.help("put a text together with `+`: `\"number \" + x`"),
        "`" => problem.help("write `x[\"name\"]` for a field whose name is not a word"),
        "{" | "$" | "#" => problem.help("the whole text is the expression: write it without delimiters"),
        _ if comma => problem.help(format!(
            "write a comma before it: `, {there}`; or an operator, such as `==` or `+`"
        )),
        _ => half_choice(text, words).unwrap_or_else(|| {
            problem.help("between two values stands an operator, such as `==`, `&&` or `+`; a text stands in quotes")
        }),
    }
}

/// What is written so in other languages, or by a text editor.
fn habit(text: &str, words: &Words, range: &Range<usize>) -> Option<Problem> {
    let word = |at: usize| words.0.get(at).map(|word| &text[word.range.clone()]);
    let there = &text[range.clone()];
    if there.starts_with(TYPOGRAPHIC) {
        return Some(typographic(text, range));
    }
    let before = words.at(range.start)?.checked_sub(1)?;
    let arrow = match there {
        "=" if text[range.end..].starts_with('>') => range.start..range.end + 1,
        ">" if word(before) == Some("-") => words.0[before].range.start..range.end,
        _ if word(before) == Some("not") => {
            let denied = words.0[before].range.clone();
            let rest = text[denied.end..].trim();
            let problem = Problem::new(codes::SYNTAX, denied, "`not` is no operator here");
            let alone = rest
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
            let opposite = if alone {
                format!("!{rest}")
            } else {
                format!("!({rest})")
            };
            return Some(match before {
                0 => problem.help(format!("write `{opposite}`")).whole(opposite),
                _ => problem.help("write `!` in place of it"),
            });
        }
        _ => return None,
    };
    // `list.map(x => ...)`: the words before the arrow are the function, its bracket and the name.
    let name = words.at(arrow.start)?.checked_sub(1)?;
    let call = name
        .checked_sub(2)
        .and_then(word)
        .filter(|_| word(name - 1) == Some("("));
    let help = match (call, word(name)) {
        (Some(function), Some(name)) => {
            format!("a comma stands between the name and what is said of it: `{function}({name}, ...)`")
        }
        _ => "greater or equal is written `>=`; in `list.map(x, ...)` a comma stands behind the name".into(),
    };
    let message = format!("`{}` is no operator here", &text[arrow.clone()]);
    Some(Problem::new(codes::SYNTAX, arrow, message).help(help))
}

/// Quotes as they are printed.
const TYPOGRAPHIC: [char; 9] = ['“', '”', '„', '‟', '‘', '’', '‚', '«', '»'];

/// A text between quotes as they are printed: all of it, where the other one is there.
fn typographic(text: &str, range: &Range<usize>) -> Problem {
    let quote = &text[range.clone()];
    let message = format!("`{quote}` is a typographic quote");
    let inner = text[range.end..]
        .find(TYPOGRAPHIC)
        .map(|length| &text[range.end..range.end + length]);
    let Some(inner) = inner.filter(|inner| !inner.contains(['"', '\''])) else {
        return Problem::new(codes::SYNTAX, range.clone(), message).help("write a plain one: `\"` or `'`");
    };
    let closing = range.end + inner.len();
    let end = closing + text[closing..].chars().next().map_or(0, char::len_utf8);
    Problem::new(codes::SYNTAX, range.start..end, message).help(format!("write plain ones: `\"{inner}\"`"))
}

/// `condition ? one` without `: other`. The parser stumbles over it where the condition begins, which says nothing.
fn half_choice(text: &str, words: &Words) -> Option<Problem> {
    // So many are asked and not answered, in each bracket that is open.
    let mut open: Vec<usize> = vec![0];
    let mut missing = None;
    for word in &words.0 {
        match word.kind {
            WordKind::Mark(b'?') => *open.last_mut()? += 1,
            WordKind::Mark(b':') => {
                let asked = open.last_mut()?;
                *asked = asked.saturating_sub(1);
            }
            WordKind::Mark(b'(' | b'[' | b'{') => open.push(0),
            WordKind::Mark(b')' | b']' | b'}') => {
                missing = missing.or((open.pop()? > 0).then_some(word.range.start));
            }
            WordKind::Mark(b',') => {
                let asked = std::mem::take(open.last_mut()?);
                missing = missing.or((asked > 0).then_some(word.range.start));
            }
            _ => {}
        }
    }
    let at = missing.or((open.pop()? > 0).then(|| text.trim_end().len()))?;
    let message = "the other side of `?` is missing";
    Some(
        Problem::new(codes::SYNTAX, at..at, message)
            .help("write `: ` and what holds otherwise: `condition ? one : other`"),
    )
}

/// Whether two values stand side by side inside a call or a list, where most likely a comma is missing.
fn lacks_comma(words: &Words, range: &Range<usize>) -> bool {
    let Some((here, before)) = words
        .at(range.start)
        .and_then(|here| Some((here, here.checked_sub(1)?)))
    else {
        return false;
    };
    let inside = words.0[..here]
        .iter()
        .any(|word| matches!(word.kind, WordKind::Mark(b'(' | b'[')) && word.partner.is_some_and(|end| end > here));
    let begins = matches!(words.0[here].kind, WordKind::Name | WordKind::Number | WordKind::Text);
    let ends = matches!(
        words.0[before].kind,
        WordKind::Name | WordKind::Number | WordKind::Text | WordKind::Mark(b')' | b']' | b'}')
    );
    inside && begins && ends
}

/// The byte offset of a line and a column, both from 1, columns in characters.
fn offset(text: &str, (line, column): (isize, isize)) -> usize {
    let (line, column) = (
        usize::try_from(line).unwrap_or(1).max(1),
        usize::try_from(column).unwrap_or(1).max(1),
    );
    let start: usize = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let width: usize = text[start..].chars().take(column - 1).map(char::len_utf8).sum();
    start + width
}

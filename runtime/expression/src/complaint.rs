//! Why a text is not an expression, in words for people.

use std::ops::Range;

use dragoman_model::Code;

use crate::codes;
use crate::scan::{Refusal, Words};

/// Why a text is not an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) code: Code,
    pub(crate) range: Range<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Problem {
    pub(crate) fn new(code: Code, range: Range<usize>, message: impl Into<String>) -> Self {
        Problem {
            code,
            range,
            message: message.into(),
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
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
    let problem = Problem::new(codes::SYNTAX, range, format!("`{there}` is not expected here"));
    match there {
        "=" => problem.help("to compare, write `==`"),
        "&" | "|" => problem.help("write `&&` for and, `||` for or"),
        "and" | "AND" => problem.help("write `&&`"),
        "or" | "OR" => problem.help("write `||`"),
        "not" => problem.help("write `!`"),
        "`" => problem.help("write `x[\"name\"]` for a field whose name is not a word"),
        "{" | "$" | "#" => problem.help("the whole text is the expression: write it without delimiters"),
        _ => problem.help("between two values stands an operator, such as `==`, `&&` or `+`; a text stands in quotes"),
    }
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

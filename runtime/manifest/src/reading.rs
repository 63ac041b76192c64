//! Reading values of a kind out of nodes; what does not fit becomes a diagnostic with what was found and expected.

use dragoman_model::{Diagnostic, Span, nearest};
use serde_json::Value;

use crate::letters::bare_letter;
use crate::measure::{self, Backoff, Rate};
use crate::yaml::{Node, NodeKind, Scalar, Style, resolve, shorten};
use crate::{Spanned, codes, nearly};

/// A name has at most so many characters.
const LONGEST_NAME: usize = 64;

/// What a name is made of, as a sentence. `further`: the characters beside letters and digits.
fn made_of(further: &str, capitals: bool, too_long: bool) -> String {
    let letter = if capitals { "letter" } else { "small letter" };
    let mut parts = vec![format!("{letter}s"), "digits".to_owned()];
    parts.extend(further.chars().map(|c| format!("`{c}`")));
    let last = parts.pop().unwrap_or_default();
    let most = if too_long {
        format!(", and at most {LONGEST_NAME} characters")
    } else {
        String::new()
    };
    format!(
        "a name begins with a {letter} and has {} and {last}{most}",
        parts.join(", ")
    )
}

/// The name that was most likely meant: without the brackets of a call, in the letters that a name has, its words apart.
fn meant_name(
    said: &str,
    fits: &dyn Fn(char) -> bool,
    is_letter: &dyn Fn(char) -> bool,
    capitals: bool,
    apart: bool,
) -> String {
    let said = said
        .split(['(', '[', '{'])
        .next()
        .filter(|name| !name.is_empty())
        .unwrap_or(said);
    // The name of a file is its name without what says what kind of file it is.
    let said = said
        .strip_suffix(".yaml")
        .or_else(|| said.strip_suffix(".yml"))
        .unwrap_or(said);
    let plain_letters: String = said.chars().map(bare_letter).collect();
    let mut own = String::new();
    for character in plain_letters.trim().chars() {
        // `shipOrder` is two words, and `DHL` is one.
        let new_word = character.is_uppercase() && own.ends_with(|c: char| c.is_lowercase() || c.is_ascii_digit());
        if new_word && apart && !capitals {
            own.push('_');
        }
        match capitals {
            true => own.push(character),
            false => own.extend(character.to_lowercase()),
        }
        // Behind the first letter of a word of small ones nothing tells a capital from a small letter any more.
        if new_word && !apart && !capitals && fits('-') {
            let last = own.pop();
            own.push('-');
            own.extend(last);
        }
    }
    let right: String = own
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .take(LONGEST_NAME)
        .collect();
    right.trim_start_matches(|c: char| !is_letter(c)).to_owned()
}

/// The name that was most likely meant, of small letters, digits and `_`.
pub(crate) fn likely_name(said: &str) -> String {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    meant_name(said, &fits, &|c| c.is_ascii_lowercase(), false, true)
}

/// Collects diagnostics while a tree is read.
#[derive(Default)]
pub(crate) struct Reading {
    /// In the order in which they were found.
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// Keys that stand beside the mapping that is read next and belong into it, which was reported.
    pub(crate) beside: Vec<String>,
    /// Keys that stand too deep, which was reported: they are not said to be missing further out.
    pub(crate) lost: Vec<String>,
    /// The word whose mapping is read next.
    pub(crate) under: Option<Span>,
    /// Whether a step of the pipeline replies.
    pub(crate) replies: bool,
}

impl Reading {
    /// One that goes on where others found something already.
    pub(crate) fn after(diagnostics: Vec<Diagnostic>) -> Self {
        Reading {
            diagnostics,
            ..Reading::default()
        }
    }

    /// Adds a diagnostic.
    pub(crate) fn push(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Reports that a node is of another kind than its place takes. What was refused before is not reported again.
    pub(crate) fn wrong_type(&mut self, node: &Node, expected: &str, help: &str) {
        if matches!(node.kind, NodeKind::Refused) {
            return;
        }
        let message = format!("found {}, expected {expected}", node.describe());
        self.push(Diagnostic::error(codes::WRONG_TYPE, first_line(node), message).help(help));
    }

    /// Reports a key that must be there and is not.
    pub(crate) fn missing(&mut self, at: Span, what: &str, key: &str, example: &str) {
        self.push(
            Diagnostic::error(codes::MISSING_KEY, at, format!("{what} needs the key `{key}`"))
                .help(format!("write `{key}: {example}`")),
        );
    }

    /// Text that is not empty.
    pub(crate) fn text(&mut self, node: &Node, example: &str) -> Option<Spanned<String>> {
        match &node.kind {
            NodeKind::Scalar(scalar) if !node.is_null() => {
                if scalar.text.contains("{{") {
                    self.foreign_delimiters(node, scalar);
                    return None;
                }
                if scalar.text.is_empty() {
                    let diagnostic = Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), "an empty text");
                    self.push(diagnostic.help(format!("write, for example, `{example}`")));
                    return None;
                }
                Some(Spanned::new(scalar.text.clone(), node.span.clone()))
            }
            _ => {
                self.wrong_type(node, "text", &format!("write, for example, `{example}`"));
                None
            }
        }
    }

    /// A name: small letters, digits, and the further characters given; it begins with a letter.
    pub(crate) fn name(&mut self, node: &Node, further: &str, example: &str) -> Option<Spanned<String>> {
        let name = self.text(node, example)?;
        self.check_name(&name, further).then_some(name)
    }

    /// Whether a text is a name; reports where it is not.
    pub(crate) fn check_name(&mut self, name: &Spanned<String>, further: &str) -> bool {
        self.check_name_with(name, further, false)
    }

    /// The same, where names may have capitals too.
    pub(crate) fn check_name_with(&mut self, name: &Spanned<String>, further: &str, capitals: bool) -> bool {
        let is_letter = |c: char| c.is_ascii_lowercase() || capitals && c.is_ascii_uppercase();
        let fits = |c: char| is_letter(c) || c.is_ascii_digit() || further.contains(c);
        let good = name.starts_with(is_letter) && name.chars().all(fits) && name.len() <= LONGEST_NAME;
        if !good {
            let right = meant_name(name, &fits, &is_letter, capitals, further.contains('_'));
            let message = format!("`{}` cannot be a name here", shorten(name));
            let mut diagnostic = Diagnostic::error(codes::BAD_NAME, name.span.clone(), message).help(made_of(
                further,
                capitals,
                name.len() > LONGEST_NAME,
            ));
            if !right.is_empty() {
                diagnostic = diagnostic.help(format!("write `{right}`"));
            }
            self.push(diagnostic);
        }
        good
    }

    /// `true` or `false`.
    pub(crate) fn flag(&mut self, node: &Node) -> Option<Spanned<bool>> {
        let value = plain(node).map(resolve);
        if let Some(Value::Bool(flag)) = value {
            return Some(Spanned::new(flag, node.span.clone()));
        }
        let help = match written(node).and_then(nearly::truth) {
            Some(truth) => format!("write `{truth}`, without quotes"),
            None => "write `true` or `false`, without quotes".to_owned(),
        };
        self.wrong_type(node, "`true` or `false`", &help);
        None
    }

    /// A whole number between two bounds.
    pub(crate) fn whole(&mut self, node: &Node, least: u64, most: u64) -> Option<Spanned<u64>> {
        match plain(node).map(resolve) {
            Some(Value::Number(number)) if number.is_u64() || number.is_i64() => {
                let value = number.as_u64().unwrap_or(0);
                if (least..=most).contains(&value) && number.as_u64().is_some() {
                    return Some(Spanned::new(value, node.span.clone()));
                }
                let message = format!("{number} is not between {least} and {most}");
                let diagnostic = Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message);
                self.push(diagnostic.help(format!("write a whole number from {least} to {most}")));
                None
            }
            _ => {
                let meant = written(node).and_then(nearly::whole);
                let help = match meant.filter(|number| (least..=most).contains(number)) {
                    Some(number) => {
                        format!("write `{number}`, without quotes: it is a whole number from {least} to {most}")
                    }
                    None => format!("write a whole number from {least} to {most}"),
                };
                self.wrong_type(node, "a whole number", &help);
                None
            }
        }
    }

    /// A duration, in milliseconds.
    pub(crate) fn duration(&mut self, node: &Node) -> Option<Spanned<u64>> {
        let help = "a duration is written `500ms`, `2s`, `15m`, `12h`, `10d` or `1h30m`";
        self.measured(node, "a duration", help, measure::duration)
    }

    /// A duration in milliseconds that is a bound: with no time at all nothing could be done in it.
    pub(crate) fn some_time(&mut self, node: &Node, example: &str) -> Option<Spanned<u64>> {
        let time = self.duration(node)?;
        if time.value > 0 {
            return Some(time);
        }
        let message = "no time at all: nothing can be done in it";
        let help = format!("write a duration of at least `1ms`, for example `{example}`, or leave the key out");
        self.push(Diagnostic::error(codes::MEASURE, time.span, message).help(help));
        None
    }

    /// A size, in bytes.
    pub(crate) fn size(&mut self, node: &Node) -> Option<Spanned<u64>> {
        self.measured(
            node,
            "a size",
            "a size is written `64KiB`, `20MiB` or `1GiB`",
            measure::size,
        )
    }

    /// So many in a time.
    pub(crate) fn rate(&mut self, node: &Node) -> Option<Spanned<Rate>> {
        self.measured(
            node,
            "a rate",
            "a rate is written `100/1m`: so many in a time",
            measure::rate,
        )
    }

    /// The pauses between attempts.
    pub(crate) fn backoff(&mut self, node: &Node) -> Option<Spanned<Backoff>> {
        let help =
            "write, for example, `1s..15m x2 jitter`: the first pause, the longest, the growth, spread by chance";
        self.measured(node, "the pauses between attempts", help, measure::backoff)
    }

    fn measured<T>(&mut self, node: &Node, what: &str, help: &str, read: fn(&str) -> Option<T>) -> Option<Spanned<T>> {
        let NodeKind::Scalar(scalar) = &node.kind else {
            self.wrong_type(node, what, help);
            return None;
        };
        if let Some(value) = read(scalar.text.trim()) {
            return Some(Spanned::new(value, node.span.clone()));
        }
        let message = format!("found {}, expected {what}", node.describe());
        let mut diagnostic = Diagnostic::error(codes::MEASURE, node.span.clone(), message);
        let unit = measure::without_unit(scalar.text.trim()).filter(|_| what == "a duration");
        if let Some(unit) = unit {
            diagnostic = diagnostic.help(unit);
        } else if let Some(meant) = measure::meant(scalar.text.trim()).filter(|meant| read(meant).is_some()) {
            diagnostic = diagnostic.help(format!("write `{meant}`"));
        }
        let text = scalar.text.trim();
        if text.starts_with('=') {
            diagnostic = diagnostic.help(format!("{what} is written as it is, and is never computed"));
        }
        if what == "a size" {
            let meant = nearly::size(text).map(|size| format!("write `{size}`"));
            let alone = text.parse::<u64>().ok();
            let alone = alone
                .map(|number| format!("a number alone has no unit: write `{number}MiB`, `{number}KiB` or `{number}B`"));
            diagnostic = meant.or(alone).into_iter().fold(diagnostic, Diagnostic::help);
        }
        if what == "a rate"
            && let Ok(number) = text.parse::<u64>()
        {
            let alone = format!("a number alone says no time: write `{number}/1s`, `{number}/1m` or `{number}/1h`");
            diagnostic = diagnostic.help(alone);
        }
        self.push(diagnostic.help(help));
        None
    }

    /// One of some words.
    pub(crate) fn word<T: Copy>(&mut self, node: &Node, words: &[(&str, T)]) -> Option<Spanned<T>> {
        let list = words
            .iter()
            .map(|(w, _)| format!("`{w}`"))
            .collect::<Vec<_>>()
            .join(", ");
        let NodeKind::Scalar(scalar) = &node.kind else {
            self.wrong_type(node, &format!("one of {list}"), &format!("write one of {list}"));
            return None;
        };
        if let Some((_, value)) = words.iter().find(|(w, _)| *w == scalar.text) {
            return Some(Spanned::new(*value, node.span.clone()));
        }
        let message = format!("found {}, expected one of {list}", node.describe());
        let habit = match scalar.text.to_lowercase().as_str() {
            "ignore" | "skip" | "proceed" | "go on" | "go_on" => "continue",
            "abort" | "halt" | "break" => "stop",
            _ => "",
        };
        let habit = words.iter().map(|(w, _)| *w).find(|w| *w == habit);
        let help = match habit.or_else(|| nearest(&scalar.text, words.iter().map(|(w, _)| *w))) {
            Some(right) => format!("write `{right}`"),
            None => format!("write one of {list}"),
        };
        self.push(Diagnostic::error(codes::WRONG_VALUE, node.span.clone(), message).help(help));
        None
    }

    /// The items of a list.
    pub(crate) fn list<'a>(&mut self, node: &'a Node, what: &str, example: &str) -> &'a [Node] {
        if let NodeKind::Sequence(items) = &node.kind {
            return items;
        }
        self.wrong_type(node, what, &format!("write {example}"));
        &[]
    }

    /// A list of texts.
    pub(crate) fn texts(&mut self, node: &Node, example: &str) -> Vec<Spanned<String>> {
        let items = self.list(node, "a list of texts", example);
        items.iter().filter_map(|item| self.text(item, "text")).collect()
    }

    /// Delimiters of another language: says what to write instead.
    pub(crate) fn foreign_delimiters(&mut self, node: &Node, scalar: &Scalar) {
        let message = format!(
            "`{}` does not begin an expression here",
            ["${{", "{{", "${"]
                .into_iter()
                .find(|d| scalar.text.contains(d))
                .unwrap_or("{{")
        );
        let mut diagnostic = Diagnostic::error(codes::FOREIGN_DELIMITERS, first_line(node), message)
            .help("a text that begins with `=` is an expression");
        if let Some(right) = without_delimiters(&scalar.text) {
            diagnostic = diagnostic.help(format!("write `{right}`"));
        }
        self.push(diagnostic);
    }
}

/// The text of a scalar, in quotes or not.
fn written(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Scalar(scalar) => Some(&scalar.text),
        _ => None,
    }
}

/// The text of a plain scalar.
pub(crate) fn plain(node: &Node) -> Option<&str> {
    match &node.kind {
        NodeKind::Scalar(Scalar {
            text,
            style: Style::Plain,
            ..
        }) => Some(text),
        _ => None,
    }
}

/// The place of a node, but no more than its first line where it is a collection.
pub(crate) fn first_line(node: &Node) -> Span {
    let Span { source, range } = &node.span;
    let text = &source.text[range.clone()];
    let length = text.find('\n').unwrap_or(text.len());
    Span::new(source, range.start..range.start + text[..length].trim_end().len())
}

/// `x | default(y)` of another language is `default(x, y)`.
fn without_filter(expression: &str) -> String {
    let filter = expression
        .split_once('|')
        .map(|(value, filter)| (value.trim(), filter.trim()));
    match filter.and_then(|(value, filter)| Some((value, filter.strip_prefix("default(")?))) {
        Some((value, other)) => format!("default({value}, {other}"),
        None => expression.to_owned(),
    }
}

/// `"Order ${{ x }} of {{ y }}"` becomes `="Order " + x + " of " + y`.
fn without_delimiters(text: &str) -> Option<String> {
    let mut pieces: Vec<String> = Vec::new();
    let mut rest = text;
    let (begin, end) = if text.contains("{{") { ("{{", "}}") } else { ("${", "}") };
    while let Some(open) = rest.find(begin) {
        let literal = rest[..open].strip_suffix('$').unwrap_or(&rest[..open]);
        let close = rest[open..].find(end)? + open;
        if !literal.is_empty() {
            pieces.push(Value::String(literal.trim_start_matches('=').into()).to_string());
        }
        pieces.push(without_filter(rest[open + 2..close].trim()));
        rest = &rest[close + end.len()..];
    }
    if !rest.is_empty() {
        pieces.push(Value::String(rest.into()).to_string());
    }
    pieces.retain(|p| p != "\"\"");
    Some(format!("={}", pieces.join(" + ")))
}

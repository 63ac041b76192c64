//! Expressions and values with expressions in them, as they were said.

use std::sync::Arc;

use dragoman_model::{Source, Span, Value};

use crate::{OffsetMap, Spanned};

/// The text of an expression, without the leading `=`.
#[derive(Debug, Clone, PartialEq)]
pub struct ExpressionText {
    /// The text; empty where it was refused (a diagnostic says why).
    pub text: String,
    /// The place of the text.
    pub span: Span,
    /// From an offset in the text to its place in the source.
    pub offsets: OffsetMap,
    /// How the scalar is written that it stands in.
    pub scalar: Written,
}

/// How a scalar is written in which an expression stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Without quotes, in some, or below `|` or `>`.
    pub(crate) quotes: Quotes,
    /// Whether it stands inside of `{ }` or `[ ]`.
    pub(crate) in_braces: bool,
    /// Whether it begins with `=`.
    pub(crate) sign: bool,
}

/// The quotes of a scalar.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Quotes {
    /// It needs none: a block, or nothing is known of it.
    #[default]
    Needless,
    /// None, where some characters would end it or make something else of it.
    None,
    /// `'`
    Single,
    /// `"`
    Double,
}

impl Written {
    /// How another expression must be written in its place, where it cannot stand there as this one does: in quotes.
    pub fn in_quotes(&self, expression: &str) -> Option<String> {
        let begins = |text: &str| text.starts_with(|c| "!&*|>%@`\"'[{#?-".contains(c));
        let cut = self.in_braces && expression.contains([',', '[', ']', '{', '}']);
        let cut = cut || expression.contains(": ") || expression.contains(" #") || !self.sign && begins(expression);
        let sign = if self.sign { "=" } else { "" };
        (cut && self.quotes == Quotes::None).then(|| format!("'{sign}{}'", expression.replace('\'', "''")))
    }

    /// What is said to write, with the quotes that can stand in it: within double ones the language takes single ones.
    pub fn requoted(&self, help: &str) -> String {
        let other = |piece: &str| match self.quotes {
            Quotes::Double if !piece.contains('\'') => piece.replace('"', "'"),
            Quotes::Single if !piece.contains('"') => piece.replace('\'', "\""),
            _ => piece.to_owned(),
        };
        let pieces = help.split('`').enumerate();
        let pieces: Vec<String> = pieces
            .map(|(number, piece)| {
                if number % 2 == 1 {
                    other(piece)
                } else {
                    piece.to_owned()
                }
            })
            .collect();
        pieces.join("`")
    }
}

impl ExpressionText {
    /// The place of a part of the text.
    pub fn part(&self, range: std::ops::Range<usize>) -> Span {
        let source: &Arc<Source> = &self.span.source;
        let start = self.offsets.source_offset(range.start);
        let end = self.offsets.source_offset(range.end);
        Span::new(source, start..end.max(start))
    }
}

/// A value that was written as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Literal {
    /// The value; plain text by the core schema of YAML 1.2.
    pub value: Value,
    /// Plain text as it was written, for a place that asks for text (`version: 1.10`).
    pub plain: Option<String>,
    /// Where.
    pub span: Span,
}

/// A value with expressions in it.
#[derive(Debug, Clone, PartialEq)]
pub enum Template {
    /// As it is.
    Literal(Literal),
    /// Computed.
    Expression(ExpressionText),
    /// A list, and its place.
    List(Vec<Template>, Span),
    /// An object, and its place.
    Object(Vec<(Spanned<String>, Template)>, Span),
    /// Refused (a diagnostic says why).
    Refused(Span),
}

impl Template {
    /// Where it stands.
    pub fn span(&self) -> &Span {
        match self {
            Template::Literal(literal) => &literal.span,
            Template::Expression(expression) => &expression.span,
            Template::List(_, span) | Template::Object(_, span) | Template::Refused(span) => span,
        }
    }
}

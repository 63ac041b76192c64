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

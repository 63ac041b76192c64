//! Expressions and templates out of nodes.

use dragoman_model::{Diagnostic, Span, Value};

use crate::codes;
use crate::fields::Fields;
use crate::reading::{Reading, first_line};
use crate::said::{ExpressionText, Literal, Quotes, Template, Written};
use crate::yaml::{Node, NodeKind, OffsetMap, Scalar, Style, resolve};

impl Reading {
    /// A field that is always an expression: with or without a leading `=`. What was refused has an empty text.
    pub(crate) fn expression(&mut self, node: &Node) -> ExpressionText {
        match &node.kind {
            NodeKind::Scalar(scalar) if !node.is_null() => {
                let from = if scalar.text.trim_start().starts_with('=') && !scalar.text.trim_start().starts_with("==") {
                    scalar.text.find('=').map_or(0, |at| at + 1)
                } else {
                    0
                };
                self.expression_from(node, scalar, from)
            }
            _ => {
                self.wrong_type(node, "an expression", "write an expression, for example `trigger.message.id`; one with brackets or quotes at its beginning is put in quotes");
                refused_expression(&node.span)
            }
        }
    }

    fn expression_from(&mut self, node: &Node, scalar: &Scalar, from: usize) -> ExpressionText {
        let text = &scalar.text[from..];
        if text.contains("{{") {
            self.foreign_delimiters(node, scalar);
            return refused_expression(&node.span);
        }
        let start = from + text.len() - text.trim_start().len();
        let end = start.max(from + text.trim_end().len());
        if start == end {
            self.push(
                Diagnostic::error(
                    codes::EMPTY_EXPRESSION,
                    node.span.clone(),
                    "an expression is missing here",
                )
                .help("write what is to be computed; a text that is only `=` is written `\\=`"),
            );
            return refused_expression(&node.span);
        }
        let offsets = scalar.offsets.part(start..end);
        let mut expression = ExpressionText {
            text: scalar.text[start..end].into(),
            span: node.span.clone(),
            offsets,
            scalar: Written {
                quotes: match scalar.style {
                    Style::Plain => Quotes::None,
                    Style::Single => Quotes::Single,
                    Style::Double => Quotes::Double,
                    Style::Literal | Style::Folded => Quotes::Needless,
                },
                in_braces: scalar.in_braces,
                sign: from > 0,
            },
        };
        expression.span = expression.part(0..end - start);
        expression
    }

    /// A value with expressions in it.
    pub(crate) fn template(&mut self, node: &Node) -> Template {
        match &node.kind {
            NodeKind::Refused => Template::Refused(node.span.clone()),
            NodeKind::Sequence(items) => {
                let items = items.iter().map(|item| self.template(item)).collect();
                Template::List(items, first_line(node))
            }
            NodeKind::Mapping(mapping) => {
                let members = mapping
                    .entries
                    .iter()
                    .map(|e| (e.key.clone(), self.template(&e.value)))
                    .collect();
                Template::Object(members, first_line(node))
            }
            NodeKind::Scalar(scalar) => self.scalar_template(node, scalar),
        }
    }

    fn scalar_template(&mut self, node: &Node, scalar: &Scalar) -> Template {
        let span = node.span.clone();
        if scalar.text.starts_with('=') {
            let expression = self.expression_from(node, scalar, 1);
            return if expression.text.is_empty() {
                Template::Refused(span)
            } else {
                Template::Expression(expression)
            };
        }
        if scalar.text.contains("{{") || scalar.text.contains("${") {
            self.foreign_delimiters(node, scalar);
            return Template::Refused(span);
        }
        if let Some(rest) = scalar.text.strip_prefix("\\=") {
            return Template::Literal(Literal {
                value: Value::String(format!("={rest}")),
                plain: None,
                span,
            });
        }
        let literal = match scalar.style {
            Style::Plain => Literal {
                value: resolve(&scalar.text),
                plain: Some(scalar.text.clone()),
                span,
            },
            _ => Literal {
                value: Value::String(scalar.text.clone()),
                plain: None,
                span,
            },
        };
        Template::Literal(literal)
    }

    /// A plain JSON value in which nothing is computed (a schema, a plugin's configuration).
    pub(crate) fn value(&mut self, node: &Node) -> Value {
        match &node.kind {
            NodeKind::Refused => Value::Null,
            NodeKind::Sequence(items) => Value::Array(items.iter().map(|item| self.value(item)).collect()),
            NodeKind::Mapping(mapping) => Value::Object(
                mapping
                    .entries
                    .iter()
                    .map(|e| (e.key.value.clone(), self.value(&e.value)))
                    .collect(),
            ),
            NodeKind::Scalar(scalar) if scalar.style == Style::Plain => resolve(&scalar.text),
            NodeKind::Scalar(scalar) => Value::String(scalar.text.clone()),
        }
    }

    /// The fields of a mapping that a key holds, where the key is there.
    pub(crate) fn fields<'a>(&mut self, node: &'a Node, what: &'static str, example: &str) -> Option<Fields<'a>> {
        Fields::of(self, node, what, example)
    }
}

/// An expression that was refused.
pub(crate) fn refused_expression(span: &Span) -> ExpressionText {
    ExpressionText {
        text: String::new(),
        span: span.clone(),
        offsets: OffsetMap::default(),
        scalar: Written::default(),
    }
}

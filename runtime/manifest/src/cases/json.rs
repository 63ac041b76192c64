//! JSON that was written as YAML, with the place of everything: nothing is computed in a case.

use dragoman_model::{Span, Value};

use crate::Spanned;
use crate::yaml::{Node, NodeKind, Style, resolve};

/// A value, and where each part of it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Json {
    /// What it is.
    pub kind: JsonKind,
    /// Where.
    pub span: Span,
}

/// What a value is.
#[derive(Debug, Clone, PartialEq)]
pub enum JsonKind {
    /// A text, number, truth value or null. `plain` is how it was written where it was not quoted: a place that asks
    /// for text takes it so (`value: 5` for a decimal).
    Scalar {
        /// By the core schema of YAML 1.2.
        value: Value,
        /// As it was written, where it was not quoted.
        plain: Option<String>,
    },
    /// A list.
    List(Vec<Json>),
    /// An object, its members in the order of the text.
    Object(Vec<(Spanned<String>, Json)>),
}

impl Json {
    pub(super) fn of(node: &Node) -> Json {
        let kind = match &node.kind {
            NodeKind::Scalar(scalar) if scalar.style == Style::Plain => JsonKind::Scalar {
                value: resolve(&scalar.text),
                plain: Some(scalar.text.clone()),
            },
            NodeKind::Scalar(scalar) => JsonKind::Scalar {
                value: Value::String(scalar.text.clone()),
                plain: None,
            },
            NodeKind::Sequence(items) => JsonKind::List(items.iter().map(Json::of).collect()),
            NodeKind::Mapping(mapping) => {
                let members = mapping.entries.iter();
                JsonKind::Object(members.map(|e| (e.key.clone(), Json::of(&e.value))).collect())
            }
            // What was refused has a diagnostic of its own.
            NodeKind::Refused => JsonKind::Scalar {
                value: Value::Null,
                plain: None,
            },
        };
        Json {
            kind,
            span: node.span.clone(),
        }
    }

    /// The value, each scalar with the type that it has by itself.
    pub fn value(&self) -> Value {
        match &self.kind {
            JsonKind::Scalar { value, .. } => value.clone(),
            JsonKind::List(items) => Value::Array(items.iter().map(Json::value).collect()),
            JsonKind::Object(members) => members.iter().map(|(k, v)| (k.value.clone(), v.value())).collect(),
        }
    }

    /// The member of an object.
    pub fn get(&self, name: &str) -> Option<&Json> {
        match &self.kind {
            JsonKind::Object(members) => members.iter().find(|(k, _)| k.value == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The place that a JSON Pointer leads to, or the last one on the way that is there; at most its first line.
    pub fn place(&self, pointer: &str) -> Span {
        let mut here = self;
        for part in pointer.split('/').skip(1) {
            let name = part.replace("~1", "/").replace("~0", "~");
            let next = match &here.kind {
                JsonKind::Object(_) => here.get(&name),
                JsonKind::List(items) => name.parse().ok().and_then(|index: usize| items.get(index)),
                JsonKind::Scalar { .. } => None,
            };
            let Some(next) = next else { break };
            here = next;
        }
        let Span { source, range } = &here.span;
        let text = &source.text[range.clone()];
        let length = text.find('\n').unwrap_or(text.len());
        Span::new(source, range.start..range.start + text[..length].trim_end().len())
    }
}

//! A generic tree of what a YAML text says, with the place of everything.

use dragoman_model::Span;

use super::OffsetMap;
use super::scalar;
use crate::Spanned;

/// How a scalar is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes.
    Plain,
    /// In single quotes.
    Single,
    /// In double quotes.
    Double,
    /// After `|`.
    Literal,
    /// After `>`.
    Folded,
}

/// A scalar: its text and how it is written.
#[derive(Debug, Clone)]
pub(crate) struct Scalar {
    /// After unescaping and folding.
    pub(crate) text: String,
    /// How it is written.
    pub(crate) style: Style,
    /// From an offset in `text` to an offset in the source.
    pub(crate) offsets: OffsetMap,
    /// Whether it stands inside of `{ }` or `[ ]`.
    pub(crate) in_braces: bool,
}

/// Keys and values in their order.
#[derive(Debug, Clone, Default)]
pub(crate) struct Mapping {
    /// In the order of the text; no key is there twice.
    pub(crate) entries: Vec<Entry>,
}

/// A key and its value.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    /// The key.
    pub(crate) key: Spanned<String>,
    /// The value.
    pub(crate) value: Node,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    /// Text, or what plain text stands for.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// Keys and values.
    Mapping(Mapping),
    /// Something that was refused while reading; what reads it says nothing more.
    Refused,
}

/// A node and its place.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// What it is.
    pub(crate) kind: NodeKind,
    /// Where.
    pub(crate) span: Span,
}

impl Node {
    /// Whether it is `null`, written or left out.
    pub(crate) fn is_null(&self) -> bool {
        matches!(&self.kind, NodeKind::Scalar(s) if s.style == Style::Plain && scalar::is_null(&s.text))
    }

    /// What it is, for a person: "text `many`", "a list", "a mapping", "nothing".
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            NodeKind::Sequence(_) => "a list".into(),
            NodeKind::Mapping(_) => "a mapping".into(),
            NodeKind::Refused => "something unreadable".into(),
            NodeKind::Scalar(_) if self.is_null() => "nothing".into(),
            NodeKind::Scalar(s) if s.style != Style::Plain => {
                format!("text `{}`", shorten(&s.text))
            }
            NodeKind::Scalar(s) => match scalar::resolve(&s.text) {
                serde_json::Value::Bool(_) => format!("`{}`", s.text),
                serde_json::Value::Number(_) => format!("the number `{}`", s.text),
                _ => format!("text `{}`", shorten(&s.text)),
            },
        }
    }
}

/// A text of at most forty characters.
pub(crate) fn shorten(text: &str) -> String {
    let line = text.lines().next().unwrap_or("");
    if line.chars().count() <= 40 && line.len() == text.trim_end().len() {
        return line.into();
    }
    let mut short: String = line.chars().take(40).collect();
    short.push('…');
    short
}

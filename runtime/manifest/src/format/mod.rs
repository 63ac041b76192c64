//! The canonical layout of a file: the order of the language's tables, two spaces, quotes only where they are needed,
//! comments where they were.
//!
//! What is written never means something else: the text is read again and compared before it is given, and where it
//! would differ nothing is given at all.

mod emit;
mod scalar;
mod tree;

use std::sync::Arc;

use dragoman_model::{Code, Diagnostic, Severity, Source, Span, Value};

use crate::language::{ANSWER, ANSWERS, BLOCK, Document, Kind, Map, STEP};
use crate::yaml::{self, Node, NodeKind, Style};

/// A file that cannot be laid out anew without changing what it says.
const NO_LAYOUT: Code = Code::new("D0981", "a file that cannot be laid out anew");

/// The same text in its canonical layout.
///
/// In: a text that is YAML as this language takes it; keys that are not known stay where they are, behind the others.
/// Out: the text; formatting it again changes nothing.
///
/// # Errors
/// What is wrong with the text, where it cannot be read; `D0120` where it could not be written without changing what it
/// means.
pub fn format(source: &Arc<Source>, document: Document) -> Result<String, Vec<Diagnostic>> {
    let (node, diagnostics) = yaml::read(source);
    let node = match node {
        Some(node) if !diagnostics.iter().any(|d| d.severity == Severity::Error) => node,
        _ => return Err(diagnostics),
    };
    let root = Kind::Map(document.root());
    let comments = yaml::comments(source);
    let written = emit::document(&tree::Tree::of(source, &node, root, &comments));
    verified(source, &node, root, comments, written)
}

/// What was written, where it says the same as the text that it was made of.
fn verified(
    source: &Arc<Source>,
    node: &Node,
    root: Kind,
    comments: Vec<yaml::Comment>,
    written: String,
) -> Result<String, Vec<Diagnostic>> {
    let again = Source::new(source.name.clone(), written);
    let same = match yaml::read(&again) {
        (Some(other), found) if found.is_empty() => meaning(node, root) == meaning(&other, root),
        _ => false,
    };
    let texts = |all: Vec<yaml::Comment>| {
        let mut texts: Vec<String> = all.into_iter().map(|c| c.text).collect();
        texts.sort_unstable();
        texts
    };
    if same && texts(comments) == texts(yaml::comments(&again)) {
        return Ok(again.text.clone());
    }
    let message = "this file cannot be laid out anew without changing what it says";
    let diagnostic = Diagnostic::error(NO_LAYOUT, Span::new(source, 0..0), message);
    Err(vec![diagnostic.help(
        "it stays as it is; simpler quotes, and comments on lines of their own, may help",
    )])
}

/// What a text says, without how it is written.
#[derive(Debug, PartialEq)]
enum Meaning {
    Scalar(Value, String),
    List(Vec<Meaning>),
    Map(Vec<(String, Meaning)>),
}

fn meaning(node: &Node, kind: Kind) -> Meaning {
    match &node.kind {
        NodeKind::Refused => Meaning::Scalar(Value::Null, String::new()),
        NodeKind::Scalar(_) if node.is_null() => Meaning::Scalar(Value::Null, String::new()),
        NodeKind::Scalar(scalar) => {
            let value = match scalar.style {
                Style::Plain => yaml::resolve(&scalar.text),
                _ => Value::String(scalar.text.clone()),
            };
            Meaning::Scalar(value, scalar.text.clone())
        }
        NodeKind::Sequence(items) => {
            let inner = item_kind(kind);
            Meaning::List(items.iter().map(|item| meaning(item, inner)).collect())
        }
        NodeKind::Mapping(mapping) => {
            let kinds = Members::of(kind, node);
            let mut members: Vec<(usize, String, Meaning)> = mapping
                .entries
                .iter()
                .map(|e| {
                    let name = e.key.value.clone();
                    (
                        kinds.rank(&name),
                        name,
                        meaning(&e.value, kinds.of_member(&e.key.value)),
                    )
                })
                .collect();
            members.sort_by_key(|(rank, _, _)| *rank);
            Meaning::Map(members.into_iter().map(|(_, name, value)| (name, value)).collect())
        }
    }
}

/// What the items of a list are.
fn item_kind(kind: Kind) -> Kind {
    match kind {
        Kind::List(items) => *items,
        Kind::Steps | Kind::Block | Kind::Handler => Kind::Map(&STEP),
        Kind::Answer => Kind::Answer,
        Kind::Either(kinds) => kinds
            .iter()
            .find(|k| matches!(k, Kind::List(_) | Kind::Steps | Kind::Block | Kind::Handler))
            .map_or(Kind::Any, |k| item_kind(*k)),
        _ => Kind::Any,
    }
}

/// What the members of a mapping are, and in which order they stand.
#[derive(Clone, Copy)]
enum Members {
    /// As the table says.
    Known(&'static Map),
    /// All of one kind, in the order of the text.
    All(Kind),
}

impl Members {
    fn of(kind: Kind, node: &Node) -> Members {
        let has = |name: &str| match &node.kind {
            NodeKind::Mapping(mapping) => mapping.entries.iter().any(|e| e.key.value == name),
            _ => false,
        };
        match kind {
            Kind::Map(map) => Members::Known(map),
            Kind::Named(values) => Members::All(*values),
            Kind::Block | Kind::Handler if STEP.one_of.iter().any(|word| has(word)) => Members::Known(&STEP),
            Kind::Block | Kind::Handler => Members::Known(&BLOCK),
            Kind::Answer if ANSWERS.iter().any(|key| has(key)) => Members::Known(&ANSWER),
            Kind::Either(kinds) => {
                // Of several mappings the one of which all needed keys are there.
                let fits = |k: &&Kind| match k {
                    Kind::Map(map) => map.keys.iter().filter(|key| key.needed).all(|key| has(key.name)),
                    Kind::Named(_) | Kind::Block => true,
                    _ => false,
                };
                kinds
                    .iter()
                    .find(fits)
                    .map_or(Members::All(Kind::Any), |k| Members::of(*k, node))
            }
            _ => Members::All(Kind::Any),
        }
    }

    fn of_member(self, name: &str) -> Kind {
        match self {
            Members::Known(map) => map.key(name).map_or(Kind::Any, |key| key.kind),
            Members::All(kind) => kind,
        }
    }

    fn rank(self, name: &str) -> usize {
        match self {
            Members::Known(map) => map.keys.iter().position(|k| k.name == name).unwrap_or(map.keys.len()),
            Members::All(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_say_something_else_is_not_given() {
        let source = Source::new("test.yaml", "key: a # why\n");
        let root = Kind::Map(Document::Pipeline.root());
        let (node, _) = yaml::read(&source);
        let node = node.expect("a mapping");
        let comments = || yaml::comments(&source);
        for (written, good) in [
            ("key: \"a\" # why\n", true),
            ("key: b # why\n", false),
            ("key: a\n", false),
            ("key: a # because\n", false),
            ("key: [a # why\n", false),
        ] {
            let outcome = verified(&source, &node, root, comments(), written.into());
            assert_eq!(outcome.is_ok(), good, "{written}");
            assert!(outcome.is_ok() || outcome.is_err_and(|d| d[0].code == NO_LAYOUT));
        }
    }
}

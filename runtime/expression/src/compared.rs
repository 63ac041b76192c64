//! Which texts an expression compares its names with: so that whoever knows the names that there can be says which is none.

use std::ops::Range;

use crate::Expression;
use crate::program::{Code, Comparison, Node, Ordered};
use crate::reads;

/// A value of a name or of its fields, compared with a written text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The value: `["failure", "code"]`.
    pub path: Vec<String>,
    /// The text.
    pub text: String,
    /// Where it stands in the expression's own text.
    pub range: Range<usize>,
}

impl Expression {
    /// Every written text that a value is said to be equal to, or not, or to be among.
    pub fn compared(&self) -> Vec<Compared> {
        let mut found = Vec::new();
        reads::each(&self.program.code, &mut |code| one(code, &mut found));
        found
    }
}

fn one(code: &Code, found: &mut Vec<Compared>) {
    match &code.node {
        Node::Compare(Comparison::Text, Ordered::Equal | Ordered::Unequal, sides) => {
            let [left, right] = &**sides;
            note(left, right, found);
            note(right, left, found);
        }
        Node::Within(Comparison::Text, sides) => {
            let [one, many] = &**sides;
            if let Node::List(items) = &many.node {
                items.iter().for_each(|item| note(one, item, found));
            }
        }
        _ => {}
    }
}

fn note(value: &Code, written: &Code, found: &mut Vec<Compared>) {
    if let (Some(path), Node::Constant(text)) = (reads::path(value), &written.node)
        && let Some(text) = text.as_str()
    {
        found.push(Compared {
            path,
            text: text.to_owned(),
            range: written.range.clone(),
        });
    }
}

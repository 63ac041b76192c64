//! Calls of functions that are none, or with other arguments than they take: how they are written, with what stands there.

use std::ops::Range;

use dragoman_model::nearest;

use super::functions::FUNCTIONS;
use super::{Checker, Typed};
use crate::habits::Instead;
use crate::tree::{Kind, Tree};
use crate::{codes, habits, number};

impl Checker<'_> {
    pub(super) fn wrong_arguments(&mut self, tree: &Tree, function: &str, usage: &str) -> Option<Typed> {
        let text = format!("`{function}` is called with too few or too many arguments");
        // Elsewhere it asks whether something is there.
        let one = matches!(&tree.kind, Kind::Call { arguments, receiver: None, .. } if arguments.len() == 1);
        if function == "exists" && one {
            let help = format!("to ask whether a value is there, write `has(x)`; of a list `{usage}`");
            self.report(codes::ARGUMENTS, &tree.range, text, &[&help]);
            return None;
        }
        self.report(codes::ARGUMENTS, &tree.range, text, &[&format!("write `{usage}`")]);
        let mut meant = self.named(tree, function);
        meant.extend(self.parted(tree, function));
        self.offer_calls(tree, meant);
        None
    }

    /// Two whole numbers side by side where one value is taken are a decimal as some countries write it.
    pub(super) fn decimal_comma(&mut self, arguments: &[&Tree]) -> bool {
        let [whole, part, ..] = arguments else { return false };
        let whole_numbers = [whole, part].iter().all(|tree| matches!(tree.kind, Kind::Integer(_)));
        let range = whole.range.start..part.range.end;
        let written = self.shown(&range);
        let meant: String = written.chars().filter(|c| !c.is_whitespace()).collect();
        let meant = meant.replacen(',', ".", 1);
        if !whole_numbers || number::decimal_text(&meant).is_none() {
            return false;
        }
        let text = format!("`{written}` are two numbers: a decimal has a point");
        self.report(codes::ARGUMENTS, &range, text, &[&format!("write `\"{meant}\"`")]);
        true
    }

    pub(super) fn unknown_function(&mut self, tree: &Tree, function: &str, at: &Range<usize>) {
        let left_out = match function {
            "matches" => Some("regular expressions take unbounded time: use `startsWith`, `endsWith`, `contains`"),
            "now" => Some("there is no clock in an expression: the time at which the run began is `run.now`"),
            _ => None,
        };
        if let Some(help) = left_out {
            let text = format!("`{function}` is not in the language");
            self.report(codes::NOT_IN_LANGUAGE, at, text, &[help]);
            return;
        }
        let names: Vec<&str> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
        // A habit comes before letters: `strip` is near `string`, and is `trim`.
        let help = match (habits::function(function), nearest(function, names.iter().copied())) {
            (Some(Instead::Named(right)), _) => {
                let usage = FUNCTIONS.iter().find(|(name, _)| *name == right);
                format!(
                    "did you mean `{right}`? write `{}`",
                    usage.map_or(right, |(_, usage)| usage)
                )
            }
            (Some(Instead::Written(help)), _) => help.to_owned(),
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("the functions are {}", names.join(", ")),
        };
        self.report(
            codes::UNKNOWN_FUNCTION,
            at,
            format!("unknown function `{function}`"),
            &[&help],
        );
        let meant = match (habits::function(function), nearest(function, names.iter().copied())) {
            (Some(Instead::Named(right)), _) | (None, Some(right)) => self.named(tree, right),
            (Some(Instead::Written(help)), _) => self.written_with(tree, help),
            (None, None) => Vec::new(),
        };
        self.offer_calls(tree, meant);
    }

    /// The values that a call has, as they stand there: what it stands behind goes first.
    fn operands(&self, tree: &Tree) -> Vec<String> {
        let text = |tree: &Tree| self.written.text.get(tree.range.clone()).unwrap_or_default().to_owned();
        match &tree.kind {
            Kind::Call {
                receiver, arguments, ..
            } => receiver.as_deref().into_iter().chain(arguments).map(text).collect(),
            _ => Vec::new(),
        }
    }

    /// A call of another function with the same values, before them and behind the first one.
    fn named(&self, tree: &Tree, function: &str) -> Vec<String> {
        let operands = self.operands(tree);
        let Some((first, rest)) = operands.split_first() else {
            return Vec::new();
        };
        vec![
            format!("{function}({})", operands.join(", ")),
            format!("{first}.{function}({})", rest.join(", ")),
        ]
    }

    /// `quantity("40 KGM")` and `has(a, "b")`: what is one value here, or two.
    fn parted(&self, tree: &Tree, function: &str) -> Option<String> {
        let Kind::Call { arguments, .. } = &tree.kind else {
            return None;
        };
        match (function, arguments.as_slice()) {
            (
                "quantity",
                [
                    Tree {
                        kind: Kind::Text(text), ..
                    },
                ],
            ) => {
                let (number, unit) = text.trim().split_once(' ')?;
                let unit = unit.trim();
                Some(format!(
                    "quantity(\"{number}\", \"{}\")",
                    crate::units::meant(unit).unwrap_or(unit)
                ))
            }
            (
                "has",
                [
                    _,
                    Tree {
                        kind: Kind::Text(name), ..
                    },
                ],
            ) => Some(format!("has({}.{name})", self.operands(tree).first()?)),
            _ => None,
        }
    }

    /// What is written in place of a call of another language, with the values of this one.
    fn written_with(&self, tree: &Tree, help: &str) -> Vec<String> {
        let operands = self.operands(tree);
        let value = |place: &str| match (place, operands.as_slice()) {
            ("x" | "a" | "list" | "time", [one]) => Some(one),
            ("a" | "list" | "time", [one, ..]) => Some(one),
            ("x", [one, _]) => Some(one),
            ("b", [_, other]) => Some(other),
            ("x", [_, name, _]) => Some(name),
            ("condition" | "value", [.., last]) => Some(last),
            _ => None,
        };
        let pieces = help.split('`').skip(1).step_by(2);
        pieces.map(|piece| filled(piece, &value)).collect()
    }

    fn offer_calls(&mut self, tree: &Tree, meant: Vec<String>) {
        if !self.silent && !self.environment.trusting {
            self.note_others(&tree.range, meant, Vec::new(), Vec::new(), "");
        }
    }
}

/// An example in which the words that stand for values are these values.
fn filled<'v>(example: &str, value: &dyn Fn(&str) -> Option<&'v String>) -> String {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut written = String::new();
    let mut rest = example;
    while let Some(at) = rest.find(is_word) {
        let end = rest[at..]
            .find(|c| !is_word(c))
            .map_or(rest.len(), |length| at + length);
        let (word, before) = (&rest[at..end], &rest[..at]);
        // What stands in quotes, or behind a point, stands for nothing.
        let named = !before.ends_with(['.', '"']);
        written.push_str(before);
        written.push_str(value(word).filter(|_| named).map_or(word, String::as_str));
        rest = &rest[end..];
    }
    written + rest
}

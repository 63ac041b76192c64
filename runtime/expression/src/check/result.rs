//! Whether the value of the whole is what its place asks for.

use std::ops::Range;

use dragoman_schema::{Problem, Shape};

use super::{Checker, Typed};
use crate::codes;
use crate::environment::Expected;
use crate::program::{Code, Function, Node};
use crate::tree::{Kind, Tree};

impl Checker<'_> {
    pub(super) fn result(&mut self, tree: &Tree, typed: Typed, expected: &Expected) -> Option<(Code, Shape)> {
        match expected {
            Expected::Anything => Some((typed.code, typed.shape)),
            Expected::Shape(shape) => self.fitting(tree, typed, shape),
            Expected::Key => {
                let typed = self.there(tree, typed)?;
                self.key(tree, typed)
            }
            Expected::Condition => {
                let typed = self.there(tree, typed)?;
                if typed.shape == Shape::Boolean {
                    return Some((typed.code, typed.shape));
                }
                let shown = self.shown(&tree.range);
                let help = match &typed.shape {
                    Shape::List(_) | Shape::Map(_) => {
                        format!("to ask whether there are any: `size({shown}) > 0`")
                    }
                    _ => format!("compare it, for example `{shown} == ...`"),
                };
                self.unfit(tree, "a condition: true or false", &typed.shape, &help);
                None
            }
            Expected::List => {
                let typed = self.there(tree, typed)?;
                if matches!(typed.shape, Shape::List(_)) {
                    return Some((typed.code, typed.shape));
                }
                let help = format!("for a list of one, write `[{}]`", self.shown(&tree.range));
                self.unfit(tree, "a list", &typed.shape, &help);
                None
            }
        }
    }

    fn there(&mut self, tree: &Tree, typed: Typed) -> Option<Typed> {
        let typed = self.present(tree, typed)?;
        if typed.shape == Shape::Any {
            self.needs_cast(tree);
            return None;
        }
        Some(typed)
    }

    fn unfit(&mut self, tree: &Tree, wanted: &str, found: &Shape, help: &str) {
        let text = format!("here stands {wanted}; `{}` is {found}", self.shown(&tree.range));
        self.report(codes::WRONG_RESULT, &tree.range, text, &[help]);
    }

    fn key(&mut self, tree: &Tree, typed: Typed) -> Option<(Code, Shape)> {
        match &typed.shape {
            shape if shape.is_textual() => Some((typed.code, Shape::Text)),
            Shape::Integer | Shape::Boolean => {
                let range = typed.code.range.clone();
                let node = Node::Call(Function::Text, vec![typed.code]);
                Some((Code { range, node }, Shape::Text))
            }
            other => {
                let help = "put it together from texts and whole numbers: `a.country + \"|\" + a.number`";
                self.unfit(tree, "a key, which is text", &other.clone(), help);
                None
            }
        }
    }

    fn fitting(&mut self, tree: &Tree, typed: Typed, shape: &Shape) -> Option<(Code, Shape)> {
        let Err(mismatch) = typed.shape.fits(shape) else {
            return Some((typed.code, typed.shape));
        };
        match mismatch.problem {
            Problem::Uncast { .. } if mismatch.path.is_empty() => self.needs_cast(tree),
            Problem::MaybeAbsent { .. } if mismatch.path.is_empty() => {
                self.present(tree, typed);
            }
            _ => {
                let help = match (mismatch.help(), &typed.shape) {
                    (Some(help), _) => help,
                    (None, Shape::List(_)) if !matches!(shape.present(), Shape::List(_)) => {
                        let shown = self.shown(&tree.range);
                        format!("for one of the list: `first({shown})`, which may be absent")
                    }
                    (None, _) if mismatch.path.is_empty() => {
                        format!("write something here that is {}", shape.describe())
                    }
                    (None, _) => format!(
                        "give `{}` a value of the kind that is expected",
                        mismatch.path.join(".")
                    ),
                };
                let help: Vec<&str> = vec![&help];
                let at_key = matches!(mismatch.problem, Problem::Unknown { .. });
                let range = place(tree, &mismatch.path, at_key);
                self.report(codes::WRONG_RESULT, &range, mismatch.to_string(), &help);
            }
        }
        None
    }
}

/// Where in an object that was written on the spot a mismatch is: at the value, or at the key of an unknown field.
fn place(tree: &Tree, path: &[String], at_key: bool) -> Range<usize> {
    let (Kind::Map(entries), Some((first, rest))) = (&tree.kind, path.split_first()) else {
        return tree.range.clone();
    };
    let named = |key: &Tree| matches!(&key.kind, Kind::Text(name) if name == first);
    match entries.iter().find(|(key, _)| named(key)) {
        Some((key, _)) if rest.is_empty() && at_key => key.range.clone(),
        Some((_, value)) => place(value, rest, at_key),
        None => tree.range.clone(),
    }
}

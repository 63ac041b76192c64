//! Whether the value of the whole is what its place asks for.

use dragoman_schema::{Mismatch, Problem, Shape};

use super::{Checker, Typed};
use crate::codes;
use crate::environment::Expected;
use crate::meant::meant;
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
                    Shape::Object(_) => self
                        .part_of(tree, &typed, |shape| *shape == Shape::Boolean)
                        .unwrap_or_else(|| format!("compare a field of it: `{shown}.<field> == ...`")),
                    _ if matches!(tree.kind, Kind::Integer(_) | Kind::Text(_) | Kind::Point(_)) => {
                        format!("write what is to be true or false: a value compared with it, `... == {shown}`")
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
                let part = self.part_of(tree, &typed, |shape| matches!(shape, Shape::List(_)));
                let help = part.unwrap_or_else(|| format!("for a list of one, write `[{}]`", self.shown(&tree.range)));
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
                let part = self.part_of(tree, &typed, Shape::is_textual);
                let help = part.unwrap_or_else(|| {
                    "put it together from texts and whole numbers: `a.country + \"|\" + a.number`".to_owned()
                });
                self.unfit(tree, "a key, which is text", &other.clone(), &help);
                None
            }
        }
    }

    fn fitting(&mut self, tree: &Tree, typed: Typed, shape: &Shape) -> Option<(Code, Shape)> {
        let Err(mismatch) = typed.shape.fits(shape) else {
            return Some((typed.code, typed.shape));
        };
        if self.environment.trusting {
            // What takes the value looks at it again, when it is there.
            return Some((typed.code, typed.shape));
        }
        match mismatch.problem {
            Problem::Uncast { .. } if mismatch.path.is_empty() => self.needs_cast(tree),
            Problem::MaybeAbsent { .. } if mismatch.path.is_empty() => {
                self.present(tree, typed);
            }
            _ => {
                let at_key = matches!(mismatch.problem, Problem::Unknown { .. });
                let at = place(tree, &mismatch.path, at_key);
                let part = || self.part_of(tree, &typed, |part| part.fits(shape).is_ok());
                let part = if mismatch.path.is_empty() { part() } else { None };
                let known = part
                    .or_else(|| self.with_unit(at, &mismatch, at.range == tree.range))
                    .or_else(|| mismatch.help());
                let help = match (known, &typed.shape) {
                    (Some(help), _) => help,
                    (None, Shape::List(item)) if *shape.present() == Shape::Integer => {
                        let shown = self.shown(&tree.range);
                        let first = format!("; for one of them: `first({shown})`, which may be absent");
                        let first = if item.fits(shape).is_ok() { first.as_str() } else { "" };
                        format!("to say how many there are: `size({shown})`{first}")
                    }
                    (None, Shape::List(_)) if !matches!(shape.present(), Shape::List(_)) => {
                        let shown = self.shown(&tree.range);
                        format!("for one of the list: `first({shown})`, which may be absent")
                    }
                    (None, _) if mismatch.path.is_empty() => {
                        format!("write something here that is {}", shape.present().describe())
                    }
                    (None, _) => match &mismatch.problem {
                        Problem::Wrong { expected, .. } | Problem::Missing { expected } => {
                            format!("give `{}` a value: {}", mismatch.place(), expected.present().describe())
                        }
                        Problem::Unknown { .. } => known_fields(shape, &mismatch.path),
                        _ => format!("give `{}` a value of the kind that is expected", mismatch.place()),
                    },
                };
                let help: Vec<&str> = vec![&help];
                self.report(codes::WRONG_RESULT, &at.range, mismatch.to_string(), &help);
            }
        }
        None
    }

    /// What to write where a quantity is asked for and a number stands: the quantity that it was taken from, or a unit.
    fn with_unit(&self, at: &Tree, mismatch: &Mismatch, whole: bool) -> Option<String> {
        let Problem::Wrong { expected, found } = &mismatch.problem else {
            return None;
        };
        let number = matches!(found, Shape::Integer | Shape::Number | Shape::Decimal);
        if !expected.present().is_quantity() || !number {
            return None;
        }
        Some(match &at.kind {
            Kind::Field { of, name, .. } if name == "value" => {
                format!("a quantity has its unit: write `{}`", self.shown(&of.range))
            }
            // What is wrong lies inside of a value that was made elsewhere: there the unit is given.
            Kind::Name(_) | Kind::Field { .. } if whole && !mismatch.path.is_empty() => format!(
                "a quantity has its unit: where `{}` is made, write `\"{}\": quantity(..., \"KGM\")`",
                self.shown(&at.range),
                mismatch.path.last().map_or("quantity", String::as_str)
            ),
            _ => format!(
                "a quantity has its unit: `quantity({}, \"KGM\")`",
                self.shown(&at.range)
            ),
        })
    }
}

/// What to write in place of a field that is none, by the fields that there are.
fn known_fields(shape: &Shape, path: &[String]) -> String {
    let Some((unknown, above)) = path.split_last() else {
        return "take it away".to_owned();
    };
    let owner = above.iter().try_fold(shape.present(), |shape, segment| match shape {
        Shape::List(item) | Shape::Map(item) => Some(item.present()),
        other => other.as_object()?.fields.get(segment).map(Shape::present),
    });
    let Some(fields) = owner.and_then(Shape::as_object).map(|object| &object.fields) else {
        return format!("take `{unknown}` away");
    };
    match meant(unknown, fields.keys().map(String::as_str)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            let names: Vec<&str> = fields.keys().map(String::as_str).collect();
            format!("the fields are: {}", names.join(", "))
        }
    }
}

/// Where in what was written on the spot a mismatch is: at the value, or at the key of an unknown field; inside a list,
/// where that has one item or is made by `map`.
fn place<'t>(tree: &'t Tree, path: &[String], at_key: bool) -> &'t Tree {
    let Some((first, rest)) = path.split_first() else {
        return tree;
    };
    match &tree.kind {
        Kind::Map(entries) => {
            let named = |key: &Tree| matches!(&key.kind, Kind::Text(name) if name == first);
            match entries.iter().find(|(key, _)| named(key)) {
                Some((key, _)) if rest.is_empty() && at_key => key,
                Some((_, value)) => place(value, rest, at_key),
                None => tree,
            }
        }
        Kind::List(items) if items.len() == 1 => place(&items[0], rest, at_key),
        Kind::Call {
            function,
            receiver: Some(_),
            arguments,
            ..
        } if function == "map"
            && matches!(
                arguments.last().map(|a| &a.kind),
                Some(Kind::Map(_) | Kind::Field { .. })
            ) =>
        {
            arguments.last().map_or(tree, |made| place(made, rest, at_key))
        }
        _ => tree,
    }
}

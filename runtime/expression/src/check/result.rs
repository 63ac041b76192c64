//! Whether the value of the whole is what its place asks for.

use dragoman_model::{all_meant, did_you_mean};
use dragoman_schema::{Mismatch, Problem, Shape};

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
                if self.absent_truth(tree, &typed) {
                    return None;
                }
                let typed = self.there(tree, typed)?;
                if typed.shape == Shape::Boolean {
                    return Some((typed.code, typed.shape));
                }
                let help = self.as_truth(tree, &typed);
                self.unfit(tree, "a condition: true or false", &typed.shape, &help);
                None
            }
            Expected::List => {
                let typed = self.there(tree, typed)?;
                if matches!(typed.shape, Shape::List(_)) {
                    return Some((typed.code, typed.shape));
                }
                let part = self.part_of(tree, &typed, |shape| matches!(shape, Shape::List(_)));
                let shown = self.shown(&tree.range);
                let help = part.unwrap_or_else(|| match &typed.shape {
                    Shape::Integer | Shape::Decimal | Shape::Number => format!(
                        "to do something so many times, write a `repeat` with `rounds`; for a list of one, write `[{shown}]`"
                    ),
                    Shape::Text => format!(
                        "for a list of one, write `[{shown}]`; of the parts of a text, `{shown}.split(\",\")`"
                    ),
                    _ => format!("for a list of one, write `[{shown}]`"),
                });
                self.unfit(tree, "a list", &typed.shape, &help);
                None
            }
        }
    }

    pub(super) fn there(&mut self, tree: &Tree, typed: Typed) -> Option<Typed> {
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
        self.offer(tree, |_| true);
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
                let said = self.shown(&tree.range);
                let help = part.unwrap_or_else(|| match other {
                    Shape::Number | Shape::Measured(_) | Shape::Quantity => format!("make text of it: `text({said})`"),
                    Shape::List(item) if item.is_textual() => {
                        format!("put its texts together: `{said}.join(\"|\")`, or take one: `first({said})`, which may be absent")
                    }
                    Shape::List(item) => match super::parts::fields_that(item, Shape::is_textual).first() {
                        Some(field) => format!("put texts of it together: `{said}.map(x, x.{field}).join(\"|\")`"),
                        None => format!("of a value as a whole: `digest({said})`"),
                    },
                    Shape::Object(_) | Shape::Map(_) => {
                        "put it together from texts and whole numbers: `a.country + \"|\" + a.number`".to_owned()
                    }
                    _ => "put it together from texts and whole numbers: `a.country + \"|\" + a.number`".to_owned(),
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
            Problem::Uncast { .. } if mismatch.path.is_empty() => {
                self.needs_cast(tree);
                if *shape.present() == Shape::Document {
                    self.offer(tree, |_| true);
                }
            }
            Problem::MaybeAbsent { .. } if mismatch.path.is_empty() => {
                self.present(tree, typed);
            }
            _ => {
                let at_key = matches!(mismatch.problem, Problem::Unknown { .. });
                let at = place(tree, &mismatch.path, at_key);
                let help = self.fitted(tree, at, &typed, shape, &mismatch);
                let help: Vec<&str> = vec![&help];
                self.report(codes::WRONG_RESULT, &at.range, mismatch.to_string(), &help);
                // Of a list that is made item by item, what it is made of may be what was meant.
                let made = match &tree.kind {
                    Kind::Call {
                        function, arguments, ..
                    } => function == "map" && !matches!(arguments.last().map(|made| &made.kind), Some(Kind::Map(_))),
                    _ => false,
                };
                self.offer(if made { tree } else { at }, |_| true);
            }
        }
        None
    }

    /// What to write so that a value fits its place.
    fn fitted(&self, tree: &Tree, at: &Tree, typed: &Typed, shape: &Shape, mismatch: &Mismatch) -> String {
        let here = mismatch.path.is_empty();
        let part = || self.part_of(tree, typed, |part| part.fits(shape).is_ok());
        let part = if here { part() } else { None };
        // Where what is wrong was written on the spot, its own text is known.
        let found_here = here || at.range != tree.range && !matches!(at.kind, Kind::Map(_));
        let instead = || match &mismatch.problem {
            Problem::Wrong { expected, found } if found_here => self.instead(at, found, expected),
            Problem::MaybeAbsent { expected } if found_here => {
                let said = self.shown(&at.range);
                let value = super::remedies::some_value(expected);
                Some(format!(
                    "give another value where it is absent: `default({said}, {value})`"
                ))
            }
            _ => None,
        };
        let known = part
            .or_else(|| self.of_items(tree, at, typed, shape, mismatch))
            .or_else(|| self.with_unit(at, mismatch, at.range == tree.range))
            .or_else(instead)
            .or_else(|| mismatch.help());
        if let Some(help) = known {
            return help;
        }
        if here {
            return match shape.present() {
                Shape::Object(object) => {
                    let needed = object.fields.iter().filter(|(_, shape)| !shape.is_optional());
                    let needed: Vec<String> = needed
                        .map(|(name, shape)| format!("{name}: {}", shape.short()))
                        .collect();
                    format!("write an object with its fields: `{{ {} }}`", needed.join(", "))
                }
                wanted => format!("{} {}", super::tried::NOTHING_KNOWN, wanted.describe()),
            };
        }
        let place = mismatch.place();
        if let Some(help) = self.other_object(tree, typed, shape).filter(|_| at.range == tree.range) {
            return help;
        }
        match &mismatch.problem {
            Problem::Missing { expected } if at.range != tree.range || matches!(at.kind, Kind::Map(_)) => {
                let field = mismatch.path.last().map_or("", String::as_str);
                format!("add the field: `\"{field}\": ...` ({})", expected.present().describe())
            }
            Problem::Wrong { expected, .. } | Problem::Missing { expected } => {
                format!("give `{place}` a value: {}", expected.present().describe())
            }
            Problem::Unknown { .. } => known_fields(shape, &mismatch.path),
            _ => format!("give `{place}` a value of the kind that is expected"),
        }
    }

    /// A list is wrong in its items: what fits is a list of something of each.
    fn of_items(&self, tree: &Tree, at: &Tree, typed: &Typed, shape: &Shape, mismatch: &Mismatch) -> Option<String> {
        let wrong = matches!(mismatch.problem, Problem::Wrong { .. } | Problem::Missing { .. });
        let found = typed.shape.present();
        let in_items = mismatch.path.first().is_some_and(|first| first == "[]") && matches!(found, Shape::List(_));
        if !wrong || !in_items || at.range != tree.range {
            return None;
        }
        self.instead(tree, found, shape.present())
    }

    /// An object of one kind where one of another is wanted: its fields are written one by one.
    fn other_object(&self, tree: &Tree, typed: &Typed, shape: &Shape) -> Option<String> {
        let (Shape::Object(own), Shape::Object(wanted)) = (&typed.shape, shape.present()) else {
            return None;
        };
        let (own, name) = (own.name.as_ref()?, wanted.name.as_ref()?);
        if own == name {
            return None;
        }
        let needed = wanted.fields.iter().filter(|(_, shape)| !shape.is_optional());
        let needed: Vec<String> = needed.map(|(name, _)| format!("{name}: ...")).collect();
        Some(format!(
            "`{}` is {own}, and {name} is wanted: write its fields, `{{ {} }}`",
            self.shown(&tree.range),
            needed.join(", ")
        ))
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
                "a quantity has its unit: `quantity({}, \"{}\")`",
                self.amount_of(at),
                self.unit_of(expected)
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
    did_you_mean(&all_meant(unknown, fields.keys().map(String::as_str))).unwrap_or_else(|| {
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        format!("the fields are: {}", names.join(", "))
    })
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

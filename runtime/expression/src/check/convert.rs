//! Functions that make one value out of another, and casts.

use dragoman_model::Value;
use dragoman_schema::Shape;

use super::arithmetic::exact;
use super::{Checker, Typed};
use crate::calendar::{self, Zone};
use crate::codes;
use crate::number;
use crate::program::{Function, InZone, Node};
use crate::tree::{Kind, Tree};
use crate::units;

impl Checker<'_> {
    /// Conversions. None: the number of arguments is wrong.
    pub(super) fn conversion(&mut self, tree: &Tree, name: &str, arguments: &[&Tree]) -> Option<Option<Typed>> {
        match (name, arguments) {
            ("quantity", [value, unit]) => Some(self.quantity(tree, value, unit)),
            ("convert", [quantity, unit]) => Some(self.in_unit(tree, quantity, unit)),
            ("date", [of]) => Some(self.date(tree, of, None)),
            ("date", [of, zone]) => Some(self.date(tree, of, Some(zone))),
            ("text" | "string", [of]) => Some(self.converted(tree, of, Function::Text, Shape::Text)),
            ("int", [of]) => Some(self.converted(tree, of, Function::Integer, Shape::Integer)),
            ("decimal", [of]) => Some(self.converted(tree, of, Function::Decimal, Shape::Decimal)),
            ("timestamp", [of]) => Some(self.converted(tree, of, Function::Timestamp, Shape::DateTime)),
            ("digest", [of]) => Some(
                self.value(of)
                    .map(|typed| Typed::new(Shape::Text, &tree.range, Node::Call(Function::Digest, vec![typed.code]))),
            ),
            _ => None,
        }
    }

    /// Of a value of which nothing is known, a conversion is a check at run time: no cast is needed.
    fn converted(&mut self, tree: &Tree, of: &Tree, function: Function, into: Shape) -> Option<Typed> {
        let typed = self.value(of)?;
        let number = matches!(typed.shape, Shape::Integer | Shape::Number | Shape::Decimal);
        let text = matches!(typed.shape, Shape::Text | Shape::Enumeration(_));
        let fine = match function {
            Function::Text => {
                typed.shape.is_textual() || number || typed.shape == Shape::Boolean || typed.shape.is_quantity()
            }
            Function::Timestamp => text || typed.shape == Shape::DateTime,
            _ => text || number,
        };
        if !fine && typed.shape != Shape::Any {
            let help = match (&typed.shape, function) {
                (shape, _) if shape.is_quantity() => vec!["take its value: `q.value`"],
                (Shape::List(_), Function::Text) => {
                    vec!["put the items together: `list.join(\", \")`"]
                }
                _ => Vec::new(),
            };
            self.wrong(of, "what can be converted", &typed.shape, &help);
            return None;
        }
        self.literal(of, function)?;
        let typed = if function == Function::Integer {
            typed
        } else {
            exact(typed)
        };
        Some(Typed::new(into, &tree.range, Node::Call(function, vec![typed.code])))
    }

    /// A text that was written on the spot is read at once.
    fn literal(&mut self, tree: &Tree, function: Function) -> Option<()> {
        let Kind::Text(text) = &tree.kind else {
            return Some(());
        };
        let (fine, wanted) = match function {
            Function::Decimal => (number::decimal_text(text).is_some(), "a decimal, such as \"1.5\""),
            Function::Integer => (text.parse::<i64>().is_ok(), "a whole number"),
            Function::Timestamp => (
                calendar::time(text).is_some(),
                "a time with its zone, such as \"2026-11-21T18:00:00Z\"",
            ),
            _ => (true, ""),
        };
        if !fine {
            let help = match function {
                Function::Decimal => with_point(text),
                Function::Integer => "write digits alone: `\"12\"`".to_owned(),
                _ => "write a date, a `T`, a time and its zone: `\"2026-11-21T18:00:00Z\"`".to_owned(),
            };
            let message = format!("\"{text}\" is not {wanted}");
            self.report(codes::INVALID_LITERAL, &tree.range, message, &[&help]);
        }
        fine.then_some(())
    }

    fn date(&mut self, tree: &Tree, of: &Tree, zone: Option<&Tree>) -> Option<Typed> {
        if let Kind::Text(text) = &of.kind
            && calendar::date(text).is_none()
            && calendar::time(text).is_none()
        {
            let message = format!("\"{text}\" is not a date");
            let help = match calendar::meant_date(text) {
                Some(meant) => format!("a date is written year, month and day: write `\"{meant}\"`"),
                None => "write one as year, month and day: `\"2026-11-21\"`".to_owned(),
            };
            self.report(codes::INVALID_LITERAL, &of.range, message, &[&help]);
            return None;
        }
        let typed = self.value(of)?;
        let fine = matches!(
            typed.shape,
            Shape::Any | Shape::Text | Shape::Enumeration(_) | Shape::Date | Shape::DateTime
        );
        if !fine {
            self.wrong(of, "text, a date or a time", &typed.shape, &[]);
            return None;
        }
        let zone = match zone {
            None => None,
            Some(zone) => Some(self.zone(zone)?),
        };
        Some(Typed::new(
            Shape::Date,
            &tree.range,
            Node::Date(Box::new(typed.code), zone),
        ))
    }

    /// The zone of a date. One that is written, or that the site says, is looked up at once; any other when it is known.
    fn zone(&mut self, tree: &Tree) -> Option<InZone> {
        if let Kind::Text(name) = &tree.kind {
            return match Zone::find(name) {
                Some(zone) => Some(InZone::Written(zone)),
                None => {
                    self.no_zone(tree, name, "write the name of one");
                    None
                }
            };
        }
        let typed = self.value(tree)?;
        if !matches!(typed.shape, Shape::Any | Shape::Text | Shape::Enumeration(_)) {
            let help = "write the name of a zone in quotes: `\"Europe/Zurich\"`, `\"UTC\"`";
            self.wrong(tree, "the name of a time zone", &typed.shape, &[help]);
            return None;
        }
        let known = typed.path.as_ref().and_then(|path| self.environment.value(path));
        if let Some(name) = known.and_then(Value::as_str)
            && Zone::find(name).is_none()
            && !self.environment.trusting
        {
            let name = name.to_owned();
            self.no_zone(tree, &name, "let this value be the name of one");
            return None;
        }
        Some(InZone::Computed(Box::new(typed.code)))
    }

    fn no_zone(&mut self, tree: &Tree, name: &str, what: &str) {
        let shown = self.shown(&tree.range);
        let text = match &tree.kind {
            Kind::Text(_) => format!("`{shown}` is not a time zone"),
            _ => format!("`{shown}` is \"{name}\", which is not a time zone"),
        };
        let help = match Zone::nearest(name) {
            Some(near) => format!("{what}: `\"{near}\"`"),
            None => format!("{what}: `\"Europe/Zurich\"`, `\"UTC\"`"),
        };
        self.report(codes::INVALID_LITERAL, &tree.range, text, &[&help]);
    }

    fn quantity(&mut self, tree: &Tree, value: &Tree, unit: &Tree) -> Option<Typed> {
        // `quantity("KGM", x)`: the other way round.
        if let Kind::Text(first) = &value.kind
            && !self.environment.trusting
            && (units::find(first).is_some() || units::named(first).is_some())
        {
            let code = units::named(first).unwrap_or(first);
            let help = format!(
                "first the number, then the unit: `quantity({}, \"{code}\")`",
                self.shown(&unit.range)
            );
            let text = format!("\"{first}\" is a unit, and no number");
            self.report(codes::WRONG_TYPE, &value.range, text, &[&help]);
            return None;
        }
        let written = self.written_unit(unit);
        let said = self.problems.len();
        let (value, code) = (
            self.converted(value, value, Function::Decimal, Shape::Decimal),
            self.textual(unit),
        );
        if code.is_none() && self.problems.len() == said + 1 && value.is_some() {
            self.no_unit(unit);
        }
        let (value, code) = (value?, code?);
        let codes = vec![value.code, code.code];
        Some(Typed::new(written?, &tree.range, Node::Call(Function::Quantity, codes)))
    }

    /// `cast(x, "connection.operation")`: x has the shape of what the operation gives (or takes).
    pub(super) fn cast(&mut self, tree: &Tree, of: &Tree, operation: &Tree, output: bool) -> Option<Typed> {
        let typed = self.tree(of);
        let Kind::Text(name) = &operation.kind else {
            let text = "a cast names the operation in quotes";
            let help = "write, for example, `cast(x, \"connection.operation\")`";
            self.report(codes::UNKNOWN_OPERATION, &operation.range, text, &[help]);
            return None;
        };
        let Some(found) = self.environment.operations.get(name) else {
            let help = self.meant_operation(name);
            self.report(
                codes::UNKNOWN_OPERATION,
                &operation.range,
                format!("unknown operation `{name}`"),
                &[&help],
            );
            return None;
        };
        let shape = if output {
            found.output.clone()
        } else {
            found.input.clone()
        };
        let typed = typed?;
        // An absent value stays absent: the cast says what is there when something is.
        let result = if typed.shape.is_optional() {
            shape.clone().optional()
        } else {
            shape.clone()
        };
        let node = Node::Cast(Box::new(typed.code), shape.into(), name.clone());
        let path = typed.path.map(|mut path| {
            path.push(format!("{name}()"));
            path
        });
        let result = path.as_ref().map_or(result.clone(), |path| self.narrowed(path, result));
        Some(Typed {
            path,
            ..Typed::new(result, &tree.range, node)
        })
    }
}

/// How a decimal is written that was written in another way: mostly with a comma.
fn with_point(text: &str) -> String {
    let meant = text.trim().replace(',', ".");
    match number::decimal_text(&meant) {
        Some(_) => format!("write a point: `\"{meant}\"`"),
        None => "write digits and at most one point: `\"1.5\"`".to_owned(),
    }
}

//! Calculations that cannot be made: what was most likely meant.

use std::ops::Range;

use dragoman_schema::Shape;

use super::Checker;
use super::arithmetic::Problem;
use super::remedies::is_number;
use crate::codes;
use crate::tree::{Kind, Tree};

/// A side of an operator.
type Side<'t> = (&'t Shape, &'t Tree);

fn is_text(shape: &Shape) -> bool {
    matches!(shape, Shape::Text | Shape::Enumeration(_))
}

fn dated(shape: &Shape) -> bool {
    matches!(shape, Shape::Date | Shape::DateTime)
}

impl Checker<'_> {
    pub(super) fn no_arithmetic(&mut self, at: &Range<usize>, left: Side<'_>, right: Side<'_>, problem: Problem) {
        let operator = self.shown(at);
        let text = format!("`{operator}` does not go between {} and {}", left.0, right.0);
        let (code, help) = match problem {
            Problem::Units => (codes::UNITS, self.scaled(&operator, left, right)),
            Problem::Product => {
                let (one, other) = (self.shown(&left.1.range), self.shown(&right.1.range));
                let help = format!(
                    "quantities of one unit are added and subtracted; of their bare values: `{one}.value {operator} {other}.value`"
                );
                (codes::WRONG_TYPE, vec![help])
            }
            Problem::Float => {
                let float = if *left.0 == Shape::Number { left.1 } else { right.1 };
                let help = format!(
                    "floats are not calculated with: make a decimal of it: `decimal({})`",
                    self.shown(&float.range)
                );
                (codes::WRONG_TYPE, vec![help])
            }
            Problem::Kind => (codes::WRONG_TYPE, self.other_kinds(&operator, left, right)),
        };
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        self.report(code, at, text, &help);
    }

    /// A quantity and a number: added, the number needs a unit; multiplied, the quantity is made anew.
    fn scaled(&self, operator: &str, left: Side<'_>, right: Side<'_>) -> Vec<String> {
        if matches!(operator, "+" | "-") || !left.0.is_quantity() && operator != "*" {
            return self.with_units(left, right);
        }
        let (one, other) = (self.shown(&left.1.range), self.shown(&right.1.range));
        let (quantity, value) = if left.0.is_quantity() {
            (&one, format!("{one}.value {operator} {other}"))
        } else {
            (&other, format!("{one} {operator} {other}.value"))
        };
        vec![
            format!("calculate with its value, and give it its unit again: `quantity({value}, {quantity}.unit)`"),
            format!("or take the bare value: `{quantity}.value`"),
        ]
    }

    fn other_kinds(&self, operator: &str, left: Side<'_>, right: Side<'_>) -> Vec<String> {
        let (one, other) = (self.shown(&left.1.range), self.shown(&right.1.range));
        if dated(left.0) || dated(right.0) {
            if operator == "-" && dated(left.0) && dated(right.0) {
                return vec![format!(
                    "how long it is from one to the other is asked by a comparison: `{one} > {other} + duration(\"10d\")`"
                )];
            }
            return self.beside_time(operator, if dated(left.0) { &one } else { &other }, left.1, right.1);
        }
        for ((shape, tree), text) in [(left, &other), (right, &one)] {
            let said = self.shown(&tree.range);
            match shape {
                Shape::List(item) if operator == "+" && self.item_fits(item, left, right) => {
                    let more = format!("to put one more behind it, add a list of one: `{said} + [{text}]`");
                    let texts = item
                        .is_textual()
                        .then(|| format!("to put its texts together: `{said}.join(\", \")`"));
                    return texts.into_iter().chain([more]).collect();
                }
                Shape::List(_) | Shape::Map(_) if is_number(left.0) || is_number(right.0) => {
                    return vec![format!("to count them: `size({said})`")];
                }
                Shape::List(item) if item.is_textual() => {
                    return vec![format!("to put its texts together: `{said}.join(\", \")`")];
                }
                Shape::Object(_) => {
                    let wanted = if is_number(left.0) || is_number(right.0) {
                        "a whole number or a decimal"
                    } else {
                        "text"
                    };
                    if let Some(part) = super::part_named(wanted, shape, &said) {
                        return vec![part];
                    }
                }
                _ => {}
            }
        }
        match (is_text(left.0), is_text(right.0)) {
            (true, _) => self.beside_text(operator, left, right),
            (_, true) => self.beside_text(operator, right, left),
            _ => vec!["numbers, decimals and quantities are calculated with, each with its own kind".to_owned()],
        }
    }

    /// What to make of a text and something else: a longer text, or a number of the text.
    fn beside_text(&self, operator: &str, text: Side<'_>, rest: Side<'_>) -> Vec<String> {
        let (said, other) = (self.shown(&text.1.range), self.shown(&rest.1.range));
        if let (Kind::Text(number), true) = (&text.1.kind, is_number(rest.0))
            && number.parse::<i64>().is_ok()
        {
            let number = match rest.0 {
                Shape::Integer => number.clone(),
                _ => format!("decimal({said})"),
            };
            return vec![
                format!("to calculate, write `{number}`"),
                format!("to put texts together: `text({other})`"),
            ];
        }
        if operator == "+" {
            let mut help = vec![format!(
                "to put texts together, convert the other side: `text({other})`"
            )];
            // What was put together on the spot is no number.
            let named = matches!(text.1.kind, Kind::Name(_) | Kind::Field { .. } | Kind::Call { .. });
            if is_number(rest.0) && *text.0 == Shape::Text && named {
                let function = if *rest.0 == Shape::Integer { "int" } else { "decimal" };
                help.push(format!("to calculate, make a number of the text: `{function}({said})`"));
            }
            return help;
        }
        vec![match rest.0 {
            Shape::Decimal => format!("make a decimal of the text: `decimal({said})`"),
            _ => format!("make a number of the text: `int({said})`, or `decimal({said})`"),
        }]
    }

    /// What stands beside a date or a time: a duration, of so many days where a number was written.
    fn beside_time(&self, operator: &str, time: &str, left: &Tree, right: &Tree) -> Vec<String> {
        let days = match (&left.kind, &right.kind) {
            (_, Kind::Integer(days)) | (Kind::Integer(days), _) => format!("{days}d"),
            _ => "10d".to_owned(),
        };
        let operator = if operator == "-" { "-" } else { "+" };
        vec![
            format!("beside a date or a time stands a duration: `{time} {operator} duration(\"{days}\")`"),
            "two of them are compared: `a < b`".to_owned(),
        ]
    }

    /// Whether what stands beside a list could be one of its items.
    fn item_fits(&self, item: &Shape, left: Side<'_>, right: Side<'_>) -> bool {
        let list = |shape: &Shape| matches!(shape, Shape::List(_));
        let other = if list(left.0) { right.0 } else { left.0 };
        !list(other) && item.join(other).is_some()
    }
}

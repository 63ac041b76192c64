//! What to write in place of a value that is of another kind than its place asks for: with its own text, so that it can
//! be taken over as it stands.

use dragoman_model::{Value, all_meant, did_you_mean};
use dragoman_schema::Shape;

use super::{Checker, Typed, parts};
use crate::calendar;
use crate::codes;
use crate::number;
use crate::program::Node;
use crate::tree::{Kind, Tree};

/// The unit of an example where none is known.
const SOME_UNIT: &str = "KGM";

pub(super) fn is_number(shape: &Shape) -> bool {
    matches!(shape, Shape::Integer | Shape::Number | Shape::Decimal)
}

/// The unit of a quantity where it is known, else an example of one.
fn unit_of(shape: &Shape) -> &str {
    match shape.present() {
        Shape::Measured(unit) => unit,
        _ => SOME_UNIT,
    }
}

/// A value that can stand where another may be absent: `"..."`, `0`, `[]`.
pub(super) fn some_value(shape: &Shape) -> String {
    match shape.present() {
        Shape::Boolean => "false".into(),
        Shape::Integer => "0".into(),
        Shape::Number => "0.0".into(),
        Shape::Decimal => "decimal(\"0\")".into(),
        Shape::Text => "\"...\"".into(),
        Shape::Enumeration(values) => values.first().map_or("...".into(), |value| format!("\"{value}\"")),
        quantity if quantity.is_quantity() => format!("quantity(\"0\", \"{}\")", unit_of(quantity)),
        Shape::List(_) => "[]".into(),
        Shape::Date => "date(run.now)".into(),
        Shape::DateTime => ["run", "now"].join("."),
        _ => "...".into(),
    }
}

impl Checker<'_> {
    /// The unit of a quantity where it is known, else the one that quantities have in this place.
    pub(super) fn unit_of<'s>(&'s self, shape: &'s Shape) -> &'s str {
        match (shape.present(), &self.environment.unit) {
            (Shape::Measured(_), _) | (_, None) => unit_of(shape),
            (_, Some(unit)) => unit,
        }
    }

    /// The text of a part as it stands in a call; none of a long one.
    fn said(&self, tree: &Tree) -> String {
        self.shown(&tree.range)
    }

    /// The number of a quantity: as it stands in quotes where it was written, else as an expression.
    pub(super) fn amount_of(&self, tree: &Tree) -> String {
        let said = self.said(tree);
        match &tree.kind {
            Kind::Integer(_) | Kind::Point(_) => format!("\"{said}\""),
            _ => said,
        }
    }

    /// Reports a value that may be absent where true or false is asked for: most likely it is asked whether it is there.
    pub(super) fn absent_truth(&mut self, tree: &Tree, typed: &Typed) -> bool {
        if typed.path.is_none() || self.environment.trusting {
            return false;
        }
        let Shape::Optional(inner) = &typed.shape else {
            return false;
        };
        let said = self.said(tree);
        let help = if **inner == Shape::Boolean {
            [
                format!("where it is absent, it is not so: `default({said}, false)`"),
                format!("or test it first: `has({said}) && {said}`"),
            ]
        } else {
            [
                format!("to ask whether it is there: `has({said})`"),
                format!("to compare it as well: `has({said}) && {said} == ...`, or `default({said}, ...) == ...`"),
            ]
        };
        let text = format!("`{said}` may be absent");
        self.report(codes::MAYBE_ABSENT, &tree.range, text, &[&help[0], &help[1]]);
        true
    }

    /// What to write where true or false is asked for.
    pub(super) fn as_truth(&self, tree: &Tree, typed: &Typed) -> String {
        let said = self.said(tree);
        match (&tree.kind, &typed.shape) {
            (Kind::Text(text), _) if matches!(text.to_lowercase().as_str(), "true" | "yes") => {
                "write `true`, without quotes".into()
            }
            (Kind::Text(text), _) if matches!(text.to_lowercase().as_str(), "false" | "no") => {
                "write `false`, without quotes".into()
            }
            (Kind::Integer(_) | Kind::Text(_) | Kind::Point(_), _) => {
                format!("write what is to be true or false: a value compared with it, `... == {said}`")
            }
            (_, Shape::List(_) | Shape::Map(_)) => format!("to ask whether there are any: `size({said}) > 0`"),
            (_, Shape::Enumeration(values)) => {
                let first = values.first().map_or("...", String::as_str);
                format!("compare it: `{said} == \"{first}\"`; it is one of {}", typed.shape)
            }
            (_, Shape::Text) => format!("compare it: `{said} == \"...\"`"),
            (_, Shape::Date) => format!("compare it: `{said} <= date(run.now)`"),
            (_, Shape::DateTime) => format!("compare it: `{said} <= run.now`"),
            (_, shape) if is_number(shape) => format!("compare it: `{said} > 0`"),
            (_, shape) if shape.is_quantity() => format!(
                "compare it: `{said} > quantity(\"0\", \"{}\")`, or its number: `{said}.value > 0`",
                self.unit_of(shape)
            ),
            (_, Shape::Object(_)) => self
                .part_of(tree, typed, |shape| *shape == Shape::Boolean)
                .or_else(|| self.enumerated(&said, &typed.shape))
                .unwrap_or_else(|| {
                    let fields = typed.shape.field_names().join("`, `");
                    format!("compare a field of it, `{said}.<field> == ...`: its fields are `{fields}`")
                }),
            _ => format!("compare it, for example `{said} == ...`"),
        }
    }

    /// The fields of an object whose values are known, each compared with one of them.
    fn enumerated(&self, said: &str, shape: &Shape) -> Option<String> {
        let chosen = |shape: &Shape| matches!(shape, Shape::Enumeration(_));
        let fields = parts::fields_that(shape, chosen);
        let [field] = fields.as_slice() else { return None };
        let dragoman_schema::Lookup::Found(values) = shape.field(field) else {
            return None;
        };
        let Shape::Enumeration(all) = values.present() else {
            return None;
        };
        let first = all.first()?;
        Some(format!(
            "compare a field of it: `{said}.{field} == \"{first}\"`; it is one of {}",
            values.present()
        ))
    }

    /// What to write where a value of one shape stands and another is asked for; none where nothing can be made of it.
    pub(super) fn instead(&self, tree: &Tree, found: &Shape, wanted: &Shape) -> Option<String> {
        let said = self.said(tree);
        let wanted = wanted.present();
        if let Some(help) = self.rewritten_for(tree, found, wanted) {
            return Some(help);
        }
        match (found, wanted) {
            (found, Shape::List(item)) if found.fits(item).is_ok() => {
                Some(format!("for a list of one, write `[{said}]`"))
            }
            (Shape::List(item), Shape::List(each)) => self.of_each(&said, item, each),
            (Shape::List(item), wanted) if !matches!(wanted, Shape::List(_)) => self.one_of_list(&said, item, wanted),
            (found, wanted) if wanted.is_quantity() => self.as_quantity(tree, found, wanted),
            (Shape::Text | Shape::Enumeration(_), Shape::Integer | Shape::Number) => {
                Some(format!("make a whole number of the text: `int({said})`"))
            }
            (Shape::Decimal | Shape::Number, Shape::Integer) => {
                Some(format!("where it is always whole: `int({said})`"))
            }
            (Shape::Text | Shape::Enumeration(_) | Shape::Integer | Shape::Number, Shape::Decimal) => {
                Some(format!("make a decimal of it: `decimal({said})`"))
            }
            (Shape::Boolean, Shape::Integer | Shape::Number) if !matches!(tree.kind, Kind::Boolean(_)) => {
                Some(format!("choose a number for each: `{said} ? 1 : 0`"))
            }
            (Shape::Integer | Shape::Number | Shape::Boolean, Shape::Text) => {
                Some(format!("make text of it: `text({said})`"))
            }
            (Shape::DateTime, Shape::Date) => Some(format!(
                "take the day of the time, in its zone: `date({said}, \"Europe/Zurich\")`; `date({said})` is that of UTC"
            )),
            (Shape::Text | Shape::Enumeration(_), Shape::Date) => {
                Some(format!("make a date of the text: `date({said})`"))
            }
            (Shape::Date, Shape::DateTime) => Some(format!(
                "say at which hour of the day: `timestamp({said} + \"T00:00:00Z\")`"
            )),
            (Shape::Text | Shape::Enumeration(_), Shape::DateTime) => {
                Some(format!("make a time of the text: `timestamp({said})`"))
            }
            (found, Shape::Enumeration(values)) if found.is_textual() => Some(self.as_one_of(tree, found, values)),
            (found, Shape::Boolean) => {
                let typed = Typed::new(found.clone(), &tree.range, Node::Constant(Value::Null));
                Some(self.as_truth(tree, &typed))
            }
            (_, Shape::Document) => Some("a document comes from a trigger or a call: `=trigger.document`".into()),
            _ => None,
        }
    }

    /// A value that was written on the spot, as one of another kind.
    fn rewritten_for(&self, tree: &Tree, found: &Shape, wanted: &Shape) -> Option<String> {
        let said = self.said(tree);
        match (&tree.kind, wanted) {
            (Kind::Text(text), Shape::Integer | Shape::Number) if text.trim().parse::<i64>().is_ok() => {
                Some(format!("write `{}`, without quotes", text.trim()))
            }
            (Kind::Integer(_) | Kind::Point(_), Shape::Decimal) => Some(format!("write `decimal(\"{said}\")`")),
            (Kind::Integer(_) | Kind::Point(_) | Kind::Boolean(_), Shape::Text) => Some(format!("write `\"{said}\"`")),
            (Kind::Text(text), Shape::Boolean) if text == "true" || text == "false" => {
                Some(format!("write `{text}`, without quotes"))
            }
            (Kind::Text(text), Shape::Date) => {
                let meant = calendar::meant_date(text);
                let meant = meant.unwrap_or_else(|| {
                    if calendar::date(text).is_some() {
                        text.clone()
                    } else {
                        "2026-11-21".into()
                    }
                });
                Some(format!("a date is made of its text: write `date(\"{meant}\")`"))
            }
            (Kind::Text(text), Shape::DateTime) if calendar::time(text).is_none() => {
                Some("a time is made of its text: write `timestamp(\"2026-11-21T18:00:00Z\")`".into())
            }
            (Kind::Text(text), wanted) if wanted.is_quantity() && *found != *wanted => {
                let (number, unit) = text.trim().split_once(' ').unwrap_or((text.trim(), ""));
                number::decimal_text(number)?;
                let code = crate::units::meant(unit).unwrap_or(self.unit_of(wanted));
                Some(format!("write `quantity(\"{number}\", \"{code}\")`"))
            }
            _ => None,
        }
    }

    /// What to write where a list of other things is asked for: of each a field that fits.
    fn of_each(&self, said: &str, item: &Shape, wanted: &Shape) -> Option<String> {
        let fields = parts::fields_that(item, |shape| shape.fits(wanted).is_ok());
        let named: Vec<String> = fields
            .iter()
            .map(|field| format!("`{said}.map(x, x.{field})`"))
            .collect();
        (!named.is_empty()).then(|| format!("take a field of each: {}", named.join(" or ")))
    }

    /// What to write where a list stands and one value is asked for.
    fn one_of_list(&self, said: &str, item: &Shape, wanted: &Shape) -> Option<String> {
        let first = |what: String| format!("for one of the list: `{what}`, which may be absent");
        let each = "; for all of them, put the step into an `each`";
        if *wanted == Shape::Integer {
            let first = if item.fits(wanted).is_ok() {
                format!("; {}", first(format!("first({said})")))
            } else {
                String::new()
            };
            return Some(format!("to say how many there are: `size({said})`{first}"));
        }
        if *wanted == Shape::Boolean && *item != Shape::Boolean {
            return Some(format!("to ask whether there are any: `size({said}) > 0`"));
        }
        if item.fits(wanted).is_ok() {
            let text = if *wanted == Shape::Text {
                format!("; for one text of all: `{said}.join(\", \")`")
            } else {
                String::new()
            };
            return Some(format!("{}{text}{each}", first(format!("first({said})"))));
        }
        let fields = parts::fields_that(item, |shape| shape.fits(wanted).is_ok());
        let named: Vec<String> = fields.iter().map(|field| format!("first({said}).{field}")).collect();
        match named.is_empty() {
            true => Some(format!("{}{each}", first(format!("first({said})")))),
            false => Some(format!("{}{each}", first(named.join("` or `")))),
        }
    }

    /// What to write where a quantity is asked for.
    fn as_quantity(&self, tree: &Tree, found: &Shape, wanted: &Shape) -> Option<String> {
        let said = self.said(tree);
        if let (Kind::Field { of, name, .. }, true) = (&tree.kind, found.is_textual())
            && name == "value"
        {
            return Some(format!("a quantity has its unit: write `{}`", self.said(of)));
        }
        match (found, wanted) {
            (found, Shape::Measured(unit)) if found.is_quantity() => Some(format!(
                "write it in that unit: `convert({said}, \"{unit}\")`, where both measure the same"
            )),
            (found, _) if is_number(found) || matches!(found, Shape::Text | Shape::Enumeration(_)) => Some(format!(
                "a quantity has its unit: `quantity({}, \"{}\")`",
                self.amount_of(tree),
                self.unit_of(wanted)
            )),
            _ => None,
        }
    }

    /// What to write where one of some texts is asked for and any text, or another one, stands.
    fn as_one_of(&self, tree: &Tree, found: &Shape, values: &[String]) -> String {
        let said = self.said(tree);
        let quoted: Vec<String> = values.iter().map(|value| format!("\"{value}\"")).collect();
        let all = quoted.join(", ");
        let (Some(first), Some(second)) = (quoted.first(), quoted.get(1)) else {
            return format!("write {all}");
        };
        let from = match found {
            Shape::Enumeration(own) => own.iter().find(|one| !values.contains(one)),
            _ => None,
        };
        // What is put together on the spot has texts of its own, of which one is none of these.
        if let (Some(from), false) = (from, matches!(tree.kind, Kind::Name(_) | Kind::Field { .. })) {
            let near = all_meant(from, values.iter().map(String::as_str));
            let near = did_you_mean(&near).unwrap_or_else(|| format!("write one of {all}"));
            return format!("`\"{from}\"` is none of them: {near}");
        }
        let from = from.map_or("...", String::as_str);
        format!("write one of {all}, or choose: `{said} == \"{from}\" ? {first} : {second}`")
    }
}

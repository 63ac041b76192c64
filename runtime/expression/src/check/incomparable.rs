//! Comparisons that cannot be made, or that can never hold: what was most likely meant.

use std::ops::Range;

use dragoman_model::all_meant;
use dragoman_schema::Shape;

use super::compare::Problem;
use super::{Checker, Typed};
use crate::codes;
use crate::tree::{Kind, Tree};

/// The fields by which one object is told from another, the likeliest first.
const NAMES: [&str; 4] = ["id", "number", "code", "key"];

impl Checker<'_> {
    pub(super) fn never(&mut self, wrong: &Tree, text: &str, values: &Shape, of: &Tree) {
        let tested = self.was_tested(of, text);
        let of = self.shown(&of.range);
        let message = format!("`{of}` is never \"{text}\"");
        let mut help = Vec::new();
        if tested && let Shape::Enumeration(before) = values {
            let before: Vec<String> = before.iter().map(|value| format!("\"{value}\"")).collect();
            let message = format!(
                "{message} here: the test before says that it is {}",
                before.join(" or ")
            );
            let both = format!(
                "for one or the other write `||`, or `{of} in [{}, \"{text}\"]`",
                before.join(", ")
            );
            self.report(codes::NEVER_EQUAL, &wrong.range, message, &[&both]);
            return;
        }
        if let Shape::Enumeration(values) = values {
            let near = all_meant(text, values.iter().map(String::as_str));
            if !near.is_empty() {
                help.push(format!("did you mean \"{}\"?", near.join("\" or \"")));
            }
        }
        help.push(format!("it is one of {values}"));
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        self.report(codes::NEVER_EQUAL, &wrong.range, message, &help);
    }

    /// `1 < x < 9`: what is compared on the left is true or false already.
    pub(super) fn chained(&mut self, at: &Range<usize>, left: &Tree, second: &Typed, right: &Tree) -> bool {
        let Kind::Operator { operands, operator, .. } = &left.kind else {
            return false;
        };
        let compares = super::operators::ordered(*operator).is_some();
        let [_, middle] = operands.as_slice() else { return false };
        // In brackets it was meant as it stands.
        if !compares || second.shape == Shape::Boolean || self.shown(&left.range).starts_with('(') {
            return false;
        }
        let (first, mark) = (self.shown(&left.range), self.shown(at));
        let (middle, last) = (self.shown(&middle.range), self.shown(&right.range));
        let help = format!("write `{first} && {middle} {mark} {last}`");
        self.report(codes::WRONG_TYPE, at, "a comparison is compared", &[&help]);
        true
    }

    /// Whether a value could be this text, were it not for a test before.
    fn was_tested(&mut self, of: &Tree, text: &str) -> bool {
        let facts = std::mem::take(&mut self.facts);
        let untested = self.silently(of);
        self.facts = facts;
        untested.is_some_and(|typed| match typed.shape.present() {
            Shape::Enumeration(values) => values.iter().any(|value| value == text),
            shape => shape.is_textual(),
        })
    }

    pub(super) fn incomparable(
        &mut self,
        at: &Range<usize>,
        left: (&Typed, &Tree),
        right: (&Typed, &Tree),
        problem: Problem,
    ) {
        let (left, right) = ((&left.0.shape, left.1), (&right.0.shape, right.1));
        let text = format!("{} is compared with {}", left.0, right.0);
        let rewritten = self.rewritten(left, right).or_else(|| self.rewritten(right, left));
        let rewritten = rewritten.or_else(|| {
            self.part_instead(left, right)
                .or_else(|| self.part_instead(right, left))
        });
        if let Some(help) = rewritten.filter(|_| matches!(problem, Problem::Convert(_) | Problem::Never)) {
            let code = match problem {
                Problem::Never => codes::NEVER_EQUAL,
                _ => codes::WRONG_TYPE,
            };
            self.report(code, at, text, &[&help]);
            return;
        }
        let (code, text, help) = match problem {
            Problem::Units => (codes::UNITS, text, self.with_units(left, right)),
            Problem::Float => {
                let (float, _) = if *left.0 == Shape::Number {
                    (left.1, left.0)
                } else {
                    (right.1, right.0)
                };
                let help = format!("make the float a decimal: `decimal({})`", self.shown(&float.range));
                (codes::WRONG_TYPE, text, vec![help])
            }
            Problem::Zone => {
                let time = if *left.0 == Shape::DateTime { left.1 } else { right.1 };
                let time = self.shown(&time.range);
                let help =
                    format!("take the day of the time: `date({time})`, or in a zone `date({time}, \"Europe/Zurich\")`");
                (codes::WRONG_TYPE, text, vec![help])
            }
            Problem::Convert(function) => (
                codes::WRONG_TYPE,
                text,
                vec![self.converted_side(function, left, right)],
            ),
            Problem::Never => {
                let help = self.one_of_both(at, left, right);
                (codes::NEVER_EQUAL, format!("{text}, which are never equal"), vec![help])
            }
        };
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        self.report(code, at, text, &help);
    }

    /// `x in list` where the items of the list are objects: one field of each is compared.
    pub(super) fn among_objects(&mut self, tree: &Tree, one: (&Shape, &Tree), many: (&Shape, &Tree)) -> bool {
        let object = many
            .0
            .as_object()
            .filter(|_| matches!(many.0, Shape::Object(_)) && !matches!(one.0, Shape::Object(_)));
        let Some(object) = object else { return false };
        let alike = |shape: &Shape| {
            !shape.is_optional() && shape.join(one.0).is_some() && shape.is_textual() == one.0.is_textual()
        };
        let alike = object
            .fields
            .iter()
            .filter(|(_, shape)| alike(shape))
            .map(|(name, _)| name.as_str());
        let alike: Vec<&str> = alike.collect();
        let last = match &one.1.kind {
            Kind::Field { name, .. } | Kind::Name(name) => name.as_str(),
            _ => "",
        };
        let meant = all_meant(last, alike.iter().copied());
        let named = NAMES.iter().find(|name| alike.contains(name));
        let fields: Vec<&str> = match (meant.is_empty(), named) {
            (false, _) => meant,
            (true, Some(name)) => vec![name],
            (true, None) => alike.into_iter().take(3).collect(),
        };
        if fields.is_empty() {
            return false;
        }
        let (said, list) = (self.shown(&one.1.range), self.shown(&many.1.range));
        let named: Vec<String> = fields
            .iter()
            .map(|field| format!("`{said} in {list}.map(x, x.{field})`"))
            .collect();
        let text = format!("{} is compared with {}, which are never equal", one.0, many.0);
        self.report(
            codes::NEVER_EQUAL,
            &tree.range,
            text,
            &[&format!("compare with a field of each: {}", named.join(" or "))],
        );
        true
    }

    /// The text of two sides, converted; the other side, where the texts are a list that was written on the spot.
    fn converted_side(&self, function: &str, left: (&Shape, &Tree), right: (&Shape, &Tree)) -> String {
        let is_text = |shape: &Shape| matches!(shape, Shape::Text | Shape::Enumeration(_));
        let (text, other) = if is_text(left.0) { (left, right) } else { (right, left) };
        if let Kind::List(_) = text.1.kind {
            let other = self.shown(&other.1.range);
            return format!("write the values without quotes, or make text of the other side: `text({other})`");
        }
        format!("convert the text: `{function}({})`", self.shown(&text.1.range))
    }

    /// What to write where two values are never equal, as far as one of them says what was meant.
    fn one_of_both(&self, at: &Range<usize>, left: (&Shape, &Tree), right: (&Shape, &Tree)) -> String {
        let made = |from: (&Shape, &Tree), into: &Shape| self.instead(from.1, from.0, into);
        self.counted(left, right)
            .or_else(|| self.counted(right, left))
            .or_else(|| self.truth_compared(at, left, right))
            .or_else(|| self.truth_compared(at, right, left))
            .or_else(|| made(left, right.0))
            .or_else(|| made(right, left.0))
            .unwrap_or_else(|| "compare values of one kind: a field of the one, or `text(...)` of the other".to_owned())
    }

    /// A list compared with a number: how many there are is meant; one compared with one value: whether that is in it.
    fn counted(&self, (list, tree): (&Shape, &Tree), (other, one): (&Shape, &Tree)) -> Option<String> {
        let (shown, one) = (self.shown(&tree.range), self.shown(&one.range));
        match (list, other) {
            (Shape::List(item), _) if item.join(other).is_some() => {
                let counted = match other {
                    Shape::Integer => format!(", or how many there are: `size({shown})`"),
                    _ => String::new(),
                };
                Some(format!("to ask whether it is in the list: `{one} in {shown}`{counted}"))
            }
            (Shape::List(_) | Shape::Map(_), Shape::Integer | Shape::Decimal | Shape::Number) => {
                Some(format!("compare how many there are: `size({shown})`"))
            }
            _ => None,
        }
    }

    /// What is true or false already, compared with what is not: it stands alone, or its value is compared.
    fn truth_compared(&self, at: &Range<usize>, truth: (&Shape, &Tree), other: (&Shape, &Tree)) -> Option<String> {
        if *truth.0 != Shape::Boolean || *other.0 == Shape::Boolean {
            return None;
        }
        let (said, with, mark) = (self.shown(&truth.1.range), self.shown(&other.1.range), self.shown(at));
        if let Kind::Call {
            function, arguments, ..
        } = &truth.1.kind
            && let ("has", [value]) = (function.as_str(), arguments.as_slice())
        {
            return Some(format!("write `{said} && {} {mark} {with}`", self.shown(&value.range)));
        }
        match truth.1.kind {
            Kind::Boolean(_) => Some(format!("it is {}: compare it with one, `{with} {mark} ...`", other.0)),
            _ => Some(format!(
                "it is true or false already: write `{said}` alone, or `!{said}`"
            )),
        }
    }

    /// A number beside a quantity: the number with the unit of that, or the number of that.
    pub(super) fn with_units(&self, left: (&Shape, &Tree), right: (&Shape, &Tree)) -> Vec<String> {
        let (quantity, number) = if left.0.is_quantity() {
            (left, right)
        } else {
            (right, left)
        };
        vec![
            format!(
                "give the number a unit: `quantity({}, \"{}\")`",
                self.amount_of(number.1),
                self.unit_of(quantity.0)
            ),
            format!("or take the bare value: `{}.value`", self.shown(&quantity.1.range)),
        ]
    }

    /// What to write so that two values are of one kind: the second one as the first, else the first as the second.
    pub(super) fn one_kind(&self, (first, one): (&Tree, &Shape), (second, other): (&Tree, &Shape)) -> String {
        // Beside a text everything can be made text, and not every text a number.
        let kind = |shape: &Shape| match shape.present() {
            Shape::Enumeration(_) => Shape::Text,
            other => other.clone(),
        };
        let (one, other) = (kind(one), kind(other));
        if other == Shape::Text && one != Shape::Text {
            return self
                .instead(first, &one, &other)
                .or_else(|| self.instead(second, &other, &one))
                .unwrap_or_else(|| super::ONE_KIND.to_owned());
        }
        self.instead(second, &other, &one)
            .or_else(|| self.instead(first, &one, &other))
            .unwrap_or_else(|| super::ONE_KIND.to_owned())
    }

    /// How a value that was written on the spot is written as one of the other side's kind; none where it is not so
    /// written, or cannot be.
    fn rewritten(&self, (found, tree): (&Shape, &Tree), (wanted, other): (&Shape, &Tree)) -> Option<String> {
        let shown = self.shown(&tree.range);
        let written = match (&tree.kind, wanted) {
            (Kind::Text(text), Shape::Boolean) if text == "true" || text == "false" => {
                return Some(format!("write `{text}`, without quotes"));
            }
            (Kind::Text(text), Shape::Integer) if text.parse::<i64>().is_ok() => {
                return Some(format!("write `{text}`, without quotes"));
            }
            (Kind::Text(_), Shape::Decimal) => format!("decimal({shown})"),
            (Kind::Text(text), Shape::Date) => match crate::calendar::meant_date(text) {
                Some(meant) => {
                    return Some(format!(
                        "a date is written year, month and day: write `date(\"{meant}\")`"
                    ));
                }
                None if crate::calendar::date(text).is_none() && text.starts_with(|c: char| c.is_ascii_digit()) => {
                    return Some("a date is written year, month and day: write `date(\"2026-11-21\")`".into());
                }
                None => format!("date({shown})"),
            },
            (Kind::Text(text), Shape::DateTime) if crate::calendar::time(text).is_none() => {
                let of = self.shown(&other.range);
                return Some(format!("compare days: `date({of})` with `date({shown})`"));
            }
            (Kind::Text(_), Shape::DateTime) => format!("timestamp({shown})"),
            (_, Shape::Enumeration(values)) if self.is_written(tree) && !values.contains(&shown) => {
                let first = values.first()?;
                let of = self.shown(&other.range);
                return Some(format!(
                    "it is text: write `{of} == \"{first}\"`; it is one of {wanted}"
                ));
            }
            (Kind::Integer(_), Shape::Text) => {
                let of = self.shown(&other.range);
                return Some(format!(
                    "compare its length, `size({of})`, or the number in it, `int({of})`; the text itself is `\"{shown}\"`"
                ));
            }
            (Kind::Integer(_) | Kind::Point(_), Shape::Text | Shape::Enumeration(_)) => {
                format!("\"{shown}\"")
            }
            _ => return None,
        };
        (found != wanted).then(|| format!("write `{written}`"))
    }

    /// Whether a value stands there as it is: no name, no call.
    fn is_written(&self, tree: &Tree) -> bool {
        matches!(tree.kind, Kind::Integer(_) | Kind::Point(_) | Kind::Boolean(_))
    }

    /// What to compare of a value that has parts, where the other side is of the kind of one of them.
    fn part_instead(&self, (whole, tree): (&Shape, &Tree), (other, right): (&Shape, &Tree)) -> Option<String> {
        let (shown, compared) = (self.shown(&tree.range), self.shown(&right.range));
        if whole.is_quantity() && other.is_textual() {
            // `"5 KGM"`: what a quantity looks like on paper.
            if let Kind::Text(text) = &right.kind
                && let Some((number, unit)) = text.trim().split_once(' ')
                && crate::number::decimal_text(number).is_some()
            {
                return Some(format!("write `quantity(\"{number}\", \"{}\")`", unit.trim()));
            }
            let given = format!("`quantity({compared}, \"{}\")`", self.unit_of(whole));
            return Some(match &right.kind {
                Kind::Text(text) if crate::number::decimal_text(text).is_some() => {
                    format!("give the number a unit: {given}")
                }
                Kind::Text(_) => format!("compare its unit: `{shown}.unit`"),
                _ => format!("give the number a unit: {given}; where the unit is meant, compare `{shown}.unit`"),
            });
        }
        let fits = |shape: &Shape| shape.join(other).is_some() && (shape.is_textual() == other.is_textual());
        // Where one of its fields has a value that the other side is, that is the one that was meant.
        let being = |shape: &Shape| match (shape, other) {
            (Shape::Enumeration(values), Shape::Enumeration(texts)) => texts.iter().any(|text| values.contains(text)),
            _ => false,
        };
        let being = super::parts::fields_that(whole, being);
        let fields = if being.is_empty() {
            super::parts::fields_that(whole, fits)
        } else {
            being
        };
        let named: Vec<String> = fields.iter().map(|field| format!("`{shown}.{field}`")).collect();
        (!named.is_empty()).then(|| format!("compare a field of it: {}", named.join(", ")))
    }

    /// `x in y` where `y` has no members: a field or a part of a text was asked for.
    pub(super) fn within_nothing(&mut self, one: &Tree, many: &Tree, found: &Shape) {
        let (part, whole) = (self.shown(&one.range), self.shown(&many.range));
        let help = match &one.kind {
            Kind::Text(name) if found.as_object().is_some() => {
                Some(format!("to ask whether a field is there: `has({whole}.{name})`"))
            }
            _ => match &many.kind {
                Kind::Text(text) if text.contains(',') => {
                    let each: Vec<String> = text.split(',').map(|one| format!("\"{}\"", one.trim())).collect();
                    Some(format!("write a list: `{part} in [{}]`", each.join(", ")))
                }
                Kind::Text(_) => Some(format!("write `{part} == {whole}`, or a list: `{part} in [{whole}]`")),
                _ => found
                    .is_textual()
                    .then(|| format!("for a part of a text: `{whole}.contains({part})`")),
            },
        };
        let help: Vec<&str> = help.as_deref().into_iter().collect();
        self.wrong(many, "a list or a map", found, &help);
    }
}

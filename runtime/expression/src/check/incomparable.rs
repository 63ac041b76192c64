//! Comparisons that cannot be made, or that can never hold: what was most likely meant.

use std::ops::Range;

use dragoman_model::nearest;
use dragoman_schema::Shape;

use super::compare::Problem;
use super::{Checker, Typed};
use crate::codes;
use crate::tree::{Kind, Tree};

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
        if let Shape::Enumeration(values) = values
            && let Some(near) = nearest(text, values.iter().map(String::as_str))
        {
            help.push(format!("did you mean \"{near}\"?"));
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
        let (facts, said) = (std::mem::take(&mut self.facts), self.diagnostics.len());
        let untested = self.tree(of);
        self.facts = facts;
        self.diagnostics.truncate(said);
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
        let (code, text, help): (_, _, &[&str]) = match problem {
            Problem::Units => (
                codes::UNITS,
                text,
                &[
                    "give the number a unit: `quantity(..., \"...\")`",
                    "or take the bare value: `q.value`",
                ],
            ),
            Problem::Float => (
                codes::WRONG_TYPE,
                text,
                &["make the float a decimal with `decimal(...)`"],
            ),
            Problem::Zone => (
                codes::WRONG_TYPE,
                text,
                &["take the day of the time: `date(...)`, or in a zone `date(..., \"Europe/Zurich\")`"],
            ),
            Problem::Convert(function) => {
                let help = format!("convert the text: `{function}(...)`");
                return self.report(codes::WRONG_TYPE, at, text, &[&help]);
            }
            Problem::Never => (
                codes::NEVER_EQUAL,
                format!("{text}, which are never equal"),
                &["compare values of one kind: a field of the one, or `text(...)` of the other"],
            ),
        };
        self.report(code, at, text, help);
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
            (Kind::Integer(_) | Kind::Point(_) | Kind::Boolean(_), Shape::Text | Shape::Enumeration(_)) => {
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
            let number = matches!(&right.kind, Kind::Text(text) if crate::number::decimal_text(text).is_some());
            return Some(if number {
                format!("give the number a unit: `quantity({compared}, \"...\")`")
            } else {
                format!("compare its unit: `{shown}.unit`")
            });
        }
        let fits = |shape: &Shape| shape.join(other).is_some() && (shape.is_textual() == other.is_textual());
        let fields = super::parts::fields_that(whole, fits);
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
            _ if matches!(many.kind, Kind::Text(_)) => {
                Some(format!("write `{part} == {whole}`, or a list: `{part} in [{whole}]`"))
            }
            _ if found.is_textual() => Some(format!("for a part of a text: `{whole}.contains({part})`")),
            _ => None,
        };
        let help: Vec<&str> = help.as_deref().into_iter().collect();
        self.wrong(many, "a list or a map", found, &help);
    }
}

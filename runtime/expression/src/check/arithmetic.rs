//! Calculating: numbers, decimals, quantities, times; texts and lists one behind the other.

use std::ops::Range;

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::calendar::Period;
use crate::codes;
use crate::program::{Amount, Arithmetic, Node};
use crate::tree::{Kind, Tree};

impl Checker<'_> {
    pub(super) fn minus(&mut self, tree: &Tree, of: &Tree) -> Option<Typed> {
        let typed = self.known(of)?;
        let amount = match typed.shape {
            Shape::Integer => Amount::Integer,
            Shape::Decimal => Amount::Decimal,
            _ => {
                self.wrong(of, "a whole number or a decimal", &typed.shape, &[]);
                return None;
            }
        };
        let zero = Typed::new(Shape::Integer, &tree.range, Node::Constant(0.into()));
        let pair = Box::new([zero.code, typed.code]);
        Some(Typed::new(
            typed.shape,
            &tree.range,
            Node::Arithmetic(Arithmetic::Subtract, amount, pair),
        ))
    }

    pub(super) fn arithmetic(
        &mut self,
        tree: &Tree,
        operation: Arithmetic,
        at: &Range<usize>,
        left: &Tree,
        right: &Tree,
    ) -> Option<Typed> {
        if let Some(period) = self.period(right) {
            let period = period?;
            return self.later(tree, operation, left, period);
        }
        if operation == Arithmetic::Subtract && self.name_with_dash(left, at, right) {
            return None;
        }
        let (first, second) = (self.known(left), self.known(right));
        let (first, second) = (first?, second?);
        // With no value at all nothing is ever calculated: what comes out is of the other's kind.
        if first.shape.is_never() {
            return Some(second);
        }
        if second.shape.is_never() {
            return Some(first);
        }
        if operation == Arithmetic::Add
            && let Some(typed) = self.joined(tree, left, right, &first, &second)
        {
            return typed;
        }
        let amount = match self.amount(operation, &first, &second) {
            Ok(amount) => amount,
            Err(problem) => {
                self.no_arithmetic(at, (&first.shape, left), (&second.shape, right), problem);
                return None;
            }
        };
        if amount == Amount::Quantity && self.other_units(at, &first, &second) {
            return None;
        }
        let shape = match amount {
            Amount::Integer => Shape::Integer,
            Amount::Decimal => Shape::Decimal,
            // Of two that may be added one unit is enough: it is that of both.
            Amount::Quantity if first.shape == Shape::Quantity => second.shape.clone(),
            Amount::Quantity => first.shape.clone(),
        };
        let (first, second) = match amount {
            Amount::Decimal => (exact(first), exact(second)),
            _ => (first, second),
        };
        let pair = Box::new([first.code, second.code]);
        Some(Typed::new(
            shape,
            &tree.range,
            Node::Arithmetic(operation, amount, pair),
        ))
    }

    fn amount(&self, operation: Arithmetic, left: &Typed, right: &Typed) -> Result<Amount, Problem> {
        let exact = |typed: &Typed| matches!(typed.shape, Shape::Integer | Shape::Decimal) || typed.point.is_some();
        let quantity = |typed: &Typed| typed.shape.is_quantity();
        let number = |typed: &Typed| matches!(typed.shape, Shape::Integer | Shape::Number | Shape::Decimal);
        if left.shape == Shape::Integer && right.shape == Shape::Integer {
            return Ok(Amount::Integer);
        }
        if exact(left) && exact(right) {
            return Ok(Amount::Decimal);
        }
        if quantity(left) && quantity(right) {
            let adds = matches!(operation, Arithmetic::Add | Arithmetic::Subtract);
            return if adds {
                Ok(Amount::Quantity)
            } else {
                Err(Problem::Product)
            };
        }
        if (quantity(left) && number(right)) || (number(left) && quantity(right)) {
            return Err(Problem::Units);
        }
        if number(left) && number(right) {
            Err(Problem::Float)
        } else {
            Err(Problem::Kind)
        }
    }

    /// Texts or lists one behind the other; none where it is neither.
    fn joined(
        &mut self,
        tree: &Tree,
        left: &Tree,
        right: &Tree,
        first: &Typed,
        second: &Typed,
    ) -> Option<Option<Typed>> {
        let pair = Box::new([first.code.clone(), second.code.clone()]);
        if self.period_in_quotes(first, right) {
            return Some(None);
        }
        let plain = |typed: &Typed| matches!(typed.shape, Shape::Text | Shape::Enumeration(_));
        let dated = |typed: &Typed| matches!(typed.shape, Shape::Date | Shape::DateTime);
        match (&first.shape, &second.shape) {
            (Shape::List(a), Shape::List(b)) => {
                let Some(item) = a.join(b) else {
                    let text = format!(
                        "`{}` is a list of {a}, `{}` one of {b}",
                        self.shown(&left.range),
                        self.shown(&right.range)
                    );
                    self.report(codes::BRANCHES, &tree.range, text, &[super::ONE_KIND]);
                    return Some(None);
                };
                Some(Some(Typed::new(item.list(), &tree.range, Node::Append(pair))))
            }
            _ if (plain(first) && (plain(second) || dated(second))) || (dated(first) && plain(second)) => {
                Some(Some(Typed::new(Shape::Text, &tree.range, Node::Concatenate(pair))))
            }
            _ => None,
        }
    }

    /// `headers.content-type`: the member of a map whose name is no word, which is read as a subtraction.
    fn name_with_dash(&mut self, left: &Tree, at: &Range<usize>, right: &Tree) -> bool {
        let (Kind::Field { of, name, .. }, Kind::Name(rest)) = (&left.kind, &right.kind) else {
            return false;
        };
        let apart = left.range.end != at.start || at.end != right.range.start;
        if apart || self.is_name(rest) {
            return false;
        }
        let map = self
            .silently(of)
            .is_some_and(|typed| matches!(typed.shape, Shape::Map(_)));
        if map {
            let of = self.shown(&of.range);
            let message = "`-` is a minus: the name of this member is not a word";
            let help = format!("write it in brackets: `{of}[\"{name}-{rest}\"]`");
            self.report(
                codes::UNKNOWN_NAME,
                &(left.range.start..right.range.end),
                message,
                &[&help],
            );
        }
        map
    }

    /// `time + "3d"`: a text behind a time, where a duration was meant.
    fn period_in_quotes(&mut self, first: &Typed, right: &Tree) -> bool {
        let Kind::Text(text) = &right.kind else { return false };
        let dated = matches!(first.shape, Shape::Date | Shape::DateTime);
        if !dated || self.environment.trusting || Period::parse(text).is_none() {
            return false;
        }
        let message = format!("`\"{text}\"` is text: it would be written behind {}", first.shape);
        let help = format!("to add a duration, write `duration(\"{text}\")`");
        self.report(codes::WRONG_TYPE, &right.range, message, &[&help]);
        true
    }

    /// `duration("10d")`, which stands only beside a date or a time. Some(none): it is one, and wrong.
    fn period(&mut self, tree: &Tree) -> Option<Option<Period>> {
        let Kind::Call {
            function,
            receiver: None,
            arguments,
            ..
        } = &tree.kind
        else {
            return None;
        };
        if function != "duration" {
            return None;
        }
        let [argument] = arguments.as_slice() else {
            self.report(
                codes::ARGUMENTS,
                &tree.range,
                "`duration` takes one text",
                &["write, for example, `duration(\"10d\")`"],
            );
            return Some(None);
        };
        let period = match &argument.kind {
            Kind::Text(text) => Period::parse(text),
            _ => None,
        };
        if period.is_none() {
            let text = format!("`{}` is not a duration", self.shown(&argument.range));
            let help = ["write whole numbers with units in quotes: `\"10d\"`, `\"1h30m\"`, `\"2w\"`"];
            self.report(codes::INVALID_LITERAL, &argument.range, text, &help);
        }
        Some(period)
    }

    fn later(&mut self, tree: &Tree, operation: Arithmetic, of: &Tree, period: Period) -> Option<Typed> {
        let typed = self.known(of)?;
        let period = match operation {
            Arithmetic::Add => period,
            Arithmetic::Subtract => period.reversed(),
            _ => {
                self.report(
                    codes::WRONG_TYPE,
                    &tree.range,
                    "a duration is only added and subtracted",
                    &["write `time + duration(...)` or `time - duration(...)`"],
                );
                return None;
            }
        };
        match typed.shape {
            Shape::Date if !period.is_days() => {
                let help = "add whole days, such as `duration(\"2d\")`";
                self.report(codes::WRONG_TYPE, &tree.range, "a date has no hours", &[help]);
                None
            }
            Shape::Date | Shape::DateTime => Some(Typed::new(
                typed.shape,
                &tree.range,
                Node::Later(Box::new(typed.code), period),
            )),
            _ => {
                self.wrong(of, "a date or a time", &typed.shape, &[]);
                None
            }
        }
    }
}

/// Why two values are not calculated with.
pub(super) enum Problem {
    Units,
    Product,
    Float,
    Kind,
}

/// A number that was written with a point becomes the decimal that was written.
pub(super) fn exact(mut typed: Typed) -> Typed {
    if let Some(number) = typed.point.take() {
        typed.code.node = Node::Constant(number.to_string().into());
        typed.shape = Shape::Decimal;
    }
    typed
}

//! Comparisons: which are possible, and which can never hold.

use std::ops::Range;

use dragoman_schema::Shape;

use super::arithmetic::exact;
use super::{Checker, Typed, facts};
use crate::codes;
use crate::program::{Comparison, Node, Ordered};
use crate::tree::{Kind, Operator, Tree};

/// Why two values are not compared.
pub(super) enum Problem {
    Units,
    Float,
    Zone,
    /// Convert the text with this function.
    Convert(&'static str),
    /// No value has both kinds.
    Never,
}

impl Checker<'_> {
    pub(super) fn compare(
        &mut self,
        tree: &Tree,
        asked: Ordered,
        at: &Range<usize>,
        left: &Tree,
        right: &Tree,
    ) -> Option<Typed> {
        for (null, other) in [(left, right), (right, left)] {
            if null.kind == Kind::Null {
                return self.compared_with_null(tree, asked, other);
            }
        }
        let (first, second) = (self.known(left), self.known(right));
        let (first, second) = (first?, second?);
        if self.chained(at, left, &second, right) {
            return None;
        }
        let how = match comparison(&first, &second) {
            Ok(how) => how,
            Err(problem) => {
                self.incomparable(at, (&first, left), (&second, right), problem);
                return None;
            }
        };
        let equality = matches!(asked, Ordered::Equal | Ordered::Unequal);
        let nothing = first.shape.is_never() || second.shape.is_never();
        if how == Comparison::Whole && !equality && !nothing {
            let text = format!("{} has no order", first.shape);
            self.report(codes::WRONG_TYPE, at, text, &["compare with `==` and `!=`"]);
            return None;
        }
        if self.same_always(tree, asked, left, right) {
            return None;
        }
        if how == Comparison::Quantity && self.other_units(at, &first, &second) {
            return None;
        }
        if equality && !self.can_hold((left, &first), (right, &second)) {
            return None;
        }
        if self.unit_by_its_sign((left, &first), right) || self.unit_by_its_sign((right, &second), left) {
            return None;
        }
        let (holds, fails) = self.learned(&first, &second, asked);
        let (first, second) = if how == Comparison::Decimal {
            (exact(first), exact(second))
        } else {
            (first, second)
        };
        let pair = Box::new([first.code, second.code]);
        let typed = Typed::new(Shape::Boolean, &tree.range, Node::Compare(how, asked, pair));
        Some(Typed {
            when_true: holds,
            when_false: fails,
            ..typed
        })
    }

    /// `!x in list`: `!` binds closer, and denies the value in place of the test.
    fn denied_too_early(&mut self, tree: &Tree, one: &Tree, operator: &str, other: &Tree) -> bool {
        let Kind::Operator {
            operator: Operator::Not,
            operands,
            ..
        } = &one.kind
        else {
            return false;
        };
        let [value] = operands.as_slice() else { return false };
        let (said, facts) = (self.problems.len(), self.facts.clone());
        let truth = self
            .tree(value)
            .is_some_and(|typed| *typed.shape.present() == Shape::Boolean);
        let wrong = self.problems.len() > said;
        self.problems.truncate(said);
        self.facts = facts;
        if truth || wrong || self.shown(&one.range).starts_with('(') {
            return false;
        }
        let (value, other) = (self.shown(&value.range), self.shown(&other.range));
        let message = format!("`!` binds closer than `{operator}`: it denies `{value}`, which is not true or false");
        let help = format!("write `!({value} {operator} {other})`");
        self.report(codes::WRONG_TYPE, &tree.range, message, &[&help]);
        true
    }

    /// Somebody asks in another language's way whether a value is there.
    fn compared_with_null(&mut self, tree: &Tree, asked: Ordered, other: &Tree) -> Option<Typed> {
        let not = if asked == Ordered::Equal { "!" } else { "" };
        let help = format!("write `{not}has({})`", self.shown(&other.range));
        let text = "there is no `null` in the language: what is unknown is absent";
        self.report(codes::NULL, &tree.range, text, &[&help]);
        None
    }

    /// What an equality with a written text shows of the other side.
    fn learned(&self, first: &Typed, second: &Typed, asked: Ordered) -> (Vec<facts::Fact>, Vec<facts::Fact>) {
        if !matches!(asked, Ordered::Equal | Ordered::Unequal) {
            return (Vec::new(), Vec::new());
        }
        let (holds, fails) = match (written(first), written(second)) {
            (None, Some(text)) => facts::equality(first, &[text.to_owned()], asked),
            (Some(text), None) => facts::equality(second, &[text.to_owned()], asked),
            _ => (Vec::new(), Vec::new()),
        };
        (self.with_brought(holds), self.with_brought(fails))
    }

    /// Reports a comparison of two enumerations that have no text in common.
    fn can_hold(&mut self, (left, first): (&Tree, &Typed), (right, second): (&Tree, &Typed)) -> bool {
        let (Shape::Enumeration(a), Shape::Enumeration(b)) = (&first.shape, &second.shape) else {
            return true;
        };
        if self.environment.trusting || a.iter().any(|text| b.contains(text)) {
            return true;
        }
        let (wrong, text, other, of) = match (written(first), written(second)) {
            (_, Some(text)) => (right, text.to_owned(), &first.shape, left),
            (Some(text), None) => (left, text.to_owned(), &second.shape, right),
            (None, None) => (right, self.shown(&right.range), &first.shape, left),
        };
        self.never(wrong, &text, other, of);
        false
    }

    /// `x in list`, `name in map`.
    pub(super) fn within(&mut self, tree: &Tree, one: &Tree, many: &Tree) -> Option<Typed> {
        if self.denied_too_early(tree, one, "in", many) {
            return None;
        }
        let (first, list) = (self.known(one), self.known(many));
        let (first, list) = (first?, list?);
        let item = match &list.shape {
            Shape::List(item) => item.present().clone(),
            Shape::Map(_) => Shape::Text,
            other => {
                let other = other.clone();
                self.within_nothing(one, many, &other);
                return None;
            }
        };
        let other = Typed {
            shape: item,
            ..list.clone()
        };
        if other.shape.is_never() {
            self.report(
                codes::NEVER_EQUAL,
                &many.range,
                "the list is empty",
                &["write the values, or take the test away"],
            );
            return None;
        }
        let how = match comparison(&first, &other) {
            Ok(how) => how,
            Err(problem) => {
                if !self.among_objects(tree, (&first.shape, one), (&other.shape, many)) {
                    self.incomparable(&tree.range, (&first, one), (&other, many), problem);
                }
                return None;
            }
        };
        if !self.environment.trusting && how == Comparison::Quantity && self.other_units(&tree.range, &first, &other) {
            return None;
        }
        let (mut holds, fails) = self.listed(one, many, &first, &other.shape)?;
        // A name that a map has: what it stands for is there.
        if let (Kind::Text(name), Shape::Map(_), Some(path)) = (&one.kind, &list.shape, &list.path) {
            let member: Vec<String> = path.iter().chain([name]).cloned().collect();
            holds.extend(facts::present(&member));
        }
        let first = if how == Comparison::Decimal {
            exact(first)
        } else {
            first
        };
        let pair = Box::new([first.code, list.code]);
        let typed = Typed::new(Shape::Boolean, &tree.range, Node::Within(how, pair));
        Some(Typed {
            when_true: holds,
            when_false: fails,
            ..typed
        })
    }

    /// Reports every written text of a list that the left side never is; gives what the test shows.
    fn listed(
        &mut self,
        one: &Tree,
        many: &Tree,
        first: &Typed,
        items: &Shape,
    ) -> Option<(Vec<facts::Fact>, Vec<facts::Fact>)> {
        let (Shape::Enumeration(values), Shape::Enumeration(items)) = (&first.shape, items) else {
            return Some((Vec::new(), Vec::new()));
        };
        if self.environment.trusting {
            return Some((Vec::new(), Vec::new()));
        }
        let wrong: Vec<&String> = items.iter().filter(|item| !values.contains(item)).collect();
        let Kind::List(written) = &many.kind else {
            if wrong.len() == items.len() {
                self.never(many, &self.shown(&many.range), &first.shape, one);
                return None;
            }
            return Some((Vec::new(), Vec::new()));
        };
        for item in written {
            if let Kind::Text(text) = &item.kind
                && wrong.contains(&text)
            {
                self.never(item, text, &first.shape, one);
            }
        }
        let (holds, fails) = facts::equality(first, items, Ordered::Equal);
        wrong
            .is_empty()
            .then(|| (self.with_brought(holds), self.with_brought(fails)))
    }
}

/// The text of a part that was written as one.
fn written(typed: &Typed) -> Option<&str> {
    match (&typed.code.node, &typed.shape) {
        (Node::Constant(value), Shape::Enumeration(_)) => value.as_str(),
        _ => None,
    }
}

fn comparison(left: &Typed, right: &Typed) -> Result<Comparison, Problem> {
    let number = |typed: &Typed| matches!(typed.shape, Shape::Integer | Shape::Number | Shape::Decimal);
    let text = |shape: &Shape| matches!(shape, Shape::Text | Shape::Enumeration(_));
    match (&left.shape, &right.shape) {
        (one, other) if one.is_quantity() && other.is_quantity() => Ok(Comparison::Quantity),
        (one, _) if one.is_quantity() && number(right) => Err(Problem::Units),
        (_, other) if other.is_quantity() && number(left) => Err(Problem::Units),
        (Shape::Decimal, Shape::Decimal | Shape::Integer) | (Shape::Integer, Shape::Decimal) => Ok(Comparison::Decimal),
        (Shape::Decimal, Shape::Number) if right.point.is_some() => Ok(Comparison::Decimal),
        (Shape::Number, Shape::Decimal) if left.point.is_some() => Ok(Comparison::Decimal),
        (Shape::Decimal, Shape::Number) | (Shape::Number, Shape::Decimal) => Err(Problem::Float),
        _ if number(left) && number(right) => Ok(Comparison::Number),
        (Shape::Date, Shape::Date) => Ok(Comparison::Date),
        (Shape::DateTime, Shape::DateTime) => Ok(Comparison::DateTime),
        (Shape::Date, Shape::DateTime) | (Shape::DateTime, Shape::Date) => Err(Problem::Zone),
        (a, b) if text(a) && text(b) => Ok(Comparison::Text),
        (Shape::Decimal, other) | (other, Shape::Decimal) if text(other) => Err(Problem::Convert("decimal")),
        (Shape::Integer, other) | (other, Shape::Integer) if text(other) => Err(Problem::Convert("int")),
        (Shape::Date, other) | (other, Shape::Date) if text(other) => Err(Problem::Convert("date")),
        (Shape::DateTime, other) | (other, Shape::DateTime) if text(other) => Err(Problem::Convert("timestamp")),
        (a, b) if !a.is_textual() && !b.is_textual() && a.join(b).is_some() => Ok(Comparison::Whole),
        _ => Err(Problem::Never),
    }
}

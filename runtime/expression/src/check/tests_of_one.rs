//! Two tests of one value that only together are always or never true.

use super::Checker;
use super::bounds::{Bound, cover, exclude, turned};
use crate::codes;
use crate::tree::{Kind, Operator, Tree};

/// A test of a value against what was written.
struct Test<'t> {
    value: String,
    asked: Operator,
    with: &'t Tree,
    shown: String,
}

impl Test<'_> {
    fn is_of_order(&self) -> bool {
        !matches!(self.asked, Operator::Equal | Operator::Unequal)
    }

    /// Whether another one is a test against the same.
    fn is_with(&self, other: &Test<'_>) -> bool {
        let bounds = Bound::written(self.with).zip(Bound::written(other.with));
        bounds.map_or(self.with.kind == other.with.kind, |(one, other)| one == other)
    }
}

/// Whether two tests of one value are never true both, or always one of them.
fn together(and: bool, one: &Test<'_>, other: &Test<'_>) -> bool {
    if one.is_of_order() || other.is_of_order() {
        let bounds = Bound::written(one.with).zip(Bound::written(other.with));
        return bounds.is_some_and(|(first, second)| {
            let (first, second) = ((one.asked, &first), (other.asked, &second));
            if and {
                exclude(first, second)
            } else {
                cover(first, second)
            }
        });
    }
    let equal = |test: &Test<'_>| test.asked == Operator::Equal;
    match (equal(one), equal(other), one.is_with(other)) {
        (true, true, false) => and,
        (false, false, false) => !and,
        (true, false, true) | (false, true, true) => true,
        _ => false,
    }
}

impl Checker<'_> {
    /// Reports two tests, of which one stands on the left and one on the right of `&&` or `||`, that leave nothing open: a
    /// value is not two texts at once, and is always unlike one of two. All functions are pure, so that the same text
    /// is the same value.
    pub(super) fn tests_of_one(&mut self, and: bool, left: &Tree, right: &Tree) -> bool {
        if self.environment.trusting {
            return false;
        }
        let operator = if and { Operator::And } else { Operator::Or };
        let (mut before, mut behind) = (Vec::new(), Vec::new());
        self.tests(operator, left, &mut before);
        self.tests(operator, right, &mut behind);
        let pairs = before
            .iter()
            .flat_map(|one| behind.iter().map(move |other| (one, other)));
        let mut same = pairs.filter(|(one, other)| one.value == other.value);
        let Some((one, other)) = same.find(|(one, other)| together(and, one, other)) else {
            return false;
        };
        let (value, range) = (one.value.clone(), left.range.start..right.range.end);
        let outcome = if and { "never" } else { "always" };
        let help = if one.is_of_order() || other.is_of_order() {
            let (word, wanted) = if and { ("no", "||") } else { ("every", "&&") };
            format!(
                "{word} value passes {} of them: write `{wanted}`, or another bound",
                if and { "both" } else { "one" }
            )
        } else if one.is_with(other) {
            "the one test says the opposite of the other: write another value in one of them".to_owned()
        } else if and {
            format!(
                "for one or the other write `||`, or `{value} in [{}, {}]`",
                one.shown, other.shown
            )
        } else {
            format!(
                "for neither of the two write `&&`, or `!({value} in [{}, {}])`",
                one.shown, other.shown
            )
        };
        let message = format!("the two tests of `{value}` are together {outcome} true");
        self.report(codes::ALWAYS_THE_SAME, &range, message, &[&help]);
        true
    }

    /// The tests that stand beside each other under one operator.
    fn tests<'t>(&self, operator: Operator, tree: &'t Tree, found: &mut Vec<Test<'t>>) {
        let Kind::Operator {
            operator: own,
            operands,
            ..
        } = &tree.kind
        else {
            return;
        };
        if *own == operator {
            return operands.iter().for_each(|operand| self.tests(operator, operand, found));
        }
        let [left, right] = operands.as_slice() else { return };
        let is_equality = matches!(own, Operator::Equal | Operator::Unequal);
        let is_order = matches!(
            own,
            Operator::Less | Operator::LessOrEqual | Operator::Greater | Operator::GreaterOrEqual
        );
        let written = |tree: &Tree| {
            let literal = matches!(tree.kind, Kind::Text(_) | Kind::Integer(_) | Kind::Boolean(_));
            is_equality && literal || (is_equality || is_order) && Bound::written(tree).is_some()
        };
        let (value, asked, with) = match (written(left), written(right)) {
            (false, true) => (left, *own, right),
            (true, false) => (right, turned(*own), left),
            _ => return,
        };
        let text = self.written.text.get(value.range.clone()).unwrap_or_default();
        found.push(Test {
            value: text.trim().to_owned(),
            asked,
            with,
            shown: self.shown(&with.range),
        });
    }
}

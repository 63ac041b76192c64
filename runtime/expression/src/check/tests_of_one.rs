//! Two tests of one value that only together are always or never true.

use super::Checker;
use crate::codes;
use crate::tree::{Kind, Operator, Tree};

/// A test of a value against what was written.
struct Test<'t> {
    value: String,
    equal: bool,
    with: &'t Kind,
    shown: String,
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
        let Some((one, other)) = same.find(|(one, other)| match (one.equal, other.equal, one.with == other.with) {
            (true, true, false) => and,
            (false, false, false) => !and,
            (true, false, true) | (false, true, true) => true,
            _ => false,
        }) else {
            return false;
        };
        let (value, range) = (one.value.clone(), left.range.start..right.range.end);
        let outcome = if and { "never" } else { "always" };
        let help = if one.with == other.with {
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
        let equal = match own {
            Operator::Equal => true,
            Operator::Unequal => false,
            _ => return,
        };
        let [left, right] = operands.as_slice() else { return };
        let written = |tree: &Tree| matches!(tree.kind, Kind::Text(_) | Kind::Integer(_) | Kind::Boolean(_));
        let (value, with) = match (written(left), written(right)) {
            (false, true) => (left, right),
            (true, false) => (right, left),
            _ => return,
        };
        let text = self.written.text.get(value.range.clone()).unwrap_or_default();
        found.push(Test {
            value: text.trim().to_owned(),
            equal,
            with: &with.kind,
            shown: self.shown(&with.range),
        });
    }
}

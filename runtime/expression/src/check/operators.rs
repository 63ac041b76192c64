//! Operators: conditions here, the rest handed on.

use std::ops::Range;

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::codes;
use crate::program::{Arithmetic, Node, Ordered};
use crate::tree::{Kind, Operator, Tree};

impl Checker<'_> {
    pub(super) fn operator(
        &mut self,
        tree: &Tree,
        operator: Operator,
        at: &Range<usize>,
        operands: &[Tree],
    ) -> Option<Typed> {
        match (operator, operands) {
            (Operator::If, [condition, then, otherwise]) => self.choice(tree, condition, then, otherwise),
            (Operator::And | Operator::Or, [left, right]) => self.both(tree, operator == Operator::And, left, right),
            (Operator::Not, [of]) => {
                let of = self.denied(of)?;
                let typed = Typed::new(Shape::Boolean, &tree.range, Node::Not(Box::new(of.code)));
                Some(Typed {
                    when_true: of.when_false,
                    when_false: of.when_true,
                    ..typed
                })
            }
            (Operator::Minus, [of]) => self.minus(tree, of),
            (Operator::Index, _) => self.index(tree, operands, false),
            (Operator::In, [one, many]) => self.within(tree, one, many),
            (_, [left, right]) => match (arithmetic(operator), ordered(operator)) {
                (Some(operation), _) => self.arithmetic(tree, operation, at, left, right),
                (None, Some(asked)) => self.compare(tree, asked, at, left, right),
                (None, None) => None,
            },
            _ => None,
        }
    }

    /// Checks a part that must be true or false.
    pub(super) fn condition(&mut self, tree: &Tree) -> Option<Typed> {
        let typed = self.tree(tree)?;
        if self.absent_truth(tree, &typed) {
            return None;
        }
        let typed = self.there(tree, typed)?;
        if typed.shape == Shape::Boolean {
            return Some(typed);
        }
        let help = self.as_truth(tree, &typed);
        self.wrong(tree, "true or false", &typed.shape, &[&help]);
        None
    }

    /// What stands behind `!`; of a number or a list it is said how its opposite is asked for.
    fn denied(&mut self, of: &Tree) -> Option<Typed> {
        let said = self.problems.len();
        let typed = self.condition(of);
        let (None, true) = (&typed, self.problems.len() == said + 1 && !self.environment.trusting) else {
            return typed;
        };
        let shown = self.shown(&of.range);
        let opposite = match self.silently(of)?.shape.present() {
            Shape::Integer | Shape::Number | Shape::Decimal => format!("write `{shown} == 0`, without `!`"),
            Shape::List(_) => format!("write `size({shown}) == 0`, without `!`"),
            _ => return None,
        };
        if let Some(last) = self.problems.last_mut().filter(|last| last.code == codes::WRONG_TYPE) {
            last.help = vec![opposite];
        }
        None
    }

    fn choice(&mut self, tree: &Tree, condition: &Tree, then: &Tree, otherwise: &Tree) -> Option<Typed> {
        let Some(test) = self.condition(condition) else {
            // The arms may have mistakes of their own; what the test would have shown is not known.
            return None;
        };
        let yes = self.knowing(&test.when_true, |checker| checker.tree(then));
        let no = self.knowing(&test.when_false, |checker| checker.tree(otherwise));
        let (yes, no) = (yes?, no?);
        let Some(shape) = yes.shape.join(&no.shape) else {
            let text = format!("the two sides give different things: {} and {}", yes.shape, no.shape);
            let help = self.one_kind((then, &yes.shape), (otherwise, &no.shape));
            self.report(codes::BRANCHES, &tree.range, text, &[&help]);
            return None;
        };
        Some(Typed::new(
            shape,
            &tree.range,
            Node::If(Box::new([test.code, yes.code, no.code])),
        ))
    }

    /// `x == "a" || "b"`: the second value is not compared with anything.
    fn half_a_test(&mut self, left: &Tree, right: &Tree) -> bool {
        let written = |tree: &Tree| matches!(tree.kind, Kind::Text(_) | Kind::Integer(_) | Kind::Point(_));
        // Of several tests side by side it is the last one that goes on.
        let mut last = left;
        while let Kind::Operator {
            operator: Operator::And | Operator::Or,
            operands,
            ..
        } = &last.kind
            && let Some(operand) = operands.last()
        {
            last = operand;
        }
        let Kind::Operator { operator, at, operands } = &last.kind else {
            return false;
        };
        let ([value, with], true) = (operands.as_slice(), ordered(*operator).is_some()) else {
            return false;
        };
        if !written(right) || !written(with) {
            return false;
        }
        let (value, mark) = (self.shown(&value.range), self.shown(at));
        let (first, second) = (self.shown(&with.range), self.shown(&right.range));
        let text = format!("`{second}` is compared with nothing, and is not true or false");
        let whole = format!("say the value again: `{value} {mark} {second}`");
        let any = format!("or ask for one of them: `{value} in [{first}, {second}]`");
        let any = (*operator == Operator::Equal).then_some(any.as_str());
        let help: Vec<&str> = [whole.as_str()].into_iter().chain(any).collect();
        self.report(codes::WRONG_TYPE, &right.range, text, &help);
        true
    }

    fn both(&mut self, tree: &Tree, and: bool, left: &Tree, right: &Tree) -> Option<Typed> {
        let first = self.condition(left);
        let facts = match &first {
            Some(first) if and => first.when_true.clone(),
            Some(first) => first.when_false.clone(),
            // The right side would be full of consequences of the mistake on the left.
            None => return None,
        };
        // What the first test would show says nothing sensible of the second where the two of them are always true.
        if self.half_a_test(left, right) || !and && self.tests_of_one(and, left, right) {
            return None;
        }
        let second = self.knowing(&facts, |checker| checker.condition(right));
        let (mut first, second) = (first?, second?);
        if and && self.tests_of_one(and, left, right) {
            return None;
        }
        let pair = Box::new([first.code, second.code]);
        if and {
            first.when_true.extend(second.when_true);
            let typed = Typed::new(Shape::Boolean, &tree.range, Node::And(pair));
            Some(Typed {
                when_true: first.when_true,
                ..typed
            })
        } else {
            first.when_false.extend(second.when_false);
            let typed = Typed::new(Shape::Boolean, &tree.range, Node::Or(pair));
            Some(Typed {
                when_false: first.when_false,
                ..typed
            })
        }
    }
}

fn arithmetic(operator: Operator) -> Option<Arithmetic> {
    Some(match operator {
        Operator::Add => Arithmetic::Add,
        Operator::Subtract => Arithmetic::Subtract,
        Operator::Multiply => Arithmetic::Multiply,
        Operator::Divide => Arithmetic::Divide,
        Operator::Remainder => Arithmetic::Remainder,
        _ => return None,
    })
}

pub(super) fn ordered(operator: Operator) -> Option<Ordered> {
    Some(match operator {
        Operator::Equal => Ordered::Equal,
        Operator::Unequal => Ordered::Unequal,
        Operator::Less => Ordered::Less,
        Operator::LessOrEqual => Ordered::LessOrEqual,
        Operator::Greater => Ordered::Greater,
        Operator::GreaterOrEqual => Ordered::GreaterOrEqual,
        _ => return None,
    })
}

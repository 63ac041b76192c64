//! Conditions and arithmetic.

use std::ops::Range;

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::calendar::Period;
use crate::codes;
use crate::program::{Amount, Arithmetic, Node, Ordered};
use crate::syntax::{Kind, Operator, Tree};

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
                let of = self.condition(of)?;
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
        let typed = self.known(tree)?;
        if typed.shape == Shape::Boolean {
            return Some(typed);
        }
        let shown = self.shown(&tree.range);
        let help = match &typed.shape {
            Shape::List(_) | Shape::Map(_) => Some(format!("to ask whether there are any: `size({shown}) > 0`")),
            Shape::Text | Shape::Enumeration(_) => Some(format!("compare it: `{shown} == \"...\"`")),
            Shape::Integer | Shape::Number | Shape::Decimal => Some(format!("compare it: `{shown} > ...`")),
            _ => None,
        };
        self.wrong(
            tree,
            "true or false",
            &typed.shape,
            &help.as_deref().into_iter().collect::<Vec<_>>(),
        );
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
            self.report(codes::BRANCHES, &tree.range, text, &[]);
            return None;
        };
        Some(Typed::new(
            shape,
            &tree.range,
            Node::If(Box::new([test.code, yes.code, no.code])),
        ))
    }

    fn both(&mut self, tree: &Tree, and: bool, left: &Tree, right: &Tree) -> Option<Typed> {
        let first = self.condition(left);
        let facts = match &first {
            Some(first) if and => first.when_true.clone(),
            Some(first) => first.when_false.clone(),
            // The right side would be full of consequences of the mistake on the left.
            None => return None,
        };
        let second = self.knowing(&facts, |checker| checker.condition(right));
        let (mut first, second) = (first?, second?);
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

    fn minus(&mut self, tree: &Tree, of: &Tree) -> Option<Typed> {
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

    fn arithmetic(
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
        let (first, second) = (self.known(left), self.known(right));
        let (first, second) = (first?, second?);
        if operation == Arithmetic::Add
            && let Some(typed) = self.joined(tree, left, right, &first, &second)
        {
            return typed;
        }
        let amount = match self.amount(operation, &first, &second) {
            Ok(amount) => amount,
            Err(problem) => {
                self.no_arithmetic(at, &first.shape, &second.shape, problem);
                return None;
            }
        };
        let shape = match amount {
            Amount::Integer => Shape::Integer,
            Amount::Decimal => Shape::Decimal,
            Amount::Quantity => Shape::Quantity,
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
        let quantity = |typed: &Typed| typed.shape == Shape::Quantity;
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

    fn no_arithmetic(&mut self, at: &Range<usize>, left: &Shape, right: &Shape, problem: Problem) {
        let operator = self.shown(at);
        let text = format!("`{operator}` does not go between {left} and {right}");
        match problem {
            Problem::Units => {
                let help = [
                    "give the number a unit: `quantity(..., \"...\")`",
                    "or take the bare value: `q.value`",
                ];
                self.report(codes::UNITS, at, text, &help);
            }
            Problem::Product => {
                let help = ["quantities of one unit are added and subtracted; for the rest take `q.value`"];
                self.report(codes::WRONG_TYPE, at, text, &help);
            }
            Problem::Float => {
                let help = ["floats are not calculated with: make them decimals with `decimal(...)`"];
                self.report(codes::WRONG_TYPE, at, text, &help);
            }
            Problem::Kind => {
                let textual = left.is_textual() || right.is_textual();
                let help: &[&str] = if operator == "+" && textual {
                    &["to put texts together, convert the other side with `text(...)`"]
                } else {
                    &[]
                };
                self.report(codes::WRONG_TYPE, at, text, help);
            }
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
                    self.report(codes::BRANCHES, &tree.range, text, &[]);
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
                "`duration` takes one text, such as `duration(\"10d\")`",
                &[],
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
                    &[],
                );
                return None;
            }
        };
        match typed.shape {
            Shape::Date if !period.is_days() => {
                let text = "a date has no hours: add whole days, such as `duration(\"2d\")`";
                self.report(codes::WRONG_TYPE, &tree.range, text, &[]);
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
enum Problem {
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

fn ordered(operator: Operator) -> Option<Ordered> {
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

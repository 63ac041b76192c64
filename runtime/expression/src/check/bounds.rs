//! Two tests of the order of one value that only together are always or never true: `x < 3 && x > 5`.

use rust_decimal::Decimal;

use crate::number;
use crate::tree::{Kind, Operator, Tree};

/// A number that a value is compared with, and what it is a number of: values of two kinds are not compared.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Bound {
    number: Decimal,
    of: String,
}

impl Bound {
    /// The number that was written: as it is, in a decimal, in a quantity with its unit, or as a date.
    pub(super) fn written(tree: &Tree) -> Option<Bound> {
        let bound = |number: Decimal, of: &str| Bound {
            number,
            of: of.to_owned(),
        };
        match &tree.kind {
            Kind::Integer(number) => Some(bound(Decimal::from(*number), "")),
            Kind::Point(number) => Some(bound(*number, "")),
            Kind::Call {
                function,
                receiver: None,
                arguments,
                ..
            } => match (function.as_str(), arguments.as_slice()) {
                ("decimal", [value]) => Some(bound(amount(value)?, "")),
                ("quantity", [value, unit]) => Some(bound(amount(value)?, text(unit)?)),
                ("date", [day]) => {
                    crate::calendar::date(text(day)?)?;
                    let digits = text(day)?.replace('-', "");
                    Some(bound(digits.parse().ok()?, "date"))
                }
                _ => None,
            },
            _ => None,
        }
    }
}

fn text(tree: &Tree) -> Option<&str> {
    match &tree.kind {
        Kind::Text(text) => Some(text),
        _ => None,
    }
}

fn amount(tree: &Tree) -> Option<Decimal> {
    match &tree.kind {
        Kind::Integer(number) => Some(Decimal::from(*number)),
        Kind::Point(number) => Some(*number),
        Kind::Text(text) => number::decimal_text(text),
        _ => None,
    }
}

/// A comparison seen from the other side: `3 < x` says `x > 3`.
pub(super) fn turned(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        same => same,
    }
}

/// Whether no value passes both tests.
pub(super) fn exclude(one: (Operator, &Bound), other: (Operator, &Bound)) -> bool {
    if one.1.of != other.1.of {
        return false;
    }
    let (first, second) = (one.1.number, other.1.number);
    match (one.0, other.0) {
        (Operator::Less | Operator::LessOrEqual, Operator::Greater | Operator::GreaterOrEqual) => {
            first < second || first == second && (one.0 == Operator::Less || other.0 == Operator::Greater)
        }
        (Operator::Greater | Operator::GreaterOrEqual, Operator::Less | Operator::LessOrEqual) => exclude(other, one),
        (Operator::Equal, asked) => !passes(first, asked, second),
        (asked, Operator::Equal) => !passes(second, asked, first),
        _ => false,
    }
}

/// Whether every value passes one of both tests.
pub(super) fn cover(one: (Operator, &Bound), other: (Operator, &Bound)) -> bool {
    let opposite = |operator| match operator {
        Operator::Less => Some(Operator::GreaterOrEqual),
        Operator::LessOrEqual => Some(Operator::Greater),
        Operator::Greater => Some(Operator::LessOrEqual),
        Operator::GreaterOrEqual => Some(Operator::Less),
        Operator::Unequal => Some(Operator::Equal),
        _ => None,
    };
    match (opposite(one.0), opposite(other.0)) {
        (Some(first), Some(second)) => exclude((first, one.1), (second, other.1)),
        _ => false,
    }
}

/// Whether a number passes a test.
fn passes(number: Decimal, asked: Operator, with: Decimal) -> bool {
    match asked {
        Operator::Less => number < with,
        Operator::LessOrEqual => number <= with,
        Operator::Greater => number > with,
        Operator::GreaterOrEqual => number >= with,
        Operator::Equal => number == with,
        Operator::Unequal => number != with,
        _ => true,
    }
}

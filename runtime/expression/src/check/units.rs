//! Units of quantities, where they are known before anything runs: written ones, and those that a test has shown.

use std::ops::Range;

use dragoman_model::Value;
use dragoman_schema::Shape;

use super::facts::Fact;
use super::{Checker, Typed};
use crate::codes;
use crate::program::{Amount, Code, Function, Iteration, Node};

impl Checker<'_> {
    /// Reports two quantities whose units are known and are two: they are neither compared nor added, whatever their
    /// values are.
    pub(super) fn other_units(&mut self, at: &Range<usize>, first: &Typed, second: &Typed) -> bool {
        let (Some(left), Some(right)) = (self.unit(first), self.unit(second)) else {
            return false;
        };
        if left == right {
            return false;
        }
        let text = format!("a quantity in `{left}` and one in `{right}` have nothing in common");
        let help = [
            format!("write both in one unit, for example `quantity(..., \"{left}\")`"),
            "or take the bare values: `q.value`".to_owned(),
        ];
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        self.report(codes::UNITS, at, text, &help);
        true
    }

    /// The unit of a quantity: what a test has shown of it, else what is written.
    fn unit(&self, typed: &Typed) -> Option<String> {
        let shown = typed.path.as_ref().and_then(|path| {
            let mut unit = path.clone();
            unit.push("unit".to_owned());
            self.facts.iter().rev().find_map(|fact| match fact {
                Fact::Is(path, Shape::Enumeration(units)) if *path == unit => match units.as_ref() {
                    [one] => Some(one.clone()),
                    _ => None,
                },
                _ => None,
            })
        });
        shown.or_else(|| written(&typed.code).map(str::to_owned))
    }
}

/// The unit that is written in a part.
fn written(code: &Code) -> Option<&str> {
    match &code.node {
        Node::Call(Function::Quantity, parts) => match &parts.get(1)?.node {
            Node::Constant(Value::String(unit)) => Some(unit),
            _ => None,
        },
        Node::Call(Function::Sum(Amount::Quantity), parts) => match &parts.first()?.node {
            Node::Iterate(Iteration::Map, parts) => written(parts.result.as_ref()?),
            Node::List(items) => items.iter().find_map(written),
            _ => None,
        },
        Node::If(parts) => written(&parts[1]).filter(|unit| written(&parts[2]) == Some(unit)),
        Node::Otherwise(pair) => written(&pair[0]).filter(|unit| written(&pair[1]) == Some(unit)),
        Node::Arithmetic(_, Amount::Quantity, pair) => written(&pair[0]).or_else(|| written(&pair[1])),
        _ => None,
    }
}

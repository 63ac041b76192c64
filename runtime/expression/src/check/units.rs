//! Units of quantities, where they are known before anything runs: written ones, and those that a test has shown.

use std::ops::Range;

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::codes;
use crate::program::{Function, Node};
use crate::tree::{Kind, Tree};
use crate::units::{self, Unit};

/// What a unit looks like.
const SOME_UNITS: &str = "a unit is a code of UN/ECE Recommendation 20 in quotes: `\"KGM\"` (kilograms), `\"C62\"` (pieces), `\"LTR\"` (litres)";

impl Checker<'_> {
    /// Reports two quantities whose units are known and are two: they are neither compared nor added, whatever their
    /// values are.
    pub(super) fn other_units(&mut self, at: &Range<usize>, first: &Typed, second: &Typed) -> bool {
        let (Some(left), Some(right)) = (Self::unit(first), Self::unit(second)) else {
            return false;
        };
        if left == right {
            return false;
        }
        let text = format!("a quantity in `{left}` is not one in `{right}`");
        let converted = units::find(&left).zip(units::find(&right));
        let help = if converted.is_some_and(|(left, right)| left.kind == right.kind) {
            let other = self.shown(&second.code.range);
            vec![format!("write both in one unit: `convert({other}, \"{left}\")`")]
        } else {
            let kinds = converted.map(|(left, right)| format!("a {} is never a {}: ", left.kind, right.kind));
            vec![
                format!(
                    "{}write both in one unit, for example `quantity(..., \"{left}\")`",
                    kinds.unwrap_or_default()
                ),
                format!(
                    "or take the bare values: `{}.value`, `{}.value`",
                    self.shown(&first.code.range),
                    self.shown(&second.code.range)
                ),
            ]
        };
        let help: Vec<&str> = help.iter().map(String::as_str).collect();
        self.report(codes::UNITS, at, text, &help);
        true
    }

    /// `convert(quantity, unit)`: the unit is one of the table and of the same kind, as far as both are known.
    pub(super) fn in_unit(&mut self, tree: &Tree, quantity: &Tree, unit: &Tree) -> Option<Typed> {
        let (from, into) = (self.known(quantity), self.textual(unit));
        let (from, into) = (from?, into?);
        if !from.shape.is_quantity() {
            // The unit that it is converted into is hardly the one that it is in.
            let into_grams = matches!(&unit.kind, Kind::Text(written) if written == "KGM");
            let help = format!(
                "give it the unit that it is in first, for example `quantity({}, \"{}\")`",
                self.amount_of(quantity),
                if into_grams { "GRM" } else { "KGM" }
            );
            self.wrong(quantity, "a quantity", &from.shape, &[&help]);
            return None;
        }
        if let Kind::Text(written) = &unit.kind {
            let into = self.in_table(written, &unit.range)?;
            if let Some(from) = Self::unit(&from) {
                let from = self.in_table(&from, &quantity.range)?;
                if from.kind != into.kind {
                    let text = format!("`{}` is a {}, `{}` a {}", from.code, from.kind, into.code, into.kind);
                    let help = format!("units of {}: {}", from.kind, units::of_kind(from.kind));
                    self.report(codes::UNITS, &tree.range, text, &[&help]);
                    return None;
                }
            }
        }
        let shape = match &unit.kind {
            Kind::Text(written) => Shape::Measured(written.as_str().into()),
            _ => Shape::Quantity,
        };
        let node = Node::Call(Function::Convert, vec![from.code, into.code]);
        Some(Typed::new(shape, &tree.range, node))
    }

    /// The shape of a quantity that is made in a unit. A sign or a name in place of a code is reported: nothing that others
    /// send would ever be in that unit. Any other text is taken, since there are more codes than can be converted.
    pub(super) fn written_unit(&mut self, unit: &Tree) -> Option<Shape> {
        let Kind::Text(written) = &unit.kind else {
            return Some(Shape::Quantity);
        };
        if let Some(code) = units::named(written) {
            let text = format!("`{written}` is no code of UN/ECE Recommendation 20");
            let help = format!("units are written with their codes: `\"{code}\"`");
            self.report(codes::UNITS, &unit.range, text, &[&help]);
            return None;
        }
        // A code has two or three capitals or digits; what is written otherwise is none that is in no table here.
        let is_code =
            (2..=3).contains(&written.len()) && written.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if !is_code {
            let text = format!("`{written}` is no code of UN/ECE Recommendation 20");
            let help = match units::meant(written) {
                Some(meant) => format!("units are written with their codes: did you mean `\"{meant}\"`?"),
                None => SOME_UNITS.to_owned(),
            };
            self.report(codes::UNITS, &unit.range, text, &[&help]);
            return None;
        }
        Some(Shape::Measured(written.as_str().into()))
    }

    /// Reports the unit of a quantity that is compared with a sign or a name in place of a code: it never is that.
    pub(super) fn unit_by_its_sign(&mut self, (of, value): (&Tree, &Typed), other: &Tree) -> bool {
        let quantity = value.owner.as_ref().is_some_and(Shape::is_quantity);
        let (Kind::Field { name, .. }, Kind::Text(written), false) = (&of.kind, &other.kind, self.environment.trusting)
        else {
            return false;
        };
        let Some(code) = units::named(written).filter(|_| quantity && name == "unit") else {
            return false;
        };
        let text = format!("`{}` is a code, and never \"{written}\"", self.shown(&of.range));
        let help = format!("units are written with their codes: `\"{code}\"`");
        self.report(codes::UNITS, &other.range, text, &[&help]);
        true
    }

    /// What stands for a unit is no text: says what a unit looks like, in place of what was said of its kind.
    pub(super) fn no_unit(&mut self, unit: &Tree) {
        if let Some(last) = self.problems.last_mut().filter(|last| last.code == codes::WRONG_TYPE) {
            last.help = vec![SOME_UNITS.to_owned()];
            last.message = format!(
                "a unit is a text; `{}` is none",
                self.written.text.get(unit.range.clone()).unwrap_or_default()
            );
        }
    }

    /// A unit of the table; reports one that is not there.
    fn in_table(&mut self, code: &str, at: &Range<usize>) -> Option<&'static Unit> {
        let found = units::find(code);
        if found.is_none() {
            let help = match units::meant(code) {
                Some(meant) => format!("did you mean `\"{meant}\"`?"),
                None => "units of measure are codes of UN/ECE Recommendation 20: `KGM`, `LTR`, `C62`".to_owned(),
            };
            let text = format!("`{code}` is no unit that can be converted");
            self.report(codes::UNITS, at, text, &[&help]);
        }
        found
    }

    /// The unit of a quantity: that in which it was made, or which a test has shown.
    fn unit(typed: &Typed) -> Option<String> {
        match typed.shape.present() {
            Shape::Measured(unit) => Some(unit.to_string()),
            _ => None,
        }
    }
}

//! Units of measure as data, and exact conversion between those of one kind.

use dragoman_documents::{Decimal, Quantity};

/// What is measured. Units of different kinds are never converted into each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Mass,
    Number,
    Length,
    Area,
    Volume,
}

/// One unit: its code in UN/ECE Recommendation 20, other codes for it, its kind, and its size in the kind's base unit
/// with the inverse (both exact decimals).
struct Unit {
    code: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    size: &'static str,
    inverse: &'static str,
}

const fn unit(
    code: &'static str,
    aliases: &'static [&'static str],
    kind: Kind,
    size: &'static str,
    inverse: &'static str,
) -> Unit {
    Unit {
        code,
        aliases,
        kind,
        size,
        inverse,
    }
}

/// Codes of UN/ECE Recommendation 20, with the codes that customs tariffs and the annual report guidelines use
/// for the same unit (KIL, PCS, NMB, CUM, SQM). A pair or a dozen of shoes is not so many pieces of skin: they are left out.
const UNITS: &[Unit] = &[
    unit("KGM", &["KIL", "KG", "KGS"], Kind::Mass, "1", "1"),
    unit("GRM", &["G", "GMS"], Kind::Mass, "0.001", "1000"),
    unit("MGM", &["MG"], Kind::Mass, "0.000001", "1000000"),
    unit("TNE", &["T", "TON"], Kind::Mass, "1000", "0.001"),
    unit("DTN", &[], Kind::Mass, "100", "0.01"),
    unit(
        "C62",
        &["NAR", "NMB", "H87", "PCS", "PCE", "EA", "XPP"],
        Kind::Number,
        "1",
        "1",
    ),
    unit("CEN", &[], Kind::Number, "100", "0.01"),
    unit("MIL", &[], Kind::Number, "1000", "0.001"),
    unit("MTR", &["M"], Kind::Length, "1", "1"),
    unit("CMT", &["CM"], Kind::Length, "0.01", "100"),
    unit("MMT", &["MM"], Kind::Length, "0.001", "1000"),
    unit("MTK", &["SQM", "M2"], Kind::Area, "1", "1"),
    unit("CMK", &["SQC", "CM2"], Kind::Area, "0.0001", "10000"),
    unit("DMK", &["SQD"], Kind::Area, "0.01", "100"),
    unit("MTQ", &["CUM", "M3"], Kind::Volume, "1", "1"),
    unit("DMQ", &[], Kind::Volume, "0.001", "1000"),
    unit("CMQ", &["CCM", "CUC"], Kind::Volume, "0.000001", "1000000"),
    unit("LTR", &["L"], Kind::Volume, "0.001", "1000"),
    unit("MLT", &["ML"], Kind::Volume, "0.000001", "1000000"),
];

fn find(code: &str) -> Option<&'static Unit> {
    UNITS
        .iter()
        .find(|unit| unit.code == code || unit.aliases.contains(&code))
}

/// Whether a unit counts pieces, of which there are only whole ones.
pub(crate) fn is_number(code: &str) -> bool {
    find(code).is_some_and(|unit| unit.kind == Kind::Number)
}

/// A quantity in the unit of another one: exactly, or none where the units differ in kind or in qualifier, where one is
/// not known, or where the number would have too many digits.
///
/// The digits stay as written where the unit is the same; `original_unit` says what was converted.
#[must_use]
pub fn converted(quantity: &Quantity, into: &Quantity) -> Option<Quantity> {
    if quantity.qualifier != into.qualifier {
        return None;
    }
    if quantity.unit == into.unit {
        return Some(quantity.clone());
    }
    let (from, to) = (find(&quantity.unit)?, find(&into.unit)?);
    if from.kind != to.kind {
        return None;
    }
    let value = if from.code == to.code {
        quantity.value
    } else {
        let there = scaled(quantity.value, from.size, to.inverse)?;
        // Decimal arithmetic rounds beyond 28 digits: what does not come back as it was, was rounded.
        if scaled(there, to.size, from.inverse)? != quantity.value {
            return None;
        }
        there.normalized()
    };
    Some(Quantity {
        value,
        unit: into.unit.clone(),
        qualifier: quantity.qualifier.clone(),
        original_unit: quantity.original_unit.clone().or_else(|| Some(quantity.unit.clone())),
    })
}

fn scaled(value: Decimal, by: &str, and: &str) -> Option<Decimal> {
    value.checked_mul(by.parse().ok()?)?.checked_mul(and.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quantity(text: &str) -> Quantity {
        let (value, unit) = text.split_once(' ').unwrap();
        let (unit, qualifier) = match unit.split_once('#') {
            Some((unit, qualifier)) => (unit, Some(qualifier.to_owned())),
            None => (unit, None),
        };
        Quantity {
            value: value.parse().unwrap(),
            unit: unit.to_owned(),
            qualifier,
            original_unit: None,
        }
    }

    #[test]
    fn conversion_is_exact_or_refused() {
        let check = |from: &str, to: &str, expected: Option<&str>| {
            let found = converted(&quantity(from), &quantity(&format!("1 {to}")))
                .map(|made| format!("{} {}", made.value, made.unit));
            assert_eq!(found.as_deref(), expected, "{from} into {to}");
        };
        check("2.50 KGM", "KGM", Some("2.50 KGM"));
        check("2.5 KGM", "GRM", Some("2500 GRM"));
        check("1 GRM", "KGM", Some("0.001 KGM"));
        check("1.5 TNE", "KIL", Some("1500 KIL"));
        check("120 NAR", "C62", Some("120 C62"));
        check("3 CEN", "C62", Some("300 C62"));
        check("7 LTR", "MTQ", Some("0.007 MTQ"));
        check("2 CUM", "MTQ", Some("2 MTQ"));
        check("120 C62", "KGM", None);
        check("1 KGM", "LTR", None);
        check("1 MTR", "MTK", None);
        check("1 KGM#G", "KGM", None);
        check("1 KGM#G", "GRM#G", Some("1000 GRM"));
        check("1 NPR", "C62", None);
        check("4 XYZ", "XYZ", Some("4 XYZ"));
        check("0.0000000000000000000000000001 MGM", "TNE", None);
        check("79228162514264337593543950335 TNE", "GRM", None);
    }

    #[test]
    fn sizes_and_inverses_agree_and_codes_are_unique() {
        let mut codes = Vec::new();
        for unit in UNITS {
            let one = scaled(Decimal::from(1), unit.size, unit.inverse).unwrap();
            assert_eq!(one, Decimal::from(1), "{}", unit.code);
            codes.push(unit.code);
            codes.extend(unit.aliases);
        }
        let count = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), count);
    }
}

//! Amounts with their unit, as permits write them.

use crate::values::{decimal, said};
use dragoman_documents::{Decimal, Quantity};
use dragoman_xml::{Element, Refusal, Writer};

/// What permit systems write for a unit of UN/ECE Recommendation 20 (unit codes of the CITES trade database and
/// common spellings). The code that was written is kept as `original_unit`. `NAR` and `H87` are codes of the
/// recommendation too, with the meaning of `C62`.
const ALIASES: &[(&str, &str)] = &[
    ("KIL", "KGM"),
    ("KG", "KGM"),
    ("KGS", "KGM"),
    ("G", "GRM"),
    ("L", "LTR"),
    ("LIT", "LTR"),
    ("M", "MTR"),
    ("M3", "MTQ"),
    ("CUM", "MTQ"),
    ("M2", "MTK"),
    ("SQM", "MTK"),
    ("PCS", "C62"),
    ("PCE", "C62"),
    ("NO", "C62"),
    ("NMB", "C62"),
    ("NAR", "C62"),
    ("H87", "C62"),
];

/// Pieces: what a blank unit means in the Convention's reports and permits (guidelines for annual reports).
const PIECES: &str = "C62";

/// The amount in an element such as `ItemQuantity`; none where it says nothing. A unit that says nothing is pieces.
pub(crate) fn quantity(element: &Element) -> Result<Option<Quantity>, Refusal> {
    let unit = element.attribute("unitCode").and_then(said);
    Ok(decimal(element)?.map(|value| in_unit(value, unit.unwrap_or_default())))
}

/// The total of the amounts in elements such as the packages of one item; none where none says anything.
pub(crate) fn total(elements: &[&Element]) -> Result<Option<Quantity>, Refusal> {
    let mut total: Option<Quantity> = None;
    for element in elements {
        let Some(next) = quantity(element)? else {
            continue;
        };
        total = Some(match total {
            None => next,
            Some(sum) if sum.unit == next.unit && sum.qualifier == next.qualifier => Quantity {
                value: sum
                    .value
                    .checked_add(next.value)
                    .ok_or_else(|| Refusal::unreadable(element, "the total has too many digits"))?,
                ..sum
            },
            Some(sum) => {
                return Err(Refusal::unreadable(
                    element,
                    format!(
                        "one item is given in {} and in {}, which cannot be added up",
                        sum.unit, next.unit
                    ),
                ));
            }
        });
    }
    Ok(total)
}

/// An amount in a unit as written: `KGM#G` is kilograms with the qualifier G, `PCS` and a blank are pieces.
pub(crate) fn in_unit(value: Decimal, written: &str) -> Quantity {
    let (code, qualifier) = match written.split_once('#') {
        Some((code, qualifier)) => (code.trim(), Some(qualifier.trim())),
        None => (written.trim(), None),
    };
    let unit = meaning(code);
    Quantity {
        value,
        original_unit: (!code.is_empty() && unit != code).then(|| code.to_owned()),
        unit,
        qualifier: qualifier.filter(|text| !text.is_empty()).map(str::to_owned),
    }
}

/// The unit of Recommendation 20 that a code stands for.
fn meaning(code: &str) -> String {
    let upper = code.to_ascii_uppercase();
    if upper.is_empty() {
        return PIECES.to_owned();
    }
    ALIASES
        .iter()
        .find(|(alias, _)| *alias == upper)
        .map_or(upper.as_str(), |(_, unit)| unit)
        .to_owned()
}

/// The same amount with a unit in the form in which it is read back.
pub(crate) fn settled(quantity: &Quantity) -> Quantity {
    let read = in_unit(quantity.value, &quantity.unit);
    Quantity {
        original_unit: quantity.original_unit.clone().or(read.original_unit),
        qualifier: quantity.qualifier.clone().or(read.qualifier),
        ..read
    }
}

/// The unit as it is written: what the system itself wrote where that means the same, else the code.
pub(crate) fn written_unit(quantity: &Quantity) -> String {
    let original = quantity.original_unit.as_deref();
    let code = original
        .filter(|code| !code.contains('#') && meaning(code) == quantity.unit)
        .unwrap_or(&quantity.unit);
    match &quantity.qualifier {
        Some(qualifier) => format!("{code}#{qualifier}"),
        None => code.to_owned(),
    }
}

/// Writes an amount as an element.
pub(crate) fn write(writer: &mut Writer, name: &str, quantity: &Quantity) {
    let unit = written_unit(quantity);
    writer.leaf(name, &[("unitCode", &unit)], &quantity.value.to_string());
}

#[cfg(test)]
mod tests {
    use super::{in_unit, written_unit};
    use dragoman_documents::Decimal;

    #[test]
    fn units_are_read_and_written() {
        let check = |written: &str, unit: &str, original: Option<&str>, again: &str| {
            let quantity = in_unit(Decimal::from(1), written);
            assert_eq!(quantity.unit, unit, "{written}");
            assert_eq!(quantity.original_unit.as_deref(), original, "{written}");
            assert_eq!(written_unit(&quantity), again, "{written}");
        };
        check("PCS", "C62", Some("PCS"), "PCS");
        check("", "C62", None, "C62");
        check("KIL", "KGM", Some("KIL"), "KIL");
        check("KGM", "KGM", None, "KGM");
        check("kgm", "KGM", Some("kgm"), "kgm");
        check("KGM#G", "KGM", None, "KGM#G");
        check("XYZ", "XYZ", None, "XYZ");
    }
}

//! Amounts with their unit, as WCO messages write them.

use dragoman_documents::{Decimal, Quantity};
use dragoman_xml::{Element, Refusal, said, short};

/// What customs and permit systems write for a unit of UN/ECE Recommendation 20. The code that was written
/// is kept as `original_unit`. `NAR` and `H87` are codes of the recommendation too, with the meaning of `C62`.
const ALIASES: &[(&str, &str)] = &[
    ("KIL", "KGM"),
    ("KG", "KGM"),
    ("KGS", "KGM"),
    ("G", "GRM"),
    ("L", "LTR"),
    ("M3", "MTQ"),
    ("CUM", "MTQ"),
    ("M2", "MTK"),
    ("SQM", "MTK"),
    ("PCS", "C62"),
    ("PCE", "C62"),
    ("NMB", "C62"),
    ("NAR", "C62"),
    ("H87", "C62"),
];

/// The amount in an element such as `QuantityQuantity`, in its `unitCode`, else in the unit given.
/// None where there is no amount, or no unit: an amount without a unit says nothing.
pub(crate) fn quantity(element: Option<&Element>, unit: Option<&str>) -> Result<Option<Quantity>, Refusal> {
    let Some((element, text)) = element.and_then(|one| Some((one, one.value()?))) else {
        return Ok(None);
    };
    let value = Decimal::from_xml(text).ok_or_else(|| {
        Refusal::unreadable(
            element,
            format!("`{}` in {} is not a number", short(text), element.name()),
        )
    })?;
    let written = element.attribute("unitCode").unwrap_or_default();
    Ok(in_unit(value, written, unit))
}

/// An amount in a unit as written, else in the unit given: `KGM#G` is kilograms with the qualifier G.
fn in_unit(value: Decimal, written: &str, given: Option<&str>) -> Option<Quantity> {
    let (code, qualifier) = match written.split_once('#') {
        Some((code, qualifier)) => (code, said(qualifier)),
        None => (written, None),
    };
    let code = said(code).or(given)?;
    let upper = code.to_ascii_uppercase();
    let unit = ALIASES
        .iter()
        .find(|(alias, _)| *alias == upper)
        .map_or(upper.as_str(), |(_, unit)| unit)
        .to_owned();
    Some(Quantity {
        value,
        original_unit: (unit != code).then(|| code.to_owned()),
        unit,
        qualifier: qualifier.map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::in_unit;
    use dragoman_documents::Decimal;

    #[test]
    fn units_are_those_of_recommendation_20() {
        let check = |written: &str| {
            let quantity = in_unit(Decimal::from(1), written, Some("LTR")).unwrap();
            (quantity.unit, quantity.qualifier, quantity.original_unit)
        };
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(check("KGM"), ("KGM".to_owned(), None, None));
        assert_eq!(check("KGM#G"), ("KGM".to_owned(), some("G"), None));
        assert_eq!(check("KGM#"), ("KGM".to_owned(), None, None));
        assert_eq!(check("KIL"), ("KGM".to_owned(), None, some("KIL")));
        assert_eq!(check("kgm"), ("KGM".to_owned(), None, some("kgm")));
        assert_eq!(check("NAR#B"), ("C62".to_owned(), some("B"), some("NAR")));
        assert_eq!(check("XYZ"), ("XYZ".to_owned(), None, None));
        assert_eq!(check("#G"), ("LTR".to_owned(), some("G"), None));
        assert_eq!(check("KGM#?"), ("KGM".to_owned(), None, None));
        for unknown in ["", " ", "?", "#G", "?#G"] {
            assert_eq!(in_unit(Decimal::from(1), unknown, None), None, "{unknown}");
        }
    }
}

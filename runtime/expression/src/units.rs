//! Units of measure as data, and exact conversion between those of one kind. Mass and number are of two kinds, and
//! nothing makes one of the other.

use std::sync::LazyLock;

use dragoman_model::nearest;
use rust_decimal::Decimal;

/// A line of the table.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Unit {
    /// Its code in UN/ECE Recommendation 20.
    pub(crate) code: &'static str,
    /// What it measures, in a word.
    pub(crate) kind: &'static str,
    size: Decimal,
}

static UNITS: LazyLock<Vec<Unit>> = LazyLock::new(|| lines().filter_map(read).collect());

fn lines() -> impl Iterator<Item = &'static str> {
    include_str!("units.tsv").lines().filter(|line| !line.starts_with('#'))
}

fn read(line: &'static str) -> Option<Unit> {
    let mut columns = line.split('\t');
    Some(Unit {
        code: columns.next()?,
        kind: columns.next()?,
        size: columns.next()?.parse().ok()?,
    })
}

/// A result has fewer digits than this number: one with more may have been rounded.
const MOST_DIGITS: u128 = 10_u128.pow(26);

/// The unit with this code.
pub(crate) fn find(code: &str) -> Option<&'static Unit> {
    UNITS.iter().find(|unit| unit.code == code)
}

/// Signs and names that people write for units, and the codes.
const NAMES: &[(&str, &str)] = &[
    ("mg", "MGM"),
    ("milligram", "MGM"),
    ("g", "GRM"),
    ("gr", "GRM"),
    ("gram", "GRM"),
    ("gramme", "GRM"),
    ("kg", "KGM"),
    ("kgs", "KGM"),
    ("kilo", "KGM"),
    ("kilos", "KGM"),
    ("kilogram", "KGM"),
    ("kilogramme", "KGM"),
    ("t", "TNE"),
    ("ton", "TNE"),
    ("tonne", "TNE"),
    ("piece", "C62"),
    ("pieces", "C62"),
    ("pcs", "C62"),
    ("pce", "C62"),
    ("unit", "C62"),
    ("mm", "MMT"),
    ("cm", "CMT"),
    ("m", "MTR"),
    ("meter", "MTR"),
    ("metre", "MTR"),
    ("m2", "MTK"),
    ("m3", "MTQ"),
    ("ml", "MLT"),
    ("l", "LTR"),
    ("litre", "LTR"),
    ("liter", "LTR"),
    ("number", "NAR"),
    ("hectare", "HAR"),
    ("dozen", "DZN"),
    ("gross", "GRO"),
    ("lb", "LBR"),
    ("pound", "LBR"),
    ("oz", "ONZ"),
    ("ounce", "ONZ"),
    ("inch", "INH"),
    ("ft", "FOT"),
    ("foot", "FOT"),
    ("feet", "FOT"),
    ("yard", "YRD"),
];

/// The code of a unit that was written with its sign or its name, or in small letters; none of a code, and where it is none
/// of these.
pub fn named(written: &str) -> Option<&'static str> {
    if find(written).is_some() {
        return None;
    }
    if let Some(unit) = find(&written.to_uppercase()) {
        return Some(unit.code);
    }
    let name = written.to_lowercase();
    let code = |name: &str| NAMES.iter().find(|(known, _)| *known == name).map(|(_, code)| *code);
    code(&name).or_else(|| code(name.strip_suffix('s')?))
}

/// The code that somebody may have meant: of a name, else one that begins so, else one that is written nearly so.
pub fn meant(code: &str) -> Option<&'static str> {
    if let Some(named) = named(code) {
        return Some(named);
    }
    let upper = code.to_uppercase();
    let codes = || UNITS.iter().map(|unit| unit.code);
    codes()
        .find(|known| !upper.is_empty() && known.starts_with(&upper))
        .or_else(|| nearest(&upper, codes()))
}

/// What a unit measures, in a word: `mass`, `number`, `volume`; none where it is not in the table.
pub fn kind(code: &str) -> Option<&'static str> {
    find(code).map(|unit| unit.kind)
}

/// The codes of a kind, for messages.
pub(crate) fn of_kind(kind: &str) -> String {
    let codes = UNITS.iter().filter(|unit| unit.kind == kind).map(|unit| unit.code);
    codes.collect::<Vec<_>>().join(", ")
}

impl Unit {
    /// So much in this unit, in another of its kind: exactly, or none where the kinds differ or there would be too many
    /// digits. It is never rounded.
    pub(crate) fn converted(&self, value: Decimal, into: &Unit) -> Option<Decimal> {
        if self.kind != into.kind {
            return None;
        }
        if self == into {
            return Some(value);
        }
        let scaled = |value: Decimal, by: Decimal, over: Decimal| value.checked_mul(by)?.checked_div(over);
        let there = scaled(value, self.size, into.size)?.normalize();
        // Decimals round beyond 28 digits: what has nearly as many, or does not come back as it was, was rounded.
        let exact = there.mantissa().unsigned_abs() < MOST_DIGITS && scaled(there, into.size, self.size)? == value;
        exact.then_some(there)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_read_whole_and_agrees_with_itself() {
        assert_eq!(UNITS.len(), lines().count(), "a line cannot be read");
        let mut codes: Vec<&str> = UNITS.iter().map(|unit| unit.code).collect();
        for unit in UNITS.iter() {
            let base = UNITS
                .iter()
                .any(|other| other.kind == unit.kind && other.size == Decimal::ONE);
            assert!(base, "{} has no base unit", unit.kind);
        }
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), UNITS.len());
    }

    #[test]
    fn what_is_converted_is_exact_or_nothing() {
        let check = |value: &str, from: &str, into: &str, expected: Option<&str>| {
            let (from, into) = (find(from).expect("a unit"), find(into).expect("a unit"));
            let found = from.converted(value.parse().expect("a number"), into);
            assert_eq!(
                found.map(|value| value.to_string()).as_deref(),
                expected,
                "{value} {} in {}",
                from.code,
                into.code
            );
        };
        check("2", "DZN", "C62", Some("24"));
        check("24", "C62", "DZN", Some("2"));
        check("0.6", "C62", "DZN", Some("0.05"));
        check("25", "C62", "DZN", None);
        check("1", "C62", "GRO", None);
        check("100", "LBR", "KGM", Some("45.359237"));
        check("45.359237", "KGM", "LBR", Some("100"));
        check("1", "KGM", "LBR", None);
        check("1", "TNE", "MGM", Some("1000000000"));
        check("79228162514264337593543950335", "TNE", "MGM", None);
        check(
            "79228162514264337593543950335",
            "KGM",
            "KGM",
            Some("79228162514264337593543950335"),
        );
        check("1", "KGM", "MTR", None);
    }

    #[test]
    fn a_misspelt_code_has_one_that_was_meant() {
        let check = |written: &str, expected: Option<&str>| assert_eq!(meant(written), expected, "{written}");
        check("kgm", Some("KGM"));
        check("KG", Some("KGM"));
        check("LTRS", Some("LTR"));
        check("", None);
        check("pieces", Some("C62"));
        check("TON", Some("TNE"));
        check("CTM", Some("CMT"));
        assert_eq!(
            (named("CTM"), named("Kilos")),
            (None, Some("KGM")),
            "a code that is in no table is none misspelt"
        );
    }
}

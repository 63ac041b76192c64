//! Truths, whole numbers and sizes as people say them who know how others write them: what they would be here.

/// The words for small numbers.
const NUMBERS: &[&str] = &[
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
];

/// What a word means that stands for true or false elsewhere.
pub fn truth(word: &str) -> Option<bool> {
    match word.trim().to_lowercase().as_str() {
        "yes" | "y" | "on" | "t" | "1" | "true" | "enabled" | "always" => Some(true),
        "no" | "n" | "off" | "f" | "0" | "false" | "disabled" | "never" => Some(false),
        _ => None,
    }
}

/// The whole number that is said with a word, with what is counted behind it, with marks between its digits or with a
/// fraction of nothing: `three`, `4 times`, `1'000`, `5.0`.
pub fn whole(text: &str) -> Option<u64> {
    let text = text.trim().to_lowercase();
    let word = text.split_whitespace().next()?;
    if let Some(number) = NUMBERS.iter().position(|number| *number == word) {
        return u64::try_from(number).ok();
    }
    let end = text.find(|c: char| !c.is_ascii_digit() && !"_',.".contains(c));
    let (number, behind) = text.split_at(end.unwrap_or(text.len()));
    if !behind.chars().all(|c| c.is_alphabetic() || c == ' ') {
        return None;
    }
    let number = number.strip_suffix(".0").unwrap_or(number);
    // One mark between groups of three digits; with a point it would be a fraction to some.
    let groups: Vec<&str> = number.split(['_', '\'', ',']).collect();
    let grouped = groups.len() == 1 || groups.iter().skip(1).all(|group| group.len() == 3);
    if !grouped || number.contains('.') {
        return None;
    }
    groups.concat().parse().ok()
}

/// The size that is said with another unit: `20M`, `20 mb`, `5 megabytes`.
pub(crate) fn size(text: &str) -> Option<String> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(end);
    let number: u64 = number.parse().ok()?;
    let unit = match unit.trim().to_lowercase().as_str() {
        "b" | "byte" | "bytes" => "B",
        "k" | "kb" | "kib" | "ki" | "kilobyte" | "kilobytes" => "KiB",
        "m" | "mb" | "mib" | "mi" | "megabyte" | "megabytes" | "meg" => "MiB",
        "g" | "gb" | "gib" | "gi" | "gigabyte" | "gigabytes" | "gig" => "GiB",
        _ => return None,
    };
    Some(format!("{number}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::{size, truth, whole};

    #[test]
    fn truths_are_said_with_many_words() {
        assert_eq!(
            [truth("Yes"), truth("off"), truth("maybe")],
            [Some(true), Some(false), None]
        );
    }

    #[test]
    fn whole_numbers_are_said_with_words_and_with_what_is_counted() {
        for (text, number) in [
            ("4 times", Some(4)),
            ("three", Some(3)),
            ("1'000", Some(1_000)),
            ("5.0", Some(5)),
            ("12", Some(12)),
            ("1.5", None),
            ("1,5", None),
            ("many", None),
            ("-3", None),
            ("", None),
        ] {
            assert_eq!(whole(text), number, "{text}");
        }
    }

    #[test]
    fn sizes_are_said_with_other_units() {
        assert_eq!(size("20M").as_deref(), Some("20MiB"));
        assert_eq!(size("5 megabytes").as_deref(), Some("5MiB"));
        assert_eq!(size("5").as_deref(), None);
        assert_eq!(size("large").as_deref(), None);
    }
}

//! Letters with marks, as they are written without them: names have none.

/// The letters of which marked ones are made, each with those that have marks.
const MARKED: &[(&str, &str)] = &[
    ("a", "àáâãäåāăą"),
    ("c", "çćĉċč"),
    ("d", "ďđð"),
    ("e", "èéêëēĕėęě"),
    ("g", "ĝğġģ"),
    ("h", "ĥħ"),
    ("i", "ìíîïĩīĭįı"),
    ("j", "ĵ"),
    ("k", "ķ"),
    ("l", "ĺļľŀł"),
    ("n", "ñńņňŉ"),
    ("o", "òóôõöøōŏő"),
    ("r", "ŕŗř"),
    ("s", "śŝşšș"),
    ("t", "ţťŧț"),
    ("u", "ùúûüũūŭůűų"),
    ("w", "ŵ"),
    ("y", "ýÿŷ"),
    ("z", "źżž"),
    ("ae", "æ"),
    ("oe", "œ"),
    ("ss", "ß"),
    ("th", "þ"),
];

/// A letter without its marks, in its case: `ö` is `o`, `É` is `E`, `ß` is `ss`. What is none stays as it is.
pub(crate) fn bare_letter(letter: char) -> String {
    let small = letter.to_lowercase().next().unwrap_or(letter);
    match MARKED.iter().find(|(_, marked)| marked.contains(small)) {
        Some((bare, _)) if small == letter => (*bare).to_owned(),
        Some((bare, _)) => bare.to_uppercase(),
        None => letter.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::bare_letter;

    #[test]
    fn marks_are_taken_away_and_the_case_stays() {
        for (marked, bare) in [
            ("größe", "grosse"),
            ("Égalité", "Egalite"),
            ("smørrebrød", "smorrebrod"),
            ("order_1", "order_1"),
            ("заказ", "заказ"),
        ] {
            let found: String = marked.chars().map(bare_letter).collect();
            assert_eq!(found, bare);
        }
    }
}

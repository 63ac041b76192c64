//! Which of some names was meant by one that is none of them: misspelt, shortened, or said without its other words.

use dragoman_model::nearest;

/// The candidate that was meant.
///
/// In: a name, and those that there can be. Out: the one nearest to it in letters; else the only one of which it is the
/// first or the last words (`country` of `country_of_birth`), or that is its own first or last words; else the only one
/// that it shortens (`qty`). None where several could be meant.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let all: Vec<&str> = candidates.into_iter().collect();
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut found = all.iter().copied().filter(|candidate| fits(candidate));
        found.next().filter(|_| found.next().is_none())
    };
    nearest(name, all.iter().copied())
        .or_else(|| only(&|candidate| is_end(name, candidate) || is_end(candidate, name)))
        .or_else(|| only(&|candidate| shortens(name, candidate)))
}

/// Whether a name is the first or the last words of a longer one.
fn is_end(words: &str, whole: &str) -> bool {
    let behind = whole.strip_prefix(words).is_some_and(|rest| rest.starts_with('_'));
    let before = whole.strip_suffix(words).is_some_and(|rest| rest.ends_with('_'));
    words.len() > 2 && (behind || before)
}

/// Whether a name begins with the letter of a longer one, and has some of its other letters in their order.
fn shortens(short: &str, whole: &str) -> bool {
    let mut letters = whole.chars();
    let first = short.chars().next() == whole.chars().next();
    first && short.len() > 2 && short.len() < whole.len() && short.chars().all(|one| letters.any(|other| other == one))
}

#[cfg(test)]
mod tests {
    use super::meant;

    #[test]
    fn a_shortened_name_is_the_only_one_that_it_can_be() {
        let names = ["buyer_country", "quantity", "number", "seller_name", "seller_town"];
        for (name, expected) in [
            ("nubmer", Some("number")),
            ("country", Some("buyer_country")),
            ("order_number", Some("number")),
            ("qty", Some("quantity")),
            ("seller", None),
            ("colour", None),
            ("id", None),
        ] {
            assert_eq!(meant(name, names), expected, "{name}");
        }
    }
}

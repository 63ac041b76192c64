//! Which of some names was meant by one that is none of them: misspelt, in another order, shortened, said without its
//! other words or with another word for the same.

use crate::nearest;
use crate::nearest::distance;
use crate::words::Words;

/// So many names are told as what may have been meant; more than that are a list, and say nothing.
const MOST: usize = 2;
/// What stands before a name to deny it.
const DENIALS: &[&str] = &["un", "non", "non_", "non-", "not_", "not-", "in", "dis"];
/// A name of so many letters of which one differs was misspelt.
const LONG: usize = 8;

/// The names that may have been meant by one that is none of them: one, or two that are as likely; none where there
/// are more, since all of them are then the better answer.
///
/// In each way in which a name can be meant, those that are preferred go before the others: that of a value that fits its
/// place, or that is still missing.
pub fn meant_among<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    is_preferred: &dyn Fn(&str) -> bool,
) -> Vec<&'a str> {
    let all: Vec<&str> = candidates.into_iter().filter(|one| !is_opposite(name, one)).collect();
    let words = Words::of(name);
    if words.len() == 0 || name.len() > 64 {
        return Vec::new();
    }
    let found = ways(name, &words, &all).into_iter().find(|found| !found.is_empty());
    let Some(mut found) = found else { return Vec::new() };
    found.dedup();
    if found.len() > 1 && found.iter().any(|one| is_preferred(one)) {
        found.retain(|one| is_preferred(one));
    }
    if found.len() > MOST { Vec::new() } else { found }
}

/// The same, where none is preferred.
pub fn all_meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    meant_among(name, candidates, &|_| false)
}

/// The only name that was meant; none where there are two.
pub fn meant<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    match all_meant(name, candidates).as_slice() {
        [one] => Some(*one),
        _ => None,
    }
}

/// Whether two names have the same words in whatever order.
pub fn is_same(name: &str, other: &str) -> bool {
    let (name, other) = (Words::of(name), Words::of(other));
    name.len() == other.len() && name.within(&other, false)
}

/// Whether all words of a name are words of another one.
pub fn has_words(name: &str, other: &str) -> bool {
    Words::of(name).within(&Words::of(other), false)
}

/// What is asked of one who may have meant other names: ``did you mean `a` or `b`?``
pub fn did_you_mean<S: AsRef<str>>(names: &[S]) -> Option<String> {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    (!quoted.is_empty()).then(|| format!("did you mean {}?", quoted.join(" or ")))
}

/// Whether one of two names denies the other: `matched` and `unmatched`.
fn is_opposite(name: &str, other: &str) -> bool {
    let denies = |long: &str, short: &str| DENIALS.iter().any(|denial| long.strip_prefix(denial) == Some(short));
    denies(name, other) || denies(other, name)
}

/// Whether a name is written so nearly like another one that it is that, whatever its words mean.
fn is_misspelt(name: &str, other: &str) -> bool {
    name.chars().count() >= LONG && distance(name, other) <= 1
}

/// What is meant in each of the ways, the surest one first.
fn ways<'a>(name: &str, words: &Words, all: &[&'a str]) -> Vec<Vec<&'a str>> {
    let known: Vec<(&'a str, Words)> = all.iter().map(|one| (*one, Words::of(one))).collect();
    let that = |fits: &dyn Fn(&str, &Words) -> bool| -> Vec<&'a str> {
        let fitting = known.iter().filter(|(one, of)| of.len() > 0 && fits(one, of));
        fitting.map(|(one, _)| *one).collect()
    };
    let same = |alike: bool| that(&|_, other| other.len() == words.len() && words.within(other, alike));
    let near: Vec<&str> = nearest(name, all.iter().copied()).into_iter().collect();
    // A word that has others for it was not misspelt: what is nearly written so comes last.
    let is_known = words.are_known() && !near.iter().any(|one| is_misspelt(name, one));
    let (misspelt, at_last) = if is_known {
        (Vec::new(), near)
    } else {
        (near, Vec::new())
    };
    let shorter = |alike: bool| {
        let inside = that(&|_, other| other.len() < words.len() && other.within(words, alike));
        let head = Words::heads(name);
        let heads: Vec<&str> = inside.iter().copied().filter(|one| Words::heads(one) == head).collect();
        if heads.is_empty() { inside } else { heads }
    };
    let longer = |alike: bool| that(&|_, other| other.len() > words.len() && words.within(other, alike));
    vec![
        same(false),
        misspelt,
        longer(false),
        same(true),
        shorter(false),
        that(&|_, other| words.shorten(other)),
        if is_known || words.len() > 1 {
            longer(true)
        } else {
            Vec::new()
        },
        shorter(true),
        at_last,
    ]
}

#[cfg(test)]
mod tests {
    use super::{all_meant, did_you_mean, meant, meant_among};

    #[test]
    fn a_name_is_meant_by_its_words_in_whatever_order_and_form() {
        let names = [
            "buyer_country",
            "quantity",
            "number",
            "seller_name",
            "seller_town",
            "office_of_departure",
            "issued_at",
            "net_mass",
            "kind",
            "lines",
            "description",
        ];
        for (name, expected) in [
            ("nubmer", &["number"][..]),
            ("country", &["buyer_country"]),
            ("order_number", &["number"]),
            ("no", &["number"]),
            ("reference", &["number"]),
            ("id", &["number"]),
            ("qty", &["quantity"]),
            ("quantities", &["quantity"]),
            ("amount", &["quantity"]),
            ("seller", &["seller_name", "seller_town"]),
            ("seller_city", &["seller_town"]),
            ("departure_office", &["office_of_departure"]),
            ("officeOfDeparture", &["office_of_departure"]),
            ("issue_date", &["issued_at"]),
            ("date", &["issued_at"]),
            ("weight", &["net_mass"]),
            ("net_weight", &["net_mass"]),
            ("type", &["kind"]),
            ("items", &["lines"]),
            ("ctry", &["buyer_country"]),
            ("buyer_ctry", &["buyer_country"]),
            ("desc", &["description"]),
            ("colour", &[]),
            ("x", &[]),
            ("", &[]),
            ("__", &[]),
        ] {
            assert_eq!(all_meant(name, names), expected, "{name}");
        }
        assert_eq!(meant("seller", names), None, "two are not one");
        assert_eq!(meant("buyer", names), Some("buyer_country"));
    }

    #[test]
    fn what_is_preferred_goes_before_and_many_are_none() {
        let names = ["buyer_name", "seller_name", "sender_name"];
        assert!(all_meant("name", names).is_empty(), "three are a list");
        let only = |one: &str| one == "seller_name";
        assert_eq!(meant_among("name", names, &only), ["seller_name"]);
        assert_eq!(
            meant_among("colour", names, &only),
            Vec::<&str>::new(),
            "none is meant because it is preferred"
        );
    }

    #[test]
    fn a_word_that_says_something_else_is_not_taken_for_one_that_is_written_nearly_so() {
        assert_eq!(all_meant("weight", ["height", "mass"]), ["mass"]);
        assert_eq!(all_meant("state", ["slate", "status"]), ["status"]);
        assert_eq!(all_meant("item", ["intermediary"]), Vec::<&str>::new());
        assert_eq!(all_meant("weight", ["height", "colour"]), ["height"]);
        // A long one of which one letter differs is that.
        assert_eq!(all_meant("canceled", ["revoked", "cancelled"]), ["cancelled"]);
    }

    #[test]
    fn what_denies_a_name_is_not_meant_by_it() {
        assert_eq!(all_meant("matched", ["unmatched"]), Vec::<&str>::new());
        assert_eq!(all_meant("non_empty", ["empty", "non_emtpy"]), ["non_emtpy"]);
    }

    #[test]
    fn it_is_asked_for_one_or_for_two() {
        assert_eq!(did_you_mean(&["a"]).as_deref(), Some("did you mean `a`?"));
        assert_eq!(did_you_mean(&["a", "b"]).as_deref(), Some("did you mean `a` or `b`?"));
        assert_eq!(did_you_mean::<&str>(&[]), None);
    }
}

//! The right name that is nearest to a wrong one, for "did you mean".

/// Letters of a name that is compared: the table would cost more than the hint is worth for a longer one.
const LETTERS: usize = 64;

/// The candidate nearest to `name`, the first of equals, where one is near enough to be meant: a third of its letters
/// may differ, and two letters that changed places count as one difference.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let bound = (name.chars().count() / 3).max(1);
    let is_near = |distance: usize, candidate: &str| {
        let letters = candidate.chars().count();
        distance <= bound.max(letters / 3) && distance < letters
    };
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| is_near(*distance, candidate))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The number of letters that differ, without their case; exchanged neighbours count once (the restricted
/// Damerau-Levenshtein distance). A name of more than 64 letters is far from everything.
pub fn distance(left: &str, right: &str) -> usize {
    let letters = |text: &str| -> Vec<char> { text.chars().take(LETTERS + 1).flat_map(char::to_lowercase).collect() };
    let (left, right) = (letters(left), letters(right));
    if left.len() > LETTERS || right.len() > LETTERS {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=right.len()).collect();
    for row in 1..=left.len() {
        let mut next = vec![row; right.len() + 1];
        for column in 1..=right.len() {
            let substitution = last[column - 1] + usize::from(left[row - 1] != right[column - 1]);
            next[column] = substitution.min(last[column] + 1).min(next[column - 1] + 1);
            let exchanged =
                row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
            if exchanged {
                next[column] = next[column].min(before[column - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, next);
    }
    last[right.len()]
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn the_nearest_name_is_found_and_a_strange_one_is_not_guessed() {
        let long = "a".repeat(70);
        let names = [
            "call",
            "claim",
            "choose",
            "on_failure",
            "once",
            "number",
            "member",
            "status",
            "issued_at",
            &long,
        ];
        for (name, expected) in [
            ("cal", Some("call")),
            ("Call", Some("call")),
            ("onfailure", Some("on_failure")),
            ("chosoe", Some("choose")),
            ("nubmer", Some("number")),
            ("Number", Some("number")),
            ("issuedat", Some("issued_at")),
            ("stauts", Some("status")),
            ("banana", None),
            ("colour", None),
            ("x", None),
            ("", None),
            (&long[1..], None),
        ] {
            assert_eq!(nearest(name, names), expected, "{name}");
        }
    }
}

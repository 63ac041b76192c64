//! Which name an item was meant to have that was given none: the one that its steps use.

use std::collections::BTreeMap;

use crate::fields::Fields;

/// The roots of every expression, and those of some places.
const ROOTS: &[&str] = &[
    "trigger", "steps", "site", "run", "failure", "round", "last", "answer", "item",
];

/// The name that the steps of an `each` use most and that nothing else gives; `item` where there is none.
pub(super) fn item(fields: &Fields<'_>) -> String {
    let inner = fields
        .entries()
        .iter()
        .filter(|entry| ["steps", "item_key", "value"].contains(&&*entry.key.value));
    let text: String = inner
        .filter_map(|entry| entry.value.span.source.text.get(entry.value.span.range.clone()))
        .flat_map(|text| [text, "\n"])
        .collect();
    used(&text).unwrap_or_else(|| "item".to_owned())
}

/// The name of which most fields are read in a text of steps.
fn used(text: &str) -> Option<String> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, _) in text.match_indices('.') {
        let before = &text[..at];
        let name = before.rsplit(|c: char| !is_name(c)).next().unwrap_or_default();
        let around = before[..at - name.len()].trim_end_matches(['"', '\'']);
        let read = text[at + 1..].starts_with(|c: char| c.is_ascii_lowercase());
        let is_operation = ["call: ", "undo: "].iter().any(|key| around.ends_with(key));
        if read && name.starts_with(|c: char| c.is_ascii_lowercase()) && !around.ends_with('.') && !is_operation {
            *counted.entry(name).or_default() += 1;
        }
    }
    let given = |name: &str| {
        let of_list = format!("({name},");
        let of_each = format!("as: {name}");
        text.contains(&of_list)
            || text
                .lines()
                .any(|line| line.trim_start_matches([' ', '-']).trim_end() == of_each)
    };
    let own = counted
        .into_iter()
        .filter(|(name, _)| !ROOTS.contains(name) && !given(name));
    own.max_by_key(|(_, times)| *times).map(|(name, _)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::used;

    #[test]
    fn the_name_of_an_item_is_the_one_that_its_steps_use() {
        for (text, name) in [
            ("- call: shop.get\n  with: { number: =entry.number }\n", Some("entry")),
            ("- set: '=steps.a.lines.map(l, l.item + line.number)'", Some("line")),
            (
                "- each: row.cells\n  as: cell\n  steps: [{ set: =cell.a + cell.b }]",
                Some("row"),
            ),
            ("- call: shop.get\n  with: { number: =trigger.message.number }", None),
            ("- set: { a: é.a, b: =line.note }", Some("line")),
        ] {
            assert_eq!(used(text).as_deref(), name, "{text}");
        }
    }
}

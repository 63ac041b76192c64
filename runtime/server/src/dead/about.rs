//! Finding a run by what an operator knows of it: a key or a reference, or a whole part of one.

use dragoman_journal::{Entry, Record};

/// All that a run is known by: its key, its item, its turn, and the business keys and references of its steps.
pub(crate) fn names(entries: &[Entry]) -> Vec<&str> {
    let mut names = Vec::new();
    for entry in entries {
        match &entry.header.record {
            Record::Accepted {
                run_key,
                serial,
                parent,
                ..
            } => {
                names.push(run_key.as_str());
                names.extend(serial.as_deref());
                names.extend(parent.as_ref().map(|parent| parent.item.as_str()));
            }
            Record::Intent { once, reference, .. } => {
                names.extend(once.as_ref().map(|once| once.key.as_str()));
                names.extend(reference.as_deref());
            }
            Record::Claimed { once, reference, .. } => {
                names.push(once.key.as_str());
                names.extend(reference.as_deref());
            }
            Record::Waiting { reference, .. } => names.extend(reference.as_deref()),
            Record::Voided { reference } => names.push(reference),
            _ => {}
        }
    }
    names
}

/// Whether a name is a text, or has it as a whole part: `1234` is part of `CH|1234` and not of `12345`. Capitals say
/// nothing.
pub(crate) fn is_about(name: &str, text: &str) -> bool {
    let (name, text) = (name.to_lowercase(), text.to_lowercase());
    if text.is_empty() {
        return false;
    }
    let ends = |near: Option<char>| near.is_none_or(|near| !near.is_alphanumeric());
    name.match_indices(&text)
        .any(|(at, _)| ends(name[..at].chars().next_back()) && ends(name[at + text.len()..].chars().next()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_by_a_whole_part_of_it() {
        for (name, text, found) in [
            ("CH|1234", "1234", true),
            ("CH|1234", "ch|1234", true),
            ("CH|12345", "1234", false),
            ("26CHEE4711", "26chee4711", true),
            ("26CHEE4711-a", "26CHEE4711", true),
            ("26CHEE4711", "4711", false),
            ("anything", "", false),
        ] {
            assert_eq!(is_about(name, text), found, "{name} {text}");
        }
    }
}

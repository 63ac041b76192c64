//! What is the same in every life: values without the times of the clock and the ids of runs.

use dragoman_model::{Timestamp, Value};
use std::collections::BTreeMap;

/// Masks, in a text, every time that the engine's clock can have shown since a moment, and every id of a run.
pub(crate) fn timeless(text: &str, since: Timestamp) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(length) = time(rest, since).or_else(|| run(rest)) {
            out.push('~');
            rest = &rest[length..];
            continue;
        }
        let next = rest.chars().next().map_or(1, char::len_utf8);
        out.push_str(&rest[..next]);
        rest = &rest[next..];
    }
    out
}

/// Facts without times and ids; those that become equal are counted together.
pub(crate) fn timeless_facts(facts: &BTreeMap<String, u32>, since: Timestamp) -> BTreeMap<String, u32> {
    let mut timeless_facts = BTreeMap::new();
    for (fact, count) in facts {
        *timeless_facts.entry(timeless(fact, since)).or_default() += count;
    }
    timeless_facts
}

/// A value without the times and ids, for what is expected of a recorded run: members that hold one are left out.
pub(crate) fn pruned(value: &Value, since: Timestamp) -> Option<Value> {
    match value {
        Value::String(text) => (timeless(text, since) == *text).then(|| value.clone()),
        Value::Array(items) => items.iter().map(|item| pruned(item, since)).collect(),
        Value::Object(members) => {
            let kept = members.iter().filter_map(|(k, v)| Some((k.clone(), pruned(v, since)?)));
            Some(Value::Object(kept.collect()))
        }
        other => Some(other.clone()),
    }
}

/// The length of a time such as `2026-03-02T09:00:00.000Z` at the beginning, where it is later than a moment.
fn time(text: &str, since: Timestamp) -> Option<usize> {
    let text = text.get(..24)?;
    let shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        10 => byte == b'T',
        13 | 16 => byte == b':',
        19 => byte == b'.',
        23 => byte == b'Z',
        _ => byte.is_ascii_digit(),
    });
    (shaped && Timestamp::parse(text).is_ok_and(|time| time > since)).then_some(24)
}

/// The length of a run's id at the beginning: a UUID of version 7 or 8.
fn run(text: &str) -> Option<usize> {
    let text = text.get(..36)?;
    let shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        14 => matches!(byte, b'7' | b'8'),
        _ => byte.is_ascii_hexdigit(),
    });
    shaped.then_some(36)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_clock_and_ids_of_runs_are_masked_and_nothing_else() {
        let since = Timestamp::from_millis(1_772_442_000_000);
        for (text, masked) in [
            ("at 2026-03-02T09:00:00.001Z.", "at ~."),
            ("at 2026-03-02T09:00:00.000Z", "at 2026-03-02T09:00:00.000Z"),
            ("on 2026-03-03", "on 2026-03-03"),
            ("\u{e9} 019b76da-a878-7102-8304-05060708090a!", "\u{e9} ~!"),
            (
                "019b76da-a878-4102-8304-05060708090a",
                "019b76da-a878-4102-8304-05060708090a",
            ),
        ] {
            assert_eq!(timeless(text, since), masked);
        }
    }
}

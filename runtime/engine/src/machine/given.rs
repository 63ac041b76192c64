//! What a child is given of what stands outside of it: the parts that its expressions read, and no others.
//!
//! An item's run keeps its own copy, so that it can be taken up without its parent. Were it a copy of all, a list of
//! ten thousand items would be kept ten thousand times.

use std::collections::BTreeSet;

use dragoman_model::Value;
use dragoman_plan::EachStep;
use dragoman_schema::{Lookup, Shape};
use serde_json::Map;

/// The parts of a value that are read; `at`: what is read of all, this value lies at. None: nothing of it is.
pub(super) fn part(value: &Value, reads: &BTreeSet<Vec<String>>, at: &[&str]) -> Option<Value> {
    let below: Vec<&[String]> = reads.iter().filter_map(|read| below(read, at)).collect();
    if below.is_empty() {
        return None;
    }
    Some(cut(value, &below))
}

/// Where a path leads from a place; none: elsewhere. One that ends above the place reads all of it.
fn below<'a>(read: &'a [String], at: &[&str]) -> Option<&'a [String]> {
    let together = read.len().min(at.len());
    let same = read[..together].iter().zip(at).all(|(name, place)| name == place);
    same.then(|| &read[together..])
}

fn cut(value: &Value, reads: &[&[String]]) -> Value {
    // Names below a value that has none are read by nobody who gets an answer.
    let Value::Object(members) = value else {
        return value.clone();
    };
    if reads.iter().any(|read| read.is_empty()) {
        return value.clone();
    }
    let mut kept = Map::new();
    for (name, member) in members {
        let further = reads.iter().filter(|read| read[0] == *name).map(|read| &read[1..]);
        let further: Vec<&[String]> = further.collect();
        if !further.is_empty() {
            kept.insert(name.clone(), cut(member, &further));
        }
    }
    Value::Object(kept)
}

/// Whether a part was given, by itself or with what it is a part of.
pub(super) fn has(reads: &BTreeSet<Vec<String>>, part: &[String]) -> bool {
    (1..=part.len()).any(|length| reads.contains(&part[..length]))
}

/// The first part of the message that was given to the run of an item, is read in another version and is not what that one
/// expects: where it stands in the message, and what is expected. Of the rest of the message such a run has nothing.
pub(super) fn refusal(was: &EachStep, now: &EachStep, shape: &Shape, message: &Value) -> Option<(String, String)> {
    let read = now.captures.iter().filter(|part| has(&was.captures, part));
    read.filter_map(|part| below(part, &["trigger", "message"]))
        .find_map(|names| refusal_at(names, shape, message))
}

fn refusal_at(names: &[String], shape: &Shape, value: &Value) -> Option<(String, String)> {
    if let Some((name, further)) = names.split_first()
        && let (Lookup::Found(field), Value::Object(members)) = (shape.field(name), value)
    {
        let member = members.get(name).unwrap_or(&Value::Null);
        let (place, expected) = refusal_at(further, &field, member)?;
        let dot = if place.is_empty() || place.starts_with('[') {
            ""
        } else {
            "."
        };
        return Some((format!("{name}{dot}{place}"), expected));
    }
    shape.refusal(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn check(value: &Value, at: &[&str], reads: &[&str], expected: Option<Value>) {
        let reads = reads.iter().map(|read| read.split('.').map(str::to_owned).collect());
        assert_eq!(part(value, &reads.collect(), at), expected);
    }

    #[test]
    fn a_child_is_given_what_it_reads() {
        let message = json!({ "lot": "7", "buyer": { "name": "A", "city": "B" }, "lines": [{ "id": 1 }, { "id": 2 }], "note": null });
        let at = ["trigger", "message"];
        check(&message, &at, &[], None);
        check(&message, &at, &["site.country", "steps.order.lot"], None);
        check(&message, &at, &["trigger.key"], None);
        check(&message, &at, &["trigger.message"], Some(message.clone()));
        check(&message, &at, &["trigger"], Some(message.clone()));
        check(
            &message,
            &at,
            &["trigger.message.lot", "line.id"],
            Some(json!({ "lot": "7" })),
        );
        check(
            &message,
            &at,
            &["trigger.message.buyer.city"],
            Some(json!({ "buyer": { "city": "B" } })),
        );
        check(
            &message,
            &at,
            &["trigger.message.buyer", "trigger.message.buyer.city"],
            Some(json!({ "buyer": { "name": "A", "city": "B" } })),
        );
        // What lies below a list, a text or nothing is kept with it, as it is.
        check(
            &message,
            &at,
            &["trigger.message.lines.first"],
            Some(json!({ "lines": [{ "id": 1 }, { "id": 2 }] })),
        );
        check(
            &message,
            &at,
            &["trigger.message.note.text"],
            Some(json!({ "note": null })),
        );
        check(&message, &at, &["trigger.message.none"], Some(json!({})));
        check(&json!("text"), &at, &["trigger.message.lot"], Some(json!("text")));
    }

    proptest! {
        #[test]
        fn what_is_read_is_there_as_it_was(paths in prop::collection::vec(prop::collection::vec("[abc]", 1..4), 0..5)) {
            let leaf = |n: u8| json!({ "a": n, "b": [n], "c": { "a": n } });
            let value = json!({ "a": leaf(1), "b": leaf(2), "c": leaf(3) });
            let reads: BTreeSet<Vec<String>> = paths.into_iter().collect();
            let kept = part(&value, &reads, &[]).unwrap_or(Value::Null);
            for read in &reads {
                let pointer: String = read.iter().map(|name| format!("/{name}")).collect();
                prop_assert_eq!(kept.pointer(&pointer), value.pointer(&pointer));
            }
        }
    }
}

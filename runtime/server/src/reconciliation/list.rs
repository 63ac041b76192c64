//! The other side's list, line against run: what it has sent, or what it says it has received.

use std::collections::{HashMap, HashSet};

use dragoman_model::{RunId, Value};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::unit::{Far, Unit};

/// What the other side has.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// What each is known by: a business reference or key, or a whole part of one.
    pub names: Vec<String>,
    /// The step that makes the fact they are of, by its path or its name; none: that a message was taken.
    #[serde(default)]
    pub step: Option<String>,
}

/// The list as it is compared.
pub(super) struct Comparison {
    listed: Listed,
    wanted: HashSet<String>,
    /// By its name in small letters: a run that has the fact.
    found: HashSet<String>,
    /// The same: one that knows the name, and does not have the fact.
    lacking: HashMap<String, (RunId, &'static str)>,
    /// Runs with the fact of which the list says nothing.
    unlisted: Vec<Value>,
}

impl Comparison {
    pub(super) fn new(listed: Listed) -> Self {
        let wanted = listed.names.iter().map(|name| name.to_lowercase()).collect();
        Comparison {
            listed,
            wanted,
            found: HashSet::new(),
            lacking: HashMap::new(),
            unlisted: Vec::new(),
        }
    }

    /// In: a run, or the run of an item, with the names that it is known by, and those of what it belongs to. `counts`: it
    /// is of the period; else it is only looked for.
    pub(super) fn see(&mut self, unit: &Unit, names: &[String], counts: bool) {
        let Some(has_it) = self.has_it(unit) else { return };
        let mut is_listed = false;
        for part in names.iter().flat_map(|name| parts(name)) {
            if !self.wanted.contains(&part) {
                continue;
            }
            is_listed = true;
            if has_it {
                self.found.insert(part);
            } else {
                let status = crate::view::status(&unit.summary);
                self.lacking.entry(part).or_insert((unit.summary.run, status));
            }
        }
        if has_it && counts && !is_listed {
            let origin = unit.state.origin.as_ref();
            let item = origin.and_then(|origin| Some(origin.parent.as_ref()?.item.as_str()));
            self.unlisted.push(json!({
                "run": unit.summary.run, "pipeline": unit.summary.pipeline, "key": unit.summary.run_key, "item": item,
            }));
        }
    }

    /// Whether it has the fact; none: that is none of its own.
    fn has_it(&self, unit: &Unit) -> Option<bool> {
        let Some(step) = &self.listed.step else {
            // Where messages are compared, items are part of their run.
            return unit.state.origin.as_ref()?.of_item().is_none().then_some(true);
        };
        let is_it = |path: &str| path == step || path.rsplit('.').next() == Some(step);
        let mut own = unit.facts.iter().filter(|(fact, _)| is_it(&fact.path)).peekable();
        own.peek()?;
        Some(own.any(|(_, far)| *far == Far::Done))
    }

    /// `{ listed, found, absent: [{ name, run, status }], unlisted: [{ run, pipeline, key, item }] }`.
    pub(super) fn to_json(&self) -> Value {
        let absent = |name: &&String| !self.found.contains(&name.to_lowercase());
        let told = |name: &String| {
            let lacking = self.lacking.get(&name.to_lowercase());
            json!({ "name": name, "run": lacking.map(|(run, _)| run), "status": lacking.map(|(_, status)| status) })
        };
        let names = &self.listed.names;
        json!({
            "step": self.listed.step, "listed": names.len(),
            "found": names.iter().filter(|name| !absent(name)).count(),
            "absent": names.iter().filter(absent).map(told).collect::<Vec<_>>(),
            "unlisted": self.unlisted,
        })
    }
}

/// A name, and its whole parts: between bars, and between anything that is neither letter nor digit. In small letters.
fn parts(name: &str) -> impl Iterator<Item = String> {
    let name = name.to_lowercase();
    let mut parts: HashSet<String> = name.split('|').map(str::to_owned).collect();
    let words = name.split(|c: char| !c.is_alphanumeric());
    parts.extend(words.map(str::to_owned));
    parts.insert(name);
    parts.remove("");
    parts.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_known_by_its_whole_parts() {
        for (name, part, known) in [
            ("PL|PL-123/26|26PL0001", "26pl0001", true),
            ("PL|PL-123/26|26PL0001", "pl-123/26", true),
            ("PL|PL-123/26|26PL0001", "123", true),
            ("PL|PL-123/26|26PL0001", "26pl", false),
            ("", "", false),
        ] {
            assert_eq!(parts(name).any(|found| found == part), known, "{name} {part}");
        }
    }
}

//! What is served, as it is told to people and programs.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use dragoman_model::{Diagnostic, Digest, Timestamp, Value};
use serde_json::json;

/// What is served now, and how the last attempt to change it went.
#[derive(Debug, Clone)]
pub(crate) struct Served {
    /// The site's name.
    pub(crate) name: String,
    /// Counted up with each change, from 1.
    pub(crate) number: u64,
    /// Since when.
    pub(crate) since: Timestamp,
    /// Pipelines and their versions.
    pub(crate) pipelines: Vec<(String, Digest)>,
    /// Connections that are no longer in the site file; runs that began with them go on with them.
    pub(crate) leaving: Vec<String>,
    /// A later change that was not taken: when, and what is wrong.
    pub(crate) refused: Option<(Timestamp, Vec<Diagnostic>)>,
}

impl Served {
    /// For the status: `{ name, number, since, pipelines, leaving, refused? }`.
    pub(crate) fn to_json(&self) -> Value {
        let pipelines: serde_json::Map<String, Value> = self
            .pipelines
            .iter()
            .map(|(name, version)| (name.clone(), json!(version)))
            .collect();
        let refused = self
            .refused
            .as_ref()
            .map(|(at, diagnostics)| json!({ "at": at, "diagnostics": told(diagnostics, false) }));
        json!({
            "name": self.name, "number": self.number, "since": self.since, "pipelines": pipelines,
            "leaving": self.leaving, "refused": refused,
        })
    }
}

/// Diagnostics for programs, each with `text`, as it is shown to people.
pub(crate) fn told(diagnostics: &[Diagnostic], colour: bool) -> Vec<Value> {
    let tell = |diagnostic: &Diagnostic| {
        let mut value = diagnostic.to_json();
        value["text"] = diagnostic.render(colour).into();
        value
    };
    diagnostics.iter().map(tell).collect()
}

/// The names that are in one list only, or have another version.
pub(crate) fn changed(before: &[(String, Digest)], now: &[(String, Digest)]) -> Vec<String> {
    let gone = before.iter().filter(|(name, _)| !now.iter().any(|(n, _)| n == name));
    let other = now.iter().filter(|pair| !before.contains(pair));
    let mut names: Vec<String> = gone.chain(other).map(|(name, _)| name.clone()).collect();
    names.sort();
    names
}

/// The time of the machine.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_new_gone_or_other_has_changed() {
        let list = |text: &str| -> Vec<(String, Digest)> {
            text.split_whitespace()
                .map(|word| (word[..1].to_owned(), Digest::of(word.as_bytes())))
                .collect()
        };
        for (before, now, expected) in [
            ("a1 b1 c1", "a1 b1 c1", ""),
            ("a1 b1 c1", "a1 b2 c1", "b"),
            ("a1 b1", "b1 c1", "a c"),
            ("", "a1", "a"),
        ] {
            assert_eq!(
                changed(&list(before), &list(now)).join(" "),
                expected,
                "{before} to {now}"
            );
        }
    }
}

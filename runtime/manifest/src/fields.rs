//! The fields of a mapping: known ones are taken, missing ones and unknown ones are reported.

use dragoman_model::{Diagnostic, Span};

use crate::nearest::nearest;
use crate::reading::Reading;
use crate::yaml::{Entry, Mapping, Node, NodeKind};
use crate::{Spanned, codes};

/// A mapping whose keys are being taken one by one.
pub(crate) struct Fields<'a> {
    /// Where the mapping stands.
    pub(crate) span: Span,
    /// What it is, for people: `a step`, `the limits`.
    what: &'static str,
    mapping: &'a Mapping,
    asked: Vec<&'static str>,
    explained: Vec<&'a str>,
    likely: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of a node; none (and a diagnostic) where it is no mapping.
    pub(crate) fn of(reading: &mut Reading, node: &'a Node, what: &'static str, example: &str) -> Option<Self> {
        match &node.kind {
            NodeKind::Mapping(mapping) => Some(Fields {
                span: node.span.clone(),
                what,
                mapping,
                asked: Vec::new(),
                explained: Vec::new(),
                likely: Vec::new(),
            }),
            _ => {
                let are = if what.starts_with("the ") && what.ends_with('s') {
                    "are"
                } else {
                    "is"
                };
                reading.wrong_type(node, "a mapping", &format!("{what} {are} written {example}"));
                None
            }
        }
    }

    /// The value of a key.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|e| &e.value)
    }

    /// The key and its value.
    pub(crate) fn entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.asked.push(key);
        self.mapping.entries.iter().find(|e| e.key.value == key)
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&mut self, reading: &mut Reading, key: &'static str, example: &str) -> Option<&'a Node> {
        let found = self.take(key);
        if found.is_none() {
            reading.missing(self.heading(), self.what, key, example);
        }
        found
    }

    /// Names the mapping otherwise from here on; gives the name before.
    pub(crate) fn rename(&mut self, what: &'static str) -> &'static str {
        std::mem::replace(&mut self.what, what)
    }

    /// All entries, taken as they are.
    pub(crate) fn entries(&self) -> &'a [Entry] {
        &self.mapping.entries
    }

    /// Keys that are right elsewhere: a misspelt one may have been meant.
    pub(crate) fn likely(&mut self, keys: impl IntoIterator<Item = &'static str>) {
        self.likely.extend(keys);
    }

    /// Keys that may be there, but were not looked at.
    pub(crate) fn allow(&mut self, keys: &[&'static str]) {
        self.asked.extend(keys);
    }

    /// A key about which a diagnostic was made already.
    pub(crate) fn explained(&mut self, key: &'a str) {
        self.explained.push(key);
    }

    /// Where to point at for the mapping as a whole: its first key.
    pub(crate) fn heading(&self) -> Span {
        self.mapping
            .entries
            .first()
            .map_or_else(|| self.span.clone(), |e| e.key.span.clone())
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self, reading: &mut Reading) {
        for entry in &self.mapping.entries {
            let name = entry.key.value.as_str();
            if !self.asked.contains(&name) && !self.explained.contains(&name) {
                reading.push(unknown(
                    &entry.key,
                    self.what,
                    &self.asked,
                    &self.likely,
                    &self.mapping.entries,
                ));
            }
        }
    }
}

/// The diagnostic of a key that is not known.
pub(crate) fn unknown(
    key: &Spanned<String>,
    what: &str,
    known: &[&'static str],
    likely: &[&'static str],
    there: &[Entry],
) -> Diagnostic {
    let diagnostic = Diagnostic::error(
        codes::UNKNOWN_KEY,
        key.span.clone(),
        format!("unknown key `{}`", key.value),
    )
    .mark(format!("not a key of {what}"));
    // A key that is there already was not meant.
    let free = known
        .iter()
        .chain(likely)
        .copied()
        .filter(|k| !there.iter().any(|e| e.key.value == *k));
    let synonym = synonym(&key.value).filter(|right| known.contains(right) || likely.contains(right));
    match synonym.or_else(|| nearest(&key.value, free)) {
        Some(right) => diagnostic.help(format!("write `{right}`")),
        None => {
            let mut names: Vec<&str> = known.to_vec();
            names.sort_unstable();
            names.dedup();
            diagnostic.help(format!("the keys of {what} are: {}", names.join(", ")))
        }
    }
}

/// Whether a key is nearly one of these, or means the same in another language.
pub(crate) fn is_nearly(key: &str, known: &[&'static str]) -> bool {
    synonym(key).is_some_and(|right| known.contains(&right)) || nearest(key, known.iter().copied()).is_some()
}

/// The key of this language for one that other languages have.
fn synonym(key: &str) -> Option<&'static str> {
    Some(match key {
        "if" | "condition" | "unless" => "when",
        "name" => "id",
        "uses" | "use" | "invoke" | "operation" | "action" => "call",
        "params" | "parameters" | "input" | "inputs" | "args" | "arguments" | "body" | "payload" => "with",
        "foreach" | "for_each" | "loop" | "for" => "each",
        "switch" | "match" | "case" => "choose",
        "catch" | "on_error" | "rescue" => "on_failure",
        "retries" | "attempts" => "retry",
        "delay" | "pause" => "sleep",
        "let" | "assign" | "variables" | "vars" => "set",
        "exit" | "end" | "return" | "finish" => "stop",
        "error" | "throw" | "raise" | "abort" => "fail",
        "idempotency_key" | "unique" => "once",
        "triggers" | "trigger" => "on",
        "description" | "title" | "comment" => "summary",
        "concurrency" | "max_parallel" => "concurrent",
        "compensate" | "rollback" => "undo",
        "approval" | "approve" => "wait",
        "outputs" => "output",
        _ => return None,
    })
}

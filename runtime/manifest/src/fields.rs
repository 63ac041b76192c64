//! The fields of a mapping: known ones are taken, missing ones and unknown ones are reported.

use dragoman_model::{Span, nearest};

use crate::homes::{self, Home};
use crate::reading::Reading;
use crate::strays::{self, misspelt};
use crate::yaml::{Entry, Mapping, Node, NodeKind};
use crate::{Spanned, keys, own_words};

/// A mapping whose keys are being taken one by one.
pub(crate) struct Fields<'a> {
    /// Where the mapping stands.
    pub(crate) span: Span,
    /// The word that the mapping belongs to: there it is said what is missing.
    under: Option<Span>,
    /// What it is, for people: `a step`, `the limits`.
    what: &'static str,
    mapping: &'a Mapping,
    asked: Vec<&'static str>,
    explained: Vec<&'a str>,
    likely: Vec<&'static str>,
    /// Misspelt keys, and what was meant: reported, and read as what was meant.
    corrected: Vec<(&'a Spanned<String>, &'static str)>,
    /// Keys of this mapping that stand beside it, which was reported: they are not said to be missing.
    beside: Vec<String>,
    /// Keys that must be there and are not, each with the number of its diagnostic.
    missing: Vec<(&'static str, usize)>,
}

impl<'a> Fields<'a> {
    /// The fields of a node; none (and a diagnostic) where it is no mapping.
    pub(crate) fn of(reading: &mut Reading, node: &'a Node, what: &'static str, example: &str) -> Option<Self> {
        match &node.kind {
            NodeKind::Mapping(mapping) => Some(Fields {
                span: node.span.clone(),
                under: reading.under.take(),
                what,
                mapping,
                asked: Vec::new(),
                explained: Vec::new(),
                likely: Vec::new(),
                corrected: Vec::new(),
                beside: std::mem::take(&mut reading.beside),
                missing: Vec::new(),
            }),
            _ => {
                let are = if what.starts_with("the ") && what.ends_with('s') {
                    "are"
                } else {
                    "is"
                };
                let own = own_words::example(node, what);
                let example = own.as_deref().unwrap_or(example);
                reading.wrong_type(node, "a mapping", &format!("{what} {are} written {example}"));
                None
            }
        }
    }

    /// The value of a key.
    pub(crate) fn take(&mut self, key: &'static str) -> Option<&'a Node> {
        self.entry(key).map(|e| &e.value)
    }

    /// The key and its value. A misspelt key is taken as what was meant, so that its value is checked as well and
    /// nothing is said to be missing; it is reported at the end.
    pub(crate) fn entry(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.asked.push(key);
        let exact = self.mapping.entries.iter().find(|e| e.key.value == key);
        exact.or_else(|| self.nearly(key))
    }

    /// The same, where people also write one of some other keys that have a meaning elsewhere.
    pub(crate) fn take_or(&mut self, key: &'static str, slips: &[&str]) -> Option<&'a Node> {
        let found = self.take(key);
        found.or_else(|| {
            let slip = self.mapping.entries.iter().find(|e| slips.contains(&&*e.key.value))?;
            self.correct(slip, key);
            Some(&slip.value)
        })
    }

    /// Reads an entry as if it had another key, which is what to write.
    pub(crate) fn correct(&mut self, entry: &'a Entry, key: &'static str) {
        self.corrected.push((&entry.key, key));
    }

    /// Whether a key of this mapping stands beside it, which was reported.
    pub(crate) fn is_beside(&self, key: &str) -> bool {
        self.beside.iter().any(|beside| beside == key)
    }

    /// An entry whose key is nearly this one, and none of the language.
    pub(crate) fn nearly(&mut self, key: &'static str) -> Option<&'a Entry> {
        self.meant(key, keys::means)
    }

    fn meant(&mut self, key: &'static str, means: fn(&str, &str) -> bool) -> Option<&'a Entry> {
        let free = |entry: &&Entry| !self.corrected.iter().any(|(found, _)| found.span == entry.key.span);
        let mut entries = self.mapping.entries.iter().filter(free);
        let meant = entries.find(|e| means(&e.key.value, key))?;
        self.correct(meant, key);
        Some(meant)
    }

    /// The value of a key that must be there.
    pub(crate) fn need(&mut self, reading: &mut Reading, key: &'static str, example: &str) -> Option<&'a Node> {
        let found = self
            .take(key)
            .or_else(|| self.meant(key, keys::may_mean).map(|e| &e.value));
        if found.is_none() && !self.is_beside(key) && !reading.lost.iter().any(|lost| lost == key) {
            self.missing.push((key, reading.diagnostics.len()));
            let at = self.under.clone().unwrap_or_else(|| self.heading());
            reading.missing(at, self.what, key, example);
        }
        found
    }

    /// Names the mapping otherwise from here on, by the word that it belongs to; gives the name before.
    pub(crate) fn rename(&mut self, what: &'static str, under: Option<&Span>) -> &'static str {
        self.under = under.cloned();
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

    /// Whether a key was looked at.
    pub(crate) fn is_asked(&self, key: &str) -> bool {
        self.asked.contains(&key)
    }

    /// Whether a key is read as another one, which is reported.
    pub(crate) fn is_corrected(&self, key: &str) -> bool {
        self.corrected.iter().any(|(found, _)| found.value == key)
    }

    /// Whether a diagnostic was made about a key.
    pub(crate) fn is_explained(&self, key: &str) -> bool {
        self.explained.contains(&key)
    }

    /// Where to point at for the mapping as a whole: its first key.
    pub(crate) fn heading(&self) -> Span {
        self.mapping
            .entries
            .first()
            .map_or_else(|| self.span.clone(), |e| e.key.span.clone())
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(mut self, reading: &mut Reading) {
        for (key, meant) in &self.corrected {
            reading.push(misspelt(key, self.what).help(format!("write `{meant}`")));
            self.explained.push(&key.value);
        }
        if self.one_for_another(reading) {
            return;
        }
        self.strangers(reading);
    }
}

impl Fields<'_> {
    /// Reports the keys that nobody asked for; those that belong under the same other one together.
    fn strangers(&self, reading: &mut Reading) {
        let there = &self.mapping.entries;
        let strange = |e: &&Entry| {
            let name = e.key.value.as_str();
            !self.asked.contains(&name) && !self.explained.contains(&name)
        };
        let mut strangers: Vec<&Entry> = there.iter().filter(strange).collect();
        while let Some(entry) = strangers.first().copied() {
            if let Some(Home::Beside(_)) = homes::home(&entry.key, &self.asked) {
                reading.lost.push(entry.key.value.clone());
            }
            strays::fill(reading, &entry.key, &self.asked, there);
            let together = strays::together(&entry.key, &strangers, &self.asked, there);
            let said = together.and_then(|(by, all)| {
                let said = strays::unknown_together(&all, by, self.what, there)?;
                strangers.retain(|e| !all.iter().any(|other| other.key.span == e.key.span));
                Some(said)
            });
            reading.push(said.unwrap_or_else(|| {
                strangers.remove(0);
                strays::unknown(&entry.key, self.what, &self.asked, &self.likely, there)
            }));
        }
    }

    /// One key that is none, where one that must be there is missing, was most likely meant as that: it is said once.
    fn one_for_another(&self, reading: &mut Reading) -> bool {
        let strange = |name: &str| !self.asked.contains(&name) && !self.explained.contains(&name);
        let mut strangers = self.mapping.entries.iter().filter(|e| strange(&e.key.value));
        let (Some(stranger), None) = (strangers.next(), strangers.next()) else {
            return false;
        };
        let [(key, number)] = self.missing.as_slice() else {
            return false;
        };
        // A key that is right elsewhere stands in a wrong place, and the missing one is missing.
        if self.likely.contains(&stranger.key.value.as_str()) || self.near_another(&stranger.key.value) {
            return false;
        }
        let help = format!("write `{key}`, which must be there, in place of `{}`", *stranger.key);
        reading.diagnostics[*number] = misspelt(&stranger.key, self.what).help(help);
        true
    }

    /// Whether a key is nearly one that may be there, and is not.
    fn near_another(&self, name: &str) -> bool {
        let there = |key: &&&str| self.mapping.entries.iter().any(|e| e.key.value == **key);
        let missing = |key: &&str| self.missing.iter().any(|(missing, _)| missing == key);
        let others = self.asked.iter().filter(|key| !there(key) && !missing(key));
        nearest(name, others.copied()).is_some()
    }
}

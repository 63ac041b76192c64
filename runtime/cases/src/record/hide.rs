//! Pseudonyms: a value that is hidden becomes the same other value wherever it stands, also within longer texts, so
//! that what was equal stays equal and a key that is made of two numbers is still made of them.

use std::collections::{BTreeMap, BTreeSet};

use dragoman_journal::{Entry, Record};
use dragoman_model::{ActorKind, Digest, Timestamp, Value};

use super::names::{Privacy, hidden_names};
use crate::bench::Bench;
use crate::family::Family;

/// A text of fewer letters is no number of business, and is looked for only as a whole.
const SHORT: usize = 4;

/// The pseudonyms of a case.
pub(super) struct Hiding {
    /// The longest first, so that a part is not taken for the whole.
    pseudonyms: Vec<(String, String)>,
}

impl Hiding {
    /// Looks for all that is private in a run.
    pub(super) fn new(family: &Family<'_>, bench: &Bench, privacy: &Privacy) -> Self {
        let names = hidden_names(bench, privacy);
        let keys = if privacy.keep_ids { Vec::new() } else { keys(family) };
        let mut look = Look {
            names: &names,
            privacy,
            keys: &keys,
            hidden: BTreeMap::new(),
            kept: BTreeSet::new(),
        };
        // What the site says is no secret of a person, and conditions compare with it; so they do with what the
        // pipeline itself says in quotes.
        texts(&bench.values, &mut look.kept);
        look.kept.extend(quoted(family, bench));
        for family in family.all() {
            family.ordered().iter().for_each(|told| look.entry(told.entry));
        }
        let Look { hidden, kept, .. } = look;
        // The run's id is not in the case: without it nobody can try names until one gives the same pseudonym.
        let salt = family.root().map(|root| root.run.to_string()).unwrap_or_default();
        let hidden: Vec<(String, Kind)> = hidden.into_iter().filter(|(text, _)| !kept.contains(text)).collect();
        let mut pseudonyms: Vec<(String, String)> = hidden
            .iter()
            .filter(|(text, kind)| *kind != Kind::Key || !is_made_of(text, &hidden))
            .cloned()
            .map(|(text, kind)| {
                let other = pseudonym(&salt, &text, kind);
                (text, other)
            })
            .collect();
        pseudonyms.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        Hiding { pseudonyms }
    }

    /// The value with pseudonyms.
    pub(super) fn hide(&self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(self.text(text)),
            Value::Array(items) => items.iter().map(|item| self.hide(item)).collect(),
            Value::Object(members) => members.iter().map(|(k, v)| (self.key(k), self.hide(v))).collect(),
            other => other.clone(),
        }
    }

    /// Keys of the case are its own words; those of maps in messages can be numbers.
    fn key(&self, key: &str) -> String {
        let other = self
            .pseudonyms
            .iter()
            .find(|(text, _)| text.len() >= SHORT && text == key);
        other.map_or_else(|| key.to_owned(), |(_, other)| other.clone())
    }

    fn text(&self, text: &str) -> String {
        if let Some((_, other)) = self.pseudonyms.iter().find(|(whole, _)| whole == text) {
            return other.clone();
        }
        let long = self.pseudonyms.iter().filter(|(part, _)| part.chars().count() >= SHORT);
        long.fold(text.to_owned(), |text, (part, other)| replaced(&text, part, other))
    }
}

/// Replaces a part wherever it stands by itself, with no letter or digit beside it.
fn replaced(text: &str, part: &str, other: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(at) = text[from..].find(part).map(|at| at + from) {
        let end = at + part.len();
        let joined = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let alone = !joined(text[..at].chars().next_back()) && !joined(text[end..].chars().next());
        out.push_str(&text[from..at]);
        out.push_str(if alone { other } else { part });
        from = end;
    }
    out.push_str(&text[from..]);
    out
}

/// Whether a key is made of others and of nothing else that could be one: then it is told by their pseudonyms, as the
/// pipeline will make it again.
fn is_made_of(text: &str, hidden: &[(String, Kind)]) -> bool {
    let parts = hidden.iter().filter(|(part, kind)| *kind == Kind::Key && part != text);
    let rest = parts.fold(text.to_owned(), |rest, (part, _)| replaced(&rest, part, ""));
    rest != text && !rest.split(|c: char| !c.is_alphanumeric()).any(has_number)
}

/// Whether a text has so many digits that it can be the number of one thing.
fn has_number(text: &str) -> bool {
    text.bytes().filter(u8::is_ascii_digit).count() >= SHORT
}

/// Whether a text looks like the number of a paper or a message: letters with a number, in one word. A digest is none,
/// and what has no letters counts or classifies.
fn is_numbered(text: &str) -> bool {
    has_number(text)
        && text.contains(|c: char| c.is_ascii_alphabetic())
        && !text.contains(char::is_whitespace)
        && !text.starts_with("sha256:")
}

/// What is looked for, and what was found.
struct Look<'a> {
    names: &'a BTreeSet<String>,
    privacy: &'a Privacy,
    keys: &'a [String],
    /// The texts to hide, and what they are.
    hidden: BTreeMap<String, Kind>,
    kept: BTreeSet<String>,
}

/// What a hidden text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of a person.
    Personal,
    /// A number by which business is found: its pseudonym has the same form.
    Key,
    /// The account of a person who answered.
    Account,
}

impl Look<'_> {
    fn entry(&mut self, entry: &Entry) {
        if entry.header.actor.kind == ActorKind::Person {
            self.hidden.insert(entry.header.actor.id.clone(), Kind::Account);
        }
        let Some(body) = &entry.body else { return };
        let answered = matches!(entry.header.record, Record::Answer { .. });
        match &entry.header.record {
            Record::Accepted { .. } => {
                self.value(body.get("message"), "", false);
                let headers = entry.header.headers.iter();
                headers.for_each(|(_, value)| self.text(value, false));
                // Names of steps are those of the pipeline.
                let told = body.get("attributes").and_then(Value::as_object).into_iter().flatten();
                for (name, value) in told.filter(|(name, _)| *name != "step" && *name != "run") {
                    self.value(Some(value), &format!("/{name}"), false);
                }
            }
            // As a person's reason below.
            Record::Operated { .. } => {
                if let Some(Value::String(reason)) = body.get("reason") {
                    self.hidden.insert(reason.clone(), Kind::Personal);
                }
            }
            Record::Answer { .. } => {
                self.value(Some(body), "", false);
                // What a person wrote in their own words may name others.
                if let (true, Some(Value::String(reason))) = (answered, body.get("reason")) {
                    self.hidden.insert(reason.clone(), Kind::Personal);
                }
            }
            Record::Failed { .. } => {}
            _ => {
                self.value(body.get("output"), "", false);
                self.value(body.get("input"), "", false);
            }
        }
    }

    fn value(&mut self, value: Option<&Value>, pointer: &str, private: bool) {
        match value {
            Some(Value::String(text)) => self.text(text, private),
            Some(Value::Array(items)) => {
                for (at, item) in items.iter().enumerate() {
                    self.value(Some(item), &format!("{pointer}/{at}"), private);
                }
            }
            Some(Value::Object(members)) => {
                for (name, member) in members {
                    let pointer = format!("{pointer}/{name}");
                    let asked = self.privacy.hide.contains(&pointer);
                    let spared = self.privacy.keep.contains(&pointer) || self.privacy.keep.contains(name);
                    let private = !spared && (private || asked || self.names.contains(name));
                    if spared {
                        texts(member, &mut self.kept);
                    }
                    self.value(Some(member), &pointer, private);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str, private: bool) {
        if text.is_empty() || Timestamp::parse(text).is_ok() || is_date(text) {
            return;
        }
        // A sentence with a number in it is told by that: the pipeline may have made it.
        let is_part = text.chars().count() >= SHORT
            && !text.contains(char::is_whitespace)
            && text.contains(|c: char| c.is_ascii_digit())
            && self.keys.iter().any(|key| replaced(key, text, "") != *key);
        let is_key = !self.privacy.keep_ids && (is_part || is_numbered(text));
        if is_key {
            self.hidden.insert(text.to_owned(), Kind::Key);
        } else if private && !is_code(text) {
            self.hidden.entry(text.to_owned()).or_insert(Kind::Personal);
        }
    }
}

/// A date names nobody, and another text in its place would be none.
fn is_date(text: &str) -> bool {
    text.len() == 10
        && text.bytes().enumerate().all(|(at, b)| {
            if at == 4 || at == 7 {
                b == b'-'
            } else {
                b.is_ascii_digit()
            }
        })
}

/// A code of two or three letters (a country) tells nothing of a person.
fn is_code(text: &str) -> bool {
    text.len() <= 3 && text.chars().all(|c| c.is_ascii_uppercase())
}

/// The texts by which business is found: keys of runs, turns, items, acts and claims, and references.
fn keys(family: &Family<'_>) -> Vec<String> {
    let all = family.all();
    let mut keys = Vec::new();
    for told in all.iter().flat_map(|family| family.ordered()) {
        let entry = told.entry;
        match &entry.header.record {
            Record::Accepted {
                run_key,
                serial,
                parent,
                ..
            } => {
                keys.push(run_key.clone());
                keys.extend(serial.clone());
                keys.extend(parent.as_ref().map(|parent| parent.item.clone()));
            }
            Record::Intent { once, reference, .. } => {
                keys.extend(once.as_ref().map(|once| once.key.clone()));
                keys.extend(reference.clone());
            }
            Record::Claimed {
                account,
                once,
                reference,
                ..
            } => {
                keys.push(account.clone());
                keys.push(once.key.clone());
                keys.extend(reference.clone());
            }
            Record::Waiting { reference, .. } => keys.extend(reference.clone()),
            Record::Released { once, .. } => keys.push(once.key.clone()),
            Record::Voided { reference } => keys.push(reference.clone()),
            _ => {}
        }
    }
    keys.sort();
    keys.dedup();
    keys
}

/// Texts in quotes in the pipelines: conditions compare with them.
fn quoted(family: &Family<'_>, bench: &Bench) -> Vec<String> {
    let plans = (bench.build)(&bench.values).unwrap_or_default();
    let all = family.all();
    let pipelines: BTreeSet<&str> = all
        .iter()
        .flat_map(|family| family.members())
        .map(|member| member.pipeline.as_str())
        .collect();
    let mut quoted = Vec::new();
    for plan in plans.iter().filter(|plan| pipelines.contains(plan.pipeline.as_str())) {
        let parts = |quote: char| plan.text.split(quote).skip(1).step_by(2).map(str::to_owned);
        quoted.extend(parts('"').chain(parts('\'')));
    }
    quoted
}

/// All texts in a value.
fn texts(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::String(text) => drop(found.insert(text.clone())),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(members) => members.values().for_each(|member| texts(member, found)),
        _ => {}
    }
}

/// The pseudonym of a text: drawn from it and from what only the store knows.
fn pseudonym(salt: &str, text: &str, kind: Kind) -> String {
    let digest = Digest::of_parts(&[salt.as_bytes(), &[0], text.as_bytes()]);
    let hex = digest.hex();
    match kind {
        Kind::Personal => format!("hidden-{}", &hex[..10]),
        Kind::Account => format!("person-{}", &hex[..6]),
        Kind::Key => {
            let drawn = digest.0.iter().cycle();
            let other = |(c, byte): (char, &u8)| match c {
                '0'..='9' => char::from(b'0' + byte % 10),
                'A'..='Z' => char::from(b'A' + byte % 26),
                'a'..='z' => char::from(b'a' + byte % 26),
                other => other,
            };
            text.chars().zip(drawn).map(other).collect()
        }
    }
}

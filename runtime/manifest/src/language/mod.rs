//! The language as data: every mapping that a file may hold, with its keys in their order, what each says, and an example.
//!
//! Two things are made of it: the JSON Schemas that editors complete and check by ([`json_schema`]), and the order in
//! which files are written (`format`). The parser has code of its own, which says more about a mistake than a schema
//! can; a test goes through every mapping and demands that parser and tables know the same keys.

mod case;
mod pipeline;
mod schema;
mod site;
mod step;
#[cfg(test)]
mod tests;

pub use schema::json_schema;

/// What kind of file a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Document {
    /// A pipeline.
    Pipeline,
    /// A site file.
    Site,
    /// A case.
    Case,
}

impl Document {
    /// What kind of file a text seems to be, by the keys that stand at the beginnings of its lines.
    pub fn of(text: &str) -> Option<Document> {
        let has = |key: &str| {
            text.lines()
                .any(|l| l.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')))
        };
        if has("case") {
            Some(Document::Case)
        } else if has("pipeline") {
            Some(Document::Pipeline)
        } else if has("site") {
            Some(Document::Site)
        } else {
            None
        }
    }

    /// The mapping that the file is.
    pub(crate) fn root(self) -> &'static Map {
        match self {
            Document::Pipeline => &pipeline::PIPELINE,
            Document::Site => &site::SITE,
            Document::Case => &case::CASE,
        }
    }
}

/// A mapping with known keys.
#[derive(Debug)]
pub(crate) struct Map {
    /// Its name among the definitions of a schema.
    pub(crate) name: &'static str,
    /// What it is, in a sentence.
    pub(crate) says: &'static str,
    /// The keys, in the order in which they are written.
    pub(crate) keys: &'static [Key],
    /// Exactly one of the keys of each list must be there.
    pub(crate) one_of: &'static [&'static str],
}

/// A key of a mapping.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// What it takes.
    pub(crate) kind: Kind,
    pub(crate) needed: bool,
    /// What it says, in a sentence.
    pub(crate) says: &'static str,
    /// A value, as YAML.
    pub(crate) example: &'static str,
    /// It stands only beside one of these keys; empty: with all.
    pub(crate) beside: &'static [&'static str],
}

/// What a key takes.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// Text.
    Text,
    /// A name of small letters, digits and `_`.
    Name,
    /// An operation: `orders.get`.
    Operation,
    /// An expression, always.
    Expression,
    /// A value with expressions in it.
    Template,
    /// Any value; nothing is computed.
    Any,
    /// Any mapping; nothing is computed.
    Object,
    /// Names, and a template for each.
    Templates,
    /// A JSON Schema.
    Schema,
    /// `500ms`, `2s`, `15m`.
    Duration,
    /// `64KiB`, `20MiB`.
    Size,
    /// `1s..15m x2 jitter`.
    Backoff,
    /// `100/1m`.
    Rate,
    /// Where a secret is found.
    Secret,
    /// `true` or `false`.
    Flag,
    /// A whole number.
    Whole(u64, u64),
    /// One of some words.
    Words(&'static [&'static str]),
    /// A mapping.
    Map(&'static Map),
    /// A list.
    List(&'static Kind),
    /// Names of the writer's choice, and a value for each.
    Named(&'static Kind),
    /// One of several kinds; the first that fits.
    Either(&'static [Kind]),
    /// A list of steps.
    Steps,
    /// A step, a list of steps, or `{ steps, value }`.
    Block,
    /// A block, or the word `park`.
    Handler,
    /// What a call answers: what an `ANSWER` says where one of its keys is there, else the output itself; or a
    /// list of these.
    Answer,
    /// Nothing, or an empty mapping.
    Nothing,
}

/// A mapping.
const fn map(name: &'static str, says: &'static str, keys: &'static [Key]) -> Map {
    Map {
        name,
        says,
        keys,
        one_of: &[],
    }
}

/// A key that may be left out.
const fn key(name: &'static str, kind: Kind, says: &'static str, example: &'static str) -> Key {
    Key {
        name,
        kind,
        needed: false,
        says,
        example,
        beside: &[],
    }
}

/// A key that must be there.
const fn need(name: &'static str, kind: Kind, says: &'static str, example: &'static str) -> Key {
    Key {
        needed: true,
        ..key(name, kind, says, example)
    }
}

impl Map {
    /// The same, where exactly one of some keys must be there.
    const fn one_of(mut self, keys: &'static [&'static str]) -> Map {
        self.one_of = keys;
        self
    }

    pub(crate) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|k| k.name == name)
    }
}

impl Key {
    /// The same, which stands only beside some words.
    const fn beside(mut self, words: &'static [&'static str]) -> Key {
        self.beside = words;
        self
    }
}

/// By one of these keys an answer is known from an output.
pub(crate) const ANSWERS: [&str; 3] = ["output", "failure", "probe"];

pub(crate) use case::ANSWER;
pub(crate) use step::{BLOCK, STEP};

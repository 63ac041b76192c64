//! What an entry says, whether it is about to be written or was read back.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_journal::{Draft, Entry, Record, Versions};
use dragoman_model::{Actor, DocumentReference, Part, Timestamp, Value};

/// What an entry says, whether it is about to be written or was read back.
pub(super) struct Fact<'a> {
    pub(super) seq: u64,
    pub(super) at: Timestamp,
    pub(super) actor: &'a Actor,
    pub(super) path: &'a str,
    pub(super) record: &'a Record,
    pub(super) versions: &'a Versions,
    pub(super) headers: &'a [(String, String)],
    pub(super) body: Option<&'a Value>,
    /// The body again, where it is shared with the entry that is about to be written.
    shared: Option<&'a Arc<Value>>,
}

impl<'a> Fact<'a> {
    pub(super) fn of_entry(entry: &'a Entry) -> Self {
        let header = &entry.header;
        Fact {
            seq: header.seq,
            at: header.at,
            actor: &header.actor,
            path: &header.path,
            record: &header.record,
            versions: &header.versions,
            headers: &header.headers,
            body: entry.body.as_ref(),
            shared: None,
        }
    }

    pub(super) fn of_draft(draft: &'a Draft) -> Self {
        Fact {
            seq: draft.seq,
            at: draft.at,
            actor: &draft.actor,
            path: &draft.path,
            record: &draft.record,
            versions: &draft.versions,
            headers: &draft.headers,
            body: draft.body.as_deref(),
            shared: draft.body.as_ref(),
        }
    }

    /// A member of the body.
    pub(super) fn member(&self, name: &str) -> Option<&'a Value> {
        self.body.and_then(|body| body.get(name))
    }

    /// A member of the body, to be kept.
    pub(super) fn part(&self, name: &'static str) -> Option<Part> {
        match self.shared {
            Some(body) => Part::member(body, name),
            None => self.member(name).cloned().map(Part::from),
        }
    }

    /// The whole body, to be kept.
    pub(super) fn whole(&self) -> Option<Part> {
        match self.shared {
            Some(body) => Some(Part::from(Arc::clone(body))),
            None => self.body.cloned().map(Part::from),
        }
    }

    /// A text of the body; empty where there is none.
    pub(super) fn text(&self, name: &str) -> String {
        self.member(name).and_then(Value::as_str).unwrap_or_default().to_owned()
    }
}

/// Documents by name, from a body.
pub(super) fn documents(value: Option<&Value>) -> BTreeMap<String, DocumentReference> {
    let Some(Value::Object(members)) = value else {
        return BTreeMap::new();
    };
    let read = |value: &Value| serde_json::from_value(value.clone()).ok();
    members
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), read(value)?)))
        .collect()
}

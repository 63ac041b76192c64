//! What an entry says, whether it is about to be written or was read back.

use std::collections::BTreeMap;

use dragoman_journal::{Draft, Entry, Record, Versions};
use dragoman_model::{Actor, DocumentReference, Timestamp, Value};

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
        }
    }

    /// A member of the body.
    pub(super) fn member(&self, name: &str) -> Option<&'a Value> {
        self.body.and_then(|body| body.get(name))
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

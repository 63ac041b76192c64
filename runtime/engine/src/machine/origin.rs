//! Where a run comes from, and what its expressions see besides its steps.

use std::collections::BTreeMap;

use dragoman_journal::{Draft, Parent, Record};
use dragoman_model::{Digest, RunId, Timestamp, Value};
use serde_json::{Map, json};

use super::fact::Fact;
use super::state::State;

/// Where a run comes from and what its expressions see besides its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The pipeline.
    pub pipeline: String,
    /// The version that it is pinned to.
    pub version: Digest,
    /// The trigger's id.
    pub trigger: String,
    /// The run key.
    pub run_key: String,
    /// The turn that it takes with others.
    pub serial: Option<String>,
    /// For a child.
    pub parent: Option<Parent>,
    /// Whether effects are only written down.
    pub observe: bool,
    /// When it was accepted.
    pub began: Timestamp,
    /// `trigger`, `site`, `run` and the names of items.
    pub roots: BTreeMap<String, Value>,
    /// For a child: outputs of steps of its parents.
    pub captures: Map<String, Value>,
}

/// The trigger of an item's run.
const OF_ITEMS: &str = "each";

impl Origin {
    /// The parent of a run that works on an item of an `each` step; a pipeline that another one runs has a parent too, but
    /// its own steps.
    pub fn of_item(&self) -> Option<&Parent> {
        self.parent.as_ref().filter(|_| self.trigger == OF_ITEMS)
    }
}

/// Reads the first entry of a run.
pub(super) fn origin(run: RunId, fact: &Fact<'_>) -> Option<Origin> {
    let Record::Accepted {
        pipeline,
        trigger,
        run_key,
        serial,
        parent,
        mode,
    } = fact.record
    else {
        return None;
    };
    let body = |name| fact.member(name);
    // A run that repeats another one is told apart by its key; what it computes of a key is what that one did.
    let repeats = body("repeats").and_then(|repeats| repeats.get("key")?.as_str());
    let said_key = repeats.unwrap_or(run_key);
    let mut roots = BTreeMap::new();
    // A child is given the trigger of its parent as it is.
    let about = body("trigger")
        .cloned()
        .unwrap_or_else(|| about(trigger, said_key, fact));
    roots.insert("trigger".to_owned(), about);
    roots.insert("site".into(), body("site").cloned().unwrap_or_else(|| json!({})));
    let now = body("now")
        .cloned()
        .unwrap_or_else(|| Value::String(fact.at.to_string()));
    roots.insert(
        "run".into(),
        json!({ "id": run.to_string(), "now": now, "key": said_key, "pipeline": pipeline }),
    );
    if let Some(Value::Object(names)) = body("items") {
        roots.extend(names.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Some(Origin {
        pipeline: pipeline.clone(),
        version: fact.versions.pipeline,
        trigger: trigger.clone(),
        run_key: run_key.clone(),
        serial: serial.clone(),
        parent: parent.clone(),
        observe: mode == "observe",
        began: fact.at,
        roots,
        captures: body("captures").and_then(Value::as_object).cloned().unwrap_or_default(),
    })
}

/// What expressions see as `trigger`: the message, and how it came.
fn about(trigger: &str, run_key: &str, fact: &Fact<'_>) -> Value {
    let mut about = fact
        .member("attributes")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let headers: Map<String, Value> = fact
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
        .collect();
    about.insert("id".into(), Value::String(trigger.to_owned()));
    about.insert("key".into(), Value::String(run_key.to_owned()));
    about.insert("sender".into(), Value::String(fact.actor.id.clone()));
    about.insert("received_at".into(), Value::String(fact.at.to_string()));
    about.insert("headers".into(), Value::Object(headers));
    if let Some(message) = fact.member("message") {
        about.insert("message".into(), message.clone());
    }
    if let Some(document) = fact.member("documents").and_then(|documents| documents.get("message")) {
        about.insert("document".into(), document.clone());
    }
    Value::Object(about)
}

/// What the expressions of a run see at its root, from its first entry: for its key and its serial.
pub fn roots(first: &Draft) -> BTreeMap<String, Value> {
    let mut state = State::new(first.run);
    state.apply_draft(first);
    state.origin.map(|origin| origin.roots).unwrap_or_default()
}

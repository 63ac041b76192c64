//! Open waits, as people and programs are shown them: what is asked, of whom, and of which message it is.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use dragoman_journal::{Error, Records, RunFilter, RunSummary, Wait};
use dragoman_model::{Role, RunId, Value};
use serde_json::json;

/// Open waits, oldest first: `{ waits: [...] }`.
pub(crate) async fn waits(records: &dyn Records) -> Result<Value, Error> {
    let mut runs = HashMap::new();
    let mut told = Vec::new();
    for wait in records.waits(None).await? {
        let origin = origin(records, wait.run, &mut runs).await?;
        told.push(to_json(&wait, &origin));
    }
    Ok(json!({ "waits": told }))
}

/// The roles of those who may answer a wait; where the pipeline names none, those who decide.
pub(crate) fn answerers(roles: &[String]) -> Vec<Role> {
    let named: Vec<Role> = roles.iter().filter_map(|role| Role::parse(role)).collect();
    if named.is_empty() { vec![Role::Approver] } else { named }
}

/// What a wait belongs to.
#[derive(Default)]
struct Origin {
    pipeline: String,
    /// The key of the run that a message began: the run itself, or the one whose item it works on.
    key: String,
    /// Which item, from that run on: `lines[2]`.
    item: Option<String>,
}

async fn origin(
    records: &dyn Records,
    run: RunId,
    known: &mut HashMap<RunId, Option<RunSummary>>,
) -> Result<Origin, Error> {
    let mut origin = Origin::default();
    let mut at = Some(run);
    while let Some(run) = at {
        let found = match known.entry(run) {
            Entry::Occupied(found) => found.into_mut(),
            Entry::Vacant(place) => {
                let only = RunFilter {
                    run: Some(run),
                    children: true,
                    limit: 1,
                    ..RunFilter::default()
                };
                place.insert(records.runs(only).await?.into_iter().next())
            }
        };
        let Some(found) = found else { break };
        if origin.pipeline.is_empty() {
            origin.pipeline.clone_from(&found.pipeline);
        }
        // The key of an item's run is its parent's id and its place there.
        let place = found.parent.and_then(|parent| place(&found.run_key, parent));
        match (place, origin.item.take()) {
            (Some(place), Some(item)) => origin.item = Some(format!("{place}.{item}")),
            (place, item) => origin.item = place.map(str::to_owned).or(item),
        }
        origin.key.clone_from(&found.run_key);
        at = found.parent;
    }
    Ok(origin)
}

fn place(key: &str, parent: RunId) -> Option<&str> {
    key.strip_prefix(&parent.to_string())?.strip_prefix('/')
}

fn to_json(wait: &Wait, origin: &Origin) -> Value {
    // Nobody answers a wait for an event.
    let is_event = wait.decision.starts_with("event:");
    let roles = answerers(&wait.roles).into_iter().map(Role::name);
    let roles: Vec<&str> = roles.filter(|_| !is_event).collect();
    json!({
        "wait": wait.id,
        "run": wait.run,
        "pipeline": origin.pipeline,
        "key": origin.key,
        "item": origin.item,
        "path": wait.path,
        "decision": wait.decision,
        "roles": roles,
        "since": wait.since,
        "due": wait.due,
        "shown": wait.shown,
        "show": wait.show,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_decides_where_nobody_is_named_is_said() {
        for (named, roles) in [
            (vec![], vec![Role::Approver]),
            (vec!["operator"], vec![Role::Operator]),
            (
                vec!["approver", "administrator"],
                vec![Role::Approver, Role::Administrator],
            ),
        ] {
            let named: Vec<String> = named.into_iter().map(str::to_owned).collect();
            assert_eq!(answerers(&named), roles, "{named:?}");
        }
    }
}

//! A run whose append the store refuses for ever: it is parked, so that a person sees it and it keeps nobody waiting.

use std::sync::Arc;

use dragoman_journal::{Append, Draft, Error, Record, Standing};
use dragoman_model::{Actor, Timestamp};
use serde_json::json;

/// The append that parks the run in place of the one that cannot be kept, at the step that is to blame. Nothing of that
/// one is repeated: what the step did is as open as after a crash, and is asked after when the run is resumed.
/// None where the refused one has no entries, so that nothing is known of its place.
pub(super) fn parking(refused: &Append, error: &Error, now: Timestamp, worker: &Actor) -> Option<Append> {
    let first = refused.entries.first()?;
    let to_blame = |draft: &&Draft| Draft::clone(draft).seal().is_err_and(|why| why.code == error.code);
    let mut of_steps = refused.entries.iter().filter(|draft| !draft.path.is_empty());
    let blamed = refused.entries.iter().find(to_blame);
    let place = blamed.or_else(|| of_steps.next_back()).unwrap_or(first);
    let reason = format!("what the run was to write cannot be kept: {error}");
    let parked = Draft {
        run: first.run,
        seq: first.seq,
        at: now,
        actor: worker.clone(),
        path: place.path.clone(),
        versions: place.versions.clone(),
        record: Record::Parked {
            code: error.code.id.to_owned(),
        },
        headers: Vec::new(),
        body: Some(Arc::new(json!({ "reason": reason }))),
    };
    Some(Append {
        lease: refused.lease,
        entries: vec![parked],
        operations: Vec::new(),
        begins: Vec::new(),
        standing: Standing::Parked,
    })
}

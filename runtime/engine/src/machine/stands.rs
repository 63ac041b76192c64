//! Where a run stands, and which version it is pinned to, from its entries.

use dragoman_journal::{Entry, Record, without_numbers};
use dragoman_model::Digest;

use super::state::{State, is_below};

/// The version that a run goes on with: that of its last move to another one, else that of its beginning.
pub fn version(entries: &[Entry]) -> Option<Digest> {
    let moved = entries.iter().rev().find_map(|entry| match &entry.header.record {
        Record::Migrated { to, .. } => Some(*to),
        _ => None,
    });
    moved.or_else(|| Some(entries.first()?.header.versions.pipeline))
}

impl State {
    /// Where the run stands: the steps that it is in, innermost, in order; where it is in none, the one it did last;
    /// nothing at its beginning. Numbers of items and rounds are left out.
    pub fn stands_at(&self) -> Vec<String> {
        if let Some(parked) = self.parked.as_ref().filter(|parked| !parked.path.is_empty()) {
            return vec![without_numbers(&parked.path)];
        }
        let open: Vec<&str> = self
            .steps()
            .filter(|(_, step)| step.end.is_none())
            .map(|(path, _)| path)
            .collect();
        let innermost = |path: &&&str| !open.iter().any(|other| *other != **path && is_below(other, path));
        let mut at: Vec<String> = open
            .iter()
            .filter(innermost)
            .map(|path| without_numbers(path))
            .collect();
        if at.is_empty() {
            let last = self.steps().max_by_key(|(_, step)| step.ended_seq);
            at.extend(last.map(|(path, _)| without_numbers(path)));
        }
        at.retain(|path| !path.is_empty());
        at.sort();
        at.dedup();
        at
    }
}

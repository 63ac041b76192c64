//! What a transaction moves for runs that it does not write itself: whose turn has come, who is to look again.

use std::collections::BTreeSet;

use dragoman_journal::Ending;
use dragoman_model::RunId;

use crate::defect::Defect;

use super::state::{State, Turn};
use super::tables::Transaction;

/// What was moved.
#[derive(Debug, Default)]
pub(crate) struct Moved {
    granted: BTreeSet<RunId>,
    asked: BTreeSet<RunId>,
    /// Whether something became due that is not at work.
    pub(crate) stirs: bool,
}

impl Moved {
    /// Whether a run asked for its turn and waits for it.
    pub(crate) fn waits(&self, run: RunId) -> bool {
        self.asked.contains(&run) && !self.granted.contains(&run)
    }
}

impl Transaction<'_> {
    /// Moves the others, at the end.
    pub(crate) fn end(self) -> Moved {
        let mut moved = Moved {
            asked: self.asked.iter().map(|(run, _)| *run).collect(),
            ..Moved::default()
        };
        let woken = |state: &mut State, moved: &mut Moved, run: RunId| {
            state.woken.insert(run);
            moved.stirs = true;
        };
        if !self.shared || self.defect == Some(Defect::NotWoken) {
            return moved;
        }
        for run in &self.changed {
            if self.state.runs.get(run).is_some_and(|run| run.ending.is_some()) {
                self.state.woken.remove(run);
            }
        }
        for run in &self.changed {
            if let Some(parent) = to_wake(self.state, *run, self.owner) {
                woken(self.state, &mut moved, parent);
            }
        }
        for (name, key) in &self.emitted {
            let waits = self
                .state
                .waits
                .values()
                .filter(|wait| wait.event() == Some((name, key)));
            let waiting: Vec<RunId> = waits.map(|wait| wait.run).collect();
            for run in waiting {
                woken(self.state, &mut moved, run);
            }
        }
        for (run, name, key) in &self.awaits {
            let came = |(event, _): &&(dragoman_journal::Emitted, bool)| {
                event.name == *name && event.key.as_ref() == Some(key)
            };
            if self.state.events.values().any(|event| came(&event)) {
                woken(self.state, &mut moved, *run);
            }
        }
        turns(self, &mut moved);
        moved
    }
}

/// The parent that is to look because a run has ended: of one that failed, and of the last. One that this process has at
/// work is told there.
fn to_wake(state: &State, run: RunId, owner: u64) -> Option<RunId> {
    let child = state.runs.get(&run)?;
    let (ending, parent) = (child.ending?, child.parent.as_ref()?);
    let above = state.runs.get(&parent.run)?;
    if above.ending.is_some() || (above.row.lease_until > 0 && above.owner == owner) {
        return None;
    }
    let sibling = |other: &&super::state::Run| {
        let its = other.parent.as_ref();
        its.is_some_and(|its| its.run == parent.run && its.path == parent.path) && other.ending.is_none()
    };
    (ending == Ending::Failed || !state.runs.values().any(|other| sibling(&other))).then_some(parent.run)
}

/// Gives the turn of serials: to the family that has it, else to the first of those that wait. Whoever asks with this
/// transaction has the run at once; one that waited is due at once, for whoever takes it.
fn turns(transaction: Transaction<'_>, moved: &mut Moved) {
    let state = transaction.state;
    for (run, _) in &transaction.asked {
        // It is nobody's before its turn has come.
        if let Some(run) = state.runs.get_mut(run) {
            run.row.lease_until = 0;
            run.row.due = None;
        }
    }
    let mut serials: BTreeSet<String> = BTreeSet::new();
    for run in &transaction.changed {
        let Some(run) = state.runs.get(run) else { continue };
        if run.row.lease_until == 0 {
            serials.extend(run.serial.clone());
        }
    }
    for serial in serials {
        let of_serial = || {
            state
                .runs
                .iter()
                .filter(|(_, run)| run.serial.as_ref() == Some(&serial))
        };
        let has = of_serial()
            .find(|(_, run)| run.turn == Turn::Has)
            .map(|(_, run)| run.family);
        let first = || {
            let waiting = of_serial().filter(|(_, run)| run.turn == Turn::Waits);
            waiting.min_by_key(|(_, run)| run.place).map(|(_, run)| run.family)
        };
        let Some(family) = has.or_else(first) else { continue };
        let next = of_serial().filter(|(_, run)| run.family == family && run.turn == Turn::Waits);
        let next: Vec<RunId> = next.map(|(id, _)| *id).collect();
        for id in next {
            let until = transaction
                .asked
                .iter()
                .find(|(run, _)| *run == id)
                .map(|(_, until)| *until);
            let Some(run) = state.runs.get_mut(&id) else { continue };
            run.turn = Turn::Has;
            run.row.lease_until = until.unwrap_or(0);
            run.row.due = Some(until.unwrap_or(0));
            moved.stirs |= until.is_none();
            moved.granted.insert(id);
        }
    }
}

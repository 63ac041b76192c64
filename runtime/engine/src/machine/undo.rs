//! Undoing what a failed run did, newest first.

use dragoman_journal::{Operation, Settled};
use dragoman_plan::Step;

use super::locate::{Place, locate};
use super::progress::{Claim, End};
use super::scope::Round;
use super::walk::{Ended, Flow, How, Walk};

/// Something that the run did and that can be undone.
struct Undoable<'a> {
    path: String,
    seq: u64,
    step: &'a Step,
    frames: Vec<usize>,
    rounds: Vec<Round>,
    claim: Option<Claim>,
}

impl<'a> Walk<'a> {
    /// Undoes the newest thing that is not undone yet; `Done` when nothing is left.
    pub(super) fn undo(&mut self) -> Flow {
        if let Some(path) = self.state.began_children() {
            let reason = format!("the children of `{path}` may have done what this run cannot undo; a person decides");
            return stuck(path, "undo.children", reason);
        }
        for undoable in self.undoables() {
            let path = format!("{}.undo", undoable.path);
            if matches!(
                self.state.step(&path).and_then(|p| p.end.as_ref()),
                Some(End::Done(_) | End::Observed)
            ) {
                continue;
            }
            let flow = self.undo_one(undoable, path);
            if !matches!(flow, Flow::Done) {
                return flow;
            }
        }
        Flow::Done
    }

    fn undo_one(&mut self, undoable: Undoable<'a>, path: String) -> Flow {
        let outer = (
            std::mem::replace(&mut self.path, path),
            std::mem::replace(&mut self.frames, undoable.frames),
            std::mem::replace(&mut self.rounds, undoable.rounds),
        );
        let draining = std::mem::replace(&mut self.draining, false);
        self.undoing = true;
        let flow = match (undoable.claim, &undoable.step.undo) {
            (Some(claim), _) => self.give_back(&claim.ledger, claim.once),
            (None, Some(undo)) => self.call(undoable.step, &undo.call),
            (None, None) => Flow::Done,
        };
        self.undoing = false;
        self.draining = draining;
        let at = std::mem::replace(&mut self.path, outer.0);
        self.frames = outer.1;
        self.rounds = outer.2;
        match flow {
            Flow::Done => {
                self.mark_undone(&undoable.path);
                Flow::Done
            }
            Flow::Ended(ended) => stuck(at, "undo.failed", format!("the undo failed: {}", ended.reason)),
            other => other,
        }
    }

    /// Gives back what a run that is given up has claimed, newest first: a claim on which nothing stands would hold what
    /// nobody uses. One after which something took effect, or may have, stays.
    pub(super) fn release_unused(&mut self) {
        if self.state.began_children().is_some() {
            return;
        }
        let acted = self.state.steps().filter_map(|(_, progress)| progress.acted()).max();
        for undoable in self.undoables() {
            let Some(claim) = undoable.claim.filter(|_| acted.is_none_or(|seq| seq < undoable.seq)) else {
                continue;
            };
            let path = format!("{}.undo", undoable.path);
            if self.state.step(&path).is_none_or(|undone| undone.end.is_none()) {
                let outer = std::mem::replace(&mut self.path, path);
                self.give_back(&claim.ledger, claim.once);
                self.path = outer;
            }
        }
    }

    /// The business key says that what was done under it was undone.
    fn mark_undone(&mut self, path: &str) {
        let Some(request) = self.state.step(path).and_then(|p| p.request.as_ref()) else {
            return;
        };
        if request.once.is_none() && request.reference.is_none() {
            return;
        }
        self.desk.operations.push(Operation::Settle {
            once: request.once.clone(),
            reference: request.reference.clone(),
            path: path.to_owned(),
            state: Settled::Undone,
        });
    }

    /// What this run itself did, newest first.
    fn undoables(&self) -> Vec<Undoable<'a>> {
        let plan = self.plan;
        let mut found: Vec<Undoable<'a>> = self
            .state
            .steps()
            .filter(|(_, p)| matches!(p.end, Some(End::Done(_))) && p.joined.is_none())
            .filter_map(|(path, progress)| {
                let Place { step, frames, rounds } = locate(plan, path)?;
                let undone_by_call = step.undo.is_some() && progress.request.is_some();
                (progress.claim.is_some() || undone_by_call).then(|| Undoable {
                    path: path.to_owned(),
                    seq: progress.ended_seq,
                    step,
                    frames,
                    rounds,
                    claim: progress.claim.clone(),
                })
            })
            .collect();
        found.sort_by_key(|undoable| std::cmp::Reverse(undoable.seq));
        found
    }
}

fn stuck(path: String, code: &str, reason: String) -> Flow {
    Flow::Ended(Box::new(Ended {
        how: How::Park,
        code: code.into(),
        reason,
        path,
        failure: None,
    }))
}

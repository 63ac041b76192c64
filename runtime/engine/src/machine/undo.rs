//! Undoing what a failed run did, newest first.

use dragoman_journal::{Operation, Settled};
use dragoman_plan::{Plan, Step, StepKind};

use super::call::operation;
use super::locate::{Place, locate, step_at};
use super::progress::{Claim, End};
use super::scope::Round;
use super::state::State;
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
        for undoable in undoables(self.plan, self.state) {
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
        for undoable in undoables(self.plan, self.state) {
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
}

/// What this run itself did and can undo, newest first.
fn undoables<'a>(plan: &'a Plan, state: &State) -> Vec<Undoable<'a>> {
    let mut found: Vec<Undoable<'a>> = state
        .steps()
        .filter(|(_, p)| p.joined.is_none())
        .filter_map(|(path, progress)| {
            let seq = progress.did()?;
            let Place { step, frames, rounds } = locate(plan, path)?;
            let undone_by_call = step.undo.is_some() && progress.request.is_some();
            (progress.claim.is_some() || undone_by_call).then(|| Undoable {
                path: path.to_owned(),
                seq,
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

/// What an undo of a run would come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Undoing {
    /// What would be undone, in this order: the step, and by what.
    pub undone: Vec<(String, String)>,
    /// What was done and has no undo: the step, and what it was.
    pub stays: Vec<(String, String)>,
}

/// What would be undone of what a run did, and what would stay.
///
/// # Errors
/// Why nothing can be undone as things stand, for people; lower-case, without a full stop.
pub fn undoing(plan: &Plan, state: &State) -> Result<Undoing, String> {
    if let Some((path, _)) = state
        .steps()
        .filter(|(_, step)| step.is_uncertain())
        .min_by_key(|(path, _)| *path)
    {
        return Err(format!(
            "whether `{path}` took effect is not known: replay it, so that the other side is asked, or say what you know of it \
             (`runs absent`, `dead skip`); then undo"
        ));
    }
    if let Some(path) = state.began_children() {
        return Err(format!(
            "the runs that `{path}` has begun may have done things that this one cannot undo: undo those, and give this one up"
        ));
    }
    let is_undone = |path: &str| state.is_undone(path);
    let found: Vec<Undoable<'_>> = undoables(plan, state)
        .into_iter()
        .filter(|one| !is_undone(&one.path))
        .collect();
    let by = |one: &Undoable<'_>| match (&one.claim, &one.step.undo) {
        (Some(claim), _) => format!("the claim in the ledger {} is given back", claim.ledger),
        (None, Some(undo)) => operation(&undo.call),
        (None, None) => String::new(),
    };
    let undone = found.iter().map(|one| (one.path.clone(), by(one))).collect();
    let mut stays: Vec<(String, String)> = state
        .steps()
        .filter(|(path, step)| step.acted().is_some() && step.joined.is_none() && !path.ends_with(".undo"))
        .filter(|(path, _)| !is_undone(path) && !found.iter().any(|one| one.path == *path))
        .map(|(path, _)| {
            let what = match step_at(plan, path).map(|step| &step.kind) {
                Some(StepKind::Call(call)) => operation(call),
                _ => String::new(),
            };
            (path.to_owned(), what)
        })
        .collect();
    stays.sort();
    Ok(Undoing { undone, stays })
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

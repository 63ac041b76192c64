//! The deadline of a run: one that is older needs a person. It is only told so: nothing is undone, and nothing that was
//! begun is broken off.

use super::walk::{Due, Walk};
use dragoman_model::Timestamp;

/// The code of a run that is parked because of its age.
pub(super) const DEADLINE: &str = "run.deadline";

impl Walk<'_> {
    /// Parks a run that is past its deadline, once it rests; one that is not is woken by then.
    pub(super) fn watch_deadline(&mut self) {
        let Some(deadline) = self.run_deadline() else { return };
        if deadline > self.now {
            self.dues.push(Due {
                at: Some(deadline),
                waits: false,
            });
            return;
        }
        let busy = self.more || self.tail.is_some() || !self.live.is_empty() || !self.requests.is_empty();
        // What may have taken effect is asked after first: a parked run asks nobody.
        let unknown = self.state.steps().any(|(_, progress)| progress.is_uncertain());
        if busy || unknown {
            return;
        }
        let reason =
            format!("the run has not ended by its deadline, {deadline}; nothing was stopped, resume it to go on");
        self.path.clear();
        self.park(DEADLINE, &reason, None);
    }

    /// When the run needs a person; none: never, or one was told already. Children are looked after by their parent.
    fn run_deadline(&self) -> Option<Timestamp> {
        let millis = self.plan.limits.deadline_ms?;
        let origin = self.state.origin.as_ref().filter(|origin| origin.parent.is_none())?;
        let deadline = origin.began.plus_millis(i64::try_from(millis).unwrap_or(i64::MAX));
        (!self.state.overdue).then_some(deadline)
    }
}

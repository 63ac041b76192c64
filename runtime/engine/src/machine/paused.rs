//! Calls that are held back because somebody has paused the pipeline or the connection.

use dragoman_journal::{Record, TimerPurpose};
use dragoman_model::Timestamp;
use dragoman_plan::CallStep;
use serde_json::json;

use super::event::Paused;
use super::progress::Progress;
use super::walk::{Flow, Walk};

/// It looks again after so long at first, in milliseconds: whoever resumes wakes what was held back at once.
const FIRST_MS: i64 = 60_000;
/// The longest between two looks: each is an entry of the run.
const LONGEST_MS: i64 = 3_600_000;

impl Walk<'_> {
    /// Holds a call back where its pipeline or its connection is paused; none: it may be made. `purpose`: whether it is an
    /// attempt or a probe that would be made.
    pub(super) fn held_back(&mut self, call: &CallStep, purpose: TimerPurpose) -> Option<Flow> {
        let paused = self.connections.paused(&self.plan.pipeline, &call.connection)?;
        let waits = self.progress().and_then(|progress| progress.held_until(self.now));
        if let Some(due) = waits {
            return Some(self.until(due, false));
        }
        let since = self.progress().and_then(|progress| progress.held_since);
        let held = since.map_or(0, |since| self.now.millis() - since.millis());
        let due = self.now.plus_millis(held.clamp(FIRST_MS, LONGEST_MS));
        let attempt = self.progress().map_or(0, |p| p.attempt) + 1;
        let what = match paused {
            Paused::Pipeline => json!({ "pipeline": self.plan.pipeline }),
            Paused::Connection => json!({ "connection": call.connection }),
        };
        let timer = Record::Timer { due, purpose, attempt };
        self.note(timer, Some(json!({ "paused": what })), None);
        Some(self.until(due, false))
    }
}

impl Progress {
    /// Until when it is held back already; none: it is not, or that is over.
    fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.held_since?;
        self.timer.as_ref().map(|timer| timer.due).filter(|due| *due > now)
    }
}

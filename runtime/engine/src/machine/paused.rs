//! Calls that are held back because somebody has paused the pipeline or the connection, or nothing works over it.

use dragoman_journal::{Record, TimerPurpose};
use dragoman_model::Timestamp;
use dragoman_plan::{CallStep, Step};
use serde_json::json;

use super::event::Paused;
use super::progress::Progress;
use super::walk::{Flow, Walk};

/// It looks again after so long at first, in milliseconds: whoever resumes wakes what was held back at once.
const FIRST_MS: i64 = 60_000;
/// The longest between two looks: each is an entry of the run.
pub const LONGEST_MS: i64 = 3_600_000;

impl Walk<'_> {
    /// Holds a call back where its pipeline or its connection is paused, or nothing works over it; none: it may be made.
    /// `purpose`: whether it is an attempt or a probe that would be made.
    pub(super) fn held_back(&mut self, step: &Step, call: &CallStep, purpose: TimerPurpose) -> Option<Flow> {
        let paused = self.connections.paused(&self.plan.pipeline, &call.connection)?;
        let waits = self.progress().and_then(|progress| progress.held_until(self.now));
        if let Some(due) = waits {
            return Some(self.until(due, false));
        }
        let since = self.progress().and_then(|progress| progress.held_since);
        let held = since.map_or(0, |since| self.now.millis() - since.millis());
        let mut due = self.now.plus_millis(held.clamp(FIRST_MS, LONGEST_MS));
        let attempt = self.progress().map_or(0, |p| p.attempt) + 1;
        let body = match paused {
            Paused::Pipeline => json!({ "paused": { "pipeline": self.plan.pipeline } }),
            Paused::Connection => json!({ "paused": { "connection": call.connection } }),
            Paused::Failing { since } => {
                due = due.min(self.tried_until(step));
                json!({ "failing": { "connection": call.connection, "since": since } })
            }
        };
        // A breaker puts a call off. What becomes of the step at the end of its time is said by a call, and not guessed.
        if due <= self.now {
            return None;
        }
        let timer = Record::Timer { due, purpose, attempt };
        self.note(timer, Some(body), None);
        Some(self.until(due, false))
    }

    /// Until when a call that fails is tried again: from its first attempt, or from when it was first held back.
    fn tried_until(&self, step: &Step) -> Timestamp {
        let progress = self.progress();
        let began = progress
            .and_then(|p| p.window_at().or(p.held_since))
            .unwrap_or(self.now);
        let paused = progress
            .and_then(|p| p.paused_at)
            .filter(|_| progress.is_some_and(|p| p.first_at.is_some()));
        let still = paused.map_or(0, |since| self.now.millis() - since.millis());
        let for_ms = i64::try_from(step.retry.for_ms).unwrap_or(i64::MAX / 2);
        began.plus_millis(still.saturating_add(for_ms))
    }
}

impl Progress {
    /// Until when it is held back already; none: it is not, or that is over.
    fn held_until(&self, now: Timestamp) -> Option<Timestamp> {
        self.held_since?;
        self.timer.as_ref().map(|timer| timer.due).filter(|due| *due > now)
    }
}

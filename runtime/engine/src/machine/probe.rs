//! Probes: asking the other side whether a request took effect, before it is ever sent again.

use dragoman_journal::{Settled, TimerPurpose};
use dragoman_model::{Class, Effect, Failure, OperationEffect, RunId, Timestamp, Usage, Value};
use dragoman_plan::{CallStep, Step};

use super::Live;
use super::event::Request;
use super::retry::back_off;
use super::walk::{Flow, Walk};
use crate::runner::Probed;

impl<'a> Walk<'a> {
    /// Asks now. An answer that it took effect counts at once; that it did not, only after the settle time.
    pub(super) fn probe(&mut self, step: &'a Step, call: &'a CallStep) -> Flow {
        let Some(progress) = self.progress() else {
            return Flow::Pending;
        };
        let Some(request) = progress.request.clone() else {
            return Flow::Pending;
        };
        let first_sent_at = progress.first_at.unwrap_or(self.now);
        let (attempt, key) = (progress.attempt, progress.key.clone());
        if let Some(held) = self.held_back(step, call, TimerPurpose::Probe) {
            return held;
        }
        let call = self.outgoing(step, call, request.input, request.documents, attempt, key);
        self.requests.push(Request::Probe {
            call: Box::new(call),
            first_sent_at,
        });
        self.keep(Live::Away)
    }

    /// The other side answered, or could not.
    pub(super) fn probed(
        &mut self,
        step: &'a Step,
        call: &'a CallStep,
        result: Result<Probed, Failure>,
        usage: Usage,
    ) -> Flow {
        match result {
            Ok(Probed::Applied(output)) => self.took_effect(call, output, "probe", usage, Value::Null),
            Ok(Probed::Absent) => self.absent(step, call, usage),
            Ok(Probed::Pending(after)) => {
                let asked = after.map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX));
                self.ask_again(step, asked)
            }
            Err(failure) if failure.class == Class::Retryable => self.ask_again(step, failure.retry_after_ms),
            Err(failure) => self.give_to_person(&failure.message),
        }
    }

    /// It is not there. That is final only when a request still under way can no longer be applied.
    fn absent(&mut self, step: &'a Step, call: &'a CallStep, usage: Usage) -> Flow {
        let Some(failed) = self.progress().and_then(|p| p.failure.clone()) else {
            return Flow::Pending;
        };
        if failed.failure.effect == Effect::Applied {
            return self.give_to_person("the other side first said that it took effect, and now does not find it");
        }
        let Some(settled) = self.settled_at(call) else {
            return self.give_to_person("the other side does not find it, but may still apply it later");
        };
        if self.now < settled {
            return self.sleep_until(settled, TimerPurpose::Probe);
        }
        let mut failure = failed.failure;
        failure.effect = Effect::None;
        self.failed(step, call, failure, usage)
    }

    /// When a request that was sent can no longer be applied; none: that is not known. It was written down before it was
    /// sent, and it was sent before it was known how it ended, or that whoever sent it is gone: from then on it is counted.
    fn settled_at(&self, call: &CallStep) -> Option<Timestamp> {
        let OperationEffect::Once {
            settle_s: Some(seconds),
        } = call.effect
        else {
            return None;
        };
        let progress = self.progress()?;
        let ended = progress.failure.as_ref().map(|failed| failed.at);
        let last = progress.last_at.max(ended)?;
        Some(last.plus_millis(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX)))
    }

    fn ask_again(&mut self, step: &Step, asked_ms: Option<u64>) -> Flow {
        let Some(progress) = self.progress() else {
            return Flow::Pending;
        };
        let first = progress.window_at().unwrap_or(self.now);
        let back_off = back_off(&step.retry, self.state.run, &self.path, progress.probes + 1);
        let wait = asked_ms.map_or(back_off, |asked| {
            asked.clamp(back_off, step.retry.longest_ms.max(back_off))
        });
        let due = self.now.plus_millis(i64::try_from(wait).unwrap_or(i64::MAX));
        if due > first.plus_millis(i64::try_from(step.retry.for_ms).unwrap_or(i64::MAX)) {
            return self.give_to_person("the other side could not be asked");
        }
        self.sleep_until(due, TimerPurpose::Probe)
    }

    /// A person has looked at a request whose effect is not known and lets it go on; but its reference was closed
    /// meanwhile, and whoever closed it did not wait for what was parked. So nothing more is sent: only a probe may follow.
    pub(super) fn closed_meanwhile(&mut self, step: &'a Step, call: &'a CallStep, reference: &str, by: RunId) -> Flow {
        if call.has_probe {
            return self.probe(step, call);
        }
        self.undecided(&format!(
            "reference `{reference}` was voided by run {by}, so it is not sent again"
        ))
    }

    fn give_to_person(&mut self, why: &str) -> Flow {
        self.undecided(&format!("asked whether it took effect: {why}"))
    }

    /// The effect stays unknown: it is written down as such, and a person decides.
    fn undecided(&mut self, why: &str) -> Flow {
        let Some(failed) = self.progress().and_then(|p| p.failure.clone()) else {
            return Flow::Pending;
        };
        let mut failure = failed.failure;
        failure.message = format!("{}; {why}", failure.message);
        self.note_failure(&failure, true, Usage::default());
        self.settle(Settled::Parked);
        self.park_for_person(&failure)
    }
}

//! Business keys: joining what another run did, waiting for it, refusing what contradicts it.

use dragoman_journal::{Once, OnceState, Record, Refusal, TimerPurpose};
use dragoman_model::{Failure, Usage};
use dragoman_plan::Step;
use serde_json::json;

use super::walk::{Ended, Flow, How, Walk};

/// How long a run that waits for another at most waits before it looks again by itself, in milliseconds.
pub(super) const RECHECK_MS: i64 = 15_000;

/// What a business key that is taken means for a step.
pub(super) enum Taken {
    /// Another run did it, with this input.
    Join(Box<Once>),
    /// What else becomes of the step.
    Else(Flow),
}

impl<'a> Walk<'a> {
    /// The intent of a call was refused by the store.
    pub(super) fn once_refused(&mut self, step: &'a Step, refusal: Refusal) -> Flow {
        let once = match self.taken(step, refusal) {
            Taken::Join(once) => once,
            Taken::Else(flow) => return flow,
        };
        let record = Record::Done {
            attempt: 0,
            joined: Some(once.run),
            known_by: "join".into(),
            usage: Usage::default(),
        };
        self.note(record, Some(json!({ "output": once.output })), None);
        Flow::Done
    }

    /// What a refusal means, for calls and claims alike.
    pub(super) fn taken(&mut self, step: &'a Step, refusal: Refusal) -> Taken {
        match refusal {
            Refusal::Once {
                record,
                same_input: false,
            } => {
                let failure = conflict(&record, &self.path);
                Taken::Else(self.fail(step, failure))
            }
            Refusal::Once { record, .. } => match record.state {
                OnceState::Done if record.output.is_none() => {
                    let message = format!(
                        "{} with key `{}` was done by run {}, and what it gave was erased since; it is not done again: \
                         a person says what it gave",
                        record.once.scope, record.once.key, record.run
                    );
                    Taken::Else(self.fail(step, Failure::permanent("once.erased", message)))
                }
                OnceState::Done => Taken::Join(record),
                OnceState::Open | OnceState::Failed => Taken::Else(self.wait_for(&record)),
                OnceState::Parked => Taken::Else(self.park_behind(&record)),
                OnceState::Undone => {
                    let message = format!(
                        "{} with key `{}` was done and undone by run {}; a person decides whether it is done again",
                        record.once.scope, record.once.key, record.run
                    );
                    Taken::Else(self.fail(step, Failure::permanent("once.undone", message)))
                }
            },
            Refusal::Ledger {
                code,
                message,
                item,
                left,
            } => {
                let mut failure = Failure::rejected(format!("ledger.{code}"), message);
                failure.detail = Some(json!({ "item": item, "left": left }));
                Taken::Else(self.fail(step, failure))
            }
            // These are taken care of before the walk.
            Refusal::Voided { .. } | Refusal::Fenced | Refusal::State { .. } | Refusal::WaitOver { .. } => {
                Taken::Else(Flow::Pending)
            }
        }
    }

    /// Another run is at it: this one waits until that is seen to have moved.
    fn wait_for(&mut self, record: &Once) -> Flow {
        let due = self.now.plus_millis(RECHECK_MS);
        let body = json!({ "for": { "run": record.run, "scope": record.once.scope, "key": record.once.key } });
        let attempt = self.progress().map_or(0, |p| p.attempt) + 1;
        self.note(
            Record::Timer {
                due,
                purpose: TimerPurpose::Retry,
                attempt,
            },
            Some(body),
            None,
        );
        self.until(due, true)
    }

    /// Another run stopped at it and waits for a person: so does this one, with a pointer.
    fn park_behind(&self, record: &Once) -> Flow {
        Flow::Ended(Box::new(Ended {
            how: How::Park,
            code: "once.parked".into(),
            reason: format!(
                "{} with key `{}` is held by run {}, which is parked; resume that one first",
                record.once.scope, record.once.key, record.run
            ),
            path: self.path.clone(),
            failure: None,
        }))
    }
}

fn conflict(record: &Once, path: &str) -> Failure {
    let message = format!(
        "{} with key `{}` was asked for with another input by run {} at `{}`; this run's input at `{path}` differs",
        record.once.scope, record.once.key, record.run, record.path
    );
    let mut failure = Failure::permanent("once.conflict", message);
    failure.detail = Some(json!({ "run": record.run, "path": record.path, "input": record.input_body }));
    failure
}

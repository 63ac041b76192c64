//! `repeat`: round after round, each durable before the next begins.

use dragoman_journal::{Record, Standing, TimerPurpose};
use dragoman_model::{Failure, Timestamp, Usage, Value};
use dragoman_plan::{RepeatStep, Step};
use serde_json::json;
use std::fmt::Write as _;

use super::retry::back_off;
use super::scope::{Evaluated, Round};
use super::walk::{Due, Flow, Tail, Walk};

/// The code of a `repeat` that was not done in time.
pub(super) const TIMEOUT: &str = "repeat.timeout";
/// The code of a `repeat` that was not done within its number of rounds.
pub(super) const ROUNDS: &str = "repeat.rounds";

/// What a round gave, and whether it was the last one.
struct Looked {
    value: Option<Value>,
    done: bool,
}

impl<'a> Walk<'a> {
    /// A `repeat` step. The path of a step in its third round is `poll[2].asked`.
    pub(super) fn repeat(&mut self, step: &'a Step, repeat: &'a RepeatStep) -> Flow {
        // What a commit was refused for concerned its other entries; the round is placed again.
        self.live.remove(&self.path);
        let deadline = self.deadline(repeat);
        let progress = self.progress();
        if let Some(due) = progress.and_then(|p| p.timer.as_ref()).map(|timer| timer.due)
            && due > self.now
        {
            return self.until(due, false);
        }
        let number = self.progress().map_or(0, |p| p.round);
        let last = self.progress().and_then(|p| p.last.clone());
        let over = deadline.is_some_and(|deadline| deadline <= self.now);
        self.rounds.push(Round::new(number, last));
        let flow = self.round(step, repeat, number, deadline);
        self.rounds.pop();
        match flow {
            Flow::Held if over && !self.draining => self.not_in_time(step, repeat, number),
            Flow::Pending => {
                if let Some(at) = deadline.filter(|_| !over) {
                    self.dues.push(Due {
                        at: Some(at),
                        waits: false,
                    });
                }
                Flow::Pending
            }
            other => other,
        }
    }

    /// When the step is over, counted from when it began. It is written down, for a machine that is made from the
    /// entries does not know when that was.
    fn deadline(&mut self, repeat: &RepeatStep) -> Option<Timestamp> {
        let for_ms = repeat.for_ms?;
        if let Some(known) = self.progress().and_then(|p| p.deadline) {
            return Some(known);
        }
        let deadline = self.now.plus_millis(i64::try_from(for_ms).unwrap_or(i64::MAX));
        self.note(
            Record::Chosen {
                what: "deadline".into(),
            },
            Some(json!(deadline)),
            None,
        );
        Some(deadline)
    }

    /// The round's steps, and the look at what came out of them. Where the time is over, what is open is brought to an
    /// end and nothing is begun.
    fn round(&mut self, step: &'a Step, repeat: &'a RepeatStep, number: u64, deadline: Option<Timestamp>) -> Flow {
        let over = deadline.is_some_and(|deadline| deadline <= self.now);
        let outer = self.draining;
        self.draining |= over;
        let flow = self.in_round(number, |walk| walk.block(&repeat.block));
        self.draining = outer;
        match flow {
            Flow::Done => {}
            Flow::Ended(ended) => return self.catch(step, ended),
            other => return other,
        }
        match self.in_round(number, |walk| walk.look(repeat)) {
            Err(failure) => self.fail(step, failure),
            Ok(None) => self.observe_step(step, "repeat"),
            Ok(Some(Looked { value, done: true })) => self.computed(Evaluated::Value(value), "repeat"),
            Ok(Some(_)) if over => self.not_in_time(step, repeat, number),
            Ok(Some(_)) if self.draining => Flow::Held,
            Ok(Some(Looked { value, .. })) => self.next_round(step, repeat, number + 1, value, deadline),
        }
    }

    fn in_round<T>(&mut self, number: u64, work: impl FnOnce(&mut Self) -> T) -> T {
        let length = self.path.len();
        // Writing to a text cannot fail.
        let _ = write!(self.path, "[{number}].");
        let result = work(self);
        self.path.truncate(length);
        result
    }

    /// What the round gave, and whether it was the last; none: that hangs on what was only observed.
    fn look(&mut self, repeat: &'a RepeatStep) -> Result<Option<Looked>, Failure> {
        self.frames.push(self.path.len());
        let looked = self.looked(repeat);
        self.frames.pop();
        looked
    }

    fn looked(&self, repeat: &'a RepeatStep) -> Result<Option<Looked>, Failure> {
        let value = match &repeat.block.value {
            Some(value) => self.template(value)?,
            None => self.outputs_by_id(&self.path, &repeat.block),
        };
        Ok(match (value, self.evaluate(&repeat.until)?) {
            (Evaluated::Observed, _) | (_, Evaluated::Observed) => None,
            (Evaluated::Value(value), Evaluated::Value(until)) => Some(Looked {
                value,
                done: until == Some(Value::Bool(true)),
            }),
        })
    }

    /// The round is over: what it gave is durable before the next one begins, and what it did is forgotten, unless it
    /// may have to be undone.
    fn next_round(
        &mut self,
        step: &'a Step,
        repeat: &'a RepeatStep,
        next: u64,
        value: Option<Value>,
        deadline: Option<Timestamp>,
    ) -> Flow {
        let counted_from = self.progress().map_or(0, |p| p.resumed_round);
        if next - counted_from >= repeat.rounds {
            let message = format!("`{}` was not done in {} rounds", self.path, repeat.rounds);
            return self.fail(step, Failure::permanent(ROUNDS, message));
        }
        let round = format!("{}[{}].", self.path, next - 1);
        self.memo.forget(&round);
        let body = json!({ "round": next, "last": value, "keeps": repeat.keeps });
        let mut entries = vec![self.draft(Record::Chosen { what: "round".into() }, Some(body), None)];
        let mut standing = None;
        if let Some(every) = &repeat.every {
            let number = u32::try_from(next).unwrap_or(u32::MAX);
            let pause = back_off(every, self.state.run, &self.path, number);
            let due = self.now.plus_millis(i64::try_from(pause).unwrap_or(i64::MAX));
            // No round begins when the time is over, so it is not slept past either.
            let due = deadline.map_or(due, |deadline| due.min(deadline));
            let timer = Record::Timer {
                due,
                purpose: TimerPurpose::Repeat,
                attempt: number,
            };
            entries.push(self.draft(timer, None, None));
            standing = Some(Standing::Sleeping(due));
        }
        self.place(Tail {
            path: self.path.clone(),
            entries,
            operations: Vec::new(),
            begins: Vec::new(),
            standing,
        })
    }

    fn not_in_time(&mut self, step: &'a Step, repeat: &'a RepeatStep, number: u64) -> Flow {
        if let Some(uncertain) = self.uncertain_below() {
            return uncertain;
        }
        self.give_up_open(&self.path.clone());
        let seconds = repeat.for_ms.unwrap_or(0) / 1_000;
        let message = format!("`{}` was not done in {seconds} s; it was in round {number}", self.path);
        self.note_failure(&Failure::permanent(TIMEOUT, message), true, Usage::default());
        self.handle(step)
    }
}

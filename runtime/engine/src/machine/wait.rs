//! Waiting for a person.

use dragoman_journal::{Operation, Record, Refusal, Wait};
use dragoman_model::nesting::{LEVELS, is_too_deep};
use dragoman_model::{Actor, Digest, Failure, Usage, Value};
use dragoman_plan::{ANSWER, Plan, Step, WaitStep};
use dragoman_schema::Validator;
use serde_json::json;

use super::Live;
use super::failing::TIMEOUT;
use super::locate::locate;
use super::scope::{Evaluated, Memo, Names};
use super::state::State;
use super::walk::{Due, Flow, Tail, Walk};
use dragoman_journal::Standing;

impl<'a> Walk<'a> {
    /// A `wait` step.
    pub(super) fn wait(&mut self, step: &'a Step, wait: &'a WaitStep) -> Flow {
        match self.live.remove(&self.path) {
            Some(Live::Answered { actor, answer, shown }) => return self.answered_by(step, actor, answer, shown),
            // The wait was ended by another owner, whose entries will be read.
            Some(Live::Refused(Refusal::WaitOver { .. })) => {}
            Some(Live::Refused(refusal)) => {
                return match self.taken(step, refusal) {
                    super::once::Taken::Else(flow) => flow,
                    super::once::Taken::Join(_) => Flow::Pending,
                };
            }
            _ => {}
        }
        let Some(open) = self.progress().and_then(|p| p.wait.clone()) else {
            return self.begin_wait(step, wait);
        };
        if self.is_voided(step) {
            return self.voided_away(step);
        }
        if self.draining {
            return Flow::Held;
        }
        if open.due.is_none_or(|due| due > self.now) {
            self.dues.push(Due {
                at: open.due,
                waits: true,
            });
            return Flow::Pending;
        }
        self.desk.operations.push(Operation::WaitEnd { wait: open.id });
        let failure = Failure::permanent(TIMEOUT, format!("nobody answered `{}` in time", wait.decision));
        self.note_failure(&failure, true, Usage::default());
        self.handle(step)
    }

    fn begin_wait(&mut self, step: &'a Step, wait: &'a WaitStep) -> Flow {
        if self.is_voided(step) {
            return self.voided_away(step);
        }
        let show = match self.template(&wait.show) {
            Err(failure) => return self.fail(step, failure),
            Ok(Evaluated::Observed) => {
                return self.observe("wait", json!({ "decision": wait.decision }));
            }
            Ok(Evaluated::Value(show)) => show.unwrap_or(Value::Null),
        };
        if self.observing() {
            return self.observe("wait", json!({ "decision": wait.decision, "show": show }));
        }
        let reference = match self.text(step.reference.as_ref(), "ref") {
            Err(failure) => return self.fail(step, failure),
            Ok(reference) => reference.ok().flatten(),
        };
        let round = self.progress().map_or(0, |p| p.attempt);
        let id = self.state.run.child(&self.path, &format!("wait-{round}")).to_string();
        let due = wait
            .for_ms
            .map(|ms| self.now.plus_millis(i64::try_from(ms).unwrap_or(i64::MAX)));
        let shown = Digest::of_value(&show);
        let record = Record::Waiting {
            wait: id.clone(),
            decision: wait.decision.clone(),
            roles: wait.roles.clone(),
            due,
            shown,
            reference: reference.clone(),
        };
        let begun = Wait {
            id,
            run: self.state.run,
            path: self.path.clone(),
            decision: wait.decision.clone(),
            roles: wait.roles.clone(),
            since: self.now,
            due,
            show: show.clone(),
            shown,
            reference,
        };
        let entry = self.draft(record, Some(json!({ "show": show })), None);
        self.place(Tail {
            path: self.path.clone(),
            entries: vec![entry],
            operations: vec![Operation::WaitBegin { wait: begun }],
            begins: Vec::new(),
            standing: Some(Standing::Waiting(due)),
        })
    }

    fn answered_by(&mut self, step: &'a Step, actor: Actor, answer: Value, shown: Digest) -> Flow {
        let Some(open) = self.progress().and_then(|p| p.wait.clone()) else {
            return Flow::Pending;
        };
        if self.is_voided(step) {
            return self.voided_away(step);
        }
        if self.tail.is_some() {
            self.more = true;
            return self.keep(Live::Answered { actor, answer, shown });
        }
        let mut entry = self.draft(
            Record::Answer {
                wait: open.id.clone(),
                shown,
            },
            Some(answer),
            None,
        );
        entry.actor = actor;
        self.place(Tail {
            path: self.path.clone(),
            entries: vec![entry],
            operations: vec![Operation::WaitEnd { wait: open.id }],
            begins: Vec::new(),
            standing: None,
        })
    }
}

/// Checks what the pipeline demands of an answer, with the names of the wait's place.
///
/// # Errors
/// What the pipeline says to who gives such an answer, or why it could not be looked at.
pub(super) fn holds(
    wait: &WaitStep,
    answer: &Value,
    path: &str,
    (plan, state, memo): (&Plan, &State, &Memo),
) -> Result<(), String> {
    let (Some((check, refusal)), Some(place)) = (&wait.check, locate(plan, path)) else {
        return Ok(());
    };
    let names = Names::new(state, memo, path, &place.frames, None);
    let names = names.in_rounds(&place.rounds).with_item(ANSWER, answer);
    match names.expression(check) {
        Ok(Evaluated::Value(Some(Value::Bool(true))) | Evaluated::Observed) => Ok(()),
        Ok(Evaluated::Value(_)) => Err(format!("the answer cannot be taken: {refusal}")),
        Err(failure) => Err(format!("the answer cannot be looked at: {}", failure.message)),
    }
}

/// Checks an answer against a decision: `{ answer, reason?, ...fields }`.
///
/// # Errors
/// What is wrong, for the person who answers.
pub(super) fn check(wait: &WaitStep, answer: &Value) -> Result<(), String> {
    let Some(members) = answer.as_object() else {
        return Err("an answer is an object with the member `answer`".into());
    };
    if is_too_deep(answer) {
        return Err(format!(
            "an answer is nested {LEVELS} levels deep at most, or it could not be kept"
        ));
    }
    let given = members.get("answer").and_then(Value::as_str).unwrap_or_default();
    if !wait.answers.iter().any(|known| known == given) {
        return Err(format!(
            "`{given}` is not an answer to `{}`: expected {}",
            wait.decision,
            wait.answers.join(", ")
        ));
    }
    if let Some(reserved) = ["by", "at"].into_iter().find(|name| members.contains_key(*name)) {
        return Err(format!("`{reserved}` is filled in by the runtime and cannot be given"));
    }
    let Some(schema) = &wait.fields else {
        return Ok(());
    };
    let validator = Validator::new(schema).map_err(|error| format!("the fields of `{}`: {error}", wait.decision))?;
    let issues = validator.check(answer);
    match issues.first() {
        None => Ok(()),
        Some(issue) => Err(format!("field `{}`: {}", issue.path, issue.message)),
    }
}

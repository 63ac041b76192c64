//! Closing a business reference: what comes later under it is refused, and what waits under it ends.

use dragoman_expression::Expression;
use dragoman_journal::{Effect, OnceState, Operation, Record, Settled, TimerPurpose};
use dragoman_model::{Usage, Value};
use dragoman_plan::Step;
use serde_json::{Value as Json, json};

use super::Live;
use super::event::{Found, Request};
use super::once::RECHECK_MS;
use super::walk::{Ended, Flow, How, Tail, Walk};

impl<'a> Walk<'a> {
    /// A `void` step.
    pub(super) fn void(&mut self, step: &'a Step, reference: &'a Expression) -> Flow {
        let name = match self.text(Some(reference), "ref") {
            Err(failure) => return self.fail(step, failure),
            Ok(Ok(Some(name))) if !self.observing() => name,
            Ok(name) => return self.observe("void", json!({ "reference": name.ok().flatten() })),
        };
        let again = match self.live.remove(&self.path) {
            Some(Live::Found(Found::Effects { effects, waiting })) => {
                return self.collected(&name, &effects, waiting);
            }
            Some(away @ (Live::Away | Live::AwayAgain)) => return self.keep_away(away),
            found => matches!(found, Some(Live::Again)),
        };
        let Some(progress) = self.progress().filter(|p| p.voided) else {
            return self.close_reference(name);
        };
        if let Some(timer) = &progress.timer
            && timer.due > self.now
            && !self.woken
            && !again
        {
            let due = timer.due;
            return self.until(due, true);
        }
        self.requests.push(Request::Effects {
            path: self.path.clone(),
            reference: name,
        });
        self.keep(Live::Away)
    }

    fn close_reference(&mut self, name: String) -> Flow {
        let entry = self.draft(
            Record::Voided {
                reference: name.clone(),
            },
            None,
            None,
        );
        let operations = vec![Operation::Void { reference: name }];
        let path = self.path.clone();
        self.place(Tail {
            path,
            entries: vec![entry],
            operations,
            begins: Vec::new(),
            standing: None,
        })
    }

    /// The step is done once nothing under the reference is open any more.
    fn collected(&mut self, name: &str, effects: &[Effect], waiting: bool) -> Flow {
        let open = |effect: &&Effect| effect.state == OnceState::Open && effect.run != self.state.run;
        if let Some(effect) = effects.iter().find(open).map(|effect| effect.run) {
            return self.wait_under(name, json!(effect));
        }
        if waiting {
            return self.wait_under(name, Json::Null);
        }
        let list: Vec<Value> = effects.iter().map(shown).collect();
        let record = Record::Done {
            attempt: 1,
            joined: None,
            known_by: "answer".into(),
            usage: Usage::default(),
        };
        self.note(record, Some(json!({ "output": { "effects": list } })), None);
        Flow::Done
    }

    fn wait_under(&mut self, name: &str, run: Value) -> Flow {
        let due = self.now.plus_millis(RECHECK_MS);
        let body = json!({ "for": { "reference": name, "run": run } });
        self.note(
            Record::Timer {
                due,
                purpose: TimerPurpose::Retry,
                attempt: 1,
            },
            Some(body),
            None,
        );
        self.until(due, true)
    }

    /// Whether the reference of a step was closed by another run.
    pub(super) fn is_voided(&self, step: &Step) -> bool {
        !self.undoing && !self.state.voided.is_empty() && self.voided_by(step).is_some()
    }

    /// The closed reference of a step, and the run that closed it.
    fn voided_by(&self, step: &Step) -> Option<(String, String)> {
        let progress = self.progress();
        let sent = progress
            .and_then(|p| p.request.as_ref())
            .and_then(|r| r.reference.clone());
        let waited = progress.and_then(|p| p.wait.as_ref()).and_then(|w| w.reference.clone());
        let computed = || self.text(step.reference.as_ref(), "ref").ok()?.ok()?;
        let reference = sent.or(waited).or_else(computed)?;
        let by = self.state.voided.get(&reference)?.clone();
        Some((reference, by))
    }

    /// Another run closed a reference of this one.
    pub(super) fn note_voided(&mut self, reference: &str, by: &str) {
        let mut draft = self.draft(
            Record::Event { name: "voided".into() },
            Some(json!({ "reference": reference, "by": by })),
            None,
        );
        draft.path = String::new();
        self.note_draft(draft);
    }

    /// The step's reference is closed: the run has nothing more to do, and that is right.
    pub(super) fn voided_away(&mut self, step: &Step) -> Flow {
        let (reference, by) = self.voided_by(step).unwrap_or_default();
        self.settle(Settled::Failed);
        Flow::Ended(Box::new(Ended {
            how: How::Stop,
            code: "voided".into(),
            reason: format!("reference `{reference}` was voided by run {by}"),
            path: self.path.clone(),
            failure: None,
        }))
    }
}

/// An effect as the output of a `void` step has it.
fn shown(effect: &Effect) -> Value {
    let state = match effect.state {
        OnceState::Open => "open",
        OnceState::Done => "done",
        OnceState::Failed => "failed",
        OnceState::Parked => "parked",
        OnceState::Undone => "undone",
    };
    let mut out = json!({
        "run": effect.run,
        "path": effect.path,
        "scope": effect.scope,
        "key": effect.key.as_deref().unwrap_or_default(),
        "state": state,
        "input": effect.input,
    });
    if let Some(output) = &effect.output {
        out["output"] = output.clone();
    }
    out
}

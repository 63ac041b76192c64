//! Events: handing one to the site, and waiting for one.

use dragoman_expression::Expression;
use dragoman_journal::{Emitted, Operation, Record, Standing, Wait};
use dragoman_model::{Digest, Failure, Timestamp, Usage, Value};
use dragoman_plan::{EmitStep, EventWaitStep, Step};
use serde_json::json;

use super::Live;
use super::event::{Found, Request};
use super::failing::TIMEOUT;
use super::scope::Evaluated;
use super::walk::{Due, Flow, Tail, Walk};

/// What a wait for an event is called among the waits.
fn decision(event: &str) -> String {
    format!("{}{event}", Wait::EVENT)
}

impl<'a> Walk<'a> {
    /// An `emit` step: the event is durable with the entry that tells of it.
    pub(super) fn emit(&mut self, step: &'a Step, emit: &'a EmitStep) -> Flow {
        let (key, data) = match (self.event_key(emit.key.as_ref()), self.event_data(emit)) {
            (Err(failure), _) | (_, Err(failure)) => return self.fail(step, failure),
            (Ok(Some(key)), Ok(Some(data))) => (key, data),
            _ => return self.observe("emit", json!({ "event": emit.event })),
        };
        let told = json!({ "event": emit.event, "key": key, "data": data });
        if self.observing() {
            return self.observe("emit", told);
        }
        let pipeline = self.state.origin.as_ref().map(|origin| origin.pipeline.clone());
        let event = Emitted {
            name: emit.event.clone(),
            key,
            data,
            run: self.state.run,
            path: self.path.clone(),
            pipeline: pipeline.unwrap_or_default(),
            at: self.now,
        };
        self.desk.operations.push(Operation::Emit { event });
        self.desk.urgent = true;
        self.note(Record::Event { name: "emitted".into() }, Some(told), None);
        Flow::Done
    }

    /// The key of an event, if it has one; none: it needs what was only observed.
    fn event_key(&self, key: Option<&Expression>) -> Result<Option<Option<String>>, Failure> {
        Ok(self.text(key, "key")?.ok())
    }

    fn event_data(&self, emit: &EmitStep) -> Result<Option<Value>, Failure> {
        match &emit.data {
            None => Ok(Some(json!({}))),
            Some(data) => Ok(match self.template(data)? {
                Evaluated::Observed => None,
                Evaluated::Value(data) => Some(data.unwrap_or(Value::Null)),
            }),
        }
    }

    /// A `wait` step for an event. The store is asked before the wait begins, since the event may have come already, and
    /// whenever something wakes the run.
    pub(super) fn wait_event(&mut self, step: &'a Step, wait: &'a EventWaitStep) -> Flow {
        let live = self.live.remove(&self.path);
        if self.is_voided(step) {
            return self.voided_away(step);
        }
        match live {
            Some(Live::Found(Found::Event(found))) => return self.heard(step, wait, found.map(|found| *found)),
            Some(away @ (Live::Away | Live::AwayAgain)) => return self.keep_away(away),
            _ => {}
        }
        let again = matches!(live, Some(Live::Again));
        let open = self.progress().and_then(|p| p.wait.clone());
        if self.draining {
            return Flow::Held;
        }
        if let Some(due) = open.as_ref().filter(|_| !self.woken && !again).map(|open| open.due)
            && due.is_none_or(|due| due > self.now)
        {
            self.dues.push(Due { at: due, waits: true });
            return Flow::Pending;
        }
        let key = match self.event_key(Some(&wait.key)) {
            Err(failure) => return self.fail(step, failure),
            Ok(Some(Some(key))) if !self.observing() => key,
            Ok(key) => return self.observe("wait", json!({ "event": wait.event, "key": key.flatten() })),
        };
        let after = self.state.last_heard(&wait.event, &key);
        self.requests.push(Request::Event {
            path: self.path.clone(),
            name: wait.event.clone(),
            key,
            since: self.life_began(),
            after,
        });
        self.keep(Live::Away)
    }

    /// Events count from here on: a child's life is that of its family.
    fn life_began(&self) -> Timestamp {
        let origin = self.state.origin.as_ref();
        let now = origin.and_then(|origin| origin.roots.get("run")?.get("now")?.as_str());
        let now = now.and_then(|now| Timestamp::parse(now).ok());
        now.or(origin.map(|origin| origin.began)).unwrap_or(self.now)
    }

    /// The store says whether the event has come.
    fn heard(&mut self, step: &'a Step, wait: &'a EventWaitStep, found: Option<(u64, Emitted)>) -> Flow {
        let open = self.progress().and_then(|p| p.wait.clone());
        let Some((number, event)) = found else {
            let Some(open) = open else {
                return self.begin_event_wait(step, wait);
            };
            if open.due.is_none_or(|due| due > self.now) {
                self.dues.push(Due {
                    at: open.due,
                    waits: true,
                });
                return Flow::Pending;
            }
            self.desk.operations.push(Operation::WaitEnd { wait: open.id });
            let failure = Failure::permanent(TIMEOUT, format!("the event `{}` did not come in time", wait.event));
            self.note_failure(&failure, true, Usage::default());
            return self.handle(step);
        };
        if let Some(open) = open {
            self.desk.operations.push(Operation::WaitEnd { wait: open.id });
        }
        let body = json!({
            "event": event.name,
            "key": event.key,
            "number": number,
            "run": event.run,
            "path": event.path,
            "output": event.data,
        });
        let record = Record::Event {
            name: "received".into(),
        };
        self.note(record, Some(body), None);
        Flow::Done
    }

    /// The wait stands among those for people, so that everybody sees what the run waits for, and a void ends it.
    fn begin_event_wait(&mut self, step: &'a Step, wait: &'a EventWaitStep) -> Flow {
        let key = match self.event_key(Some(&wait.key)) {
            Err(failure) => return self.fail(step, failure),
            Ok(key) => key.flatten().unwrap_or_default(),
        };
        let reference = match self.text(step.reference.as_ref(), "ref") {
            Err(failure) => return self.fail(step, failure),
            Ok(reference) => reference.ok().flatten(),
        };
        let round = self.progress().map_or(0, |p| p.attempt);
        let id = self.state.run.child(&self.path, &format!("wait-{round}")).to_string();
        let due = wait
            .for_ms
            .map(|ms| self.now.plus_millis(i64::try_from(ms).unwrap_or(i64::MAX)));
        let show = json!({ "event": wait.event, "key": key });
        let begun = Wait {
            id: id.clone(),
            run: self.state.run,
            path: self.path.clone(),
            decision: decision(&wait.event),
            roles: Vec::new(),
            since: self.now,
            due,
            shown: Digest::of_value(&show),
            show: show.clone(),
            reference: reference.clone(),
        };
        let record = Record::Waiting {
            wait: id,
            decision: begun.decision.clone(),
            roles: Vec::new(),
            due,
            shown: begun.shown,
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
}

//! How one step of a run stands, as its entries tell it.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_journal::{OnceKey, Record, TimerPurpose};
use dragoman_model::{DocumentReference, Effect, Failure, OperationEffect, Part, RunId, Timestamp, Value};
use serde_json::{Map, json};

use super::fact::{Fact, documents};

/// How one step stands.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Progress {
    /// The last attempt that was begun; also the round of a wait that was opened again.
    pub attempt: u32,
    /// A request may be under way: its intent is durable and nothing is known of its end.
    pub open: bool,
    /// The idempotency key.
    pub key: String,
    /// When the first attempt began: the key's lifetime counts from here, and the retry window.
    pub first_at: Option<Timestamp>,
    /// When a person let it go on: the retry window counts from there.
    pub resumed_at: Option<Timestamp>,
    /// The last attempt before that: those that follow are counted anew.
    pub resumed_after: u32,
    /// Up to when a request may have been sent: settle times count from here.
    pub last_at: Option<Timestamp>,
    /// What is sent, kept for later attempts.
    pub request: Option<Request>,
    /// The last failure.
    pub failure: Option<Failed>,
    /// An attempt may have taken effect and nothing has settled that since: an answer, a probe, a person. A later attempt
    /// that was never sent says nothing of it.
    pub doubt: bool,
    /// What it waits for.
    pub timer: Option<Timer>,
    /// Since when it is held back, because its pipeline or its connection is paused, or nothing works over it.
    pub held_since: Option<Timestamp>,
    /// Since when it was last known to be paused.
    pub paused_at: Option<Timestamp>,
    /// How long it was paused before, in milliseconds: the retry window stands still meanwhile.
    pub held_ms: i64,
    /// How often a probe was put off.
    pub probes: u32,
    /// A wait for a person.
    pub wait: Option<Waiting>,
    /// The items of an `each` step.
    pub items: Option<Arc<Vec<Item>>>,
    /// How often another pipeline was begun.
    pub runs: u32,
    /// How many of them have begun.
    pub begun: u64,
    /// The round that a `repeat` step is in, from 0.
    pub round: u64,
    /// What its round before gave.
    pub last: Option<Part>,
    /// The round that it was in when a person let it go on: rounds are counted from there.
    pub resumed_round: u64,
    /// When a `repeat` step is over.
    pub deadline: Option<Timestamp>,
    /// The step below it that failed, where it failed with what that one did not handle.
    pub cause: Option<String>,
    /// A branch of a `parallel` step has ended the run: the others bring to an end what they have open.
    pub drains: bool,
    /// The reference of a `void` step is closed.
    pub voided: bool,
    /// How it ended.
    pub end: Option<End>,
    /// The number of the entry that ended it: undo goes newest first.
    pub ended_seq: u64,
    /// The run whose result was joined.
    pub joined: Option<RunId>,
    /// The claim that stands.
    pub claim: Option<Claim>,
    /// A replay has set aside what it gave, and nothing was written of it since: whether it is taken is asked anew.
    pub aside: bool,
    /// What it did before a replay set that aside. It stands, and is not done a second time.
    pub before: Option<Before>,
    /// How often it was given another idempotency key.
    pub keys: u32,
}

/// What a step did before a replay set that aside.
#[derive(Debug, Clone, PartialEq)]
pub struct Before {
    /// Its output.
    pub output: Option<Part>,
    /// The number of the entry that ended it.
    pub seq: u64,
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq)]
pub enum End {
    /// With an output; none: it gives none.
    Done(Option<Part>),
    /// It failed for good; the failure is [`Progress::failure`].
    Failed,
    /// In observe mode: it was only written down.
    Observed,
    /// The step around it failed while this one waited or was to be tried again: it has nothing open any more.
    GivenUp,
}

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The payload.
    pub input: Part,
    /// Documents beside it.
    pub documents: BTreeMap<String, DocumentReference>,
    /// As declared or tightened.
    pub effect: OperationEffect,
    /// The business key.
    pub once: Option<OnceKey>,
    /// The business reference.
    pub reference: Option<String>,
}

/// A failure of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// What was said.
    pub failure: Failure,
    /// Whether retries are over.
    pub last: bool,
    /// When.
    pub at: Timestamp,
}

/// What a step waits for.
#[derive(Debug, Clone, PartialEq)]
pub struct Timer {
    /// Until when at the latest.
    pub due: Timestamp,
    /// What for.
    pub purpose: TimerPurpose,
    /// The attempt that follows.
    pub attempt: u32,
    /// Whether it waits for another run, and goes on as soon as that one is seen to have moved.
    pub for_other: bool,
}

/// A wait for a person.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its id.
    pub id: String,
    /// When it is over.
    pub due: Option<Timestamp>,
    /// A void of it ends the wait.
    pub reference: Option<String>,
}

/// An item of an `each` step.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Unique among the items.
    pub key: String,
    /// The item.
    pub item: Value,
}

/// A claim that stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The ledger.
    pub ledger: String,
    /// Its business key.
    pub once: OnceKey,
    /// The business reference.
    pub reference: Option<String>,
}

impl Progress {
    /// When the retry window began; what the step was held back for is not counted.
    pub fn window_at(&self) -> Option<Timestamp> {
        let began = self.resumed_at.or(self.first_at)?;
        Some(began.plus_millis(self.held_ms))
    }

    /// Whether its effect is not known, or known and of no use.
    pub fn is_uncertain(&self) -> bool {
        self.open || self.doubt
    }

    /// Whether it changed, or may have changed, something outside.
    pub(super) fn has_effect(&self) -> bool {
        self.claim.is_some()
            || self.open
            || self.before.is_some()
            || (self.request.is_some() && matches!(self.end, Some(End::Done(_))))
    }

    /// The number of the entry after which its request had changed something outside; the greatest where it may have.
    pub fn acted(&self) -> Option<u64> {
        let request = self.request.as_ref()?;
        match self.end {
            _ if request.effect == OperationEffect::Read => None,
            _ if self.is_uncertain() => Some(u64::MAX),
            Some(End::Done(_)) => Some(self.ended_seq),
            _ => self.before.as_ref().map(|before| before.seq),
        }
    }

    /// What it did, and has not undone: the number of the entry that ended it, also where a replay has set it aside.
    pub(super) fn did(&self) -> Option<u64> {
        match (&self.before, &self.end) {
            (Some(before), _) => Some(before.seq),
            (None, Some(End::Done(_))) => Some(self.ended_seq),
            _ => None,
        }
    }

    /// Applies an entry of this step.
    pub(super) fn apply(&mut self, fact: &Fact<'_>) {
        self.aside = false;
        self.hold(fact);
        let output = || fact.part("output");
        match fact.record {
            Record::Read { attempt, .. } => {
                self.attempt = *attempt;
                self.finish(End::Done(output()), fact.seq);
            }
            Record::Children { count } => {
                self.items = Some(Arc::new(items(fact)));
                self.begun = fact.member("begun").and_then(Value::as_u64).unwrap_or(*count);
                self.runs += u32::from(fact.member("pipeline").is_some());
            }
            Record::Chosen { what } => self.chose(what, fact),
            Record::Intent { .. } => self.intend(fact),
            Record::Done { joined, .. } => {
                self.joined = *joined;
                self.finish(End::Done(output()), fact.seq);
            }
            Record::Failed { .. } => self.fail(fact),
            Record::Timer { due, purpose, attempt } => {
                let held = self.held_since.is_some();
                self.probes += u32::from(*purpose == TimerPurpose::Probe && !held);
                let for_other = held || fact.member("for").is_some();
                self.timer = Some(Timer {
                    due: *due,
                    purpose: *purpose,
                    attempt: *attempt,
                    for_other,
                });
            }
            Record::Waiting {
                wait, due, reference, ..
            } => {
                self.attempt += 1;
                self.wait = Some(Waiting {
                    id: wait.clone(),
                    due: *due,
                    reference: reference.clone(),
                });
            }
            Record::Answer { .. } => self.finish(End::Done(Some(answer(fact).into())), fact.seq),
            Record::Claimed { .. } => self.claim(fact),
            Record::Released { .. } => self.finish(End::Done(None), fact.seq),
            Record::Voided { .. } => self.voided = true,
            Record::Observed { .. } => self.finish(End::Observed, fact.seq),
            _ => {}
        }
    }

    /// Whether it is held back from here on, or no longer.
    fn hold(&mut self, fact: &Fact<'_>) {
        let says = |why| fact.member(why).is_some() && matches!(fact.record, Record::Timer { .. });
        let (paused, failing) = (says("paused"), says("failing"));
        // Before a first attempt there is no window yet.
        if let Some(since) = self.paused_at.filter(|_| self.first_at.is_some()) {
            self.held_ms += fact.at.millis() - since.millis();
        }
        self.paused_at = paused.then_some(fact.at);
        let held = (paused || failing).then_some(fact.at);
        self.held_since = held.map(|at| self.held_since.unwrap_or(at));
    }

    /// Applies what the machine decided by itself.
    fn chose(&mut self, what: &str, fact: &Fact<'_>) {
        match what {
            "drain" => self.drains = true,
            "begun" => self.begun = fact.body.and_then(Value::as_u64).unwrap_or(self.begun),
            "deadline" => {
                let at = fact.body.and_then(Value::as_str);
                self.deadline = at.and_then(|at| Timestamp::parse(at).ok());
            }
            "round" => {
                self.round = fact.member("round").and_then(Value::as_u64).unwrap_or(self.round + 1);
                self.last = fact.part("last").filter(|last| !last.is_null());
                self.timer = None;
            }
            _ => {}
        }
    }

    fn claim(&mut self, fact: &Fact<'_>) {
        let Record::Claimed {
            ledger,
            once,
            reference,
            joined,
            ..
        } = fact.record
        else {
            return;
        };
        let claim = Claim {
            ledger: ledger.clone(),
            once: once.clone(),
            reference: reference.clone(),
        };
        self.claim = Some(claim);
        self.joined = *joined;
        self.finish(End::Done(fact.whole()), fact.seq);
    }

    pub(super) fn finish(&mut self, end: End, seq: u64) {
        // What it did stands as long as it has not come to the same result again.
        if matches!(end, End::Done(_)) {
            self.before = None;
        }
        self.end = Some(end);
        self.ended_seq = seq;
        self.aside = false;
        self.open = false;
        self.doubt = false;
        self.timer = None;
        self.wait = None;
    }

    /// Ready for another attempt after a person's word; the key stays. `absent`: the person says that it had no effect.
    pub(super) fn again(&mut self, at: Timestamp, absent: bool) {
        self.end = None;
        self.timer = None;
        self.wait = None;
        self.probes = 0;
        self.resumed_at = Some(at);
        self.held_ms = 0;
        self.resumed_after = self.attempt;
        self.resumed_round = self.round;
        self.deadline = None;
        if self.runs > 0 {
            self.items = None;
        }
        match &mut self.failure {
            Some(failed) if !absent && failed.failure.effect != Effect::None => failed.last = false,
            failure => {
                *failure = None;
                self.doubt = false;
            }
        }
    }

    /// What it gave is set aside by a replay. What may have taken effect is asked after first; what did is remembered.
    pub(super) fn set_aside(&mut self, at: Timestamp) {
        if self.is_uncertain() {
            return self.again(at, false);
        }
        let acted = self.request.is_some() || self.claim.is_some();
        match std::mem::take(&mut self.end) {
            Some(End::Done(output)) if acted && self.before.is_none() => {
                let seq = self.ended_seq;
                self.before = Some(Before { output, seq });
            }
            _ if self.before.is_some() => {}
            // What is sent is made anew of what there is now.
            _ => self.request = None,
        }
        self.again(at, true);
        (self.round, self.resumed_round, self.last) = (0, 0, None);
        self.cause = None;
        self.aside = true;
    }

    /// The next request leaves under another key: the other side knows nothing of it.
    pub(super) fn renew_key(&mut self) {
        self.keys += 1;
        self.first_at = None;
    }

    fn intend(&mut self, fact: &Fact<'_>) {
        let Record::Intent {
            attempt,
            key,
            effect,
            once,
            reference,
            ..
        } = fact.record
        else {
            return;
        };
        self.attempt = *attempt;
        self.open = true;
        self.timer = None;
        self.failure = None;
        self.first_at.get_or_insert(fact.at);
        self.last_at = Some(fact.at);
        self.key.clone_from(key);
        self.request = Some(Request {
            input: fact.part("input").unwrap_or_else(|| Value::Null.into()),
            documents: documents(fact.member("documents")),
            effect: *effect,
            once: once.clone(),
            reference: reference.clone(),
        });
    }

    fn fail(&mut self, fact: &Fact<'_>) {
        let Record::Failed {
            attempt,
            class,
            effect,
            code,
            last,
            ..
        } = fact.record
        else {
            return;
        };
        let failure = fact
            .body
            .and_then(|body| serde_json::from_value::<Failure>(body.clone()).ok());
        // The body may have been erased; the header alone tells enough to go on.
        let failure = failure.unwrap_or_else(|| Failure::new(*class, code.as_str(), "").with_effect(*effect));
        self.attempt = *attempt;
        self.open = false;
        self.doubt = *effect != Effect::None;
        self.timer = None;
        self.wait = None;
        self.first_at.get_or_insert(fact.at);
        self.last_at = Some(fact.at);
        self.failure = Some(Failed {
            failure,
            last: *last,
            at: fact.at,
        });
        self.cause = fact.member("step").and_then(Value::as_str).map(str::to_owned);
        if *last {
            self.end = Some(End::Failed);
            self.ended_seq = fact.seq;
        }
    }
}

/// The items of a `children` entry.
fn items(fact: &Fact<'_>) -> Vec<Item> {
    let list = fact
        .member("items")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let key = |value: &Value| value.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
    list.iter()
        .map(|value| Item {
            key: key(value),
            item: value["item"].clone(),
        })
        .collect()
}

/// What a wait gives: the answer's members, who gave it and when.
fn answer(fact: &Fact<'_>) -> Value {
    let mut out = match fact.body {
        Some(Value::Object(members)) => members.clone(),
        _ => Map::new(),
    };
    let mut by = json!({
        "id": fact.actor.id,
        "kind": fact.actor.kind,
        "authentication": fact.actor.authentication,
    });
    if let Some(name) = &fact.actor.name {
        by["name"] = Value::String(name.clone());
    }
    out.insert("by".into(), by);
    out.insert("at".into(), Value::String(fact.at.to_string()));
    Value::Object(out)
}

//! The machine: what a run does next, as a pure function of its entries and of what happened.
//!
//! In: a plan, the entries of a run, events. Out: commits, and requests to be made once they are durable.
//!
//! **Invariants.** No clock, randomness or channel: the time comes with each event. The fold of the entries ([`State`])
//! is the only memory that counts; everything else in a [`Machine`] may be thrown away at any moment, and a machine
//! that is made from the entries does what the lost one would have done.

mod call;
mod called;
mod carry;
mod choose;
mod claim;
mod deadline;
mod each;
mod emit;
mod ending;
mod event;
mod fact;
mod failing;
mod foresee;
mod given;
mod group;
mod locate;
mod meaning;
mod observe;
mod once;
mod origin;
mod paused;
mod probe;
mod progress;
mod repeat;
mod replay;
mod retry;
mod run;
mod same;
mod scope;
mod stands;
mod state;
mod undo;
mod void;
mod wait;
mod walk;

use std::collections::HashMap;
use std::sync::Arc;

use dragoman_journal::{Draft, Entry, Operation, Record, Refusal, Standing};
use dragoman_model::{Actor, Digest, Failure, RunId, Timestamp, Usage, Value};
use dragoman_plan::{Plan, StepKind};

pub use carry::{Hindrance, hindrances};
pub use event::{Act, Commit, Event, Found, Outgoing, Paused, Request, Rest, Turn};
pub use foresee::{Foreseen, Next};
pub use locate::{block_of, handled_step, step_at};
pub use origin::{Origin, roots};
pub use paused::LONGEST_MS;
pub use progress::{Claim, End, Failed, Item, Progress, Waiting};
pub use replay::{Aside, Redo, Replay, replay};
pub use retry::{Attempted, INTERRUPTED, Verdict, back_off, verdict};
pub use run::fits_input;
pub use stands::version;
pub use state::{Parking, State};
pub use undo::{Undoing, undoing};

use crate::runner::{Probed, Report};
use scope::Memo;
use walk::{Desk, Tail, Walk};

/// What the machine must know of the connections as they are now.
pub trait Connections {
    /// The digest of a connection's configuration and endpoints.
    fn settings(&self, connection: &str) -> Option<Digest>;
    /// Whether only reads are made over it.
    fn observes(&self, connection: &str) -> bool;
    /// Whether a pipeline may make no call, or none over this connection.
    fn paused(&self, pipeline: &str, connection: &str) -> Option<Paused>;
}

/// For a walk that leads to no call.
struct Nowhere;

impl Connections for Nowhere {
    fn settings(&self, _: &str) -> Option<Digest> {
        None
    }

    fn observes(&self, _: &str) -> bool {
        false
    }

    fn paused(&self, _: &str, _: &str) -> Option<Paused> {
        None
    }
}

/// What is under way for a step; it is lost with the process, and the entries tell what to do then.
#[derive(Debug)]
enum Live {
    /// The intent is durable; the request has not left.
    Send,
    /// A call or a probe or a question to the store has not been answered.
    Away,
    /// As [`Live::Away`], and it was woken meanwhile: the answer may be older than what woke it.
    AwayAgain,
    /// Such an answer came: the store is asked again.
    Again,
    /// A call was answered.
    Called(Box<Report>),
    /// A probe was answered.
    Probed(Box<Result<Probed, Failure>>, Usage),
    /// The commit with the step's intent was refused.
    Refused(Refusal),
    /// The store answered.
    Found(Found),
    /// A person answered.
    Answered { actor: Actor, answer: Value, shown: Digest },
}

/// A run at work.
#[derive(Debug)]
pub struct Machine {
    plan: Arc<Plan>,
    state: State,
    memo: Memo,
    live: HashMap<String, Live>,
    desk: Desk,
    tail: Option<Tail>,
    stored: Standing,
    actor: Actor,
}

impl Machine {
    /// A run from its first entries, as they were written by the accepting of a message or by a parent.
    pub fn from_drafts(plan: Arc<Plan>, run: RunId, drafts: &[Draft], worker: &Actor) -> Self {
        let mut machine = Self::empty(plan, run, worker);
        for draft in drafts {
            machine.state.apply_draft(draft);
        }
        machine
    }

    /// A run from its entries, as they were read back.
    pub fn from_entries(plan: Arc<Plan>, run: RunId, entries: &[Entry], worker: &Actor) -> Self {
        let mut machine = Self::empty(plan, run, worker);
        for entry in entries {
            machine.state.apply(entry);
        }
        machine
    }

    fn empty(plan: Arc<Plan>, run: RunId, worker: &Actor) -> Self {
        Machine {
            plan,
            state: State::new(run),
            memo: Memo::default(),
            live: HashMap::new(),
            desk: Desk::default(),
            tail: None,
            stored: Standing::Active,
            actor: worker.clone(),
        }
    }

    /// The fold of the run's entries, those included that are in the commit under way.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The plan.
    pub fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }

    /// Takes an event at a time and says what is to be done.
    pub fn advance(&mut self, connections: &dyn Connections, now: Timestamp, event: Event) -> Turn {
        let (woken, operated) = self.take(event);
        let undoes = matches!(&operated, Some(Operated::Act { act: Act::Undo, .. }));
        let known = (undoes || self.state.undo.is_some()).then(|| self.walked().memo);
        let plan = Arc::clone(&self.plan);
        let mut walk = Walk {
            plan: &plan,
            state: &mut self.state,
            memo: &mut self.memo,
            live: &mut self.live,
            desk: &mut self.desk,
            connections,
            now,
            actor: &self.actor,
            path: String::new(),
            frames: Vec::new(),
            failures: Vec::new(),
            rounds: Vec::new(),
            draining: false,
            stored: self.stored,
            woken,
            undoing: false,
            tail: None,
            more: false,
            requests: Vec::new(),
            dues: Vec::new(),
        };
        if let Some(operated) = operated {
            walk.operate(operated);
        }
        // What is undone is not walked through again, and its undo reads what the steps gave.
        if let Some(known) = known.filter(|_| walk.state.undo.is_some()) {
            *walk.memo = known;
        }
        walk.run();
        let Walk {
            tail,
            more,
            requests,
            dues,
            ..
        } = walk;
        self.finish(tail, more, requests, &dues)
    }

    /// Takes an event in: whether what waits looks again, and what comes from outside the run's own steps.
    fn take(&mut self, event: Event) -> (bool, Option<Operated>) {
        let mut woken = false;
        let mut operated = None;
        match event {
            Event::Started | Event::Woken => woken = true,
            Event::Time => {}
            Event::Committed => self.committed(),
            Event::Refused { refusal, commit } => operated = self.refused(refusal, *commit),
            Event::Called { path, report } => self.answer(path, Live::Called(report)),
            Event::Probed { path, result, usage } => self.answer(path, Live::Probed(result, usage)),
            Event::Found { path, found } => self.answer(path, Live::Found(found)),
            Event::Answered {
                path,
                actor,
                answer,
                shown,
            } => {
                operated = self.too_old_and_answered(&actor);
                self.live.insert(path, Live::Answered { actor, answer, shown });
            }
            Event::Voided { reference, by } => operated = Some(Operated::Voided { reference, by }),
            Event::Operated { act, actor, reason } => operated = Some(Operated::Act { act, actor, reason }),
        }
        (woken, operated)
    }

    /// Only the age of the run is in the way, and whoever answers sees to that.
    fn too_old_and_answered(&self, actor: &Actor) -> Option<Operated> {
        let parked = self.state.parked.as_ref()?;
        (parked.code == deadline::DEADLINE).then(|| Operated::Act {
            act: Act::Resume,
            actor: actor.clone(),
            reason: "a wait was answered".to_owned(),
        })
    }

    /// Checks a person's answer against the decision of the wait at a path.
    ///
    /// # Errors
    /// What is wrong with it, for the person.
    pub fn check_answer(&self, path: &str, answer: &Value) -> Result<(), String> {
        match step_at(&self.plan, path).map(|step| &step.kind) {
            Some(StepKind::Wait(wait)) => {
                wait::check(wait, answer)?;
                if wait.check.is_none() {
                    return Ok(());
                }
                let walked = self.walked();
                wait::holds(wait, answer, path, (&walked.plan, &walked.state, &walked.memo))
            }
            _ => Err(format!("step `{path}` does not wait for a person")),
        }
    }

    /// A copy that has gone the way of its entries: it knows what steps gave that write none (`set`, the arm of a
    /// `choose`), which a run that was just read back does not. What it would do next is dropped.
    fn walked(&self) -> Machine {
        let mut copy = Self::empty(Arc::clone(&self.plan), self.state.run, &self.actor);
        copy.state = self.state.clone();
        // One that is only too old walks as soon as it is answered.
        copy.state.parked = None;
        copy.state.undo = None;
        // At this time nothing is due.
        let _dropped = copy.advance(&Nowhere, Timestamp::from_millis(0), Event::Time);
        copy
    }

    fn answer(&mut self, path: String, live: Live) {
        // What was not asked for any more (a step that another event settled) is of no use.
        match self.live.get(&path) {
            Some(Live::Away) => drop(self.live.insert(path, live)),
            Some(Live::AwayAgain) => drop(self.live.insert(path, Live::Again)),
            _ => {}
        }
    }

    /// The commit with which the run came to rest is durable, and its owner keeps it at hand for what comes next.
    pub fn rested(&mut self) {
        self.committed();
    }

    fn committed(&mut self) {
        let Some(tail) = self.tail.take() else { return };
        for draft in &tail.entries {
            self.state.apply_draft(draft);
            if matches!(draft.record, Record::Intent { .. }) {
                self.live.insert(draft.path.clone(), Live::Send);
            }
        }
        self.stored = tail.standing.unwrap_or(Standing::Active);
    }

    /// Takes back what was not written. What is certain comes again with the next commit.
    fn refused(&mut self, refusal: Refusal, mut commit: Commit) -> Option<Operated> {
        commit.entries.truncate(commit.certain.0);
        commit.operations.truncate(commit.certain.1);
        self.desk.entries = commit.entries;
        self.desk.operations = commit.operations;
        self.desk.urgent = true;
        let tail = self.tail.take();
        if let Some(tail) = &tail
            && matches!(refusal, Refusal::Voided { .. } | Refusal::State { .. })
        {
            self.put_answer_back(tail);
        }
        match refusal {
            Refusal::Voided { reference, by } => {
                let uncertain = |tail: &Tail| self.state.step(&tail.path).is_some_and(Progress::is_uncertain);
                if let Some(tail) = tail.filter(uncertain) {
                    let (reference, by) = (reference.clone(), by);
                    self.live
                        .insert(tail.path, Live::Refused(Refusal::Voided { reference, by }));
                }
                Some(Operated::Voided { reference, by })
            }
            Refusal::State { connection, key, .. } => {
                // Another run has written the state meanwhile. A read whose commit this was is not done, and is called
                // again; what took effect is: there the other's value stands, and this run's is dropped.
                // Its keys belong together, so all that the call wrote is dropped.
                drop_writes(&mut self.desk.operations, &connection, &key);
                self.desk.urgent = !(self.desk.entries.is_empty() && self.desk.operations.is_empty());
                None
            }
            refusal => {
                if let Some(tail) = tail {
                    self.live.insert(tail.path, Live::Refused(refusal));
                }
                None
            }
        }
    }

    /// What a person answered is not lost where the commit with it was refused because of something else.
    fn put_answer_back(&mut self, tail: &Tail) {
        for draft in &tail.entries {
            if let Record::Answer { shown, .. } = &draft.record {
                let actor = draft.actor.clone();
                let answer = draft.body.as_deref().cloned().unwrap_or(Value::Null);
                let shown = *shown;
                self.live
                    .insert(draft.path.clone(), Live::Answered { actor, answer, shown });
            }
        }
    }

    /// Makes the turn out of what the walk wants.
    fn finish(&mut self, tail: Option<Tail>, more: bool, requests: Vec<Request>, dues: &[walk::Due]) -> Turn {
        let busy = more || !self.live.is_empty() || !requests.is_empty();
        let resting = if self.state.closed.is_some() {
            Some(Standing::Closed)
        } else if self.state.parked.is_some() {
            Some(Standing::Parked)
        } else if busy {
            None
        } else {
            walk::standing(dues)
        };
        if let Some(mut tail) = tail {
            tail.standing = tail.standing.filter(|_| !busy && dues.is_empty());
            let commit = self.commit(Some(&mut tail), Standing::Active);
            self.tail = Some(tail);
            let rest = if commit.standing == Standing::Active {
                Rest::Continue
            } else {
                Rest::Resting
            };
            return Turn {
                commit: Some(commit),
                requests,
                rest,
            };
        }
        let standing = resting.unwrap_or(Standing::Active);
        let wanted = match resting {
            Some(standing) => !self.desk.entries.is_empty() || self.stored != standing,
            None => self.desk.urgent,
        };
        let commit = wanted.then(|| self.commit(None, standing));
        self.stored = standing;
        let until = dues.iter().filter_map(|due| due.at).min();
        let rest = if resting.is_some() {
            Rest::Resting
        } else {
            Rest::Working(until)
        };
        Turn { commit, requests, rest }
    }

    fn commit(&mut self, tail: Option<&mut Tail>, standing: Standing) -> Commit {
        let mut entries = std::mem::take(&mut self.desk.entries);
        let mut operations = std::mem::take(&mut self.desk.operations);
        self.desk.urgent = false;
        let certain = (entries.len(), operations.len());
        let Some(tail) = tail else {
            return Commit {
                entries,
                operations,
                begins: Vec::new(),
                standing,
                certain,
            };
        };
        for (seq, draft) in (self.state.next..).zip(&mut tail.entries) {
            draft.seq = seq;
        }
        entries.extend_from_slice(&tail.entries);
        operations.append(&mut tail.operations);
        let standing = tail.standing.unwrap_or(standing);
        Commit {
            entries,
            operations,
            begins: std::mem::take(&mut tail.begins),
            standing,
            certain,
        }
    }
}

/// What comes from outside the run's own steps.
enum Operated {
    Voided { reference: String, by: RunId },
    Act { act: Act, actor: Actor, reason: String },
}

/// The connection and the key that an operation writes in the state of connections, or relies on.
fn written(operation: &Operation) -> Option<(&str, &str)> {
    match operation {
        Operation::StatePut { connection, key, .. }
        | Operation::StateDelete { connection, key, .. }
        | Operation::StateRelied { connection, key, .. } => Some((connection, key)),
        _ => None,
    }
}

/// Drops the writes of the call that wrote a key: those of one call stand side by side.
fn drop_writes(operations: &mut Vec<Operation>, connection: &str, key: &str) {
    while let Some(at) = operations
        .iter()
        .position(|one| written(one) == Some((connection, key)))
    {
        let same = |one: &&Operation| written(one).is_some_and(|(on, _)| on == connection);
        let before = operations[..at].iter().rev().take_while(same).count();
        let after = operations[at..].iter().take_while(same).count();
        operations.drain(at - before..at + after);
    }
}

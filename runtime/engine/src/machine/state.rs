//! The state of a run: the fold of its entries. The same fold is used while the run works and when it is read back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dragoman_journal::{Draft, Ending, Entry, Record};
use dragoman_model::{Class, Failure, RunId, Timestamp, Value};

use super::deadline::DEADLINE;
use super::fact::Fact;
use super::locate::{handled_step, is_aside};
use super::origin::{Origin, origin};
use super::progress::{End, Progress};

/// Why a run is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    /// Short and stable.
    pub code: String,
    /// For people.
    pub reason: String,
    /// The step.
    pub path: String,
}

/// What is still to be known of rounds that are over.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Past {
    /// Something outside was changed.
    effects: bool,
    /// A step that began children.
    children: Option<String>,
}

/// The state of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The run.
    pub run: RunId,
    /// The number of its next entry.
    pub next: u64,
    /// Where it comes from; none before its first entry.
    pub origin: Option<Origin>,
    /// References that were closed by another run, with that run's id.
    pub voided: BTreeMap<String, String>,
    /// Set while it is parked.
    pub parked: Option<Parking>,
    /// Set when it has ended.
    pub closed: Option<Ending>,
    /// Why a person has given it up; it ends as soon as nothing that it began is open.
    pub given_up: Option<String>,
    /// Why a person has all of it undone; it ends as soon as that is so.
    pub undo: Option<String>,
    /// A person was told that it is past its deadline.
    pub(super) overdue: bool,
    /// The answer to a sender that waits.
    pub reply: Option<Value>,
    references: BTreeSet<String>,
    /// The number of the last event that a wait has heard, by name and key: another wait is for a later one.
    heard: BTreeMap<(String, String), u64>,
    /// What rounds that are over and forgotten did.
    past: Past,
    steps: HashMap<String, Progress>,
}

impl State {
    /// A run of which nothing is known yet.
    pub fn new(run: RunId) -> Self {
        State {
            run,
            next: 0,
            origin: None,
            voided: BTreeMap::new(),
            parked: None,
            closed: None,
            given_up: None,
            undo: None,
            overdue: false,
            reply: None,
            references: BTreeSet::new(),
            heard: BTreeMap::new(),
            past: Past::default(),
            steps: HashMap::new(),
        }
    }

    /// How the step at a path stands; none: nothing was written of it.
    pub fn step(&self, path: &str) -> Option<&Progress> {
        self.steps.get(path)
    }

    /// All steps of which something was written.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &Progress)> {
        self.steps.iter().map(|(path, progress)| (path.as_str(), progress))
    }

    /// Whether something was done, or waited for, under a business reference.
    pub fn is_under(&self, reference: &str) -> bool {
        self.references.contains(reference)
    }

    /// The number of the last event of a name and key that a step of this run has waited for; 0: none was.
    pub(super) fn last_heard(&self, event: &str, key: &str) -> u64 {
        let of = (event.to_owned(), key.to_owned());
        self.heard.get(&of).copied().unwrap_or(0)
    }

    fn hear(&mut self, fact: &Fact<'_>) {
        if let Some(number) = fact.member("number").and_then(Value::as_u64) {
            self.heard.insert((fact.text("event"), fact.text("key")), number);
        }
    }

    /// Whether something outside was, or may have been, changed by this run.
    pub fn has_effects(&self) -> bool {
        self.past.effects || self.steps.values().any(Progress::has_effect)
    }

    /// A step that began children, if one did.
    pub(super) fn began_children(&self) -> Option<String> {
        let began = self.steps.iter().filter(|(_, step)| step.begun > 0);
        began
            .map(|(path, _)| path.clone())
            .min()
            .or_else(|| self.past.children.clone())
    }

    /// Whether something was written of a step below a path.
    pub(super) fn has_begun_below(&self, path: &str) -> bool {
        self.steps.keys().any(|other| is_below(other, path))
    }

    /// Applies an entry that was read back.
    pub fn apply(&mut self, entry: &Entry) {
        self.apply_fact(&Fact::of_entry(entry));
    }

    /// Applies an entry that is about to be written.
    pub fn apply_draft(&mut self, draft: &Draft) {
        self.apply_fact(&Fact::of_draft(draft));
    }

    fn apply_fact(&mut self, fact: &Fact<'_>) {
        self.next = fact.seq + 1;
        self.references.extend(reference(fact.record).cloned());
        match fact.record {
            Record::Accepted { .. } => self.origin = origin(self.run, fact),
            Record::Parked { code } => {
                self.overdue |= code == DEADLINE;
                let path = fact.path.to_owned();
                self.parked = Some(Parking {
                    code: code.clone(),
                    reason: fact.text("reason"),
                    path,
                });
            }
            Record::Closed { ending } => self.closed = Some(*ending),
            Record::Event { name } if name == "voided" => {
                self.voided.insert(fact.text("reference"), fact.text("by"));
            }
            Record::Event { name } if name == "replied" => {
                self.reply = fact.member("value").cloned();
                self.progress(fact.path).finish(End::Done(None), fact.seq);
            }
            Record::Event { name } if name == "emitted" || name == "received" => {
                self.hear(fact);
                self.progress(fact.path)
                    .finish(End::Done(fact.part("output")), fact.seq);
            }
            Record::Operated { act } => self.operated(act, fact),
            Record::Migrated { to, .. } => {
                if let Some(origin) = &mut self.origin {
                    origin.version = *to;
                }
            }
            Record::Chosen { what } if what == "round" => {
                self.progress(fact.path).apply(fact);
                if fact.member("keeps") != Some(&Value::Bool(true)) {
                    self.forget_rounds(fact.path);
                }
            }
            Record::Failed { last: true, .. } if !fact.path.is_empty() => {
                self.progress(fact.path).apply(fact);
                self.give_up_below(fact.path, fact.seq);
            }
            _ => self.progress(fact.path).apply(fact),
        }
        // What this very run did before a replay is its own.
        let own = self.run;
        if let Some(step) = self.steps.get_mut(fact.path).filter(|step| step.joined == Some(own)) {
            step.joined = None;
        }
    }

    /// The rounds of a step that are over: what they gave is known by the step, and nothing else of them is needed.
    fn forget_rounds(&mut self, path: &str) {
        let rounds = format!("{path}[");
        let past = &mut self.past;
        self.steps.retain(|other, step| {
            if !other.starts_with(&rounds) {
                return true;
            }
            past.effects |= step.has_effect();
            if step.begun > 0 {
                past.children.get_or_insert_with(|| other.clone());
            }
            false
        });
    }

    /// A step that has failed for good has nothing under way inside it.
    fn give_up_below(&mut self, path: &str, seq: u64) {
        let open = |(other, step): &(&String, &mut Progress)| step.end.is_none() && is_below(other, path);
        for (_, step) in self.steps.iter_mut().filter(open) {
            step.finish(End::GivenUp, seq);
        }
    }

    fn progress(&mut self, path: &str) -> &mut Progress {
        self.steps.entry(path.to_owned()).or_default()
    }

    /// An operator's act on the step that parked the run.
    fn operated(&mut self, act: &str, fact: &Fact<'_>) {
        let reason = || {
            fact.member("reason")
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        match act {
            "replay" => return self.replay(fact),
            "undo" => {
                self.parked = None;
                self.undo = Some(reason());
                return;
            }
            _ => {}
        }
        // The age of a run says nothing of its steps.
        if self.parked.take().is_some_and(|parked| parked.code == DEADLINE) {
            return;
        }
        let path = fact.path;
        match act {
            "resume" | "absent" => {
                self.steps.values_mut().for_each(|step| step.drains = false);
                self.again(path, fact.at, act == "absent");
            }
            "skip" => {
                let output = fact.part("output");
                let step = self.progress(path);
                let did = step.before.take().and_then(|before| before.output);
                step.finish(End::Done(output.or(did)), fact.seq);
            }
            "cancel" => self.given_up = Some(reason()),
            _ => {}
        }
    }

    /// A replay from a step: the entry says of which steps what they gave is set aside.
    fn replay(&mut self, fact: &Fact<'_>) {
        self.parked = None;
        self.steps.values_mut().for_each(|step| step.drains = false);
        let aside = fact.member("aside").and_then(Value::as_array);
        for path in aside.into_iter().flatten().filter_map(Value::as_str) {
            if let Some(step) = self.steps.get_mut(path) {
                step.set_aside(fact.at);
            }
        }
        if fact.member("new_key") == Some(&Value::Bool(true)) {
            self.progress(fact.path).renew_key();
        }
    }

    /// Whether something was undone, or was about to be.
    pub(super) fn has_begun_undo(&self) -> bool {
        self.steps.keys().any(|path| path.ends_with(".undo"))
    }

    /// Whether what the step at a path did was undone.
    pub fn is_undone(&self, path: &str) -> bool {
        let undo = self.step(&format!("{path}.undo")).and_then(|undo| undo.end.as_ref());
        matches!(undo, Some(End::Done(_) | End::Observed))
    }

    /// A step whose effect stands, or may, and has no business key by which another run would know of it.
    pub(crate) fn done_without_key(&self) -> Option<String> {
        let own = format!("{}/", self.run);
        let stands = |(path, step): &(&String, &Progress)| {
            let called = step.acted().is_some() && step.request.as_ref().is_some_and(|request| request.once.is_none());
            let claimed = step
                .claim
                .as_ref()
                .is_some_and(|claim| claim.once.key.starts_with(&own));
            (called || claimed) && step.joined.is_none() && !self.is_undone(path)
        };
        self.steps.iter().filter(stands).map(|(path, _)| path.clone()).min()
    }

    /// A step that took effect before a replay, and that the run has not come to again.
    pub(super) fn left_behind(&self) -> Option<&str> {
        let undone = |path: &str| {
            let undo = self.step(&format!("{path}.undo")).and_then(|undo| undo.end.as_ref());
            matches!(undo, Some(End::Done(_) | End::Observed))
        };
        let left = self
            .steps
            .iter()
            .filter(|(path, step)| step.before.is_some() && !undone(path));
        left.map(|(path, _)| path.as_str()).min()
    }

    /// A step is let go on: what handled it is forgotten. Where it failed with what a step inside it did not handle, that
    /// one goes on; what took effect inside it stays done.
    fn again(&mut self, path: &str, at: Timestamp, absent: bool) {
        let cause = self.steps.get_mut(path).and_then(|step| step.cause.take());
        self.steps.retain(
            |other, step| match other.strip_prefix(path).filter(|_| is_below(other, path)) {
                None => true,
                Some(rest) if is_aside(rest.trim_start_matches('.')) => false,
                Some(_) => cause.is_some() || step.has_effect() || step.begun > 0 || step.request.is_some(),
            },
        );
        for (_, step) in self.steps.iter_mut().filter(|(other, _)| is_below(other, path)) {
            if step.end == Some(End::GivenUp) {
                step.again(at, absent);
            }
        }
        if let Some(step) = self.steps.get_mut(path) {
            step.again(at, absent);
        }
        // The body of the step is no handler, and a handler inside it is the inner step's.
        if let Some(inner) = cause.as_deref().filter(|cause| is_below(cause, path)) {
            let rest = &inner[path.len() + 1..];
            let inner = &inner[..path.len() + 1 + handled_step(rest).len()];
            self.again(inner, at, absent);
        }
    }
}

/// The reference that an entry makes open for its run.
fn reference(record: &Record) -> Option<&String> {
    match record {
        Record::Intent { reference, .. } | Record::Claimed { reference, .. } | Record::Waiting { reference, .. } => {
            reference.as_ref()
        }
        _ => None,
    }
}

/// Whether a path is that of a step inside another one, or inside its handlers; everything is below the empty path.
pub(super) fn is_below(path: &str, above: &str) -> bool {
    above.is_empty()
        || path
            .strip_prefix(above)
            .is_some_and(|rest| rest.starts_with(['.', '[']))
}

/// Whether a failure of this class is the other side's no.
pub(super) fn is_rejection(failure: &Failure) -> bool {
    failure.class == Class::Rejected
}

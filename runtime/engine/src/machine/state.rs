//! The state of a run: the fold of its entries. The same fold is used while the run works and when it is read back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dragoman_journal::{Draft, Ending, Entry, Record};
use dragoman_model::{Class, Failure, RunId, Value};

use super::fact::Fact;
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
    /// The answer to a sender that waits.
    pub reply: Option<Value>,
    references: BTreeSet<String>,
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
            reply: None,
            references: BTreeSet::new(),
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

    /// Whether something outside was, or may have been, changed by this run.
    pub fn has_effects(&self) -> bool {
        self.steps
            .values()
            .any(|p| p.claim.is_some() || p.open || (p.request.is_some() && matches!(p.end, Some(End::Done(_)))))
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
        if let Record::Intent {
            reference: Some(reference),
            ..
        }
        | Record::Claimed {
            reference: Some(reference),
            ..
        }
        | Record::Waiting {
            reference: Some(reference),
            ..
        } = fact.record
        {
            self.references.insert(reference.clone());
        }
        match fact.record {
            Record::Accepted { .. } => self.origin = origin(self.run, fact),
            Record::Parked { code } => {
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
            Record::Operated { act } => self.operated(act, fact),
            _ => self.progress(fact.path).apply(fact),
        }
    }

    fn progress(&mut self, path: &str) -> &mut Progress {
        self.steps.entry(path.to_owned()).or_default()
    }

    /// An operator's act on the step that parked the run.
    fn operated(&mut self, act: &str, fact: &Fact<'_>) {
        self.parked = None;
        let path = fact.path;
        match act {
            "resume" | "absent" => {
                self.steps.values_mut().for_each(|step| step.drains = false);
                let below = format!("{path}.");
                self.steps.retain(|other, _| !other.starts_with(&below));
                if let Some(step) = self.steps.get_mut(path) {
                    step.again(fact.at, act == "absent");
                }
            }
            "skip" => self.progress(path).finish(End::Done(None), fact.seq),
            _ => {}
        }
    }
}

/// Whether a failure of this class is the other side's no.
pub(super) fn is_rejection(failure: &Failure) -> bool {
    failure.class == Class::Rejected
}

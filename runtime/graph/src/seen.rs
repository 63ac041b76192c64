//! What the entries of one journal say of its steps, before anything is inferred.

use std::collections::{BTreeMap, BTreeSet};

use dragoman_journal::{Ending, Record};
use dragoman_model::Class;

use crate::track::Mark;

/// What was seen in a journal.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// By the step's path, without the numbers of items and rounds.
    pub(crate) marks: BTreeMap<String, Mark>,
    /// Of steps that failed for good: whether their time was over, and whether it was the other side's no.
    pub(crate) failures: BTreeMap<String, (bool, bool)>,
    /// Steps that are undone, or were.
    pub(crate) undone: BTreeSet<String>,
    /// Whether a reference of the run was closed.
    pub(crate) voided: bool,
}

impl Seen {
    /// An entry of a step.
    pub(crate) fn entry(&mut self, path: &str, record: &Record) {
        self.goes_on(path);
        match record {
            Record::Operated { act } => self.operated(path, act),
            Record::Event { name } if name == "voided" => self.voided = true,
            Record::Failed {
                last: true,
                class,
                code,
                ..
            } => {
                let is_late = code.ends_with(".timeout") || code == "repeat.rounds";
                self.failures
                    .insert(path.to_owned(), (is_late, *class == Class::Rejected));
            }
            _ => {}
        }
        // What undoes a step has no picture of its own: it becomes of the step.
        let (path, undoes) = match path.strip_suffix(".undo") {
            Some(undone) => (undone, true),
            None => (path, false),
        };
        let mark = match mark_of(record) {
            Some(Mark::Done) if undoes => Some(Mark::Undone),
            mark => mark,
        };
        if undoes {
            self.undone.insert(path.to_owned());
        }
        if let (Some(mark), false) = (mark, path.is_empty()) {
            self.marks.insert(path.to_owned(), mark);
        }
    }

    /// What something happens inside of does not wait any more: a `repeat` whose next round has begun.
    fn goes_on(&mut self, path: &str) {
        for (at, _) in path.match_indices(['.', '[']) {
            if let Some(mark) = self.marks.get_mut(&path[..at]).filter(|mark| **mark == Mark::Waiting) {
                *mark = Mark::Running;
            }
        }
    }

    /// A person let a step go on, which had failed or was parked: what handled it is forgotten, as it is by the run.
    fn operated(&mut self, path: &str, act: &str) {
        let mark = match act {
            "skip" => Mark::Done,
            "resume" | "absent" => Mark::Running,
            _ => return,
        };
        let handlers = format!("{path}.on_");
        self.marks.retain(|other, _| !other.starts_with(&handlers));
        if let Some(known) = self.marks.get_mut(path) {
            *known = mark;
        }
    }

    /// The run has ended: what was under way then comes to nothing.
    pub(crate) fn closed(&mut self, how: Ending) {
        if how == Ending::Completed {
            return;
        }
        for mark in self.marks.values_mut() {
            let parked = *mark == Mark::Parked && how == Ending::Cancelled;
            if parked || matches!(mark, Mark::Waiting | Mark::Running) {
                *mark = Mark::GivenUp;
            }
        }
    }
}

fn mark_of(record: &Record) -> Option<Mark> {
    Some(match record {
        Record::Read { .. }
        | Record::Done { .. }
        | Record::Answer { .. }
        | Record::Claimed { .. }
        | Record::Released { .. }
        | Record::Voided { .. }
        | Record::Observed { .. } => Mark::Done,
        // What was emitted, what a wait heard, what a sender was answered.
        Record::Event { name } if matches!(name.as_str(), "emitted" | "received" | "replied") => Mark::Done,
        Record::Children { .. } | Record::Intent { .. } => Mark::Running,
        Record::Failed { last: true, .. } => Mark::Failed,
        Record::Failed { .. } | Record::Timer { .. } | Record::Waiting { .. } => Mark::Waiting,
        Record::Parked { .. } => Mark::Parked,
        _ => return None,
    })
}

//! A run, or the run of an item, with how far its business facts are.

use dragoman_engine::machine::{End, Progress, State};
use dragoman_journal::{Ending, Entry, Record, RunSummary, without_numbers};
use dragoman_model::Value;
use serde_json::json;

use super::facts::Fact;
use crate::view;

/// How far a fact is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Far {
    /// It took place.
    Done,
    /// It took place and was undone.
    Undone,
    /// A request left, and whether it took effect is not known.
    InDoubt,
    /// It is still to come.
    Owed,
    /// It did not take place, and will not by itself.
    NotDone,
    /// It was not called for: another branch, a condition, a run that ended well without it.
    NotCalledFor,
}

/// What a run that is not settled is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lack {
    /// It has not ended.
    Open,
    /// It failed or was given up, and something of it took place, or may have.
    HalfDone,
    /// It failed or was given up, and nothing of it stands.
    Nothing,
}

impl Lack {
    pub(super) const ALL: [Lack; 3] = [Lack::Open, Lack::HalfDone, Lack::Nothing];

    pub(super) fn word(self) -> &'static str {
        match self {
            Lack::Open => "open",
            Lack::HalfDone => "half_done",
            Lack::Nothing => "nothing",
        }
    }
}

/// A run, or the run of an item.
pub(super) struct Unit {
    pub(super) summary: RunSummary,
    pub(super) state: State,
    /// The facts that are its own, in the order of the pipeline.
    pub(super) facts: Vec<(Fact, Far)>,
}

impl Unit {
    /// In: the run, its entries, and the facts of the version of the pipeline that it is pinned to.
    pub(super) fn read(summary: RunSummary, entries: &[Entry], of_pipeline: &[Fact]) -> Unit {
        let mut state = State::new(summary.run);
        entries.iter().for_each(|entry| state.apply(entry));
        let paths: Vec<String> = entries.iter().map(|e| without_numbers(&e.header.path)).collect();
        let items_of = items_of(&state);
        let begun = |path: &str| {
            let children =
                |(entry, own): (&Entry, &String)| own == path && matches!(entry.header.record, Record::Children { .. });
            entries.iter().zip(&paths).any(children)
        };
        let own = of_pipeline.iter().filter(|fact| match &fact.items_of {
            // Items that have not begun are still this run's to begin.
            Some(path) if Some(path) != items_of.as_ref() => {
                path.starts_with(&items_of.as_ref().map(|of| format!("{of}[].")).unwrap_or_default()) && !begun(path)
            }
            path => *path == items_of,
        });
        let written: Vec<(Fact, Option<Far>)> = own
            .map(|fact| {
                let at = entries.iter().zip(&paths).filter(|(_, path)| **path == fact.path);
                (fact.clone(), far(&state, at.map(|(entry, _)| entry)))
            })
            .collect();
        let facts = unwritten(written, &paths, &summary);
        Unit { summary, state, facts }
    }

    /// What is lacking; none: it is settled, or only observes.
    pub(super) fn lack(&self) -> Option<Lack> {
        let observes = self.state.origin.as_ref().is_some_and(|origin| origin.observe);
        let stands = |(_, far): &(Fact, Far)| matches!(far, Far::Done | Far::InDoubt);
        match self.summary.ending {
            _ if observes => None,
            Some(Ending::Completed | Ending::Stopped) => None,
            None => Some(Lack::Open),
            Some(_) if self.facts.iter().any(stands) => Some(Lack::HalfDone),
            Some(_) => Some(Lack::Nothing),
        }
    }

    /// The paths of its facts that are so far.
    fn which(&self, wanted: &[Far]) -> Vec<&str> {
        let those = self.facts.iter().filter(|(_, far)| wanted.contains(far));
        those.map(|(fact, _)| fact.path.as_str()).collect()
    }

    /// In a list of what is missing.
    pub(super) fn to_json(&self, lack: Lack) -> Value {
        let origin = self.state.origin.as_ref();
        let item = origin.and_then(|origin| Some(origin.parent.as_ref()?.item.as_str()));
        json!({
            "run": self.summary.run, "parent": self.summary.parent, "pipeline": self.summary.pipeline,
            "key": self.summary.run_key, "item": item, "lack": lack.word(), "status": view::status(&self.summary),
            "began": self.summary.began, "touched": self.summary.touched, "note": self.summary.note,
            "done": self.which(&[Far::Done]), "in_doubt": self.which(&[Far::InDoubt]),
            "undone": self.which(&[Far::Undone]), "not_done": self.which(&[Far::Owed, Far::NotDone]),
        })
    }
}

/// Of an item: the step of its pipeline that it is an item of.
fn items_of(state: &State) -> Option<String> {
    let origin = state.origin.as_ref()?;
    let parent = origin.of_item()?;
    Some(without_numbers(&parent.path))
}

/// How far a fact is as the entries at its path tell; none: they tell nothing.
fn far<'a>(state: &State, entries: impl Iterator<Item = &'a Entry>) -> Option<Far> {
    let mut found = None;
    for entry in entries {
        let path = &entry.header.path;
        let took_place = matches!(
            &entry.header.record,
            Record::Done { .. } | Record::Claimed { .. } | Record::Released { .. }
        ) || matches!(&entry.header.record, Record::Event { name } if name == "received");
        let far = match state.step(path) {
            _ if state.is_undone(path) => Far::Undone,
            Some(step) => of_step(step),
            // A round that is over.
            None if took_place => Far::Done,
            None => continue,
        };
        // Of several rounds one is enough; what is in doubt is told above all.
        found = match (found, far) {
            (Some(Far::InDoubt), _) | (_, Far::InDoubt) => Some(Far::InDoubt),
            (Some(Far::Done), _) | (_, Far::Done) => Some(Far::Done),
            (_, far) => Some(far),
        };
    }
    found
}

fn of_step(step: &Progress) -> Far {
    match &step.end {
        Some(End::Done(_)) => Far::Done,
        _ if step.before.is_some() || step.claim.is_some() => Far::Done,
        _ if step.is_uncertain() => Far::InDoubt,
        Some(End::Failed | End::GivenUp) => Far::NotDone,
        Some(End::Observed) => Far::NotCalledFor,
        None => Far::Owed,
    }
}

/// Decides on those of which nothing is written: what stands before one that was reached was passed over, and so was the
/// branch beside the one that was taken.
fn unwritten(written: Vec<(Fact, Option<Far>)>, paths: &[String], summary: &RunSummary) -> Vec<(Fact, Far)> {
    let reached = written.iter().rposition(|(_, far)| far.is_some());
    let to_come = match summary.ending {
        None => Far::Owed,
        Some(Ending::Completed | Ending::Stopped) => Far::NotCalledFor,
        Some(Ending::Failed | Ending::Cancelled) => Far::NotDone,
    };
    let decide = |(index, (fact, far)): (usize, (Fact, Option<Far>))| {
        let passed = reached.is_some_and(|reached| index < reached) || is_in_another_branch(&fact.path, paths);
        let far = match far {
            // Where nothing more is to be done, nothing is owed.
            Some(Far::Owed | Far::NotDone) if to_come == Far::NotCalledFor => Far::NotCalledFor,
            Some(Far::Owed) => to_come,
            Some(far) => far,
            None if passed => Far::NotCalledFor,
            None => to_come,
        };
        (fact, far)
    };
    written.into_iter().enumerate().map(decide).collect()
}

/// Whether the choice around a step was made, and for another branch.
fn is_in_another_branch(path: &str, paths: &[String]) -> bool {
    path.match_indices(".arm-").any(|(at, arm)| {
        let name = path[at + arm.len()..].split('.').next().unwrap_or_default();
        let (all, own) = (&path[..at + arm.len()], format!("{}{name}.", &path[..at + arm.len()]));
        paths
            .iter()
            .any(|other| other.starts_with(all) && !other.starts_with(&own))
    })
}

//! What a run is in the middle of, and how long a case lets time pass.

use std::collections::BTreeMap;

use dragoman_journal::{Entry, Record, Standing};
use dragoman_manifest::written_duration;
use dragoman_model::{Effect, RunId, Timestamp, Value};
use serde_json::json;

use crate::family::Family;

/// What a run is in the middle of.
#[derive(Debug, Clone, Default)]
pub(super) struct Moment {
    /// Whether nothing of it is under way: it waits, sleeps, or is parked.
    pub(super) rests: bool,
    /// Since when a person is waited for, by step.
    pub(super) waits: BTreeMap<String, Timestamp>,
    /// The last failed attempt of each step, and whether its effect is not known.
    pub(super) failed: BTreeMap<String, (u32, bool)>,
    /// The step at which it is parked, and since when.
    pub(super) parked: Option<(String, Timestamp)>,
}

impl Moment {
    /// After an entry.
    pub(super) fn after(&mut self, entry: &Entry) {
        let (path, at) = (&entry.header.path, entry.header.at);
        self.rests = matches!(
            entry.header.record,
            Record::Waiting { .. } | Record::Timer { .. } | Record::Parked { .. } | Record::Children { .. }
        );
        match &entry.header.record {
            Record::Waiting { .. } => drop(self.waits.insert(path.clone(), at)),
            Record::Failed { attempt, effect, .. } => {
                self.failed.insert(path.clone(), (*attempt, *effect != Effect::None));
            }
            Record::Done { .. } => drop(self.failed.remove(path)),
            Record::Parked { .. } => self.parked = Some((path.clone(), at)),
            Record::Operated { .. } => self.parked = None,
            _ => {}
        }
    }
}

/// How long it was from one time to another; none: no time at all.
pub(super) fn span(from: Timestamp, to: Timestamp) -> Option<Value> {
    let span = u64::try_from(to.millis() - from.millis()).unwrap_or(0);
    (span > 0).then(|| json!(written_duration(span)))
}

/// Until when time passes in the case of a run that has not come to its end: half the way to what was due next, since the
/// pauses of the case are not to the millisecond those of the run. None: it has, or nothing is due.
pub(super) fn until(family: &Family<'_>) -> Option<Value> {
    let began = family.root()?.began;
    let mut last = began;
    let mut due: Option<Timestamp> = None;
    for family in family.all() {
        let mut open: BTreeMap<(RunId, String), Timestamp> = BTreeMap::new();
        for told in family.ordered() {
            let header = &told.entry.header;
            last = last.max(header.at);
            let step = (told.run, header.path.clone());
            match &header.record {
                Record::Waiting { due: Some(due), .. } => drop(open.insert(step, *due)),
                Record::Timer { due, .. } => drop(open.insert(step, *due)),
                _ => drop(open.remove(&step)),
            }
        }
        let rests = |run: RunId| {
            let standing = family.summary(run).map(|summary| summary.standing);
            !matches!(standing, Some(Standing::Closed | Standing::Parked) | None)
        };
        let next = open.into_iter().filter(|((run, _), _)| rests(*run)).map(|(_, due)| due);
        due = due.into_iter().chain(next).min();
    }
    let half = (due?.millis() - last.millis()).max(2) / 2;
    span(began, last.plus_millis(half))
}

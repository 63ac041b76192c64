//! Business keys and references: acts that happen once over all runs, and what is closed to them.

use dragoman_model::{Digest, Part, RunId, Value};

use crate::query::{Once, OnceState};
use crate::record::Record;
use crate::seal::Sealed;
use crate::store::{Refusal, Settled};

/// The step that opens something, and the reference it does so under.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// The run.
    pub run: RunId,
    /// The step's path.
    pub path: &'a str,
    /// The business reference.
    pub reference: Option<&'a str>,
}

impl Opening<'_> {
    /// The refusal where the opening's reference is closed, by the run given.
    pub fn closed(&self, by: Option<RunId>) -> Option<Refusal> {
        let (reference, by) = (self.reference?, by?);
        Some(Refusal::Voided {
            reference: reference.into(),
            by,
        })
    }

    fn holds(&self, record: &Once) -> bool {
        record.run == self.run && record.path == self.path
    }

    /// Whether a business key cannot be opened: it can where it is new, has failed without effect, or is this very step's
    /// own. `voided_by`: the run that closed the reference.
    pub fn refused(&self, found: Option<&Once>, input: Digest, voided_by: Option<RunId>) -> Option<Refusal> {
        // What this very step has under way must come to certainty, closed or not; whoever closed it waits for that.
        let under_way = found.is_some_and(|record| record.state == OnceState::Open && self.holds(record));
        if !under_way && let Some(refusal) = self.closed(voided_by) {
            return Some(refusal);
        }
        let record = found?;
        let same_input = record.input == input;
        let free = match record.state {
            OnceState::Failed => true,
            // The step goes on after a crash, or after a person has looked at it.
            OnceState::Open | OnceState::Parked => self.holds(record) && same_input,
            OnceState::Done | OnceState::Undone => false,
        };
        (!free).then(|| Refusal::Once {
            record: Box::new(record.clone()),
            same_input,
        })
    }

    /// The input of the intent that this opening comes with.
    pub fn intended<'a>(&self, entries: &'a [Sealed]) -> &'a Value {
        entries
            .iter()
            .filter(|e| e.header.path == self.path && matches!(e.header.record, Record::Intent { .. }))
            .find_map(|e| e.value.as_ref()?.get("input"))
            .unwrap_or(&Value::Null)
    }
}

impl Settled {
    /// The state that a business key has afterwards, and the output that it keeps. A key that failed is free and keeps none;
    /// of the others that bring none the output stays.
    pub fn state(&self) -> (OnceState, Option<&Part>) {
        match self {
            Settled::Done(output) => (OnceState::Done, Some(output)),
            Settled::Failed => (OnceState::Failed, None),
            Settled::Parked => (OnceState::Parked, None),
            Settled::Undone => (OnceState::Undone, None),
        }
    }
}

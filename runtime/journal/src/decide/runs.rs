//! Rows of runs: who may write, how a run stands afterwards, when it is due.

use dragoman_model::{RunId, Timestamp};

use super::prepared::{self, Addition, Beginning};
use crate::error::{CONTRADICTION, Error};
use crate::record::{Ending, Record};
use crate::seal::Sealed;
use crate::store::{Lease, Refusal, Standing};

/// What must be known of a run to decide an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunRow {
    /// How many entries it has: the number of the next.
    pub entries: u64,
    /// Of its owner; every append has it.
    pub epoch: u64,
    /// Until when its owner has it, in milliseconds; 0: nobody.
    pub lease_until: i64,
    /// When it is due if nobody owns it then, in milliseconds; none: never by itself.
    pub due: Option<i64>,
    /// How it stands.
    pub standing: Standing,
}

/// What the entries of an append mean for the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// How the run ended.
    pub ending: Option<Ending>,
    /// Offset of the last entry that says why the run stands as it does: parked or closed.
    pub told_by: Option<u64>,
    /// The time of the last entry.
    pub touched: Option<Timestamp>,
}

impl RunRow {
    /// The row of a run that begins. One that does not begin at work belongs to nobody until it is due.
    pub fn first(begin: &Beginning) -> Self {
        let lease_until = if begin.standing == Standing::Active {
            begin.lease_until.millis()
        } else {
            0
        };
        RunRow {
            entries: begin.entries.len() as u64,
            epoch: 1,
            lease_until,
            due: due(begin.standing, lease_until),
            standing: begin.standing,
        }
    }

    /// Whether an append may be written: the run's owner sends it, and it goes on where the run is.
    ///
    /// # Errors
    /// D0708 where it does not continue the run.
    pub fn admits(&self, addition: &Addition) -> Result<Option<Refusal>, Error> {
        if self.epoch != addition.lease.epoch || self.standing == Standing::Closed {
            return Ok(Some(Refusal::Fenced));
        }
        match addition.entries.first() {
            Some(first) if first.header.seq != self.entries => {
                Err(prepared::gap(addition.lease.run, self.entries, first.header.seq))
            }
            _ => Ok(None),
        }
    }

    /// The row after an append. A run that goes on keeps its owner; one that sleeps, waits, is parked or closed gives the
    /// lease back. An owner that still has the epoch may go on with a run that it put to sleep: nobody else has had it
    /// since.
    #[must_use]
    pub fn after(&self, addition: &Addition) -> Self {
        let lease_until = match (addition.standing, self.lease_until) {
            (Standing::Active, 0) => addition.lease.until.millis(),
            (Standing::Active, until) => until,
            _ => 0,
        };
        RunRow {
            entries: self.entries + addition.entries.len() as u64,
            epoch: self.epoch,
            lease_until,
            due: due(addition.standing, lease_until),
            standing: addition.standing,
        }
    }

    /// The row under the next epoch; none: at `now` somebody has the run, or it has ended.
    pub fn acquired(&self, now: Timestamp, until: Timestamp) -> Option<Self> {
        let free = self.standing != Standing::Closed && self.lease_until <= now.millis();
        free.then(|| self.lent(self.epoch + 1, until.millis()))
    }

    /// The row with a longer lease; none: the caller has it no more. A lease of 0 was given back when the run went to
    /// sleep: there is nothing to lengthen.
    pub fn renewed(&self, lease: Lease, until: Timestamp) -> Option<Self> {
        let held = self.epoch == lease.epoch && self.standing != Standing::Closed && self.lease_until != 0;
        held.then(|| self.lent(self.epoch, self.lease_until.max(until.millis())))
    }

    fn lent(&self, epoch: u64, lease_until: i64) -> Self {
        RunRow {
            epoch,
            lease_until,
            due: due(self.standing, lease_until),
            ..*self
        }
    }
}

/// When a run is due if nobody owns it. One that somebody has is due at the end of the lease, however it stands: whoever had
/// it and is gone may have been told something.
fn due(standing: Standing, lease_until: i64) -> Option<i64> {
    match standing {
        Standing::Closed => None,
        _ if lease_until > 0 => Some(lease_until),
        Standing::Active => Some(0),
        Standing::Sleeping(due) | Standing::Waiting(Some(due)) => Some(due.millis()),
        Standing::Waiting(None) | Standing::Parked => None,
    }
}

impl Outcome {
    /// Reads the outcome off the entries.
    ///
    /// # Errors
    /// D0708 where an entry closes the run and the standing does not, or the other way round.
    pub fn of(run: RunId, entries: &[Sealed], standing: Standing) -> Result<Outcome, Error> {
        let mut outcome = Outcome {
            ending: None,
            told_by: None,
            touched: None,
        };
        for (offset, sealed) in (0u64..).zip(entries) {
            outcome.touched = Some(sealed.header.at);
            match &sealed.header.record {
                Record::Closed { ending } => {
                    outcome.ending = Some(*ending);
                    outcome.told_by = Some(offset);
                }
                Record::Parked { .. } => outcome.told_by = Some(offset),
                _ => {}
            }
        }
        if outcome.ending.is_some() != (standing == Standing::Closed) {
            return Err(Error::new(
                CONTRADICTION,
                format!(
                    "run {run} is closed by an entry or by its standing, but not by both; nothing of it was written"
                ),
            ));
        }
        Ok(outcome)
    }
}

//! Rows of runs: the index that makes lists, leases and waking quick.

use std::collections::HashMap;

use dragoman_journal::error::{CONTRADICTION, Error};
use dragoman_journal::{Ending, Lease, Record, Sealed, Standing};
use dragoman_model::{RunId, Timestamp};
use rusqlite::OptionalExtension;

use crate::columns;
use crate::failure::Trouble;
use crate::writer::Writing;

/// Rows kept in memory at most; beyond that they are read again when needed.
const REMEMBERED: usize = 100_000;

/// What the writer must know of a run to decide an append.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RunRow {
    pub(crate) number: i64,
    /// How many entries it has: the number of the next.
    pub(crate) entries: u64,
    pub(crate) epoch: u64,
    /// Until when its owner has it, in milliseconds; 0: nobody.
    pub(crate) lease_until: i64,
    /// When it is due if nobody owns it then; none: never by itself.
    pub(crate) due: Option<i64>,
    pub(crate) standing: Standing,
}

/// The rows at work, as the one writer knows them.
#[derive(Default)]
pub(crate) struct Runs(HashMap<RunId, RunRow>);

impl Runs {
    /// Forgets everything: after a transaction that was given up.
    pub(crate) fn forget(&mut self) {
        self.0.clear();
    }

    /// Keeps memory bounded.
    pub(crate) fn trim(&mut self) {
        if self.0.len() > REMEMBERED {
            self.0.clear();
        }
    }

    /// Remembers a row; that of a closed run is of no more use.
    pub(crate) fn remember(&mut self, run: RunId, row: RunRow) {
        if row.standing == Standing::Closed {
            self.0.remove(&run);
        } else {
            self.0.insert(run, row);
        }
    }
}

/// A run's row; none where there is no such run.
pub(crate) fn find(writing: &Writing<'_>, run: RunId) -> Result<Option<RunRow>, rusqlite::Error> {
    if let Some(row) = writing.memory.runs.0.get(&run) {
        return Ok(Some(*row));
    }
    writing
        .connection
        .prepare_cached("SELECT number, entries, epoch, lease_until, due, standing, wake FROM run WHERE id = ?1")?
        .query_row([run.0.as_bytes()], |row| {
            Ok(RunRow {
                number: row.get(0)?,
                entries: columns::count(row, 1)?,
                epoch: columns::count(row, 2)?,
                lease_until: row.get(3)?,
                due: row.get(4)?,
                standing: columns::standing(row, 5)?,
            })
        })
        .optional()
}

/// When a run is due if nobody owns it: at the end of the lease at the earliest.
pub(crate) fn due(standing: Standing, lease_until: i64) -> Option<i64> {
    match standing {
        Standing::Active => Some(lease_until),
        Standing::Sleeping(due) | Standing::Waiting(Some(due)) => Some(due.millis().max(lease_until)),
        Standing::Waiting(None) | Standing::Parked | Standing::Closed => None,
    }
}

/// What the entries of an append mean for the row.
pub(crate) struct Outcome {
    pub(crate) ending: Option<Ending>,
    /// Offset of the last entry that says why the run stands as it does: parked or closed.
    pub(crate) told_by: Option<u64>,
    pub(crate) touched: Option<Timestamp>,
}

/// Reads the outcome off the entries.
///
/// # Errors
/// D0708 where an entry closes the run and the standing does not, or the other way round.
pub(crate) fn outcome(run: RunId, entries: &[Sealed], standing: Standing) -> Result<Outcome, Error> {
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
            format!("run {run} is closed by an entry or by its standing, but not by both; nothing of it was written"),
        ));
    }
    Ok(outcome)
}

/// The ending as a column.
pub(crate) fn of_ending(ending: Option<Ending>) -> Option<i64> {
    ending.map(|ending| match ending {
        Ending::Completed => 0,
        Ending::Stopped => 1,
        Ending::Failed => 2,
        Ending::Cancelled => 3,
    })
}

/// Writes what an append changed in the row, once per append.
pub(crate) fn update(
    writing: &mut Writing<'_>,
    run: RunId,
    before: &RunRow,
    after: RunRow,
    outcome: &Outcome,
    first_position: u64,
) -> Result<(), Trouble> {
    let (standing, wake) = columns::of_standing(after.standing);
    let told_by = outcome.told_by.map(|offset| columns::number(first_position + offset));
    let common = (
        after.number,
        standing,
        wake,
        of_ending(outcome.ending),
        after.lease_until,
        columns::number(after.entries),
        outcome.touched.map(Timestamp::millis),
        told_by,
    );
    let sql = "UPDATE run SET standing = ?2, wake = ?3, ending = ?4, lease_until = ?5, entries = ?6,
               touched = coalesce(?7, touched), outcome = coalesce(?8, outcome) WHERE number = ?1";
    writing.connection.prepare_cached(sql)?.execute(common)?;
    // A statement that names an indexed column writes its index even where nothing changes.
    if before.due != after.due {
        writing
            .connection
            .prepare_cached("UPDATE run SET due = ?2 WHERE number = ?1")?
            .execute((after.number, after.due))?;
    }
    writing.memory.runs.remember(run, after);
    Ok(())
}

/// Gives a run that nobody owns at `now` to the caller, under the next epoch.
pub(crate) fn acquire(
    writing: &mut Writing<'_>,
    run: RunId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Lease>, Trouble> {
    let Some(mut row) = find(writing, run)? else {
        return Ok(None);
    };
    if row.standing == Standing::Closed || row.lease_until > now.millis() {
        return Ok(None);
    }
    row.epoch += 1;
    row.lease_until = until.millis();
    row.due = due(row.standing, row.lease_until);
    lend(writing, run, row)?;
    Ok(Some(Lease {
        run,
        epoch: row.epoch,
        until,
    }))
}

/// Lengthens leases that are still held.
pub(crate) fn renew(writing: &mut Writing<'_>, leases: &[Lease], until: Timestamp) -> Result<Vec<Lease>, Trouble> {
    let mut held = Vec::with_capacity(leases.len());
    for lease in leases {
        let Some(mut row) = find(writing, lease.run)? else {
            continue;
        };
        // A lease of 0 was given back when the run went to sleep: there is nothing to lengthen.
        if row.epoch != lease.epoch || row.standing == Standing::Closed || row.lease_until == 0 {
            continue;
        }
        row.lease_until = row.lease_until.max(until.millis());
        row.due = due(row.standing, row.lease_until);
        lend(writing, lease.run, row)?;
        held.push(Lease {
            until: Timestamp::from_millis(row.lease_until),
            ..*lease
        });
    }
    Ok(held)
}

fn lend(writing: &mut Writing<'_>, run: RunId, row: RunRow) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached("UPDATE run SET epoch = ?2, lease_until = ?3, due = ?4 WHERE number = ?1")?
        .execute((row.number, columns::number(row.epoch), row.lease_until, row.due))?;
    writing.memory.runs.remember(run, row);
    Ok(())
}

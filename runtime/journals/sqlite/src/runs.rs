//! Rows of runs: the index that makes lists, leases and waking quick.

use std::collections::HashMap;

use dragoman_journal::decide::{Outcome, RunRow};
use dragoman_journal::{Ending, Lease, Standing};
use dragoman_model::{RunId, Timestamp};
use rusqlite::OptionalExtension;

use crate::columns;
use crate::failure::Trouble;
use crate::writer::Writing;

/// Rows kept in memory at most; beyond that they are read again when needed.
const REMEMBERED: usize = 100_000;

/// A run's number in the table, and its row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbered {
    pub(crate) number: i64,
    pub(crate) row: RunRow,
}

/// The rows at work, as the one writer knows them.
#[derive(Default)]
pub(crate) struct Runs(HashMap<RunId, Numbered>);

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
    pub(crate) fn remember(&mut self, run: RunId, numbered: Numbered) {
        if numbered.row.standing == Standing::Closed {
            self.0.remove(&run);
        } else {
            self.0.insert(run, numbered);
        }
    }
}

/// A run's row; none where there is no such run.
pub(crate) fn find(writing: &Writing<'_>, run: RunId) -> Result<Option<Numbered>, rusqlite::Error> {
    if let Some(row) = writing.memory.runs.0.get(&run) {
        return Ok(Some(*row));
    }
    writing
        .connection
        .prepare_cached("SELECT number, entries, epoch, lease_until, due, standing, wake FROM run WHERE id = ?1")?
        .query_row([run.0.as_bytes()], |row| {
            Ok(Numbered {
                number: row.get(0)?,
                row: RunRow {
                    entries: columns::count(row, 1)?,
                    epoch: columns::count(row, 2)?,
                    lease_until: row.get(3)?,
                    due: row.get(4)?,
                    standing: columns::standing(row, 5)?,
                },
            })
        })
        .optional()
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
    after: RunRow,
    outcome: &Outcome,
    first_position: u64,
) -> Result<(), Trouble> {
    let Some(before) = find(writing, run)? else {
        return Ok(());
    };
    let number = before.number;
    let (standing, wake) = columns::of_standing(after.standing);
    let told_by = outcome.told_by.map(|offset| columns::number(first_position + offset));
    let common = (
        number,
        standing,
        wake,
        of_ending(outcome.ending),
        after.lease_until,
        columns::number(after.entries),
        outcome.touched.map(Timestamp::millis),
        told_by,
    );
    // A statement that names an indexed column writes its index even where nothing changes: the ending is named by the one
    // that closes the run.
    let sql = if outcome.ending.is_some() {
        "UPDATE run SET standing = ?2, wake = ?3, ending = ?4, lease_until = ?5, entries = ?6,
         touched = coalesce(?7, touched), outcome = coalesce(?8, outcome) WHERE number = ?1"
    } else {
        "UPDATE run SET standing = ?2, wake = ?3, lease_until = ?5, entries = ?6,
         touched = coalesce(?7, touched), outcome = coalesce(?8, outcome) WHERE number = ?1"
    };
    writing.connection.prepare_cached(sql)?.execute(common)?;
    if before.row.due != after.due {
        writing
            .connection
            .prepare_cached("UPDATE run SET due = ?2 WHERE number = ?1")?
            .execute((number, after.due))?;
    }
    writing.memory.runs.remember(run, Numbered { number, row: after });
    Ok(())
}

/// Gives a run that nobody owns at `now` to the caller, under the next epoch.
pub(crate) fn acquire(
    writing: &mut Writing<'_>,
    run: RunId,
    now: Timestamp,
    until: Timestamp,
) -> Result<Option<Lease>, Trouble> {
    let Some(found) = find(writing, run)? else {
        return Ok(None);
    };
    let Some(row) = found.row.acquired(now, until) else {
        return Ok(None);
    };
    lend(writing, run, Numbered { row, ..found })?;
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
        let Some(found) = find(writing, lease.run)? else {
            continue;
        };
        let Some(row) = found.row.renewed(*lease, until) else {
            continue;
        };
        lend(writing, lease.run, Numbered { row, ..found })?;
        held.push(Lease {
            until: Timestamp::from_millis(row.lease_until),
            ..*lease
        });
    }
    Ok(held)
}

fn lend(writing: &mut Writing<'_>, run: RunId, numbered: Numbered) -> Result<(), Trouble> {
    let row = numbered.row;
    writing
        .connection
        .prepare_cached("UPDATE run SET epoch = ?2, lease_until = ?3, due = ?4 WHERE number = ?1")?
        .execute((numbered.number, columns::number(row.epoch), row.lease_until, row.due))?;
    writing.memory.runs.remember(run, numbered);
    Ok(())
}

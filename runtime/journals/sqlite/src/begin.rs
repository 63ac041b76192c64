//! Beginning a run, from a trigger or as the child of another.

use dragoman_journal::decide::{Beginning, Outcome, RunRow};
use dragoman_journal::error::{CONTRADICTION, Error};
use dragoman_journal::{Begun, Lease, Standing};
use dragoman_model::{Digest, RunId, Timestamp};
use rusqlite::OptionalExtension;

use crate::append;
use crate::columns;
use crate::entries;
use crate::failure::Trouble;
use crate::runs::{self, Numbered};
use crate::writer::Writing;

/// Begins a run, or says which run has its key.
pub(crate) fn apply(writing: &mut Writing<'_>, begin: &Beginning) -> Result<Begun, Trouble> {
    if let Some((run, content, standing)) = known(writing, begin)? {
        return Ok(if content == begin.content {
            Begun::Known { run, standing }
        } else {
            Begun::Conflict { run }
        });
    }
    let outcome = Outcome::of(begin.run, &begin.entries, begin.standing)?;
    for operation in &begin.operations {
        if let Some(refusal) = append::operate(writing, begin.run, &begin.entries, operation)? {
            return Err(Error::new(CONTRADICTION, format!("run {} cannot begin: {refusal:?}", begin.run)).into());
        }
    }
    let first = entries::insert(writing, &begin.entries)?;
    let row = RunRow::first(begin);
    let number = insert(writing, begin, &row, &outcome, first)?;
    writing.memory.runs.remember(begin.run, Numbered { number, row });
    Ok(Begun::New(Lease {
        run: begin.run,
        epoch: 1,
        until: begin.lease_until,
    }))
}

/// Writes the row of a run; gives its number.
fn insert(
    writing: &Writing<'_>,
    begin: &Beginning,
    row: &RunRow,
    outcome: &Outcome,
    first: u64,
) -> Result<i64, rusqlite::Error> {
    let began = begin.entries.first().map_or(0, |e| e.header.at.millis());
    let (standing, wake) = columns::of_standing(begin.standing);
    let parent = begin.parent.as_ref();
    let mut statement = writing.connection.prepare_cached(
        "INSERT INTO run(id, pipeline, run_key, content, parent, parent_path, parent_index, standing, wake, ending,
           epoch, lease_until, due, entries, began, touched, outcome)
         VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1, ?11, ?12, ?13, ?14, ?15, ?16)",
    )?;
    let number = statement.insert(rusqlite::params![
        begin.run.0.as_bytes(),
        begin.pipeline,
        begin.run_key,
        begin.content.0,
        parent.map(|p| p.run.0.as_bytes().to_vec()),
        parent.map(|p| &p.path),
        parent.map(|p| columns::number(p.index)),
        standing,
        wake,
        runs::of_ending(outcome.ending),
        row.lease_until,
        row.due,
        columns::number(row.entries),
        began,
        outcome.touched.map_or(began, Timestamp::millis),
        outcome.told_by.map(|offset| columns::number(first + offset)),
    ])?;
    Ok(number)
}

/// The run that has the key already. A child is known by its id, which is derived from parent, path and item.
fn known(writing: &Writing<'_>, begin: &Beginning) -> Result<Option<(RunId, Digest, Standing)>, rusqlite::Error> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok((
            columns::run(row, 0)?,
            columns::digest(row, 1)?,
            columns::standing(row, 2)?,
        ))
    };
    if begin.parent.is_some() {
        let sql = "SELECT id, content, standing, wake FROM run WHERE id = ?1";
        writing
            .connection
            .prepare_cached(sql)?
            .query_row([begin.run.0.as_bytes()], read)
            .optional()
    } else {
        let sql = "SELECT id, content, standing, wake FROM run
                   WHERE pipeline = ?1 AND run_key = ?2 AND parent IS NULL";
        writing
            .connection
            .prepare_cached(sql)?
            .query_row((&begin.pipeline, &begin.run_key), read)
            .optional()
    }
}

//! Rows of runs that begin, from a trigger or as the child of another.

use dragoman_journal::Standing;
use dragoman_journal::decide::{Beginning, Outcome, RunRow};
use dragoman_model::{Digest, RunId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use crate::columns;
use crate::runs::{Numbered, of_ending};
use crate::writer::Writing;

/// Writes the row of a run.
pub(crate) fn insert(
    writing: &mut Writing<'_>,
    begin: &Beginning,
    row: RunRow,
    outcome: &Outcome,
    first: u64,
) -> Result<(), rusqlite::Error> {
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
        of_ending(outcome.ending),
        row.lease_until,
        row.due,
        columns::number(row.entries),
        began,
        outcome.touched.map_or(began, Timestamp::millis),
        outcome.told_by.map(|offset| columns::number(first + offset)),
    ])?;
    writing.memory.runs.remember(begin.run, Numbered { number, row });
    Ok(())
}

/// The run that has the key already. A child is known by its id, which is derived from parent, path and item.
pub(crate) fn known(
    connection: &Connection,
    begin: &Beginning,
) -> Result<Option<(RunId, Digest, Standing)>, rusqlite::Error> {
    let read = |row: &rusqlite::Row<'_>| {
        Ok((
            columns::run(row, 0)?,
            columns::digest(row, 1)?,
            columns::standing(row, 2)?,
        ))
    };
    if begin.parent.is_some() {
        let sql = "SELECT id, content, standing, wake FROM run WHERE id = ?1";
        connection
            .prepare_cached(sql)?
            .query_row([begin.run.0.as_bytes()], read)
            .optional()
    } else {
        let sql = "SELECT id, content, standing, wake FROM run
                   WHERE pipeline = ?1 AND run_key = ?2 AND parent IS NULL";
        connection
            .prepare_cached(sql)?
            .query_row((&begin.pipeline, &begin.run_key), read)
            .optional()
    }
}

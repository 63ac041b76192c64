//! What is unfinished, for whoever begins to work on the store, or has something for those that wait.

use dragoman_journal::{Error, Unfinished};
use dragoman_model::RunId;
use rusqlite::{Connection, OptionalExtension, ToSql, params};

use crate::columns;
use crate::entries::reading;

/// Runs that wait and for which something may have come: one that was just being taken up; a parent of which a child has ended
/// or come to rest in the last minutes before the store was left (what was older, the parent has seen); one that nobody is
/// there for; one under a reference that was closed; one whose event is there.
const WAITING: &str = "
  SELECT r.id FROM run r WHERE r.ending IS NULL AND r.standing = 2 AND r.number > ?1 AND (
    r.lease_until > 0
    OR EXISTS(SELECT 1 FROM run c WHERE c.parent = r.id AND c.standing <> 0 AND c.touched >= ?3)
    OR NOT EXISTS(SELECT 1 FROM run c WHERE c.parent = r.id) AND NOT EXISTS(SELECT 1 FROM wait w WHERE w.run = r.id)
    OR EXISTS(SELECT 1 FROM wait w JOIN reference f ON f.name = w.reference WHERE w.run = r.id)
    OR EXISTS(SELECT 1 FROM wait w JOIN event e ON e.name = w.event AND e.key = w.event_key WHERE w.run = r.id))
  ORDER BY r.number LIMIT ?2";
/// A child that came to rest so long before the last entry has been seen by its parent, in milliseconds.
const SEEN_MS: i64 = 600_000;
const ACTIVE: &str =
    "SELECT id FROM run WHERE ending IS NULL AND standing = 0 AND number > ?1 ORDER BY number LIMIT ?2";
const SLEEPING: &str = "
  SELECT id FROM run WHERE ending IS NULL AND standing = 1 AND number > ?1 AND wake <= ?3 ORDER BY number LIMIT ?2";

/// Runs that have to be looked at, in the order in which they were accepted, behind one. `was_left`: when the last entry of
/// the process before was written, and never one of this process, which may come hours later.
pub(crate) fn left(
    connection: &Connection,
    which: Unfinished,
    behind: Option<RunId>,
    limit: usize,
    was_left: i64,
) -> Result<Vec<RunId>, Error> {
    reading((|| {
        let behind: i64 = match behind {
            Some(run) => connection
                .prepare_cached("SELECT number FROM run WHERE id = ?1")?
                .query_row([run.0.as_bytes()], |row| row.get(0))?,
            None => 0,
        };
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        match which {
            Unfinished::Active => runs(connection, ACTIVE, params![behind, limit]),
            Unfinished::Waiting => {
                let unseen = was_left.saturating_sub(SEEN_MS);
                runs(connection, WAITING, params![behind, limit, unseen])
            }
            Unfinished::Sleeping(until) => runs(connection, SLEEPING, params![behind, limit, until.millis()]),
        }
    })())
}

/// When the last entry was written, in milliseconds since 1970; 0: there is none.
pub(crate) fn last_entry(connection: &Connection) -> Result<i64, rusqlite::Error> {
    let sql = "SELECT r.touched FROM entry e JOIN run r ON r.id = e.run ORDER BY e.position DESC LIMIT 1";
    let last = connection
        .prepare_cached(sql)?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(last.unwrap_or(0))
}

/// Runs that wait for an event.
pub(crate) fn awaiting(connection: &Connection, name: &str, key: &str) -> Result<Vec<RunId>, Error> {
    let sql = "SELECT DISTINCT run FROM wait WHERE event = ?1 AND event_key = ?2";
    reading(runs(connection, sql, params![name, key]))
}

/// Runs with an open wait under a reference.
pub(crate) fn under(connection: &Connection, reference: &str) -> Result<Vec<RunId>, Error> {
    let sql = "SELECT DISTINCT run FROM wait WHERE reference = ?1 ORDER BY run";
    reading(runs(connection, sql, params![reference]))
}

fn runs(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> Result<Vec<RunId>, rusqlite::Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(values, |row| columns::run(row, 0))?;
    rows.collect()
}

//! What runs that have ended have said, erased; and which runs have ended.

use dragoman_journal::{Erasure, Error};
use dragoman_model::{RunId, Timestamp};
use rusqlite::{Connection, OptionalExtension};

use crate::columns;
use crate::entries::reading;

const BODIES: &str = "DELETE FROM body WHERE position IN (SELECT position FROM entry WHERE run = ?1)";
const MARK: &str = "UPDATE run SET erased = 1 WHERE id = ?1";
/// Documents of a run that no other run keeps.
const DOCUMENTS: &str = "DELETE FROM document WHERE digest IN (SELECT digest FROM document_use WHERE run = ?1)
  AND NOT EXISTS(SELECT 1 FROM document_use u WHERE u.digest = document.digest AND u.run <> ?1)";
const USES: &str = "DELETE FROM document_use WHERE run = ?1";
const ONCE: &str = "UPDATE once_key SET input_body = 'null', output = NULL WHERE scope = ?1 AND key = ?2 AND run = ?3";
const EFFECT: &str =
    "UPDATE reference_effect SET input = 'null', output = NULL WHERE reference = ?1 AND run = ?2 AND path = ?3";
const EVENT: &str = "DELETE FROM event WHERE name = ?1 AND key = ?2 AND run = ?3 AND delivered = 1";

/// Erases it, and writes zeros over it.
pub(crate) fn erase(connection: &Connection, erasure: &Erasure) -> Result<(), rusqlite::Error> {
    connection.execute_batch("PRAGMA secure_delete = ON")?;
    let erased = erase_rows(connection, erasure);
    // Elsewhere it would cost every commit, for rows that are written over soon.
    connection.execute_batch("PRAGMA secure_delete = OFF")?;
    erased
}

fn erase_rows(connection: &Connection, erasure: &Erasure) -> Result<(), rusqlite::Error> {
    for run in &erasure.runs {
        for sql in [BODIES, DOCUMENTS, USES, MARK] {
            connection.prepare_cached(sql)?.execute([run.0.as_bytes()])?;
        }
    }
    for (once, run) in &erasure.onces {
        let mut statement = connection.prepare_cached(ONCE)?;
        statement.execute((&once.scope, &once.key, run.0.as_bytes()))?;
    }
    for (reference, run, path) in &erasure.effects {
        let mut statement = connection.prepare_cached(EFFECT)?;
        statement.execute((reference, run.0.as_bytes(), path))?;
    }
    for (name, key, run) in &erasure.events {
        let mut statement = connection.prepare_cached(EVENT)?;
        statement.execute((name, key, run.0.as_bytes()))?;
    }
    Ok(())
}

/// The conditions are those of the index `run_ended`, word for word.
const NEXT: &str = "SELECT pipeline FROM run
  WHERE standing = 4 AND parent IS NULL AND erased IS NULL AND pipeline > ?1 ORDER BY pipeline LIMIT 1";
const ENDED: &str = "SELECT id FROM run
  WHERE standing = 4 AND parent IS NULL AND erased IS NULL AND pipeline = ?1 AND touched < ?2 AND (touched, number) > (?3, ?4)
  ORDER BY touched, number LIMIT ?5";

/// The first pipeline behind one of which runs have ended and are not erased.
pub(crate) fn next_ended(connection: &Connection, behind: &str) -> Result<Option<String>, Error> {
    reading((|| {
        let mut statement = connection.prepare_cached(NEXT)?;
        statement.query_row([behind], |row| row.get(0)).optional()
    })())
}

/// Runs of a pipeline that ended before a time and are not erased, behind one.
pub(crate) fn ended(
    connection: &Connection,
    pipeline: &str,
    before: Timestamp,
    behind: Option<RunId>,
    limit: usize,
) -> Result<Vec<RunId>, Error> {
    reading((|| {
        let place: Option<(i64, i64)> = match behind {
            Some(run) => connection
                .prepare_cached("SELECT touched, number FROM run WHERE id = ?1")?
                .query_row([run.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?,
            None => None,
        };
        let (touched, number) = place.unwrap_or((i64::MIN, 0));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut statement = connection.prepare_cached(ENDED)?;
        let found = statement.query_map((pipeline, before.millis(), touched, number, limit), |row| {
            columns::run(row, 0)
        })?;
        found.collect()
    })())
}

//! Events that runs hand to the site: kept until they are delivered, and the newest under each name and key for those
//! who wait for it.

use dragoman_journal::{Emitted, canonical, error::Error};
use dragoman_model::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::columns;
use crate::entries::reading;
use crate::failure::Trouble;
use crate::writer::Writing;

/// An event is kept for waits for so long, in milliseconds: 90 days.
const KEPT_MS: i64 = 90 * 86_400_000;

const COLUMNS: &str = "SELECT number, name, key, unlock(data), run, path, pipeline, at FROM event";

/// Keeps an event. Those before it under its name and key that are delivered, and those that are too old, are forgotten.
pub(crate) fn emit(connection: &Connection, event: &Emitted) -> Result<(), Trouble> {
    connection
        .prepare_cached("DELETE FROM event WHERE name = ?1 AND key = ?2 AND delivered = 1")?
        .execute((&event.name, &event.key))?;
    connection
        .prepare_cached("DELETE FROM event WHERE at < ?1 AND delivered = 1")?
        .execute([event.at.plus_millis(-KEPT_MS).millis()])?;
    connection
        .prepare_cached(
            "INSERT INTO event(name, key, data, run, path, pipeline, at, delivered) VALUES(?1, ?2, lock(?3), ?4, ?5, ?6, ?7, 0)",
        )?
        .execute((
            &event.name,
            &event.key,
            canonical::text(&event.data)?,
            event.run.0.as_bytes(),
            &event.path,
            &event.pipeline,
            event.at.millis(),
        ))?;
    Ok(())
}

/// Remembers that events were delivered. Those that no wait can find are forgotten: without a key, or with a newer one in
/// their place.
pub(crate) fn delivered(writing: &Writing<'_>, numbers: &[u64]) -> Result<(), Trouble> {
    let connection = writing.connection;
    for number in numbers {
        let number = columns::number(*number);
        connection
            .prepare_cached("UPDATE event SET delivered = 1 WHERE number = ?1")?
            .execute([number])?;
        connection
            .prepare_cached(
                "DELETE FROM event WHERE number = ?1 AND (key IS NULL OR EXISTS(
                   SELECT 1 FROM event AS newer
                   WHERE newer.name = event.name AND newer.key = event.key AND newer.number > event.number))",
            )?
            .execute([number])?;
    }
    Ok(())
}

/// The newest event of a name and key that came at a time or later, and after another one.
pub(crate) fn newest(
    connection: &Connection,
    name: &str,
    key: &str,
    since: Timestamp,
    after: u64,
) -> Result<Option<(u64, Emitted)>, Error> {
    let sql =
        format!("{COLUMNS} WHERE name = ?1 AND key = ?2 AND number > ?4 AND at >= ?3 ORDER BY number DESC LIMIT 1");
    reading((|| {
        connection
            .prepare_cached(&sql)?
            .query_row((name, key, since.millis(), columns::number(after)), read)
            .optional()
    })())
}

/// Events that were not delivered, after a number, oldest first.
pub(crate) fn undelivered(connection: &Connection, after: u64, limit: usize) -> Result<Vec<(u64, Emitted)>, Error> {
    let sql = format!("{COLUMNS} WHERE delivered = 0 AND number > ?1 ORDER BY number LIMIT ?2");
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    reading((|| {
        let mut statement = connection.prepare_cached(&sql)?;
        statement.query_map((columns::number(after), limit), read)?.collect()
    })())
}

fn read(row: &Row<'_>) -> Result<(u64, Emitted), rusqlite::Error> {
    let event = Emitted {
        name: row.get(1)?,
        key: row.get(2)?,
        data: columns::value(row, 3)?,
        run: columns::run(row, 4)?,
        path: row.get(5)?,
        pipeline: row.get(6)?,
        at: columns::time(row, 7)?,
    };
    Ok((columns::count(row, 0)?, event))
}

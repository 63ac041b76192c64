//! What readers ask.

use dragoman_journal::{Due, Ending, RunFilter, RunSummary, Standing, Wait, error::Error};
use dragoman_model::{Digest, DocumentReference, RunId, Timestamp, Value};
use rusqlite::types::Value as Column;
use rusqlite::{Connection, OptionalExtension, Row, params_from_iter};

use crate::columns;
use crate::entries::reading;

const SUMMARY: &str = "SELECT r.id, r.pipeline, r.run_key, r.standing, r.wake, r.ending, r.began, r.touched, r.entries,
  r.parent, open_body(b.salt, b.encoding, b.bytes), EXISTS(SELECT 1 FROM wait w WHERE w.run = r.id) FROM run r LEFT JOIN body b ON b.position = r.outcome";

/// How many runs a list has where the filter does not say.
const USUAL: usize = 100;

fn summary(row: &Row<'_>) -> Result<RunSummary, rusqlite::Error> {
    let standing = columns::standing(row, 3)?;
    let ending = match row.get::<_, Option<i64>>(5)? {
        Some(0) => Some(Ending::Completed),
        Some(1) => Some(Ending::Stopped),
        Some(2) => Some(Ending::Failed),
        Some(3) => Some(Ending::Cancelled),
        _ => None,
    };
    let told = columns::body(row, 10)?;
    // The last parking stays on the row; it says nothing any more once somebody has repaired the run.
    let told = told.filter(|_| matches!(standing, Standing::Parked | Standing::Closed));
    let failure = dragoman_journal::query::failure(ending, told.as_ref());
    let (note, output) = dragoman_journal::query::told(ending, told);
    Ok(RunSummary {
        run: columns::run(row, 0)?,
        pipeline: row.get(1)?,
        run_key: row.get(2)?,
        standing,
        asks: row.get(11)?,
        ending,
        began: columns::time(row, 6)?,
        touched: columns::time(row, 7)?,
        entries: columns::count(row, 8)?,
        parent: columns::optional_run(row, 9)?,
        note,
        output,
        failure,
    })
}

/// Runs, newest first.
pub(crate) fn runs(connection: &Connection, filter: &RunFilter) -> Result<Vec<RunSummary>, Error> {
    let mut sql = String::from(SUMMARY);
    let mut conditions: Vec<&str> = Vec::new();
    let mut values: Vec<Column> = Vec::new();
    if !filter.children {
        conditions.push("r.parent IS NULL");
    }
    if let Some(run) = filter.run {
        conditions.push("r.id = ?");
        values.push(run.0.as_bytes().to_vec().into());
    }
    if let Some(pipeline) = &filter.pipeline {
        conditions.push("r.pipeline = ?");
        values.push(pipeline.clone().into());
    }
    if let Some(overdue) = filter.overdue {
        conditions.push("r.due <= ?");
        values.push(overdue.millis().into());
    }
    if let Some(older_than) = filter.older_than {
        conditions.push("r.number < (SELECT number FROM run WHERE id = ?)");
        values.push(older_than.0.as_bytes().to_vec().into());
    }
    if let Some(status) = &filter.status {
        conditions.push(match status.as_str() {
            "active" => "r.ending IS NULL AND r.standing = 0",
            "sleeping" => "r.ending IS NULL AND r.standing = 1",
            "waiting" => "r.ending IS NULL AND r.standing = 2",
            "parked" => "r.ending IS NULL AND r.standing = 3",
            "completed" => "r.ending = 0",
            "stopped" => "r.ending = 1",
            "failed" => "r.ending = 2",
            "cancelled" => "r.ending = 3",
            // There is no run of a status that does not exist.
            _ => "0",
        });
    }
    for (index, condition) in conditions.iter().enumerate() {
        sql.push_str(if index == 0 { " WHERE " } else { " AND " });
        sql.push_str(condition);
    }
    sql.push_str(" ORDER BY r.number DESC LIMIT ?");
    let limit = if filter.limit == 0 { USUAL } else { filter.limit };
    values.push(i64::try_from(limit).unwrap_or(i64::MAX).into());
    reading((|| {
        let mut statement = connection.prepare_cached(&sql)?;
        statement.query_map(params_from_iter(values), summary)?.collect()
    })())
}

/// Children of a run at a path, by index.
pub(crate) fn children(connection: &Connection, run: RunId, path: &str) -> Result<Vec<RunSummary>, Error> {
    children_that(connection, "r.parent IS NOT NULL", run, path)
}

/// Children that have not ended, and those that failed or were given up, by index. The condition is that of the index
/// `run_unfinished`, word for word.
pub(crate) fn unfinished(connection: &Connection, run: RunId, path: &str) -> Result<Vec<RunSummary>, Error> {
    children_that(connection, "(r.ending IS NULL OR r.ending > 1)", run, path)
}

fn children_that(connection: &Connection, are: &str, run: RunId, path: &str) -> Result<Vec<RunSummary>, Error> {
    let sql = format!("{SUMMARY} WHERE r.parent = ?1 AND r.parent_path = ?2 AND {are} ORDER BY r.parent_index");
    reading((|| {
        let mut statement = connection.prepare_cached(&sql)?;
        statement
            .query_map((run.0.as_bytes().to_vec(), path), summary)?
            .collect()
    })())
}

/// Runs whose id begins with these digits, the first two.
pub(crate) fn beginning(connection: &Connection, digits: &str) -> Result<Vec<RunId>, Error> {
    let digits: String = digits.chars().filter(|digit| *digit != '-').collect();
    // Ids lie in the index as bytes, so those that begin alike lie together: from all zeros behind to all ones.
    let bound = |rest: char| {
        format!(
            "{digits}{}",
            rest.to_string().repeat(32_usize.saturating_sub(digits.len()))
        )
    };
    let whole = |text: String| text.parse::<RunId>().ok();
    let (Some(least), Some(most)) = (whole(bound('0')), whole(bound('f'))) else {
        return Ok(Vec::new());
    };
    reading((|| {
        let mut statement =
            connection.prepare_cached("SELECT id FROM run WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 2")?;
        statement
            .query_map((least.0.as_bytes(), most.0.as_bytes()), |row| columns::run(row, 0))?
            .collect()
    })())
}

/// Runs that are due and owned by nobody, oldest first, behind a place where one is given.
pub(crate) fn due(
    connection: &Connection,
    now: Timestamp,
    behind: Option<(i64, u64)>,
    limit: usize,
) -> Result<Vec<Due>, Error> {
    reading((|| {
        let mut statement = connection.prepare_cached(
            "SELECT id, pipeline, parent IS NULL, due, number FROM run
             WHERE due <= ?1 AND due >= ?2 AND (due, number) > (?2, ?3) ORDER BY due, number LIMIT ?4",
        )?;
        let (since, number) = behind.map_or((i64::MIN, -1), |(since, number)| (since, number as i64));
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let due = |row: &Row<'_>| {
            let number: i64 = row.get(4)?;
            Ok(Due {
                run: columns::run(row, 0)?,
                pipeline: if row.get(2)? { Some(row.get(1)?) } else { None },
                place: (row.get(3)?, number.unsigned_abs()),
            })
        };
        statement
            .query_map((now.millis(), since, number, limit), due)?
            .collect()
    })())
}

/// Runs of a pipeline that a message began, that could be at work at once, and that nobody has; counted to `most`.
pub(crate) fn ready(connection: &Connection, pipeline: &str, most: usize) -> Result<usize, Error> {
    reading((|| {
        let mut statement = connection.prepare_cached(
            "SELECT count(*) FROM (SELECT 1 FROM run WHERE due = 0 AND parent IS NULL AND pipeline = ?1 LIMIT ?2)",
        )?;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let counted: i64 = statement.query_row((pipeline, most), |row| row.get(0))?;
        Ok(usize::try_from(counted).unwrap_or(0))
    })())
}

/// The earliest time after another at which a run becomes due if nobody owns it then.
pub(crate) fn next_due(connection: &Connection, after: Timestamp) -> Result<Option<Timestamp>, Error> {
    reading((|| {
        let mut statement = connection.prepare_cached("SELECT due FROM run WHERE due > ?1 ORDER BY due LIMIT 1")?;
        statement
            .query_row([after.millis()], |row| columns::time(row, 0))
            .optional()
    })())
}

/// Open waits, oldest first.
pub(crate) fn waits(connection: &Connection, run: Option<RunId>) -> Result<Vec<Wait>, Error> {
    let sql = "SELECT id, run, path, decision, roles, since, due, unlock(show), shown, reference FROM wait
               WHERE ?1 IS NULL OR run = ?1 ORDER BY since, id";
    reading((|| {
        let mut statement = connection.prepare_cached(sql)?;
        let rows = statement.query_map([run.map(|run| run.0.as_bytes().to_vec())], |row| {
            Ok(Wait {
                id: row.get(0)?,
                run: columns::run(row, 1)?,
                path: row.get(2)?,
                decision: row.get(3)?,
                roles: columns::texts(row, 4)?,
                since: columns::time(row, 5)?,
                due: row.get::<_, Option<i64>>(6)?.map(Timestamp::from_millis),
                show: columns::value(row, 7).unwrap_or(Value::Null),
                shown: columns::digest(row, 8)?,
                reference: row.get(9)?,
            })
        })?;
        rows.collect()
    })())
}

/// A connection's state: value and version.
pub(crate) fn state_get(connection: &Connection, of: &str, key: &str) -> Result<Option<(Vec<u8>, u64)>, Error> {
    reading((|| {
        let mut statement =
            connection.prepare_cached("SELECT unlock(value), version FROM state WHERE connection = ?1 AND key = ?2")?;
        statement
            .query_row((of, key), |row| Ok((row.get(0)?, columns::count(row, 1)?)))
            .optional()
    })())
}

/// Keys of a connection's state under a prefix, in order, after a key.
pub(crate) fn state_keys(
    connection: &Connection,
    of: &str,
    prefix: &str,
    after: Option<&str>,
    limit: u32,
) -> Result<Vec<String>, Error> {
    // Texts compare as bytes in SQLite, so those with a prefix lie together, from the prefix on.
    let sql = "SELECT key FROM state WHERE connection = ?1 AND key >= ?2 AND (?3 IS NULL OR key > ?3)
               AND substr(key, 1, length(?2)) = ?2 ORDER BY key LIMIT ?4";
    reading((|| {
        let mut statement = connection.prepare_cached(sql)?;
        statement
            .query_map((of, prefix, after, limit), |row| row.get(0))?
            .collect()
    })())
}

/// A document.
pub(crate) fn document(connection: &Connection, digest: Digest) -> Result<Option<(DocumentReference, Vec<u8>)>, Error> {
    reading((|| {
        let mut statement =
            connection.prepare_cached("SELECT media_type, unlock(bytes) FROM document WHERE digest = ?1")?;
        statement
            .query_row([digest.0], |row| {
                let bytes: Vec<u8> = row.get(1)?;
                let size = bytes.len() as u64;
                Ok((
                    DocumentReference {
                        digest,
                        media_type: row.get(0)?,
                        size,
                    },
                    bytes,
                ))
            })
            .optional()
    })())
}

/// A pinned version.
pub(crate) fn version(connection: &Connection, digest: Digest) -> Result<Option<Vec<u8>>, Error> {
    reading((|| {
        let mut statement = connection.prepare_cached("SELECT bytes FROM version WHERE digest = ?1")?;
        statement.query_row([digest.0], |row| row.get(0)).optional()
    })())
}

//! What is neither an entry nor a business key: connections' state, documents, waits, pinned versions.

use dragoman_journal::decide::{self, Opening};
use dragoman_journal::{Refusal, Wait, canonical};
use dragoman_model::{Digest, DocumentReference};
use rusqlite::OptionalExtension;

use crate::business;
use crate::columns;
use crate::failure::Trouble;
use crate::writer::Writing;

/// Compares the version of a key with what is expected; gives the version that is there.
fn compare(
    writing: &Writing<'_>,
    connection: &str,
    key: &str,
    expected: Option<u64>,
) -> Result<Result<u64, Refusal>, Trouble> {
    let version = writing
        .connection
        .prepare_cached("SELECT version FROM state WHERE connection = ?1 AND key = ?2")?
        .query_row((connection, key), |row| columns::count(row, 0))
        .optional()?
        .unwrap_or(0);
    Ok(match decide::state::refused(connection, key, version, expected) {
        Some(refusal) => Err(refusal),
        None => Ok(version),
    })
}

/// Writes a key of a connection's state; `expected` 0: none there yet; none: whatever is there.
pub(crate) fn put(
    writing: &Writing<'_>,
    connection: &str,
    key: &str,
    value: &[u8],
    expected: Option<u64>,
) -> Result<Option<Refusal>, Trouble> {
    let version = match compare(writing, connection, key, expected)? {
        Ok(version) => version,
        Err(refusal) => return Ok(Some(refusal)),
    };
    writing
        .connection
        .prepare_cached("INSERT OR REPLACE INTO state(connection, key, version, value) VALUES(?1, ?2, ?3, ?4)")?
        .execute((connection, key, columns::number(version + 1), value))?;
    Ok(None)
}

/// Removes a key of a connection's state.
pub(crate) fn delete(
    writing: &Writing<'_>,
    connection: &str,
    key: &str,
    expected: Option<u64>,
) -> Result<Option<Refusal>, Trouble> {
    if let Err(refusal) = compare(writing, connection, key, expected)? {
        return Ok(Some(refusal));
    }
    writing
        .connection
        .prepare_cached("DELETE FROM state WHERE connection = ?1 AND key = ?2")?
        .execute((connection, key))?;
    Ok(None)
}

/// A key of a connection's state is still as it was read.
pub(crate) fn relied(
    writing: &Writing<'_>,
    connection: &str,
    key: &str,
    expected: u64,
) -> Result<Option<Refusal>, Trouble> {
    Ok(compare(writing, connection, key, Some(expected))?.err())
}

/// Keeps a document, once.
pub(crate) fn keep(writing: &Writing<'_>, document: &DocumentReference, bytes: &[u8]) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached("INSERT OR IGNORE INTO document(digest, media_type, bytes) VALUES(?1, ?2, ?3)")?
        .execute((document.digest.0, &document.media_type, bytes))?;
    Ok(())
}

/// Keeps a version, once.
pub(crate) fn keep_version(writing: &Writing<'_>, digest: &Digest, bytes: &[u8]) -> Result<(), Trouble> {
    writing
        .connection
        .prepare_cached("INSERT OR IGNORE INTO version(digest, bytes) VALUES(?1, ?2)")?
        .execute((digest.0, bytes))?;
    Ok(())
}

/// Registers a wait.
pub(crate) fn begin_wait(writing: &Writing<'_>, wait: &Wait) -> Result<Option<Refusal>, Trouble> {
    let opening = Opening {
        run: wait.run,
        path: &wait.path,
        reference: wait.reference.as_deref(),
    };
    if let Some(refusal) = business::voided(writing, &opening)? {
        return Ok(Some(refusal));
    }
    writing
        .connection
        .prepare_cached(
            "INSERT OR REPLACE INTO wait(id, run, path, decision, roles, since, due, show, shown, reference)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(rusqlite::params![
            wait.id,
            wait.run.0.as_bytes(),
            wait.path,
            wait.decision,
            canonical::text(&wait.roles)?,
            wait.since.millis(),
            wait.due.map(dragoman_model::Timestamp::millis),
            canonical::text(&wait.show)?,
            wait.shown.0,
            wait.reference,
        ])?;
    Ok(None)
}

/// Ends a wait, once.
pub(crate) fn end_wait(writing: &Writing<'_>, wait: &str) -> Result<Option<Refusal>, Trouble> {
    let ended = writing
        .connection
        .prepare_cached("DELETE FROM wait WHERE id = ?1")?
        .execute([wait])?;
    Ok((ended == 0).then(|| Refusal::WaitOver { wait: wait.into() }))
}

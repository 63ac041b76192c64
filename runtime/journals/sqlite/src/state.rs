//! What is neither an entry nor a business key: connections' state, documents, waits, pinned versions.

use dragoman_journal::{Wait, canonical};
use dragoman_model::{Digest, DocumentReference, RunId};
use rusqlite::{Connection, OptionalExtension};

use crate::columns;
use crate::failure::Trouble;

/// The version of a key; 0: none is there.
pub(crate) fn version(connection: &Connection, of: &str, key: &str) -> Result<u64, Trouble> {
    let version = connection
        .prepare_cached("SELECT version FROM state WHERE connection = ?1 AND key = ?2")?
        .query_row((of, key), |row| columns::count(row, 0))
        .optional()?;
    Ok(version.unwrap_or(0))
}

/// Writes a key of a connection's state; no value: it goes.
pub(crate) fn write(connection: &Connection, of: &str, key: &str, value: Option<(u64, &[u8])>) -> Result<(), Trouble> {
    if let Some((version, value)) = value {
        connection
            .prepare_cached(
                "INSERT OR REPLACE INTO state(connection, key, version, value) VALUES(?1, ?2, ?3, lock(?4))",
            )?
            .execute((of, key, columns::number(version), value))?;
    } else {
        connection
            .prepare_cached("DELETE FROM state WHERE connection = ?1 AND key = ?2")?
            .execute((of, key))?;
    }
    Ok(())
}

/// Keeps a document, once, for a run.
pub(crate) fn keep(
    connection: &Connection,
    run: RunId,
    document: &DocumentReference,
    bytes: &[u8],
) -> Result<(), Trouble> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO document(digest, media_type, bytes) VALUES(?1, ?2, lock(?3))")?
        .execute((document.digest.0, &document.media_type, bytes))?;
    connection
        .prepare_cached("INSERT OR IGNORE INTO document_use(run, digest) VALUES(?1, ?2)")?
        .execute((run.0.as_bytes(), document.digest.0))?;
    Ok(())
}

/// Keeps a version, once.
pub(crate) fn keep_version(connection: &Connection, digest: &Digest, bytes: &[u8]) -> Result<(), Trouble> {
    connection
        .prepare_cached("INSERT OR IGNORE INTO version(digest, bytes) VALUES(?1, ?2)")?
        .execute((digest.0, bytes))?;
    Ok(())
}

/// Registers a wait.
pub(crate) fn begin_wait(connection: &Connection, wait: &Wait) -> Result<(), Trouble> {
    connection
        .prepare_cached(
            "INSERT OR REPLACE INTO wait(id, run, path, decision, roles, since, due, show, shown, reference, event,
               event_key)
             VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, iif(?11 IS NULL, lock(?8), ?8), ?9, ?10, ?11, ?12)",
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
            wait.event().map(|(name, _)| name),
            wait.event().map(|(_, key)| key),
        ])?;
    Ok(())
}

/// Ends a wait; whether it was there.
pub(crate) fn end_wait(connection: &Connection, wait: &str) -> Result<bool, Trouble> {
    let ended = connection
        .prepare_cached("DELETE FROM wait WHERE id = ?1")?
        .execute([wait])?;
    Ok(ended > 0)
}

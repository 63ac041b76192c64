//! Everything that a store has, encrypted with the key that locks now.

use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::{Keyring, SealedBody};
use rusqlite::Connection;

use crate::entries::reading;
use crate::{failure, keys};

/// So many bodies are read before they are written back.
const PAGE: usize = 500;

/// What the functions of the connection do alone. Claims stay plain, and what a wait for an event shows, which is in its other
/// columns.
const COLUMNS: [&str; 6] = [
    "UPDATE once_key SET output = lock(unlock(output)),
       input_body = iif(substr(scope, 1, 7) = 'ledger:', input_body, lock(unlock(input_body)))",
    "UPDATE reference_effect SET input = lock(unlock(input)), output = lock(unlock(output))",
    "UPDATE wait SET show = lock(unlock(show)) WHERE event IS NULL",
    "UPDATE event SET data = lock(unlock(data))",
    "UPDATE state SET value = lock(unlock(value))",
    "UPDATE document SET bytes = lock(unlock(bytes))",
];

/// Encrypts it, within a transaction of the caller.
///
/// # Errors
/// D0704 where something cannot be read, as failures of writing.
pub(crate) fn encrypt(connection: &Connection, keyring: &Keyring) -> Result<(), Error> {
    bodies(connection, keyring)?;
    let columns = COLUMNS.iter().try_for_each(|sql| connection.execute(sql, []).map(drop));
    let done = columns.and_then(|()| keys::forget_others(connection, keyring));
    done.map_err(|e| failure::at_writing(&e))
}

fn bodies(connection: &Connection, keyring: &Keyring) -> Result<(), Error> {
    let mut behind = 0_i64;
    loop {
        let page: Vec<(i64, Vec<u8>)> = reading((|| {
            let sql = "SELECT position, open_body(salt, encoding, bytes) FROM body WHERE position > ?1
                       ORDER BY position LIMIT ?2";
            let mut statement = connection.prepare_cached(sql)?;
            let most = i64::try_from(PAGE).unwrap_or(i64::MAX);
            statement
                .query_map((behind, most), |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect()
        })())?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        behind = *last;
        for (position, whole) in &page {
            let body = SealedBody::of(whole).ok_or_else(|| damaged(*position))?;
            let stored = keyring.store_body(&body)?;
            let mut statement = connection
                .prepare_cached("UPDATE body SET salt = ?2, encoding = ?3, bytes = ?4 WHERE position = ?1")
                .map_err(|e| failure::at_writing(&e))?;
            let row = (position, stored.salt, stored.encoding, &*stored.bytes);
            statement.execute(row).map_err(|e| failure::at_writing(&e))?;
        }
    }
}

fn damaged(position: i64) -> Error {
    Error::new(
        CORRUPT,
        format!("the body of entry {position} is damaged; nothing was changed, run `dragoman audit verify`"),
    )
}

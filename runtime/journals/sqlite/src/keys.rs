//! The keys of the installation in SQL: functions of a connection that lock and unlock what is in the columns.
//!
//! Locked are texts of messages, inputs, outputs, events, of what a person is shown, documents and connections' state. Plain
//! stay headers, keys, references, and claims, by which the ledger is looked through.

use std::borrow::Cow;
use std::sync::Arc;

use dragoman_journal::Keyring;
use dragoman_journal::error::Error;
use dragoman_journal::keyring::StoredBody;
use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::{ToSqlOutput, Value, ValueRef};

use crate::entries::reading;
use crate::failure;

/// The names under which `meta` has the keys that were used.
const USED: &str = "key:";

type Answer = Result<ToSqlOutput<'static>, rusqlite::Error>;

/// What becomes of what was altered, so that it cannot be unlocked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Altered {
    /// Whoever asks for it is refused.
    Refused,
    /// It is given as it is: an audit finds by itself that it is not what it was.
    Given,
}

/// Gives a connection the functions `lock(column)`, `unlock(column)`, which leave alone what needs neither, and
/// `open_body(salt, encoding, bytes)`, which gives salt and text one behind the other.
pub(crate) fn give(connection: &Connection, keyring: &Arc<Keyring>, altered: Altered) -> Result<(), rusqlite::Error> {
    let ring = Arc::clone(keyring);
    connection.create_scalar_function("lock", 1, FunctionFlags::SQLITE_UTF8, move |context| {
        lock(context, &ring)
    })?;
    let ring = Arc::clone(keyring);
    let steady = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("unlock", 1, steady, move |context| {
        unlock(context, &ring).or_else(|error| altered.instead(context, 0, error))
    })?;
    let ring = Arc::clone(keyring);
    connection.create_scalar_function("open_body", 3, steady, move |context| {
        open_body(context, &ring).or_else(|error| altered.instead(context, 2, error))
    })
}

impl Altered {
    fn instead(self, context: &Context<'_>, column: usize, error: rusqlite::Error) -> Answer {
        match self {
            Altered::Refused => Err(error),
            Altered::Given => Ok(ToSqlOutput::Owned(context.get::<Value>(column)?)),
        }
    }
}

fn told(error: &Error) -> rusqlite::Error {
    rusqlite::Error::UserFunctionError(failure::in_sql(error).into())
}

fn bytes(changed: Cow<'_, [u8]>) -> ToSqlOutput<'static> {
    ToSqlOutput::Owned(Value::Blob(changed.into_owned()))
}

fn lock(context: &Context<'_>, ring: &Keyring) -> Answer {
    Ok(match context.get_raw(0) {
        ValueRef::Text(_) => {
            let text = ring.lock_text(context.get(0)?).map_err(|e| told(&e))?;
            ToSqlOutput::Owned(Value::Text(text))
        }
        ValueRef::Blob(plain) => bytes(ring.lock(plain).map_err(|e| told(&e))?),
        _ => ToSqlOutput::Owned(context.get::<Value>(0)?),
    })
}

fn unlock(context: &Context<'_>, ring: &Keyring) -> Answer {
    Ok(match context.get_raw(0) {
        ValueRef::Text(text) => {
            // What a hand has put there may be anything; whoever reads it says what it is not.
            let text = String::from_utf8_lossy(text);
            let text = ring.unlock_text(&text).map_err(|e| told(&e))?;
            ToSqlOutput::Owned(Value::Text(text.into_owned()))
        }
        ValueRef::Blob(locked) => bytes(ring.unlock(locked).map_err(|e| told(&e))?),
        _ => ToSqlOutput::Owned(context.get::<Value>(0)?),
    })
}

fn open_body(context: &Context<'_>, ring: &Keyring) -> Answer {
    let column = |number| match context.get_raw(number) {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Some(bytes),
        _ => None,
    };
    let (Some(salt), Some(text)) = (column(0), column(2)) else {
        return Ok(ToSqlOutput::Owned(Value::Null));
    };
    let stored = StoredBody {
        salt,
        encoding: context.get(1)?,
        bytes: Cow::Borrowed(text),
    };
    let (mut whole, text) = ring.read_body(&stored).map_err(|e| told(&e))?;
    whole.extend_from_slice(&text);
    Ok(bytes(Cow::Owned(whole)))
}

/// The names of the keys with which something in the store may be locked.
fn used(connection: &Connection) -> Result<Vec<String>, rusqlite::Error> {
    let sql = "SELECT substr(name, ?2) FROM meta WHERE substr(name, 1, ?2 - 1) = ?1 ORDER BY name";
    let behind = i64::try_from(USED.len()).unwrap_or_default() + 1;
    let mut statement = connection.prepare(sql)?;
    statement.query_map((USED, behind), |row| row.get(0))?.collect()
}

/// Refuses a store for which a key is missing.
///
/// # Errors
/// D0726.
pub(crate) fn demand(connection: &Connection, keyring: &Keyring) -> Result<(), Error> {
    let used = reading(used(connection))?;
    keyring.must_have(used.iter().map(String::as_str))
}

/// Remembers the key that locks from now on, before it locks anything.
pub(crate) fn remember(connection: &Connection, keyring: &Keyring) -> Result<(), rusqlite::Error> {
    let Some(id) = keyring.ids().next() else { return Ok(()) };
    let sql = "INSERT OR IGNORE INTO meta(name, value) VALUES(?1, 'locks')";
    connection.execute(sql, [format!("{USED}{id}")]).map(drop)
}

/// Forgets all keys but the one that locks: nothing is locked with them any more.
pub(crate) fn forget_others(connection: &Connection, keyring: &Keyring) -> Result<(), rusqlite::Error> {
    let id = keyring.ids().next().unwrap_or_default();
    let sql = "DELETE FROM meta WHERE substr(name, 1, length(?1)) = ?1 AND name <> ?1 || ?2";
    connection.execute(sql, (USED, id)).map(drop)
}

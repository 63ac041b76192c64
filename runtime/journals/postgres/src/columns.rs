//! How the words of the model stand in columns.

use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::keyring::{SaltedText, StoredBody};
use dragoman_journal::{Ending, Keyring, OnceState, Standing};
use dragoman_model::{Digest, RunId, Timestamp, Value};
use serde::de::DeserializeOwned;
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::rows::Turn;

type Read<T> = Result<T, Error>;

fn wrong(what: impl std::fmt::Display) -> Error {
    Error::new(
        CORRUPT,
        format!("the store is damaged ({what}); run `dragoman audit verify`, and go back to a backup"),
    )
}

/// A column as the driver has it.
pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Read<T> {
    row.try_get(column).map_err(wrong)
}

/// A run's id.
pub(crate) fn run(row: &Row, column: usize) -> Read<RunId> {
    get(row, column).map(RunId)
}

/// A digest from its 32 bytes.
pub(crate) fn digest(row: &Row, column: usize) -> Read<Digest> {
    let bytes: &[u8] = get(row, column)?;
    let bytes: [u8; 32] = bytes.try_into().map_err(|_| wrong("a digest has not 32 bytes"))?;
    Ok(Digest(bytes))
}

/// A time from milliseconds.
pub(crate) fn time(row: &Row, column: usize) -> Read<Timestamp> {
    get(row, column).map(Timestamp::from_millis)
}

/// Whether a run has its turn.
pub(crate) fn turn(row: &Row, column: usize) -> Read<Turn> {
    match get::<i16>(row, column)? {
        0 => Ok(Turn::None),
        1 => Ok(Turn::Waits),
        2 => Ok(Turn::Has),
        other => Err(wrong(format!("there is no turn {other}"))),
    }
}

/// A count.
pub(crate) fn count(row: &Row, column: usize) -> Read<u64> {
    let number: i64 = get(row, column)?;
    u64::try_from(number).map_err(|_| wrong("a count is negative"))
}

/// A JSON text.
pub(crate) fn json<T: DeserializeOwned>(row: &Row, column: usize) -> Read<T> {
    parse(get(row, column)?)
}

/// A JSON text that may be encrypted.
pub(crate) fn locked(keyring: &Keyring, row: &Row, column: usize) -> Read<Value> {
    parse(&keyring.unlock_text(get(row, column)?)?)
}

/// A JSON text that may be encrypted, where there is one.
pub(crate) fn optional_locked(keyring: &Keyring, row: &Row, column: usize) -> Read<Option<Value>> {
    let text: Option<&str> = get(row, column)?;
    text.map(|text| parse(&keyring.unlock_text(text)?)).transpose()
}

/// Salt and text of a body, from its salt, its encoding and its bytes, where there is one.
pub(crate) fn body(keyring: &Keyring, row: &Row, column: usize) -> Read<Option<SaltedText>> {
    let (salt, encoding, bytes): (Option<&[u8]>, Option<i16>, Option<&[u8]>) =
        (get(row, column)?, get(row, column + 1)?, get(row, column + 2)?);
    let (Some(salt), Some(encoding), Some(bytes)) = (salt, encoding, bytes) else {
        return Ok(None);
    };
    let stored = StoredBody {
        salt,
        encoding: encoding.into(),
        bytes: bytes.into(),
    };
    keyring.read_body(&stored).map(Some)
}

/// The value of a JSON text.
pub(crate) fn parse<T: DeserializeOwned>(text: &str) -> Read<T> {
    serde_json::from_str(text).map_err(|e| wrong(format!("a text is not the JSON that it should be: {e}")))
}

/// A number of ours as PostgreSQL has it.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A standing as two columns: its kind, and when the run wakes.
pub(crate) fn of_standing(standing: Standing) -> (i16, Option<i64>) {
    match standing {
        Standing::Active => (0, None),
        Standing::Sleeping(due) => (1, Some(due.millis())),
        Standing::Waiting(due) => (2, due.map(Timestamp::millis)),
        Standing::Parked => (3, None),
        Standing::Closed => (4, None),
    }
}

/// A standing from its two columns.
pub(crate) fn standing(row: &Row, column: usize) -> Read<Standing> {
    let wake = get::<Option<i64>>(row, column + 1)?.map(Timestamp::from_millis);
    match (get::<i16>(row, column)?, wake) {
        (0, _) => Ok(Standing::Active),
        (1, Some(due)) => Ok(Standing::Sleeping(due)),
        (2, due) => Ok(Standing::Waiting(due)),
        (3, _) => Ok(Standing::Parked),
        (4, _) => Ok(Standing::Closed),
        _ => Err(wrong("not a standing")),
    }
}

/// The ending as a column.
pub(crate) fn of_ending(ending: Ending) -> i16 {
    match ending {
        Ending::Completed => 0,
        Ending::Stopped => 1,
        Ending::Failed => 2,
        Ending::Cancelled => 3,
    }
}

/// The ending from its column.
pub(crate) fn ending(row: &Row, column: usize) -> Read<Option<Ending>> {
    Ok(match get::<Option<i16>>(row, column)? {
        Some(0) => Some(Ending::Completed),
        Some(1) => Some(Ending::Stopped),
        Some(2) => Some(Ending::Failed),
        Some(3) => Some(Ending::Cancelled),
        _ => None,
    })
}

/// The state of a business key as a column.
pub(crate) fn of_once(state: &OnceState) -> i16 {
    match state {
        OnceState::Open => 0,
        OnceState::Done => 1,
        OnceState::Failed => 2,
        OnceState::Parked => 3,
        OnceState::Undone => 4,
    }
}

/// The state of a business key from its column.
pub(crate) fn once(row: &Row, column: usize) -> Read<OnceState> {
    match get::<i16>(row, column)? {
        0 => Ok(OnceState::Open),
        1 => Ok(OnceState::Done),
        2 => Ok(OnceState::Failed),
        3 => Ok(OnceState::Parked),
        4 => Ok(OnceState::Undone),
        _ => Err(wrong("not a state of a business key")),
    }
}

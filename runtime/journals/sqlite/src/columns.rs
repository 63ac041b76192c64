//! How the words of the model stand in columns.

use dragoman_journal::{OnceState, Standing, seal};
use dragoman_model::{Digest, RunId, Timestamp, Value};
use rusqlite::Row;
use rusqlite::types::Type;

type Read<T> = Result<T, rusqlite::Error>;

fn wrong(column: usize, kind: Type, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, kind, what.into())
}

/// A run's id from its 16 bytes.
pub(crate) fn run(row: &Row<'_>, column: usize) -> Read<RunId> {
    row.get::<_, [u8; 16]>(column)
        .map(|bytes| RunId(uuid::Uuid::from_bytes(bytes)))
}

/// A run's id where there is one.
pub(crate) fn optional_run(row: &Row<'_>, column: usize) -> Read<Option<RunId>> {
    let bytes = row.get::<_, Option<[u8; 16]>>(column)?;
    Ok(bytes.map(|bytes| RunId(uuid::Uuid::from_bytes(bytes))))
}

/// A digest from its 32 bytes.
pub(crate) fn digest(row: &Row<'_>, column: usize) -> Read<Digest> {
    row.get::<_, [u8; 32]>(column).map(Digest)
}

/// A time from milliseconds.
pub(crate) fn time(row: &Row<'_>, column: usize) -> Read<Timestamp> {
    row.get::<_, i64>(column).map(Timestamp::from_millis)
}

/// A count.
pub(crate) fn count(row: &Row<'_>, column: usize) -> Read<u64> {
    let number = row.get::<_, i64>(column)?;
    u64::try_from(number).map_err(|_| wrong(column, Type::Integer, "a count is negative"))
}

/// The bytes of a text or a blob, where there are any: whoever altered a row by hand may have changed its type.
pub(crate) fn optional_bytes(row: &Row<'_>, column: usize) -> Read<Option<Vec<u8>>> {
    let bytes = row.get_ref(column)?.as_bytes_or_null();
    bytes
        .map(|bytes| bytes.map(<[u8]>::to_vec))
        .map_err(|e| wrong(column, Type::Blob, &e.to_string()))
}

/// A JSON text.
pub(crate) fn value(row: &Row<'_>, column: usize) -> Read<Value> {
    parse(
        column,
        row.get_ref(column)?
            .as_bytes()
            .map_err(|e| wrong(column, Type::Text, &e.to_string()))?,
    )
}

/// A JSON text where there is one.
pub(crate) fn optional_value(row: &Row<'_>, column: usize) -> Read<Option<Value>> {
    let text = row.get_ref(column)?.as_bytes_or_null();
    match text.map_err(|e| wrong(column, Type::Text, &e.to_string()))? {
        None => Ok(None),
        Some(bytes) => parse(column, bytes).map(Some),
    }
}

/// The value of a body, of which the column has salt and text, where there is one.
pub(crate) fn body(row: &Row<'_>, column: usize) -> Read<Option<Value>> {
    let whole: Option<Vec<u8>> = row.get(column)?;
    whole.map(|whole| parse(column, seal::apart(&whole).1)).transpose()
}

fn parse<T: serde::de::DeserializeOwned>(column: usize, bytes: &[u8]) -> Read<T> {
    serde_json::from_slice(bytes).map_err(|e| wrong(column, Type::Text, &format!("not the JSON it should be: {e}")))
}

/// A JSON list of texts.
pub(crate) fn texts(row: &Row<'_>, column: usize) -> Read<Vec<String>> {
    parse(column, row.get::<_, String>(column)?.as_bytes())
}

/// A number of ours as SQLite has it.
pub(crate) fn number(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A standing as two columns: its kind, and when the run wakes.
pub(crate) fn of_standing(standing: Standing) -> (i64, Option<i64>) {
    match standing {
        Standing::Active => (0, None),
        Standing::Sleeping(due) => (1, Some(due.millis())),
        Standing::Waiting(due) => (2, due.map(Timestamp::millis)),
        Standing::Parked => (3, None),
        Standing::Closed => (4, None),
    }
}

/// A standing from its two columns.
pub(crate) fn standing(row: &Row<'_>, column: usize) -> Read<Standing> {
    let wake = row.get::<_, Option<i64>>(column + 1)?.map(Timestamp::from_millis);
    match (row.get::<_, i64>(column)?, wake) {
        (0, _) => Ok(Standing::Active),
        (1, Some(due)) => Ok(Standing::Sleeping(due)),
        (2, due) => Ok(Standing::Waiting(due)),
        (3, _) => Ok(Standing::Parked),
        (4, _) => Ok(Standing::Closed),
        _ => Err(wrong(column, Type::Integer, "not a standing")),
    }
}

/// The state of a business key as a column.
pub(crate) fn of_once(state: &OnceState) -> i64 {
    match state {
        OnceState::Open => 0,
        OnceState::Done => 1,
        OnceState::Failed => 2,
        OnceState::Parked => 3,
        OnceState::Undone => 4,
    }
}

/// The state of a business key from its column.
pub(crate) fn once(row: &Row<'_>, column: usize) -> Read<OnceState> {
    match row.get::<_, i64>(column)? {
        0 => Ok(OnceState::Open),
        1 => Ok(OnceState::Done),
        2 => Ok(OnceState::Failed),
        3 => Ok(OnceState::Parked),
        4 => Ok(OnceState::Undone),
        _ => Err(wrong(column, Type::Integer, "not a state of a business key")),
    }
}

//! From what PostgreSQL says to what a person reads, and to what is done about it.

use dragoman_journal::error::{CANNOT_OPEN, CANNOT_WRITE, CONTRADICTION, CORRUPT, DISK_FULL, Error, UNKEEPABLE};
use tokio_postgres::error::SqlState;

/// A failure of a transaction.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) error: Error,
    pub(crate) remedy: Remedy,
}

/// What helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Remedy {
    /// The same again, at once: another transaction was in the way.
    Again,
    /// The same again on another connection: this one is gone, or leads to a server that cannot write.
    Reconnect,
    /// Each work by itself: one of them spoils it for the others.
    Apart,
    /// Nothing: it is said to those who asked.
    None,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble {
            error,
            remedy: Remedy::None,
        }
    }
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        Trouble {
            remedy: remedy(&error),
            error: at_writing(&error),
        }
    }
}

/// What helps where a statement fails.
pub(crate) fn remedy(error: &tokio_postgres::Error) -> Remedy {
    let Some(state) = error.code() else {
        // It is not the server that speaks: the connection broke, or the value has no form on the wire.
        return if error.is_closed() || is_io(error) {
            Remedy::Reconnect
        } else {
            Remedy::Apart
        };
    };
    let again = [
        SqlState::T_R_SERIALIZATION_FAILURE,
        SqlState::T_R_DEADLOCK_DETECTED,
        SqlState::LOCK_NOT_AVAILABLE,
        SqlState::QUERY_CANCELED,
        // Another made the same row where none was: the next look finds it.
        SqlState::UNIQUE_VIOLATION,
        // A document was erased in the moment in which it came again.
        SqlState::FOREIGN_KEY_VIOLATION,
    ];
    let reconnect = [
        SqlState::READ_ONLY_SQL_TRANSACTION,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::TOO_MANY_CONNECTIONS,
    ];
    match state.code().get(..2) {
        _ if again.contains(state) => Remedy::Again,
        _ if reconnect.contains(state) => Remedy::Reconnect,
        // Connections, and a server that stops or starts.
        Some("08" | "57") => Remedy::Reconnect,
        // Values that cannot be, limits of the server, and locks that it has no room for.
        Some("22" | "23" | "54" | "53") => Remedy::Apart,
        _ => Remedy::None,
    }
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        if inner.is::<std::io::Error>() {
            return true;
        }
        source = inner.source();
    }
    false
}

/// What was said, with what the server adds.
pub(crate) fn words(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => {
            let detail = db.detail().map(|detail| format!(": {detail}")).unwrap_or_default();
            format!("{}{detail}, {}", db.message(), db.code().code())
        }
        None => match std::error::Error::source(error) {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        },
    }
}

fn at_writing(error: &tokio_postgres::Error) -> Error {
    let words = words(error);
    match error.code().map(SqlState::code) {
        Some("53100") => Error::new(
            DISK_FULL,
            "the database's disk is full: nothing of this was written; make space, and the store goes on by itself",
        ),
        Some("XX001" | "XX002") => damaged(&words),
        Some(state) if state.starts_with("23") => Error::new(
            CONTRADICTION,
            format!("the append contradicts what the store has ({words}); nothing of it was written"),
        ),
        Some(state) if state.starts_with("22") || state.starts_with("54") => Error::new(
            UNKEEPABLE,
            format!("the database cannot keep a value ({words}); nothing of this was written"),
        ),
        _ => Error::new(
            CANNOT_WRITE,
            format!("the database does not take what is to be written ({words}); nothing of this was written"),
        ),
    }
}

/// What a failed query means.
pub(crate) fn at_reading(error: &tokio_postgres::Error) -> Error {
    let words = words(error);
    match error.code().map(SqlState::code) {
        Some("XX001" | "XX002") => damaged(&words),
        _ => Error::new(CANNOT_OPEN, format!("the database cannot be read ({words})")),
    }
}

/// What a failure to open the database means.
pub(crate) fn at_opening(error: &tokio_postgres::Error) -> Error {
    let words = words(error);
    let help = match error.code().map(SqlState::code) {
        Some("3D000") => "; make it with `CREATE DATABASE`",
        Some("28P01" | "28000") => "; look at user and password",
        Some("42501") => "; its user must own the schema, or may make one",
        None => "; look whether the server runs, and at host and port",
        _ => "",
    };
    Error::new(CANNOT_OPEN, format!("the database cannot be used ({words}){help}"))
}

/// What a failure means where only a store that is there is looked for.
pub(crate) fn no_store(error: &tokio_postgres::Error) -> Error {
    if error.code() == Some(&SqlState::UNDEFINED_TABLE) {
        let text = "there is no store in that schema of the database; `dragoman serve` makes it. If something has run, look \
                    whether `store:` in the site file is right";
        return Error::new(CANNOT_OPEN, text);
    }
    at_opening(error)
}

/// What a pool that gives no connection means.
pub(crate) fn at_connecting(error: &deadpool_postgres::PoolError) -> Trouble {
    let (words, remedy) = match error {
        deadpool_postgres::PoolError::Backend(error) => (words(error), Remedy::Reconnect),
        other => (other.to_string(), Remedy::Reconnect),
    };
    Trouble {
        error: Error::new(CANNOT_WRITE, format!("the database cannot be reached ({words})")),
        remedy,
    }
}

fn damaged(words: &str) -> Error {
    Error::new(
        CORRUPT,
        format!(
            "the database is damaged ({words}); go back to a backup, and verify that with `dragoman audit verify` and the \
             last outside head"
        ),
    )
}

//! From what SQLite says to what a person reads.

use std::path::Path;

use dragoman_journal::error::{
    CANNOT_OPEN, CANNOT_WRITE, CONTRADICTION, CORRUPT, DISK_FULL, Error, KEY_MISSING, LOCKED, STOPPED, UNKEEPABLE,
};
use rusqlite::ErrorCode;

/// A failure while writing, and whether the store must stop because of it.
#[derive(Debug, Clone)]
pub(crate) struct Trouble {
    pub(crate) error: Error,
    /// After an input or output error nobody knows what is on the disk: a second sync may report success for pages
    /// that the system has already dropped. Only a restart, which reads the file again, is safe.
    pub(crate) stops: bool,
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Trouble { error, stops: false }
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        let stops = matches!(
            code(&error),
            Some(ErrorCode::SystemIoFailure | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
        );
        Trouble {
            error: at_writing(&error),
            stops,
        }
    }
}

/// What a function of ours says within SQL: SQLite carries the text alone.
pub(crate) fn in_sql(error: &Error) -> String {
    format!("[{}] {}", error.code.id, error.message)
}

/// What a function of ours has said.
fn ours(error: &rusqlite::Error) -> Option<Error> {
    let rusqlite::Error::SqliteFailure(_, Some(said)) = error else {
        return None;
    };
    let (id, message) = said.strip_prefix('[')?.split_once("] ")?;
    let code = [CORRUPT, KEY_MISSING, UNKEEPABLE, CANNOT_WRITE]
        .into_iter()
        .find(|code| code.id == id)?;
    Some(Error::new(code, message))
}

fn code(error: &rusqlite::Error) -> Option<ErrorCode> {
    error.sqlite_error_code()
}

/// What a failed statement of the writer means.
pub(crate) fn at_writing(error: &rusqlite::Error) -> Error {
    if let Some(said) = ours(error) {
        return said;
    }
    match code(error) {
        Some(ErrorCode::DiskFull) => Error::new(
            DISK_FULL,
            "the disk is full: nothing of this was written; make space, and the store goes on by itself",
        ),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => damaged(error),
        Some(ErrorCode::ConstraintViolation) => Error::new(
            CONTRADICTION,
            format!("the append contradicts what the store has ({error}); nothing of it was written"),
        ),
        Some(ErrorCode::TooBig) => Error::new(
            UNKEEPABLE,
            "a text or a document is larger than the store takes; nothing of this was written",
        ),
        _ => Error::new(
            CANNOT_WRITE,
            format!(
                "the store cannot be written ({error}); nothing of this was written: look for rights, a file system that \
                 takes no writes, and another program that has the file open"
            ),
        ),
    }
}

/// What a failed query means.
pub(crate) fn at_reading(error: &rusqlite::Error) -> Error {
    if let Some(said) = ours(error) {
        return said;
    }
    match code(error) {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) | None => damaged(error),
        _ => Error::new(CANNOT_OPEN, format!("the store cannot be read ({error})")),
    }
}

/// What a failure to open the file means.
pub(crate) fn at_opening(file: &Path, error: &rusqlite::Error) -> Error {
    match code(error) {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            let damaged = damaged(error);
            Error::new(damaged.code, format!("`{}`: {}", file.display(), damaged.message))
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::new(
            LOCKED,
            format!("`{}` is in use by another program; stop that first", file.display()),
        ),
        Some(ErrorCode::DiskFull) => {
            Error::new(DISK_FULL, format!("no space to open `{}`; make space", file.display()))
        }
        _ => Error::new(CANNOT_OPEN, format!("`{}` cannot be opened ({error})", file.display())),
    }
}

fn damaged(error: &rusqlite::Error) -> Error {
    Error::new(
        CORRUPT,
        format!(
            "the store is damaged ({error}); keep the file as it is, go back to a backup, and verify that with `dragoman audit verify` and the last outside head"
        ),
    )
}

/// What every call answers once the store has stopped at a failed sync.
pub(crate) fn stopped() -> Error {
    Error::new(
        STOPPED,
        "the store has stopped after a failed sync; look at the disk, then restart",
    )
}

/// What every call answers once the store's file is not where it was.
pub(crate) fn displaced(file: &Path, why: &str) -> Error {
    let message = format!(
        "the store has stopped: its file `{}` was taken away while it ran ({why}); stop the process, bring the file and \
         the one beside it that ends with `-wal` back, or a backup, then restart",
        file.display()
    );
    Error::new(STOPPED, message)
}

//! One process per store folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use dragoman_journal::error::{CANNOT_OPEN, Error, LOCKED};

/// The lock of a folder; it ends with the value, or with the process.
#[derive(Debug)]
pub(crate) struct Lock {
    /// The operating system holds the lock as long as the file is open.
    _file: File,
}

impl Lock {
    /// Takes the lock and writes this process's id into it, for people.
    ///
    /// # Errors
    /// D0706 where another process has it, D0701 where the folder cannot be written.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("lock");
        let refuse = |e: std::io::Error| {
            Error::new(
                CANNOT_OPEN,
                format!("the lock `{}` cannot be written ({e})", path.display()),
            )
        };
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                // The number is only for the message: where it cannot be read, the message does without.
                let _ = file.read_to_string(&mut pid);
                let who = if pid.trim().is_empty() {
                    String::new()
                } else {
                    format!(" {}", pid.trim())
                };
                return Err(Error::new(
                    LOCKED,
                    format!("the store `{}` is in use by process{who}", folder.display()),
                ));
            }
            Err(TryLockError::Error(e)) => return Err(refuse(e)),
        }
        file.set_len(0).map_err(refuse)?;
        file.rewind().map_err(refuse)?;
        writeln!(file, "{}", std::process::id()).map_err(refuse)?;
        Ok(Lock { _file: file })
    }
}

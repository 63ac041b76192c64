//! Who this process is among those that share a store: the one that serves from its folder, and no other that lives.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use dragoman_journal::error::{CANNOT_OPEN, LOCKED};
use uuid::Uuid;

use crate::error::Error;

/// A name that is this process's alone as long as it lives, and its successor's in the same folder afterwards.
pub(crate) struct Instance {
    /// The name.
    pub(crate) id: Uuid,
    /// The operating system holds the lock as long as the file is open.
    _file: File,
}

impl Instance {
    /// Takes the name that is kept in a folder; makes one where there is none yet.
    ///
    /// # Errors
    /// D0706 where another process has it, D0701 where the folder cannot be written.
    pub(crate) fn take(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("instance");
        let refuse = |e: std::io::Error| {
            let message = format!("`{}` cannot be written ({e})", path.display());
            Error::new(CANNOT_OPEN, message, "look for rights, and for space on the disk")
        };
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(refuse)?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(&path).map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let message = format!("another process serves from `{}`", folder.display());
                let help = "one process for each folder: give another machine, or another process, a folder of its own";
                return Err(Error::new(LOCKED, message, help));
            }
            Err(TryLockError::Error(e)) => return Err(refuse(e)),
        }
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(refuse)?;
        let id = match text.trim().parse() {
            Ok(id) => id,
            // New; or torn by a crash, and then nothing was begun under it.
            Err(_) => {
                let id = Uuid::now_v7();
                file.set_len(0).map_err(refuse)?;
                file.rewind().map_err(refuse)?;
                writeln!(file, "{id}").map_err(refuse)?;
                file.sync_all().map_err(refuse)?;
                id
            }
        };
        Ok(Instance { id, _file: file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_process_s_and_then_its_successor_s() {
        let folder = tempfile::tempdir().unwrap();
        let first = Instance::take(folder.path()).unwrap();
        let Err(refused) = Instance::take(folder.path()) else {
            panic!("two have the same name");
        };
        assert!(refused.is_locked(), "{refused}");
        let id = first.id;
        drop(first);
        assert_eq!(Instance::take(folder.path()).unwrap().id, id);
        std::fs::write(folder.path().join("instance"), "torn").unwrap();
        assert_ne!(Instance::take(folder.path()).unwrap().id, id);
    }
}

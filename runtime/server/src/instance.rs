//! Who this process is among those that share a store: each has a name in its folder that no other that lives has.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use dragoman_journal::error::{CANNOT_OPEN, LOCKED};
use uuid::Uuid;

use crate::error::Error;

/// The file of the process that takes messages.
const SERVES: &str = "instance";
/// What the files of those that only work begin with; a number follows.
const WORKS: &str = "worker-";
/// A name that is another's is asked for again so often: whoever gives back what a process left behind has it for a moment.
const TRIES: u32 = 20;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// What a process does in its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// It takes messages, or does something for an operator: one process for each folder.
    Serves,
    /// It only works on runs: any number of processes.
    Works,
}

/// A name that is this process's alone as long as it lives, and its successor's in the same folder afterwards.
pub(crate) struct Instance {
    /// The name.
    pub(crate) id: Uuid,
    /// The operating system holds the lock as long as the file is open.
    _file: File,
}

impl Instance {
    /// Takes a name that is kept in a folder; makes one where there is none yet.
    ///
    /// # Errors
    /// D0706 where another process has it, D0701 where the folder cannot be written.
    pub(crate) async fn take(folder: &Path, part: Part) -> Result<Self, Error> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|e| cannot_write(folder, &e))?;
        if part == Part::Works {
            for number in 1..u32::MAX {
                if let Some(free) = Self::lock(&folder.join(format!("{WORKS}{number}")))? {
                    return Ok(free);
                }
            }
        }
        for _ in 0..TRIES {
            if let Some(free) = Self::lock(&folder.join(SERVES))? {
                return Ok(free);
            }
            tokio::time::sleep(PAUSE).await;
        }
        let message = format!("another process serves from `{}`", folder.display());
        let help = "one process for each folder: give another machine, or another process, a folder of its own; \
                    `dragoman worker` may run beside it";
        Err(Error::new(LOCKED, message, help))
    }

    /// The names in a folder whose processes are gone; nobody takes one of them as long as it is held.
    ///
    /// # Errors
    /// D0701 where the folder cannot be read.
    pub(crate) fn gone(folder: &Path) -> Result<Vec<Self>, Error> {
        let mut gone = Vec::new();
        for found in folder.read_dir().map_err(|e| cannot_write(folder, &e))? {
            let Ok(found) = found else { continue };
            let name = found.file_name();
            let name = name.to_str().unwrap_or_default();
            if name == SERVES || name.starts_with(WORKS) {
                gone.extend(Self::lock(&found.path())?);
            }
        }
        Ok(gone)
    }

    /// The name in a file; none: another process has it.
    fn lock(path: &Path) -> Result<Option<Self>, Error> {
        let refuse = |e: std::io::Error| cannot_write(path, &e);
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false).mode(0o600);
        let mut file = options.open(path).map_err(refuse)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
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
        Ok(Some(Instance { id, _file: file }))
    }
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Error {
    let message = format!("`{}` cannot be written ({error})", path.display());
    Error::new(CANNOT_OPEN, message, "look for rights, and for space on the disk")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_is_one_process_s_and_then_its_successor_s() {
        let folder = tempfile::tempdir().unwrap();
        let first = Instance::take(folder.path(), Part::Serves).await.unwrap();
        let Err(refused) = Instance::take(folder.path(), Part::Serves).await else {
            panic!("two have the same name");
        };
        assert!(refused.is_locked(), "{refused}");
        let id = first.id;
        drop(first);
        assert_eq!(Instance::take(folder.path(), Part::Serves).await.unwrap().id, id);
        std::fs::write(folder.path().join("instance"), "torn").unwrap();
        assert_ne!(Instance::take(folder.path(), Part::Serves).await.unwrap().id, id);
    }

    #[tokio::test]
    async fn those_that_work_have_a_name_each_and_those_that_are_gone_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let take = || Instance::take(folder.path(), Part::Works);
        let (first, second) = (take().await.unwrap(), take().await.unwrap());
        assert_ne!(first.id, second.id);
        assert!(Instance::gone(folder.path()).unwrap().is_empty());
        let id = first.id;
        drop(first);
        let gone = Instance::gone(folder.path()).unwrap();
        assert_eq!(gone.iter().map(|gone| gone.id).collect::<Vec<_>>(), [id]);
        let third = take().await.unwrap();
        assert!(
            third.id != id && third.id != second.id,
            "it is held by whoever looks after it"
        );
        drop(gone);
        assert_eq!(take().await.unwrap().id, id);
    }
}

//! A store that no process uses: made smaller, and replaced by a backup.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_journal::Keyring;
use dragoman_journal::error::{CANNOT_OPEN, Error};

use crate::encrypt::encrypt;
use crate::failure;
use crate::lock::Lock;
use crate::schema;
use crate::trail::SqliteTrail;

/// In this folder of the store a restore is prepared. As long as it is there the store is not opened: what stands beside it
/// may be half of what was and half of what comes.
const RESTORING: &str = "restoring";
/// The file, the log that belongs to it, and the log's index. The file comes first wherever they are moved: a log without its
/// file is nothing, a file without its log lacks what was promised last.
const FILES: [&str; 3] = [schema::FILE, "journal.db-wal", "journal.db-shm"];

/// How large a store's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// In bytes.
    pub bytes: u64,
    /// How many of them hold nothing.
    pub free: u64,
}

/// The folder of a store, held so that nobody else opens it.
#[derive(Debug)]
pub struct Unused {
    folder: PathBuf,
    _lock: Lock,
}

/// In this folder of the store is what was moved into another place, with a file that says where.
const MOVED: &str = "moved";
/// Says where the store is now.
const MOVED_TO: &str = "to.txt";

/// Where the store of a folder was moved to, as people name it; none: it was not.
pub fn moved_to(folder: &Path) -> Option<String> {
    let said = std::fs::read(folder.join(MOVED).join(MOVED_TO)).ok()?;
    Some(String::from_utf8_lossy(&said).trim().to_owned())
}

/// A store that was moved is not begun anew in its old place.
///
/// # Errors
/// D0701 where it was moved.
pub(crate) fn refuse_moved(folder: &Path) -> Result<(), Error> {
    let Some(to) = moved_to(folder) else { return Ok(()) };
    let message = format!(
        "the store of `{}` was moved to {to}: use the site file that names it; what was here is kept in `{}`",
        folder.display(),
        folder.join(MOVED).display()
    );
    Err(Error::new(CANNOT_OPEN, message))
}

/// A restore that has not finished is in the way of whoever opens the store.
///
/// # Errors
/// D0701 where there is one.
pub(crate) fn refuse_half_restored(folder: &Path) -> Result<(), Error> {
    if !folder.join(RESTORING).exists() {
        return Ok(());
    }
    let message = format!(
        "a restore of the store in `{}` was interrupted; run `dragoman store restore` again, it goes on where it stopped",
        folder.display()
    );
    Err(Error::new(CANNOT_OPEN, message))
}

impl Unused {
    /// Holds the folder; makes it where it is not there.
    ///
    /// # Errors
    /// D0706 where a process uses the store, D0701 where the folder cannot be written.
    pub fn take(folder: &Path) -> Result<Self, Error> {
        crate::store::make_folder(folder).map_err(|e| refused(folder, &e))?;
        Ok(Unused {
            folder: folder.to_owned(),
            _lock: Lock::take(folder)?,
        })
    }

    /// Moves the tables up to the format of this program.
    ///
    /// # Errors
    /// D0701, D0704, D0705, D0726 as a store is opened.
    pub fn move_up(&self, keyring: &Arc<Keyring>) -> Result<(), Error> {
        refuse_half_restored(&self.folder)?;
        schema::open_writer(&self.folder.join(schema::FILE), None, keyring).map(drop)
    }

    /// Writes the file anew without what it holds free. Says how large it was and is. It takes the space of both meanwhile;
    /// where that is not there, the file stays as it was.
    ///
    /// # Errors
    /// D0701 where there is no store, D0703 where the disk has no room, D0704 where the file is damaged.
    pub fn compact(&self, keyring: &Arc<Keyring>) -> Result<(Size, Size), Error> {
        self.written_anew(keyring, |_| Ok(()))
    }

    /// Encrypts all that the store has with the first key, also what stands there plain or is encrypted with another, and
    /// writes the file anew, so that what it held free says nothing either. All of it or nothing. Says how large it was and is.
    ///
    /// # Errors
    /// As [`Unused::compact`], and D0726 where a key is missing.
    pub fn encrypt(&self, keyring: &Arc<Keyring>) -> Result<(Size, Size), Error> {
        self.written_anew(keyring, |connection| {
            let transaction = connection.transaction().map_err(|e| failure::at_writing(&e))?;
            encrypt(&transaction, keyring)?;
            transaction.commit().map_err(|e| failure::at_writing(&e))
        })
    }

    fn written_anew(
        &self,
        keyring: &Arc<Keyring>,
        change: impl FnOnce(&mut rusqlite::Connection) -> Result<(), Error>,
    ) -> Result<(Size, Size), Error> {
        refuse_half_restored(&self.folder)?;
        let before = SqliteTrail::open(&self.folder, keyring)?.size()?;
        let file = self.folder.join(schema::FILE);
        let mut connection = schema::open_writer(&file, None, keyring)?;
        change(&mut connection)?;
        let written = connection.execute_batch("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
        written.map_err(|e| failure::at_writing(&e))?;
        drop(connection);
        Ok((before, SqliteTrail::open(&self.folder, keyring)?.size()?))
    }

    /// Puts the store that is in another folder in the place of this one, with further files of that folder (`keys/signing.key`,
    /// say). What stood here is moved into a folder that must be new. Interrupted, it is done again from the start.
    ///
    /// # Errors
    /// D0701 where something cannot be copied or moved, D0703 where the disk is full.
    pub fn replace(
        &self,
        backup: &Path,
        beside: &[PathBuf],
        aside: &Path,
        keyring: &Arc<Keyring>,
    ) -> Result<(), Error> {
        let prepared = self.folder.join(RESTORING);
        if prepared.exists() {
            std::fs::remove_dir_all(&prepared).map_err(|e| refused(&prepared, &e))?;
        }
        crate::store::make_folder(&prepared).map_err(|e| refused(&prepared, &e))?;
        let all = || std::iter::once(Path::new(schema::FILE)).chain(beside.iter().map(PathBuf::as_path));
        // Not the file alone: a copy that somebody made of a whole folder may have a log beside it.
        SqliteTrail::open(backup, keyring)?.back_up(&prepared.join(schema::FILE))?;
        for name in beside {
            copy_file(&backup.join(name), &prepared.join(name))?;
        }
        sync_folder(&prepared)?;
        sync_folder(&self.folder)?;
        self.fold();
        crate::store::make_folder(aside).map_err(|e| refused(aside, &e))?;
        for name in FILES.iter().map(Path::new).chain(beside.iter().map(PathBuf::as_path)) {
            carry(&self.folder.join(name), &aside.join(name))?;
        }
        sync_folder(aside)?;
        sync_folder(&self.folder)?;
        for name in all() {
            carry(&prepared.join(name), &self.folder.join(name))?;
        }
        sync_folder(&self.folder)?;
        std::fs::remove_dir_all(&prepared).map_err(|e| refused(&prepared, &e))?;
        sync_folder(&self.folder)
    }

    /// Moves the store aside, because it is in another place from now on. Interrupted, it is done again from the start.
    ///
    /// # Errors
    /// D0701 where something cannot be moved.
    pub fn set_aside(&self, to: &str) -> Result<PathBuf, Error> {
        let aside = self.folder.join(MOVED);
        crate::store::make_folder(&aside).map_err(|e| refused(&aside, &e))?;
        // From here on nobody opens it here, wherever this is interrupted.
        let said = aside.join(MOVED_TO);
        let written = std::fs::write(&said, format!("{to}\n")).and_then(|()| File::open(&said)?.sync_all());
        written.map_err(|e| refused(&said, &e))?;
        sync_folder(&aside)?;
        sync_folder(&self.folder)?;
        self.fold();
        for name in FILES {
            carry(&self.folder.join(name), &aside.join(name))?;
        }
        sync_folder(&aside)?;
        sync_folder(&self.folder)?;
        Ok(aside)
    }

    /// Folds the log into the file, so that what is moved away is one file. One that cannot be read is moved with its log.
    fn fold(&self) {
        let file = self.folder.join(schema::FILE);
        if !file.exists() {
            return;
        }
        let folded = rusqlite::Connection::open(&file)
            .and_then(|connection| connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);"));
        // Both are kept together either way.
        drop(folded);
    }
}

/// Copies a file for its owner alone, to the disk.
///
/// # Errors
/// D0701 where it cannot be read or written.
pub fn copy_file(from: &Path, to: &Path) -> Result<(), Error> {
    let copied = (|| {
        if let Some(folder) = to.parent() {
            crate::store::make_folder(folder)?;
        }
        std::fs::copy(from, to)?;
        crate::store::owners_alone(to)?;
        File::open(to)?.sync_all()
    })();
    copied.map_err(|e| refused(to, &e))
}

/// Moves a file, where it is there.
fn carry(from: &Path, to: &Path) -> Result<(), Error> {
    if !from.exists() {
        return Ok(());
    }
    let moved = (|| {
        if let Some(folder) = to.parent() {
            crate::store::make_folder(folder)?;
        }
        std::fs::rename(from, to)
    })();
    moved.map_err(|e| refused(from, &e))
}

/// Brings what a folder lists to the disk.
///
/// # Errors
/// D0701 where the system does not do it.
pub fn sync_folder(folder: &Path) -> Result<(), Error> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    // Systems on which a folder is no file keep their lists themselves.
    if cfg!(unix) {
        synced.map_err(|e| refused(folder, &e))?;
    }
    Ok(())
}

fn refused(path: &Path, error: &std::io::Error) -> Error {
    Error::new(CANNOT_OPEN, format!("`{}` cannot be written ({error})", path.display()))
}

//! The store: its folder, its threads, its counters.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dragoman_journal::error::{CANNOT_OPEN, Error};
use dragoman_journal::{Answer, Head, Keyring, Stats, Store};
use dragoman_model::{RunId, Timestamp};
use rusqlite::Connection;

use crate::entries::reading;
use crate::erase;
use crate::failure::{self, Trouble};
use crate::left;
use crate::lock::Lock;
use crate::place::{Place, Stopped};
use crate::readers::Readers;
use crate::schema;
use crate::trail::{self, SqliteTrail};
use crate::upkeep;
use crate::writer::{Writer, Writing};

/// A hook that is asked before each commit whether its sync is to fail; for tests of what happens then.
pub type Fault = Arc<dyn Fn() -> bool + Send + Sync>;

/// How a store is opened.
#[derive(Clone)]
pub struct Options {
    /// Connections that read. More than one, so that a long list does not hold up a lookup.
    pub readers: usize,
    /// At most so many appends in one commit: bounds how long the first of them waits.
    pub batch: usize,
    /// The file grows to so many pages of 4 KiB at most; none: as the disk allows.
    pub max_pages: Option<u32>,
    /// The keys of the installation.
    pub keyring: Arc<Keyring>,
    /// For tests: makes syncs fail.
    pub fault: Option<Fault>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            readers: 2,
            batch: 512,
            max_pages: None,
            keyring: Arc::default(),
            fault: None,
        }
    }
}

/// The counters behind [`Stats`].
#[derive(Default)]
pub(crate) struct Counters {
    pub(crate) syncs: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) entries: AtomicU64,
    pub(crate) bytes: AtomicU64,
}

/// The journal in a folder.
///
/// Dropping it finishes what is queued, closes the file and gives the folder free.
pub struct SqliteJournal {
    // The order of the fields is the order of the drops: the writer closes the file last, because only the last
    // connection folds the log into it, and a reader cannot; then the lock goes.
    readers: Readers,
    writer: Writer,
    counters: Arc<Counters>,
    stopped: Stopped,
    file: PathBuf,
    keyring: Arc<Keyring>,
    /// When the last entry was written before it was opened, in milliseconds since 1970.
    pub(crate) was_left: i64,
    _lock: Lock,
}

impl SqliteJournal {
    /// Opens the store in a folder; creates both where they are not there yet, for the owner alone: it keeps every
    /// message whole.
    ///
    /// # Errors
    /// D0701 where it cannot be opened, D0704 where it is damaged, D0705 where a newer version wrote it, D0706 where
    /// another process has it, D0726 where a key is missing.
    pub fn open(folder: &Path, options: Options) -> Result<Self, Error> {
        let refuse = |what: &str, path: &Path, e: std::io::Error| {
            Error::new(
                CANNOT_OPEN,
                format!("the {what} `{}` cannot be made ({e})", path.display()),
            )
        };
        make_folder(folder).map_err(|e| refuse("folder", folder, e))?;
        let lock = Lock::take(folder)?;
        upkeep::refuse_half_restored(folder)?;
        upkeep::refuse_moved(folder)?;
        let file = folder.join(schema::FILE);
        // SQLite gives its own files beside it (the log, the index of the log) the permissions of this one.
        make_file(&file).map_err(|e| refuse("file", &file, e))?;
        let connection = schema::open_writer(&file, options.max_pages, &options.keyring)?;
        let was_left = reading(left::last_entry(&connection))?;
        let readers = Readers::open(&file, options.readers, &options.keyring)?;
        let counters = Arc::new(Counters::default());
        let stopped = Stopped::default();
        let place = Place::of(&file)?;
        let keyring = Arc::clone(&options.keyring);
        let writer = Writer::start(connection, place, options, counters.clone(), stopped.clone())?;
        Ok(SqliteJournal {
            writer,
            readers,
            counters,
            stopped,
            file,
            keyring,
            was_left,
            _lock: lock,
        })
    }

    /// The trail for an audit, as it is at this moment.
    ///
    /// # Errors
    /// As [`SqliteTrail::open`].
    pub fn trail(&self) -> Result<SqliteTrail, Error> {
        SqliteTrail::open_file(&self.file, &self.keyring)
    }

    /// The file of the store.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Hands work to the writer; resolves when it is durable.
    pub(crate) async fn write<T: Send + 'static>(
        &self,
        act: impl FnMut(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> Result<T, Error> {
        if let Some(error) = self.stopped.get() {
            return Err(error.clone());
        }
        self.writer.ask(act).await.unwrap_or_else(|_| Err(failure::stopped()))
    }

    /// Hands a query to a reader.
    pub(crate) async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if let Some(error) = self.stopped.get() {
            return Err(error.clone());
        }
        let lost = || Error::new(CANNOT_OPEN, "the readers of the store are gone; restart");
        self.readers.ask(query).await.unwrap_or_else(|_| Err(lost()))
    }
}

impl Store for SqliteJournal {
    fn next_ended(&self, behind: String) -> Answer<'_, Result<Option<String>, Error>> {
        Box::pin(self.read(move |connection| erase::next_ended(connection, &behind)))
    }

    fn ended(
        &self,
        pipeline: String,
        before: Timestamp,
        behind: Option<RunId>,
        limit: usize,
    ) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(self.read(move |connection| erase::ended(connection, &pipeline, before, behind, limit)))
    }

    fn heads(&self) -> Answer<'_, Result<Vec<Head>, Error>> {
        Box::pin(self.read(trail::heads))
    }

    fn stats(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            syncs: read(&self.counters.syncs),
            batches: read(&self.counters.batches),
            entries: read(&self.counters.entries),
            bytes: read(&self.counters.bytes),
        }
    }

    fn is_alone(&self) -> bool {
        true
    }
}

#[cfg(unix)]
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700))
}

#[cfg(not(unix))]
pub(crate) fn make_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)
}

#[cfg(unix)]
fn make_file(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true).mode(0o600).open(file)?;
    owners_alone(file)
}

/// Nobody but its owner reads or writes a file.
#[cfg(unix)]
pub(crate) fn owners_alone(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600))
}

#[cfg(not(unix))]
pub(crate) fn owners_alone(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(not(unix))]
fn make_file(_: &Path) -> std::io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_store_is_its_owners_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("store");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let check = || {
            let journal = SqliteJournal::open(&folder, Options::default()).unwrap();
            assert_eq!(mode(&folder), 0o700);
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.file_name().is_some_and(|n| n != "lock") {
                    assert_eq!(mode(&path), 0o600, "{}", path.display());
                }
            }
            journal
        };
        drop(check());
        // One that an older version left open to all is closed.
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(folder.join(schema::FILE), std::fs::Permissions::from_mode(0o644)).unwrap();
        drop(check());
    }
}

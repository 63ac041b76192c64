//! The tables, and how a connection is opened.

use std::path::Path;
use std::sync::Arc;

use dragoman_journal::Keyring;
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT, Error, NEWER};
use rusqlite::{Connection, OpenFlags};

use crate::failure;
use crate::keys::{self, Altered};

/// `PRAGMA application_id`: the letters `Drgm`, by which `file` and a person with sqlite3 know the store.
const APPLICATION: i32 = 0x4472_676d;
/// `PRAGMA user_version`: the format of the tables. Older ones are moved up on opening; newer ones are refused.
const TABLES: i32 = 5;

/// The tables of format 1.
const FIRST: &str = "
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE entry(position INTEGER PRIMARY KEY, run BLOB NOT NULL, seq INTEGER NOT NULL, header TEXT NOT NULL);
CREATE UNIQUE INDEX entry_run ON entry(run, seq);
CREATE TABLE body(position INTEGER PRIMARY KEY, salt BLOB NOT NULL, encoding INTEGER NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE batch(number INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE run(
  number INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, pipeline TEXT NOT NULL, run_key TEXT NOT NULL,
  content BLOB NOT NULL, parent BLOB, parent_path TEXT, parent_index INTEGER,
  standing INTEGER NOT NULL, wake INTEGER, ending INTEGER, epoch INTEGER NOT NULL, lease_until INTEGER NOT NULL,
  due INTEGER, entries INTEGER NOT NULL, began INTEGER NOT NULL, touched INTEGER NOT NULL, outcome INTEGER);
CREATE UNIQUE INDEX run_key ON run(pipeline, run_key) WHERE parent IS NULL;
CREATE INDEX run_parent ON run(parent, parent_path, parent_index) WHERE parent IS NOT NULL;
CREATE INDEX run_due ON run(due) WHERE due IS NOT NULL;
CREATE TABLE once_key(
  number INTEGER PRIMARY KEY, scope TEXT NOT NULL, key TEXT NOT NULL, run BLOB NOT NULL, path TEXT NOT NULL,
  state INTEGER NOT NULL, input BLOB NOT NULL, input_body TEXT NOT NULL, output TEXT, reference TEXT,
  since INTEGER NOT NULL, UNIQUE(scope, key));
CREATE INDEX once_reference ON once_key(reference) WHERE reference IS NOT NULL;
CREATE TABLE reference(name TEXT PRIMARY KEY, voided_by BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE reference_effect(
  number INTEGER PRIMARY KEY, reference TEXT NOT NULL, run BLOB NOT NULL, path TEXT NOT NULL, scope TEXT NOT NULL,
  state INTEGER NOT NULL, input TEXT NOT NULL, output TEXT, since INTEGER NOT NULL, UNIQUE(reference, run, path));
CREATE TABLE ledger_account(
  number INTEGER PRIMARY KEY, ledger TEXT NOT NULL, account TEXT NOT NULL, single INTEGER NOT NULL,
  claims INTEGER NOT NULL, UNIQUE(ledger, account));
CREATE TABLE ledger_line(
  account INTEGER NOT NULL, item TEXT NOT NULL, unit TEXT NOT NULL, most TEXT NOT NULL, taken TEXT NOT NULL,
  PRIMARY KEY(account, item)) WITHOUT ROWID;
CREATE TABLE wait(
  id TEXT PRIMARY KEY, run BLOB NOT NULL, path TEXT NOT NULL, decision TEXT NOT NULL, roles TEXT NOT NULL,
  since INTEGER NOT NULL, due INTEGER, show TEXT NOT NULL, shown BLOB NOT NULL, reference TEXT) WITHOUT ROWID;
CREATE INDEX wait_run ON wait(run);
CREATE TABLE state(
  connection TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, value BLOB NOT NULL,
  PRIMARY KEY(connection, key)) WITHOUT ROWID;
CREATE TABLE document(
  number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, media_type TEXT NOT NULL, bytes BLOB NOT NULL);
CREATE TABLE version(number INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL);
";

/// What format 2 has besides: the events that runs emit.
const SECOND: &str = "
CREATE TABLE event(
  number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, key TEXT, data TEXT NOT NULL, run BLOB NOT NULL,
  path TEXT NOT NULL, pipeline TEXT NOT NULL, at INTEGER NOT NULL, delivered INTEGER NOT NULL);
CREATE INDEX event_key ON event(name, key, number) WHERE key IS NOT NULL;
CREATE INDEX event_open ON event(number) WHERE delivered = 0;
CREATE INDEX event_at ON event(at);
";

/// What format 3 has besides: the children that their parents wait for, without those that ended well.
const THIRD: &str = "
CREATE INDEX run_unfinished ON run(parent, parent_path, parent_index)
  WHERE parent IS NOT NULL AND (ending IS NULL OR ending > 1);
";

/// What format 4 has besides: what events are waited for, and ways to those that are unfinished past all that have ended.
const FOURTH: &str = "
ALTER TABLE wait ADD COLUMN event TEXT;
ALTER TABLE wait ADD COLUMN event_key TEXT;
UPDATE wait SET event = substr(decision, 7), event_key = json_extract(show, '$.key') WHERE decision LIKE 'event:%';
CREATE INDEX wait_event ON wait(event, event_key) WHERE event IS NOT NULL;
CREATE INDEX wait_reference ON wait(reference) WHERE reference IS NOT NULL;
CREATE INDEX run_open ON run(standing, number) WHERE ending IS NULL;
";

/// What format 5 has besides: which runs keep a document, which were erased, and a way to those that have ended.
const FIFTH: &str = "
ALTER TABLE run ADD COLUMN erased INTEGER;
CREATE INDEX run_ended ON run(pipeline, touched, number) WHERE standing = 4 AND parent IS NULL AND erased IS NULL;
CREATE TABLE document_use(run BLOB NOT NULL, digest BLOB NOT NULL, PRIMARY KEY(run, digest)) WITHOUT ROWID;
CREATE INDEX document_use_digest ON document_use(digest);
INSERT OR IGNORE INTO document_use(run, digest)
  SELECT named.run, d.digest FROM document d JOIN (
    SELECT e.run AS run, CASE n.type WHEN 'object' THEN unhex(substr(json_extract(n.value, '$.digest'), 8)) END AS digest
    FROM entry e JOIN body b USING(position), json_each(CAST(b.bytes AS TEXT), '$.documents') n
    WHERE b.encoding = 0 AND json_extract(e.header, '$.record.kind') IN ('accepted', 'read', 'done')
  ) named ON named.digest = d.digest;
";

/// The file of the store in its folder.
pub(crate) const FILE: &str = "journal.db";

/// Opens the file for writing and creates the tables where it is new.
///
/// # Errors
/// D0701 where it cannot be opened or is something else, D0704 where it is damaged, D0705 where it is newer, D0726 where a key
/// is missing.
pub(crate) fn open_writer(file: &Path, max_pages: Option<u32>, keyring: &Arc<Keyring>) -> Result<Connection, Error> {
    let at_opening = |e| failure::at_opening(file, &e);
    let mut connection = Connection::open(file).map_err(at_opening)?;
    connection.set_prepared_statement_cache_capacity(128);
    // A larger cache costs more than it saves: when pages of a tree were divided, SQLite looks through the whole table of
    // its cache at the commit, and the system keeps the file's pages anyway.
    connection
        .execute_batch(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA cache_size=-8192;
             PRAGMA wal_autocheckpoint=4000; PRAGMA busy_timeout=5000;",
        )
        .map_err(at_opening)?;
    if let Some(pages) = max_pages {
        connection
            .pragma_update(None, "max_page_count", pages)
            .map_err(at_opening)?;
    }
    match check(&connection, file)? {
        Some(TABLES) => {}
        known => move_up(&mut connection, known.unwrap_or(0)).map_err(at_opening)?,
    }
    keys::demand(&connection, keyring)?;
    let given = keys::give(&connection, keyring, Altered::Refused).and_then(|()| keys::remember(&connection, keyring));
    given.map_err(at_opening)?;
    Ok(connection)
}

/// Makes the tables that a store of an older format does not have yet; 0: it has none. All of it or nothing.
fn move_up(connection: &mut Connection, from: i32) -> Result<(), rusqlite::Error> {
    let transaction = connection.transaction()?;
    if from < 1 {
        transaction.execute_batch(FIRST)?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        let writer = uuid::Uuid::now_v7().to_string();
        transaction.execute("INSERT INTO meta(name, value) VALUES('writer', ?1)", [writer])?;
    }
    if from < 2 {
        transaction.execute_batch(SECOND)?;
    }
    if from < 3 {
        transaction.execute_batch(THIRD)?;
    }
    if from < 4 {
        transaction.execute_batch(FOURTH)?;
    }
    if from < 5 {
        transaction.execute_batch(FIFTH)?;
    }
    transaction.pragma_update(None, "user_version", TABLES)?;
    transaction.commit()
}

/// Opens the file for reading; it must be there.
///
/// # Errors
/// As [`open_writer`].
pub(crate) fn open_reader(file: &Path, keyring: &Arc<Keyring>) -> Result<Connection, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(|e| failure::at_opening(file, &e))?;
    connection.set_prepared_statement_cache_capacity(64);
    connection
        .execute_batch("PRAGMA busy_timeout=5000; PRAGMA cache_size=-4096; PRAGMA query_only=ON;")
        .map_err(|e| failure::at_opening(file, &e))?;
    // One of an older format is read as it is: only who writes moves it up.
    if check(&connection, file)?.is_some() {
        keys::demand(&connection, keyring)?;
        keys::give(&connection, keyring, Altered::Refused).map_err(|e| failure::at_opening(file, &e))?;
        Ok(connection)
    } else {
        Err(Error::new(
            CANNOT_OPEN,
            format!("`{}` has no journal in it", file.display()),
        ))
    }
}

/// The format of the store's tables; none: the file is empty, and no store yet.
fn check(connection: &Connection, file: &Path) -> Result<Option<i32>, Error> {
    let pragma = |name: &str| -> Result<i32, Error> {
        connection
            .pragma_query_value(None, name, |row| row.get(0))
            .map_err(|e| failure::at_opening(file, &e))
    };
    let (application, tables) = (pragma("application_id")?, pragma("user_version")?);
    match (application, tables) {
        (0, 0) if is_empty(connection, file)? => Ok(None),
        (APPLICATION, known @ 1..=TABLES) => Ok(Some(known)),
        (APPLICATION, newer) if newer > TABLES => Err(Error::new(
            NEWER,
            format!(
                "`{}` has tables of format {newer}, this program knows up to {TABLES}; use the newer program",
                file.display()
            ),
        )),
        _ => Err(Error::new(
            CANNOT_OPEN,
            format!(
                "`{}` is a database of something else; give another folder",
                file.display()
            ),
        )),
    }
}

fn is_empty(connection: &Connection, file: &Path) -> Result<bool, Error> {
    connection
        .query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get::<_, i64>(0))
        .map(|tables| tables == 0)
        .map_err(|e| failure::at_opening(file, &e))
}

/// Reads a value of `meta` that every store has.
pub(crate) fn meta(connection: &Connection, name: &str) -> Result<String, Error> {
    connection
        .query_row("SELECT value FROM meta WHERE name = ?1", [name], |row| row.get(0))
        .map_err(|e| Error::new(CORRUPT, format!("the store does not say its `{name}` ({e})")))
}

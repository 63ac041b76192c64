//! The trail of a store as an auditor reads it: one moment of the file, also while another process serves it.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use dragoman_journal::audit::{
    Claimed, KeptRow, LedgerRow, OnceRow, ReferenceRow, Report, RunRow, StoredBatch, StoredEntry, Trail, WaitRow,
    verify,
};
use dragoman_journal::error::{CANNOT_OPEN, CORRUPT, Error};
use dragoman_journal::rows::Page;
use dragoman_journal::{Batch, Ending, Head, Keyring, OnceKey, Wait, seal};
use dragoman_model::{Digest, RunId};
use rusqlite::backup::Backup;
use rusqlite::{Connection, OptionalExtension, Row};

use crate::columns;
use crate::entries::reading;
use crate::export::export;
use crate::failure;
use crate::keys::{self, Altered};
use crate::queries;
use crate::schema;
use crate::upkeep::Size;
use crate::writer;

/// Pages that a backup copies in one go.
const BACKUP_PAGES: i32 = 1000;

/// A store opened to be read from end to end.
pub struct SqliteTrail {
    connection: Connection,
}

impl SqliteTrail {
    /// Opens the store in a folder for reading, as it is at this moment. No lock is taken: another process may go on
    /// writing, and what it writes from now on is not seen.
    ///
    /// # Errors
    /// D0701 where there is no store, D0704 where it is damaged, D0705 where a newer version wrote it, D0726 where a key is
    /// missing.
    pub fn open(folder: &Path, keyring: &Arc<Keyring>) -> Result<Self, Error> {
        Self::open_file(&folder.join(schema::FILE), keyring)
    }

    pub(crate) fn open_file(file: &Path, keyring: &Arc<Keyring>) -> Result<Self, Error> {
        let connection = schema::open_reader(file, keyring)?;
        reading((|| {
            keys::give(&connection, keyring, Altered::Given)?;
            connection.execute_batch("BEGIN")?;
            // The moment begins with the first read.
            connection.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))
        })())?;
        Ok(SqliteTrail { connection })
    }

    /// Gives all rows of the store, table by table, until `take` wants no more.
    ///
    /// # Errors
    /// D0704 where a row cannot be read.
    pub fn export(&self, take: impl FnMut(Page) -> bool) -> Result<(), Error> {
        export(&self.connection, take)
    }

    /// Verifies the trail against heads from outside.
    ///
    /// # Errors
    /// Where the store cannot be read at all.
    pub fn verify(&self, heads: &[Head]) -> Result<Report, Error> {
        verify(self, heads)
    }

    /// The end of each writer's chain, not yet signed. This store has one writer, so it is one head.
    ///
    /// # Errors
    /// D0704 where the last batch cannot be read.
    pub fn heads(&self) -> Result<Vec<Head>, Error> {
        heads(&self.connection)
    }

    /// Lets SQLite look at every page and index of the file; gives what it finds, nothing where all is well. It takes
    /// as long as reading the whole file does.
    ///
    /// # Errors
    /// Where the file cannot be read at all.
    pub fn check_file(&self) -> Result<Vec<String>, Error> {
        let mut found: Vec<String> = reading((|| {
            let mut statement = self.connection.prepare("PRAGMA quick_check")?;
            statement.query_map([], |row| row.get(0))?.collect()
        })())?;
        found.retain(|line| line != "ok");
        Ok(found)
    }

    /// Copies the store, as it is at this trail's moment, into a new file; the store goes on being written meanwhile.
    /// In a folder of its own, under the name `journal.db`, the copy is a store.
    ///
    /// # Errors
    /// D0701 where the file is there already or cannot be made, D0703 where the disk is full.
    pub fn back_up(&self, to: &Path) -> Result<(), Error> {
        if to.exists() {
            return Err(Error::new(
                CANNOT_OPEN,
                format!("`{}` is there already; name a new file", to.display()),
            ));
        }
        let copied = Connection::open(to).and_then(|mut copy| {
            Backup::new(&self.connection, &mut copy)?.run_to_completion(BACKUP_PAGES, Duration::ZERO, None)?;
            // The copy is one file: no log belongs to it before it is opened as a store.
            copy.pragma_update(None, "journal_mode", "DELETE")
        });
        copied.map_err(|e| failure::at_opening(to, &e))?;
        let closed = crate::store::owners_alone(to).and_then(|()| std::fs::File::open(to)?.sync_all());
        closed.map_err(|e| {
            Error::new(
                CANNOT_OPEN,
                format!("`{}` cannot be brought to the disk ({e})", to.display()),
            )
        })
    }

    /// How large the file is, without its log.
    ///
    /// # Errors
    /// D0704 where the file does not say it.
    pub fn size(&self) -> Result<Size, Error> {
        let pragma = |name: &str| -> Result<u64, Error> {
            let count: i64 = reading(self.connection.pragma_query_value(None, name, |row| row.get(0)))?;
            Ok(u64::try_from(count).unwrap_or_default())
        };
        let page = pragma("page_size")?;
        Ok(Size {
            bytes: pragma("page_count")? * page,
            free: pragma("freelist_count")? * page,
        })
    }

    fn all<T>(&self, sql: &str, read: impl FnMut(&Row<'_>) -> Result<T, rusqlite::Error>) -> Result<Vec<T>, Error> {
        reading((|| self.connection.prepare_cached(sql)?.query_map([], read)?.collect())())
    }
}

/// The head of the chain in a file.
pub(crate) fn heads(connection: &Connection) -> Result<Vec<Head>, Error> {
    let last: Option<String> = reading(
        connection
            .query_row("SELECT text FROM batch ORDER BY number DESC LIMIT 1", [], |row| {
                row.get(0)
            })
            .optional(),
    )?;
    let head = match last {
        None => Head {
            writer: schema::meta(connection, "writer")?,
            number: 0,
            batch: Batch::origin(),
            entries: 0,
            at: writer::now(),
            signature: String::new(),
            key: String::new(),
        },
        Some(text) => {
            let batch: Batch = serde_json::from_str(&text)
                .map_err(|e| Error::new(CORRUPT, format!("the last batch of the store cannot be read ({e})")))?;
            Head {
                entries: batch.end().saturating_sub(1),
                number: batch.number,
                batch: Digest::of(text.as_bytes()),
                at: writer::now(),
                writer: batch.writer,
                signature: String::new(),
                key: String::new(),
            }
        }
    };
    Ok(vec![head])
}

fn ending(row: &Row<'_>, column: usize) -> Result<Option<Ending>, rusqlite::Error> {
    Ok(match row.get::<_, Option<i64>>(column)? {
        Some(0) => Some(Ending::Completed),
        Some(1) => Some(Ending::Stopped),
        Some(2) => Some(Ending::Failed),
        Some(3) => Some(Ending::Cancelled),
        _ => None,
    })
}

impl Trail for SqliteTrail {
    fn batches(&self, after: u64, limit: usize) -> Result<Vec<StoredBatch>, Error> {
        reading((|| {
            let sql = "SELECT number, text FROM batch WHERE number > ?1 ORDER BY number LIMIT ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            let read = |row: &Row<'_>| {
                Ok(StoredBatch {
                    number: columns::count(row, 0)?,
                    text: row.get(1)?,
                })
            };
            statement
                .query_map((columns::number(after), columns::number(limit as u64)), read)?
                .collect()
        })())
    }

    fn entries(&self, after: u64, limit: usize) -> Result<Vec<StoredEntry>, Error> {
        reading((|| {
            let sql = "SELECT e.position, e.run, e.seq, e.header, open_body(b.salt, b.encoding, b.bytes)
                       FROM entry e LEFT JOIN body b USING(position)
                       WHERE e.position > ?1 ORDER BY e.position LIMIT ?2";
            let mut statement = self.connection.prepare_cached(sql)?;
            let read = |row: &Row<'_>| {
                let body = columns::optional_bytes(row, 4)?;
                let header = columns::optional_bytes(row, 3)?.unwrap_or_default();
                Ok(StoredEntry {
                    position: columns::count(row, 0)?,
                    run: columns::run(row, 1)?,
                    seq: columns::count(row, 2)?,
                    header: String::from_utf8_lossy(&header).into_owned(),
                    body: body
                        .as_deref()
                        .map(seal::apart)
                        .map(|(salt, text)| (salt.to_vec(), text.to_vec())),
                })
            };
            statement
                .query_map((columns::number(after), columns::number(limit as u64)), read)?
                .collect()
        })())
    }

    fn runs(&self) -> Result<Vec<RunRow>, Error> {
        let sql = "SELECT id, pipeline, run_key, parent, standing, wake, ending, began, touched, entries, content
                   FROM run ORDER BY number";
        self.all(sql, |row| {
            Ok(RunRow {
                run: columns::run(row, 0)?,
                pipeline: row.get(1)?,
                run_key: row.get(2)?,
                parent: columns::optional_run(row, 3)?,
                standing: columns::standing(row, 4)?,
                ending: ending(row, 6)?,
                began: columns::time(row, 7)?,
                touched: columns::time(row, 8)?,
                entries: columns::count(row, 9)?,
                content: columns::digest(row, 10)?,
            })
        })
    }

    fn once_keys(&self) -> Result<Vec<OnceRow>, Error> {
        let sql = "SELECT scope, key, run, path, state, input, unlock(input_body), unlock(output) FROM once_key ORDER BY scope, key";
        self.all(sql, |row| {
            let once = OnceKey {
                scope: row.get(0)?,
                key: row.get(1)?,
            };
            let output: Option<String> = row.get(7)?;
            let body = columns::value(row, 6)?;
            Ok(OnceRow {
                claim: once.is_claim().then(|| Claimed::of(&body)).flatten(),
                once,
                run: columns::run(row, 2)?,
                path: row.get(3)?,
                state: columns::once(row, 4)?,
                input: columns::digest(row, 5)?,
                output: output.map(|text| Digest::of(text.as_bytes())),
            })
        })
    }

    fn ledger(&self) -> Result<Vec<LedgerRow>, Error> {
        let sql = "SELECT ledger, account, NULL, cast(claims AS TEXT), NULL FROM ledger_account
                   UNION ALL
                   SELECT a.ledger, a.account, l.item, l.taken, l.unit FROM ledger_line l
                   LEFT JOIN ledger_account a ON a.number = l.account ORDER BY 1, 2, 3";
        self.all(sql, |row| {
            Ok(LedgerRow {
                ledger: row.get::<_, Option<String>>(0)?.unwrap_or_default(),
                account: row.get::<_, Option<String>>(1)?.unwrap_or_default(),
                item: row.get(2)?,
                taken: row.get(3)?,
                unit: row.get(4)?,
            })
        })
    }

    fn voided(&self) -> Result<Vec<(String, RunId)>, Error> {
        self.all("SELECT name, voided_by FROM reference ORDER BY name", |row| {
            Ok((row.get(0)?, columns::run(row, 1)?))
        })
    }

    fn references(&self) -> Result<Vec<ReferenceRow>, Error> {
        self.all(
            "SELECT reference, run, path FROM reference_effect ORDER BY number",
            |row| {
                Ok(ReferenceRow {
                    reference: row.get(0)?,
                    run: columns::run(row, 1)?,
                    path: row.get(2)?,
                })
            },
        )
    }

    fn waits(&self) -> Result<Vec<WaitRow>, Error> {
        let waits = queries::waits(&self.connection, None)?;
        let row = |wait: Wait| WaitRow {
            show: Digest::of_value(&wait.show),
            id: wait.id,
            run: wait.run,
            path: wait.path,
            decision: wait.decision,
            roles: wait.roles,
            due: wait.due,
            shown: wait.shown,
            reference: wait.reference,
        };
        Ok(waits.into_iter().map(row).collect())
    }

    fn documents(&self) -> Result<Vec<KeptRow>, Error> {
        self.all("SELECT digest, unlock(bytes) FROM document ORDER BY number", kept)
    }

    fn versions(&self) -> Result<Vec<KeptRow>, Error> {
        self.all("SELECT digest, bytes FROM version ORDER BY number", kept)
    }
}

/// What is kept under a digest, and the digest of what is there; the bytes are only looked at.
fn kept(row: &Row<'_>) -> Result<KeptRow, rusqlite::Error> {
    Ok(KeptRow {
        digest: columns::digest(row, 0)?,
        found: Digest::of(row.get_ref(1)?.as_bytes()?),
    })
}

impl Drop for SqliteTrail {
    fn drop(&mut self) {
        // Ends the moment, so that the log of the file can be folded back. The connection closes next, so a failure
        // here changes nothing.
        let _ = self.connection.execute_batch("COMMIT");
    }
}

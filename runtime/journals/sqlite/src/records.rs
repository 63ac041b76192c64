//! The trait `Records`: on the journal, and on a store that another process may have open.

use std::path::Path;
use std::sync::Arc;

use dragoman_journal::error::{CANNOT_OPEN, Error};
use dragoman_journal::{AccountSummary, Answer, Entry, Keyring, Once, Records, RunFilter, RunSummary, Wait};
use dragoman_model::{Digest, RunId};
use rusqlite::Connection;

use crate::entries::reading;
use crate::readers::Readers;
use crate::store::SqliteJournal;
use crate::{business, entries, ledger, queries, schema};

/// A store opened to look at its runs. No lock is taken and nothing is made: another process may go on writing, and what
/// it writes is seen by the next question.
pub struct SqliteRecords {
    readers: Readers,
}

impl SqliteRecords {
    /// Opens the store in a folder for reading.
    ///
    /// # Errors
    /// D0701 where there is no store, D0704 where it is damaged, D0705 where a newer version wrote it, D0726 where a key is missing.
    pub fn open(folder: &Path, keyring: &Arc<Keyring>) -> Result<Self, Error> {
        let readers = Readers::open(&folder.join(schema::FILE), 1, keyring)?;
        Ok(SqliteRecords { readers })
    }

    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let lost = || Error::new(CANNOT_OPEN, "the reader of the store is gone; try again");
        self.readers.ask(query).await.unwrap_or_else(|_| Err(lost()))
    }
}

/// Both stores answer these questions alike, each with its own `read`.
macro_rules! answers {
    ($store:ty) => {
        impl Records for $store {
            fn load(&self, run: RunId) -> Answer<'_, Result<Vec<Entry>, Error>> {
                Box::pin(self.read(move |connection| entries::load(connection, run)))
            }

            fn runs(&self, filter: RunFilter) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
                Box::pin(self.read(move |connection| queries::runs(connection, &filter)))
            }

            fn children(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
                Box::pin(self.read(move |connection| queries::children(connection, run, &path)))
            }

            fn unfinished(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
                Box::pin(self.read(move |connection| queries::unfinished(connection, run, &path)))
            }

            fn beginning(&self, digits: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
                Box::pin(self.read(move |connection| queries::beginning(connection, &digits)))
            }

            fn waits(&self, run: Option<RunId>) -> Answer<'_, Result<Vec<Wait>, Error>> {
                Box::pin(self.read(move |connection| queries::waits(connection, run)))
            }

            fn accounts(
                &self,
                ledger: Option<String>,
                account: Option<String>,
            ) -> Answer<'_, Result<Vec<AccountSummary>, Error>> {
                Box::pin(self.read(move |connection| {
                    reading(ledger::accounts(
                        connection,
                        ledger.as_deref(),
                        account.as_deref(),
                    ))
                }))
            }

            fn claims(&self, ledger: String, account: String) -> Answer<'_, Result<Vec<Once>, Error>> {
                Box::pin(self.read(move |connection| reading(business::claims(connection, &ledger, &account))))
            }

            fn version(&self, digest: Digest) -> Answer<'_, Result<Option<Vec<u8>>, Error>> {
                Box::pin(self.read(move |connection| queries::version(connection, digest)))
            }
        }
    };
}

answers!(SqliteJournal);
answers!(SqliteRecords);

//! The trait `Records`: on the journal, and on a store that others write.

use std::sync::Arc;

use deadpool_postgres::Pool;
use dragoman_journal::error::Error;
use dragoman_journal::{AccountSummary, Answer, Entry, Keyring, Once, Records, RunFilter, RunSummary, Wait};
use dragoman_model::{Digest, RunId};

use crate::address::{Address, Reader, Way, session_of};
use crate::queries;
use crate::store::PostgresJournal;
use crate::{failure, keys};

/// A store opened to look at its runs. Nothing is made: others go on writing, and what they write is seen by the next
/// question.
pub struct PostgresRecords {
    readers: Pool,
    keyring: Arc<Keyring>,
}

impl PostgresRecords {
    /// Opens the store in a schema for reading.
    ///
    /// # Errors
    /// D0701 where there is none, or the database cannot be reached; D0726 where a key is missing.
    pub async fn open(address: &Address, schema: &str, keyring: &Arc<Keyring>) -> Result<Self, Error> {
        let readers = Way::to(address, schema)?.pool(1)?;
        let there = session_of(&readers)
            .await?
            .batch_execute("SELECT count(*) FROM meta")
            .await;
        there.map_err(|e| failure::no_store(&e))?;
        keys::demand(&**session_of(&readers).await?, keyring).await?;
        let keyring = Arc::clone(keyring);
        Ok(PostgresRecords { readers, keyring })
    }

    async fn reader(&self) -> Result<Reader, Error> {
        Ok(Reader {
            session: session_of(&self.readers).await?,
            keyring: Arc::clone(&self.keyring),
        })
    }
}

/// Both stores answer these questions alike, each with its own `reader`.
macro_rules! answers {
    ($store:ty) => {
        impl Records for $store {
            fn load(&self, run: RunId) -> Answer<'_, Result<Vec<Entry>, Error>> {
                Box::pin(async move { queries::load(&self.reader().await?, run).await })
            }

            fn runs(&self, filter: RunFilter) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
                Box::pin(async move { queries::runs(&self.reader().await?, &filter).await })
            }

            fn children(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
                Box::pin(async move { queries::children(&self.reader().await?, run, &path).await })
            }

            fn unfinished(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
                Box::pin(async move { queries::unfinished(&self.reader().await?, run, &path).await })
            }

            fn beginning(&self, digits: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
                Box::pin(async move { queries::beginning(&self.reader().await?, &digits).await })
            }

            fn waits(&self, run: Option<RunId>) -> Answer<'_, Result<Vec<Wait>, Error>> {
                Box::pin(async move { queries::waits(&self.reader().await?, run).await })
            }

            fn accounts(
                &self,
                ledger: Option<String>,
                account: Option<String>,
            ) -> Answer<'_, Result<Vec<AccountSummary>, Error>> {
                Box::pin(async move {
                    queries::accounts(&self.reader().await?, ledger.as_deref(), account.as_deref()).await
                })
            }

            fn claims(&self, ledger: String, account: String) -> Answer<'_, Result<Vec<Once>, Error>> {
                Box::pin(async move { queries::claims(&self.reader().await?, &ledger, &account).await })
            }

            fn version(&self, digest: Digest) -> Answer<'_, Result<Option<Vec<u8>>, Error>> {
                Box::pin(async move { queries::version(&self.reader().await?, digest).await })
            }
        }
    };
}

answers!(PostgresJournal);
answers!(PostgresRecords);

//! The trait `Journal`, on the writers and the readers.

use bytes::Bytes;
use dragoman_journal::decide::{Addition, Beginning};
use dragoman_journal::error::{CANNOT_WRITE, Error};
use dragoman_journal::{
    Answer, Append, Begin, Begun, Due, Effect, Journal, KeptDocument, Lease, NumberedEvent, Once, OnceKey, Refusal,
    VersionedValue,
};
use dragoman_model::{Digest, RunId, Timestamp};

use crate::queries;
use crate::store::PostgresJournal;
use crate::work::{Ask, Said};

/// The writers answer what they were asked.
fn astray<T>() -> Result<T, Error> {
    Err(Error::new(
        CANNOT_WRITE,
        "the writers of the store answered another question",
    ))
}

impl PostgresJournal {
    async fn take(&self, run: RunId, now: Timestamp, until: Timestamp, seizes: bool) -> Result<Option<Lease>, Error> {
        let ask = Ask::Acquire {
            run,
            now,
            until,
            seizes,
        };
        match self.ask(ask).await? {
            Said::Acquired(lease) => Ok(lease),
            _ => astray(),
        }
    }
}

impl Journal for PostgresJournal {
    fn begin(&self, begin: Begin) -> Answer<'_, Result<Begun, Error>> {
        Box::pin(async move {
            match self.ask(Ask::Begin(Beginning::new(begin)?)).await? {
                Said::Begun(begun) => Ok(begun),
                _ => astray(),
            }
        })
    }

    fn append(&self, append: Append) -> Answer<'_, Result<Result<(), Refusal>, Error>> {
        Box::pin(async move {
            match self.ask(Ask::Append(Addition::new(append)?)).await? {
                Said::Appended(appended) => Ok(appended),
                _ => astray(),
            }
        })
    }

    fn acquire(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        Box::pin(async move { self.take(run, now, until, false).await })
    }

    fn seize(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        Box::pin(async move { self.take(run, now, until, true).await })
    }

    fn stirred(&self) -> Answer<'_, ()> {
        Box::pin(self.stirred.notified())
    }

    fn renew(&self, leases: Vec<Lease>, until: Timestamp) -> Answer<'_, Result<Vec<Lease>, Error>> {
        Box::pin(async move {
            match self.ask(Ask::Renew { leases, until }).await? {
                Said::Renewed(held) => Ok(held),
                _ => astray(),
            }
        })
    }

    fn due(&self, now: Timestamp, behind: Option<(i64, u64)>, limit: usize) -> Answer<'_, Result<Vec<Due>, Error>> {
        Box::pin(async move { queries::due(&self.reader().await?, now, behind, limit).await })
    }

    fn ready(&self, pipeline: String, most: usize) -> Answer<'_, Result<usize, Error>> {
        Box::pin(async move { queries::ready(&self.reader().await?, &pipeline, most).await })
    }

    fn next_due(&self, after: Timestamp) -> Answer<'_, Result<Option<Timestamp>, Error>> {
        Box::pin(async move { queries::next_due(&self.reader().await?, after).await })
    }

    fn waiting_under(&self, reference: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(async move { queries::waiting_under(&self.reader().await?, &reference).await })
    }

    fn once(&self, once: OnceKey) -> Answer<'_, Result<Option<Once>, Error>> {
        Box::pin(async move { queries::once(&self.reader().await?, once).await })
    }

    fn effects(&self, reference: String) -> Answer<'_, Result<Vec<Effect>, Error>> {
        Box::pin(async move { queries::effects(&self.reader().await?, &reference).await })
    }

    fn event(
        &self,
        name: String,
        key: String,
        since: Timestamp,
        after: u64,
    ) -> Answer<'_, Result<Option<NumberedEvent>, Error>> {
        Box::pin(async move { queries::newest_event(&self.reader().await?, &name, &key, since, after).await })
    }

    fn undelivered(&self, after: u64, limit: usize) -> Answer<'_, Result<Vec<NumberedEvent>, Error>> {
        Box::pin(async move { queries::undelivered(&self.reader().await?, after, limit).await })
    }

    fn delivered(&self, numbers: Vec<u64>) -> Answer<'_, Result<(), Error>> {
        Box::pin(async move { self.ask(Ask::Delivered(numbers)).await.map(drop) })
    }

    fn state_get(&self, connection: String, key: String) -> Answer<'_, Result<Option<VersionedValue>, Error>> {
        Box::pin(async move { queries::state_get(&self.reader().await?, &connection, &key).await })
    }

    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<'_, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let reader = self.reader().await?;
            queries::state_keys(&reader, &connection, &prefix, after.as_deref(), limit).await
        })
    }

    fn document(&self, digest: Digest) -> Answer<'_, Result<Option<KeptDocument>, Error>> {
        Box::pin(async move { queries::document(&self.reader().await?, digest).await })
    }

    fn keep_version(&self, bytes: Bytes) -> Answer<'_, Result<Digest, Error>> {
        Box::pin(async move {
            let digest = Digest::of(&bytes);
            self.ask(Ask::KeepVersion { digest, bytes }).await?;
            Ok(digest)
        })
    }
}

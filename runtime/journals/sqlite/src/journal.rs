//! The trait `Journal`, on the writer and the readers.

use bytes::Bytes;
use dragoman_journal::decide::{Addition, Beginning, apply};
use dragoman_journal::error::Error;
use dragoman_journal::{
    Answer, Append, Begin, Begun, Due, Effect, Journal, KeptDocument, Lease, NumberedEvent, Once, OnceKey, Refusal,
    Unfinished, VersionedValue,
};
use dragoman_model::{Digest, RunId, Timestamp};

use crate::entries::reading;
use crate::store::SqliteJournal;
use crate::{business, events, left, queries, runs, state};

impl Journal for SqliteJournal {
    fn begin(&self, begin: Begin) -> Answer<'_, Result<Begun, Error>> {
        Box::pin(async move {
            let beginning = Beginning::new(begin)?;
            self.write(move |writing| apply::begin(writing, &beginning)).await
        })
    }

    fn append(&self, append: Append) -> Answer<'_, Result<Result<(), Refusal>, Error>> {
        Box::pin(async move {
            let addition = Addition::new(append)?;
            self.write(move |writing| apply::append(writing, &addition)).await
        })
    }

    fn acquire(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        Box::pin(self.write(move |writing| runs::acquire(writing, run, now, until)))
    }

    fn renew(&self, leases: Vec<Lease>, until: Timestamp) -> Answer<'_, Result<Vec<Lease>, Error>> {
        Box::pin(self.write(move |writing| runs::renew(writing, &leases, until)))
    }

    fn due(&self, now: Timestamp, behind: Option<(i64, u64)>, limit: usize) -> Answer<'_, Result<Vec<Due>, Error>> {
        Box::pin(self.read(move |connection| queries::due(connection, now, behind, limit)))
    }

    fn ready(&self, pipeline: String, most: usize) -> Answer<'_, Result<usize, Error>> {
        Box::pin(self.read(move |connection| queries::ready(connection, &pipeline, most)))
    }

    fn next_due(&self, after: Timestamp) -> Answer<'_, Result<Option<Timestamp>, Error>> {
        Box::pin(self.read(move |connection| queries::next_due(connection, after)))
    }

    fn left(&self, which: Unfinished, behind: Option<RunId>, limit: usize) -> Answer<'_, Result<Vec<RunId>, Error>> {
        let was_left = self.was_left;
        Box::pin(self.read(move |connection| left::left(connection, which, behind, limit, was_left)))
    }

    fn awaiting(&self, name: String, key: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(self.read(move |connection| left::awaiting(connection, &name, &key)))
    }

    fn waiting_under(&self, reference: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(self.read(move |connection| left::under(connection, &reference)))
    }

    fn once(&self, once: OnceKey) -> Answer<'_, Result<Option<Once>, Error>> {
        Box::pin(self.read(move |connection| reading(business::find(connection, &once))))
    }

    fn effects(&self, reference: String) -> Answer<'_, Result<Vec<Effect>, Error>> {
        Box::pin(self.read(move |connection| reading(business::effects(connection, &reference))))
    }

    fn event(
        &self,
        name: String,
        key: String,
        since: Timestamp,
        after: u64,
    ) -> Answer<'_, Result<Option<NumberedEvent>, Error>> {
        Box::pin(self.read(move |connection| events::newest(connection, &name, &key, since, after)))
    }

    fn undelivered(&self, after: u64, limit: usize) -> Answer<'_, Result<Vec<NumberedEvent>, Error>> {
        Box::pin(self.read(move |connection| events::undelivered(connection, after, limit)))
    }

    fn delivered(&self, numbers: Vec<u64>) -> Answer<'_, Result<(), Error>> {
        Box::pin(self.write(move |writing| events::delivered(writing, &numbers)))
    }

    fn state_get(&self, connection: String, key: String) -> Answer<'_, Result<Option<VersionedValue>, Error>> {
        Box::pin(self.read(move |reader| queries::state_get(reader, &connection, &key)))
    }

    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<'_, Result<Vec<String>, Error>> {
        Box::pin(self.read(move |reader| queries::state_keys(reader, &connection, &prefix, after.as_deref(), limit)))
    }

    fn document(&self, digest: Digest) -> Answer<'_, Result<Option<KeptDocument>, Error>> {
        Box::pin(self.read(move |connection| queries::document(connection, digest)))
    }

    fn keep_version(&self, bytes: Bytes) -> Answer<'_, Result<Digest, Error>> {
        Box::pin(async move {
            let digest = Digest::of(&bytes);
            self.write(move |writing| state::keep_version(writing.connection, &digest, &bytes))
                .await?;
            Ok(digest)
        })
    }
}

//! A real store that stops answering at a commit, as a process does that dies there, and that answers in some places
//! what the case says of others.

use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dragoman_journal::error::{CORRUPT, Error};
use dragoman_journal::store::{Answer, KeptDocument, VersionedValue};
use dragoman_journal::{
    AccountSummary, Append, Begin, Begun, Due, Effect, Entry, Journal, Lease, NumberedEvent, Once, OnceKey, Record,
    Records, Refusal, RunFilter, RunSummary, Unfinished, Wait,
};
use dragoman_model::{Digest, RunId, Timestamp};
use tokio::sync::Notify;

use crate::kin::bare;
use crate::script::Script;

/// What is written with a commit: two of the same are one place in the program at which the process can die.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Commit {
    /// A run of this pipeline begins.
    Begin(String),
    /// What happened, and at which step, whichever item or round.
    Append(Vec<(String, Discriminant<Record>)>),
    /// Events were delivered.
    Delivered,
}

impl Commit {
    fn began(begin: &Begin) -> Commit {
        match begin.entries.first().map(|entry| &entry.record) {
            Some(Record::Accepted { pipeline, .. }) => Commit::Begin(pipeline.clone()),
            _ => Commit::Begin(String::new()),
        }
    }

    fn of(append: &Append) -> Commit {
        let written = append.entries.iter();
        Commit::Append(
            written
                .map(|entry| (bare(&entry.path), discriminant(&entry.record)))
                .collect(),
        )
    }
}

/// Where the process dies: right before or right after a commit reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dies {
    Before(usize),
    After(usize),
    Never,
}

/// The store of one life.
pub(crate) struct Mortal {
    store: Arc<dyn Journal>,
    commits: Mutex<Vec<Commit>>,
    dies: Dies,
    script: Arc<Script>,
    pub(crate) dead: Notify,
}

impl Mortal {
    pub(crate) fn new(store: Arc<dyn Journal>, dies: Dies, script: Arc<Script>) -> Arc<Self> {
        Arc::new(Mortal {
            store,
            commits: Mutex::default(),
            dies,
            script,
            dead: Notify::new(),
        })
    }

    /// The commits that this life made.
    pub(crate) fn commits(&self) -> Vec<Commit> {
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Commits, unless this is the moment.
    async fn commit<T>(&self, what: Commit, commit: impl Future<Output = T>) -> T {
        let number = {
            let mut commits = self.commits.lock().unwrap_or_else(PoisonError::into_inner);
            commits.push(what);
            commits.len() - 1
        };
        if self.dies == Dies::Before(number) {
            self.die().await;
        }
        let result = commit.await;
        if self.dies == Dies::After(number) {
            self.die().await;
        }
        result
    }

    async fn die(&self) {
        self.dead.notify_one();
        std::future::pending().await
    }
}

/// The side of the case could not read the store that it stands before.
fn unanswered(error: &crate::error::Error) -> Error {
    Error::new(CORRUPT, error.to_string())
}

impl Records for Mortal {
    fn load(&self, run: RunId) -> Answer<'_, Result<Vec<Entry>, Error>> {
        self.store.load(run)
    }
    fn runs(&self, filter: RunFilter) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        self.store.runs(filter)
    }
    fn children(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        self.store.children(run, path)
    }
    fn unfinished(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        self.store.unfinished(run, path)
    }
    fn beginning(&self, digits: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        self.store.beginning(digits)
    }
    fn waits(&self, run: Option<RunId>) -> Answer<'_, Result<Vec<Wait>, Error>> {
        self.store.waits(run)
    }
    fn accounts(
        &self,
        ledger: Option<String>,
        account: Option<String>,
    ) -> Answer<'_, Result<Vec<AccountSummary>, Error>> {
        self.store.accounts(ledger, account)
    }
    fn claims(&self, ledger: String, account: String) -> Answer<'_, Result<Vec<Once>, Error>> {
        self.store.claims(ledger, account)
    }
    fn version(&self, digest: Digest) -> Answer<'_, Result<Option<Vec<u8>>, Error>> {
        self.store.version(digest)
    }
}

impl Journal for Mortal {
    fn begin(&self, begin: Begin) -> Answer<'_, Result<Begun, Error>> {
        Box::pin(self.commit(Commit::began(&begin), self.store.begin(begin)))
    }
    fn append(&self, append: Append) -> Answer<'_, Result<Result<(), Refusal>, Error>> {
        Box::pin(async move {
            match self.script.refusal(self.store.as_ref(), &append).await {
                Ok(None) => self.commit(Commit::of(&append), self.store.append(append)).await,
                Ok(Some(refusal)) => Ok(Err(refusal)),
                Err(error) => Err(unanswered(&error)),
            }
        })
    }
    fn acquire(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        self.store.acquire(run, now, until)
    }
    fn renew(&self, leases: Vec<Lease>, until: Timestamp) -> Answer<'_, Result<Vec<Lease>, Error>> {
        self.store.renew(leases, until)
    }
    fn due(&self, now: Timestamp, behind: Option<(i64, u64)>, limit: usize) -> Answer<'_, Result<Vec<Due>, Error>> {
        self.store.due(now, behind, limit)
    }
    fn ready(&self, pipeline: String, most: usize) -> Answer<'_, Result<usize, Error>> {
        self.store.ready(pipeline, most)
    }
    fn next_due(&self, after: Timestamp) -> Answer<'_, Result<Option<Timestamp>, Error>> {
        self.store.next_due(after)
    }
    fn left(&self, which: Unfinished, behind: Option<RunId>, limit: usize) -> Answer<'_, Result<Vec<RunId>, Error>> {
        self.store.left(which, behind, limit)
    }
    fn awaiting(&self, name: String, key: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        self.store.awaiting(name, key)
    }
    fn waiting_under(&self, reference: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        self.store.waiting_under(reference)
    }
    fn once(&self, once: OnceKey) -> Answer<'_, Result<Option<Once>, Error>> {
        self.store.once(once)
    }
    fn effects(&self, reference: String) -> Answer<'_, Result<Vec<Effect>, Error>> {
        Box::pin(async move {
            let given = self.script.effects(self.store.as_ref(), &reference).await;
            let mut effects = given.map_err(|error| unanswered(&error))?;
            effects.extend(self.store.effects(reference).await?);
            Ok(effects)
        })
    }
    fn event(
        &self,
        name: String,
        key: String,
        since: Timestamp,
        after: u64,
    ) -> Answer<'_, Result<Option<NumberedEvent>, Error>> {
        self.store.event(name, key, since, after)
    }
    fn undelivered(&self, after: u64, limit: usize) -> Answer<'_, Result<Vec<NumberedEvent>, Error>> {
        self.store.undelivered(after, limit)
    }
    fn delivered(&self, numbers: Vec<u64>) -> Answer<'_, Result<(), Error>> {
        Box::pin(self.commit(Commit::Delivered, self.store.delivered(numbers)))
    }
    fn state_get(&self, connection: String, key: String) -> Answer<'_, Result<Option<VersionedValue>, Error>> {
        self.store.state_get(connection, key)
    }
    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<'_, Result<Vec<String>, Error>> {
        self.store.state_keys(connection, prefix, after, limit)
    }
    fn document(&self, digest: Digest) -> Answer<'_, Result<Option<KeptDocument>, Error>> {
        self.store.document(digest)
    }
    fn keep_version(&self, bytes: Bytes) -> Answer<'_, Result<Digest, Error>> {
        self.store.keep_version(bytes)
    }
}

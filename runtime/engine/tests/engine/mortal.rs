//! A real store of a process that dies at a commit, and one that goes on with troubles.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dragoman_journal::error::{CONTRADICTION, CORRUPT, DISK_FULL};
use dragoman_journal::{
    AccountSummary, Answer, Append, Begin, Begun, Due, Effect, Entry, Error, Journal, Lease, NumberedEvent, Once,
    OnceKey, Records, Refusal, RunFilter, RunSummary, Unfinished, Wait,
};
use dragoman_model::{Digest, DocumentReference, RunId, Timestamp};
use tokio::sync::Notify;

/// Where the process dies: right before or right after a commit reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Dies {
    Before(usize),
    After(usize),
    Never,
}

/// What a store that goes on answering may answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// No run begins, because the disk is full.
    Full,
    /// No append is ever taken.
    Contradicted,
    /// This run's entries are damaged.
    Unreadable(RunId),
}

/// A real store that stops answering at a commit, as a process does that dies there.
pub(crate) struct Mortal {
    store: Arc<dyn Journal>,
    pub(crate) commits: AtomicUsize,
    dies: Dies,
    pub(crate) dead: Notify,
    trouble: Mutex<Trouble>,
    gate: Mutex<Option<Arc<Gate>>>,
}

/// Holds a look at what becomes due: the store has answered, and the answer is on its way.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) reached: Notify,
    pub(crate) open: Notify,
}

impl Mortal {
    pub(crate) fn new(store: Arc<dyn Journal>, dies: Dies) -> Arc<Self> {
        Arc::new(Mortal {
            store,
            commits: AtomicUsize::new(0),
            dies,
            dead: Notify::new(),
            trouble: Mutex::default(),
            gate: Mutex::default(),
        })
    }

    /// A store that lives, for troubles of another kind.
    pub(crate) fn troubled(store: Arc<dyn Journal>) -> Arc<Self> {
        Self::new(store, Dies::Never)
    }

    pub(crate) fn set(&self, trouble: Trouble) {
        *self.trouble.lock().expect("no test panics while it holds the lock") = trouble;
    }

    /// Holds every look from now on at a gate.
    pub(crate) fn gated(&self) -> Arc<Gate> {
        let gate: Arc<Gate> = Arc::default();
        *self.gate.lock().expect("no test panics while it holds the lock") = Some(Arc::clone(&gate));
        gate
    }

    /// Holds none any more.
    pub(crate) fn ungated(&self) {
        *self.gate.lock().expect("no test panics while it holds the lock") = None;
    }

    fn gate(&self) -> Option<Arc<Gate>> {
        self.gate
            .lock()
            .expect("no test panics while it holds the lock")
            .clone()
    }

    fn trouble(&self) -> Trouble {
        *self.trouble.lock().expect("no test panics while it holds the lock")
    }

    /// Commits, unless this is the moment.
    async fn commit<T>(&self, commit: impl Future<Output = T>) -> T {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
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

impl Records for Mortal {
    fn load(&self, run: RunId) -> Answer<'_, Result<Vec<Entry>, Error>> {
        if self.trouble() == Trouble::Unreadable(run) {
            return Box::pin(async { Err(Error::new(CORRUPT, "it cannot be read")) });
        }
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
        if self.trouble() == Trouble::Full {
            return Box::pin(async { Err(Error::new(DISK_FULL, "the disk is full")) });
        }
        Box::pin(self.commit(self.store.begin(begin)))
    }
    fn append(&self, append: Append) -> Answer<'_, Result<Result<(), Refusal>, Error>> {
        if self.trouble() == Trouble::Contradicted {
            return Box::pin(async { Err(Error::new(CONTRADICTION, "it contradicts the run")) });
        }
        Box::pin(self.commit(self.store.append(append)))
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
        Box::pin(async move {
            let answer = self.store.next_due(after).await;
            if let Some(gate) = self.gate() {
                gate.reached.notify_one();
                gate.open.notified().await;
            }
            answer
        })
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
        self.store.effects(reference)
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
        Box::pin(self.commit(self.store.delivered(numbers)))
    }
    fn state_get(&self, connection: String, key: String) -> Answer<'_, Result<Option<(Vec<u8>, u64)>, Error>> {
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
    fn document(&self, digest: Digest) -> Answer<'_, Result<Option<(DocumentReference, Vec<u8>)>, Error>> {
        self.store.document(digest)
    }
    fn keep_version(&self, bytes: Bytes) -> Answer<'_, Result<Digest, Error>> {
        self.store.keep_version(bytes)
    }
}

//! The store: its connections, its writers, its counters.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use deadpool_postgres::{Object, Pool};
use dragoman_journal::error::{CANNOT_WRITE, Error};
use dragoman_journal::{Answer, Head, Keyring, Stats, Store};
use dragoman_model::{RunId, Timestamp};
use tokio::sync::{Mutex, Notify, mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_postgres::Client;
use uuid::Uuid;

use crate::address::{Address, Reader, Way, session_of};
use crate::erase;
use crate::failure::{self, Remedy};
use crate::heads;
use crate::keys;
use crate::needs;
use crate::queries;
use crate::schema;
use crate::work::{Ask, Said, Work};
use crate::writer::{self, Desk, LONGEST_PAUSE, PAUSE, TRIES};

/// How a store is opened.
#[derive(Debug, Clone)]
pub struct Options {
    /// The schema in the database: a store each.
    pub schema: String,
    /// Who this process is, where no other that lives is the same: what an earlier one of the same name had is free at once,
    /// and need not be waited for to the end of its leases.
    pub owner: Option<Uuid>,
    /// Connections that write. With two, one locks and reads while the other commits.
    pub writers: usize,
    /// Connections that read.
    pub readers: usize,
    /// At most so many appends in one commit.
    pub batch: usize,
    /// For so long a server that does not answer is waited for before callers are told.
    pub patience: Duration,
    /// The keys of the installation.
    pub keyring: Arc<Keyring>,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            schema: "dragoman".into(),
            owner: None,
            writers: 2,
            readers: 4,
            batch: 256,
            patience: Duration::from_secs(5),
            keyring: Arc::default(),
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

/// The journal in a schema of a database, shared by any number of processes.
pub struct PostgresJournal {
    queue: mpsc::UnboundedSender<Work>,
    readers: Pool,
    patience: Duration,
    keyring: Arc<Keyring>,
    owner: Option<Uuid>,
    counters: Arc<Counters>,
    /// Something that these writers have written makes runs due.
    pub(crate) stirred: Arc<Notify>,
    writers: Vec<JoinHandle<()>>,
}

/// Gives back the leases of an owner. Whoever had a run may have been told something: it is due at once, however it stands.
/// The rows are locked in the order in which everybody locks them.
const FREE: &str = "WITH theirs AS (
    SELECT id FROM run WHERE owner = $1 AND lease_until > 0 ORDER BY id FOR UPDATE)
  UPDATE run SET lease_until = 0, due = 0 FROM theirs WHERE run.id = theirs.id";

/// Gives back the leases of an owner; says of how many runs. Others who move the same runs may be in the way: then again.
async fn free(client: &Client, owner: Uuid) -> Result<u64, Error> {
    let mut tries = 1;
    loop {
        match client.execute(FREE, &[&owner]).await {
            Ok(freed) => return Ok(freed),
            Err(error) if failure::remedy(&error) == Remedy::Again && tries < TRIES => tries += 1,
            Err(error) => return Err(failure::at_opening(&error)),
        }
    }
}

impl PostgresJournal {
    /// Opens the store in a database; makes its tables where they are not there yet. It must be called within a tokio
    /// runtime, in which the writers live.
    ///
    /// # Errors
    /// D0701 where the database cannot be reached, or is not fit to keep a journal; D0705 where a newer version made the
    /// tables; D0726 where a key is missing.
    pub async fn open(address: &Address, options: Options) -> Result<Self, Error> {
        let way = Way::to(address, &options.schema)?;
        let readers = way.by_keys(false).pool(options.readers)?;
        let mut first = session_of(&readers).await?;
        schema::prepare(&mut first, &options.schema).await?;
        keys::demand(&first, &options.keyring).await?;
        keys::remember(&first, &options.keyring).await?;
        if let Some(owner) = options.owner {
            let freed = free(&first, owner).await?;
            tracing::debug!(%owner, freed, "runs of an earlier process of this place are free");
        }
        drop(first);
        let counters = Arc::new(Counters::default());
        let stirred = Arc::new(Notify::new());
        let (queue, asked) = mpsc::unbounded_channel();
        let desk = Arc::new(Desk {
            // One more, for a writer that asks what became of the other's commit.
            pool: way.by_keys(true).pool(options.writers + 1)?,
            queue: Mutex::new(asked),
            chain: needs::hash(&[&options.schema, "chain"]),
            counters: Arc::clone(&counters),
            stirred: Arc::clone(&stirred),
            options: options.clone(),
        });
        let serve = |_| tokio::spawn(writer::serve(Arc::clone(&desk)));
        let writers = (0..options.writers.max(1)).map(serve).collect();
        Ok(PostgresJournal {
            queue,
            readers,
            patience: options.patience,
            keyring: options.keyring,
            owner: options.owner,
            counters,
            stirred,
            writers,
        })
    }

    /// Gives back the leases of an owner that is certainly gone: its runs are due at once. Says of how many.
    ///
    /// # Errors
    /// D0701, D0703 where the database does not do it.
    pub async fn give_back(&self, owner: Uuid) -> Result<u64, Error> {
        let freed = free(&*self.session().await?, owner).await?;
        if freed > 0 {
            self.stirred.notify_one();
        }
        Ok(freed)
    }

    /// Hands a change to the writers; resolves when it is durable.
    pub(crate) async fn ask(&self, ask: Ask) -> Result<Said, Error> {
        let (answer, answered) = oneshot::channel();
        let gone = || Error::new(CANNOT_WRITE, "the writers of the store are gone; restart");
        self.queue.send(Work { ask, answer }).map_err(|_| gone())?;
        answered.await.unwrap_or_else(|_| Err(gone()))
    }

    /// A connection to read with. A server that is away is waited for: who reads is mostly a run at work, which would
    /// otherwise be left to the end of its lease.
    pub(crate) async fn reader(&self) -> Result<Reader, Error> {
        Ok(Reader {
            session: self.session().await?,
            keyring: Arc::clone(&self.keyring),
        })
    }

    async fn session(&self) -> Result<Object, Error> {
        let end = Instant::now() + self.patience;
        let mut pause = PAUSE;
        loop {
            match session_of(&self.readers).await {
                Err(_) if Instant::now() + pause < end => {}
                session => return session,
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

impl Store for PostgresJournal {
    fn next_ended(&self, behind: String) -> Answer<'_, Result<Option<String>, Error>> {
        Box::pin(async move { erase::next_ended(&self.reader().await?, &behind).await })
    }

    fn ended(
        &self,
        pipeline: String,
        before: Timestamp,
        behind: Option<RunId>,
        limit: usize,
    ) -> Answer<'_, Result<Vec<RunId>, Error>> {
        Box::pin(async move { erase::ended(&self.reader().await?, &pipeline, before, behind, limit).await })
    }

    fn heads(&self) -> Answer<'_, Result<Vec<Head>, Error>> {
        Box::pin(async move {
            let last = self.session().await?.query_one(heads::LAST, &[]).await;
            heads::read(Some(&last.map_err(|e| failure::at_reading(&e))?))
        })
    }

    fn time(&self) -> Answer<'_, Result<Option<Timestamp>, Error>> {
        Box::pin(async move { Ok(Some(queries::time(&self.reader().await?).await?)) })
    }

    fn leave(&self) -> Answer<'_, Result<(), Error>> {
        Box::pin(async move {
            match self.owner {
                Some(owner) => self.give_back(owner).await.map(drop),
                None => Ok(()),
            }
        })
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
        false
    }
}

impl Drop for PostgresJournal {
    fn drop(&mut self) {
        for writer in &self.writers {
            writer.abort();
        }
    }
}

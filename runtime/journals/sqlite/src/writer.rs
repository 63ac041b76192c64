//! The one thread that writes: drains the queue, writes once, syncs once, wakes everybody.
//!
//! There is no timer: the first work in the queue begins a transaction at once, and what has arrived by the time it
//! is applied goes with it. At low load a commit holds one append and costs one sync; under load the queue fills while
//! the disk syncs, and commits grow by themselves.

use std::sync::atomic::Ordering;
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::{SystemTime, UNIX_EPOCH};

use dragoman_journal::error::{CANNOT_OPEN, CORRUPT, Error, STOPPED};
use dragoman_journal::{Batch, FORMAT, Keyring, chain};
use dragoman_model::{Digest, Timestamp};
use rusqlite::{Connection, OptionalExtension};
use tokio::sync::oneshot;

use crate::columns;
use crate::failure::{self, Trouble};
use crate::place::{Place, Stopped};
use crate::runs::Runs;
use crate::schema;
use crate::store::{Counters, Options};

/// Work for the writer. It may be applied twice: where a transaction fails because of one work, each is done alone.
trait Work: Send {
    fn apply(&mut self, writing: &mut Writing<'_>) -> Result<(), Trouble>;
    fn answer(self: Box<Self>, result: Result<(), Error>);
}

struct Task<T, F> {
    act: F,
    outcome: Option<T>,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<T: Send, F: FnMut(&mut Writing<'_>) -> Result<T, Trouble> + Send> Work for Task<T, F> {
    fn apply(&mut self, writing: &mut Writing<'_>) -> Result<(), Trouble> {
        self.outcome = Some((self.act)(writing)?);
        Ok(())
    }

    fn answer(self: Box<Self>, result: Result<(), Error>) {
        let outcome = match (result, self.outcome) {
            (Ok(()), Some(outcome)) => Ok(outcome),
            (Ok(()), None) => Err(failure::stopped()),
            (Err(error), _) => Err(error),
        };
        // The caller may have gone; what is written is written.
        let _ = self.answer.send(outcome);
    }
}

/// A transaction under way.
pub(crate) struct Writing<'a> {
    pub(crate) connection: &'a Connection,
    pub(crate) memory: &'a mut Memory,
}

/// What the writer knows without asking the file. It is forgotten and read again after a failed transaction.
pub(crate) struct Memory {
    /// The position of the next entry.
    pub(crate) next_position: u64,
    /// The leaves of the batch under way.
    pub(crate) leaves: Vec<Digest>,
    /// Bytes of headers and bodies of the batch under way.
    pub(crate) bytes: u64,
    /// Rows of runs at work.
    pub(crate) runs: Runs,
    /// The keys that lock bodies.
    pub(crate) keyring: Arc<Keyring>,
    number: u64,
    previous: Digest,
}

/// The handle of the thread.
pub(crate) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Work>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on a connection.
    ///
    /// # Errors
    /// D0704 where the end of the chain cannot be read, D0701 where no thread can be started.
    pub(crate) fn start(
        connection: Connection,
        place: Place,
        options: Options,
        counters: Arc<Counters>,
        stopped: Stopped,
    ) -> Result<Self, Error> {
        let (queue, jobs) = mpsc::channel();
        let id = schema::meta(&connection, "writer")?;
        let memory = Memory::read(&connection, &options.keyring)?;
        let mut desk = Desk {
            connection,
            place,
            jobs,
            memory,
            id,
            options,
            counters,
            stopped,
        };
        let thread = std::thread::Builder::new()
            .name("journal-write".into())
            .spawn(move || desk.serve())
            .map_err(|e| Error::new(CANNOT_OPEN, format!("no thread for the writer ({e})")))?;
        Ok(Writer {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Queues work; the answer comes when it is durable.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        act: impl FnMut(&mut Writing<'_>) -> Result<T, Trouble> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Error>> {
        let (answer, answered) = oneshot::channel();
        if let Some(queue) = &self.queue {
            // A send fails only when the thread is gone; the caller sees that by the dropped answer.
            let _ = queue.send(Box::new(Task {
                act,
                outcome: None,
                answer,
            }));
        }
        answered
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A writer that panicked has nothing left to say here.
            let _ = thread.join();
        }
    }
}

impl Memory {
    /// Reads the end of the chain.
    fn read(connection: &Connection, keyring: &Arc<Keyring>) -> Result<Self, Error> {
        let last: Option<String> = connection
            .query_row("SELECT text FROM batch ORDER BY number DESC LIMIT 1", [], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|e| failure::at_reading(&e))?;
        let highest: i64 = connection
            .query_row("SELECT coalesce(max(position), 0) FROM entry", [], |row| row.get(0))
            .map_err(|e| failure::at_reading(&e))?;
        let highest = u64::try_from(highest).unwrap_or(0);
        let (number, previous, end) = match last {
            None => (0, Batch::origin(), 0),
            Some(text) => {
                let batch: Batch = serde_json::from_str(&text)
                    .map_err(|e| Error::new(CORRUPT, format!("the last batch of the store cannot be read ({e})")))?;
                (batch.number, Digest::of(text.as_bytes()), batch.end().saturating_sub(1))
            }
        };
        // A tail that was deleted must not be filled with other entries: the chain's end counts, not the table's.
        let next_position = end.max(highest) + 1;
        Ok(Memory {
            next_position,
            leaves: Vec::new(),
            bytes: 0,
            runs: Runs::default(),
            keyring: Arc::clone(keyring),
            number,
            previous,
        })
    }
}

/// The thread's own things.
struct Desk {
    connection: Connection,
    place: Place,
    jobs: mpsc::Receiver<Box<dyn Work>>,
    memory: Memory,
    id: String,
    options: Options,
    counters: Arc<Counters>,
    stopped: Stopped,
}

impl Desk {
    fn serve(&mut self) {
        while let Ok(first) = self.jobs.recv() {
            self.round(first);
        }
    }

    /// One commit, or several where one work spoils it for the others.
    fn round(&mut self, first: Box<dyn Work>) {
        let mut taken = vec![first];
        let result = self.transaction(&mut taken, true);
        match result {
            Ok(()) => answer_all(taken, &Ok(())),
            Err(trouble) if trouble.stops => self.stop(taken, trouble.error),
            Err(trouble) if taken.len() == 1 => answer_all(taken, &Err(trouble.error)),
            Err(_) => {
                for work in taken {
                    let mut alone = vec![work];
                    match self.transaction(&mut alone, false) {
                        Ok(()) => answer_all(alone, &Ok(())),
                        Err(trouble) if trouble.stops => self.stop(alone, trouble.error),
                        Err(trouble) => answer_all(alone, &Err(trouble.error)),
                    }
                }
            }
        }
    }

    fn stop(&mut self, taken: Vec<Box<dyn Work>>, why: Error) {
        // What else stops it is a failed sync or a damaged file: what the system said of it helps nobody further.
        let why = if why.code == STOPPED { why } else { failure::stopped() };
        let why = self.stopped.get_or_init(|| why).clone();
        answer_all(taken, &Err(why));
    }

    /// Applies all that is taken, and with `more` what else is in the queue, and commits.
    fn transaction(&mut self, taken: &mut Vec<Box<dyn Work>>, more: bool) -> Result<(), Trouble> {
        if let Some(error) = self.stopped.get().cloned() {
            return Err(Trouble { error, stops: true });
        }
        let result = self.attempt(taken, more);
        if result.is_err() {
            self.roll_back()?;
        }
        result
    }

    fn attempt(&mut self, taken: &mut Vec<Box<dyn Work>>, more: bool) -> Result<(), Trouble> {
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let mut next = 0;
        while next < taken.len() {
            let mut writing = Writing {
                connection: &self.connection,
                memory: &mut self.memory,
            };
            taken[next].apply(&mut writing)?;
            next += 1;
            if more
                && next == taken.len()
                && next < self.options.batch
                && let Ok(work) = self.jobs.try_recv()
            {
                taken.push(work);
            }
        }
        let batch = self.close_batch()?;
        if self.options.fault.as_ref().is_some_and(|fault| fault()) {
            return Err(Trouble {
                error: failure::stopped(),
                stops: true,
            });
        }
        self.connection.prepare_cached("COMMIT")?.execute([])?;
        self.counters.syncs.fetch_add(1, Ordering::Relaxed);
        if let Some(error) = self.place.refusal() {
            return Err(Trouble { error, stops: true });
        }
        if let Some((number, digest)) = batch {
            self.memory.number = number;
            self.memory.previous = digest;
            self.counters.batches.fetch_add(1, Ordering::Relaxed);
            self.counters
                .entries
                .fetch_add(self.memory.leaves.len() as u64, Ordering::Relaxed);
            self.counters.bytes.fetch_add(self.memory.bytes, Ordering::Relaxed);
        }
        self.memory.leaves.clear();
        self.memory.bytes = 0;
        self.memory.runs.trim();
        Ok(())
    }

    /// Writes the batch row over the entries of this transaction; none where there are none (leases, versions).
    fn close_batch(&self) -> Result<Option<(u64, Digest)>, Trouble> {
        let count = self.memory.leaves.len() as u64;
        if count == 0 {
            return Ok(None);
        }
        let batch = Batch {
            format: FORMAT,
            writer: self.id.clone(),
            number: self.memory.number + 1,
            previous: self.memory.previous,
            first_position: self.memory.next_position - count,
            count,
            root: chain::root(&self.memory.leaves),
            at: now(),
        };
        let text = batch.text()?;
        self.connection
            .prepare_cached("INSERT INTO batch(number, text) VALUES(?1, ?2)")?
            .execute((columns::number(batch.number), &text))?;
        Ok(Some((batch.number, Digest::of(text.as_bytes()))))
    }

    /// Gives up the transaction and what memory learned from it.
    fn roll_back(&mut self) -> Result<(), Trouble> {
        // SQLite has rolled back by itself after some errors (a full disk among them).
        if !self.connection.is_autocommit() {
            self.connection.prepare_cached("ROLLBACK")?.execute([])?;
        }
        self.memory.next_position -= self.memory.leaves.len() as u64;
        self.memory.leaves.clear();
        self.memory.bytes = 0;
        self.memory.runs.forget();
        Ok(())
    }
}

fn answer_all(taken: Vec<Box<dyn Work>>, result: &Result<(), Error>) {
    for work in taken {
        work.answer(result.clone());
    }
}

/// The time of the machine.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

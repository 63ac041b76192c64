//! A few connections that only read, each on a thread of its own.
//!
//! Threads of our own and not those of an async runtime: a reader keeps its connection and its prepared statements,
//! and the store works under any executor.

use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::JoinHandle;

use dragoman_journal::Keyring;
use dragoman_journal::error::{CANNOT_OPEN, Error};
use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::schema;

type Query = Box<dyn FnOnce(&Connection) + Send>;

/// The threads and their common queue.
pub(crate) struct Readers {
    queue: Option<mpsc::Sender<Query>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    /// Opens `count` connections.
    ///
    /// # Errors
    /// As `schema::open_reader`; D0701 where no thread can be started.
    pub(crate) fn open(file: &Path, count: usize, keyring: &Arc<Keyring>) -> Result<Self, Error> {
        let (queue, jobs) = mpsc::channel::<Query>();
        let jobs = Arc::new(Mutex::new(jobs));
        let mut threads = Vec::with_capacity(count);
        for number in 0..count.max(1) {
            let connection = schema::open_reader(file, keyring)?;
            let jobs = jobs.clone();
            let thread = std::thread::Builder::new()
                .name(format!("journal-read-{number}"))
                .spawn(move || serve(&connection, &jobs))
                .map_err(|e| Error::new(CANNOT_OPEN, format!("no thread for a reader ({e})")))?;
            threads.push(thread);
        }
        Ok(Readers {
            queue: Some(queue),
            threads,
        })
    }

    /// Runs a query on some reader.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> oneshot::Receiver<Result<T, Error>> {
        let (answer, answered) = oneshot::channel();
        let query: Query = Box::new(move |connection| {
            // Nobody waits any more where the caller was dropped; then the answer is of no use to anybody.
            let _ = answer.send(query(connection));
        });
        if let Some(queue) = &self.queue {
            // A send fails only when all readers are gone; the caller sees that by the dropped answer.
            let _ = queue.send(query);
        }
        answered
    }
}

fn serve(connection: &Connection, jobs: &Mutex<mpsc::Receiver<Query>>) {
    loop {
        let next = match jobs.lock() {
            Ok(jobs) => jobs.recv(),
            Err(_) => return,
        };
        match next {
            Ok(query) => query(connection),
            Err(_) => return,
        }
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // A reader that panicked has nothing left to say here.
            let _ = thread.join();
        }
    }
}

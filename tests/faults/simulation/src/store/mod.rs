//! A store in memory, with a disk that can fail: what was not synced is lost with it.
//!
//! In: the questions of the sockets of `journal`, decided by the functions that all stores share. Out: answers, as late as a
//! network makes them, and what the disk keeps. It passes the conformance suite that the real stores pass.

mod client;
mod look;
mod moved;
mod state;
mod tables;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dragoman_journal::error::{Error, STOPPED};
use dragoman_model::RunId;

use crate::defect::Defect;

pub use client::Client;
pub(crate) use client::Way;
pub(crate) use moved::Moved;
pub(crate) use state::{Run, State};
pub(crate) use tables::Transaction;

/// What is told once it is durable, or that it was lost.
pub(crate) type Ack = Box<dyn FnOnce(Synced) + Send>;

/// What became of a commit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Synced {
    /// It is durable.
    Durable,
    /// The store went down before it was.
    Lost,
    /// The sync failed: whether it is durable is not known, and the store writes no more.
    Failed,
}

/// The tables as they are written, and as they are on the disk.
#[derive(Default)]
struct Tables {
    written: State,
    synced: State,
    acks: Vec<Ack>,
    stopped: bool,
    down: bool,
    commits: u64,
}

/// The store.
#[derive(Clone)]
pub struct Base {
    tables: Arc<Mutex<Tables>>,
    /// Whether several processes have it.
    pub(crate) shared: bool,
    /// What is broken of it.
    defect: Option<Defect>,
}

impl Base {
    /// An empty store.
    pub fn new(shared: bool) -> Base {
        Base {
            tables: Arc::default(),
            shared,
            defect: None,
        }
    }

    /// As it is, with something broken.
    pub(crate) fn with(self, defect: Option<Defect>) -> Base {
        Base { defect, ..self }
    }

    /// Whether this is broken.
    pub(crate) fn has(&self, defect: Defect) -> bool {
        self.defect == Some(defect)
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One transaction, to be synced: what it says, and what it moved. Where it refuses nothing of it is written.
    pub(crate) fn write<T>(
        &self,
        owner: u64,
        act: impl FnOnce(&mut Transaction<'_>) -> Result<(T, bool), Error>,
    ) -> Result<(T, Moved), Error> {
        let mut tables = self.tables();
        if tables.stopped {
            return Err(Error::new(STOPPED, "a sync failed; the store writes no more"));
        }
        let before = tables.written.clone();
        let mut transaction = Transaction::new(&mut tables.written, owner, self.shared, self.defect);
        let done = act(&mut transaction);
        let moved = match &done {
            Ok((_, true)) => transaction.end(),
            _ => {
                drop(transaction);
                tables.written = before;
                Moved::default()
            }
        };
        done.map(|(said, _)| (said, moved))
    }

    /// Tells when what was written up to now is durable. True where nothing waited for that before.
    pub(crate) fn acknowledge(&self, ack: Ack) -> bool {
        let mut tables = self.tables();
        tables.acks.push(ack);
        tables.acks.len() == 1
    }

    /// Everything that was written is durable.
    pub(crate) fn sync(&self) {
        let mut tables = self.tables();
        if tables.down || tables.stopped {
            return;
        }
        tables.commits += 1;
        tables.synced = tables.written.clone();
        let acks = std::mem::take(&mut tables.acks);
        drop(tables);
        acks.into_iter().for_each(|ack| ack(Synced::Durable));
    }

    /// A sync fails. Whether the disk has what it was to keep, is not known. Nothing is written any more.
    pub(crate) fn fail(&self, kept: bool) {
        let mut tables = self.tables();
        if kept {
            tables.synced = tables.written.clone();
        }
        tables.stopped = true;
        let acks = std::mem::take(&mut tables.acks);
        drop(tables);
        acks.into_iter().for_each(|ack| ack(Synced::Failed));
    }

    /// The store goes down: what was not synced is lost, a torn write with it.
    pub(crate) fn crash(&self) {
        let mut tables = self.tables();
        tables.down = true;
        tables.written = tables.synced.clone();
        let acks = std::mem::take(&mut tables.acks);
        drop(tables);
        acks.into_iter().for_each(|ack| ack(Synced::Lost));
    }

    /// It is there again, with what it had synced.
    pub(crate) fn come_up(&self) {
        let mut tables = self.tables();
        tables.down = false;
        tables.stopped = false;
        tables.written = tables.synced.clone();
    }

    /// Whether it does not answer.
    pub(crate) fn is_down(&self) -> bool {
        self.tables().down
    }

    /// What is durable.
    pub(crate) fn durable(&self) -> State {
        self.tables().synced.clone()
    }

    /// How often it was synced.
    pub(crate) fn commits(&self) -> u64 {
        self.tables().commits
    }

    /// Whoever had these runs is gone: they are free at once.
    pub(crate) fn give_back(&self, owner: u64) {
        let mut tables = self.tables();
        let held = tables
            .written
            .runs
            .iter()
            .filter(|(_, run)| run.owner == owner && run.row.lease_until > 0);
        let held: Vec<RunId> = held.map(|(id, _)| *id).collect();
        for id in held {
            if let Some(run) = tables.written.runs.get_mut(&id) {
                run.row.lease_until = 0;
                run.row.due = Some(0);
            }
        }
    }
}

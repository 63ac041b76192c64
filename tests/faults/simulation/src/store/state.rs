//! What the store holds, in memory: tables that are copied only where they are written after a copy was taken.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_journal::decide::{Account, RunRow};
use dragoman_journal::{Emitted, Ending, Entry, OnceKey, OnceState, Parent, Sealed, Wait};
use dragoman_model::{Digest, DocumentReference, RunId, Timestamp, Value};

/// Rows by their key. A copy of it costs nothing until one of the two is written.
#[derive(Debug)]
pub(crate) struct Table<K, V>(Arc<BTreeMap<K, V>>);

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Table(Arc::default())
    }
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Table(Arc::clone(&self.0))
    }
}

impl<K, V> std::ops::Deref for Table<K, V> {
    type Target = BTreeMap<K, V>;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl<K: Ord + Clone, V: Clone> std::ops::DerefMut for Table<K, V> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        Arc::make_mut(&mut self.0)
    }
}

/// Whether a run is at work among those of its serial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    /// It rests, or has no serial.
    None,
    /// It waits until the turn is its family's.
    Waits,
    /// The turn is its family's.
    Has,
}

/// A run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    /// In which order it began.
    pub(crate) number: u64,
    pub(crate) row: RunRow,
    pub(crate) pipeline: String,
    pub(crate) run_key: String,
    pub(crate) content: Digest,
    pub(crate) parent: Option<Parent>,
    pub(crate) ending: Option<Ending>,
    pub(crate) began: Timestamp,
    pub(crate) touched: Timestamp,
    /// The number of the entry that says why it stands as it does.
    pub(crate) told: Option<u64>,
    /// Runs with the same take turns.
    pub(crate) serial: Option<String>,
    pub(crate) turn: Turn,
    /// Its turn is that of the oldest run of its family.
    pub(crate) place: u64,
    pub(crate) family: RunId,
    /// The process that has it, or had it last.
    pub(crate) owner: u64,
}

/// A business key.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    pub(crate) run: RunId,
    pub(crate) path: String,
    pub(crate) state: OnceState,
    pub(crate) input: Digest,
    pub(crate) input_body: Value,
    pub(crate) output: Option<Value>,
    pub(crate) reference: Option<String>,
    /// In which order it was opened; the first time, where it is a claim.
    pub(crate) opened: u64,
}

/// An effect without business key.
#[derive(Debug, Clone)]
pub(crate) struct Act {
    pub(crate) scope: String,
    pub(crate) state: OnceState,
    pub(crate) input: Value,
    pub(crate) output: Option<Value>,
    pub(crate) opened: u64,
}

/// The tables.
#[derive(Debug, Clone, Default)]
pub(crate) struct State {
    pub(crate) runs: Table<RunId, Run>,
    /// Runs by pipeline and run key, those without parent.
    pub(crate) keys: Table<(String, String), RunId>,
    pub(crate) entries: Table<RunId, Arc<Vec<Entry>>>,
    pub(crate) onces: Table<OnceKey, Key>,
    /// Closed references, and by whom.
    pub(crate) references: Table<String, RunId>,
    pub(crate) acts: Table<(String, RunId, String), Act>,
    pub(crate) accounts: Table<(String, String), Account>,
    pub(crate) states: Table<(String, String), (u64, Vec<u8>)>,
    pub(crate) waits: Table<String, Wait>,
    pub(crate) documents: Table<Digest, (DocumentReference, Vec<u8>)>,
    pub(crate) versions: Table<Digest, Vec<u8>>,
    /// Events, and whether they were delivered.
    pub(crate) events: Table<u64, (Emitted, bool)>,
    /// Runs that are to look at what moved.
    pub(crate) woken: BTreeSet<RunId>,
    pub(crate) numbers: Numbers,
}

/// What is counted.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Numbers {
    pub(crate) runs: u64,
    pub(crate) entries: u64,
    pub(crate) opened: u64,
    pub(crate) events: u64,
}

impl State {
    /// Adds entries at the end of the trail.
    pub(crate) fn push(&mut self, sealed: &[Sealed]) {
        for entry in sealed {
            self.numbers.entries += 1;
            let entry = Entry {
                position: self.numbers.entries,
                header: entry.header.clone(),
                body: entry.value.as_deref().cloned(),
            };
            let of_run = self.entries.entry(entry.header.run).or_default();
            Arc::make_mut(of_run).push(entry);
        }
    }

    /// The next number in the order in which things are opened.
    pub(crate) fn opening(&mut self) -> u64 {
        self.numbers.opened += 1;
        self.numbers.opened
    }
}

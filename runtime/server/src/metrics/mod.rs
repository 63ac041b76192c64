//! What monitoring reads: how a site is doing, in the text format of Prometheus.
//!
//! In: what passes by (entries, calls, answers to senders) and, when it is asked for, how engine and store stand. Out: text.
//! Labels are names of the site and words of this program, and nothing that a message or a partner wrote, so that their
//! number is bounded.

mod calls;
mod counted;
mod routes;

use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};

use dragoman_engine::shell::Handle;
use dragoman_journal::{Stats, Store};
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

pub(crate) use calls::Timed;
pub(crate) use counted::Counted;
pub(crate) use routes::{count_answers, metrics, ready};

use crate::pauses::Pauses;
use crate::{os_process, stuck};

/// More than that are as bad as that many.
const MANY_STUCK: usize = 1_000;

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Connection {
    connection: String,
}

/// What is read when it is asked for, and not counted as it passes.
#[derive(Default)]
struct Read {
    working: Gauge,
    queued: Gauge,
    stuck: Gauge,
    paused: Gauge,
    failing: Family<Connection, Gauge>,
    memory: Gauge,
    files: Gauge,
    started: Gauge,
    syncs: Counter,
    entries: Counter,
    bytes: Counter,
}

/// All that is counted and read.
pub(crate) struct Metrics {
    read: Read,
    registry: Mutex<Registry>,
}

impl Metrics {
    /// Nothing is counted yet but what `counted` has.
    pub(crate) fn new(counted: &Counted) -> Self {
        let mut registry = Registry::default();
        let own = registry.sub_registry_with_prefix("dragoman");
        counted.register(own);
        let read = Read::default();
        read.register(own);
        // As every program names them.
        read.register_process(registry.sub_registry_with_prefix("process"));
        Metrics {
            read,
            registry: Mutex::new(registry),
        }
    }

    /// How things stand, as text.
    pub(crate) async fn text(&self, handle: &Handle, pauses: &Pauses, store: &dyn Store) -> String {
        let status = handle.status();
        set(&self.read.working, status.working);
        set(&self.read.queued, status.queued);
        if let Ok(found) = stuck::count_overdue(store, crate::deed::now(), MANY_STUCK).await {
            set(&self.read.stuck, found);
        }
        set(&self.read.paused, pauses.count());
        self.read.failing.clear();
        for (connection, (_, held)) in handle.failing() {
            set(&self.read.failing.get_or_create(&Connection { connection }), held);
        }
        let process = os_process::look();
        set(&self.read.memory, process.resident_bytes);
        set(&self.read.files, process.open_files);
        set(&self.read.started, process.started_s);
        self.read.store(store.stats());
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = text::encode(&mut text, &self.registry.lock().unwrap_or_else(PoisonError::into_inner));
        text
    }
}

impl Read {
    fn register(&self, registry: &mut Registry) {
        let mut gauge = |name: &str, help: &str, gauge: &Gauge| registry.register(name, help, gauge.clone());
        gauge("runs_working", "Runs that this process works on", &self.working);
        gauge(
            "runs_queued",
            "Accepted runs that wait for a place of their pipeline",
            &self.queued,
        );
        gauge(
            "runs_stuck",
            "Runs that are due and that nobody has taken up; there should be none",
            &self.stuck,
        );
        gauge(
            "paused",
            "Pipelines and connections that somebody has paused",
            &self.paused,
        );
        let mut counter = |name: &str, help: &str, counter: &Counter| registry.register(name, help, counter.clone());
        counter("store_syncs", "Commits, each with one sync", &self.syncs);
        counter("store_entries", "Entries written", &self.entries);
        registry.register(
            "connection_failing",
            "Connections over which nothing works, with the runs that are held back",
            self.failing.clone(),
        );
        let bytes = &self.bytes;
        registry.register_with_unit(
            "store_written",
            "Headers and bodies written",
            Unit::Bytes,
            bytes.clone(),
        );
    }

    fn register_process(&self, registry: &mut Registry) {
        let memory = self.memory.clone();
        registry.register_with_unit("resident_memory", "Memory of this process", Unit::Bytes, memory);
        let files = "Files and connections that this process has open";
        registry.register("open_fds", files, self.files.clone());
        let began = "When this process began, since 1970";
        registry.register_with_unit("start_time", began, Unit::Seconds, self.started.clone());
    }

    /// The store counts by itself.
    fn store(&self, stats: Stats) {
        for (counter, value) in [
            (&self.syncs, stats.syncs),
            (&self.entries, stats.entries),
            (&self.bytes, stats.bytes),
        ] {
            counter.inner().store(value, Ordering::Relaxed);
        }
    }
}

fn set(gauge: &Gauge, value: impl TryInto<i64>) {
    gauge.set(value.try_into().unwrap_or(i64::MAX));
}

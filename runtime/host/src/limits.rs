//! The budgets of a call: memory of all instances together, memory of one, CPU time, host calls.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use cpu_time::ThreadTime;
use wasmtime::ResourceLimiter;

/// Elements of all tables of an instance; a table of that size takes 8 bytes for each.
const TABLE_ELEMENTS: usize = 20_000;

/// Why the host stopped a guest. It travels through the sandbox as an error and is found again at its other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The CPU budget is spent.
    Cpu,
    /// Too many host calls.
    HostCalls,
    /// The guest broke the contract in a way that has no error in it.
    Contract(String),
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Stop::Cpu => f.write_str("the CPU budget is spent"),
            Stop::HostCalls => f.write_str("too many host calls"),
            Stop::Contract(message) => f.write_str(message),
        }
    }
}

impl std::error::Error for Stop {}

/// Memory of all instances together.
#[derive(Debug)]
pub(crate) struct MemoryPot {
    total: usize,
    used: AtomicUsize,
}

impl MemoryPot {
    /// A pot of so many bytes.
    pub(crate) fn new(total: usize) -> Arc<Self> {
        Arc::new(MemoryPot {
            total,
            used: AtomicUsize::new(0),
        })
    }

    fn take(&self, bytes: usize) -> bool {
        let add = |used: usize| used.checked_add(bytes).filter(|sum| *sum <= self.total);
        self.used
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, add)
            .is_ok()
    }

    fn give(&self, bytes: usize) {
        self.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Bytes in use now.
    pub(crate) fn used(&self) -> usize {
        self.used.load(Ordering::Relaxed)
    }
}

/// Which memory limit was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MemoryDenied {
    /// The connection's own.
    Own,
    /// The host's, for all instances together.
    Total,
}

/// The memory of one call: all memories of its instance added up, and taken from the host's pot.
#[derive(Debug)]
pub(crate) struct Memory {
    limit: usize,
    used: usize,
    denied: Option<MemoryDenied>,
    pot: Arc<MemoryPot>,
}

impl Memory {
    /// At most `limit` bytes, out of the pot.
    pub(crate) fn new(limit: usize, pot: &Arc<MemoryPot>) -> Self {
        Memory {
            limit,
            used: 0,
            denied: None,
            pot: pot.clone(),
        }
    }

    /// The most that was used. Memories of a guest never shrink, so this is what is used at the end.
    pub(crate) fn peak(&self) -> usize {
        self.used
    }

    /// The limit that was met, if any.
    pub(crate) fn denied(&self) -> Option<MemoryDenied> {
        self.denied
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.pot.give(self.used);
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current);
        if self.used.saturating_add(more) > self.limit {
            self.denied = Some(MemoryDenied::Own);
            return Ok(false);
        }
        if !self.pot.take(more) {
            self.denied = Some(MemoryDenied::Total);
            return Ok(false);
        }
        self.used += more;
        Ok(true)
    }

    fn table_growing(&mut self, _: usize, desired: usize, _: Option<usize>) -> wasmtime::Result<bool> {
        Ok(desired <= TABLE_ELEMENTS)
    }
}

/// CPU time of one call: what its thread spends while its future is being polled. Waiting for an endpoint is not
/// polled, and a thread that has to give way to others spends nothing, so neither is counted.
#[derive(Debug)]
pub(crate) struct Meter {
    budget: Duration,
    spent_ns: AtomicU64,
    /// The thread's CPU time when the present poll began, in nanoseconds plus one; 0: not being polled.
    polled_since: AtomicU64,
    demoted: AtomicBool,
}

/// The CPU time of this thread since it began, in nanoseconds.
fn thread_ns() -> u64 {
    u64::try_from(ThreadTime::now().as_duration().as_nanos()).unwrap_or(u64::MAX)
}

impl Meter {
    /// A meter with a budget.
    pub(crate) fn new(budget: Duration) -> Arc<Self> {
        Arc::new(Meter {
            budget,
            spent_ns: AtomicU64::new(0),
            polled_since: AtomicU64::new(0),
            demoted: AtomicBool::new(false),
        })
    }

    /// A poll begins.
    pub(crate) fn start(&self) {
        self.polled_since.store(thread_ns() + 1, Ordering::Relaxed);
    }

    /// A poll ends, on the thread where it began.
    pub(crate) fn stop(&self) {
        let turn = self.turn();
        self.polled_since.store(0, Ordering::Relaxed);
        let nanos = u64::try_from(turn.as_nanos()).unwrap_or(u64::MAX);
        self.spent_ns.fetch_add(nanos, Ordering::Relaxed);
    }

    /// CPU time until now; asked by the thread that polls, or between polls.
    pub(crate) fn spent(&self) -> Duration {
        Duration::from_nanos(self.spent_ns.load(Ordering::Relaxed)) + self.turn()
    }

    /// CPU time of the present poll.
    pub(crate) fn turn(&self) -> Duration {
        match self.polled_since.load(Ordering::Relaxed) {
            0 => Duration::ZERO,
            since => Duration::from_nanos(thread_ns().saturating_sub(since - 1)),
        }
    }

    /// Whether the budget is spent.
    pub(crate) fn is_over(&self) -> bool {
        self.spent() >= self.budget
    }

    /// Marks the call as one for the slow lane.
    pub(crate) fn demote(&self) {
        self.demoted.store(true, Ordering::Relaxed);
    }

    /// Whether it is one for the slow lane.
    pub(crate) fn is_demoted(&self) -> bool {
        self.demoted.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_added_up_and_given_back() {
        let pot = MemoryPot::new(100);
        let mut one = Memory::new(60, &pot);
        assert!(one.memory_growing(0, 40, None).unwrap());
        assert!(one.memory_growing(0, 20, None).unwrap());
        assert!(!one.memory_growing(20, 21, None).unwrap());
        assert_eq!((one.peak(), one.denied()), (60, Some(MemoryDenied::Own)));
        let mut other = Memory::new(60, &pot);
        assert!(!other.memory_growing(0, 41, None).unwrap());
        assert_eq!(other.denied(), Some(MemoryDenied::Total));
        drop(one);
        assert!(other.memory_growing(0, 41, None).unwrap());
        drop(other);
        assert_eq!(pot.used(), 0);
    }

    #[test]
    fn only_the_time_of_polls_is_counted() {
        let meter = Meter::new(Duration::from_secs(3600));
        assert_eq!(meter.spent(), Duration::ZERO);
        meter.start();
        while meter.spent() < Duration::from_micros(50) {}
        meter.stop();
        let spent = meter.spent();
        assert!(spent >= Duration::from_micros(50));
        assert_eq!(meter.spent(), spent);
        assert!(!meter.is_over());
    }
}

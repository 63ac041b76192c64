//! The clock of budgets: a thread of the operating system that moves the engine's epoch, and one that watches it.
//!
//! Neither is a task of an executor: guests that spin may hold all of the executor's threads, and it is these ticks
//! that take them back. When no call has been at work for a while, the ticker sleeps.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use wasmtime::{Engine, EngineWeak};

use crate::error::{CANNOT_START, Error};

/// The watcher looks this often; a ticker that has not moved in between while calls are at work counts as dead.
const WATCH: Duration = Duration::from_millis(250);

/// So many ticks without a call, and the ticker rests.
const IDLE_TICKS: u32 = 50;

/// The ticker's state, shared with its threads.
#[derive(Debug)]
struct Shared {
    tick: Duration,
    ticks: AtomicU64,
    /// Calls at work.
    active: AtomicUsize,
    /// Grows with each new ticker thread; an older one ends.
    generation: AtomicU64,
    stopping: AtomicBool,
    /// The ticker sleeps until it is woken.
    sleeping: AtomicBool,
    gate: Mutex<()>,
    wake: Condvar,
}

/// Moves an engine's epoch while calls are at work.
#[derive(Debug)]
pub(crate) struct Ticker {
    shared: Arc<Shared>,
}

/// A call at work: the epoch moves as long as it lives.
#[derive(Debug)]
pub(crate) struct Active {
    shared: Arc<Shared>,
}

impl Ticker {
    /// Starts both threads.
    pub(crate) fn start(engine: &Engine, tick: Duration) -> Result<Self, Error> {
        let shared = Arc::new(Shared {
            tick,
            ticks: AtomicU64::new(0),
            active: AtomicUsize::new(0),
            generation: AtomicU64::new(0),
            stopping: AtomicBool::new(false),
            sleeping: AtomicBool::new(false),
            gate: Mutex::new(()),
            wake: Condvar::new(),
        });
        spawn_ticker(&shared, engine.weak())?;
        let (watched, weak) = (shared.clone(), engine.weak());
        spawn("dragoman-watch", move || watch(&watched, &weak))?;
        Ok(Ticker { shared })
    }

    /// A call begins.
    pub(crate) fn enter(&self) -> Active {
        self.shared.active.fetch_add(1, Ordering::SeqCst);
        if self.shared.sleeping.load(Ordering::SeqCst) {
            self.shared.wake_all();
        }
        Active {
            shared: self.shared.clone(),
        }
    }

    /// Ends the present ticker thread, as if it had died.
    #[cfg(test)]
    pub(crate) fn kill(&self) -> u64 {
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
        self.shared.wake_all();
        self.shared.generation.load(Ordering::SeqCst)
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        self.shared.wake_all();
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        self.shared.active.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Shared {
    fn wake_all(&self) {
        // The lock closes the gap between a sleeper's look at the counters and its sleep.
        let _gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        self.wake.notify_all();
    }

    /// Sleeps until a call is at work.
    fn rest(&self) {
        self.sleeping.store(true, Ordering::SeqCst);
        let gate = self.gate.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |(): &mut ()| !self.at_work() && !self.stopping.load(Ordering::SeqCst);
        // The long time-out is a net below the wake-up: nothing depends on it.
        let _ = self.wake.wait_timeout_while(gate, Duration::from_secs(60), idle);
        self.sleeping.store(false, Ordering::SeqCst);
    }

    fn at_work(&self) -> bool {
        self.active.load(Ordering::SeqCst) > 0
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), Error> {
    match thread::Builder::new()
        .name(name.into())
        .stack_size(128 << 10)
        .spawn(body)
    {
        Ok(_) => Ok(()),
        Err(e) => Err(Error::new(
            CANNOT_START,
            format!("the thread `{name}` cannot be started: {e}"),
        )),
    }
}

fn spawn_ticker(shared: &Arc<Shared>, engine: EngineWeak) -> Result<(), Error> {
    let generation = shared.generation.fetch_add(1, Ordering::SeqCst) + 1;
    let shared = shared.clone();
    spawn("dragoman-tick", move || {
        let mut idle = 0;
        while !shared.stopping.load(Ordering::SeqCst) && shared.generation.load(Ordering::SeqCst) == generation {
            // Resting between two calls would cost each of them a wake-up, so the ticker goes on for a while.
            idle = if shared.at_work() { 0 } else { idle + 1 };
            if idle > IDLE_TICKS {
                shared.rest();
            } else {
                thread::sleep(shared.tick);
            }
            let Some(engine) = engine.upgrade() else {
                return;
            };
            engine.increment_epoch();
            shared.ticks.fetch_add(1, Ordering::SeqCst);
        }
    })
}

/// Starts a new ticker where the present one stands still although calls are at work.
fn watch(shared: &Arc<Shared>, engine: &EngineWeak) {
    while !shared.stopping.load(Ordering::SeqCst) {
        let (before, at_work) = (shared.ticks.load(Ordering::SeqCst), shared.at_work());
        thread::sleep(WATCH.max(shared.tick * 4));
        let stood_still = at_work && shared.at_work() && shared.ticks.load(Ordering::SeqCst) == before;
        if stood_still && engine.upgrade().is_some() {
            tracing::error!(target: "dragoman::host", "the budget clock stood still; a new one is started");
            if let Err(e) = spawn_ticker(shared, engine.clone()) {
                tracing::error!(target: "dragoman::host", "{e}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_ticker_that_died_is_replaced_while_calls_are_at_work() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine, Duration::from_millis(1)).unwrap();
        let killed = ticker.kill();
        let _active = ticker.enter();
        let until = Instant::now() + Duration::from_secs(20);
        while ticker.shared.generation.load(Ordering::SeqCst) == killed {
            assert!(Instant::now() < until, "nobody noticed");
            thread::yield_now();
        }
        let before = ticker.shared.ticks.load(Ordering::SeqCst);
        while ticker.shared.ticks.load(Ordering::SeqCst) == before {
            assert!(Instant::now() < until, "the new one does not tick");
            thread::yield_now();
        }
    }

    #[test]
    fn a_ticker_rests_while_nothing_is_at_work() {
        let engine = Engine::default();
        let ticker = Ticker::start(&engine, Duration::from_millis(1)).unwrap();
        let until = Instant::now() + Duration::from_secs(20);
        while !ticker.shared.sleeping.load(Ordering::SeqCst) {
            assert!(Instant::now() < until, "it never rests");
            thread::yield_now();
        }
        let before = ticker.shared.ticks.load(Ordering::SeqCst);
        let _active = ticker.enter();
        while ticker.shared.ticks.load(Ordering::SeqCst) < before + 3 {
            assert!(Instant::now() < until, "it does not wake");
            thread::yield_now();
        }
    }
}

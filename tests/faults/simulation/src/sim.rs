//! What time it is, what happens next, and all chance: drawn from one seed, so that a simulation can be played again.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dragoman_engine::{Boxed, Clock};
use dragoman_model::Timestamp;
use tokio::sync::oneshot;

use crate::plot::Turn;

/// When simulations begin, in milliseconds of Unix time.
pub(crate) const MORNING: i64 = 1_790_000_000_000;

/// One life of a worker: from a start to its death.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Life {
    pub(crate) worker: usize,
    pub(crate) number: u64,
}

/// What happens.
pub(crate) enum Act {
    /// Something comes to whoever waits for it.
    Fire(oneshot::Sender<()>),
    /// Something happens in the world, or comes to a process.
    Run(Box<dyn FnOnce(&Sim) + Send>),
    /// The plot goes on.
    Plot(Turn),
}

/// Something that happens at a time. What comes to a process that stands still waits for it, and to one that is dead never
/// comes.
pub(crate) struct Event {
    pub(crate) to: Option<Life>,
    pub(crate) act: Act,
}

struct Core {
    now: i64,
    events: BTreeMap<(i64, u64), Event>,
    numbered: u64,
    random: u64,
    trace: u64,
    /// What was marked, where it is to be read.
    told: Option<Vec<String>>,
}

/// The simulated time and chance, shared by all that takes part.
#[derive(Clone)]
pub(crate) struct Sim {
    core: Arc<Mutex<Core>>,
    epoch: Instant,
}

impl Sim {
    /// At the beginning of what a seed gives. `told`: whether what is marked is kept, to be read.
    pub(crate) fn new(seed: u64, told: bool) -> Sim {
        let core = Core {
            now: MORNING,
            events: BTreeMap::new(),
            numbered: 0,
            // Seeds beside each other are to have nothing in common.
            random: mixed(mixed(seed)),
            trace: 0xCBF2_9CE4_8422_2325,
            told: told.then(Vec::new),
        };
        Sim {
            core: Arc::new(Mutex::new(core)),
            epoch: Instant::now(),
        }
    }

    fn core(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, in milliseconds.
    pub(crate) fn now(&self) -> i64 {
        self.core().now
    }

    /// A number from `low` to `high`, both included.
    pub(crate) fn between(&self, low: i64, high: i64) -> i64 {
        let span = u64::try_from(high - low).unwrap_or(0) + 1;
        low + i64::try_from(self.draw() % span).unwrap_or(0)
    }

    /// True so often of a thousand times.
    pub(crate) fn chance(&self, per_mille: u64) -> bool {
        self.draw() % 1_000 < per_mille
    }

    /// The next number of SplitMix64.
    fn draw(&self) -> u64 {
        let mut core = self.core();
        core.random = core.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mixed(core.random)
    }

    /// Something happens after so many milliseconds.
    pub(crate) fn after(&self, millis: i64, to: Option<Life>, act: Act) {
        let time = self.now() + millis.max(0);
        self.at(time, Event { to, act });
    }

    /// Something happens at a time; what has passed is now.
    pub(crate) fn at(&self, time: i64, event: Event) {
        let mut core = self.core();
        core.numbered += 1;
        let key = (time.max(core.now), core.numbered);
        core.events.insert(key, event);
    }

    /// What happens next: time goes on to it.
    pub(crate) fn next(&self) -> Option<Event> {
        let mut core = self.core();
        let ((time, _), event) = core.events.pop_first()?;
        core.now = time;
        Some(event)
    }

    /// Remembers that something happened: what the same seed gives again has the same trace.
    pub(crate) fn mark(&self, text: impl FnOnce() -> String) {
        let text = text();
        let mut core = self.core();
        let now = core.now;
        for byte in text.bytes().chain(now.to_be_bytes()) {
            core.trace = (core.trace ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
        if let Some(told) = &mut core.told {
            told.push(format!("{:>9} {text}", now - MORNING));
        }
    }

    /// Of all that was marked.
    pub(crate) fn trace(&self) -> u64 {
        self.core().trace
    }

    /// What was marked, where it was kept.
    pub(crate) fn told(&self) -> Vec<String> {
        self.core().told.take().unwrap_or_default()
    }

    /// A time as runners of calls count it.
    pub(crate) fn instant(&self, millis: i64) -> Instant {
        self.epoch + Duration::from_millis(u64::try_from(millis - MORNING).unwrap_or(0))
    }

    /// The time of an instant that [`Sim::instant`] gave.
    pub(crate) fn millis(&self, instant: Instant) -> i64 {
        let since = instant.saturating_duration_since(self.epoch);
        MORNING + i64::try_from(since.as_millis()).unwrap_or(0)
    }

    /// Resolves in a process at a time; never where it is dead by then.
    pub(crate) fn until(&self, life: Life, time: i64) -> impl Future<Output = ()> + Send + use<> {
        let sim = self.clone();
        async move {
            if time <= sim.now() {
                return;
            }
            let (fire, fired) = oneshot::channel();
            let event = Event {
                to: Some(life),
                act: Act::Fire(fire),
            };
            sim.at(time, event);
            if fired.await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }
}

/// The end of a step of SplitMix64: every bit depends on all bits.
fn mixed(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// The clock of a process.
pub(crate) struct SimClock {
    pub(crate) sim: Sim,
    pub(crate) life: Life,
    /// By so many milliseconds it is ahead.
    pub(crate) ahead: i64,
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.sim.now() + self.ahead)
    }

    fn until(&self, time: Timestamp) -> Boxed<'_, ()> {
        Box::pin(self.sim.until(self.life, time.millis().saturating_sub(self.ahead)))
    }

    fn instant(&self, time: Timestamp) -> Instant {
        self.sim
            .instant(time.millis().saturating_sub(self.ahead).max(self.sim.now()))
    }
}

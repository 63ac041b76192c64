//! The clock: the only place of the engine that knows what time it is.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use dragoman_model::Timestamp;
use tokio::sync::watch;

use crate::runner::Boxed;

/// What time it is, and waiting for a time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Resolves at a time or later; at once where it has passed.
    fn until(&self, time: Timestamp) -> Boxed<'_, ()>;
    /// A time as a runner of calls counts it; one that has passed is now.
    fn instant(&self, time: Timestamp) -> Instant {
        let left = time.millis().saturating_sub(self.now().millis());
        Instant::now() + Duration::from_millis(u64::try_from(left).unwrap_or(0))
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }

    fn until(&self, time: Timestamp) -> Boxed<'_, ()> {
        Box::pin(async move {
            loop {
                let left = time.millis().saturating_sub(self.now().millis());
                let Ok(left @ 1..) = u64::try_from(left) else {
                    return;
                };
                // In pieces, so that a machine that slept or whose clock was set looks again.
                tokio::time::sleep(Duration::from_millis(left.min(30_000))).await;
            }
        })
    }
}

/// A clock that stands still until it is set: for tests, in which days pass at once.
#[derive(Debug, Clone)]
pub struct ManualClock {
    now: Arc<watch::Sender<Timestamp>>,
}

impl ManualClock {
    /// A clock that shows a time.
    pub fn new(now: Timestamp) -> Self {
        ManualClock {
            now: Arc::new(watch::Sender::new(now)),
        }
    }

    /// Sets it forward by milliseconds and wakes whoever waits for a time that has come.
    pub fn advance(&self, millis: i64) {
        self.now.send_modify(|now| *now = now.plus_millis(millis));
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.now.borrow()
    }

    fn until(&self, time: Timestamp) -> Boxed<'_, ()> {
        let mut now = self.now.subscribe();
        Box::pin(async move {
            // The sender lives as long as the clock, which this future borrows.
            let _ = now.wait_for(|now| *now >= time).await;
        })
    }
}

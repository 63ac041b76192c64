//! The time of a store that several machines share: leases are compared by it, so that it does not matter how well their
//! clocks agree.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use dragoman_engine::shell::{Clock, SystemClock};
use dragoman_journal::Store;
use dragoman_journal::error::Error;
use dragoman_model::Timestamp;
use futures_util::future::BoxFuture;

/// How often the store is asked what time it is.
const ASK: Duration = Duration::from_secs(10);
/// An answer that took longer says too little.
const SLOW: Duration = Duration::from_millis(500);
/// No longer than this is waited for at once, because a machine may have slept meanwhile.
const PIECE: Duration = Duration::from_secs(10);

/// Goes on by the machine's steady clock from what the store has said; setting the machine's time changes nothing.
pub(crate) struct StoreClock {
    began: Instant,
    /// The store's time when `began` was, in milliseconds.
    at: AtomicI64,
}

impl StoreClock {
    fn set(&self, said: Timestamp, asked: Instant, answered: Instant) {
        // It was that time at some moment between the two.
        let middle = asked + answered.duration_since(asked) / 2;
        let since = millis(middle.duration_since(self.began));
        self.at.store(said.millis() - since, Ordering::Release);
    }
}

impl Clock for StoreClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.at.load(Ordering::Acquire) + millis(self.began.elapsed()))
    }

    fn until(&self, time: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while let Ok(left @ 1..) = u64::try_from(time.millis().saturating_sub(self.now().millis())) {
                tokio::time::sleep(Duration::from_millis(left).min(PIECE)).await;
            }
        })
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// The clock by which a store's runs go: the machine's, where the store is one machine's.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn of(store: &Arc<dyn Store>) -> Result<Arc<dyn Clock>, Error> {
    let began = Instant::now();
    let Some(said) = store.time().await? else {
        return Ok(Arc::new(SystemClock));
    };
    let clock = Arc::new(StoreClock {
        began,
        at: AtomicI64::new(0),
    });
    clock.set(said, began, Instant::now());
    tokio::spawn(keep(Arc::downgrade(&clock), Arc::downgrade(store)));
    Ok(clock)
}

/// Asks the store again and again, for as long as both are used.
async fn keep(clock: Weak<StoreClock>, store: Weak<dyn Store>) {
    loop {
        tokio::time::sleep(ASK).await;
        let (Some(clock), Some(store)) = (clock.upgrade(), store.upgrade()) else {
            return;
        };
        let asked = Instant::now();
        match store.time().await {
            Ok(Some(said)) if asked.elapsed() < SLOW => clock.set(said, asked, Instant::now()),
            Ok(_) => {}
            // It goes on by what is known.
            Err(error) => tracing::debug!(%error, "the store does not say what time it is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_goes_on_from_what_the_store_has_said() {
        let began = Instant::now();
        let clock = StoreClock {
            began,
            at: AtomicI64::new(0),
        };
        let yesterday = Timestamp::from_millis(1_767_225_600_000);
        clock.set(yesterday, began, began);
        clock.until(yesterday.plus_millis(20)).await;
        let now = clock.now().millis() - yesterday.millis();
        assert!(now >= 20 && began.elapsed().as_millis() >= 20, "{now}");
        // Asked and answered in 100 ms, it says what it was in the middle of them.
        let asked = began + Duration::from_secs(10);
        clock.set(yesterday, asked, asked + Duration::from_millis(100));
        assert_eq!(clock.at.load(Ordering::Acquire), yesterday.millis() - 10_050);
    }
}

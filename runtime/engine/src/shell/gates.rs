//! Gates before the work of a run: how many that have something in common, how many in a time.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Weak};

use dragoman_model::Timestamp;
use dragoman_plan::Rate;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{Clock, Lock};

/// So many keys are remembered before those that nobody uses any more are looked for.
const KEYS: usize = 1_024;

/// The places of each key, for as long as somebody has or awaits one.
#[derive(Debug, Default)]
struct Keyed {
    places: HashMap<String, Weak<Semaphore>>,
    /// Unused keys are looked for when there are so many.
    sweep_at: usize,
}

/// The gates of one pipeline.
#[derive(Debug, Default)]
pub(super) struct Gates {
    keyed: Lock<Keyed>,
    /// When the last runs began to work, oldest first. Whoever has the lock is the next.
    begun: tokio::sync::Mutex<VecDeque<Timestamp>>,
}

impl Gates {
    /// Waits for one of the places of a key, first come, first served.
    pub(super) async fn enter(&self, key: &str, concurrent: usize) -> Option<OwnedSemaphorePermit> {
        let places = self.places(key, concurrent);
        places.acquire_owned().await.ok()
    }

    fn places(&self, key: &str, concurrent: usize) -> Arc<Semaphore> {
        let mut keyed = self.keyed.lock();
        if let Some(places) = keyed.places.get(key).and_then(Weak::upgrade) {
            return places;
        }
        if keyed.places.len() >= keyed.sweep_at.max(KEYS) {
            keyed.places.retain(|_, places| places.strong_count() > 0);
            keyed.sweep_at = keyed.places.len() * 2;
        }
        let places = Arc::new(Semaphore::new(concurrent.clamp(1, Semaphore::MAX_PERMITS)));
        keyed.places.insert(key.to_owned(), Arc::downgrade(&places));
        places
    }

    /// Waits until a run may begin to work: in no span of the rate's time do more than its number.
    pub(super) async fn pace(&self, rate: Rate, clock: &dyn Clock) {
        let count = usize::try_from(rate.count).unwrap_or(usize::MAX);
        let millis = i64::try_from(rate.per_ms).unwrap_or(i64::MAX);
        let mut begun = self.begun.lock().await;
        loop {
            let now = clock.now();
            while begun.front().is_some_and(|first| first.plus_millis(millis) <= now) {
                begun.pop_front();
            }
            match begun.front() {
                Some(first) if begun.len() >= count => clock.until(first.plus_millis(millis)).await,
                _ => {
                    begun.push_back(now);
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn keys_that_nobody_uses_are_forgotten() {
        let gates = Gates::default();
        let held = gates.enter("held", 1).await;
        for key in 0..3 * KEYS {
            gates.enter(&key.to_string(), 1).await;
        }
        assert!(gates.keyed.lock().places.len() <= 2 * KEYS);
        assert_eq!(
            gates.places("held", 1).available_permits(),
            0,
            "what is held stays held"
        );
        drop(held);
        assert_eq!(gates.places("held", 1).available_permits(), 1);
    }
}

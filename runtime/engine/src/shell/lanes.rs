//! Lanes: how many runs of a pipeline work at once, and how many may wait for that.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dragoman_model::Timestamp;
use dragoman_plan::Plan;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Lock;
use super::gates::Gates;

/// What was left in the store is counted so often at most, in milliseconds.
const RECOUNT_MS: i64 = 1_000;

fn places(concurrent: usize) -> usize {
    concurrent.clamp(1, Semaphore::MAX_PERMITS)
}

/// One pipeline's lane.
#[derive(Debug)]
pub(super) struct Lane {
    at_work: Arc<Semaphore>,
    /// How many may work at once, by the pipeline as it is now.
    most: Lock<usize>,
    queued: AtomicUsize,
    left: Left,
    /// What else is to be passed before the work begins.
    pub(super) gates: Gates,
}

/// Accepted runs that were left in the store for whoever has room for them.
#[derive(Debug, Default)]
struct Left {
    /// How many there were when they were last counted.
    counted: AtomicUsize,
    /// How many have been left since.
    since: AtomicUsize,
    /// When they were counted, in milliseconds.
    at: AtomicI64,
}

/// The lanes of all pipelines: one that is full does not hold up another.
#[derive(Debug, Default)]
pub(super) struct Lanes(Lock<HashMap<String, Arc<Lane>>>);

impl Lanes {
    /// The lane of a plan's pipeline.
    pub(super) fn of(&self, plan: &Plan) -> Arc<Lane> {
        let mut lanes = self.0.lock();
        if let Some(lane) = lanes.get(&plan.pipeline) {
            return Arc::clone(lane);
        }
        let most = places(plan.limits.concurrent);
        let lane = Arc::new(Lane {
            at_work: Arc::new(Semaphore::new(most)),
            most: Lock(Mutex::new(most)),
            queued: AtomicUsize::new(0),
            left: Left::default(),
            gates: Gates::default(),
        });
        lanes.insert(plan.pipeline.clone(), Arc::clone(&lane));
        lane
    }

    /// The lanes whose pipelines have left runs in the store, by pipeline.
    pub(super) fn leaving(&self) -> BTreeMap<String, Arc<Lane>> {
        let lanes = self.0.lock();
        let leaving = lanes.iter().filter(|(_, lane)| lane.left() > 0);
        leaving.map(|(name, lane)| (name.clone(), Arc::clone(lane))).collect()
    }

    /// How many runs wait over all lanes.
    pub(super) fn queued(&self) -> usize {
        self.0.lock().values().map(|lane| lane.waiting()).sum()
    }
}

impl Lane {
    /// Whether so many wait already that no more are taken.
    pub(super) fn is_full(&self, backlog: usize) -> bool {
        self.waiting() >= backlog.max(1)
    }

    /// Whether as many wait here as may be at work: another process may come to the next one sooner.
    pub(super) fn is_long(&self) -> bool {
        self.queued.load(Ordering::Relaxed) >= *self.most.lock()
    }

    fn left(&self) -> usize {
        self.left.counted.load(Ordering::Relaxed) + self.left.since.load(Ordering::Relaxed)
    }

    /// How many wait, here and in the store.
    fn waiting(&self) -> usize {
        self.queued.load(Ordering::Relaxed) + self.left()
    }

    /// A run is left in the store.
    pub(super) fn leave(&self) {
        self.left.since.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether it is time to count what was left; then `count` says how many there are.
    pub(super) async fn recount(&self, now: Timestamp, count: impl Future<Output = Option<usize>>) {
        if now.millis() < self.left.at.load(Ordering::Relaxed) + RECOUNT_MS {
            return;
        }
        self.left.at.store(now.millis(), Ordering::Relaxed);
        let before = self.left.since.load(Ordering::Relaxed);
        if let Some(counted) = count.await {
            self.left.counted.store(counted, Ordering::Relaxed);
            self.left.since.fetch_sub(before, Ordering::Relaxed);
        }
    }

    /// Sets how many runs work at once: the pipeline may say another number since the lane was made. Where it is fewer,
    /// those at work finish, and their places are not given away again.
    pub(super) fn allow(&self, concurrent: usize) {
        let mut most = self.most.lock();
        let (before, now) = (*most, places(concurrent));
        *most = now;
        if now > before {
            self.at_work.add_permits(now - before);
        } else if now < before {
            let taken = before - now - self.at_work.forget_permits(before - now);
            let still = u32::try_from(taken).unwrap_or(u32::MAX);
            if still > 0 {
                let at_work = Arc::clone(&self.at_work);
                tokio::spawn(async move {
                    if let Ok(places) = at_work.acquire_many_owned(still).await {
                        places.forget();
                    }
                });
            }
        }
    }

    /// Counts a run that waits for its turn and its place, for as long as the guard lives.
    pub(super) fn wait(self: &Arc<Self>) -> Waiting {
        self.queued.fetch_add(1, Ordering::Relaxed);
        Waiting(Arc::clone(self))
    }

    /// Waits for a place at work; none: the lane is closed, which does not happen.
    pub(super) async fn enter(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.at_work).acquire_owned().await.ok()
    }
}

/// A run that waits.
pub(super) struct Waiting(Arc<Lane>);

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.queued.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(most: usize) -> Lane {
        Lane {
            at_work: Arc::new(Semaphore::new(most)),
            most: Lock(Mutex::new(most)),
            queued: AtomicUsize::new(0),
            left: Left::default(),
            gates: Gates::default(),
        }
    }

    /// So many are at work in a lane of `before` when it is told `now`: the places that are free then, and once they all
    /// have left.
    async fn check(before: usize, at_work: usize, now: usize, free: usize) {
        let lane = lane(before);
        let mut inside = Vec::new();
        for _ in 0..at_work {
            inside.push(lane.enter().await);
        }
        lane.allow(now);
        assert_eq!(lane.at_work.available_permits(), free, "{before} to {now}");
        drop(inside);
        while lane.at_work.available_permits() != now {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn a_lane_is_as_wide_as_the_pipeline_says_now() {
        check(2, 1, 5, 4).await;
        check(5, 1, 2, 1).await;
        check(5, 4, 2, 0).await;
        check(3, 2, 3, 1).await;
        check(1, 1, 1, 0).await;
    }
}

//! Lanes: how many runs of a pipeline work at once, and how many may wait for that.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use dragoman_plan::Plan;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Lock;
use super::gates::Gates;

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
    /// What else is to be passed before the work begins.
    pub(super) gates: Gates,
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
            gates: Gates::default(),
        });
        lanes.insert(plan.pipeline.clone(), Arc::clone(&lane));
        lane
    }

    /// How many runs wait over all lanes.
    pub(super) fn queued(&self) -> usize {
        self.0
            .lock()
            .values()
            .map(|lane| lane.queued.load(Ordering::Relaxed))
            .sum()
    }
}

impl Lane {
    /// Whether so many wait already that no more are taken.
    pub(super) fn is_full(&self, backlog: usize) -> bool {
        self.queued.load(Ordering::Relaxed) >= backlog.max(1)
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

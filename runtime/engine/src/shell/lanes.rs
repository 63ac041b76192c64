//! Lanes: how many runs of a pipeline work at once, and how many may wait for that.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use dragoman_plan::Plan;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Lock;

/// One pipeline's lane.
#[derive(Debug)]
pub(super) struct Lane {
    at_work: Arc<Semaphore>,
    queued: AtomicUsize,
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
        let most = plan.limits.concurrent.clamp(1, Semaphore::MAX_PERMITS);
        let lane = Arc::new(Lane {
            at_work: Arc::new(Semaphore::new(most)),
            queued: AtomicUsize::new(0),
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

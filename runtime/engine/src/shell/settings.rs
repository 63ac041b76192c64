//! What the engine is given.

use std::sync::Arc;

use dragoman_journal::Journal;
use dragoman_model::{Digest, Value};
use dragoman_plan::Plan;

use super::clock::Clock;
use crate::meter::Meter;
use crate::runner::{Boxed, StepRunner};

/// Where plans come from.
pub trait PlanSource: Send + Sync {
    /// The plan of a pipeline for runs that begin now. Its text must already be kept in the store as a version, so that
    /// [`PlanSource::pinned`] finds it after a restart.
    fn current(&self, pipeline: &str) -> Option<Arc<Plan>>;
    /// The plans of all pipelines for runs that begin now: an event is delivered to those that have a trigger for it.
    fn offered(&self) -> Vec<Arc<Plan>>;
    /// The plan that runs are pinned to, by its version.
    fn pinned(&self, version: Digest) -> Boxed<'_, Option<Arc<Plan>>>;
    /// The values of `site.`, copied into every run that begins.
    fn site(&self) -> Arc<Value>;
}

/// Bounds of the engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// How long a lease lasts, in milliseconds. It must be well above `call_ms`.
    pub lease_ms: i64,
    /// Of one call, in milliseconds, where the step has no timeout of its own.
    pub call_ms: u64,
    /// Whether this process is the only one on the store, so that a run that it does not work on is free, whatever
    /// lease an earlier process left behind.
    pub alone: bool,
    /// By how much the clocks of those who share the store may differ, in milliseconds.
    pub apart_ms: i64,
    /// Whether a connection over which nothing works any more is called no more, but for one call from time to time.
    pub breakers: bool,
    /// How many happenings are kept for a subscriber that is slow.
    pub story: usize,
    /// Whether the ids of runs are made of what begins them and when, so that the same messages at the same times give the
    /// same runs, to the jitter of their retries: for cases. Else they are drawn.
    pub repeatable: bool,
}

impl Default for Limits {
    /// Leases of 90 s, calls of 30 s, alone on the store, no circuit breakers.
    fn default() -> Self {
        Limits {
            lease_ms: 90_000,
            call_ms: 30_000,
            alone: true,
            apart_ms: 0,
            breakers: false,
            story: 4_096,
            repeatable: false,
        }
    }
}

/// What the engine is given.
pub struct Settings {
    /// The store.
    pub journal: Arc<dyn Journal>,
    /// What runs calls.
    pub runner: Arc<dyn StepRunner>,
    /// Where plans come from.
    pub plans: Arc<dyn PlanSource>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// What counts.
    pub meter: Arc<dyn Meter>,
    /// The worker's name: the actor of what the engine does by itself.
    pub worker: String,
    /// Bounds.
    pub limits: Limits,
}

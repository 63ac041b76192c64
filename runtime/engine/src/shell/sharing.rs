//! Work that several processes share: how much of what is due is taken up here, and what is left to others.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use dragoman_journal::Due;
use dragoman_model::Timestamp;
use dragoman_plan::Plan;

use super::Shell;

/// So many runs are taken up from the store at once at most, where others can take them.
const AT_ONCE: usize = 4_096;
/// Of each pipeline so many times as many as may be at work: the next ones are there when a place is free.
const AHEAD: usize = 2;
/// Of a pipeline that is not offered any more so many may be at work, in the eyes of whoever takes them up.
const UNOFFERED: usize = 200;

/// How much can be taken up here.
#[derive(Debug)]
pub(super) struct Room {
    /// All together.
    left: usize,
    /// How many there are of each pipeline, and how many there may be.
    lanes: BTreeMap<String, (usize, usize)>,
}

impl Shell {
    /// How much can be taken up; none: as much as there is, since nobody else would.
    pub(super) fn room(&self) -> Option<Room> {
        if self.limits.alone {
            return None;
        }
        let running = self.running.lock();
        let mut room = Room {
            left: AT_ONCE.saturating_sub(running.len()),
            lanes: BTreeMap::new(),
        };
        for pipeline in running.values().filter_map(|task| task.lane.as_ref()) {
            match room.lanes.get_mut(pipeline) {
                Some((has, _)) => *has += 1,
                None => drop(room.lanes.insert(pipeline.clone(), (1, 0))),
            }
        }
        drop(running);
        for (pipeline, (_, most)) in &mut room.lanes {
            *most = self.most(pipeline);
        }
        Some(room)
    }

    fn most(&self, pipeline: &str) -> usize {
        let plan = self.plans.current(pipeline);
        plan.map_or(UNOFFERED, |plan| plan.limits.concurrent)
            .max(1)
            .saturating_mul(AHEAD)
    }

    /// Whether a run can be taken up; then it has its place in the room.
    pub(super) fn has_place(&self, room: &mut Option<Room>, due: &Due) -> bool {
        let Some(room) = room else { return true };
        if room.left == 0 {
            return false;
        }
        if let Some(pipeline) = &due.pipeline {
            let (has, most) = room
                .lanes
                .entry(pipeline.clone())
                .or_insert_with(|| (0, self.most(pipeline)));
            if *has >= *most {
                return false;
            }
            *has += 1;
        }
        room.left -= 1;
        true
    }

    /// Whether a message that is accepted now begins a run that is left in the store, for whoever comes to it first. Runs of
    /// a serial are not: their order is that of their acceptance. Nor are those whose rate is bounded, or how many have
    /// something in common: each process counts those by itself, and several would begin too many.
    pub(super) fn leaves(&self, plan: &Plan) -> bool {
        let limits = &plan.limits;
        let counted = plan.serial.is_some() || limits.rate.is_some() || limits.per_key.is_some();
        if self.limits.alone || counted {
            return false;
        }
        let lane = self.lanes.of(plan);
        let leaves = lane.is_long();
        if leaves {
            lane.leave();
            self.await_room();
        }
        leaves
    }

    /// There is more for this process in the store than it has room for: it looks when a quarter of what it has is done.
    pub(super) fn await_room(&self) {
        let low = self.running.lock().len() * 3 / 4 + 1;
        // Who awaits it already has a reason to look as soon.
        let _ = self
            .refill
            .compare_exchange(0, low, Ordering::AcqRel, Ordering::Acquire);
    }

    /// A run is at work no more: there may be room for others.
    pub(super) fn refill(&self) {
        let low = self.refill.load(Ordering::Acquire);
        if low > 0 && self.running.lock().len() < low && self.refill.swap(0, Ordering::AcqRel) > 0 {
            self.look_now();
        }
    }

    /// Counts what was left in the store, so that no more is accepted than the backlog allows.
    pub(super) async fn count_left(&self, now: Timestamp) {
        for (pipeline, lane) in self.lanes.leaving() {
            let backlog = self.plans.current(&pipeline).map_or(0, |plan| plan.limits.backlog);
            let count = async { self.journal.ready(pipeline, backlog.max(1)).await.ok() };
            lane.recount(now, count).await;
        }
    }
}

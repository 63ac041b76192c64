//! Events on their way: each is delivered to every pipeline that has a trigger for it, at least once; its run key makes
//! that one run.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use dragoman_journal::{Append, Emitted, Operation};
use dragoman_model::Actor;
use dragoman_plan::{Plan, Trigger, TriggerKind};
use futures_util::StreamExt;
use futures_util::stream;
use serde_json::json;
use tokio::sync::Notify;

use super::Shell;
use crate::runner::Boxed;
use crate::source::{Delivery, Refused};

/// So many events are looked at at once.
const PAGE: usize = 256;
/// So many of them are delivered at once.
const AT_ONCE: usize = 32;
/// What found no room, or no store, is delivered again after so long, in milliseconds.
const AGAIN_MS: i64 = 2_000;

/// An event by its number, with the pipelines that could not take it yet; none: it was not tried.
type Delivered = (u64, Option<Vec<String>>);

/// Who is told that there are events.
#[derive(Debug)]
pub(super) struct Outbox {
    told: Notify,
    /// Events that nobody has looked at yet.
    fresh: AtomicUsize,
}

impl Default for Outbox {
    /// What an earlier process left counts as one, until the first look: it may begin a run.
    fn default() -> Self {
        Outbox {
            told: Notify::new(),
            fresh: AtomicUsize::new(1),
        }
    }
}

impl Outbox {
    /// Whether nothing is to be looked at at once.
    pub(super) fn is_quiet(&self) -> bool {
        self.fresh.load(Ordering::Acquire) == 0
    }

    /// Tells of the events of an append that is durable.
    pub(super) fn tell(&self, append: &Append) {
        let emits = |operation: &&Operation| matches!(operation, Operation::Emit { .. });
        let count = append.operations.iter().filter(emits).count();
        if count > 0 {
            self.fresh.fetch_add(count, Ordering::AcqRel);
            self.told.notify_one();
        }
    }
}

/// Delivers events, for ever: first those that an earlier process left.
pub(super) async fn deliver(shell: Weak<Shell>) {
    loop {
        let Some(strong) = shell.upgrade() else {
            return;
        };
        let fresh = strong.outbox.fresh.load(Ordering::Acquire);
        let all = strong.deliver_all().await;
        strong.outbox.fresh.fetch_sub(fresh, Ordering::AcqRel);
        strong.rested.notify_waiters();
        let again = strong.clock.now().plus_millis(AGAIN_MS);
        tokio::select! {
            biased;
            () = strong.outbox.told.notified() => {}
            // Where there are others, one of them may be gone that had events to deliver.
            () = strong.clock.until(again), if !all || !strong.limits.alone => {}
        }
    }
}

impl Shell {
    /// Delivers what was not delivered; false where something is left.
    async fn deliver_all(self: &Arc<Self>) -> bool {
        let mut after = 0;
        // A pipeline that has no room gets none of its events before the next look, so that their order stays.
        let mut full: HashSet<String> = HashSet::new();
        let mut all = true;
        loop {
            let events = match self.journal.undelivered(after, PAGE).await {
                Ok(events) => events,
                Err(error) => {
                    tracing::warn!(%error, "the store could not say which events are to be delivered");
                    return false;
                }
            };
            let Some((last, _)) = events.last() else {
                return all;
            };
            after = *last;
            let mut done = Vec::new();
            let plans = self.plans.offered();
            let mut on_their_way: Vec<Boxed<'static, Delivered>> = Vec::with_capacity(events.len());
            for (number, event) in events {
                let deliveries = deliveries(&plans, &event);
                let waits = deliveries.iter().any(|delivery| full.contains(&delivery.pipeline));
                let shell = Arc::clone(self);
                on_their_way.push(Box::pin(async move {
                    let left = if waits {
                        None
                    } else {
                        Some(shell.deliver_to(deliveries).await)
                    };
                    (number, left)
                }));
            }
            let mut delivered = stream::iter(on_their_way).buffered(AT_ONCE);
            let mut refused = HashSet::new();
            while let Some((number, left)) = delivered.next().await {
                match left {
                    Some(left) if left.is_empty() => done.push(number),
                    left => {
                        all = false;
                        refused.extend(left.unwrap_or_default());
                    }
                }
            }
            full.extend(refused);
            if let Err(error) = self.journal.delivered(done).await {
                // They are delivered once more, and begin nothing: their run keys are taken.
                tracing::warn!(%error, "the store could not take that events were delivered");
                return false;
            }
        }
    }

    /// Delivers an event to pipelines; gives those that could not take it yet.
    async fn deliver_to(self: &Arc<Self>, deliveries: Vec<Delivery>) -> Vec<String> {
        let mut left = Vec::new();
        for delivery in deliveries {
            let pipeline = delivery.pipeline.clone();
            let offer = self.current(&pipeline);
            match self.accept(delivery, &offer, false, false).await {
                Ok(_) => {}
                Err(refused @ (Refused::Overloaded { .. } | Refused::Store { .. })) => {
                    tracing::warn!(pipeline, code = refused.code(), "an event is delivered later");
                    left.push(pipeline);
                }
                // It is never taken: the run that keeps it, or has its key, says why.
                Err(refused) => self.notices.event(&pipeline, &refused),
            }
        }
        left
    }
}

/// What an event is to the pipelines that hear it.
fn deliveries(plans: &[Arc<Plan>], event: &Emitted) -> Vec<Delivery> {
    let hears = |trigger: &&Trigger| match &trigger.kind {
        TriggerKind::Event { name, from } => {
            *name == event.name && from.as_ref().is_none_or(|from| *from == event.pipeline)
        }
        _ => false,
    };
    let delivery = |plan: &Arc<Plan>, trigger: &Trigger| Delivery {
        pipeline: plan.pipeline.clone(),
        trigger: trigger.id.clone(),
        body: Bytes::from(event.data.to_string()),
        media_type: "application/json".into(),
        headers: Vec::new(),
        attributes: json!({ "event": event.name, "event_key": event.key, "run": event.run, "step": event.path }),
        sender: Actor::sender(&format!("pipeline:{}", event.pipeline), "none"),
        key: Some(format!("{}/{}", event.run, event.path)),
    };
    let of_plan = |plan: &Arc<Plan>| {
        let first = plan.triggers.iter().find(hears);
        first.map(|trigger| delivery(plan, trigger))
    };
    plans.iter().filter_map(of_plan).collect()
}

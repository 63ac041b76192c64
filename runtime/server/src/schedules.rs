//! The schedules of the site's pipelines, and where each goes on.

use std::sync::Arc;
use std::time::Duration;

use dragoman_engine::{Acceptor, Clock, Handle, SystemClock};
use dragoman_plan::{Plan, TriggerKind};
use dragoman_transports_schedule::{Missed, Schedule};
use tokio::sync::watch;

/// A store that does not say what was the last due time is asked again after so long.
const AGAIN: Duration = Duration::from_secs(5);

/// The schedules of all pipelines.
pub(crate) fn of(plans: &[Arc<Plan>]) -> Vec<Schedule> {
    let mut schedules = Vec::new();
    for plan in plans {
        for trigger in &plan.triggers {
            let TriggerKind::Schedule { calendar, skip_missed } = &trigger.kind else {
                continue;
            };
            schedules.push(Schedule {
                pipeline: plan.pipeline.clone(),
                trigger: trigger.id.clone(),
                calendar: calendar.clone(),
                missed: if *skip_missed { Missed::Skip } else { Missed::Once },
            });
        }
    }
    schedules
}

/// Keeps to a schedule until told to stop, from the last due time that it has handled; one that has handled none begins
/// now.
pub(crate) async fn keep(
    schedule: Schedule,
    handle: Handle,
    acceptor: Arc<dyn Acceptor>,
    mut stop: watch::Receiver<bool>,
) {
    let begins = SystemClock.now();
    let passed = loop {
        match handle.last_due(&schedule.pipeline, &schedule.trigger).await {
            Ok(last) => break last.unwrap_or(begins),
            Err(error) => tracing::warn!(
                pipeline = schedule.pipeline,
                %error,
                "the store does not say what was the last due time; it is asked again"
            ),
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    };
    dragoman_transports_schedule::keep(schedule, passed, acceptor, Arc::new(SystemClock), stop).await;
}

//! Schedules: the last due time is durable with the run that it began.

use std::sync::Arc;

use bytes::Bytes;
use dragoman_engine::{Acceptor, Delivered, Delivery, ManualClock};
use dragoman_model::{Actor, Timestamp};
use serde_json::json;

use crate::house::{House, MORNING, open, plan_on};

const ON: &str = "on:
  - { id: hourly, schedule: { every: 1h } }
  - { id: daily, schedule: { cron: '0 6 * * *', zone: Europe/Warsaw } }
  - { id: by-hand, manual: {} }
";

const STEPS: &str = "
steps:
  - { id: at, set: { due: '=default(trigger.due, run.now)' } }
output: { due: =steps.at.due }
";

fn due(trigger: &str, due: Timestamp) -> Delivery {
    let due = due.to_string();
    Delivery {
        pipeline: "nightly".into(),
        trigger: trigger.into(),
        body: Bytes::from(json!({ "due": due }).to_string()),
        media_type: "application/json".into(),
        headers: Vec::new(),
        attributes: json!({ "due": due }),
        sender: Actor::sender("schedule", "none"),
        key: Some(due),
    }
}

#[tokio::test]
async fn the_last_due_time_is_durable_with_its_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    let plans = [plan_on(ON, "nightly", STEPS)];
    let clock = ManualClock::new(MORNING);
    let house = House::on(Arc::clone(&journal), Arc::default(), clock.clone(), &plans);
    let last = async |house: &House, trigger: &str| {
        let last = house.handle().last_due("nightly", trigger).await;
        last.expect("the store answers")
    };
    assert_eq!(last(&house, "hourly").await, None);
    let (first, second) = (MORNING, MORNING.plus_millis(3_600_000));
    let taken = async |delivery: Delivery| match house.handle().deliver(delivery).await {
        Ok(Delivered::Accepted { run, again, .. }) => (run, again),
        other => panic!("it is taken: {other:?}"),
    };
    let (run, again) = taken(due("hourly", first)).await;
    assert!(!again);
    assert_eq!(
        taken(due("hourly", first)).await,
        (run, true),
        "a due time begins one run"
    );
    assert_eq!(
        taken(due("daily", first)).await,
        (run, true),
        "also for another schedule"
    );
    assert_eq!(last(&house, "hourly").await, Some(first));
    assert_eq!(last(&house, "daily").await, None, "each trigger has its own");
    taken(due("hourly", second)).await;
    house.quiet().await;
    let output = house.summary(run).await.output;
    assert_eq!(output, Some(json!({ "due": first.to_string() })));
    drop(house);
    let house = House::on(journal, Arc::default(), clock, &plans);
    assert_eq!(
        last(&house, "hourly").await,
        Some(second),
        "and the next process knows it"
    );
}

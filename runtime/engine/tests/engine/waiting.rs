//! Many runs that wait for a person, for days: the pipeline goes on, and none of them holds anything but its rows.

use std::sync::Arc;

use dragoman_engine::{Acceptor, Delivered, Offer, Status};
use dragoman_journal::{Ending, Standing};
use dragoman_model::{Actor, RunId};
use dragoman_plan::Plan;
use serde_json::json;

use crate::house::{House, MORNING, delivery, open, plan};

/// Four at work at once, taking turns with whatever has the same serial; what begins with `w` waits for the officer.
const OFFICER: &str = "
serial: '\"the one officer\"'
limits: { concurrent: 4, backlog: 300 }
steps:
  - id: officer
    wait: { decision: ship-or-refuse, answers: [ship, refuse], for: 30d, show: [=trigger.message.number], roles: [approver] }
    when: trigger.message.number.startsWith('w')
    on_timeout: [{ park: { reason: 'nobody decided' } }]
  - id: shipped
    call: shop.ship
    with: { number: =trigger.message.number }
";
const WAITING: usize = 200;
const DAY: i64 = 86_400_000;

/// Nothing is held in memory for runs that wait.
const AT_REST: Status = Status {
    recovered: true,
    working: 0,
    queued: 0,
    stopping: false,
};

/// Messages that do not wait are done at once, four of them beside each other.
async fn goes_on(house: &House, day: i64) {
    let taken = (0..4).map(|n| format!("now {day}.{n}"));
    let runs: Vec<RunId> = futures_util::future::join_all(taken.map(|number| async move {
        match house.deliver("officer", &number).await.expect("the message is taken") {
            Delivered::Accepted { run, .. } | Delivered::Replied { run, .. } => run,
        }
    }))
    .await;
    house.quiet().await;
    for run in runs {
        assert_eq!(house.ending(run).await, Some(Ending::Completed), "day {day}");
    }
    assert_eq!(house.handle().status(), AT_REST, "day {day}");
}

async fn open_waits(house: &House) -> usize {
    house.journal.waits(None).await.expect("the store answers").len()
}

#[tokio::test]
async fn two_hundred_runs_wait_for_days_and_the_pipeline_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let plans = [plan("officer", OFFICER)];
    let clock = dragoman_engine::ManualClock::new(MORNING);
    let house = House::on(open(folder.path()), Arc::default(), clock, &plans);
    for n in 0..WAITING {
        house
            .deliver("officer", &format!("w{n}"))
            .await
            .expect("the message is taken");
    }
    house.quiet().await;
    assert_eq!(open_waits(&house).await, WAITING);
    assert_eq!(house.handle().status(), AT_REST);
    for day in 1..=10 {
        house.clock.advance(DAY);
        goes_on(&house, day).await;
    }
    // The process ends; the next one finds all of them waiting, and they hold nothing there either.
    let House {
        journal,
        partner,
        clock,
        engine,
        ..
    } = house;
    drop(engine);
    let house = House::on(journal, partner, clock, &plans);
    house.handle().recovered().await;
    house.quiet().await;
    for day in 11..=20 {
        house.clock.advance(DAY);
        goes_on(&house, day).await;
    }
    assert_eq!(open_waits(&house).await, WAITING);
    for wait in house.journal.waits(None).await.expect("the store answers") {
        let answer = json!({ "answer": "ship" });
        let olga = Actor::person("olga", "password");
        house
            .handle()
            .answer(&wait.id, olga, answer, wait.shown)
            .await
            .expect("taken");
    }
    house.quiet().await;
    assert_eq!(house.partner.facts().len(), WAITING + 20 * 4);
    assert!(house.partner.facts().values().all(|times| *times == 1));
    assert_eq!(open_waits(&house).await, 0);
}

/// What a plan is known by, and what its runs give.
fn posting(name: &str, mark: &str, concurrent: usize) -> Arc<Plan> {
    plan(
        name,
        &format!(
            "limits: {{ concurrent: {concurrent} }}\nsteps:\n  - set: {{ mark: {mark} }}\noutput: {{ mark: {mark}, from: =site.country }}\n"
        ),
    )
}

#[tokio::test]
async fn a_message_is_taken_with_what_its_door_offers_whatever_is_current() {
    let house = House::new(&[posting("post", "current", 2)]);
    for (mark, country, concurrent) in [("older", "PL", 1), ("newer", "DE", 5), ("newest", "FR", 1)] {
        let plan = posting("post", mark, concurrent);
        let offer = Offer {
            plans: [("post".to_owned(), plan)].into(),
            site: Arc::new(json!({ "country": country })),
        };
        let door = house.handle().door(Arc::new(offer));
        let taken = door
            .deliver(delivery("post", mark))
            .await
            .expect("the message is taken");
        let (Delivered::Accepted { run, .. } | Delivered::Replied { run, .. }) = taken;
        house.quiet().await;
        let summary = house.summary(run).await;
        assert_eq!(summary.standing, Standing::Closed);
        assert_eq!(summary.output, Some(json!({ "mark": mark, "from": country })));
        let gone = door.deliver(delivery("other", mark)).await;
        assert_eq!(gone, Err(dragoman_engine::Refused::Unknown));
    }
    let run = house.run("post", "7").await;
    assert_eq!(
        house.summary(run).await.output,
        Some(json!({ "mark": "current", "from": "CH" }))
    );
}

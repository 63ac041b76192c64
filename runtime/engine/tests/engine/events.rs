//! Events: runs that begin by them, runs that wait for them, and what a crash leaves of both.

use std::sync::Arc;

use dragoman_engine::ManualClock;
use dragoman_journal::{Ending, Journal, RunFilter, RunSummary, Standing};
use serde_json::json;

use crate::house::{House, MORNING, check, open, plan, plan_on};

const EMIT: &str = "
steps:
  - id: told
    emit: { event: shipped, key: trigger.message.number, data: { number: =trigger.message.number } }
";

const HEAR: &str = "
steps:
  - id: shipped
    wait: { event: shipped, key: trigger.message.number, for: 30d }
    ref: trigger.message.number
    on_timeout: [{ park: { reason: 'never shipped' } }]
output: { number: =steps.shipped.number }
";

const BEGUN: &str = "
key: trigger.message.number
steps:
  - { id: sent, call: shop.notify, with: { number: =trigger.message.number } }
output: { number: =steps.sent.id }
";

const ON_SHIPPED: &str = "on: [{ id: heard, event: { name: shipped } }]\n";

async fn runs_of(journal: &Arc<dyn Journal>, pipeline: &str) -> Vec<RunSummary> {
    let filter = RunFilter {
        pipeline: Some(pipeline.into()),
        ..RunFilter::default()
    };
    journal.runs(filter).await.expect("the store answers")
}

#[tokio::test]
async fn an_event_begins_a_run_of_every_pipeline_that_hears_it() {
    let deaf = plan_on("on: [{ id: heard, event: { name: nudge } }]\n", "deaf", BEGUN);
    let choosy = plan_on(
        "on: [{ id: heard, event: { name: shipped, from: other } }]\n",
        "choosy",
        BEGUN,
    );
    let plans = [
        plan("emit", EMIT),
        plan_on(ON_SHIPPED, "one", BEGUN),
        plan_on(
            ON_SHIPPED,
            "two",
            BEGUN.trim_start_matches("\nkey: trigger.message.number"),
        ),
        deaf,
        choosy,
    ];
    let house = House::new(&plans);
    let run = house.run("emit", "7").await;
    check(
        &house.story(run).await,
        "accepted hook
        event emitted told
        closed completed",
    );
    let found = |runs: Vec<RunSummary>| -> Vec<(String, Option<serde_json::Value>)> {
        runs.into_iter().map(|run| (run.run_key, run.output)).collect()
    };
    let output = Some(json!({ "number": "notify-7" }));
    assert_eq!(
        found(runs_of(&house.journal, "one").await),
        [("7".to_owned(), output.clone())]
    );
    let key = format!("{run}/told");
    assert_eq!(found(runs_of(&house.journal, "two").await), [(key, output)]);
    assert_eq!(runs_of(&house.journal, "deaf").await.len(), 0);
    assert_eq!(runs_of(&house.journal, "choosy").await.len(), 0);
    let left = house.journal.undelivered(0, 10).await.expect("the store answers");
    assert!(left.is_empty(), "{left:?}");
    let begun = runs_of(&house.journal, "one").await[0].run;
    let first = &house.entries(begun).await[0];
    assert_eq!(first.header.actor.id, "pipeline:emit");
}

#[tokio::test]
async fn a_run_waits_for_an_event_that_comes_later() {
    let house = House::new(&[plan("emit", EMIT), plan("hear", HEAR)]);
    let waiting = house.run_without_time("hear", "7").await;
    let other = house.run_without_time("hear", "8").await;
    assert!(matches!(
        house.summary(waiting).await.standing,
        Standing::Waiting(Some(_))
    ));
    let waits = house.journal.waits(Some(waiting)).await.expect("the store answers");
    assert_eq!(waits[0].show, json!({ "event": "shipped", "key": "7" }));
    house.run_without_time("emit", "7").await;
    check(
        &house.story(waiting).await,
        "accepted hook
        waiting shipped event:shipped
        event received shipped
        closed completed",
    );
    assert_eq!(house.summary(waiting).await.output, Some(json!({ "number": "7" })));
    assert!(matches!(house.summary(other).await.standing, Standing::Waiting(_)));
    let waits = house.journal.waits(None).await.expect("the store answers");
    assert_eq!(waits.iter().map(|wait| wait.run).collect::<Vec<_>>(), [other]);
    // Nobody can answer it.
    let person = dragoman_model::Actor::person("olga", "password");
    let answered = house
        .handle()
        .answer(&waits[0].id, person, json!({ "answer": "yes" }), waits[0].shown)
        .await;
    assert!(answered.is_err());
}

#[tokio::test]
async fn an_event_that_came_before_the_wait_counts_within_the_life_of_the_run() {
    let late = "
steps:
  - sleep: 1h
  - id: shipped
    wait: { event: shipped, key: trigger.message.number }
  - id: again
    wait: { event: shipped, key: trigger.message.number, for: 1d }
    on_timeout: [{ stop: { reason: 'only once' } }]
";
    let house = House::new(&[plan("emit", EMIT), plan("late", late)]);
    house.run_without_time("emit", "7").await;
    house.clock.advance(1_000);
    // It came before this run began.
    let run = house.run_without_time("late", "7").await;
    house.clock.advance(3_600_000);
    house.until_waiting(run).await;
    assert!(house.story(run).await.ends_with("waiting shipped event:shipped"));
    let early = house.run_without_time("late", "8").await;
    house.run_without_time("emit", "8").await;
    house.clock.advance(3_600_000);
    house.until_waiting(early).await;
    check(
        &house.story(early).await,
        "accepted hook
        timer sleep-1 sleep 3600s
        event received shipped
        waiting again event:shipped",
    );
    house.clock.advance(86_400_000);
    house.until_closed(early).await;
    assert_eq!(house.ending(early).await, Some(Ending::Stopped));
}

#[tokio::test]
async fn nobody_emits_it_in_time() {
    let house = House::new(&[plan("hear", HEAR)]);
    let run = house.run_without_time("hear", "7").await;
    house.clock.advance(30 * 86_400_000);
    house.until_parked(run).await;
    check(
        &house.story(run).await,
        "accepted hook
        waiting shipped event:shipped
        failed shipped #1 permanent none wait.timeout last
        parked shipped.on_timeout.park-1 park",
    );
    // A person lets it wait on, and then it comes.
    let person = dragoman_model::Actor::person("olga", "password");
    let handle = house.handle();
    let resumed = handle.operate(run, dragoman_engine::Act::Resume, person, "it is on its way");
    resumed.await.expect("taken");
    house.quiet().await;
    assert!(matches!(house.summary(run).await.standing, Standing::Waiting(_)));
}

#[tokio::test]
async fn a_void_ends_a_wait_for_an_event() {
    let void = "steps: [{ id: closed, void: { ref: trigger.message.number } }]\n";
    let house = House::new(&[plan("hear", HEAR), plan("void", void)]);
    let run = house.run_without_time("hear", "7").await;
    house.run("void", "7").await;
    assert_eq!(house.ending(run).await, Some(Ending::Stopped));
}

#[tokio::test]
async fn a_run_hears_what_it_emits_itself() {
    let both = "
steps:
  - id: both
    parallel:
      hears: [{ id: heard, wait: { event: shipped, key: trigger.message.number } }]
      tells:
        - sleep: 1m
        - emit: { event: shipped, key: trigger.message.number, data: { number: =trigger.message.number } }
";
    let house = House::new(&[plan("both", both)]);
    let run = house.run_without_time("both", "7").await;
    house.clock.advance(60_000);
    house.until_closed(run).await;
    let story = house.story(run).await;
    assert!(story.contains("event received both.hears.heard"), "{story}");
}

#[tokio::test]
async fn a_pipeline_without_room_gets_its_events_later_and_holds_up_no_other() {
    let narrow = format!("limits: {{ rate: 1/1h, backlog: 1 }}\n{BEGUN}");
    let plans = [
        plan("emit", EMIT),
        plan_on(ON_SHIPPED, "narrow", &narrow),
        plan_on(ON_SHIPPED, "wide", BEGUN),
    ];
    let house = House::new(&plans);
    let closed = async |pipeline: &str, count: usize| {
        let closed = async {
            let ended = |run: &&RunSummary| run.ending.is_some();
            while runs_of(&house.journal, pipeline).await.iter().filter(ended).count() < count {
                tokio::task::yield_now().await;
            }
        };
        let closed = tokio::time::timeout(std::time::Duration::from_secs(10), closed).await;
        assert!(closed.is_ok(), "{:?}", runs_of(&house.journal, pipeline).await);
    };
    for number in ["1", "2"] {
        house.deliver("emit", number).await.expect("it is taken");
    }
    closed("narrow", 1).await;
    closed("wide", 2).await;
    house.until_delivered_without(1).await;
    for number in ["3", "4"] {
        house.deliver("emit", number).await.expect("it is taken");
    }
    closed("wide", 4).await;
    // One is over, one waits for the rate; the others are still the site's.
    assert_eq!(runs_of(&house.journal, "narrow").await.len(), 2);
    assert_eq!(
        house.journal.undelivered(0, 10).await.expect("the store answers").len(),
        2
    );
    // However far the clock has gone, one begins an hour: those that are left take an hour each from where it stands. Time
    // stands still for one that has begun, and never passes so fast that a lease is over before it can be lengthened.
    let all = async {
        loop {
            let runs = runs_of(&house.journal, "narrow").await;
            if runs.iter().filter(|run| run.ending.is_some()).count() == 4 {
                break;
            }
            let at_work = |run: &RunSummary| run.ending.is_none() && run.entries > 1;
            if !runs.iter().any(at_work) {
                house.clock.advance(20_000);
            }
            tokio::task::yield_now().await;
        }
    };
    let all = tokio::time::timeout(std::time::Duration::from_secs(20), all).await;
    assert!(all.is_ok(), "{:?}", runs_of(&house.journal, "narrow").await);
    house.until_delivered().await;
    let keys: Vec<String> = runs_of(&house.journal, "narrow")
        .await
        .into_iter()
        .map(|run| run.run_key)
        .collect();
    assert_eq!(keys.len(), 4, "each once: {keys:?}");
}

#[tokio::test]
async fn what_only_observes_emits_nothing() {
    let observed = format!("mode: observe\n{EMIT}");
    let house = House::new(&[plan("emit", &observed), plan_on(ON_SHIPPED, "one", BEGUN)]);
    let run = house.run("emit", "7").await;
    assert!(house.story(run).await.contains("observed told emit"));
    assert_eq!(runs_of(&house.journal, "one").await.len(), 0);
}

#[tokio::test]
async fn what_was_not_delivered_is_delivered_after_the_next_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = open(folder.path());
    let clock = ManualClock::new(MORNING);
    let plans = [plan("emit", EMIT), plan("hear", HEAR)];
    let waiting = {
        let house = House::on(Arc::clone(&journal), Arc::default(), clock.clone(), &plans);
        house.run_without_time("hear", "7").await
    };
    // A process emits, and its engine is gone before anybody was told: its entries and the event are all there is.
    let emitted = {
        use dragoman_journal::conformance::sample;
        let run = dragoman_model::RunId::at(MORNING, [3; 10]);
        let mut begin = sample::begin(run, "left");
        begin.entries[0].versions.pipeline = plans[0].version;
        let lease = match journal.begin(begin).await {
            Ok(dragoman_journal::Begun::New(lease)) => lease,
            other => panic!("it begins: {other:?}"),
        };
        let event = dragoman_journal::Emitted {
            name: "shipped".into(),
            key: Some("7".into()),
            data: json!({ "number": "7" }),
            run,
            path: "told".into(),
            pipeline: "emit".into(),
            at: MORNING,
        };
        let mut append = sample::close(lease, 1);
        append.operations = vec![dragoman_journal::Operation::Emit { event }];
        sample::written(journal.as_ref(), append).await;
        run
    };
    let plans = [
        &plans[..],
        &[plan_on(
            ON_SHIPPED,
            "one",
            BEGUN.trim_start_matches("\nkey: trigger.message.number"),
        )],
    ]
    .concat();
    let house = House::on(journal, Arc::default(), clock, &plans);
    house.handle().recovered().await;
    // It is not quiet before what was left is delivered.
    house.quiet().await;
    let begun = runs_of(&house.journal, "one").await;
    assert_eq!(begun.len(), 1);
    house.until_closed(waiting).await;
    house.until_delivered().await;
    assert_eq!(begun[0].run_key, format!("{emitted}/told"));
}

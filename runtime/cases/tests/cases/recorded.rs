//! A run that really was becomes a case that holds, and names nobody.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use dragoman_cases::record::{Privacy, prove, record};
use dragoman_cases::{Outcome, run};
use dragoman_engine::{
    Acceptor, Boxed, Call, Delivered, Delivery, Engine, Limits, ManualClock, Output, PlanSource, Probed, Report,
    Settings, StepRunner, SystemClock,
};
use dragoman_journal::{Journal, RunFilter};
use dragoman_journals_sqlite::{Options, SqliteJournal};
use dragoman_model::{Actor, Digest, Failure, RunId, Timestamp, Usage, Value};
use dragoman_plan::Plan;
use serde_json::json;

use crate::bench::{bench, read, told};

/// The shop as it is: it knows its orders and counts its shipments.
struct Shop;

impl StepRunner for Shop {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        let number = call.input["number"].as_str().unwrap_or("PL-2026-00117").to_owned();
        let result = match call.operation.as_str() {
            // In the first round it is not packed yet, and in the second the line is cut once.
            "get" if call.step == "packed[0].asked" => {
                Ok(json!({ "number": "PL-2026-00117", "large": false, "parcels": [] }))
            }
            "get" if call.step == "packed[1].asked" && call.attempt == 1 => Err(Failure::retryable("http.503", "cut")),
            "get" | "read_order" => Ok(json!({ "number": "PL-2026-00117", "large": true, "parcels": ["a", "b"],
                "phone_2": "+41 44 000 00 00", "customer": { "name": "Anna Alder", "country": "CH" } })),
            "ship" if number.ends_with('a') && call.attempt == 1 => {
                Err(Failure::retryable("http.503", "no truck for PL-2026-00117 now"))
            }
            "ship" => Ok(json!({ "id": format!("S-{number}") })),
            _ => Ok(json!({ "id": format!("N-{number}") })),
        };
        Box::pin(async move {
            Report {
                result: result.map(|payload| Output {
                    payload,
                    documents: Default::default(),
                    attributes: Vec::new(),
                }),
                usage: Usage::default(),
                state: Vec::new(),
                documents: Vec::new(),
                readings: Value::Null,
            }
        })
    }

    fn probe(&self, _: Call, _: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        Box::pin(async { (Ok(Probed::Absent), Usage::default()) })
    }

    fn settings(&self, _: &str) -> Option<Digest> {
        Some(Digest::of(b"shop"))
    }

    fn observes(&self, _: &str) -> bool {
        false
    }
}

struct Plans(Vec<Arc<Plan>>);

impl Plans {
    /// The pipelines of the shop; one of them only observes.
    fn observing(pipeline: Option<&str>) -> Plans {
        let bench = bench();
        let mut plans = (bench.build)(&bench.values).expect("the plans are good");
        for plan in plans.iter_mut().filter(|plan| Some(plan.pipeline.as_str()) == pipeline) {
            Arc::make_mut(plan).observe = true;
        }
        Plans(plans)
    }
}

impl PlanSource for Plans {
    fn current(&self, pipeline: &str) -> Option<Arc<Plan>> {
        self.0.iter().find(|plan| plan.pipeline == pipeline).cloned()
    }

    fn offered(&self) -> Vec<Arc<Plan>> {
        self.0.clone()
    }

    fn pinned(&self, version: Digest) -> Boxed<'_, Option<Arc<Plan>>> {
        let found = self.0.iter().find(|plan| plan.version == version).cloned();
        Box::pin(async move { found })
    }

    fn site(&self) -> Arc<Value> {
        Arc::new(json!({ "closed": false }))
    }
}

/// Runs an order of the shop: a clerk accepts it, a truck is missing at first.
async fn real_run(store: Arc<dyn Journal>) -> RunId {
    let bench = bench();
    let engine = Engine::start(Settings {
        journal: Arc::clone(&store),
        runner: Arc::new(Shop),
        plans: Arc::new(Plans((bench.build)(&bench.values).expect("the plans are good"))),
        clock: Arc::new(SystemClock),
        meter: Arc::new(dragoman_engine::NoMeter),
        worker: "worker".into(),
        limits: Limits::default(),
    });
    let delivery = Delivery {
        pipeline: "ship-orders".into(),
        trigger: "hook".into(),
        body: Bytes::from_static(b"an order"),
        media_type: "text/plain".into(),
        headers: Vec::new(),
        attributes: json!({}),
        sender: Actor::sender("partner", "bearer"),
        key: None,
    };
    let handle = engine.handle();
    let Delivered::Accepted { run, .. } = handle.deliver(delivery).await.expect("the message is taken") else {
        panic!("the sender does not wait");
    };
    handle.idle().await;
    let wait = store.waits(None).await.expect("the store answers").remove(0);
    let answer = json!({ "answer": "accept", "reason": "Anna Alder asked for it" });
    let clerk = Actor::person("olga.olsen", "password");
    handle
        .answer(&wait.id, clerk, answer, wait.shown)
        .await
        .expect("the answer is taken");
    let mut story = handle.subscribe();
    while store.runs(Default::default()).await.expect("the store answers")[0]
        .ending
        .is_none()
    {
        let heard = tokio::time::timeout(std::time::Duration::from_secs(30), story.recv()).await;
        heard.expect("it ends").expect("the engine tells");
    }
    run
}

/// Takes an order: it is packed in the second round, a letter is written, and an event for each parcel begins a run; the
/// clerk lets the second be billed.
async fn taken(store: Arc<dyn Journal>, observing: Option<&str>) -> RunId {
    let clock = ManualClock::new(Timestamp::from_millis(1_780_000_000_000));
    let engine = Engine::start(Settings {
        journal: Arc::clone(&store),
        runner: Arc::new(Shop),
        plans: Arc::new(Plans::observing(observing)),
        clock: Arc::new(clock.clone()),
        meter: Arc::new(dragoman_engine::NoMeter),
        worker: "worker".into(),
        limits: Limits::default(),
    });
    let delivery = Delivery {
        pipeline: "take-orders".into(),
        trigger: "hand".into(),
        body: Bytes::from_static(b"an order"),
        media_type: "text/plain".into(),
        headers: Vec::new(),
        attributes: json!({}),
        sender: Actor::person("igor.olsen", "os_user"),
        key: None,
    };
    let handle = engine.handle();
    let Delivered::Accepted { run, .. } = handle.deliver(delivery).await.expect("the message is taken") else {
        panic!("the sender does not wait");
    };
    let all = || RunFilter {
        children: true,
        ..RunFilter::default()
    };
    let ends = async {
        loop {
            handle.idle().await;
            for wait in store.waits(None).await.expect("the store answers") {
                let clerk = Actor::person("olga.olsen", "password");
                let given = handle
                    .answer(&wait.id, clerk, json!({ "answer": "send" }), wait.shown)
                    .await;
                given.expect("the answer is taken");
            }
            let runs = store.runs(all()).await.expect("the store answers");
            if runs.iter().all(|run| run.ending.is_some()) {
                return;
            }
            clock.advance(60_000);
            tokio::task::yield_now().await;
        }
    };
    let ended = tokio::time::timeout(std::time::Duration::from_secs(30), ends).await;
    ended.expect("it ends");
    run
}

/// The case of a run of `take-orders`, recorded.
fn recorded_taken(observing: Option<&str>) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store: Arc<dyn Journal> =
            Arc::new(SqliteJournal::open(folder.path(), Options::default()).expect("the store opens"));
        let run = taken(Arc::clone(&store), observing).await;
        let text = record(store.as_ref(), run, &bench(), &Privacy::default()).await;
        text.expect("it is recorded")
    })
}

#[test]
fn rounds_pipelines_that_are_run_and_runs_that_events_began_are_recorded() {
    let text = recorded_taken(None);
    for words in [
        "steps.packed.asked:",
        "steps.letter.told:",
        "steps.parcels[0].emit-1.send-bills.told\":",
        "steps.parcels[1].emit-1.send-bills.told\":",
        "wait: parcels[1].emit-1.send-bills.clerk",
        "- pipeline: send-bills",
    ] {
        assert!(text.contains(words), "no `{words}` in\n{text}");
    }
    assert!(!text.contains("olsen") && !text.contains("PL-2026-00117"), "{text}");
    let report = run(&read(&text), Path::new("."), &bench());
    assert!(matches!(report.outcome, Outcome::Holds), "{}\n{text}", told(&report));
    assert!(report.unused.is_empty(), "{:?} of\n{text}", report.unused);
    let other = text.replacen("pipeline: send-bills", "pipeline: write-letter", 1);
    let report = run(&read(&other), Path::new("."), &bench());
    assert!(matches!(report.outcome, Outcome::Differs(_)), "{}", told(&report));
    // Whoever records hears of it at once.
    assert!(prove(&text, &bench()).is_ok());
    let said = prove(&other, &bench()).expect_err("it does not hold").to_string();
    for words in ["D0946: ", "begun", "- write-letter", "+ send-bills"] {
        assert!(said.contains(words), "no `{words}` in {said}");
    }
    let unread = prove("case: 7", &bench()).expect_err("it is no case").to_string();
    assert!(unread.contains("D0946") && unread.contains("`trigger`"), "{unread}");
}

#[test]
fn what_was_only_observed_is_recorded_as_a_case_that_observes() {
    let text = recorded_taken(Some("take-orders"));
    assert!(
        text.contains("\nmode: observe\n") && text.contains("observed:"),
        "{text}"
    );
    let report = run(&read(&text), Path::new("."), &bench());
    assert!(matches!(report.outcome, Outcome::Holds), "{}\n{text}", told(&report));
    let live = run(&read(&text.replace("mode: observe\n", "")), Path::new("."), &bench());
    assert!(!matches!(live.outcome, Outcome::Holds), "{text}");
}

#[test]
fn a_recorded_run_is_a_case_that_holds_and_names_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (hidden, kept) = runtime.block_on(async {
        let store: Arc<dyn Journal> =
            Arc::new(SqliteJournal::open(folder.path(), Options::default()).expect("the store opens"));
        let run = real_run(Arc::clone(&store)).await;
        let bench = bench();
        let record = async |privacy: Privacy| {
            record(store.as_ref(), run, &bench, &privacy)
                .await
                .expect("it is recorded")
        };
        let kept = Privacy {
            keep: vec!["name".into()],
            keep_ids: true,
            ..Privacy::default()
        };
        (record(Privacy::default()).await, record(kept).await)
    });
    drop(runtime);
    for private in ["Anna", "olga", "PL-2026-00117", "+41 44"] {
        assert!(!hidden.contains(private), "`{private}` is still in\n{hidden}");
    }
    assert!(kept.contains("PL-2026-00117") && kept.contains("Anna Alder"), "{kept}");
    for (text, attempts) in [(&hidden, "attempts: 2"), (&kept, "attempts: 2")] {
        assert!(text.contains(attempts), "{text}");
        let report = run(&read(text), Path::new("."), &bench());
        assert!(matches!(report.outcome, Outcome::Holds), "{}\n{text}", told(&report));
    }
    // A case that expects another order does not hold: the test can fail.
    let report = run(
        &read(&kept.replace("ending: completed", "ending: failed")),
        Path::new("."),
        &bench(),
    );
    assert!(matches!(report.outcome, Outcome::Differs(_)), "{}", told(&report));
}

#[tokio::test]
async fn a_run_that_is_none_or_an_items_is_not_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let store: Arc<dyn Journal> =
        Arc::new(SqliteJournal::open(folder.path(), Options::default()).expect("the store opens"));
    let whole = real_run(Arc::clone(&store)).await;
    let all = RunFilter {
        children: true,
        ..RunFilter::default()
    };
    let runs = store.runs(all).await.expect("the store answers");
    let item = runs.iter().find(|run| run.parent == Some(whole)).expect("a parcel").run;
    let nowhere = RunId::at(Timestamp::from_millis(0), [7; 10]);
    for (run, words) in [
        (nowhere, "no such run; `dragoman runs list`".to_owned()),
        (item, format!("run {item} is that of an item: record run {whole}")),
    ] {
        let error = record(store.as_ref(), run, &bench(), &Privacy::default())
            .await
            .expect_err("it is recorded");
        let said = error.to_string();
        assert!(
            said.starts_with("D0945: ") && said.contains(&words),
            "no `{words}` in {said}"
        );
    }
}

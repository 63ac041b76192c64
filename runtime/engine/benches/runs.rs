//! Durable runs per second through the engine on SQLite, without HTTP and without a sandbox: a read, a once and an
//! idempotent call of 1 KB, answered after `closed`. Arguments: numbers of clients (1 16 64), `--seconds N`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use dragoman_engine::{
    Acceptor, Boxed, Call, Delivery, Engine, Handle, Limits, Output, PlanSource, Probed, Report, Settings, StepRunner,
    SystemClock,
};
use dragoman_journal::Store as _;
use dragoman_journals_sqlite::{Options, SqliteJournal};
use dragoman_model::{Actor, Digest, Failure, OperationEffect, Source, Timestamp, Usage, Value};
use dragoman_plan::{Plan, World};
use dragoman_schema::{DescribedOperation, Descriptor, Surface};
use serde_json::json;

const PIPELINE: &str = "
dragoman: 1
pipeline: bench
summary: What every run of the bench does.
on: [{ id: hook, http: { path: /bench, from: partner, reply: replied } }]
steps:
  - { id: order, call: shop.get, with: { number: '=text(trigger.id)' } }
  - { id: shipped, call: shop.ship, once: run.id, ref: run.id, with: { number: =steps.order.number } }
  - { id: told, call: shop.notify, with: { number: =steps.shipped.number } }
output: { number: =steps.told.number }
";

struct Echo;

impl StepRunner for Echo {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        Box::pin(async move {
            let payload = json!({ "number": call.input["number"], "filling": "x".repeat(900) });
            Report {
                result: Ok(Output {
                    payload,
                    documents: BTreeMap::new(),
                    attributes: Vec::new(),
                }),
                usage: Usage::default(),
                state: Vec::new(),
                documents: Vec::new(),
                readings: Value::Null,
            }
        })
    }

    fn probe(&self, _call: Call, _first: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        Box::pin(async { (Ok(Probed::Absent), Usage::default()) })
    }

    fn settings(&self, _connection: &str) -> Option<Digest> {
        None
    }

    fn observes(&self, _connection: &str) -> bool {
        false
    }
}

struct One(Arc<Plan>);

impl PlanSource for One {
    fn current(&self, _pipeline: &str) -> Option<Arc<Plan>> {
        Some(Arc::clone(&self.0))
    }

    fn offered(&self) -> Vec<Arc<Plan>> {
        vec![Arc::clone(&self.0)]
    }

    fn pinned(&self, _version: Digest) -> Boxed<'_, Option<Arc<Plan>>> {
        Box::pin(async { Some(Arc::clone(&self.0)) })
    }

    fn site(&self) -> Arc<Value> {
        Arc::new(json!({}))
    }
}

fn plan() -> Arc<Plan> {
    let numbered =
        json!({ "type": "object", "required": ["number"], "properties": { "number": { "type": "string" } } });
    let operation = |name: &str, effect| DescribedOperation {
        name: name.into(),
        summary: String::new(),
        input_schema: numbered.to_string(),
        output_schema: numbered.to_string(),
        effect,
        has_probe: false,
        undo: None,
        documents: Vec::new(),
        codes: Vec::new(),
    };
    let operations = vec![
        operation("get", OperationEffect::Read),
        operation("ship", OperationEffect::Once { settle_s: Some(60) }),
        operation("notify", OperationEffect::Idempotent { key_lifetime_s: None }),
    ];
    let descriptor = Descriptor {
        name: "shop".into(),
        config_schema: "{}".into(),
        operations,
        ..Descriptor::default()
    };
    let (surface, _) = Surface::from_descriptor(Digest::of(b"shop"), descriptor).expect("a good descriptor");
    let mut world = World::default().with_connection("shop", Arc::new(surface));
    world.senders.insert("partner".into());
    let (said, diagnostics) =
        dragoman_manifest::parse_pipeline(Source::new("bench.yaml".to_owned(), PIPELINE.to_owned()));
    let said = said.unwrap_or_else(|| panic!("{diagnostics:?}"));
    Arc::new(dragoman_plan::build(&said, &world).unwrap_or_else(|diagnostics| panic!("{diagnostics:?}")))
}

async fn client(handle: Handle, numbers: Arc<AtomicU64>, stop: Arc<AtomicBool>) -> Vec<Duration> {
    let filling = "x".repeat(900);
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let number = numbers.fetch_add(1, Ordering::Relaxed);
        let body = Bytes::from(json!({ "number": number.to_string(), "filling": filling }).to_string());
        let delivery = Delivery {
            pipeline: "bench".into(),
            trigger: "hook".into(),
            body,
            media_type: "application/json".into(),
            headers: Vec::new(),
            attributes: json!({}),
            sender: Actor::sender("partner", "bearer"),
            key: None,
        };
        let began = Instant::now();
        handle.deliver(delivery).await.expect("the message is taken");
        took.push(began.elapsed());
    }
    took
}

async fn measure(clients: usize, seconds: u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let journal = Arc::new(SqliteJournal::open(folder.path(), Options::default()).expect("the store opens"));
    let engine = Engine::start(Settings {
        journal: Arc::clone(&journal) as _,
        runner: Arc::new(Echo),
        plans: Arc::new(One(plan())),
        clock: Arc::new(SystemClock),
        meter: Arc::new(dragoman_engine::NoMeter),
        worker: "bench".into(),
        limits: Limits::default(),
    });
    let (numbers, stop) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicBool::new(false)));
    let began = Instant::now();
    let tasks: Vec<_> = (0..clients)
        .map(|_| tokio::spawn(client(engine.handle(), Arc::clone(&numbers), Arc::clone(&stop))))
        .collect();
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    stop.store(true, Ordering::Relaxed);
    let mut took = Vec::new();
    for task in tasks {
        took.extend(task.await.expect("a client does not panic"));
    }
    let elapsed = began.elapsed().as_secs_f64();
    took.sort();
    let at = |share: usize| took[(took.len() - 1) * share / 100].as_secs_f64() * 1_000.0;
    let runs = took.len();
    #[allow(clippy::cast_precision_loss, reason = "counts of a bench")]
    let (per_second, syncs) = (runs as f64 / elapsed, journal.stats().syncs as f64 / runs as f64);
    println!(
        "bench: engine {clients} clients: {per_second:.0} runs/s, p50 {:.2} ms, p99 {:.2} ms, {syncs:.2} syncs/run",
        at(50),
        at(99)
    );
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let seconds = arguments
        .iter()
        .skip_while(|a| *a != "--seconds")
        .nth(1)
        .and_then(|n| n.parse().ok())
        .unwrap_or(3);
    let clients: Vec<usize> = arguments
        .iter()
        .take_while(|a| *a != "--seconds")
        .filter_map(|a| a.parse().ok())
        .collect();
    for count in if clients.is_empty() { vec![1, 16, 64] } else { clients } {
        measure(count, seconds).await;
    }
}

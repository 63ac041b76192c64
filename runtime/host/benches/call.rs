//! One call of a plugin with a fresh instance, against the same work done by native code.
//!
//! `cargo bench --package dragoman-host --bench call`. Rounds of both alternate, so that a busy machine disturbs both
//! alike; medians are printed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dragoman_engine::runner::{Call, StepRunner};
use dragoman_host::{Connection, Host, HostSettings, NoEgress, NoStorage, Runner};
use dragoman_model::{RunId, Timestamp, Value};
use dragoman_schema::{Surface, Validator};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// Calls in a round.
const CALLS: u32 = 200;
/// Rounds of each side.
const ROUNDS: usize = 60;

/// What the guest's operation `echo` takes and gives back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Echoed {
    text: String,
    lines: Vec<Line>,
}

/// A line of it.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    article: String,
    count: u32,
    note: Option<String>,
}

/// A payload of 1 KB.
fn payload() -> Value {
    let line = |n: u32| json!({"article": format!("article number {n}"), "count": n, "note": "a note of some length"});
    let lines: Vec<Value> = (0..11).map(line).collect();
    let mut payload = json!({"text": "", "lines": lines});
    let missing = 1_024_usize.saturating_sub(payload.to_string().len());
    payload["text"] = "x".repeat(missing).into();
    payload
}

/// The work of a call without the sandbox: checks of both payloads, and the operation from text to text.
fn native(input: &Value, surface: &[Validator; 2]) -> Value {
    assert!(surface[0].accepts(input));
    let text = input.to_string();
    let echoed: Echoed = serde_json::from_str(&text).expect("the payload fits");
    let text = serde_json::to_string(&echoed).expect("a record can be written");
    let output: Value = serde_json::from_str(&text).expect("it was just written");
    assert!(surface[1].accepts(&output));
    output
}

fn call(surface: &Surface, input: Value) -> Call {
    Call {
        plugin: surface.digest,
        connection: "echo".into(),
        operation: "echo".into(),
        input: input.into(),
        documents: BTreeMap::new(),
        unstored: Vec::new(),
        run: RunId::at(Timestamp::from_millis(0), [0; 10]),
        pipeline: "bench".into(),
        step: "echo".into(),
        attempt: 1,
        key: "key".into(),
        deadline: Duration::from_secs(10),
        fence: None,
        dry_run: false,
        traceparent: String::new(),
    }
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort();
    times[times.len() / 2].as_nanos() as f64 / 1_000.0 / f64::from(CALLS)
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../target/plugins/dragoman-guest-echo.wasm");
    let bytes =
        std::fs::read(file).expect("target/plugins/dragoman-guest-echo.wasm is missing: run `cargo xtask plugins`");
    let host = Host::new(HostSettings::default(), Arc::new(NoEgress), Arc::new(NoStorage)).expect("the host starts");
    let plugin = host.load(bytes).await.expect("the plugin loads");
    let surface = host
        .describe(&plugin, &json!({}), &[])
        .await
        .expect("the plugin describes itself");
    let echo = &surface.operations["echo"];
    let validators = [&echo.input_schema, &echo.output_schema].map(|s| Validator::new(s).expect("the schema is valid"));
    host.set_connections(BTreeMap::from([(
        "echo".to_owned(),
        Connection::new(plugin.digest, json!({})),
    )]));
    let runner = Runner::new(host);
    let input = payload();
    let (mut natives, mut calls, mut cpu) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let began = Instant::now();
        for _ in 0..CALLS {
            std::hint::black_box(native(&input, &validators));
        }
        natives.push(began.elapsed());
        let began = Instant::now();
        for _ in 0..CALLS {
            let report = runner.call(call(&surface, input.clone())).await;
            assert!(report.result.is_ok(), "{report:?}");
            cpu.push(report.usage.cpu_us);
        }
        calls.push(began.elapsed());
    }
    cpu.sort_unstable();
    let (native, sandboxed) = (median(&mut natives), median(&mut calls));
    println!(
        "bench: plugin call, fresh instance, {} bytes of JSON: {sandboxed:.1} us, native {native:.1} us, over native {:.1} us, ratio {:.2}, inside {} us",
        input.to_string().len(),
        sandboxed - native,
        sandboxed / native,
        cpu[cpu.len() / 2]
    );
}

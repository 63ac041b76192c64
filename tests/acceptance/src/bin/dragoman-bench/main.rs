//! Figures of the whole: durable runs over HTTP on the embedded store, the start from the cache, idle memory.
//!
//! `cargo xtask bench` builds with the release profile and runs this. The pipeline makes three calls on fresh instances
//! (`read`, `once` under a business key, `idempotent`), 1 KB of ten lines each, nothing leaves the machine, schemas and chain are on,
//! and the sender is answered after the run has closed. Rounds of each number of clients alternate, and medians over the
//! rounds are printed, since machines are noisy.

mod growth;
mod rival;

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use dragoman_acceptance::waiting::{Kept, owned, waiting};
use dragoman_acceptance::{Country, Error, Options};
use dragoman_support::http::request;
use dragoman_support::load::{Load, Usage};
use dragoman_support::process::{Launch, Process, TempSite, dragoman, workspace_root};
use serde_json::{Value, json};

/// Clients at once.
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Rounds of each.
const ROUNDS: usize = 5;
/// It is idle when nothing has come for so long.
const IDLE: Duration = Duration::from_secs(5);
/// How long a round counts.
const SECONDS: u64 = 4;
/// Until anything is given up.
const PATIENCE: Duration = Duration::from_secs(120);

/// What else can be asked for.
const USAGE: &str = "write nothing, `waiting` or `owned` and how many runs (and `postgres`), `growth` and how many entries, or `rival` and a program";

const PIPELINE: &str = r#"
dragoman: 1
pipeline: bench
summary: Three calls, one of each effect; answered once the run has closed.
on:
  - id: hook
    http: { path: /bench, from: anybody, reply: replied }
key: cast(trigger.message, "echo.echo").text
steps:
  - id: verify
    call: echo.echo
    with: { text: '=cast(trigger.message, "echo.echo").text', lines: '=cast(trigger.message, "echo.echo").lines' }
  - id: endorse
    call: echo.stamp
    once: steps.verify.text
    with: { text: =steps.verify.text, lines: =steps.verify.lines }
  - id: usage
    call: echo.tell
    with: { text: =steps.endorse.text, lines: =steps.endorse.lines }
output: { text: =steps.usage.text }
"#;

/// The shipped connector that the example's site does not use: all of them are started.
const HUB: &str = "
  hub:
    plugin: epix
    personal: allowed
    config: { caller: PL }
    endpoints:
      hub: { url: \"http://127.0.0.1:9/\", methods: [POST], private: true, trust_safe: true }
";

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let measured = match arguments.as_slice() {
        [] => measure().await,
        [what, program] if what == "rival" => rival::beside(Path::new(program)).await,
        [what, count, place @ ..] => many(what, count, place).await,
        _ => Err(USAGE.into()),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Many runs at once, in the site's folder or in a database.
async fn many(what: &str, count: &str, place: &[String]) -> Result<(), Error> {
    let kept = match place {
        [] => Kept::in_folder(),
        [place] if place == "postgres" => Kept::in_database().await?,
        _ => return Err(USAGE.into()),
    };
    match (what, count.parse()) {
        ("waiting", Ok(count)) => waiting(&kept, count).await,
        ("owned", Ok(count)) => owned(&kept, count).await,
        ("growth", Ok(count)) if place.is_empty() => growth::grow(count).await,
        _ => Err(format!("`{what} {count}`: {USAGE}").into()),
    }
}

async fn measure() -> Result<(), Error> {
    start().await?;
    let site = TempSite::new()?;
    site.write("pipelines/bench.yaml", PIPELINE)?;
    site.write("dragoman.yaml", self::site("{ sqlite: store }"))?;
    let server = Launch::new(dragoman()?)
        .args(["serve"])
        .folder(site.path())
        .env("DRAGOMAN_LOG", "warn")
        .start()?;
    let address = server.address(PATIENCE).await?;
    let address: SocketAddr = address.trim_start_matches("http://").parse()?;
    let mut rounds: Vec<Vec<Round>> = CLIENTS.iter().map(|_| Vec::new()).collect();
    for number in 0..ROUNDS {
        for (index, clients) in CLIENTS.into_iter().enumerate() {
            let round = round(&server, address, clients, number * CLIENTS.len() + index, &site).await?;
            rounds[index].push(round);
        }
    }
    for (clients, rounds) in CLIENTS.into_iter().zip(rounds) {
        report(clients, &rounds);
    }
    Ok(())
}

/// The site file, with where runs are kept.
fn site(store: &str) -> String {
    let target = std::env::var("CARGO_TARGET_DIR").map_or(workspace_root().join("target"), Into::into);
    format!(
        "dragoman: 1\nsite: bench\nlisten: 127.0.0.1:0\nstore: {store}\npipelines: pipelines\nplugins: {}\nconnections: {{ \
         echo: {{ plugin: dragoman-guest-echo }} }}\nsenders: {{ anybody: {{ none: true }} }}\n",
        target.join("plugins").display()
    )
}

/// What one round showed.
struct Round {
    per_second: f64,
    p50: Duration,
    p99: Duration,
    cpu_ms_per_run: f64,
    syncs_per_run: f64,
}

async fn round(
    server: &Process,
    address: SocketAddr,
    clients: usize,
    number: usize,
    site: &TempSite,
) -> Result<Round, Error> {
    let load = Load {
        clients,
        warm_up: Duration::from_millis(500),
        duration: Duration::from_secs(SECONDS),
        ..Load::new(address, "/bench")
    };
    let before = Usage::of(server.id())?;
    let began = syncs(address, site).await?;
    let report = load.run(move |n| order(number, n)).await?;
    let after = Usage::of(server.id())?;
    let answers = report.answers();
    if report.failures > 0 || report.statuses.keys().any(|s| *s != 200) || answers == 0 {
        return Err(format!("{answers} answers, {} failures, {:?}", report.failures, report.statuses).into());
    }
    // Warm-up runs cost as well: the share of the counted time is what is charged.
    let whole = answers as f64 * (SECONDS as f64 + 0.5) / SECONDS as f64;
    Ok(Round {
        per_second: report.per_second,
        p50: report.p50(),
        p99: report.p99(),
        cpu_ms_per_run: (after.cpu - before.cpu).as_secs_f64() * 1_000.0 / whole,
        syncs_per_run: (syncs(address, site).await? - began) / whole,
    })
}

/// A message of 1 KB: a business key as long as such keys are, and ten lines.
fn order(round: usize, number: u64) -> String {
    let note = "x".repeat(50);
    let line = |n: u32| json!({ "article": format!("article-{n}"), "count": n, "note": note });
    let lines: Vec<Value> = (0..10).map(line).collect();
    json!({ "text": format!("26GB{round:04}N{number:010}"), "lines": lines }).to_string()
}

/// How often the store has synced, by its own count.
async fn syncs(address: SocketAddr, site: &TempSite) -> Result<f64, Error> {
    store_count(address, site, "syncs").await
}

/// What the store counts by itself.
async fn store_count(address: SocketAddr, site: &TempSite, what: &str) -> Result<f64, Error> {
    let serving: Value = serde_json::from_slice(&std::fs::read(site.file("store/serving.json"))?)?;
    let bearer = format!("Bearer {}", serving["token"].as_str().unwrap_or_default());
    let status = request(
        "GET",
        &format!("http://{address}/v1/status"),
        &[("authorization", &bearer)],
        "",
    )
    .await?;
    Ok(status.json()["store"][what].as_f64().unwrap_or_default())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn report(clients: usize, rounds: &[Round]) {
    let of = |value: fn(&Round) -> f64| median(rounds.iter().map(value).collect());
    println!(
        "bench: durable runs {clients} clients: {:.0} runs/s, p50 {:.2} ms, p99 {:.2} ms, {:.2} CPU ms per run, {:.2} syncs per run",
        of(|r| r.per_second),
        of(|r| r.p50.as_secs_f64() * 1_000.0),
        of(|r| r.p99.as_secs_f64() * 1_000.0),
        of(|r| r.cpu_ms_per_run),
        of(|r| r.syncs_per_run),
    );
}

/// The start of `serve` with all shipped connectors out of the cache, and the memory it holds when idle.
async fn start() -> Result<(), Error> {
    let options = Options {
        connections: HUB.into(),
        ..Options::default()
    };
    let mut country = Country::start(&options).await?;
    let mut starts = Vec::new();
    let mut resident = Vec::new();
    for _ in 0..ROUNDS {
        country.stop().await?;
        let began = Instant::now();
        country.serve().await?;
        starts.push(began.elapsed().as_secs_f64() * 1_000.0);
        let health: Value = country.ask("/v1/status").await?;
        if health["stopping"] != false {
            return Err("the server is not at work".into());
        }
        let id = country.server().map(Process::id).ok_or("nothing serves")?;
        tokio::time::sleep(IDLE).await;
        resident.push(Usage::of(id)?.resident as f64 / f64::from(1 << 20));
    }
    println!(
        "bench: serve with {} connectors from the cache: {:.0} ms to the first message",
        country.plugins()?,
        median(starts)
    );
    println!("bench: idle memory: {:.0} MB", median(resident));
    Ok(())
}

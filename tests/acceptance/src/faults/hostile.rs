//! Hostile connectors beside a working one: each fails alone, within its limits, and the others hardly notice.

use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use dragoman_support::load::{Load, Report};
use dragoman_support::process::{Launch, Process, TempSite, dragoman, workspace_root};
use serde_json::{Value, json};

use crate::Error;
use crate::country::{PATIENCE, TOKEN, post};

/// What the echo guest is asked to do beside answering.
const HOSTILE: [&str; 4] = ["spin", "eat", "panic", "deep"];
/// Clients of the working pipeline.
const CLIENTS: usize = 2;
/// How long is counted in one round.
const WINDOW: Duration = Duration::from_secs(2);
/// The most that the 99th percentile may grow.
const MOST: f64 = 2.0;
/// The memory that a call may have, in MiB.
const MEMORY: u64 = 32;

const WORKING: &str = r#"
dragoman: 1
pipeline: working
summary: Answers with what it was sent.
on:
  - id: hook
    http: { path: /working, from: anybody, reply: replied }
steps:
  - id: said
    call: echo.echo
    with: { text: '=cast(trigger.message, "echo.echo").text', lines: [] }
output: { text: =steps.said.text }
"#;

/// One suite of hostile connectors.
#[derive(Debug, Clone)]
pub struct Neighbours {
    /// What it is called in its report.
    pub name: &'static str,
    /// Whether the runtime has one core only.
    pub one_core: bool,
    /// How often it is measured, alone and beside the hostile ones.
    pub rounds: usize,
}

/// What came of it.
#[derive(Debug, Clone, Default)]
pub struct Figures {
    name: &'static str,
    /// The 99th percentile of the working pipeline alone: the median of the rounds, in milliseconds.
    pub alone: f64,
    /// The same beside the hostile ones.
    pub beside: f64,
    /// Runs of the working pipeline that were answered.
    pub worked: usize,
    /// Calls of the hostile operations that were answered.
    pub hostile: usize,
    /// What is wrong; nothing: all is as promised.
    pub wrong: Vec<String>,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "faults: {}: p99 alone {:.2} ms, beside {} hostile operations {:.2} ms ({:.2} times), {} working runs, {} hostile ones",
            self.name,
            self.alone,
            HOSTILE.len(),
            self.beside,
            self.ratio(),
            self.worked,
            self.hostile
        )
    }
}

impl Figures {
    /// How many times longer the working pipeline takes beside hostile ones.
    pub fn ratio(&self) -> f64 {
        self.beside / self.alone.max(f64::MIN_POSITIVE)
    }
}

impl Neighbours {
    /// Measures in rounds, alone and beside the hostile operations by turns.
    ///
    /// # Errors
    /// The runtime cannot be started, or no longer listens.
    pub async fn run(&self) -> Result<Figures, Error> {
        let site = site()?;
        let server = self.serve(&site)?;
        let address = server.address(PATIENCE).await?;
        let mut figures = Figures {
            name: self.name,
            ..Figures::default()
        };
        for operation in HOSTILE {
            let said = post(&address, &format!("/{operation}"), r#"{"number":"first"}"#).await?;
            if let Some(wrong) = misjudged(operation, said.status, &said.json()) {
                figures.wrong.push(wrong);
            }
        }
        let socket: SocketAddr = address.trim_start_matches("http://").parse()?;
        let (mut alone, mut beside) = (Vec::new(), Vec::new());
        // The first round warms up and is not counted.
        for round in 0..=self.rounds {
            let quiet = working(socket, round * 2).await?;
            let (loud, hostile) = tokio::join!(working(socket, round * 2 + 1), bother(socket, round));
            let (loud, hostile) = (loud?, hostile?);
            for report in [&quiet, &loud] {
                figures.blame_working(report);
            }
            figures.blame_hostile(&hostile);
            if round > 0 {
                alone.push(quiet.p99());
                beside.push(loud.p99());
            }
        }
        figures.alone = median(alone);
        figures.beside = median(beside);
        if figures.ratio() > MOST {
            figures.wrong.push(format!(
                "the p99 of working runs grew {:.2} times, from {:.2} ms to {:.2} ms",
                figures.ratio(),
                figures.alone,
                figures.beside
            ));
        }
        Ok(figures)
    }

    fn serve(&self, site: &TempSite) -> Result<Process, Error> {
        let program = dragoman()?;
        let launch = if self.one_core {
            Launch::new("taskset").args(["-c", "0"]).args([program])
        } else {
            Launch::new(program)
        };
        Ok(launch
            .args(["serve"])
            .folder(site.path())
            .env("DRAGOMAN_LOG", "error")
            .env("ANYBODY", TOKEN)
            .start()?)
    }
}

impl Figures {
    fn blame_working(&mut self, report: &Report) {
        self.worked += report.answers();
        if report.failures > 0 || report.statuses.keys().any(|s| *s != 200) || report.answers() == 0 {
            self.wrong.push(format!(
                "working runs: {:?}, {} without an answer",
                report.statuses, report.failures
            ));
        }
    }

    fn blame_hostile(&mut self, reports: &[Report]) {
        for (operation, report) in HOSTILE.iter().zip(reports) {
            self.hostile += report.answers();
            // One that eats may meet the limit of time before that of memory, if others take the processor.
            let expected: &[u16] = if *operation == "eat" { &[200, 502] } else { &[502] };
            if report.failures > 0 || report.statuses.keys().any(|s| !expected.contains(s)) {
                self.wrong.push(format!(
                    "{operation}: {:?}, {} without an answer",
                    report.statuses, report.failures
                ));
            }
        }
    }
}

/// A site with one echo connection, its working pipeline and one pipeline for each hostile operation.
fn site() -> Result<TempSite, Error> {
    let site = TempSite::new()?;
    let target = std::env::var("CARGO_TARGET_DIR").map_or(workspace_root().join("target"), Into::into);
    site.write("pipelines/working.yaml", WORKING)?;
    for operation in HOSTILE {
        // A hostile call is not repeated, and its run ends with it.
        let text = format!(
            "dragoman: 1\npipeline: {operation}\nsummary: Asks for the worst.\non:\n  - id: hook\n    \
             http: {{ path: /{operation}, from: anybody, reply: replied }}\nsteps:\n  - id: worst\n    \
             call: bad.{operation}\n    with: {{}}\n    on_failure:\n      \
             - fail: {{ reason: '=failure.code + \": \" + failure.message' }}\noutput: {{ got: =steps.worst }}\n"
        );
        site.write(&format!("pipelines/{operation}.yaml"), text)?;
    }
    site.write(
        "dragoman.yaml",
        format!(
            "dragoman: 1\nsite: neighbours\nlisten: 127.0.0.1:0\nstore: {{ sqlite: store }}\npipelines: pipelines\n\
             plugins: {}\nconnections:\n  echo: {{ plugin: dragoman-guest-echo }}\n  \
             bad: {{ plugin: dragoman-guest-echo, limits: {{ cpu: 200ms, wall: 10s, memory: {MEMORY}MiB }} }}\n\
             senders: {{ anybody: {{ bearer: env:ANYBODY }} }}\n",
            target.join("plugins").display()
        ),
    )?;
    Ok(site)
}

/// What is wrong with the answer to a hostile operation: each has to fail for its own reason.
fn misjudged(operation: &str, status: u16, said: &Value) -> Option<String> {
    let text = said.to_string();
    let right = match operation {
        "spin" => status == 502 && text.contains("cpu"),
        "panic" => status == 502 && text.contains("asked to panic"),
        // The guest's own stack lies in its memory: running out of it is seen as a write beyond.
        "deep" => status == 502 && (text.contains("stack") || text.contains("out of bounds")),
        // It is refused more memory, and says how much it got.
        _ => status == 200 && said["got"]["count"].as_u64().is_some_and(|c| c > 0 && c <= MEMORY),
    };
    (!right).then(|| format!("{operation} was answered {status}: {text}"))
}

fn authorized() -> Vec<(String, String)> {
    vec![("Authorization".into(), format!("Bearer {TOKEN}"))]
}

/// A round of the working pipeline.
async fn working(address: SocketAddr, round: usize) -> Result<Report, Error> {
    let load = Load {
        clients: CLIENTS,
        warm_up: Duration::from_millis(300),
        duration: WINDOW,
        headers: authorized(),
        ..Load::new(address, "/working")
    };
    let filler = "x".repeat(900);
    let body = move |n| json!({ "text": format!("round {round} message {n} {filler}"), "lines": [] }).to_string();
    Ok(load.run(body).await?)
}

/// Every hostile operation is called without a pause, a little longer than the working one is measured.
async fn bother(address: SocketAddr, round: usize) -> Result<Vec<Report>, Error> {
    let load = |operation: &'static str| async move {
        let load = Load {
            warm_up: Duration::ZERO,
            duration: WINDOW + Duration::from_millis(500),
            headers: authorized(),
            ..Load::new(address, format!("/{operation}"))
        };
        load.run(move |n| json!({ "number": format!("{operation} {round} {n}") }).to_string())
            .await
    };
    let [spin, eat, panic, deep] = HOSTILE.map(load);
    let (spin, eat, panic, deep) = tokio::join!(spin, eat, panic, deep);
    Ok(vec![spin?, eat?, panic?, deep?])
}

/// The median in milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1_000.0
}

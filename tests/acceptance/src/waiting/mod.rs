//! Many runs that wait: how long it takes from the start of `serve` until the first of them wakes, and in how much memory.
//!
//! A run of each kind (one that asks a person, one that waits for an event, one that sleeps) is made by the server; the store
//! is then filled with copies of them, each with a key of its own.

mod fill;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dragoman_journal::Journal;
use dragoman_journals_postgres::{Address, PostgresJournal};
use dragoman_journals_sqlite::SqliteJournal;
use dragoman_support::eventually;
use dragoman_support::load::Usage;
use dragoman_support::postgres::Postgres;
use dragoman_support::process::Process;
use serde_json::Value;

use crate::Error;
use crate::country::PATIENCE;
use crate::small::Small;
use fill::{Rest, fill};

/// The one that wakes sleeps so long: the server is stopped and the store is filled meanwhile.
const SLEEPS: Duration = Duration::from_secs(5);
/// What wakes is seen within so long at the latest.
const WAKES: Duration = Duration::from_secs(600);

const SITE: &str = "dragoman: 1
site: waiting
listen: 127.0.0.1:0
store: STORE
senders: { anybody: { none: true } }
events: { came: { type: object } }
";

fn pipeline(name: &str, step: &str) -> String {
    format!(
        "dragoman: 1\npipeline: {name}\non:\n  - {{ id: hook, http: {{ path: /{name}, from: anybody, reply: accepted }} }}\n\
         steps:\n  - {step}\n"
    )
}

const ASKS: &str = "{ id: told, wait: { decision: go-on, answers: [go, stay], for: 90d, roles: [approver] } }";

/// Where the runs are kept.
pub struct Kept(Option<Postgres>);

impl Kept {
    /// In the site's folder.
    pub fn in_folder() -> Kept {
        Kept(None)
    }

    /// In a database of their own.
    ///
    /// # Errors
    /// There is no PostgreSQL.
    pub async fn in_database() -> Result<Kept, Error> {
        let server = Postgres::start().await?.ok_or("there is no PostgreSQL")?;
        server.make("dragoman").await?;
        Ok(Kept(Some(server)))
    }

    fn name(&self) -> &'static str {
        if self.0.is_some() { "PostgreSQL" } else { "SQLite" }
    }

    fn site(&self) -> String {
        let store = match &self.0 {
            None => "{ sqlite: store }".to_owned(),
            Some(server) => {
                let url = format!("postgresql://127.0.0.1:{}/dragoman", server.port());
                format!("{{ postgres: {{ url: \"{url}\", user: dragoman, private: true, folder: store }} }}")
            }
        };
        SITE.replace("STORE", &store)
    }

    async fn open(&self, small: &Small) -> Result<Arc<dyn Journal>, Error> {
        Ok(match &self.0 {
            None => Arc::new(SqliteJournal::open(
                &small.site.file("store"),
                dragoman_journals_sqlite::Options::default(),
            )?),
            Some(server) => {
                let address = Address {
                    host: "127.0.0.1".into(),
                    port: server.port(),
                    database: "dragoman".into(),
                    user: "dragoman".into(),
                    password: None,
                    tls: false,
                };
                let options = dragoman_journals_postgres::Options::default();
                Arc::new(PostgresJournal::open(&address, options).await?)
            }
        })
    }

    /// Who shares the work, where it can be shared.
    async fn worker(&self, small: &Small) -> Result<Option<Process>, Error> {
        match &self.0 {
            None => Ok(None),
            Some(_) => Ok(Some(small.work().await?)),
        }
    }
}

/// A run of each of these pipelines as the server left it, killed, with the store filled with copies.
async fn left_behind(
    kept: &Kept,
    pipelines: &[(&str, String)],
    count: u64,
    kinds: &[&str],
    rest: Rest,
) -> Result<Small, Error> {
    let files: Vec<(String, String)> = pipelines
        .iter()
        .map(|(name, step)| (format!("pipelines/{name}.yaml"), pipeline(name, step)))
        .chain([("dragoman.yaml".to_owned(), kept.site())])
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    let mut small = Small::serve(&files).await?;
    for (name, _) in pipelines {
        let answer = small.ask("POST", &format!("/{name}"), None, "{}").await?;
        if answer.status != 202 {
            return Err(format!("{name}: {} {}", answer.status, answer.body).into());
        }
    }
    let rests = eventually("the runs rest", PATIENCE, async || {
        let runs = small.runs().await.map_err(|e| e.to_string())?;
        let open = runs.iter().filter(|run| run["status"] == "active").count();
        match open == 0 && runs.len() == pipelines.len() {
            true => Ok(()),
            false => Err(format!("{runs:?}")),
        }
    });
    rests.await?;
    small.server.kill().await?;
    let began = Instant::now();
    fill(kept.open(&small).await?, count, kinds, rest).await?;
    println!(
        "bench: {count} runs were written in {:.0} s",
        began.elapsed().as_secs_f64()
    );
    Ok(small)
}

/// Waits until the list of a query is as it should be.
async fn listed(small: &Small, what: &str, query: &str, is_it: impl Fn(&[Value]) -> bool) -> Result<(), Error> {
    let bearer = format!("Bearer {}", small.token()?);
    let found = eventually(what, WAKES, async || {
        let found = small.ask("GET", &format!("/v1/runs?{query}"), Some(&bearer), "").await;
        let found = found.map_err(|e| e.to_string())?.json();
        match found["runs"].as_array().is_some_and(|runs| is_it(runs)) {
            true => Ok(()),
            false => Err(found.to_string()),
        }
    });
    Ok(found.await?)
}

/// Fills a store with so many that wait, serves it, and says how long it takes until the first that is due wakes.
///
/// # Errors
/// The server does not come up, or the store cannot be filled.
pub async fn waiting(kept: &Kept, count: u64) -> Result<(), Error> {
    let pipelines = [
        ("asks", ASKS.to_owned()),
        (
            "hears",
            "{ id: told, wait: { event: came, key: '\"0\"', for: 90d } }".to_owned(),
        ),
        ("sleeps", "{ id: told, sleep: 90d }".to_owned()),
        ("wakes", format!("{{ id: told, sleep: {}s }}", SLEEPS.as_secs())),
    ];
    let mut small = left_behind(
        kept,
        &pipelines,
        count,
        &["asks", "hears", "asks", "sleeps"],
        Rest::Waits,
    )
    .await?;
    let began = Instant::now();
    small.serve_anew().await?;
    let _worker = kept.worker(&small).await?;
    let completed = |runs: &[Value]| runs.iter().all(|run| run["status"] == "completed");
    listed(&small, "the first one wakes", "pipeline=wakes", completed).await?;
    let woken = began.elapsed();
    let ready = eventually("it is ready", WAKES, async || {
        let answer = small
            .ask("GET", "/v1/ready", None, "")
            .await
            .map_err(|e| e.to_string())?;
        if answer.status == 200 { Ok(()) } else { Err(answer.body) }
    });
    ready.await?;
    println!(
        "bench: {}, {count} waiting runs: {:.2} s from the start to the first that wakes, {:.2} s until all are looked through, {}",
        kept.name(),
        woken.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        used(small.server.id())?,
    );
    Ok(())
}

/// Fills a store with so many that were at work when their process was killed, serves it, and says how long it takes until the
/// next action of each is durable.
///
/// # Errors
/// As [`waiting`].
pub async fn owned(kept: &Kept, count: u64) -> Result<(), Error> {
    let pipelines = [("asks", ASKS.to_owned())];
    let mut small = left_behind(kept, &pipelines, count, &["asks"], Rest::AtWork).await?;
    let began = Instant::now();
    small.serve_anew().await?;
    let worker = kept.worker(&small).await?;
    listed(&small, "all have gone on", "status=active", <[Value]>::is_empty).await?;
    println!(
        "bench: {}, {count} runs of a killed process: {:.2} s until each has gone on, {}",
        kept.name(),
        began.elapsed().as_secs_f64(),
        used(small.server.id())?,
    );
    if let Some(worker) = worker {
        println!("bench: the worker beside it: {}", used(worker.id())?);
    }
    Ok(())
}

fn used(process: u32) -> Result<String, Error> {
    let usage = Usage::of(process)?;
    let mb = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (resident, peak, cpu) = (mb(usage.resident), mb(usage.peak), usage.cpu.as_secs_f64());
    Ok(format!(
        "{resident:.0} MB resident, {peak:.0} MB at most, {cpu:.1} s of CPU"
    ))
}

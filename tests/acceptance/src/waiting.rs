//! Many runs that wait: how long it takes from the start of `serve` until the first of them wakes, and in how much memory.
//!
//! A run of each kind (one that asks a person, one that waits for an event, one that sleeps) is made by the server; the store
//! is then filled with copies of them, each with a key of its own.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dragoman_journal::{
    Append, Begin, Begun, Draft, Entry, Journal, Operation, Record, Records, RunFilter, Standing, Wait,
};
use dragoman_journals_sqlite::{Options, SqliteJournal};
use dragoman_model::{Digest, RunId, Timestamp};
use dragoman_support::eventually;
use dragoman_support::load::Usage;
use serde_json::{Value, json};

use crate::Error;
use crate::country::PATIENCE;
use crate::small::Small;

/// So many are written at once.
const AT_ONCE: u64 = 256;
/// The one that wakes sleeps so long: the server is stopped and the store is filled meanwhile.
const SLEEPS: Duration = Duration::from_secs(5);
/// What wakes is seen within so long at the latest.
const WAKES: Duration = Duration::from_secs(600);

const SITE: &str = "dragoman: 1
site: waiting
listen: 127.0.0.1:0
store: { sqlite: store }
senders: { anybody: { none: true } }
events: { came: { type: object } }
";

fn pipeline(name: &str, step: &str) -> String {
    format!(
        "dragoman: 1\npipeline: {name}\non:\n  - {{ id: hook, http: {{ path: /{name}, from: anybody, reply: accepted }} }}\n\
         steps:\n  - {step}\n"
    )
}

/// How the copies stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// They wait, as those that they are copied from.
    Waits,
    /// They have begun, and nothing more.
    AtWork,
}

const ASKS: &str = "{ id: told, wait: { decision: go-on, answers: [go, stay], for: 90d, roles: [approver] } }";

/// A run as the server left it.
struct Left {
    entries: Vec<Entry>,
    waits: Vec<Wait>,
    standing: Standing,
}

/// A run of each of these pipelines as the server left it, killed, with the store filled with copies.
async fn left_behind(pipelines: &[(&str, String)], count: u64, kinds: &[&str], rest: Rest) -> Result<Small, Error> {
    let files: Vec<(String, String)> = pipelines
        .iter()
        .map(|(name, step)| (format!("pipelines/{name}.yaml"), pipeline(name, step)))
        .chain([("dragoman.yaml".to_owned(), SITE.to_owned())])
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
    fill(&small.site.file("store"), count, kinds, rest).await?;
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
pub async fn waiting(count: u64) -> Result<(), Error> {
    let pipelines = [
        ("asks", ASKS.to_owned()),
        (
            "hears",
            "{ id: told, wait: { event: came, key: '\"0\"', for: 90d } }".to_owned(),
        ),
        ("sleeps", "{ id: told, sleep: 90d }".to_owned()),
        ("wakes", format!("{{ id: told, sleep: {}s }}", SLEEPS.as_secs())),
    ];
    let mut small = left_behind(&pipelines, count, &["asks", "hears", "asks", "sleeps"], Rest::Waits).await?;
    let began = Instant::now();
    small.serve_anew().await?;
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
        "bench: {count} waiting runs: {:.2} s from the start to the first that wakes, {:.2} s until all are looked through, {}",
        woken.as_secs_f64(),
        began.elapsed().as_secs_f64(),
        used(&small)?,
    );
    Ok(())
}

/// Fills a store with so many that were at work when their process was killed, serves it, and says how long it takes until the
/// next action of each is durable.
///
/// # Errors
/// As [`waiting`].
pub async fn owned(count: u64) -> Result<(), Error> {
    let pipelines = [("asks", ASKS.to_owned())];
    let mut small = left_behind(&pipelines, count, &["asks"], Rest::AtWork).await?;
    let began = Instant::now();
    small.serve_anew().await?;
    listed(&small, "all have gone on", "status=active", <[Value]>::is_empty).await?;
    println!(
        "bench: {count} runs of a killed process: {:.2} s until each has gone on, {}",
        began.elapsed().as_secs_f64(),
        used(&small)?,
    );
    Ok(())
}

fn used(small: &Small) -> Result<String, Error> {
    let usage = Usage::of(small.server.id())?;
    let mb = |bytes: u64| bytes as f64 / f64::from(1 << 20);
    let (resident, peak, cpu) = (mb(usage.resident), mb(usage.peak), usage.cpu.as_secs_f64());
    Ok(format!(
        "{resident:.0} MB resident, {peak:.0} MB at most, {cpu:.1} s of CPU"
    ))
}

/// Copies of what is there, of each kind in turn.
async fn fill(folder: &Path, count: u64, names: &[&str], rest: Rest) -> Result<(), Error> {
    let journal = Arc::new(SqliteJournal::open(folder, Options::default())?);
    let mut kinds = Vec::new();
    for name in names {
        let filter = RunFilter {
            pipeline: Some((*name).into()),
            ..RunFilter::default()
        };
        let summary = journal.runs(filter).await?.pop().ok_or("the run is gone")?;
        kinds.push(Arc::new(Left {
            entries: journal.load(summary.run).await?,
            waits: journal.waits(Some(summary.run)).await?,
            standing: summary.standing,
        }));
    }
    let now = kinds[0].entries[0].header.at;
    let writers = (0..AT_ONCE).map(|writer| {
        let (journal, kinds) = (journal.clone(), kinds.clone());
        tokio::spawn(async move {
            for number in (writer..count).step_by(AT_ONCE as usize) {
                let left = &kinds[(number / AT_ONCE) as usize % kinds.len()];
                copy(&*journal, left, number, now, rest)
                    .await
                    .map_err(|error| error.to_string())?;
            }
            Ok::<(), String>(())
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await??;
    }
    Ok(())
}

async fn copy(journal: &dyn Journal, left: &Left, number: u64, now: Timestamp, rest: Rest) -> Result<(), Error> {
    let mut random = [0xff; 10];
    random[2..].copy_from_slice(&number.to_be_bytes());
    let run = RunId::at(now, random);
    let wait = |id: &str| format!("{}-{number}", &id[..id.len().min(20)]);
    let mut entries: Vec<Draft> = left.entries.iter().map(|entry| draft(entry, run)).collect();
    for entry in &mut entries {
        match &mut entry.record {
            Record::Accepted { run_key, .. } => *run_key = format!("copy-{number}"),
            Record::Waiting { wait: id, .. } => *id = wait(id),
            _ => {}
        }
    }
    let later = entries.split_off(1);
    let begin = Begin {
        entries,
        operations: Vec::new(),
        content: Digest::of(&number.to_be_bytes()),
        standing: Standing::Active,
        lease_until: now,
    };
    let Begun::New(lease) = journal.begin(begin).await? else {
        return Err("the copy is not taken".into());
    };
    if rest == Rest::AtWork {
        return Ok(());
    }
    let waits = left.waits.iter().map(|of| {
        let mut show = of.show.clone();
        if let Some(key) = show.get_mut("key") {
            *key = json!(number.to_string());
        }
        Operation::WaitBegin {
            wait: Wait {
                id: wait(&of.id),
                run,
                show,
                ..of.clone()
            },
        }
    });
    let append = Append {
        lease,
        entries: later,
        operations: waits.collect(),
        begins: Vec::new(),
        standing: left.standing,
    };
    journal
        .append(append)
        .await?
        .map_err(|refused| format!("{refused:?}"))?;
    Ok(())
}

fn draft(entry: &Entry, run: RunId) -> Draft {
    Draft {
        run,
        seq: entry.header.seq,
        at: entry.header.at,
        actor: entry.header.actor.clone(),
        path: entry.header.path.clone(),
        versions: entry.header.versions.clone(),
        record: entry.header.record.clone(),
        headers: entry.header.headers.clone(),
        body: entry.body.clone().map(Arc::<Value>::from),
    }
}

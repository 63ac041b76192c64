//! Filling a store with copies of runs that a server left.

use std::sync::Arc;

use dragoman_journal::{Append, Begin, Begun, Draft, Entry, Journal, Operation, Record, RunFilter, Standing, Wait};
use dragoman_model::{Digest, RunId, Timestamp};
use serde_json::{Value, json};

use crate::Error;

/// So many are written at once.
const AT_ONCE: u64 = 256;

/// How the copies stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// They wait, as those that they are copied from.
    Waits,
    /// They have begun, and nothing more.
    AtWork,
}

/// A run as the server left it.
struct Left {
    entries: Vec<Entry>,
    waits: Vec<Wait>,
    standing: Standing,
}

/// Copies of what is there, of each kind in turn.
pub(super) async fn fill(journal: Arc<dyn Journal>, count: u64, names: &[&str], rest: Rest) -> Result<(), Error> {
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

//! What has been kept for its period is erased, by itself.

use std::time::Duration;

use dragoman_journal::RunFilter;
use dragoman_model::{Actor, RunId, Timestamp};
use tokio::sync::watch;

use super::act::{Retention, write};
use super::family::Family;
use super::hold::Holds;
use crate::deed::now;
use crate::desk::{Refusal, Who, store};
use crate::runtime::worker;

/// How often it is looked what is due.
const LOOK: Duration = Duration::from_secs(600);
/// So many runs are looked for at once.
const AT_ONCE: usize = 200;
/// A transaction is ended with the family that makes it so many runs: others wait for it.
const RUNS: usize = 200;

/// Erases what is due, until told to stop. Of several processes that share a store each does: what one has erased the others
/// do not find.
pub(crate) async fn keep(retention: Retention, mut stop: watch::Receiver<bool>) {
    let who = Who {
        actor: Actor::system(&worker()),
        roles: Vec::new(),
    };
    let mut periods = retention.periods.clone();
    loop {
        match look(&retention, &who, now(), &stop).await {
            Ok(0) => {}
            Ok(runs) => tracing::info!(runs, "what these runs have said was kept for its period, and is erased"),
            Err(refusal) => tracing::warn!("what is due cannot be erased now, and is looked at again: {refusal:?}"),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            changed = periods.changed() => if changed.is_err() { return },
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Erases what is due at a time; how many runs, with their families.
pub(super) async fn look(
    retention: &Retention,
    who: &Who,
    now: Timestamp,
    stop: &watch::Receiver<bool>,
) -> Result<usize, Refusal> {
    let periods = retention.periods.borrow().clone();
    if periods.is_empty() {
        return Ok(0);
    }
    let journal = &*retention.journal;
    let holds = Holds::load(journal).await.map_err(store)?;
    let (mut erased, mut behind) = (0, String::new());
    while let Some(pipeline) = journal.next_ended(behind).await.map_err(store)? {
        let mut last: Option<RunId> = None;
        while let Some(before) = periods.before(&pipeline, now)
            && !*stop.borrow()
        {
            let ended = journal
                .ended(pipeline.clone(), before, last, AT_ONCE)
                .await
                .map_err(store)?;
            // One that is erased is found no more; where it leaves off, those that are held lie before.
            let Some(end) = ended.last() else { break };
            last = Some(*end);
            let days = now.millis().saturating_sub(before.millis()) / 86_400_000;
            let reason = format!("kept for {days} days after their end");
            let mut families = Vec::new();
            for run in ended {
                families.extend(ready(retention, &holds, run).await?);
                if families
                    .iter()
                    .map(|family: &Family| family.erasure.runs.len())
                    .sum::<usize>()
                    >= RUNS
                {
                    erased += families.len();
                    write(journal, &std::mem::take(&mut families), &reason, who).await?;
                }
            }
            if !families.is_empty() {
                erased += families.len();
                write(journal, &families, &reason, who).await?;
            }
        }
        behind = pipeline;
    }
    Ok(erased)
}

/// The family of a run that has ended; none: it is held, or has something that has not ended.
async fn ready(retention: &Retention, holds: &Holds, run: RunId) -> Result<Option<Family>, Refusal> {
    let journal = &*retention.journal;
    let filter = RunFilter {
        run: Some(run),
        limit: 1,
        ..RunFilter::default()
    };
    let Some(root) = journal.runs(filter).await.map_err(store)?.into_iter().next() else {
        return Ok(None);
    };
    let family = Family::of(journal, root).await.map_err(store)?;
    Ok((family.open.is_none() && holds.of(&family).is_none()).then_some(family))
}

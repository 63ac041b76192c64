//! Taking up what earlier processes left: from the store, the plan it is pinned to, the family it belongs to.

use std::sync::{Arc, Weak};

use dragoman_journal::{Entry, Lease, Parent, Record, RunFilter, Standing, Unfinished};
use dragoman_model::{RunId, Timestamp};

use super::{Handle, Shell, Signal};
use crate::Error;
use crate::machine::{LONGEST_MS, Machine, version};

/// After every time, in the eyes of a store.
const END_OF_TIME: Timestamp = Timestamp::from_millis(i64::MAX / 4);
/// So many are asked for at once.
const PAGE: usize = 1_000;
/// Of so many runs it is remembered at most to which family they belong, where they rest.
const FAMILIES: usize = 100_000;
/// A store that does not answer is asked again after so long, in milliseconds.
const PAUSE_MS: i64 = 1_000;
/// Who has the lease of a run and cannot read it asks again after so long, in milliseconds.
const AGAIN_MS: i64 = 200;

/// Takes up every run that was at work, or waits for what may have come, or is about to wake. What sleeps longer is the
/// scheduler's, and what waits for a person or an event stays in the store until that comes. In a store that several have,
/// what is to be looked at is due: there all of it is the scheduler's.
pub(super) async fn recover(shell: Weak<Shell>) {
    let Some(strong) = shell.upgrade() else {
        return;
    };
    let (alone, soon) = (
        strong.limits.alone,
        strong.clock.now().plus_millis(strong.limits.lease_ms),
    );
    drop(strong);
    // One that was just being woken may have the lease of a process that is gone.
    let all = [Unfinished::Active, Unfinished::Waiting, Unfinished::Sleeping(soon)];
    for which in all.into_iter().filter(|_| alone) {
        let mut behind = None;
        loop {
            let Some(strong) = shell.upgrade() else {
                return;
            };
            match strong.journal.left(which, behind, PAGE).await {
                Ok(runs) => {
                    runs.iter().for_each(|run| strong.signal(*run, Signal::Woken));
                    match runs.last() {
                        Some(last) => behind = Some(*last),
                        None => break,
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "unfinished runs could not be listed; trying again");
                    let next = strong.clock.now().plus_millis(PAUSE_MS);
                    let clock = Arc::clone(&strong.clock);
                    drop(strong);
                    clock.until(next).await;
                }
            }
        }
    }
    if let Some(strong) = shell.upgrade() {
        strong.recovered.store(true, std::sync::atomic::Ordering::Release);
        strong.rested.notify_waiters();
    }
}

impl Handle {
    /// Something that was paused goes on: what was held back looks at once whether it may.
    ///
    /// # Errors
    /// The store does not say which runs sleep; they look by themselves after a while.
    pub async fn resumed(&self) -> Result<(), Error> {
        // Whoever sleeps longer is not held back: it waits for a time.
        let until = self.0.clock.now().plus_millis(LONGEST_MS);
        let mut last = None;
        loop {
            let runs = self.0.sleeping(until, last).await?;
            let Some((run, _)) = runs.last() else {
                return Ok(());
            };
            last = Some(*run);
            for (run, _) in runs.into_iter().filter(|(_, due)| *due <= until) {
                self.0.signal(run, Signal::Woken);
            }
        }
    }
}

impl Shell {
    /// Some of the runs that sleep, with when they wake, behind one; none: there are no more. Those that sleep longer than
    /// that may be left out.
    async fn sleeping(&self, until: Timestamp, behind: Option<RunId>) -> Result<Vec<(RunId, Timestamp)>, Error> {
        if self.limits.alone {
            let left = self.journal.left(Unfinished::Sleeping(until), behind, PAGE).await?;
            return Ok(left.into_iter().map(|run| (run, until)).collect());
        }
        let filter = RunFilter {
            status: Some("sleeping".into()),
            older_than: behind,
            children: true,
            limit: PAGE,
            ..RunFilter::default()
        };
        let runs = self.journal.runs(filter).await?.into_iter();
        let due = |standing| match standing {
            Standing::Sleeping(due) => due,
            _ => until,
        };
        Ok(runs.map(|run| (run.run, due(run.standing))).collect())
    }

    /// Takes a run from the store, to tell it something: the lease, the entries, the plan.
    pub(super) async fn take_stored(&self, run: RunId, first: &Signal) -> Result<(Machine, Lease), Error> {
        // Where this process is alone on the store, only it can own a run, and it knows which ones it works on.
        let now = if self.limits.alone {
            END_OF_TIME
        } else {
            self.clock.now()
        };
        let lease = match first.gives_up() {
            false => self.journal.acquire(run, now, self.lease_end()).await?,
            // Also where the turn is another's.
            true => self.journal.seize(run, now, self.lease_end()).await?,
        };
        // Another was quicker, and there is nobody who would hear how it stands.
        if lease.is_none() && matches!(first, Signal::Woken) && !self.limits.alone {
            return Err(Error::Busy(run));
        }
        let entries = match &lease {
            Some(lease) if !self.limits.alone => self.load_while(lease).await?,
            _ => self.journal.load(run).await?,
        };
        let Some(version) = version(&entries) else {
            return Err(Error::NoRun(run));
        };
        let Some(lease) = lease else {
            let closed = entries
                .last()
                .is_some_and(|last| matches!(last.header.record, Record::Closed { .. }));
            return Err(if closed { Error::Ended(run) } else { Error::Busy(run) });
        };
        let Some(plan) = self.plans.pinned(version).await else {
            tracing::error!(%run, %version, "the run's pipeline version is not in the store");
            return Err(Error::NoPlan {
                run,
                version: version.to_string(),
            });
        };
        Ok((Machine::from_entries(plan, run, &entries, &self.worker), lease))
    }

    /// The entries of a run that nobody else can take before the lease is over: a store that breaks off meanwhile is asked
    /// again, because the run would only be left alone until then.
    async fn load_while(&self, lease: &Lease) -> Result<Vec<Entry>, Error> {
        loop {
            match self.journal.load(lease.run).await {
                Err(error) if !error.is_final() && self.clock.now() < lease.until => {
                    tracing::debug!(run = %lease.run, %error, "the store does not give the entries of a run");
                }
                loaded => return Ok(loaded?),
            }
            self.clock.until(self.clock.now().plus_millis(AGAIN_MS)).await;
        }
    }

    /// A run comes to rest: where very many do, its family is looked up again when it goes on.
    pub(super) fn forget_family(&self, run: RunId) {
        let mut families = self.families.lock();
        if families.len() > FAMILIES {
            families.remove(&run);
        }
    }

    /// The root of a run's family.
    pub(super) async fn family(&self, run: RunId, parent: Option<&Parent>) -> RunId {
        let Some(parent) = parent else { return run };
        if let Some(root) = self.families.lock().get(&run) {
            return *root;
        }
        let mut root = parent.run;
        // A store that does not answer leaves the direct parent: the turn is then shared less widely, never lost.
        while let Ok(entries) = self.journal.load(root).await {
            match entries.first().map(|entry| &entry.header.record) {
                Some(Record::Accepted {
                    parent: Some(above), ..
                }) => root = above.run,
                _ => break,
            }
        }
        self.families.lock().insert(run, root);
        root
    }
}

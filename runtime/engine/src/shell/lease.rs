//! Leases: the right to work on a run, lengthened in the background and noticed when it is lost.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Instant;

use dragoman_journal::Lease;
use dragoman_model::{RunId, Timestamp};
use tokio::sync::Notify;

use super::{Clock, Shell};

/// The lease of a run at work.
#[derive(Debug)]
pub(super) struct Held {
    run: RunId,
    epoch: u64,
    until: AtomicI64,
    lost: Notify,
}

impl Held {
    pub(super) fn new(lease: Lease) -> Arc<Self> {
        let until = AtomicI64::new(lease.until.millis());
        Arc::new(Held {
            run: lease.run,
            epoch: lease.epoch,
            until,
            lost: Notify::new(),
        })
    }

    /// As it stands.
    pub(super) fn lease(&self) -> Lease {
        let until = Timestamp::from_millis(self.until.load(Ordering::Acquire));
        Lease {
            run: self.run,
            epoch: self.epoch,
            until,
        }
    }

    /// Past this instant nothing may be sent.
    pub(super) fn fence(&self, clock: &dyn Clock) -> Instant {
        clock.instant(self.lease().until)
    }

    /// Whether it has run out.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.lease().until <= now
    }

    /// Resolves when another owner has the run.
    pub(super) async fn lost(&self) {
        self.lost.notified().await;
    }
}

impl Shell {
    /// When a lease that begins now ends.
    pub(super) fn lease_end(&self) -> Timestamp {
        self.clock.now().plus_millis(self.limits.lease_ms)
    }

    /// Remembers a lease for lengthening.
    pub(super) fn hold(&self, lease: Lease) -> Arc<Held> {
        let held = Held::new(lease);
        self.leases.lock().insert(lease.run, Arc::clone(&held));
        held
    }

    /// Has a lease again that the store has back, and that nobody else could take since: it counts from now on, and the next
    /// append takes it.
    pub(super) fn hold_on(&self, held: &Arc<Held>) {
        held.until.store(self.lease_end().millis(), Ordering::Release);
        self.leases.lock().insert(held.run, Arc::clone(held));
    }

    /// Forgets a lease.
    pub(super) fn let_go(&self, held: &Arc<Held>) {
        let mut leases = self.leases.lock();
        if leases.get(&held.run).is_some_and(|known| Arc::ptr_eq(known, held)) {
            leases.remove(&held.run);
        }
    }
}

/// Lengthens all leases, three times in the life of one.
pub(super) async fn keep(shell: Weak<Shell>) {
    loop {
        let Some(strong) = shell.upgrade() else {
            return;
        };
        let next = strong.clock.now().plus_millis(strong.limits.lease_ms / 3);
        let clock = Arc::clone(&strong.clock);
        drop(strong);
        clock.until(next).await;
        let Some(strong) = shell.upgrade() else {
            return;
        };
        strong.renew().await;
    }
}

impl Shell {
    async fn renew(&self) {
        let now = self.clock.now();
        // One that has just begun need not be lengthened: most runs are over before their lease is a third old.
        let young = now.plus_millis(self.limits.lease_ms * 2 / 3);
        let held: BTreeMap<RunId, Arc<Held>> = {
            let leases = self.leases.lock();
            let old = leases.iter().filter(|(_, held)| held.lease().until < young);
            old.map(|(run, held)| (*run, Arc::clone(held))).collect()
        };
        if held.is_empty() {
            return;
        }
        let leases = held.values().map(|held| held.lease()).collect();
        match self.journal.renew(leases, self.lease_end()).await {
            // Until the store answers again, the leases run out and the fences hold.
            Err(error) => tracing::warn!(%error, "leases could not be lengthened"),
            Ok(kept) => {
                let kept: BTreeMap<RunId, Lease> = kept.into_iter().map(|lease| (lease.run, lease)).collect();
                for (run, held) in held {
                    match kept.get(&run) {
                        Some(lease) => held.until.store(lease.until.millis(), Ordering::Release),
                        None => held.lost.notify_one(),
                    }
                }
            }
        }
    }
}

//! The scheduler: wakes what is due.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use dragoman_journal::Standing;
use dragoman_model::Timestamp;

use super::{Shell, Signal};

/// So many runs are woken at once.
const BATCH: usize = 256;
/// It looks at least so often, in milliseconds: for what another process left behind.
const LOOK_MS: i64 = 30_000;
/// While what is due cannot be taken up yet, it looks again after so long, in milliseconds.
const BUSY_MS: i64 = 200;

/// Wakes what is due, for ever.
pub(super) async fn wake_due(shell: Weak<Shell>) {
    loop {
        let Some(strong) = shell.upgrade() else {
            return;
        };
        let next = strong.wake_due().await;
        strong.next_look.store(next.millis(), Ordering::Release);
        let clock = Arc::clone(&strong.clock);
        tokio::select! {
            () = clock.until(next) => {}
            () = strong.sooner.notified() => {}
        }
    }
}

impl Shell {
    /// Wakes what is due now; says when to look next.
    async fn wake_due(self: &Arc<Self>) -> Timestamp {
        let now = self.clock.now();
        let latest = now.plus_millis(LOOK_MS);
        let due = match self.journal.due(now, BATCH).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "the store could not say what is due");
                return now.plus_millis(BUSY_MS * 5);
            }
        };
        let mut woken = false;
        for run in &due {
            if !self.running.lock().contains_key(run) {
                woken = true;
                self.signal(*run, Signal::Woken);
            }
        }
        if !due.is_empty() {
            // They stay due until they are taken up; what comes behind them is not forgotten.
            return now.plus_millis(if woken && due.len() == BATCH { 1 } else { BUSY_MS });
        }
        match self.journal.next_due().await {
            Ok(next) => next.map_or(latest, |next| next.max(now.plus_millis(1)).min(latest)),
            Err(_) => now.plus_millis(BUSY_MS * 5),
        }
    }

    /// A run has gone to rest until a time: the scheduler looks then, if not sooner.
    pub(super) fn rests_until(&self, standing: Standing) {
        let (Standing::Sleeping(due) | Standing::Waiting(Some(due))) = standing else {
            return;
        };
        if due.millis() < self.next_look.load(Ordering::Acquire) {
            self.sooner.notify_one();
        }
    }
}

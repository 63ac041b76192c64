//! The scheduler: wakes what is due.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use dragoman_journal::Standing;
use dragoman_model::Timestamp;

use super::Shell;
use super::sharing::Room;

/// So many runs are woken at once.
const BATCH: usize = 256;
/// It looks at least so often, in milliseconds.
const LOOK_MS: i64 = 30_000;
/// Where others work on the store too, so often: for what they left behind, or have no room for.
const SHARED_LOOK_MS: i64 = 1_000;
/// While what is due cannot be taken up yet, it looks again after so long, in milliseconds.
const BUSY_MS: i64 = 200;

/// Wakes what is due, for ever.
pub(super) async fn wake_due(shell: Weak<Shell>) {
    loop {
        let Some(strong) = shell.upgrade() else {
            return;
        };
        // The look may be past what comes to rest while it lasts: from here on, whoever rests says for when.
        strong.next_look.store(i64::MAX, Ordering::Release);
        let next = strong.wake_due().await;
        strong.look_at(next);
        loop {
            let next = Timestamp::from_millis(strong.next_look.load(Ordering::Acquire));
            tokio::select! {
                biased;
                () = strong.clock.until(next) => break,
                () = strong.journal.stirred() => break,
                // It is to look sooner than that.
                () = strong.sooner.notified() => {}
            }
        }
    }
}

impl Shell {
    /// Wakes what is due now; says when to look next.
    async fn wake_due(self: &Arc<Self>) -> Timestamp {
        let now = self.clock.now();
        let silent = now.plus_millis(BUSY_MS * 5);
        // Others take what becomes due; here no more begins.
        if self.is_stopping() && !self.limits.alone {
            return silent;
        }
        self.count_left(now).await;
        let mut room = self.room();
        let full = room.as_ref().map_or_else(Vec::new, Room::full);
        let mut held = !full.is_empty();
        let due = match self.journal.due(now, full, BATCH).await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(%error, "the store could not say what is due");
                return silent;
            }
        };
        let (mut woken, found) = (false, due.len());
        for due in due {
            if self.running.lock().contains_key(&due.run) {
                continue;
            }
            if self.has_place(&mut room, &due) {
                woken = true;
                self.take_due(due);
            } else {
                held = true;
            }
        }
        if held {
            self.await_room();
        }
        let again = now.plus_millis(match found {
            0 if self.limits.alone => LOOK_MS,
            0 => SHARED_LOOK_MS,
            // What comes behind them is not forgotten.
            BATCH if woken => 1,
            // They stay due until they are taken up.
            _ => BUSY_MS,
        });
        // What becomes due meanwhile does not wait for them.
        match self.journal.next_due(now).await {
            Ok(next) => next.map_or(again, |next| next.min(again)),
            Err(_) => again.min(silent),
        }
    }

    /// A run has gone to rest until a time: the scheduler looks then, if not sooner. To be said when the run is no longer
    /// among those at work: a look before that passes it over.
    pub(super) fn rests_until(&self, standing: Standing) {
        if let Standing::Sleeping(due) | Standing::Waiting(Some(due)) = standing
            && self.look_at(due)
        {
            self.sooner.notify_one();
        }
    }

    /// The scheduler looks now.
    pub(super) fn look_now(&self) {
        if self.look_at(self.clock.now()) {
            self.sooner.notify_one();
        }
    }

    /// The scheduler looks at this time, if not sooner; true where it had meant to look later.
    fn look_at(&self, time: Timestamp) -> bool {
        time.millis() < self.next_look.fetch_min(time.millis(), Ordering::AcqRel)
    }
}

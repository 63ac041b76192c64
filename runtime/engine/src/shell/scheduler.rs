//! The scheduler: wakes what is due.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use dragoman_journal::{Error, Standing};
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

/// So many are looked through at once behind those for which there is no room.
const SWEEP: usize = 2_048;
/// While there are more of them, it looks again after so long, in milliseconds.
const SWEEP_MS: i64 = 50;

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

/// What came of a look.
struct Look {
    /// How much more can be taken up.
    room: Option<Room>,
    /// Something was taken up.
    woken: bool,
    /// There was no room for something.
    held: bool,
}

impl Look {
    fn new(room: Option<Room>) -> Self {
        Look {
            room,
            woken: false,
            held: false,
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
        let mut look = Look::new(self.room());
        // What is being taken up is due until it is had: behind that is what nobody has looked at.
        let page = match &look.room {
            Some(_) => BATCH + self.running.lock().len(),
            None => BATCH,
        };
        let found = match self.take_page(now, None, page, &mut look).await {
            Ok(found) => found,
            Err(error) => {
                tracing::warn!(%error, "the store could not say what is due");
                return silent;
            }
        };
        let more = found.len() == page;
        if more && look.held {
            self.sweep(now, found.last(), &mut look).await;
        } else {
            *self.swept.lock() = None;
        }
        if more || look.held {
            self.await_room();
        }
        let again = now.plus_millis(match found.len() {
            0 if self.limits.alone => LOOK_MS,
            0 => SHARED_LOOK_MS,
            // What comes behind them is not forgotten.
            _ if more && look.woken => 1,
            // There may be some behind them for which there is room.
            _ if self.swept.lock().is_some() => SWEEP_MS,
            // They stay due until they are taken up.
            _ => BUSY_MS,
        });
        // What becomes due meanwhile does not wait for them.
        match self.journal.next_due(now).await {
            Ok(next) => next.map_or(again, |next| next.min(again)),
            Err(_) => again.min(silent),
        }
    }

    /// Takes up what is due behind a place, as far as there is room; gives what was found.
    async fn take_page(
        self: &Arc<Self>,
        now: Timestamp,
        behind: Option<(i64, u64)>,
        page: usize,
        look: &mut Look,
    ) -> Result<Vec<(i64, u64)>, Error> {
        let due = self.journal.due(now, behind, page).await?;
        let places = due.iter().map(|due| due.place).collect();
        for due in due {
            if self.running.lock().contains_key(&due.run) {
                continue;
            }
            if self.has_place(&mut look.room, &due) {
                look.woken = true;
                self.take_due(due);
            } else {
                look.held = true;
            }
        }
        Ok(places)
    }

    /// Where there is no room for what is first, another pipeline may have some for what is behind it: that is gone through
    /// page by page, a page with each look.
    async fn sweep(self: &Arc<Self>, now: Timestamp, first: Option<&(i64, u64)>, look: &mut Look) {
        let behind = self.swept.lock().or(first.copied());
        let found = self.take_page(now, behind, SWEEP, look).await.unwrap_or_default();
        let last = found.last().copied().filter(|_| found.len() == SWEEP);
        *self.swept.lock() = last;
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

//! Circuit breakers at work: who is held back is woken when a call may be made again.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use dragoman_model::{RunId, Timestamp};
use tokio::sync::Notify;

use super::{Handle, Lock, Shell, Signal};
use crate::breaker::{self, Failing, Heard, Wake};

/// The circuit breakers, and who is told when they change.
#[derive(Debug)]
pub(super) struct Breakers {
    known: Lock<breaker::Breakers>,
    /// Told when a time to look may have changed.
    stirred: Notify,
}

impl Breakers {
    pub(super) fn new(call_ms: u64) -> Self {
        // Whoever makes the call also writes down that it does.
        let trial_ms = i64::try_from(call_ms).unwrap_or(i64::MAX / 2).saturating_add(5_000);
        Breakers {
            known: Lock::new(breaker::Breakers::new(trial_ms)),
            stirred: Notify::new(),
        }
    }
}

/// Lets one call through over each connection that fails, when it is time for that, for ever.
pub(super) async fn let_through(shell: Weak<Shell>) {
    loop {
        let Some(strong) = shell.upgrade() else { return };
        let (wakes, next) = strong.breakers.known.lock().due(strong.clock.now());
        for wake in wakes {
            strong.wake_held(wake).await;
        }
        let clock = Arc::clone(&strong.clock);
        let time = async move {
            match next {
                Some(next) => clock.until(next).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = strong.breakers.stirred.notified() => {}
            () = time => {}
        }
    }
}

impl Shell {
    /// Since when nothing works over the connection that a run is about to call; none: it may, and then does.
    pub(super) fn held_by_breaker(&self, run: RunId, connection: &str) -> Option<Timestamp> {
        if !self.limits.breakers {
            return None;
        }
        let since = self.breakers.known.lock().holds(run, connection, self.clock.now())?;
        self.breakers.stirred.notify_one();
        Some(since)
    }

    /// What a call or a probe of a run said of its connection.
    pub(super) fn heard_of(self: &Arc<Self>, run: RunId, connection: &str, heard: Heard<'_>) {
        if !self.limits.breakers {
            return;
        }
        let now = self.clock.now();
        let (changed, wake) = self.breakers.known.lock().heard(run, connection, heard, now);
        if changed {
            self.breakers.stirred.notify_one();
        }
        if let Some(wake) = wake {
            let shell = Arc::clone(self);
            tokio::spawn(async move { shell.wake_held(wake).await });
        }
    }

    async fn wake_held(self: &Arc<Self>, wake: Wake) {
        match wake {
            Wake::Runs(runs) => {
                for run in runs {
                    self.signal(run, Signal::Woken);
                }
            }
            Wake::All => {
                // They look by themselves after a while.
                if let Err(error) = Handle(Arc::clone(self)).resumed().await {
                    tracing::warn!(%error, "runs that were held back could not be woken; they look by themselves");
                }
            }
        }
    }
}

impl Handle {
    /// The connections over which nobody is called for the moment because nothing worked, each with how many runs of this
    /// process are held back.
    pub fn failing(&self) -> BTreeMap<String, (Failing, usize)> {
        self.0.breakers.known.lock().failing()
    }

    /// Another process has found that nothing works over a connection, or an earlier one had (`before`).
    pub fn fails(&self, connection: &str, failing: Failing, before: bool) {
        self.0.breakers.known.lock().told(connection, failing, before);
        self.0.breakers.stirred.notify_one();
    }

    /// A person, or another process, says that a connection works again: who was held back goes on.
    pub async fn works(&self, connection: &str) {
        let wake = self.0.breakers.known.lock().works(connection);
        if let Some(wake) = wake {
            self.0.wake_held(wake).await;
        }
    }
}

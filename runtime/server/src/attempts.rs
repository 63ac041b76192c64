//! Attempts to prove who one is: after some that failed, the next may come only after a while, and then a longer one.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// So many may fail before anybody has to wait.
const FREE: u32 = 10;
/// The first wait; each is twice the one before.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);
/// What failed so long ago is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(3_600);
/// So many names are remembered: whoever makes them up must not fill the memory.
const REMEMBERED: usize = 10_000;

struct Tries {
    failed: u32,
    /// None before this.
    until: Instant,
}

/// Who has tried how often, by account.
#[derive(Default)]
pub(crate) struct Attempts(HashMap<String, Tries>);

impl Attempts {
    /// An attempt begins. It counts as one that failed until it is known to have succeeded, so that many at once are not
    /// free.
    ///
    /// # Errors
    /// How long to wait: it must not be looked at.
    pub(crate) fn begin(&mut self, account: &str, now: Instant) -> Result<(), Duration> {
        if self.0.len() >= REMEMBERED {
            self.0.retain(|_, tries| now < tries.until);
        }
        let tries = self
            .0
            .entry(account.to_owned())
            .or_insert(Tries { failed: 0, until: now });
        if now < tries.until {
            return Err(tries.until - now);
        }
        if now.duration_since(tries.until) > FORGOTTEN {
            tries.failed = 0;
        }
        tries.failed += 1;
        tries.until = now + pause(tries.failed);
        Ok(())
    }

    /// The last attempt succeeded: those before do not count any more.
    pub(crate) fn succeeded(&mut self, account: &str) {
        self.0.remove(account);
    }
}

fn pause(failed: u32) -> Duration {
    match failed.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(more) => FIRST.saturating_mul(1 << more.min(16)).min(LONGEST),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts of one account at these seconds: how long each must wait, in seconds; none: not at all.
    fn check(attempts: &[(u64, Option<u64>)]) {
        let (mut all, begin) = (Attempts::default(), Instant::now());
        for _ in 1..FREE {
            assert_eq!(all.begin("olga", begin), Ok(()));
        }
        for (at, expected) in attempts {
            let given = all.begin("olga", begin + Duration::from_secs(*at)).err();
            assert_eq!(given.map(|wait| wait.as_secs()), *expected, "at {at} s");
            assert_eq!(
                all.begin(&format!("other {at}"), begin),
                Ok(()),
                "each account has its own"
            );
        }
    }

    #[test]
    fn who_fails_often_waits_longer_each_time() {
        check(&[
            (0, None),
            (0, Some(1)),
            (1, None),
            (1, Some(2)),
            (2, Some(1)),
            (3, None),
            (3, Some(4)),
        ]);
        check(&[(0, None), (4_000, None), (4_000, None)]);
    }

    #[test]
    fn who_succeeds_begins_anew_and_nobody_fills_the_memory() {
        let (mut all, now) = (Attempts::default(), Instant::now());
        for _ in 0..5 {
            for _ in 1..FREE {
                assert_eq!(all.begin("olga", now), Ok(()));
            }
            all.succeeded("olga");
        }
        for number in 0..3 * REMEMBERED {
            assert_eq!(all.begin(&number.to_string(), now), Ok(()));
        }
        assert!(all.0.len() <= REMEMBERED);
        assert_eq!(pause(u32::MAX), LONGEST);
    }
}

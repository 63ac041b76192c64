//! The time by which runs go: steady, however the machine's clock is set. In a store that several machines share it is the
//! store's, so that it does not matter how well their clocks agree.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use dragoman_engine::shell::{Clock, SystemClock};
use dragoman_journal::error::Error;
use dragoman_journal::{RunFilter, Store};
use dragoman_model::Timestamp;
use futures_util::future::BoxFuture;

use crate::error::CLOCK_SET;

/// How often it is looked what time it is.
const ASK: Duration = Duration::from_secs(10);
/// An answer of the store that took longer says too little.
const SLOW: Duration = Duration::from_millis(500);
/// No longer than this is waited for at once, because a machine may have slept meanwhile.
const PIECE: Duration = Duration::from_secs(10);
/// Clocks that go wrong are put right by less than this, in milliseconds. More is somebody who sets them.
const LITTLE_MS: i64 = 60_000;
/// A machine's clock that was set is followed when it has stood so for so long. Whatever was under way is over by then: what
/// waits out the time in which a request may still take effect must not be cut short.
const STANDS: Duration = Duration::from_secs(600);

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Nobody else goes by it, so that it can be left alone for a while.
    Machine,
    /// Others go by it, too: leases are compared by it, and who goes by another time has lost his.
    Store,
}

/// Goes on by the machine's steady clock from what was said.
pub(crate) struct SteadyClock {
    whose: Whose,
    began: Instant,
    /// What time it was when `began` was, in milliseconds.
    at: AtomicI64,
    /// What is said is something else, and was not followed.
    set: Mutex<Option<Set>>,
}

/// A clock that somebody has set.
#[derive(Debug, Clone, Copy)]
struct Set {
    /// By so many milliseconds.
    by: i64,
    since: Instant,
}

/// What came of what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// It is as it was.
    Same,
    /// It was set by so many milliseconds, and is followed when it stands.
    Waits(i64),
    /// It was set by so many milliseconds, and is followed.
    Follows(i64),
    /// It was set, and shows again what it showed.
    Back,
}

impl SteadyClock {
    fn new(whose: Whose, said: Timestamp, asked: Instant, answered: Instant) -> Self {
        let middle = between(asked, answered);
        SteadyClock {
            whose,
            began: middle,
            at: AtomicI64::new(said.millis()),
            set: Mutex::default(),
        }
    }

    fn at(&self, time: Instant) -> i64 {
        self.at.load(Ordering::Acquire) + millis(time.saturating_duration_since(self.began))
    }

    /// Hears what time it is said to have been at some moment between the two.
    fn hear(&self, said: Timestamp, asked: Instant, answered: Instant) -> Heard {
        let middle = between(asked, answered);
        let by = said.millis() - self.at(middle);
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        if by.abs() <= LITTLE_MS {
            self.at.fetch_add(by, Ordering::AcqRel);
            return if set.take().is_some() { Heard::Back } else { Heard::Same };
        }
        let known = set.filter(|known| (known.by - by).abs() <= LITTLE_MS);
        let stands = known.is_some_and(|known| middle.saturating_duration_since(known.since) >= STANDS);
        if stands || self.whose == Whose::Store {
            self.at.fetch_add(by, Ordering::AcqRel);
            *set = None;
            return Heard::Follows(by);
        }
        if known.is_some() {
            return Heard::Same;
        }
        *set = Some(Set { by, since: middle });
        Heard::Waits(by)
    }

    /// Hears it, and tells whoever looks after the site where somebody has set a clock.
    fn listen(&self, said: Timestamp, asked: Instant, answered: Instant) {
        if let Some(told) = self.told(self.hear(said, asked, answered)) {
            tracing::error!("{told}");
        }
    }

    fn told(&self, heard: Heard) -> Option<String> {
        let whose = match self.whose {
            Whose::Machine => "the machine's clock",
            Whose::Store => "the database's clock",
        };
        let told = match heard {
            Heard::Same => return None,
            Heard::Waits(by) => format!(
                "was set {}; runs go by the time before until it has stood so for 10 minutes",
                way(by)
            ),
            Heard::Follows(by) => format!("was set {}; runs go by it now", way(by)),
            Heard::Back => "shows again what it showed before".to_owned(),
        };
        Some(format!("{CLOCK_SET}: {whose} {told}"))
    }
}

impl Clock for SteadyClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.at(Instant::now()))
    }

    fn until(&self, time: Timestamp) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            while let Ok(left @ 1..) = u64::try_from(time.millis().saturating_sub(self.now().millis())) {
                tokio::time::sleep(Duration::from_millis(left).min(PIECE)).await;
            }
        })
    }
}

fn between(asked: Instant, answered: Instant) -> Instant {
    asked + answered.saturating_duration_since(asked) / 2
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}

/// By how much a clock was set, for people.
fn way(by: i64) -> String {
    let (seconds, way) = (by.abs() / 1_000, if by > 0 { "forward" } else { "back" });
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let parts = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds % 60, "s")];
    let said = parts.iter().filter(|(count, _)| *count > 0);
    let said: Vec<String> = said.map(|(count, unit)| format!("{count} {unit}")).collect();
    format!("{way} by {}", said.join(" "))
}

/// What is said where the newest run of a store is of later than now.
fn later(newest: Timestamp, now: Timestamp) -> Option<String> {
    let by = newest.millis() - now.millis();
    (by > LITTLE_MS).then(|| {
        format!(
            "{CLOCK_SET}: the newest run of the store is of {newest}, and now is {now}: a clock was wrong then, or is now; it is \
             {} since, and what waits for a time may wait for that much longer",
            way(-by)
        )
    })
}

/// The clock by which a store's runs go: the machine's, where the store is one machine's.
///
/// # Errors
/// The store does not answer.
pub(crate) async fn of(store: &Arc<dyn Store>) -> Result<Arc<dyn Clock>, Error> {
    let asked = Instant::now();
    let (whose, said) = match store.time().await? {
        Some(said) => (Whose::Store, said),
        None => (Whose::Machine, SystemClock.now()),
    };
    let answered = Instant::now();
    let asked = if whose == Whose::Machine { answered } else { asked };
    let newest = store.runs(RunFilter {
        limit: 1,
        ..RunFilter::default()
    });
    if let Some(told) = newest.await?.first().and_then(|run| later(run.touched, said)) {
        tracing::error!("{told}");
    }
    let clock = Arc::new(SteadyClock::new(whose, said, asked, answered));
    tokio::spawn(keep(Arc::downgrade(&clock), Arc::downgrade(store)));
    Ok(clock)
}

/// Looks again and again what time it is, for as long as both are used.
async fn keep(clock: Weak<SteadyClock>, store: Weak<dyn Store>) {
    loop {
        tokio::time::sleep(ASK).await;
        let (Some(clock), Some(store)) = (clock.upgrade(), store.upgrade()) else {
            return;
        };
        if clock.whose == Whose::Machine {
            let now = Instant::now();
            clock.listen(SystemClock.now(), now, now);
            continue;
        }
        let asked = Instant::now();
        match store.time().await {
            Ok(Some(said)) if asked.elapsed() < SLOW => clock.listen(said, asked, Instant::now()),
            Ok(_) => {}
            // It goes on by what is known.
            Err(error) => tracing::debug!(%error, "the store does not say what time it is"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;
    const YESTERDAY: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn clock(whose: Whose) -> (SteadyClock, Instant) {
        let began = Instant::now();
        (SteadyClock::new(whose, YESTERDAY, began, began), began)
    }

    #[tokio::test]
    async fn it_goes_on_from_what_was_said() {
        let (clock, began) = clock(Whose::Store);
        clock.until(YESTERDAY.plus_millis(20)).await;
        let now = clock.now().millis() - YESTERDAY.millis();
        assert!(now >= 20 && began.elapsed().as_millis() >= 20, "{now}");
        // Asked and answered in 100 ms, it says what it was in the middle of them.
        let asked = began + Duration::from_secs(10);
        let heard = clock.hear(YESTERDAY, asked, asked + Duration::from_millis(100));
        assert_eq!(heard, Heard::Same, "ten seconds are no matter");
        assert_eq!(clock.at(began), YESTERDAY.millis() - 10_050);
    }

    /// A clock of that kind hears, each so many seconds after the start, by how many milliseconds what is said is off what
    /// it was at first: what comes of each, and by how much it is off in the end.
    #[track_caller]
    fn check(whose: Whose, said: &[(u64, i64, Heard)], off: i64) {
        let (clock, began) = clock(whose);
        let mut last = began;
        for (seconds, by, expected) in said {
            last = began + Duration::from_secs(*seconds);
            let said = YESTERDAY.plus_millis(i64::try_from(*seconds * 1_000).unwrap() + by);
            assert_eq!(clock.hear(said, last, last), *expected, "after {seconds} s");
        }
        assert_eq!(clock.at(last) - YESTERDAY.millis() - millis(last - began), off);
    }

    #[test]
    fn a_clock_that_is_set_by_a_day_changes_nothing_that_is_under_way() {
        use Heard::{Back, Follows, Same, Waits};
        for by in [DAY, -DAY] {
            let stands = [(10, by, Waits(by)), (20, by + 40, Same), (600, by, Same)];
            check(Whose::Machine, &stands, 0);
            check(
                Whose::Machine,
                &[&stands[..], &[(610, by, Follows(by)), (620, by, Same)]].concat(),
                by,
            );
            check(
                Whose::Machine,
                &[&stands[..], &[(605, 3, Back), (615, 3, Same)]].concat(),
                3,
            );
            // Set once more, it has to stand once more.
            let again = [(605, 2 * by, Waits(2 * by)), (700, 2 * by, Same)];
            check(Whose::Machine, &[&stands[..], &again].concat(), 0);
            // Whoever shares a store has to go by its time.
            check(Whose::Store, &[(10, by, Follows(by)), (20, by, Same)], by);
        }
        check(Whose::Machine, &[(10, 59_000, Same), (20, 118_000, Same)], 118_000);
    }

    #[test]
    fn how_it_was_set_is_said_for_people() {
        assert_eq!(way(DAY + 61_000), "forward by 1 d 1 min 1 s");
        assert_eq!(way(-7_200_000), "back by 2 h");
        let (clock, _) = clock(Whose::Machine);
        assert_eq!(clock.told(Heard::Same), None);
        let told = clock.told(Heard::Waits(-DAY)).unwrap();
        for words in [
            "D0947",
            "the machine's clock was set back by 1 d",
            "the time before",
            "10 minutes",
        ] {
            assert!(told.contains(words), "{told}");
        }
        assert_eq!(later(YESTERDAY, YESTERDAY.plus_millis(5)), None);
        let told = later(YESTERDAY.plus_millis(DAY), YESTERDAY).unwrap();
        for words in [
            "D0947",
            "is of 2026-01-02T00:00:00",
            "now is 2026-01-01T00:00:00",
            "back by 1 d since",
        ] {
            assert!(told.contains(words), "{told}");
        }
    }
}

//! Circuit breakers: a connection over which nothing works any more is called no more, but for one call from time to time.
//!
//! Pure: what is heard and when goes in, whether a call may be made comes out.

use std::collections::{BTreeMap, BTreeSet};

use dragoman_model::{Class, Failure, RunId, Timestamp};

/// So many calls in a row must fail ...
const FAILURES: u32 = 5;
/// ... over so long at least, in milliseconds: a moment in which many fail is no outage.
const LASTING_MS: i64 = 5_000;
/// After so long one call is let through, at first, in milliseconds; each that fails doubles it ...
const FIRST_MS: i64 = 10_000;
/// ... up to so long.
const LONGEST_MS: i64 = 300_000;
/// So many runs that are held back are woken when it works again; those beyond look by themselves.
const MANY: usize = 10_000;
/// Who is woken to make the call that is let through, and does not come, is passed over after so long, in milliseconds.
const COMES_MS: i64 = 2_000;

/// What a call says of its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Heard<'a> {
    /// The other side answered, be it by refusing.
    Answer,
    /// It cannot work for the moment, with this code.
    Failure(&'a str),
    /// It was not asked.
    Nothing,
}

impl<'a> Heard<'a> {
    /// What a failure says.
    pub(crate) fn of(failure: &'a Failure) -> Self {
        let own = |word| {
            matches!(
                word,
                "host" | "engine" | "denied" | "input" | "connection" | "operation"
            )
        };
        let plugin = failure.code.starts_with("plugin.") && failure.code != "plugin.deadline";
        let denied = failure.code.starts_with("http.denied.");
        if failure.code.split('.').next().is_some_and(own) || plugin || denied {
            return Heard::Nothing;
        }
        match failure.class {
            Class::Retryable => Heard::Failure(&failure.code),
            Class::Permanent | Class::Rejected => Heard::Answer,
        }
    }
}

/// A connection that nobody is called over, because nothing worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// When the first call failed of those that failed in a row.
    pub since: Timestamp,
    /// From then on one call is let through.
    pub until: Timestamp,
    /// The code of the last failure.
    pub code: String,
}

/// The circuit breaker of one connection.
#[derive(Debug, Default)]
struct Breaker {
    /// Calls that failed since one was answered, with the time of the first.
    failed: u32,
    since: Option<Timestamp>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    failing: Failing,
    /// How long it was closed to calls the last time, in milliseconds.
    pause_ms: i64,
    /// The run whose call was let through, and until when its answer is awaited.
    trial: Option<(RunId, Timestamp)>,
    held: BTreeSet<RunId>,
    /// When one of those that are held back was woken last.
    woken: Option<Timestamp>,
    /// Runs may be held back that this process does not know of: an earlier one held them.
    others: bool,
}

/// What has changed for those who are held back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Wake {
    /// These may go on.
    Runs(BTreeSet<RunId>),
    /// Whoever sleeps looks whether it may.
    All,
}

/// The circuit breakers of all connections.
#[derive(Debug)]
pub(crate) struct Breakers {
    connections: BTreeMap<String, Breaker>,
    /// How long the answer to the call that is let through is awaited, in milliseconds.
    trial_ms: i64,
}

impl Breakers {
    pub(crate) fn new(trial_ms: i64) -> Self {
        Breakers {
            connections: BTreeMap::new(),
            trial_ms,
        }
    }

    /// Since when a run's call is held back; none: it may be made, and then is.
    pub(crate) fn holds(&mut self, run: RunId, connection: &str, now: Timestamp) -> Option<Timestamp> {
        let open = self.connections.get_mut(connection)?.open.as_mut()?;
        let tried = open.trial.is_some_and(|(_, end)| now < end);
        if now >= open.failing.until && !tried {
            open.trial = Some((run, now.plus_millis(self.trial_ms)));
            open.held.remove(&run);
            return None;
        }
        if open.held.len() < MANY {
            open.held.insert(run);
        }
        Some(open.failing.since)
    }

    /// What a run's call has said. True where the connection fails from here on, works again, or fails for longer.
    pub(crate) fn heard(
        &mut self,
        run: RunId,
        connection: &str,
        heard: Heard<'_>,
        now: Timestamp,
    ) -> (bool, Option<Wake>) {
        match heard {
            Heard::Nothing => (false, None),
            Heard::Answer => match self.connections.remove(connection).and_then(|breaker| breaker.open) {
                Some(open) => (true, Some(open.wake())),
                None => (false, None),
            },
            Heard::Failure(code) => {
                let breaker = self.connections.entry(connection.to_owned()).or_default();
                (breaker.failed(run, code, now), None)
            }
        }
    }

    /// Whom to wake so that one call is made over each connection where it is time for that, and when to look next.
    pub(crate) fn due(&mut self, now: Timestamp) -> (Vec<Wake>, Option<Timestamp>) {
        let (mut wakes, mut next) = (Vec::new(), None::<Timestamp>);
        let opens = self
            .connections
            .values_mut()
            .filter_map(|breaker| breaker.open.as_mut());
        for open in opens {
            let tried = open.trial.map(|(_, end)| end);
            let comes = open.woken.map(|woken| woken.plus_millis(COMES_MS));
            let time = tried.max(comes).max(Some(open.failing.until)).unwrap_or(now);
            if time > now {
                next = Some(next.map_or(time, |next| next.min(time)));
                continue;
            }
            if let Some(run) = open.held.pop_first() {
                wakes.push(Wake::Runs(BTreeSet::from([run])));
            } else if open.others {
                open.others = false;
                wakes.push(Wake::All);
            } else {
                // The next call, whoever makes it, is let through.
                continue;
            }
            open.woken = Some(now);
            let again = now.plus_millis(COMES_MS);
            next = Some(next.map_or(again, |next| next.min(again)));
        }
        (wakes, next)
    }

    /// The connections that fail.
    pub(crate) fn failing(&self) -> BTreeMap<String, (Failing, usize)> {
        let open = |(name, breaker): (&String, &Breaker)| {
            let open = breaker.open.as_ref()?;
            Some((name.clone(), (open.failing.clone(), open.held.len())))
        };
        self.connections.iter().filter_map(open).collect()
    }

    /// Another process has found that a connection fails, or an earlier one had (`before`).
    pub(crate) fn told(&mut self, connection: &str, failing: Failing, before: bool) {
        let breaker = self.connections.entry(connection.to_owned()).or_default();
        match &mut breaker.open {
            Some(open) => open.failing.until = open.failing.until.max(failing.until),
            open => *open = Some(Open::new(failing, before)),
        }
    }

    /// A person, or another process, says that it works.
    pub(crate) fn works(&mut self, connection: &str) -> Option<Wake> {
        let open = self.connections.remove(connection)?.open?;
        Some(open.wake())
    }
}

impl Breaker {
    fn failed(&mut self, run: RunId, code: &str, now: Timestamp) -> bool {
        self.failed = self.failed.saturating_add(1);
        let since = *self.since.get_or_insert(now);
        match &mut self.open {
            // What left before says nothing new; only the call that was let through does.
            Some(open) => {
                let tried = open.trial.take_if(|(trial, _)| *trial == run).is_some();
                if tried {
                    open.pause_ms = (open.pause_ms * 2).min(LONGEST_MS);
                    open.failing.until = now.plus_millis(open.pause_ms);
                    open.failing.code = code.to_owned();
                }
                tried
            }
            None if self.failed >= FAILURES && now >= since.plus_millis(LASTING_MS) => {
                let failing = Failing {
                    since,
                    until: now.plus_millis(FIRST_MS),
                    code: code.to_owned(),
                };
                self.open = Some(Open::new(failing, false));
                true
            }
            None => false,
        }
    }
}

impl Open {
    fn new(failing: Failing, others: bool) -> Self {
        Open {
            failing,
            pause_ms: FIRST_MS,
            trial: None,
            held: BTreeSet::new(),
            woken: None,
            others,
        }
    }

    fn wake(self) -> Wake {
        if self.others { Wake::All } else { Wake::Runs(self.held) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOWN: Heard<'_> = Heard::Failure("http.503");

    fn run(number: u128) -> RunId {
        RunId(uuid::Uuid::from_u128(number))
    }

    const fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    /// The breakers after calls that failed at these seconds.
    fn failed(seconds: impl IntoIterator<Item = i64>) -> Breakers {
        let mut breakers = Breakers::new(30_000);
        for second in seconds {
            breakers.heard(run(1), "kenya", DOWN, at(second));
        }
        breakers
    }

    #[test]
    fn a_few_failures_or_a_bad_moment_hold_nobody_back() {
        for seconds in [vec![0, 2, 4, 8], vec![3; 100]] {
            let mut breakers = failed(seconds);
            assert_eq!(breakers.holds(run(2), "kenya", at(9)), None);
        }
        let mut breakers = failed([0, 1, 2, 3]);
        breakers.heard(run(1), "kenya", Heard::Answer, at(4));
        for second in 5..9 {
            assert_eq!(breakers.heard(run(1), "kenya", DOWN, at(second)), (false, None));
        }
        assert_eq!(breakers.holds(run(2), "kenya", at(9)), None);
    }

    #[test]
    fn one_call_is_let_through_after_a_while_that_grows() {
        let mut breakers = failed([0, 1, 2, 3, 5]);
        let mut opened = 5;
        for pause in [10, 20, 40, 80, 160, 300, 300] {
            assert_eq!(breakers.holds(run(2), "kenya", at(opened + pause - 1)), Some(at(0)));
            assert_eq!(breakers.holds(run(2), "vienna", at(opened)), None, "another connection");
            opened += pause;
            assert_eq!(breakers.holds(run(3), "kenya", at(opened)), None, "{pause} s");
            assert_eq!(breakers.holds(run(4), "kenya", at(opened)), Some(at(0)), "only one");
            let stray = breakers.heard(run(9), "kenya", DOWN, at(opened));
            assert_eq!(stray, (false, None), "what left before says nothing new");
            assert_eq!(breakers.heard(run(3), "kenya", DOWN, at(opened)), (true, None));
        }
        let held = BTreeSet::from([run(2), run(4)]);
        let heard = breakers.heard(run(9), "kenya", Heard::Answer, at(opened));
        assert_eq!(heard, (true, Some(Wake::Runs(held))), "any answer shows that it works");
        assert_eq!(breakers.holds(run(2), "kenya", at(opened)), None);
    }

    #[test]
    fn a_call_that_is_let_through_and_never_heard_of_is_followed_by_another() {
        let mut breakers = failed([0, 1, 2, 3, 5]);
        assert_eq!(breakers.holds(run(2), "kenya", at(15)), None);
        assert_eq!(breakers.holds(run(3), "kenya", at(44)), Some(at(0)));
        assert_eq!(breakers.holds(run(3), "kenya", at(45)), None);
    }

    #[test]
    fn who_is_held_back_is_woken_one_by_one_until_somebody_comes() {
        let one = |number| Wake::Runs(BTreeSet::from([run(number)]));
        let mut breakers = failed([0, 1, 2, 3, 5]);
        for number in [3, 2] {
            breakers.holds(run(number), "kenya", at(6));
        }
        assert_eq!(breakers.due(at(6)), (vec![], Some(at(15))));
        assert_eq!(breakers.due(at(15)), (vec![one(2)], Some(at(17))));
        assert_eq!(breakers.due(at(17)), (vec![one(3)], Some(at(19))));
        assert_eq!(breakers.holds(run(3), "kenya", at(18)), None);
        assert_eq!(breakers.due(at(19)), (vec![], Some(at(48))), "it is tried");
        breakers.heard(run(3), "kenya", DOWN, at(20));
        assert_eq!(breakers.due(at(20)), (vec![], Some(at(40))));
        assert_eq!(
            breakers.due(at(40)),
            (vec![], None),
            "nobody is held back: whoever calls is let through"
        );
    }

    #[test]
    fn what_an_earlier_process_held_back_is_woken_too() {
        let mut breakers = Breakers::new(30_000);
        let failing = Failing {
            since: at(0),
            until: at(10),
            code: "http.503".into(),
        };
        breakers.told("kenya", failing, true);
        assert_eq!(breakers.holds(run(2), "kenya", at(5)), Some(at(0)));
        assert_eq!(breakers.works("kenya"), Some(Wake::All));
        assert_eq!(breakers.works("kenya"), None);
    }

    #[test]
    fn only_what_the_other_side_says_counts() {
        let check =
            |failure: Failure, expected: Heard<'_>| assert_eq!(Heard::of(&failure), expected, "{}", failure.code);
        for code in ["http.503", "http.connect", "plugin.deadline", "kenya.busy"] {
            check(Failure::retryable(code, ""), Heard::Failure(code));
        }
        for code in ["host.busy", "engine.interrupted", "plugin.trap", "http.denied.fence"] {
            check(Failure::retryable(code, ""), Heard::Nothing);
        }
        check(Failure::rejected("http.422", ""), Heard::Answer);
        check(Failure::permanent("http.401", ""), Heard::Answer);
    }
}

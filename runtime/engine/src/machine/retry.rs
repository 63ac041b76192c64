//! What follows a failed attempt: the table of the design, as a pure function.

use dragoman_model::{Class, Digest, Effect, Failure, OperationEffect, RunId, Timestamp};
use dragoman_plan::Retry;

use super::progress::Progress;

/// The code of a request that may have been under way when its worker stopped.
pub const INTERRUPTED: &str = "engine.interrupted";

/// What follows a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same request again, with the same key, at this time.
    Repeat(Timestamp),
    /// Ask the other side whether it took effect.
    Probe,
    /// It had no effect and is not tried again: the step's handler decides.
    Over,
    /// Its effect is not known and nobody can be asked: a person decides.
    Person,
}

/// What is known of a call when one of its attempts has failed.
#[derive(Debug, Clone, Copy)]
pub struct Attempted<'a> {
    /// The run and the step's path: the jitter is drawn from them.
    pub run: RunId,
    /// The path.
    pub path: &'a str,
    /// The operation's effect.
    pub effect: OperationEffect,
    /// Whether it answers probes.
    pub has_probe: bool,
    /// The policy.
    pub retry: &'a Retry,
    /// How the step stood before this failure.
    pub progress: Option<&'a Progress>,
    /// The attempt that failed, from 1.
    pub attempt: u32,
    /// Now.
    pub now: Timestamp,
}

/// Decides what follows.
pub fn verdict(attempted: &Attempted<'_>, failure: &Failure) -> Verdict {
    let effect = if attempted.effect.is_read() {
        Effect::None
    } else {
        failure.effect
    };
    let again = || next_attempt(attempted, failure);
    match effect {
        Effect::None if failure.class == Class::Retryable => again().map_or(Verdict::Over, Verdict::Repeat),
        Effect::None => Verdict::Over,
        Effect::Applied if attempted.has_probe => Verdict::Probe,
        Effect::Applied => Verdict::Person,
        Effect::Unknown => match again().filter(|due| key_lives(attempted.effect, first_at(attempted), *due)) {
            Some(due) => Verdict::Repeat(due),
            None if attempted.has_probe => Verdict::Probe,
            None => Verdict::Person,
        },
    }
}

/// When the first attempt began: the key's lifetime counts from there.
fn first_at(attempted: &Attempted<'_>) -> Timestamp {
    attempted.progress.and_then(|p| p.first_at).unwrap_or(attempted.now)
}

/// Whether the operation, first called at one time, honours its key at another still.
pub(super) fn key_lives(effect: OperationEffect, first: Timestamp, at: Timestamp) -> bool {
    let OperationEffect::Idempotent { key_lifetime_s } = effect else {
        return false;
    };
    let Some(seconds) = key_lifetime_s else {
        return true;
    };
    at < first.plus_millis(i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX))
}

/// When the next attempt is made; none: the window or the number of attempts is used up.
fn next_attempt(attempted: &Attempted<'_>, failure: &Failure) -> Option<Timestamp> {
    let retry = attempted.retry;
    if retry.attempts.is_some_and(|most| counted(attempted) >= most) {
        return None;
    }
    // A worker that stopped says nothing of the other side: the key is repeated at once.
    let wait = if failure.code == INTERRUPTED {
        0
    } else {
        pause(attempted, failure)
    };
    let due = attempted.now.plus_millis(i64::try_from(wait).unwrap_or(i64::MAX));
    let first = attempted.progress.and_then(|p| p.window_at()).unwrap_or(attempted.now);
    let end = first.plus_millis(i64::try_from(retry.for_ms).unwrap_or(i64::MAX));
    (due <= end || wait == 0).then_some(due)
}

/// The attempts since the first, or since a person let the step go on.
fn counted(attempted: &Attempted<'_>) -> u32 {
    let before = attempted.progress.map_or(0, |progress| progress.resumed_after);
    attempted.attempt.saturating_sub(before)
}

/// The pause before the next attempt, in milliseconds: the back-off, or what the other side asks for within its bounds.
fn pause(attempted: &Attempted<'_>, failure: &Failure) -> u64 {
    let longest = attempted.retry.longest_ms;
    let back_off = back_off(attempted.retry, attempted.run, attempted.path, counted(attempted));
    failure
        .retry_after_ms
        .map_or(back_off, |asked| asked.clamp(back_off, longest.max(back_off)))
}

/// The back-off after an attempt (from 1), in milliseconds. The jitter is drawn from run, path and attempt, so that it
/// is the same whenever it is computed.
pub fn back_off(retry: &Retry, run: RunId, path: &str, attempt: u32) -> u64 {
    let grown = millis(retry.first_ms)
        * retry
            .factor
            .max(1.0)
            .powi(i32::try_from(attempt.max(1) - 1).unwrap_or(i32::MAX));
    let bounded = grown.min(millis(retry.longest_ms));
    let share = if retry.jitter {
        0.5 + 0.5 * drawn(run, path, attempt)
    } else {
        1.0
    };
    // The product is between 0 and `longest_ms`, so it fits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let pause = (bounded * share) as u64;
    pause
}

#[allow(clippy::cast_precision_loss, reason = "pauses are far below 2^52 milliseconds")]
fn millis(number: u64) -> f64 {
    number as f64
}

/// A number from 0 to 1 out of a hash.
fn drawn(run: RunId, path: &str, attempt: u32) -> f64 {
    let digest = Digest::of_parts(&[run.0.as_bytes(), path.as_bytes(), &attempt.to_be_bytes()]);
    f64::from(u16::from_be_bytes([digest.0[0], digest.0[1]])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000);
    const READ: OperationEffect = OperationEffect::Read;
    const KEYED: OperationEffect = OperationEffect::Idempotent {
        key_lifetime_s: Some(60),
    };
    const ONCE: OperationEffect = OperationEffect::Once { settle_s: Some(60) };

    /// A call whose first attempt was so many seconds ago.
    fn check(effect: OperationEffect, has_probe: bool, ago_s: i64, failure: &Failure, expected: Verdict) {
        let progress = Progress {
            first_at: Some(NOW.plus_millis(-ago_s * 1_000)),
            ..Progress::default()
        };
        let retry = Retry {
            jitter: false,
            for_ms: 3_600_000,
            ..Retry::default()
        };
        let run = RunId(uuid::Uuid::nil());
        let attempted = Attempted {
            run,
            path: "sent",
            effect,
            has_probe,
            retry: &retry,
            progress: Some(&progress),
            attempt: 1,
            now: NOW,
        };
        assert_eq!(
            verdict(&attempted, failure),
            expected,
            "{effect:?} {has_probe} {ago_s} {failure:?}"
        );
    }

    #[test]
    fn the_table_of_the_design() {
        let soon = Verdict::Repeat(NOW.plus_millis(1_000));
        let retryable = Failure::retryable("http.503", "");
        let permanent = Failure::permanent("http.401", "");
        let rejected = Failure::rejected("gone", "");
        let unknown = |failure: &Failure| failure.clone().with_effect(Effect::Unknown);
        let applied = |failure: &Failure| failure.clone().with_effect(Effect::Applied);
        let interrupted = Failure::retryable(INTERRUPTED, "").with_effect(Effect::Unknown);
        for effect in [READ, KEYED, ONCE] {
            check(effect, false, 10, &retryable, soon);
            check(effect, true, 3_599, &retryable, soon);
            check(effect, true, 3_600, &retryable, Verdict::Over);
            check(effect, true, 10, &permanent, Verdict::Over);
            check(effect, true, 10, &rejected, Verdict::Over);
        }
        check(READ, false, 10, &unknown(&retryable), soon);
        check(READ, false, 10, &unknown(&permanent), Verdict::Over);
        for failure in [&retryable, &permanent, &rejected] {
            check(KEYED, false, 10, &unknown(failure), soon);
            check(KEYED, false, 59, &unknown(failure), Verdict::Person);
            check(KEYED, true, 59, &unknown(failure), Verdict::Probe);
            check(ONCE, true, 10, &unknown(failure), Verdict::Probe);
            check(ONCE, false, 10, &unknown(failure), Verdict::Person);
            check(ONCE, true, 10, &applied(failure), Verdict::Probe);
            check(KEYED, false, 10, &applied(failure), Verdict::Person);
        }
        check(KEYED, false, 10, &interrupted, Verdict::Repeat(NOW));
        check(ONCE, true, 10, &interrupted, Verdict::Probe);
    }

    #[test]
    fn pauses_grow_within_their_bounds_and_are_drawn_from_the_upper_half() {
        let retry = Retry {
            first_ms: 1_000,
            longest_ms: 10_000,
            ..Retry::default()
        };
        let run = RunId(uuid::Uuid::nil());
        for (attempt, whole) in [(1, 1_000), (2, 2_000), (4, 8_000), (5, 10_000), (400, 10_000)] {
            let pause = back_off(&retry, run, "sent", attempt);
            assert!(pause >= whole / 2 && pause <= whole, "attempt {attempt}: {pause}");
            assert_eq!(
                pause,
                back_off(&retry, run, "sent", attempt),
                "the same whenever it is computed"
            );
        }
    }
}

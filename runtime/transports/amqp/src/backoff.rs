//! Pauses that grow and are spread by chance.

use std::time::Duration;

/// How long it is waited before something is tried again: each time about twice as long, up to a longest.
#[derive(Debug, Clone)]
pub(crate) struct Backoff {
    first: Duration,
    longest: Duration,
    next: Duration,
}

impl Backoff {
    /// From `first` up to `longest`.
    pub(crate) fn new(first: Duration, longest: Duration) -> Self {
        Backoff {
            first,
            longest,
            next: first,
        }
    }

    /// The next pause: between half of what is due and all of it, so that many who wait do not come at one moment.
    pub(crate) fn pause(&mut self) -> Duration {
        // Without chance all of it is waited: that is right too.
        let chance = getrandom::u32().map_or(1.0, |r| f64::from(r) / f64::from(u32::MAX));
        self.pause_at(chance)
    }

    fn pause_at(&mut self, chance: f64) -> Duration {
        let due = self.next;
        self.next = (due * 2).min(self.longest);
        due.mul_f64(0.5 + chance.clamp(0.0, 1.0) / 2.0)
    }

    /// Begins anew: it went well for a while.
    pub(crate) fn reset(&mut self) {
        self.next = self.first;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn pauses_grow_to_the_longest_and_no_further(chances in proptest::collection::vec(0.0f64..=1.0, 1..40)) {
            let (first, longest) = (Duration::from_millis(200), Duration::from_secs(10));
            let mut backoff = Backoff::new(first, longest);
            let mut due = first;
            for chance in chances {
                let pause = backoff.pause_at(chance);
                prop_assert!(pause >= due / 2 && pause <= due, "{pause:?} of {due:?}");
                due = (due * 2).min(longest);
            }
            backoff.reset();
            prop_assert!(backoff.pause_at(1.0) == first);
        }
    }
}

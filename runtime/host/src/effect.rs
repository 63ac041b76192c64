//! What is known of a call's effect: computed from what really left, not from what the plugin says.

use dragoman_model::{Effect, OperationEffect};

/// How the requests of a call that were not safe ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// Such a request was answered completely.
    pub answered: bool,
    /// Such a request left (or may have left), and no complete answer came.
    pub lost: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The plugin gave a failure and said so about its effect.
    Failure(Effect),
    /// The plugin gave an output that cannot be used.
    Unusable,
    /// It did not come to an end: a trap, a limit, a deadline.
    Broken,
}

/// The effect of a call that did not succeed.
pub fn of_failed_call(declared: OperationEffect, traffic: Traffic, ended: Ended) -> Effect {
    if declared.is_read() {
        // Such an operation changes nothing outside, so there is no effect that could be unknown.
        return Effect::None;
    }
    match ended {
        Ended::Failure(Effect::None) if traffic.lost => Effect::Unknown,
        Ended::Failure(said) => said,
        _ if traffic.lost => Effect::Unknown,
        // The plugin took the other side's answer for success, and only its own words were of no use.
        Ended::Unusable if traffic.answered => Effect::Applied,
        // Nobody was left to say whether the answer was a yes or a no.
        Ended::Broken if traffic.answered => Effect::Unknown,
        _ => Effect::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONCE: OperationEffect = OperationEffect::Once { settle_s: None };
    const NOTHING: Traffic = Traffic {
        answered: false,
        lost: false,
    };
    const ANSWERED: Traffic = Traffic {
        answered: true,
        lost: false,
    };
    const LOST: Traffic = Traffic {
        answered: false,
        lost: true,
    };
    const BOTH: Traffic = Traffic {
        answered: true,
        lost: true,
    };

    #[track_caller]
    fn check(declared: OperationEffect, traffic: Traffic, ended: Ended, expected: Effect) {
        assert_eq!(
            of_failed_call(declared, traffic, ended),
            expected,
            "{declared:?} {traffic:?} {ended:?}"
        );
    }

    #[test]
    fn the_effect_follows_from_what_left() {
        for (traffic, expected) in [
            (NOTHING, Effect::None),
            (ANSWERED, Effect::None),
            (LOST, Effect::Unknown),
            (BOTH, Effect::Unknown),
        ] {
            check(ONCE, traffic, Ended::Failure(Effect::None), expected);
            check(ONCE, traffic, Ended::Failure(Effect::Unknown), Effect::Unknown);
            check(ONCE, traffic, Ended::Failure(Effect::Applied), Effect::Applied);
        }
        check(ONCE, NOTHING, Ended::Broken, Effect::None);
        check(ONCE, ANSWERED, Ended::Broken, Effect::Unknown);
        check(ONCE, LOST, Ended::Broken, Effect::Unknown);
        check(ONCE, NOTHING, Ended::Unusable, Effect::None);
        check(ONCE, ANSWERED, Ended::Unusable, Effect::Applied);
        check(ONCE, BOTH, Ended::Unusable, Effect::Unknown);
    }

    #[test]
    fn an_idempotent_operation_is_no_exception() {
        let idempotent = OperationEffect::Idempotent {
            key_lifetime_s: Some(60),
        };
        check(idempotent, LOST, Ended::Failure(Effect::None), Effect::Unknown);
        check(idempotent, ANSWERED, Ended::Broken, Effect::Unknown);
    }

    #[test]
    fn a_read_has_no_effect_whatever_is_said() {
        for ended in [
            Ended::Failure(Effect::Unknown),
            Ended::Failure(Effect::Applied),
            Ended::Broken,
            Ended::Unusable,
        ] {
            check(OperationEffect::Read, BOTH, ended, Effect::None);
        }
    }
}

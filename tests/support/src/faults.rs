//! What can go wrong with a partner, and when.
//!
//! A rule says on which route which fault happens: a number of times in order (a queue), or with a probability
//! drawn from a seeded generator, so that a failing run can be repeated from its seed.

use std::collections::VecDeque;
use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use crate::record::locked;

/// One way for a partner to fail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Fault {
    /// The partner waits before it does anything; the effect then happens, even if the caller has gone.
    Slow {
        /// Milliseconds.
        ms: u64,
    },
    /// The effect happens at once, the answer leaves later.
    SlowAfter {
        /// Milliseconds.
        ms: u64,
    },
    /// An error status, without any effect.
    FailBefore {
        /// The HTTP status of the answer.
        status: u16,
        /// The seconds of a `Retry-After` header, where one is sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        retry_after: Option<u32>,
    },
    /// The effect happens, and then an error status is answered.
    FailAfter {
        /// The HTTP status of the answer.
        status: u16,
    },
    /// The effect happens, and the answer is status 200 with nonsense in it.
    Garbage,
    /// Status 200 with nonsense, without any effect (a captive proxy).
    GarbageBefore,
    /// The connection is closed before the effect, without an answer.
    CutBefore,
    /// The effect happens, and the connection is closed without an answer.
    CutAfter,
    /// The effect happens, the head of the answer and half of its body leave, and the connection is closed.
    DropHalf,
}

impl Fault {
    /// A failure without effect, with no `Retry-After`.
    #[must_use]
    pub fn fail_before(status: u16) -> Self {
        Self::FailBefore {
            status,
            retry_after: None,
        }
    }
}

/// When a fault happens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Method and path, where `*` stands for any text: `PUT /permits/*/endorsements/*`, `GET *`, `*`.
    #[serde(default = "any_route")]
    pub route: String,
    /// What happens.
    pub fault: Fault,
    /// How many matching requests suffer it. Absent: one, or without end where a probability is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// The chance, from 0 to 1, that a matching request suffers it. Absent: certain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// How many matching requests pass unharmed first.
    #[serde(default)]
    pub skip: u32,
}

fn any_route() -> String {
    "*".to_owned()
}

impl Rule {
    /// The next matching request suffers the fault, once.
    #[must_use]
    pub fn once(route: &str, fault: Fault) -> Self {
        Self {
            route: route.to_owned(),
            fault,
            times: None,
            probability: None,
            skip: 0,
        }
    }

    /// Each matching request suffers the fault, until the rules are cleared.
    #[must_use]
    pub fn always(route: &str, fault: Fault) -> Self {
        Self::chance(route, fault, 1.0)
    }

    /// A matching request suffers the fault with this probability (0 to 1).
    #[must_use]
    pub fn chance(route: &str, fault: Fault, probability: f64) -> Self {
        Self {
            probability: Some(probability),
            ..Self::once(route, fault)
        }
    }
}

/// The fault rules of one partner.
#[derive(Debug)]
pub struct Faults {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    rules: VecDeque<Rule>,
    random: u64,
}

impl Default for Faults {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                rules: VecDeque::new(),
                random: 1,
            }),
        }
    }
}

impl Faults {
    /// Adds a rule behind those already there; the first that matches a request and strikes wins.
    pub fn push(&self, rule: Rule) {
        locked(&self.state).rules.push_back(rule);
    }

    /// Forgets all rules.
    pub fn clear(&self) {
        locked(&self.state).rules.clear();
    }

    /// Starts the generator of probabilities anew from this seed.
    pub fn seed(&self, seed: u64) {
        locked(&self.state).random = seed;
    }

    /// The rules still in force, in order.
    pub fn rules(&self) -> Vec<Rule> {
        locked(&self.state).rules.iter().cloned().collect()
    }

    /// Decides about one request (its method and decoded or raw path), using up what it strikes with.
    pub fn strike(&self, method: &str, path: &str) -> Option<Fault> {
        let mut state = locked(&self.state);
        let request = format!("{method} {path}");
        let mut index = 0;
        while index < state.rules.len() {
            if !matches(&state.rules[index].route, &request) {
                index += 1;
                continue;
            }
            let rule = &mut state.rules[index];
            if rule.skip > 0 {
                rule.skip -= 1;
                index += 1;
                continue;
            }
            let chance = rule.probability;
            if let Some(chance) = chance
                && !draw(&mut state.random, chance)
            {
                index += 1;
                continue;
            }
            return Some(use_up(&mut state.rules, index));
        }
        None
    }
}

/// Takes the fault of the rule at `index` and removes the rule once it has struck as often as it may.
fn use_up(rules: &mut VecDeque<Rule>, index: usize) -> Fault {
    let rule = &mut rules[index];
    let fault = rule.fault.clone();
    let endless = rule.times.is_none() && rule.probability.is_some();
    if !endless {
        let left = rule.times.unwrap_or(1).saturating_sub(1);
        rule.times = Some(left);
        if left == 0 {
            rules.remove(index);
        }
    }
    fault
}

/// One step of splitmix64: small, seedable, and good enough to decide about faults.
fn draw(state: &mut u64, chance: f64) -> bool {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    // The upper 53 bits make a uniform number in [0, 1).
    let uniform = (z >> 11) as f64 / (1_u64 << 53) as f64;
    uniform < chance
}

/// Whether a pattern with `*` for any text covers the whole of `text`.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let parts: Vec<&str> = parts.collect();
    let Some((last, middle)) = parts.split_last() else {
        return rest.is_empty();
    };
    for part in middle {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_route(pattern: &str, request: &str, expected: bool) {
        assert_eq!(matches(pattern, request), expected, "{pattern} ~ {request}");
    }

    #[test]
    fn routes_are_matched_whole() {
        check_route("*", "GET /permits/A", true);
        check_route("GET *", "GET /permits/A", true);
        check_route("GET *", "PUT /permits/A", false);
        check_route("PUT /permits/*/endorsements/*", "PUT /permits/A/endorsements/B", true);
        check_route("PUT /permits/*/endorsements/*", "PUT /permits/A/usages", false);
        check_route("POST /usages", "POST /usages/1", false);
        check_route("POST /*/x", "POST /a/x", true);
    }

    /// Which of the first requests strike, as a string of `x` (struck) and `.` (passed).
    fn check_strikes(rules: Vec<Rule>, requests: usize, expected: &str) {
        let faults = Faults::default();
        rules.into_iter().for_each(|rule| faults.push(rule));
        let seen: String = (0..requests)
            .map(|_| if faults.strike("GET", "/a").is_some() { 'x' } else { '.' })
            .collect();
        assert_eq!(seen, expected);
    }

    #[test]
    fn rules_strike_in_order_and_as_often_as_they_say() {
        let once = Rule::once("*", Fault::CutBefore);
        check_strikes(vec![once.clone()], 3, "x..");
        check_strikes(vec![once.clone(), once.clone()], 3, "xx.");
        check_strikes(
            vec![Rule {
                times: Some(2),
                skip: 1,
                ..once.clone()
            }],
            4,
            ".xx.",
        );
        check_strikes(vec![Rule::always("*", Fault::Garbage)], 3, "xxx");
        check_strikes(vec![Rule::once("PUT *", Fault::Garbage)], 2, "..");
        check_strikes(vec![Rule::chance("*", Fault::Garbage, 0.0)], 3, "...");
    }

    #[test]
    fn probability_follows_the_seed() {
        let run = |seed| {
            let faults = Faults::default();
            faults.seed(seed);
            faults.push(Rule::chance("*", Fault::CutAfter, 0.3));
            (0..1000)
                .map(|_| faults.strike("GET", "/").is_some())
                .collect::<Vec<_>>()
        };
        assert_eq!(run(7), run(7));
        assert_ne!(run(7), run(8));
        let struck = run(7).iter().filter(|struck| **struck).count();
        assert!((200..400).contains(&struck), "{struck} of 1000 at 0.3");
    }
}

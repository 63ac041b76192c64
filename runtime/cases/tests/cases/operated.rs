//! What operators do to a run that is parked, or that is under way.

use dragoman_cases::Outcome;

use crate::bench::{ORDER as PARCELS, holds, large, told, tried};

/// An order out of the stock, up to its answers.
const ORDER: &str = "
case: An order out of the stock.
pipeline: stock-orders
crash: every_commit
trigger: { message: { number: A-1017, large: false, parcels: [] } }
";

#[test]
fn a_parked_run_goes_on_as_operators_say() {
    for rest in [
        // The shop refuses twice; each time somebody looks after it.
        "
answers:
  shop.ship:
    - failure: { class: permanent, code: shop.closed }
    - failure: { class: permanent, code: shop.closed }
    - { id: S-1 }
operators:
  - { parked: shipped, act: resume, after: 2h, by: olga, reason: try again }
  - { parked: shipped, act: resume, after: 1d, by: igor, reason: it opens today }
expect: { ending: completed, calls: [{ call: shop.ship, attempts: 3 }] }",
        // Its retries are over.
        "
answers: { shop.ship: [{ failure: { class: retryable, effect: none, code: http.503 } }] }
expect: { ending: parked, path: [taken, shipped] }",
        // Nobody can say what became of it until a person asked.
        "
answers:
  shop.ship:
    - failure: { class: retryable, effect: unknown, code: http.cut }
    - probe: pending
operators: [{ parked: shipped, act: cancel, after: 2h, reason: it is lost }]
expect: { ending: failed, reason: it is lost }",
        "
answers: { shop.ship: { failure: { class: permanent, code: shop.closed } } }
operators: [{ parked: shipped, act: cancel }]
expect: { ending: failed, reason: an operator decided so, calls: [shop.ship] }",
    ] {
        holds(&format!("{ORDER}{rest}\n"), 3);
    }
}

#[test]
fn a_run_that_waits_is_given_up() {
    let operators = "operators: [{ act: cancel, after: 3d, by: olga, reason: the customer went elsewhere }]\n";
    let expect = "expect: { ending: failed, reason: the customer went elsewhere, calls: [] }\n";
    holds(&format!("{}{operators}{expect}crash: every_commit\n", large()), 3);
}

#[test]
fn an_item_goes_on() {
    let answers = "  steps.sent[1].shipped:
    - failure: { class: permanent, code: shop.closed }
    - { id: S-2 }
operators: [{ parked: 'sent[1].shipped', act: resume, after: 1h }]
expect: { ending: completed, output: { sent: [{ output: S-1 }, { output: S-2 }] } }
crash: every_commit
";
    holds(&format!("{PARCELS}{answers}"), 9);
}

#[test]
fn an_act_that_is_not_taken_is_told() {
    for (rest, words) in [
        (
            "operators: [{ parked: told, act: resume }]\n",
            "nothing is parked at `told`",
        ),
        (
            "operators: [{ act: cancel, after: 9h }]\n",
            "what the operator does is not taken",
        ),
    ] {
        let report = tried(&format!("{ORDER}answers: {{ shop.ship: {{ id: S-1 }} }}\n{rest}"));
        let told = told(&report);
        assert!(matches!(report.outcome, Outcome::Wrong(_)), "{told}");
        assert!(
            told.contains("D0943") && told.contains(words),
            "no `{words}` in\n{told}"
        );
    }
}

//! What others did before, as a case says it: what a ledger refuses, what was done already, what was done under a
//! reference, and references that were closed.

use dragoman_cases::Outcome;

use crate::bench::{holds, told, tried};

/// An order out of the stock, up to its answers.
const ORDER: &str = "
case: An order out of the stock.
pipeline: stock-orders
crash: every_commit
trigger: { message: { number: A-1017, large: false, parcels: [] } }
";

#[test]
fn what_others_did_before_is_said_by_the_case() {
    for rest in [
        // Nobody did anything.
        "
answers: { shop.ship: { id: S-1 } }
expect: { ending: completed, calls: [shop.ship], path: [taken, shipped, closed], output: { shipped: S-1 } }",
        // The ledger has too little for the first claim; a person lets the step go on, and then it has enough.
        "
answers:
  steps.taken:
    - failure: { class: rejected, code: ledger.over_limit, message: of A only 3 KGM are left, detail: { item: A } }
    - output: {}
  shop.ship: { id: S-1 }
operators: [{ parked: taken, act: resume, after: 2h, by: olga, reason: somebody brought A }]
expect: { ending: completed, calls: [shop.ship] }",
        // And for good.
        "
answers:
  steps.taken: { failure: { class: rejected, code: ledger.single_use, message: it was used } }
expect: { ending: parked, reason: it was used, calls: [] }",
        // Another run shipped it.
        "
answers: { steps.shipped: { joined: { id: S-9 } } }
expect: { ending: completed, calls: [], output: { shipped: S-9 } }",
        // Another run asked for something else under the same key, or took it back.
        "
answers: { steps.shipped: { failure: { class: permanent, code: once.conflict } } }
expect: { ending: parked, reason: was asked for with another input, calls: [] }",
        "
answers: { steps.shipped: { failure: { class: permanent, code: once.undone } } }
expect: { ending: parked, reason: was done and undone, calls: [] }",
        // Others posted what the reference is about, and it is cancelled with it.
        "
answers:
  shop.ship: { id: S-1 }
  steps.closed:
    output:
      effects:
        - { scope: shop.post, key: P-7, state: done, path: posted, input: { number: P-7 }, output: { id: P-7 } }
        - { scope: shop.post, key: P-8, state: parked, path: posted, input: { number: P-8 } }
  shop.cancel: { id: C-1 }
expect:
  calls: [shop.ship, { call: shop.cancel, input: { number: P-7 } }, { call: shop.cancel, input: { number: P-8 } }]",
        // The reference was closed before the order came.
        "
before: [{ void: A-1017 }]
expect: { ending: stopped, reason: reference `A-1017` was voided, calls: [] }",
    ] {
        holds(&format!("{ORDER}{rest}\n"), 3);
    }
}

#[test]
fn a_ledger_says_no_in_its_own_words() {
    let said = "answers: { steps.taken: { failure: { class: rejected, code: shelf.empty } } }\n";
    let report = tried(&format!("{ORDER}{said}"));
    let told = told(&report);
    assert!(matches!(report.outcome, Outcome::Wrong(_)), "{told}");
    for words in ["D0941", "a claim never fails with `shelf.empty`", "ledger.over_limit"] {
        assert!(told.contains(words), "no `{words}` in\n{told}");
    }
}

//! What is done side by side, killed at every commit: items of an `each`, items of items, and branches of a `parallel`.

use crate::bench::holds;

const ORDER: &str = "
case: An order of three parcels.
pipeline: pack-orders
crash: every_commit
trigger: { message: { number: A-7, large: true, parcels: [a, b, c] } }
people: [{ wait: both.letter.clerk, after: 30m, answer: accept }]
";

#[test]
fn items_and_branches_are_the_same_in_every_crash() {
    for rest in [
        // All goes well.
        "
answers: { shop.ship: { id: S-1 }, shop.notify: { id: N-1 } }
expect: { ending: completed, output: { parcels: [{ output: S-1 }, { output: S-1 }, { output: S-1 }] } }",
        // One is cut and asked after, one is tried again, one is refused.
        "
answers:
  shop.notify: { id: N-1 }
  shop.ship: { id: S-1 }
  steps.both.parcels.packed[0].shipped:
    - failure: { class: retryable, effect: unknown, code: http.cut }
    - { probe: applied, output: { id: S-2 } }
  steps.both.parcels.packed[1].shipped:
    - failure: { class: retryable, effect: none, code: http.429 }
    - { id: S-3 }
  steps.both.parcels.packed[2].shipped: { failure: { class: rejected, code: parcel.unknown } }
expect:
  ending: completed
  output: { parcels: [{ output: S-2 }, { output: S-3 }, { status: failed }] }",
        // One is parked until an operator looks after it, while the others go on.
        "
answers:
  shop.notify: { id: N-1 }
  shop.ship: { id: S-1 }
  steps.both.parcels.packed[2].shipped:
    - failure: { class: permanent, code: shop.closed }
    - { id: S-4 }
operators: [{ parked: 'both.parcels.packed[2].shipped', act: resume, after: 2h }]
expect: { ending: completed, output: { parcels: [{ output: S-1 }, { output: S-1 }, { output: S-4 }] } }",
    ] {
        holds(&format!("{ORDER}{rest}\n"), 40);
    }
}

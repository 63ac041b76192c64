//! Lists of answers: over attempts, over the rounds of a `repeat`, and for each item of an `each`.

use crate::bench::{ORDER, differs, holds, large};

/// An order that is asked for until it is packed.
const ASKED: &str = "
case: An order is packed in the third round.
pipeline: take-orders
trigger: { message: { number: A-7, large: false, parcels: [] } }
answers:
  shop.get:
    - { output: { number: A-7, large: false, parcels: [] } }
    - { failure: { class: retryable, code: http.503 } }
    - { output: { number: A-7, large: false, parcels: [] } }
    - { output: { number: A-7, large: true, parcels: [] } }
  shop.notify: { id: N-1 }
";

const ROUNDS: &str = "
expect:
  path: ['packed[0].asked', packed, 'packed[1].asked', 'packed[2].asked', letter, letter.told]
  calls:
    - { call: shop.get, attempts: 1 }
    - { call: shop.get, attempts: 2 }
    - { call: shop.get, attempts: 1 }
    - shop.notify
";

#[test]
fn a_list_goes_on_over_rounds_and_over_the_attempts_in_each_in_every_crash() {
    holds(&format!("{ASKED}crash: every_commit\n{ROUNDS}"), 15);
    // One round less is another way: the test can fail.
    let shorter = ASKED.replacen("    - { output: { number: A-7, large: false, parcels: [] } }\n", "", 1);
    differs(&format!("{shorter}{ROUNDS}"), &["path", "- packed[2].asked"]);
}

#[test]
fn a_round_can_be_named_and_the_last_answer_holds_for_all_that_follow() {
    let named = ASKED.replace(
        "  shop.notify",
        "  steps.packed[0].asked: { number: A-7, large: true, parcels: [] }\n  shop.notify",
    );
    holds(
        &format!("{named}expect: {{ ending: completed, path: ['packed[0].asked', letter, letter.told] }}\n"),
        1,
    );
    let never = ASKED.replace("large: true", "large: false");
    holds(
        &format!("{never}expect: {{ ending: parked, reason: was not done in 9 rounds }}\n"),
        1,
    );
}

#[test]
fn answers_for_some_inputs_are_a_list_of_their_own() {
    let text = ORDER.replace(
        "  shop.notify: { id: N-1 }\n",
        "  shop.notify:
    - { when: { number: S-2 }, output: { id: N-2 } }
    - { failure: { class: retryable, code: http.503 } }
    - { output: { id: N-1 } }
",
    );
    // Nobody asks for S-2; the first answer that is meant comes first, for each parcel anew.
    holds(
        &format!(
            "{text}expect: {{ calls: [shop.ship, {{ call: shop.notify, attempts: 2 }}, shop.ship, {{ call: shop.notify, attempts: 2 }}] }}\n"
        ),
        1,
    );
}

#[test]
fn each_item_has_the_list_from_its_beginning() {
    let text = ORDER.replace(
        "  shop.ship: { id: S-1 }\n",
        "  shop.ship:
    - { failure: { class: retryable, code: http.503 } }
    - { output: { id: S-1 } }
",
    );
    holds(
        &format!(
            "{text}crash: every_commit\nexpect: {{ calls: [{{ call: shop.ship, attempts: 2 }}, shop.notify, {{ call: shop.ship, attempts: 2 }}, shop.notify] }}\n"
        ),
        9,
    );
}

#[test]
fn several_people_at_one_wait_answer_one_after_the_other() {
    let both = "people:
  - { wait: decision.arm-2.clerk, by: olga, answer: accept }
  - { wait: decision.clerk, by: igor, answer: refuse }
";
    // Whoever names the wait exactly goes first; the other is never asked, and that is a mistake of the case.
    let report = crate::bench::tried(&format!("{}{both}", large()));
    let told = crate::bench::told(&report);
    assert!(
        told.contains("D0943") && told.contains("nothing waits at `decision.clerk`"),
        "{told}"
    );
}

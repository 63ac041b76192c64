//! What holds, and what does not.

use dragoman_cases::{junit, run, updated};

use crate::bench::{ORDER, bench, differs, holds, large, read, tried};

const WHOLE: &str = "
expect:
  ending: completed
  path:
    - order
    - sent
    - sent[0].shipped
    - sent[0].told
    - sent[1].shipped
    - sent[1].told
  calls:
    - { call: shop.ship, input: { number: A-1017-a, weight: { value: 5, unit: KGM } }, attempts: 1 }
    - { call: shop.notify, input: { number: S-1 } }
    - { call: shop.ship, input: { number: A-1017-b } }
    - shop.notify
  output: { order: A-1017, by: nobody, sent: [{ status: completed }, { output: S-1, reason: null }] }
";

#[test]
fn an_order_goes_through_and_through_every_crash() {
    holds(&format!("{ORDER}crash: every_commit\n{WHOLE}"), 9);
}

#[test]
fn what_is_not_as_expected_is_told_with_its_place() {
    let whole = format!("{ORDER}{WHOLE}");
    differs(
        &whole.replace("ending: completed", "ending: parked"),
        &["case.yaml:11:11: ending", "expected  parked", "found     completed"],
    );
    differs(
        &whole.replace("    - sent[0].told\n", "    - sent[0].tolled\n"),
        &[
            "case.yaml:13:5: path",
            "- sent[0].tolled",
            "+ sent[0].told",
            "  sent[1].told",
        ],
    );
    differs(
        &whole.replace("value: 5", "value: 6"),
        &["calls /0/input/weight/value", "expected  6", "found     \"5\""],
    );
    differs(
        &whole.replace("attempts: 1", "attempts: 2"),
        &["calls /0/attempts", "expected  2"],
    );
    differs(
        &whole.replace("    - { call: shop.ship, input: { number: A-1017-b } }\n", ""),
        &["calls", "+ shop.ship"],
    );
    differs(
        &whole.replace("{ output: S-1,", "{ output: S-2,"),
        &["output /sent/1/output", "expected  \"S-2\"", "found     \"S-1\""],
    );
    differs(
        &whole.replace("reason: null", "reason: none"),
        &["output /sent/1/reason", "found     nothing"],
    );
}

#[test]
fn failures_are_retried_and_doubt_is_cleared_by_asking_in_every_crash() {
    let text = ORDER
        .replace(
            "  shop.ship: { id: S-1 }\n",
            "  shop.ship:
    - { when: { number: A-1017-a }, failure: { class: retryable, effect: unknown, code: http.cut } }
    - { when: { number: A-1017-a }, probe: pending }
    - { when: { number: A-1017-a }, probe: applied, output: { id: S-1 } }
    - { when: { number: A-1017-b }, failure: { class: retryable, effect: unknown, code: http.cut } }
    - { when: { number: A-1017-b }, probe: absent }
    - { when: { number: A-1017-b }, output: { id: S-2 } }
",
        )
        .replace(
            "  shop.notify: { id: N-1 }\n",
            "  steps.sent.told:
    - { failure: { class: retryable, code: http.503, message: later } }
    - { output: { id: N-1 } }
",
        );
    let expect = "crash: every_commit
expect:
  ending: completed
  calls:
    - { call: shop.ship, attempts: 1 }
    - { call: shop.notify, attempts: 2 }
    - { call: shop.ship, attempts: 2 }
    - { call: shop.notify, attempts: 2 }
";
    holds(&format!("{text}{expect}"), 20);
}

#[test]
fn people_answer_in_their_time_and_nobody_is_waited_for_for_ever() {
    let large = large();
    let clerk = "people: [{ wait: decision.clerk, by: { id: olga, roles: [approver] }, after: 3d, answer: accept }]\n";
    holds(
        &format!("{large}{clerk}expect: {{ ending: completed, output: {{ by: olga }} }}\n"),
        1,
    );
    let refused = "people: [{ wait: decision.arm-2.clerk, by: olga, answer: { answer: refuse, reason: too much } }]\n";
    holds(
        &format!("{large}{refused}expect: {{ ending: failed, reason: too much, calls: [] }}\n"),
        1,
    );
    holds(
        &format!("{large}expect: {{ ending: parked, reason: no clerk decided, calls: [] }}\n"),
        1,
    );
    holds(
        &format!("{large}until: 3d\nexpect: {{ ending: waiting, calls: [] }}\n"),
        1,
    );
    let void = "later: [{ after: 2d, void: A-1017 }]\n";
    holds(
        &format!("{large}{void}crash: every_commit\nexpect: {{ ending: stopped, calls: [] }}\n"),
        5,
    );
}

#[test]
fn undo_and_what_nobody_can_know_are_told() {
    let text = "
case: A posted order is taken back.
pipeline: post-orders
trigger: { message: { number: 7, large: false, parcels: [] } }
answers: { shop.post: { id: P-1 }, shop.cancel: { id: C-1 } }
crash: every_commit
expect: { ending: failed, reason: it was a mistake, undo: [posted], calls: [shop.post, shop.cancel] }
";
    holds(text, 7);
}

#[test]
fn messages_before_and_later_and_values_of_the_site() {
    let again = format!(
        "{ORDER}before: [{{ message: {{ number: A-1017, large: true, parcels: [] }} }}]\nexpect: {{ ending: refused, reason: A-1017 }}\n"
    );
    holds(&again, 1);
    holds(
        &format!("{ORDER}site: {{ closed: true }}\nexpect: {{ ending: stopped, reason: closed, calls: [] }}\n"),
        1,
    );
    let unreadable = "
case: It cannot be read.
pipeline: ship-orders
trigger: { failure: { class: permanent, code: order.broken, message: it is broken } }
expect: { ending: refused, reason: it is broken }
";
    holds(unreadable, 1);
}

const THANK: &str = "
case: Whoever pays is thanked.
pipeline: thank-payers
trigger: { message: { number: 0012, large: false, parcels: [] } }
answers: { shop.notify: { id: N-1 } }
crash: every_commit
";

#[test]
fn events_come_while_a_run_waits_for_them() {
    let paid = "later: [{ after: 2d, event: order-paid, key: 0012, data: { number: 0012, sum: 7.50 } }]\n";
    let thanked = "expect: { ending: completed, calls: [{ call: shop.notify, input: { number: 0012 } }] }\n";
    holds(&format!("{THANK}{paid}{thanked}"), 5);
    let nobody = "expect: { ending: stopped, reason: nobody paid, calls: [] }\n";
    holds(&format!("{THANK}{}{nobody}", paid.replace("key: 0012", "key: 0013")), 5);
}

#[test]
fn what_happened_is_written_into_the_case_and_holds_then() {
    let kept = "# This comment stays.\n";
    for expect in [
        "",
        "expect: { ending: parked }\n",
        "expect:\n  ending: parked # wrong\n  # and this one\n  path: [order]\n  calls: []\n  output: { order: B, by: nobody }\n",
    ] {
        let text = format!("{kept}{ORDER}{expect}");
        let case = read(&text);
        let report = run(&case, std::path::Path::new("."), &bench());
        let found = report.found.as_ref().expect("it was run");
        let new = updated(&case, found);
        assert!(new.starts_with(kept), "{new}");
        assert!(!expect.contains("and this") || new.contains("# and this one"), "{new}");
        assert!(new.contains("completed"), "{new}");
        holds(&new, 1);
        let again = read(&new);
        assert_eq!(updated(&again, found), new, "what holds is not written again");
    }
}

#[test]
fn a_case_that_is_run_again_comes_out_the_same_to_the_ids_of_its_runs() {
    let output = |number: &str| {
        let message = format!("{{ number: {number}, large: false, parcels: [] }}");
        let report = tried(&format!(
            "case: A run.\npipeline: numbered-runs\ntrigger: {{ message: {message} }}\n"
        ));
        report.found.and_then(|found| found.output).expect("it has an output")
    };
    assert_eq!(output("A-1"), output("A-1"), "the jitter of retries is made of them");
    assert_ne!(output("A-1"), output("A-2"));
}

#[test]
fn verdicts_are_written_for_build_servers() {
    let good = tried(&format!("{ORDER}expect: {{ ending: completed }}\n"));
    let bad = tried(&format!("{ORDER}expect: {{ reason: 'a < \"b\"' }}\n"));
    let xml = junit(&[good, bad]);
    for part in [
        "<testsuite name=\"ship-orders\" tests=\"2\" failures=\"1\" errors=\"0\"",
        "name=\"case: An order.\"",
        "<failure message=\"1 differences\">case.yaml:9:19: reason",
        "expected  a &lt; &quot;b&quot;",
    ] {
        assert!(xml.contains(part), "no `{part}` in\n{xml}");
    }
}

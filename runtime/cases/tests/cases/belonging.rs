//! What belongs to a run: the pipelines that it runs, and the runs that its events begin.

use dragoman_cases::{Outcome, run, updated};

use crate::bench::{bench, differs, holds, read, told, tried};

/// An order of two parcels: each is told of, and begins a run that bills it.
pub(crate) const TAKEN: &str = "
case: An order is taken and billed.
pipeline: take-orders
trigger: { message: { number: A-7, large: false, parcels: [a, b] } }
answers:
  shop.get: { number: A-7, large: true, parcels: [] }
  steps.letter.told: { id: L-1 }
  send-bills.steps.told: { id: B-1 }
people: [{ wait: send-bills.steps.clerk, after: 1d, by: olga, answer: send }]
";

/// All that comes of it.
const WHOLE: &str = "
expect:
  ending: completed
  path: ['packed[0].asked', letter, letter.told, parcels]
  calls: [{ call: shop.notify, input: { number: A-7 } }]
  output: { letter: L-1 }
  emitted:
    - { event: parcel-taken, key: a }
    - { event: parcel-taken, key: b }
  begun:
    - pipeline: send-bills
      ending: completed
      path: [told]
      calls: [{ call: shop.notify, input: { number: a } }]
      output: { bill: B-1 }
    - pipeline: send-bills
      path: [clerk, told]
      calls: [{ call: shop.notify, input: { number: b }, attempts: 1 }]
      begun: []
";

#[test]
fn what_events_began_and_what_was_run_is_seen_in_every_crash() {
    holds(&format!("{TAKEN}crash: every_commit\n{WHOLE}"), 25);
}

#[test]
fn what_belongs_to_a_run_and_is_not_as_expected_is_told_with_its_place() {
    let whole = format!("{TAKEN}{WHOLE}");
    differs(
        &whole.replace("letter.told, parcels", "told, parcels"),
        &["case.yaml:13:9: path", "- told", "+ letter.told", "  parcels"],
    );
    differs(
        &whole.replace("output: { bill: B-1 }", "output: { bill: B-2 }"),
        &[
            "case.yaml:24:23: begun /0/output/bill",
            "expected  \"B-2\"",
            "found     \"B-1\"",
        ],
    );
    differs(
        &whole.replace("path: [clerk, told]", "path: [told]"),
        &["case.yaml:26:13: begun /1/path", "+ clerk", "  told"],
    );
    differs(
        &whole.replace("attempts: 1", "attempts: 3"),
        &["begun /1/calls/0/attempts", "expected  3", "found     1"],
    );
    differs(
        &whole.replace("begun: []", "begun: [thank-payers]"),
        &["case.yaml:28:14: begun /1/begun", "- thank-payers"],
    );
    let one = whole
        .find("    - pipeline: send-bills\n      path")
        .expect("the second");
    differs(
        &whole[..one],
        &["case.yaml:20:5: begun", "  send-bills", "+ send-bills"],
    );
}

#[test]
fn steps_of_others_are_answered_by_their_names() {
    // By the step that emitted, of two runs of one pipeline; and by the pipeline that is run.
    let named = TAKEN
        .replace(
            "  steps.letter.told: { id: L-1 }\n",
            "  steps.letter.told: { id: L-9 }\n",
        )
        .replace(
            "  send-bills.steps.told: { id: B-1 }\n",
            "  send-bills.steps.told: { id: B-1 }\n  'steps.parcels[1].emit-1.send-bills.told': { id: B-2 }\n",
        );
    holds(
        &format!(
            "{named}expect:\n  output: {{ letter: L-9 }}\n  begun:\n    - {{ pipeline: send-bills, output: {{ bill: B-1 }} }}\n    - {{ pipeline: send-bills, output: {{ bill: B-2 }} }}\n"
        ),
        1,
    );
    holds(
        &format!(
            "{}expect: {{ output: {{ letter: L-3 }} }}\n",
            TAKEN.replace("steps.letter.told: { id: L-1 }", "write-letter.steps.told: { id: L-3 }")
        ),
        1,
    );
    // What another pipeline calls `told` is not what this one does.
    let report = tried(&TAKEN.replace("steps.letter.told", "steps.told"));
    let told = told(&report);
    assert!(matches!(report.outcome, Outcome::Wrong(_)), "{told}");
    assert!(told.contains("`shop.notify` at `letter.told`"), "{told}");
    let report = tried(&TAKEN.replace("send-bills.steps.told", "send-bill.steps.told"));
    let told = crate::bench::told(&report);
    assert!(
        told.contains("error[D0940]") && told.contains("write `send-bills`"),
        "{told}"
    );
}

#[test]
fn a_clerk_of_another_pipeline_who_is_not_named_is_not_answered() {
    let clerk = TAKEN.replace("wait: send-bills.steps.clerk", "wait: clerk");
    let report = tried(&clerk);
    let told = told(&report);
    assert!(matches!(report.outcome, Outcome::Wrong(_)), "{told}");
    for words in ["D0943", "nothing waits at `clerk`", "send-bills.steps.clerk"] {
        assert!(told.contains(words), "no `{words}` in\n{told}");
    }
    let nobody = TAKEN
        .replace("people:", "until: 1h\npeople:")
        .replace("after: 1d", "after: 1m");
    let waits = "expect: { begun: [{ pipeline: send-bills, ending: completed }, { pipeline: send-bills, ending: completed }] }\n";
    holds(&format!("{nobody}{waits}"), 1);
    let people = nobody.find("people:").expect("the people");
    let unanswered = &nobody[..people];
    holds(
        &format!(
            "{unanswered}{}",
            waits.replacen("ending: completed }]", "ending: waiting }]", 1)
        ),
        1,
    );
}

#[test]
fn what_happened_in_others_is_written_into_the_case_and_holds_then() {
    for expect in [
        "",
        "expect:\n  begun: []\n",
        "expect: { begun: [send-bills] }\n",
        "expect:\n  # stays\n  ending: completed\n  begun:\n    - { pipeline: send-bills, reason: none, output: { bill: X } }\n    - { pipeline: send-bills, path: [told] }\n",
    ] {
        let text = format!("{TAKEN}{expect}");
        let case = read(&text);
        let report = run(&case, std::path::Path::new("."), &bench());
        let found = report.found.as_ref().expect("it was run");
        let new = updated(&case, found);
        assert!(new.contains("pipeline: send-bills"), "{new}");
        assert!(!expect.contains("# stays") || new.contains("# stays"), "{new}");
        assert!(
            !expect.contains("bill: X") || !new.contains("emitted"),
            "only what was looked at:\n{new}"
        );
        holds(&new, 1);
        assert_eq!(updated(&read(&new), found), new, "what holds is not written again");
    }
}

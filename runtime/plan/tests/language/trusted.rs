//! Editions that runs are pinned to are built again by a program that asks for more than the one that accepted them: what
//! a run can carry out is built, and nothing else is.

use dragoman_manifest::parse_pipeline;
use dragoman_model::Source;
use dragoman_plan::{Checked, World, check};

use crate::specs::complete;
use crate::world::world;

/// A pipeline, checked as a new one or as an edition that was accepted before.
fn checked(text: &str, trusting: bool) -> Checked {
    let (pipeline, _) = parse_pipeline(Source::new("edition.yaml", complete(text).0));
    let world = World { trusting, ..world() };
    check(&pipeline.expect("a pipeline"), &world)
}

/// Refused today for this alone; whether it is built again.
#[track_caller]
fn again(code: &str, text: &str, built: bool) {
    let new = checked(text, false);
    let codes: Vec<&str> = new.diagnostics.iter().map(|d| d.code.id).collect();
    assert_eq!(codes, [code], "{text}");
    assert!(new.plan.is_none(), "refused today:\n{text}");
    assert_eq!(checked(text, true).plan.is_some(), built, "{text}");
}

#[test]
fn what_a_stricter_program_refuses_and_a_run_can_carry_out_is_built_again() {
    again("D0422", "  - parallel:\n      a: { value: 1 }\n      b: []\n", true);
    again(
        "D0306",
        "  - call: orders.get\n    with: { number: a }\n    on_failure:\n      - stop: { reason: =failure.remote_reference }\n",
        true,
    );
    again(
        "D0306",
        "  - stop: { reason: done }\n    when: trigger.message.due < date('2026-01-01')\n",
        true,
    );
    again(
        "D0305",
        "  - stop: { reason: done }\n    when: trigger.message.status == 'opened'\n",
        true,
    );
    again("D0415", "  - stop: { reason: done }\n  - sleep: 1s\n", true);
    again(
        "D0424",
        "  - call: orders.get\n    with: { number: a }\n    retry: { backoff: 1h, for: 1h }\n",
        true,
    );
    again("D0425", "  - set: { number: trigger.message.number }\n", true);
    // The host looks at what a call is given before it calls.
    again("D0409", "  - call: orders.get\n", true);
    again(
        "D0410",
        "  - call: orders.get\n    with: { number: a, colour: red }\n",
        true,
    );
    again(
        "D0411",
        "  - call: orders.ship\n    with: { number: a, lines: [], copies: many }\n    once: run.id\n",
        true,
    );
    again(
        "D0314",
        "  - call: orders.ship\n    with: { number: a, lines: [], copies: =trigger.message.number }\n    once: run.id\n",
        true,
    );
    again(
        "D0426",
        "  - { id: who, call: people.get, with: { number: a } }\n  - call: mail.send\n    with: { to: a, text: =steps.who.name }\n",
        true,
    );
}

#[test]
fn what_the_site_does_not_have_any_more_and_a_run_under_way_does_not_need_keeps_none() {
    let head =
        "dragoman: 1\npipeline: p\non: [{ id: hook, http: { path: /p, from: formerly } }]\nsteps: [{ sleep: 1s }]\n";
    again("D0404", head, true);
    again(
        "D0406",
        "  - wait: { decision: a, answers: [b], roles: [formerly] }\n",
        true,
    );
}

#[test]
fn what_no_run_could_carry_out_is_not_built() {
    again("D0401", "  - call: formerly.get\n    with: { number: a }\n", false);
    again("D0402", "  - call: orders.formerly\n    with: { number: a }\n", false);
    again("D0302", "  - set: { number: =formerly.number }\n", false);
    again("D0303", "  - set: { number: =trigger.message.formerly }\n", false);
    again("D0304", "  - set: { number: =trigger.message.number + 1 }\n", false);
    again(
        "D0407",
        "  - { id: a, call: orders.get, with: { number: a } }\n  - { id: a, call: orders.get, with: { number: b } }\n",
        false,
    );
    again(
        "D0413",
        "  - call: orders.get\n    with: { number: a }\n    on_failure: [{ sleep: 1s }]\n",
        false,
    );
}

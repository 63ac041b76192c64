//! The way of a run behind a step that was late, failed, was let go on, or was undone.

use serde_json::{Value, json};

use super::*;

/// Waits, asks, does two things at once, and undoes.
const TEXT: &str = r#"dragoman: 1
pipeline: ship
on: [{ id: hook, http: { path: /orders } }]
on_failure: undo
steps:
  - id: shipped
    call: orders.ship
    with: {}
    undo: { call: orders.cancel, with: {} }
  - id: paid
    wait: { event: order-paid, key: run.id, for: 3d }
    on_timeout:
      steps:
        - id: clerk
          wait: { decision: accept, answers: [accept, refuse], for: 3d }
          on_timeout: { park: { reason: nobody decided } }
        - fail: { reason: refused, class: rejected }
          when: steps.clerk.answer == "refuse"
      value: { by: clerk }
  - id: rated
    call: orders.rate
    with: {}
    on_rejected: { value: { rate: none } }
    on_failure:
      - id: asked
        call: mail.send
        with: {}
      - park: { reason: no rate }
  - id: both
    parallel:
      left:
        - { id: filed, call: mail.archive, with: {} }
      right:
        - { id: clerk, wait: { decision: accept, answers: [accept] } }
  - { id: told, call: mail.send, with: {} }
"#;

fn failed(path: &str, class: &str, code: &str) -> Happened {
    let more = json!({ "attempt": 1, "class": class, "effect": "none", "code": code, "last": true,
        "usage": Usage::default() });
    entry(path, "failed", more)
}

fn done(path: &str) -> Happened {
    entry(
        path,
        "done",
        json!({ "attempt": 1, "known_by": "answer", "usage": Usage::default() }),
    )
}

fn waiting(path: &str) -> Happened {
    let more = json!({ "wait": "w", "decision": "accept", "roles": [],
        "shown": format!("sha256:{}", "0".repeat(64)) });
    entry(path, "waiting", more)
}

fn answered(path: &str) -> Happened {
    let more = json!({ "wait": "w", "shown": format!("sha256:{}", "0".repeat(64)) });
    entry(path, "answer", more)
}

fn parked(path: &str) -> Happened {
    entry(path, "parked", json!({ "code": "park" }))
}

fn operated(path: &str, act: &str) -> Happened {
    entry(path, "operated", json!({ "act": act }))
}

fn closed(ending: &str) -> Happened {
    entry("", "closed", json!({ "ending": ending }))
}

fn intent(path: &str) -> Happened {
    let more: Value = json!({ "connection": "orders", "operation": "cancel", "attempt": 1, "key": "k",
        "effect": { "class": "once", "settle_s": 60 }, "input": format!("sha256:{}", "0".repeat(64)), "undo": true });
    entry(path, "intent", more)
}

/// A run up to the wait that is over.
fn late() -> Vec<Happened> {
    vec![
        accepted(None),
        done("shipped"),
        waiting("paid"),
        failed("paid", "permanent", "wait.timeout"),
    ]
}

fn and(mut run: Vec<Happened>, more: impl IntoIterator<Item = Happened>) -> Vec<Happened> {
    run.extend(more);
    run
}

#[test]
fn behind_a_wait_that_is_over() {
    let asked = and(late(), [waiting("paid.on_timeout.clerk")]);
    walked(
        TEXT,
        &asked,
        &[],
        &[
            ("shipped", "done"),
            ("paid", "failed"),
            ("paid.on_timeout.clerk", "waits"),
            ("rated", "nothing"),
        ],
        &["shipped paid", "paid paid.on_timeout.clerk", "!paid rated"],
    );
    let answered = and(asked.clone(), [answered("paid.on_timeout.clerk"), done("rated")]);
    walked(
        TEXT,
        &answered,
        &[],
        &[
            ("paid", "failed"),
            ("paid.on_timeout.clerk", "done"),
            ("paid.on_timeout.fail-1", "skipped"),
            ("rated", "done"),
        ],
        &["!paid rated", "paid.on_timeout.= ", " rated"],
    );
    let nobody = and(
        asked,
        [
            failed("paid.on_timeout.clerk", "permanent", "wait.timeout"),
            parked("paid.on_timeout.clerk.on_timeout.park-1"),
        ],
    );
    of(
        TEXT,
        &nobody,
        &[],
        &[
            ("paid.on_timeout.clerk", "failed"),
            ("paid.on_timeout.clerk.on_timeout.park-1", "parked"),
            ("rated", "nothing"),
        ],
    );
}

#[test]
fn behind_handlers_that_write_nothing_and_ones_that_park() {
    let before = || vec![accepted(None), done("shipped"), answered("paid")];
    let refused = and(
        before(),
        [failed("rated", "rejected", "rate.none"), done("both.left.filed")],
    );
    walked(
        TEXT,
        &refused,
        &[],
        &[("rated", "failed"), ("rated.on_failure.park-1", "nothing")],
        &["rated rated.on_rejected.=", "!rated rated.on_failure.asked"],
    );
    let stuck = and(
        before(),
        [
            failed("rated", "permanent", "http.400"),
            done("rated.on_failure.asked"),
            parked("rated.on_failure.park-1"),
        ],
    );
    let stands = [
        ("rated", "failed"),
        ("rated.on_failure.asked", "done"),
        ("rated.on_failure.park-1", "parked"),
    ];
    of(TEXT, &stuck, &[], &stands);
    let forgotten = ("rated.on_failure.park-1", "nothing");
    for (more, rated, both) in [
        (vec![operated("rated", "resume")], "under way", "nothing"),
        (vec![operated("rated", "resume"), done("rated")], "done", "nothing"),
        (vec![operated("rated", "skip"), done("both.left.filed")], "done", "done"),
    ] {
        let run = and(stuck.clone(), more);
        of(TEXT, &run, &[], &[("rated", rated), ("both", both), forgotten]);
    }
    of(
        TEXT,
        &and(stuck, [operated("rated", "cancel"), closed("cancelled")]),
        &[],
        &[("rated.on_failure.park-1", "given up"), ("both", "nothing")],
    );
}

#[test]
fn branches_go_on_as_long_as_one_does() {
    let run = vec![
        accepted(None),
        done("shipped"),
        answered("paid"),
        done("rated"),
        waiting("both.right.clerk"),
        done("both.left.filed"),
    ];
    of(
        TEXT,
        &run,
        &[],
        &[
            ("both", "under way"),
            ("both.left.filed", "done"),
            ("both.right.clerk", "waits"),
            ("told", "nothing"),
        ],
    );
    let on = and(run.clone(), [answered("both.right.clerk"), done("told")]);
    of(TEXT, &on, &[], &[("both", "done"), ("told", "done")]);
    let given_up = and(run, [operated("", "cancel"), closed("cancelled")]);
    of(
        TEXT,
        &given_up,
        &[],
        &[("both.right.clerk", "given up"), ("both.left.filed", "done")],
    );
}

#[test]
fn what_was_undone_is_told_of_the_step() {
    let failing = and(late(), [answered("paid.on_timeout.clerk")]);
    let mut end = closed("failed");
    end.ended_at = Some("paid.on_timeout.fail-1".into());
    let undoing = and(failing, [intent("shipped.undo")]);
    of(TEXT, &undoing, &[], &[("shipped", "under way")]);
    of(
        TEXT,
        &and(undoing.clone(), [done("shipped.undo"), end]),
        &[],
        &[
            ("shipped", "undone"),
            ("paid.on_timeout.fail-1", "failed"),
            ("rated", "nothing"),
        ],
    );
    let stuck = [failed("shipped.undo", "permanent", "http.400"), parked("shipped.undo")];
    of(TEXT, &and(undoing, stuck), &[], &[("shipped", "parked")]);
}

#[test]
fn a_run_whose_reference_was_closed_came_to_no_end_of_its_own() {
    let text = TEXT.replace("  - { id: told,", "  - stop: { reason: =run.id }\n  - { id: told,");
    let mut end = closed("stopped");
    end.reason = Some("reference `A7` was voided by run 7".into());
    let voided = entry("", "event", json!({ "name": "voided" }));
    let run = vec![accepted(None), done("shipped"), waiting("paid"), voided, end];
    of(
        &text,
        &run,
        &[],
        &[("paid", "given up"), ("stop-1", "nothing"), ("told", "nothing")],
    );
}

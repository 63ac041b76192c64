//! The way that a run took, from its entries.
#![allow(missing_docs)]

mod behind;

use dragoman_graph::{Flow, Happened, Track, mermaid, picture, svg};
use dragoman_manifest::parse_pipeline;
use dragoman_model::{Source, Usage};
use serde_json::{Value, json};

const TEXT: &str = r#"dragoman: 1
pipeline: ship
on:
  - { id: hook, http: { path: /orders } }
  - { id: by-hand, manual: {} }
steps:
  - stop: { reason: not open }
    when: trigger.message.status != "open"
  - id: order
    call: orders.get
    with: {}
    on_failure: park
  - id: decision
    choose:
      - when: steps.order.count < 10
        value: { by: nobody }
      - else:
          - id: clerk
            wait: { decision: accept, answers: [accept, refuse] }
        value: { by: clerk }
  - id: lines
    each: steps.order.lines
    as: line
    steps:
      - id: sent
        call: mail.send
        with: {}
  - id: told
    call: mail.send
    with: {}
    when: steps.order.urgent
output: { lines: =steps.lines }
"#;

fn entry(path: &str, kind: &str, more: Value) -> Happened {
    let mut record = json!({ "kind": kind });
    if let (Some(record), Value::Object(more)) = (record.as_object_mut(), more) {
        record.extend(more);
    }
    Happened {
        path: path.into(),
        record: serde_json::from_value(record).expect("a record"),
        reason: None,
        ended_at: None,
    }
}

fn usage() -> Value {
    json!({ "attempt": 1, "usage": Usage::default() })
}

fn accepted(parent: Option<u64>) -> Happened {
    let mut more = json!({ "pipeline": "ship", "trigger": "hook", "run_key": "k", "mode": "live" });
    if let Some(index) = parent {
        let run = "0192d2c0-0000-7000-8000-000000000001";
        more["parent"] = json!({ "run": run, "path": "lines", "index": index, "item": "a" });
    }
    entry("", "accepted", more)
}

/// What became of the steps, as the picture tells it.
fn check(run: &[Happened], children: &[Vec<Happened>], expected: &[(&str, &str)]) {
    of(TEXT, run, children, expected);
}

fn of(text: &str, run: &[Happened], children: &[Vec<Happened>], expected: &[(&str, &str)]) {
    walked(text, run, children, expected, &[]);
}

/// The same, and from where to where the run went: `paid told` has an edge that it took, `!paid told` has one that it
/// did not take.
fn walked(text: &str, run: &[Happened], children: &[Vec<Happened>], expected: &[(&str, &str)], ways: &[&str]) {
    let (pipeline, diagnostics) = parse_pipeline(Source::new("ship.yaml", text));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let flow = Flow::of(&pipeline.expect("a pipeline"), &|_, _| None);
    let track = Track::of(&flow, run, children);
    let drawn = svg(&picture(&flow), Some(&track));
    for (path, told) in expected {
        let (_, rest) = drawn
            .split_once(&format!("data-step=\"{path}\""))
            .unwrap_or_else(|| panic!("no {path}"));
        let tip = rest
            .split("<title>")
            .nth(1)
            .and_then(|t| t.split("</title>").next())
            .unwrap_or_default();
        let last = tip.lines().last().unwrap_or_default();
        let words = [
            "done",
            "passed",
            "skipped",
            "waits",
            "failed",
            "parked",
            "under way",
            "undone",
            "given up",
        ];
        let became = if words.iter().any(|w| last.ends_with(w)) {
            last
        } else {
            "nothing"
        };
        assert_eq!(became, *told, "{path}: {tip}");
    }
    for way in ways {
        let (way, taken) = way.strip_prefix('!').map_or((*way, true), |way| (way, false));
        let ways: Vec<&str> = drawn
            .split("data-way=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        assert_eq!(ways.contains(&way), taken, "{way} of {ways:?}");
    }
    assert!(mermaid(&flow, Some(&track)).contains("class "));
}

#[test]
fn a_run_that_waits_for_a_person() {
    let wait = json!({ "wait": "w", "decision": "accept", "roles": [],
        "shown": format!("sha256:{}", "0".repeat(64)) });
    let run = [
        accepted(None),
        entry("order", "read", usage()),
        entry("decision.arm-2.clerk", "waiting", wait),
    ];
    check(
        &run,
        &[],
        &[
            ("on:hook", "done"),
            ("on:by-hand", "nothing"),
            ("stop-1", "skipped"),
            ("order", "done"),
            ("decision", "done"),
            ("decision.arm-2.clerk", "waits"),
            ("lines", "nothing"),
            ("completed", "nothing"),
        ],
    );
}

#[test]
fn a_run_that_is_completed_and_its_children() {
    let run = [
        accepted(None),
        entry("order", "read", usage()),
        entry("lines", "children", json!({ "count": 2 })),
        entry("", "closed", json!({ "ending": "completed" })),
    ];
    let failed = json!({ "attempt": 1, "class": "permanent", "effect": "none", "code": "c", "last": true,
        "usage": Usage::default() });
    let done = json!({ "attempt": 1, "known_by": "answer",
        "usage": Usage::default() });
    let children = [
        vec![accepted(Some(0)), entry("lines[0].sent", "done", done)],
        vec![accepted(Some(1)), entry("lines[1].sent", "failed", failed)],
    ];
    check(
        &run,
        &children,
        &[
            ("lines", "done"),
            ("lines[].sent", "1 done, 1 failed"),
            ("told", "skipped"),
            ("completed", "done"),
        ],
    );
}

#[test]
fn a_run_that_was_stopped() {
    let mut closed = entry("", "closed", json!({ "ending": "stopped" }));
    closed.reason = Some("not open".into());
    check(
        &[accepted(None), closed],
        &[],
        &[("stop-1", "done"), ("order", "nothing")],
    );
}

#[test]
fn a_run_that_is_parked_in_a_handler() {
    let failed = json!({ "attempt": 1, "class": "permanent", "effect": "none", "code": "c", "last": true,
        "usage": Usage::default() });
    let run = [
        accepted(None),
        entry("order", "failed", failed),
        entry("order.on_failure.park-1", "parked", json!({ "code": "park" })),
    ];
    check(
        &run,
        &[],
        &[
            ("order", "failed"),
            ("order.on_failure.park-1", "parked"),
            ("decision", "nothing"),
        ],
    );
}

/// Polls, tells, waits, has another pipeline run, and sleeps.
const LONG: &str = r#"dragoman: 1
pipeline: ship
on: [{ id: hook, http: { path: /orders } }]
steps:
  - id: poll
    repeat:
      until: steps.asked.ready
      every: 30s
      steps:
        - { id: asked, call: orders.get, with: {} }
  - emit: { event: order-shipped }
    when: steps.poll.urgent
  - id: paid
    wait: { event: order-paid, key: run.id, for: 3d }
  - { id: letter, run: write-letter, with: {} }
  - sleep: 10m
  - { id: told, call: mail.send, with: {} }
"#;

fn timer(path: &str, purpose: &str) -> Happened {
    let more = json!({ "due": "2026-03-01T08:00:00.000Z", "purpose": purpose, "attempt": 1 });
    entry(path, "timer", more)
}

fn first_rounds() -> Vec<Happened> {
    vec![
        accepted(None),
        entry("poll[0].asked", "read", usage()),
        entry("poll", "chosen", json!({ "what": "round" })),
        timer("poll", "repeat"),
    ]
}

#[test]
fn a_repeat_waits_between_its_rounds_and_not_within_them() {
    let mut run = first_rounds();
    of(
        LONG,
        &run,
        &[],
        &[("poll", "waits"), ("poll[].asked", "done"), ("paid", "nothing")],
    );
    run.push(timer("poll[1].asked", "retry"));
    of(
        LONG,
        &run,
        &[],
        &[("poll", "under way"), ("poll[].asked", "waits"), ("paid", "nothing")],
    );
}

#[test]
fn what_was_emitted_heard_slept_and_run_is_done() {
    let wait = json!({ "wait": "w", "decision": "event:order-paid", "roles": [],
        "shown": format!("sha256:{}", "0".repeat(64)) });
    let mut run = first_rounds();
    run.extend([
        entry("poll[1].asked", "read", usage()),
        entry("emit-1", "event", json!({ "name": "emitted" })),
        entry("paid", "waiting", wait),
    ]);
    let before = [
        ("poll", "done"),
        ("emit-1", "done"),
        ("paid", "waits"),
        ("letter", "nothing"),
    ];
    of(LONG, &run, &[], &before);
    let done = json!({ "attempt": 1, "known_by": "answer", "usage": Usage::default() });
    run.extend([
        entry("paid", "event", json!({ "name": "received" })),
        entry("letter", "children", json!({ "count": 1 })),
    ]);
    of(
        LONG,
        &run,
        &[],
        &[("paid", "done"), ("letter", "under way"), ("sleep-1", "nothing")],
    );
    run.extend([entry("letter", "done", done.clone()), timer("sleep-1", "sleep")]);
    of(
        LONG,
        &run,
        &[],
        &[("letter", "done"), ("sleep-1", "waits"), ("told", "nothing")],
    );
    run.extend([
        entry("told", "done", done),
        entry("", "closed", json!({ "ending": "completed" })),
    ]);
    let all = [
        ("poll", "done"),
        ("sleep-1", "done"),
        ("told", "done"),
        ("completed", "done"),
    ];
    of(LONG, &run, &[], &all);
}

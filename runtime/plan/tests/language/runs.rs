//! The order in which pipelines are checked that run each other, and the circles that cannot be.

use dragoman_manifest::{Pipeline, parse_pipeline};
use dragoman_model::Source;
use dragoman_plan::runs::order;

/// Pipelines from lines `a: b c`: `a` runs `b` and `c`, the latter in a handler.
fn pipelines(lines: &[&str]) -> Vec<Pipeline> {
    let pipeline = |line: &&str| {
        let (name, called) = line.split_once(':').expect("a name and what it runs");
        let mut text =
            format!("dragoman: 1\npipeline: {name}\non: [{{ id: m, manual: {{}} }}]\nsteps:\n  - sleep: 1s\n");
        for (number, called) in called.split_whitespace().enumerate() {
            text.push_str(&match number {
                0 => format!("  - run: {called}\n"),
                _ => format!("  - try: [{{ sleep: 1s }}]\n    on_failure: [{{ run: {called} }}, {{ stop: {{ reason: done }} }}]\n"),
            });
        }
        let (pipeline, diagnostics) = parse_pipeline(Source::new(format!("{name}.yaml"), text));
        assert!(diagnostics.is_empty(), "{diagnostics:?}");
        pipeline.expect("a pipeline")
    };
    lines.iter().map(pipeline).collect()
}

/// Checks the order, and what is said of circles.
fn check(lines: &[&str], expected: &str, circles: &[&str]) {
    let pipelines = pipelines(lines);
    let found = order(&pipelines);
    let names: Vec<&str> = found
        .order
        .iter()
        .map(|at| pipelines[*at].name.value.as_str())
        .collect();
    assert_eq!(names.join(" "), expected, "{lines:?}");
    let said: Vec<&str> = found.diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(said, circles, "{lines:?}");
    for diagnostic in &found.diagnostics {
        assert_eq!(diagnostic.code.id, "D0432");
    }
}

#[test]
fn each_pipeline_comes_behind_those_that_it_runs() {
    check(&["a: b c", "b: c", "c:"], "c b a", &[]);
    check(&["a: nowhere", "b: b"], "a b", &[]);
    check(&["a: b b", "b:"], "b a", &[]);
}

#[test]
fn a_circle_is_named_with_all_that_is_in_it() {
    check(
        &["a: b", "b: c", "c: a", "d: a"],
        "c b a d",
        &["`a` runs `b` runs `c` runs `a` again: a circle has no end"],
    );
    check(
        &["a: b", "b: a c", "c: b"],
        "c b a",
        &[
            "`a` runs `b` runs `a` again: a circle has no end",
            "`b` runs `c` runs `b` again: a circle has no end",
        ],
    );
    let pipelines = pipelines(&["a: b", "b: c", "c: b"]);
    let found = order(&pipelines);
    assert_eq!(found.circular.into_iter().collect::<Vec<_>>(), ["b", "c"]);
}

#[test]
fn a_long_chain_is_put_in_order() {
    let lines: Vec<String> = (0..300).map(|n| format!("p{n}: p{}", n + 1)).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let pipelines = pipelines(&lines);
    assert_eq!(order(&pipelines).order.first(), Some(&299));
}

/// Pipelines, each with the event that begins it and the steps that it has.
fn echoing(pipelines: &[(&str, &str, &str)], expected: &[&str]) {
    let parsed: Vec<Pipeline> = pipelines
        .iter()
        .map(|(name, event, steps)| {
            let text = format!(
                "dragoman: 1\npipeline: {name}\non: [{{ id: told, event: {{ name: {event} }} }}]\nsteps:\n{steps}"
            );
            let (pipeline, found) = parse_pipeline(Source::new("flow.yaml", text.as_str()));
            assert!(found.is_empty(), "{text}: {found:?}");
            pipeline.expect("a pipeline")
        })
        .collect();
    let found = order(&parsed).diagnostics;
    let said: Vec<&str> = found.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(said, expected, "{pipelines:?}");
    assert!(found.iter().all(|d| d.code.id == "D0445"));
}

#[test]
fn events_that_always_begin_each_other_have_no_end() {
    let other = ("b", "shipped", "  - emit: { event: packed }\n");
    echoing(
        &[
            ("a", "packed", "  - set: { x: 1 }\n  - emit: { event: shipped }\n"),
            other,
        ],
        &["`a` begins `b` begins `a` again each time: this has no end"],
    );
    // One that does not emit in each of its runs ends it.
    echoing(
        &[
            (
                "a",
                "packed",
                "  - emit: { event: shipped }\n    when: run.id == \"1\"\n",
            ),
            other,
        ],
        &[],
    );
    echoing(
        &[
            (
                "a",
                "packed",
                "  - stop: { reason: done }\n    when: run.id == \"1\"\n  - emit: { event: shipped }\n",
            ),
            other,
        ],
        &[],
    );
    echoing(
        &[("a", "packed", "  - sleep: 1d\n  - emit: { event: shipped }\n"), other],
        &[],
    );
    // One alone is told where it is checked.
    echoing(&[("a", "packed", "  - emit: { event: packed }\n")], &[]);
}

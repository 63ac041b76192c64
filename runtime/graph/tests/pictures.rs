//! Every picture can be read: the shipped pipelines, one with every word, and pipelines made by chance.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use dragoman_graph::{Flow, faults, mermaid, picture, svg};
use dragoman_manifest::parse_pipeline;
use dragoman_model::{OperationEffect, Source};
use proptest::prelude::*;

/// Draws a text in both forms; the picture must have no fault.
fn check(name: &str, text: &str) -> String {
    let (pipeline, diagnostics) = parse_pipeline(Source::new(name, text));
    let told: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
    let pipeline = pipeline.unwrap_or_else(|| panic!("{}\n{text}", told.join("\n")));
    let flow = Flow::of(&pipeline, &|_, operation| match operation {
        "unknown" => None,
        name if name.starts_with("get") => Some(OperationEffect::Read),
        _ => Some(OperationEffect::Once { settle_s: None }),
    });
    let picture = picture(&flow);
    let found = faults(&picture);
    assert!(found.is_empty(), "{name}: {}\n{text}", found.join("\n"));
    assert!(mermaid(&flow, None).starts_with("flowchart TD\n"));
    let drawn = svg(&picture, None);
    if let Some(folder) = std::env::var_os("GRAPH_OUT") {
        let file = PathBuf::from(folder).join(format!("{}.svg", name.replace('/', "-")));
        std::fs::write(file, &drawn).expect("the folder can be written");
    }
    drawn
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

#[test]
fn the_shipped_pipelines_can_be_read() {
    let mut files = vec![
        root().join("runtime/plan/tests/good.yaml"),
        root().join("runtime/graph/tests/every.yaml"),
    ];
    for folder in [
        "pipelines",
        "examples/cookbook/pipelines",
        "examples/from-paper/pipelines",
    ] {
        for folder in std::fs::read_dir(root().join(folder)).expect("the pipelines") {
            files.push(folder.expect("an entry").path().join("pipeline.yaml"));
        }
    }
    files.retain(|f| f.is_file());
    assert!(files.len() >= 20, "only {} pipelines were found", files.len());
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let name = file
            .parent()
            .and_then(Path::file_name)
            .map(|n| n.to_string_lossy().into_owned());
        let drawn = check(&name.unwrap_or_default(), &text);
        assert!(drawn.contains("data-step=\"on\""), "{drawn}");
    }
}

#[test]
fn every_word_says_what_it_does() {
    let text = std::fs::read_to_string(root().join("runtime/graph/tests/every.yaml")).expect("a text");
    let drawn = check("every", &text);
    for words in [
        "RUN · ANOTHER PIPELINE",
        ">write-letter<",
        "WAIT · FOR A PERSON",
        "WAIT · FOR AN EVENT",
        "EMIT · AN EVENT",
        "about trigger.message.number",
        "every 30s, later every 10m · for at most 3d",
        "at most 100 rounds",
        "not done in time",
        "it did not come in time",
        "no answer in time",
        "undone by orders.cancel",
        "goes to other pipelines",
    ] {
        assert!(drawn.contains(words), "no `{words}` in\n{drawn}");
    }
}

#[test]
fn what_holds_for_the_whole_picture_is_said_in_it() {
    let text = std::fs::read_to_string(root().join("runtime/graph/tests/every.yaml")).expect("a text");
    let (pipeline, _) = parse_pipeline(Source::new("every.yaml", text));
    let mut flow = Flow::of(&pipeline.expect("a pipeline"), &|_, _| None);
    let note = "the version 4e1c22a09b17 is drawn, which the run is pinned to; the site has another one now";
    flow.note(note);
    let drawn = picture(&flow);
    assert!(faults(&drawn).is_empty());
    assert!(svg(&drawn, None).contains(note));
    assert!(mermaid(&flow, None).contains(note));
}

/// Steps by chance, as lines.
#[derive(Debug, Clone)]
struct Steps(Vec<Vec<String>>);

fn indented(lines: &[String], by: usize) -> Vec<String> {
    lines.iter().map(|l| format!("{}{l}", " ".repeat(by))).collect()
}

impl Steps {
    fn lines(&self) -> Vec<String> {
        let mut out = Vec::new();
        for step in &self.0 {
            for (index, line) in step.iter().enumerate() {
                out.push(if index == 0 {
                    format!("- {line}")
                } else {
                    format!("  {line}")
                });
            }
        }
        out
    }
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z_]{0,6}",
        "[a-z][a-z_]{20,60}",
        "[WMim]{0,3}".prop_map(|s| format!("w{}", s.to_lowercase()))
    ]
}

fn expression() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("steps.a.b == 1".to_owned()),
        "[A-Za-z_.]{1,120}".prop_map(|s| format!("x{s}")),
        Just("trigger.message.lines.all(l, l.quantity > quantity('1', 'KGM') && size(l.text) < 7) || steps.order.number != 'WWWWWWWWWWWW'".to_owned()),
    ]
}

fn leaf() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![
        4 => (name(), name()).prop_map(|(c, o)| vec![format!("call: {c}.{o}"), "with: {}".into()]),
        1 => (name(), expression()).prop_map(|(c, e)| {
            vec![format!("call: {c}.get"), format!("once: {e:?}"), format!("undo: {{ call: {c}.back }}"),
                "retry: { for: 10d }".into()]
        }),
        1 => Just(vec!["wait: { decision: accept-it, answers: [yes, no], roles: [approver], for: 30d }".into()]),
        1 => name().prop_map(|n| vec![format!("emit: {{ event: {n}, key: run.id }}")]),
        1 => expression().prop_map(|e| vec![format!("wait: {{ event: shipped, key: {e:?}, for: 2d }}")]),
        1 => name().prop_map(|n| vec![format!("set: {{ {n}: 1, other: 2 }}")]),
        1 => Just(vec!["sleep: 10m".into()]),
        1 => expression().prop_map(|e| vec![format!("release: {{ ledger: stock, once: {e:?} }}")]),
        1 => name().prop_map(|n| vec![format!("stop: {{ reason: {n} }}")]),
        1 => name().prop_map(|n| vec![format!("park: {{ reason: {n} {n} {n} {n} }}")]),
        1 => name().prop_map(|n| vec![format!("fail: {{ reason: {n} }}")]),
    ]
}

fn choose(block: impl Strategy<Value = Steps> + Clone) -> impl Strategy<Value = Vec<String>> {
    (
        proptest::collection::vec((expression(), block.clone()), 1..4),
        proptest::option::of(block.clone()),
    )
        .prop_map(|(arms, otherwise)| {
            let mut lines = vec!["choose:".to_owned()];
            for (when, steps) in arms {
                lines.push(format!("  - when: {when:?}"));
                lines.push("    steps:".into());
                lines.extend(indented(&steps.lines(), 6));
            }
            if let Some(steps) = otherwise {
                lines.push("  - else:".into());
                lines.extend(indented(&steps.lines(), 6));
                lines.push("    value: { a: 1 }".into());
            }
            lines
        })
}

fn handled(block: impl Strategy<Value = Steps>) -> impl Strategy<Value = Vec<String>> {
    (name(), proptest::collection::vec(block, 1..3), any::<bool>()).prop_map(|(call, handlers, gives)| {
        let mut lines = vec![format!("call: {call}.do"), "with: {}".into()];
        for (key, steps) in ["on_failure", "on_rejected"].iter().zip(handlers) {
            lines.push(format!("{key}:"));
            lines.push("  steps:".into());
            lines.extend(indented(&steps.lines(), 4));
            if gives {
                lines.push("  value: { a: 1 }".into());
            }
        }
        lines
    })
}

fn steps() -> impl Strategy<Value = Steps> {
    let step = leaf().prop_recursive(3, 24, 4, |inner| {
        let block = proptest::collection::vec(inner.clone(), 1..4).prop_map(Steps);
        prop_oneof![
            choose(block.clone()),
            (expression(), block.clone()).prop_map(|(items, steps)| {
                let mut lines = vec![format!("each: {items:?}"), "as: item".into(), "steps:".into()];
                lines.extend(indented(&steps.lines(), 2));
                lines
            }),
            (expression(), block.clone(), any::<bool>()).prop_map(|(until, steps, repeats)| {
                let mut lines = vec!["try:".to_owned()];
                if repeats {
                    lines = vec![
                        "repeat:".to_owned(),
                        format!("  until: {until:?}"),
                        "  every: 30s".into(),
                    ];
                    lines.push("  steps:".into());
                }
                lines.extend(indented(&steps.lines(), 4));
                lines
            }),
            proptest::collection::vec(block.clone(), 1..4).prop_map(|branches| {
                let mut lines = vec!["parallel:".to_owned()];
                for (index, steps) in branches.iter().enumerate() {
                    lines.push(format!("  branch_{index}:"));
                    lines.extend(indented(&steps.lines(), 4));
                }
                lines
            }),
            handled(block.clone()),
            (inner, expression()).prop_map(|(mut lines, when)| {
                if !lines.iter().any(|l| l.starts_with("when:")) {
                    lines.push(format!("when: {when:?}"));
                }
                lines
            }),
        ]
    });
    proptest::collection::vec(step, 1..6).prop_map(Steps)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn pipelines_made_by_chance_can_be_read(steps in steps(), triggers in 1usize..5, summary in "[ A-Za-z]{0,200}") {
        let on: String = (0..triggers)
            .map(|n| format!("  - {{ id: t{n}, http: {{ path: /a/{} }} }}\n", "long".repeat(n * 4)))
            .collect();
        let steps = indented(&steps.lines(), 2).join("\n");
        check("random", &format!("dragoman: 1\npipeline: random\nsummary: x{summary}\non:\n{on}steps:\n{steps}\n"));
    }
}

//! How long a check takes: one pipeline of 2,000 lines over 12 plugins, and 500 pipelines of the size of a shipped one.
//!
//! Prints medians and the longest, in milliseconds. The plugins are surfaces with as many operations and fields as those
//! of the shipped connectors; loading them is not a part of this.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dragoman_manifest::parse_pipeline;
use dragoman_model::{Digest, OperationEffect, Severity, Source};
use dragoman_plan::{World, check};
use dragoman_schema::{DescribedOperation, Descriptor, Surface};
use serde_json::{Value, json};

/// How many connections a world has.
const PLUGINS: usize = 12;

fn main() {
    let world = world();
    let large = pipeline("large", 2_000);
    let lines = large.lines().count();
    let (median, longest) = measured(21, || one(&large, &world));
    println!("check of {lines} lines with {PLUGINS} plugins: median {median:.1} ms, longest {longest:.1} ms");
    let broken = large.replace("default(trigger.message.note", "defualt(trigger.message.note");
    let (median, longest) = measured(21, || said(&broken, &world));
    let mistakes = broken.matches("defualt").count();
    println!("the same with {mistakes} mistakes, shown: median {median:.1} ms, longest {longest:.1} ms");
    let small: Vec<String> = (0..500).map(|n| pipeline(&format!("small-{n}"), 160)).collect();
    let (median, longest) = measured(5, || small.iter().for_each(|text| one(text, &world)));
    println!("check of 500 pipelines of 160 lines: median {median:.1} ms, longest {longest:.1} ms");
}

/// Median and maximum of some runs, in milliseconds.
fn measured(times: usize, mut run: impl FnMut()) -> (f64, f64) {
    let mut all: Vec<Duration> = (0..times)
        .map(|_| {
            let begin = Instant::now();
            run();
            begin.elapsed()
        })
        .collect();
    all.sort();
    let milliseconds = |d: Duration| d.as_secs_f64() * 1_000.0;
    (milliseconds(all[times / 2]), milliseconds(all[times - 1]))
}

/// Checks a text that has no error.
fn one(text: &str, world: &World) {
    let (pipeline, diagnostics) = parse_pipeline(Source::new("bench.yaml", text));
    let checked = check(&pipeline.expect("a pipeline"), world);
    let all: Vec<_> = diagnostics.iter().chain(&checked.diagnostics).collect();
    let errors = all.iter().filter(|d| d.severity == Severity::Error);
    let shown: Vec<String> = errors.map(|d| d.render(false)).collect();
    assert!(shown.is_empty() && checked.plan.is_some(), "{}", shown.join("\n"));
}

/// Checks a text with errors, and shows them.
fn said(text: &str, world: &World) {
    let (pipeline, mut diagnostics) = parse_pipeline(Source::new("bench.yaml", text));
    diagnostics.extend(check(&pipeline.expect("a pipeline"), world).diagnostics);
    let shown: usize = diagnostics.iter().map(|d| d.render(false).len()).sum();
    assert!(shown > 0, "the mistakes were not seen");
}

/// A pipeline of about so many lines: reads, choices, claims, calls with effects, lists, handlers.
fn pipeline(name: &str, lines: usize) -> String {
    let mut text = format!(
        "dragoman: 1\npipeline: {name}\non:\n  - id: hook\n    http: {{ path: /orders, from: partner }}\n    \
         read: plugin_0.read\nkey: trigger.message.number\nsteps:\n"
    );
    let mut number = 0;
    while text.lines().count() < lines {
        let plugin = number % PLUGINS;
        write!(
            text,
            r#"
  # What is done with part {number} of the message.
  - id: got_{number}
    call: plugin_{plugin}.get_{operation}
    with: {{ number: =trigger.message.number }}
    retry: {{ backoff: 1s..15m x2 jitter, for: 10d }}
    when: trigger.message.field_{operation} != "nothing" && trigger.message.lines.exists(l, l.item == "a")
  - id: decided_{number}
    choose:
      - when: has(steps.got_{number}) && steps.got_{number}.field_1 == "open"
        value: {{ lines: =steps.got_{number}.lines, by: nobody }}
      - else:
          - id: asked_{number}
            wait: {{ decision: accept, answers: [accept, refuse], for: 30d, roles: [approver] }}
            on_timeout: {{ park: {{ reason: "nobody decided" }} }}
        value: {{ lines: =trigger.message.lines, by: =steps.asked_{number}.by.id }}
  - id: put_{number}
    call: plugin_{plugin}.put_{operation}
    once: trigger.message.number + "/{number}"
    with:
      number: =trigger.message.number
      lines: =steps.decided_{number}.lines
      field_0: '=default(trigger.message.note, "none") + "/" + text(size(steps.decided_{number}.lines))'
    on_rejected:
      - stop: {{ reason: =failure.message }}
"#,
            operation = number % 8,
        )
        .expect("text takes text");
        number += 1;
    }
    text
}

fn world() -> World {
    let mut world = (0..PLUGINS).fold(World::default(), |world, number| {
        let name = format!("plugin_{number}");
        world.with_connection(&name, surface(&name))
    });
    world.senders.insert("partner".into());
    world
}

/// A plugin with seventeen operations over one document.
fn surface(name: &str) -> Arc<Surface> {
    let mut operations = vec![DescribedOperation {
        documents: vec!["message".into()],
        ..operation(
            "read",
            OperationEffect::Read,
            &json!({ "type": "object", "properties": {} }),
        )
    }];
    let key = json!({ "type": "object", "required": ["number"], "properties": { "number": { "type": "string" } } });
    for number in 0..8 {
        operations.push(operation(&format!("get_{number}"), OperationEffect::Read, &key));
        let once = OperationEffect::Once { settle_s: Some(60) };
        operations.push(operation(&format!("put_{number}"), once, &document(false)));
    }
    let descriptor = Descriptor {
        name: name.into(),
        version: "1.0.0".into(),
        config_schema: "{}".into(),
        operations,
        ..Descriptor::default()
    };
    let described = Surface::from_descriptor(Digest::of(name.as_bytes()), descriptor);
    Arc::new(described.expect("a good descriptor").0)
}

fn operation(name: &str, effect: OperationEffect, input: &Value) -> DescribedOperation {
    DescribedOperation {
        name: name.into(),
        summary: String::new(),
        input_schema: input.to_string(),
        output_schema: document(true).to_string(),
        effect,
        has_probe: false,
        undo: None,
        documents: Vec::new(),
        codes: Vec::new(),
    }
}

/// A document of forty fields, with lists of lines of ten.
fn document(full: bool) -> Value {
    let texts = |count: usize| (0..count).map(|n| (format!("field_{n}"), json!({ "type": "string" })));
    let mut line: serde_json::Map<String, Value> = texts(10).collect();
    line.insert("item".into(), json!({ "type": "string" }));
    line.insert("quantity".into(), json!({ "x-type": "quantity" }));
    let lines = json!({ "type": "array", "items":
        { "title": "Line", "type": "object", "required": ["item", "quantity"], "properties": line } });
    let mut fields: serde_json::Map<String, Value> = texts(40).collect();
    for name in ["number", "note"] {
        fields.insert(name.into(), json!({ "type": "string" }));
    }
    fields.insert("lines".into(), lines);
    let mut required = vec!["number".to_owned(), "lines".to_owned()];
    if full {
        required.extend((0..40).map(|n| format!("field_{n}")));
    }
    json!({ "title": "Document", "type": "object", "required": required, "properties": fields })
}

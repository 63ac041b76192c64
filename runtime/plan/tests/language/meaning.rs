//! What a good pipeline means: the plan that comes out of it.

use std::sync::Arc;

use dragoman_manifest::parse_pipeline;
use dragoman_model::{Digest, OperationEffect, Source};
use dragoman_plan::{Block, Plan, Step, StepKind, Template, build};
use dragoman_schema::Shape;
use serde_json::json;

use crate::world::world;

fn plan(text: &str) -> Plan {
    let (pipeline, diagnostics) = parse_pipeline(Source::new("plan.yaml", text));
    assert!(diagnostics.is_empty());
    build(&pipeline.expect("a pipeline"), &world())
        .unwrap_or_else(|all| panic!("{}", all.iter().map(|d| d.render(false)).collect::<Vec<_>>().join("\n")))
}

fn step<'a>(block: &'a Block, segment: &str) -> &'a Step {
    block
        .steps
        .iter()
        .find(|s| s.segment == segment)
        .unwrap_or_else(|| panic!("no step `{segment}`"))
}

#[test]
fn the_plan_says_what_the_pipeline_says() {
    let text = include_str!("../good.yaml");
    let plan = plan(text);
    assert_eq!(plan.version, Digest::of(text.as_bytes()));
    assert_eq!(plan.plugins.keys().collect::<Vec<_>>(), ["mail", "orders"]);
    let segments: Vec<&str> = plan.steps.steps.iter().map(|s| s.segment.as_str()).collect();
    let expected = [
        "stop-1",
        "order",
        "decision",
        "taken",
        "shipped",
        "both",
        "lines",
        "closed",
        "release-1",
        "sleep-1",
        "reply-1",
    ];
    assert_eq!(segments, expected);

    let order = step(&plan.steps, "order");
    assert_eq!(
        (order.retry.first_ms, order.retry.longest_ms, order.retry.for_ms),
        (1_000, 900_000, 864_000_000)
    );
    assert_eq!(
        (order.retry.attempts, order.retry.jitter, order.timeout_ms),
        (Some(9), true, Some(30_000))
    );
    assert_eq!(step(&plan.steps, "shipped").retry, dragoman_plan::Retry::default());

    let lines = step(&plan.steps, "lines");
    let StepKind::Each(each) = &lines.kind else {
        panic!("`lines` is an `each`")
    };
    let captures: Vec<String> = each.captures.iter().map(|read| read.join(".")).collect();
    assert_eq!(captures, ["steps.order.number"]);
    assert_eq!((each.concurrent, each.go_on), (4, true));
    let Shape::List(child) = &lines.shape else {
        panic!("`lines` gives a list")
    };
    assert!(child.field_names().contains(&"status"));
    assert!(step(&plan.steps, "closed").shape.is_optional());
}

#[test]
fn an_effect_is_tightened_and_a_plain_scalar_takes_the_type_of_its_field() {
    let plan = plan(include_str!("../good.yaml"));
    let StepKind::Parallel(branches) = &step(&plan.steps, "both").kind else {
        panic!("`both` is a `parallel`")
    };
    let StepKind::Call(mail) = &branches[0].1.steps[0].kind else {
        panic!("`mail` is a call")
    };
    assert_eq!(mail.effect, OperationEffect::Once { settle_s: None });
    let shipped = step(&plan.steps, "shipped");
    let StepKind::Call(ship) = &shipped.kind else {
        panic!("`shipped` is a call")
    };
    assert_eq!(ship.effect, OperationEffect::Once { settle_s: Some(60) });
    assert!(ship.has_probe && shipped.undo.is_some() && shipped.once.is_some() && shipped.reference.is_some());
    let Template::Object(members) = &ship.with else {
        panic!("an object")
    };
    let copies = members.iter().find(|(name, _)| name == "copies").map(|(_, t)| t);
    assert!(matches!(copies, Some(Template::Literal(value)) if *value == json!(2)));
    let get = "dragoman: 1\npipeline: p\non: [{ id: m, manual: {} }]\nsteps:\n  - id: a\n    call: orders.get\n    with: { number: 1.10 }\n";
    let plan = self::plan(get);
    let StepKind::Call(call) = &step(&plan.steps, "a").kind else {
        panic!("a call")
    };
    let Template::Object(members) = &call.with else {
        panic!("an object")
    };
    assert!(matches!(&members[0].1, Template::Literal(value) if *value == json!("1.10")));
}

/// A pipeline may make an effect stricter, but how quick a partner is only the site's connection says.
#[test]
fn how_quick_a_partner_is_the_site_says() {
    let text = "dragoman: 1\npipeline: p\non: [{ id: m, manual: {} }]\nsteps:\n  \
        - id: shipped\n    call: orders.ship\n    once: run.id\n    with: { number: a, lines: [] }\n    \
          undo: { call: orders.cancel, with: { id: =steps.shipped.id, reason: none } }\n  \
        - id: put\n    call: orders.cancel\n    effect: once\n    with: { id: a, reason: none }\n  \
        - id: told\n    call: mail.send\n    with: { to: a, text: b }\n";
    let (pipeline, diagnostics) = parse_pipeline(Source::new("plan.yaml", text));
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let pipeline = pipeline.expect("a pipeline");
    let lasting = OperationEffect::Idempotent {
        key_lifetime_s: Some(86_400),
    };
    let once = |settle_s| OperationEffect::Once { settle_s };
    let cases = [
        (None, [once(Some(60)), once(None), lasting]),
        (Some(20), [once(Some(20)), once(Some(20)), lasting]),
        (Some(600), [once(Some(600)), once(Some(600)), lasting]),
    ];
    for (said, expected) in cases {
        let mut world = world();
        for connection in world.connections.values_mut() {
            connection.settle_s = said;
        }
        let plan = build(&pipeline, &world).unwrap_or_else(|all| panic!("{all:?}"));
        let effects = ["shipped", "put", "told"].map(|id| match &step(&plan.steps, id).kind {
            StepKind::Call(call) => call.effect,
            other => panic!("{other:?} is no call"),
        });
        assert_eq!(effects, expected, "the site says {said:?}");
    }
}

#[test]
fn a_wait_demands_what_its_answer_must_bring() {
    let plan = plan(include_str!("../good.yaml"));
    let StepKind::Choose(arms) = &step(&plan.steps, "decision").kind else {
        panic!("`decision` is a `choose`")
    };
    let StepKind::Wait(wait) = &step(&arms[1].block, "clerk").kind else {
        panic!("`clerk` is a wait")
    };
    assert_eq!(
        (wait.answers.as_slice(), wait.for_ms),
        (&["ship".to_owned(), "refuse".to_owned()][..], Some(2_592_000_000))
    );
    let validator = dragoman_schema::Validator::new(wait.fields.as_ref().expect("fields")).expect("a good schema");
    assert!(
        validator
            .check(&json!({ "answer": "refuse", "reason": "too late" }))
            .is_empty()
    );
    assert!(!validator.check(&json!({ "answer": "ship" })).is_empty());
    let line = json!({ "item": "a", "quantity": { "value": "1", "unit": "KGM" } });
    assert!(
        validator
            .check(&json!({ "answer": "ship", "lines": [line] }))
            .is_empty()
    );
}

/// Two thousand lines are checked in the time of one look.
#[test]
fn a_long_pipeline_is_checked_quickly() {
    let mut text = "dragoman: 1\npipeline: long\non:\n  - id: hook\n    http: { path: /orders, from: partner }\n    read: orders.read_order\nsteps:\n".to_owned();
    for n in 0..500 {
        let before = if n == 0 {
            "trigger.message.number".into()
        } else {
            format!("steps.order_{}.number", n - 1)
        };
        text.push_str(&format!(
            "  - id: order_{n}\n    call: orders.get\n    with: {{ number: ={before} }}\n    when: has(trigger.message.due) || {n} > 1\n"
        ));
    }
    let text = text.replace("    when: has(trigger.message.due) || ", "    timeout: 1s # ");
    let world = world();
    let begin = std::time::Instant::now();
    let (pipeline, _) = parse_pipeline(Source::new("long.yaml", text));
    let plan = build(&pipeline.expect("a pipeline"), &world).expect("a plan");
    let took = begin.elapsed();
    assert_eq!(Arc::strong_count(&plan.text), 1);
    assert_eq!(plan.steps.steps.len(), 500);
    assert!(took.as_millis() < 3_000, "it took {took:?}");
    println!("2,000 lines took {took:?}");
}

//! Whatever is asked, it ends soon.

use std::collections::BTreeMap;
use std::time::Instant;

use dragoman_expression::{Environment, Expected, Expression, Limits, Scope, Written, check};
use dragoman_model::{Source, Span, Value};
use dragoman_schema::Shape;
use serde_json::json;

use crate::world::World;

struct Numbers(BTreeMap<&'static str, Value>);

impl Scope for Numbers {
    fn root(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn step(&self, _: &str) -> Option<&Value> {
        None
    }
}

fn numbers(count: usize) -> Numbers {
    let texts: Vec<String> = (0..count).map(|n| format!("text number {n}")).collect();
    Numbers([("n", json!((0..count).collect::<Vec<_>>())), ("t", json!(texts))].into())
}

fn compile(text: &str, nesting: usize) -> Expression {
    let environment = Environment::new()
        .with_name("n", Shape::Integer.list())
        .with_name("t", Shape::Text.list())
        .with_limits(Limits {
            nesting,
            ..Limits::default()
        });
    let source = Source::new("flow.yaml", text);
    let span = Span::new(&source, 0..text.len());
    match check(
        &Written {
            text,
            span: &span,
            offset: &|at| at,
            quoted: &|_| None,
        },
        &environment,
        &Expected::Anything,
    ) {
        Ok((expression, _)) => expression,
        Err(diagnostics) => panic!("{}", diagnostics[0].render(false)),
    }
}

#[track_caller]
fn stopped(text: &str, nesting: usize, count: usize, expected: &str) {
    let expression = compile(text, nesting);
    let before = Instant::now();
    let error = expression
        .evaluate(&numbers(count))
        .expect_err("it goes over its bounds");
    assert!(error.to_string().contains(expected), "{error}");
    assert_eq!(error.code.id, "D0322");
    // The bare evaluator of the crate took half a minute for the first case; this one some milliseconds.
    assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
}

#[test]
fn four_nested_conditions_over_sixty_items_are_stopped() {
    let text = "n.all(a, n.all(b, n.all(c, n.all(d, a + b + c + d >= 0))))";
    stopped(text, 4, 60, "was stopped after 200000 steps");
}

#[test]
fn two_nested_ones_over_a_long_list_are_stopped() {
    stopped(
        "n.all(a, n.all(b, a + b >= 0))",
        2,
        5_000,
        "was stopped after 200000 steps",
    );
}

#[test]
fn long_texts_count_by_their_length() {
    stopped(
        "[t.join(',')].all(a, n.all(b, a == (a)))",
        2,
        20_000,
        "was stopped after 200000 steps",
    );
    stopped(
        "[t.join(',')].all(a, n.all(b, [{'a': a}].all(c, c.a != '')))",
        3,
        20_000,
        "was stopped after 200000 steps",
    );
    stopped(
        "[t.map(x, upper(x))].all(a, n.all(b, size(a.map(c, 1)) > 0))",
        3,
        20_000,
        "was stopped",
    );
}

#[test]
fn what_is_made_is_bounded() {
    stopped("n.map(a, t)", 2, 2_000, "it makes more than 1048576 bytes");
    stopped("n.map(a, t.join(','))", 2, 2_000, "it makes more than 1048576 bytes");
    let doubled = "[t, t].map(a, [a, a, a, a].map(b, [b, b, b, b, b, b, b, b]))";
    stopped(doubled, 2, 2_000, "it makes more than 1048576 bytes");
}

#[test]
fn what_is_only_handed_on_is_not_bounded() {
    let scope = numbers(100_000);
    let whole = compile("t", 2).evaluate(&scope).unwrap_or_default();
    assert_eq!(whole.as_ref(), scope.root("t"));
}

#[test]
fn deep_and_long_texts_are_refused_and_do_not_overflow_the_stack() {
    let long = |part: &str, count: usize, end: &str| format!("{}{end}", part.repeat(count));
    let cases = [
        long("(", 1_900, ""),
        format!("{}1{}", "(".repeat(1_900), ")".repeat(1_900)),
        format!("{}1{}", "[".repeat(1_900), "]".repeat(1_900)),
        long("!", 3_000, "true"),
        long("-", 3_000, "1"),
        long("-(", 1_300, "1"),
        long("true ? 1 : ", 360, "1"),
        long("a.", 1_900, "b"),
        long("1 + ", 990, "1"),
        long("1 == ", 700, "1"),
        long("{'a':", 600, ""),
        long("f(", 1_900, ""),
        long("true && ", 490, "true"),
        long("order.lines.map(l, ", 200, ""),
        "x".repeat(4_001),
        "'".repeat(4_000),
        "\"\\".repeat(1_500),
    ];
    let world = World::new();
    for text in cases {
        let before = Instant::now();
        let refused = world.check(&text);
        assert!(
            before.elapsed().as_secs() < 5,
            "{:?} for {}",
            before.elapsed(),
            &text[..20]
        );
        // A chain of `&&` is balanced by the parser, and double signs cancel out: those are fine.
        let fine = text.starts_with("true &&") || text.starts_with("!!") || text.starts_with("--");
        assert!(refused.is_err() || fine, "{}", &text[..20]);
    }
}

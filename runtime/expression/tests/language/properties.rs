//! Properties: nothing panics, and a checked shape is the shape of the value.

use dragoman_expression::Expected;
use proptest::prelude::*;

use crate::world::{World, order};

/// Pieces of expressions that are right more often than not, so that the checker and the evaluator are reached.
fn expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "-2",
        "0",
        "1.5",
        "'a'",
        "''",
        "true",
        "[]",
        "order",
        "order.number",
        "order.status",
        "order.count",
        "order.note",
        "order.weight",
        "order.buyer",
        "order.buyer.city",
        "order.lines",
        "order.none",
        "order.due",
        "order.placed_at",
        "order.payment",
        "order.payment.kind",
        "order.payment.digits",
        "order.nulled",
        "headers",
        "headers['x-trace']",
        "anything",
        "run.now",
        "steps.invoice",
        "steps.invoice.total",
        "steps.skipped",
        "steps.skipped.total",
        "x",
        "quantity(1, 'KGM')",
        "decimal('2.50')",
        "date('2026-01-31')",
        "'open'",
        "9223372036854775807",
        "x.amount",
        "x.item",
        "x.count",
        "order.lines.map(x, x.amount)",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 24, 3, |inner| {
        let operators = prop::sample::select(vec![
            "+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "&&", "||", "in",
        ]);
        let unary = prop::sample::select(vec![
            "has",
            "size",
            "first",
            "last",
            "text",
            "int",
            "decimal",
            "date",
            "timestamp",
            "sum",
            "unique",
            "flatten",
            "lower",
            "trim",
            "digest",
            "!",
            "-",
        ]);
        let iteration = prop::sample::select(vec!["all", "exists", "exists_one", "filter", "map"]);
        let binary = prop::sample::select(vec!["default", "at", "join", "split", "contains", "quantity"]);
        prop_oneof![
            (inner.clone(), operators, inner.clone()).prop_map(|(a, o, b)| format!("({a} {o} {b})")),
            (unary, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (binary, inner.clone(), inner.clone()).prop_map(|(f, a, b)| format!("{f}({a}, {b})")),
            (inner.clone(), iteration, inner.clone()).prop_map(|(a, i, b)| format!("{a}.{i}(x, {b})")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a} ? {b} : {c})")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("[{a}, {b}]")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{'a': {a}, 'b': {b}}}")),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("{{{a}: {b}}}")),
            inner.clone().prop_map(|a| format!("(has({a}) && {a} == {a})")),
            inner.clone().prop_map(|a| format!("{a} + duration('3d')")),
            inner.clone().prop_map(|a| format!("cast({a}, 'orders.get')")),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_the_checker_panic(text in "\\PC{0,80}") {
        let world = World::new();
        if let Err(diagnostics) = world.diagnose(&text, &Expected::Anything) {
            prop_assert!(!diagnostics.is_empty());
            for diagnostic in diagnostics {
                diagnostic.render(false);
            }
        }
    }

    #[test]
    fn no_words_of_the_language_make_it_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "order", ".", "lines", "(", ")", "[", "]", "{", "}", ",", ":", "?", "+", "-", "!", "==", "&&", "||", "in", "1", "'a'",
            "has", "map", "x", "first", "steps", "\"", "'", "\\", "\n", "//", "é", "null", "1.5e3", "0x1", "3u", "b'a'", "r'\\'", "'''",
        ]), 0..24),
        space in prop::bool::ANY,
    ) {
        let text = words.join(if space { " " } else { "" });
        if let Err(diagnostics) = World::new().diagnose(&text, &Expected::Anything) {
            prop_assert!(!diagnostics.is_empty());
            for diagnostic in diagnostics {
                diagnostic.render(false);
            }
        }
    }

    #[test]
    fn the_value_has_the_shape_that_was_checked(text in expression(), bits in 0u32..1 << 15) {
        let world = World::varied(bits);
        prop_assert!(order().accepts(&world.roots["order"]));
        match world.diagnose(&text, &Expected::Anything) {
            Ok((expression, shape)) => match expression.evaluate(&world) {
                Ok(Some(value)) => prop_assert!(shape.accepts(&value), "{text} gave {value}, checked as {shape}"),
                Ok(None) => prop_assert!(shape.is_optional() || shape == dragoman_schema::Shape::Any, "{text} is absent, checked as {shape}"),
                // A value that cannot be computed: overflow, units, a cast.
                Err(error) => prop_assert!(!error.message.is_empty()),
            },
            Err(diagnostics) => prop_assert!(!diagnostics.is_empty(), "{text}"),
        }
    }
}

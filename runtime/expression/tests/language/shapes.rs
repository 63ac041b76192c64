//! The shape of the value of an expression: (text) -> shape in words.

use dragoman_expression::Expected;
use dragoman_schema::Shape;

use crate::world::World;

#[track_caller]
fn check(text: &str, expected: &str) {
    match World::new().check(text) {
        Ok((_, shape)) => assert_eq!(shape.describe(), expected, "{text}"),
        Err(diagnostics) => panic!("{text}\n{diagnostics}"),
    }
}

#[test]
fn shapes_follow_the_expression() {
    let cases = [
        ("'a'", "text \"a\""),
        ("order.count > 1 ? 'a' : 'b'", "\"a\" | \"b\""),
        ("order.number + 'a'", "text"),
        ("order.number + '|' + order.due", "text"),
        ("order.note", "optional text"),
        ("has(order.note) ? order.note : order.number", "text"),
        ("default(order.note, 'none')", "text"),
        ("steps.skipped", "optional { paid, total }"),
        ("order.lines", "list of Line"),
        ("first(order.lines)", "optional Line"),
        ("order.lines.map(l, l.amount)", "list of quantity"),
        ("order.lines.map(l, has(l.remark), l.remark)", "list of text"),
        ("sum(order.lines.map(l, l.amount))", "optional quantity"),
        ("{'a': 1, 'b': order.note}", "{ a, b }"),
        ("{order.number: 1}", "map of whole number"),
        ("[]", "list of nothing at all"),
        ("[] + [1]", "list of whole number"),
        ("steps.invoice.total + 1", "decimal"),
        ("steps.invoice.total * 1.5", "decimal"),
        ("1.5 * 2.5", "decimal"),
        (
            "cast(anything, 'orders.get')",
            "Order { buyer, count, due, lines, none, note, ... }",
        ),
        (
            "order.payment.kind == 'card' ? order.payment.digits : order.payment.iban",
            "text",
        ),
        ("order.payment.digits", "optional text"),
        ("order.status == 'open' ? order.status : 'paid'", "\"open\" | \"paid\""),
        ("date(order.placed_at)", "date"),
        ("anything", "any"),
    ];
    for (text, expected) in cases {
        check(text, expected);
    }
}

#[test]
fn a_key_is_text() {
    let world = World::new();
    for (text, expected) in [
        ("order.count", "3"),
        ("order.due", "2026-11-30"),
        ("order.number", "A-17"),
    ] {
        let (expression, shape) = world
            .check_for(text, &Expected::Key)
            .unwrap_or_else(|d| panic!("{text}\n{d}"));
        assert_eq!(shape, Shape::Text);
        assert_eq!(expression.evaluate(&world), Ok(Some(expected.into())), "{text}");
    }
}

#[test]
fn what_is_used_is_told() {
    let text = "order.lines.exists(l, l.item == run.id) && steps.invoice.paid && has(steps.skipped)";
    let (expression, _) = World::new().check(text).unwrap_or_else(|d| panic!("{d}"));
    assert_eq!(expression.roots().collect::<Vec<_>>(), ["order", "run"]);
    assert_eq!(expression.steps_used().collect::<Vec<_>>(), ["invoice", "skipped"]);
}

#[test]
fn what_a_condition_shows_is_told() {
    let text = "has(steps.skipped.total) && order.payment.kind == 'card' && order.status != 'open'";
    let (expression, _) = World::new().check(text).unwrap_or_else(|d| panic!("{d}"));
    let told = |held: bool| -> Vec<String> {
        let known = expression.shows(held).iter();
        known
            .map(|k| {
                format!(
                    "{} {}",
                    k.path.join("."),
                    k.shape.as_ref().map_or("there".into(), Shape::short)
                )
            })
            .collect()
    };
    let expected = [
        "steps.skipped there",
        "steps.skipped.total there",
        "order.payment.kind text \"card\"",
        "order.payment Card",
        "order.status \"paid\" | \"closed\"",
    ];
    assert_eq!(told(true), expected);
    assert_eq!(told(false), Vec::<String>::new());
    let (expression, _) = World::new()
        .check("!(order.status == 'open')")
        .unwrap_or_else(|d| panic!("{d}"));
    assert_eq!(expression.shows(false).len(), 1);
    assert_eq!(
        expression.shows(true)[0].shape,
        Some(Shape::enumeration(["paid", "closed"]))
    );
}

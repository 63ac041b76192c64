//! What is refused, and in which words.

use dragoman_expression::Expected;
use dragoman_schema::Shape;

use crate::world::World;

/// The diagnostics of a text, rendered.
#[track_caller]
fn refused(text: &str) -> String {
    refused_for(text, &Expected::Anything)
}

#[track_caller]
fn refused_for(text: &str, expected: &Expected) -> String {
    match World::new().check_for(text, expected) {
        Ok((_, shape)) => panic!("{text} was accepted as {shape}"),
        Err(diagnostics) => diagnostics,
    }
}

/// Code and place of every diagnostic: `D0302 8..12`.
#[track_caller]
fn check(text: &str, expected: &[(&str, &str)]) {
    let diagnostics = match World::new().diagnose(text, &Expected::Anything) {
        Ok((_, shape)) => panic!("{text} was accepted as {shape}"),
        Err(diagnostics) => diagnostics,
    };
    let found: Vec<(&str, &str)> = diagnostics
        .iter()
        .map(|d| (d.code.id, d.span.as_ref().map_or("", |span| &text[span.range.clone()])))
        .collect();
    assert_eq!(found, expected, "{text}");
}

#[test]
fn what_is_too_long_is_not_read() {
    let characters = format!("'{}'", "a".repeat(20_000));
    check(&characters, &[("D0309", &characters)]);
    // Short enough, but of more words than anybody reads; it is marked where there is one too many.
    let words = format!("1{}", "+1".repeat(800));
    check(&words, &[("D0309", "1")]);
}

#[test]
fn each_mistake_is_marked_at_its_place() {
    check("", &[("D0301", "")]);
    check("order.", &[("D0301", "")]);
    check("order.count = 1", &[("D0301", "=")]);
    check("order.count and true", &[("D0301", "and")]);
    check("order.count > 3 ? true", &[("D0301", "")]);
    check("order.count > 3 ? 'a' else 'b'", &[("D0301", "else")]);
    check("order.note ?? 'none'", &[("D0301", "??")]);
    check("order.number <> 'a'", &[("D0301", "<>")]);
    check("order.count is not 3", &[("D0301", "is not")]);
    check("if order.urgent then 1", &[("D0301", "if")]);
    check("order.count > 1,5", &[("D0301", "1,5")]);
    check("order.status in ('open', 'shipped')", &[("D0301", "(")]);
    check("{item: order.number}", &[("D0302", "item")]);
    check("decimal(1,5) > decimal('1')", &[("D0313", "1,5")]);
    check("1 < order.count < 9", &[("D0304", "<")]);
    check("order.count == order.count", &[("D0323", "order.count == order.count")]);
    check("size(order.lines) < 0", &[("D0323", "size(order.lines) < 0")]);
    check("0 <= size(order.lines)", &[("D0323", "0 <= size(order.lines)")]);
    check("not has(order.note)", &[("D0301", "not")]);
    check("order.lines.map(l => l.item)", &[("D0301", "=>")]);
    check("order.lines.map(l -> l.item)", &[("D0301", "->")]);
    check("default(order.note 'none')", &[("D0301", "'none'")]);
    check("order.number == “a”", &[("D0301", "“a”")]);
    check("'abc", &[("D0301", "'abc")]);
    check("(1", &[("D0301", "(")]);
    check("${{ order.count }}", &[("D0301", "$")]);
    check("orders.count", &[("D0302", "orders")]);
    check("steps.invioce.total", &[("D0302", "invioce")]);
    check("steps", &[("D0302", "steps")]);
    check("open == order.status", &[("D0302", "open")]);
    check("order.nubmer", &[("D0303", "nubmer")]);
    check("order.number.length", &[("D0303", "length")]);
    check("order.lines.item", &[("D0303", "item")]);
    check("order.count + 'a'", &[("D0304", "+")]);
    check("order.lines && true", &[("D0304", "order.lines")]);
    check("order.due == '2026-01-01'", &[("D0304", "==")]);
    check("order.due < order.placed_at", &[("D0304", "<")]);
    check("steps.invoice.total > order.weight", &[("D0304", ">")]);
    check("order.weight * 2", &[("D0304", "*")]);
    check("order.buyer < order.buyer", &[("D0304", "<")]);
    check("upper(order.count)", &[("D0304", "order.count")]);
    check("duration('1d')", &[("D0304", "duration('1d')")]);
    check("order.status == 'opne'", &[("D0305", "'opne'")]);
    check(
        "order.status in ['open', 'opne', 'x']",
        &[("D0305", "'opne'"), ("D0305", "'x'")],
    );
    check("order.number == 1", &[("D0304", "==")]);
    check("order.buyer == true", &[("D0305", "==")]);
    check("order.note == 'a'", &[("D0306", "order.note")]);
    check("steps.skipped.total", &[("D0306", "steps.skipped")]);
    check("has(order.note) || order.note == 'a'", &[("D0306", "order.note")]);
    check("first(order.lines).item", &[("D0306", "first(order.lines)")]);
    check("[order.note]", &[("D0306", "order.note")]);
    check("order.lines.map(l, l.remark)", &[("D0306", "l.remark")]);
    check("order.payment.digits + ''", &[("D0306", "order.payment.digits")]);
    check("order.lines[0]", &[("D0307", "order.lines[0]")]);
    check(
        "order.lines.all(a, order.lines.all(b, order.lines.all(c, true)))",
        &[("D0308", "order.lines.all(c, true)")],
    );
    check(
        "first(order.lines.map(l, l.amount)) > 1",
        &[("D0306", "first(order.lines.map(l, l.amount))")],
    );
    check("order.lines.all(l, l.amount > 1)", &[("D0310", ">")]);
    check("order.lines.map(l, l.amount + 1)", &[("D0310", "+")]);
    check("quantity(1, 'KGM') < quantity(1, 'C62')", &[("D0310", "<")]);
    check(
        "convert(quantity(1, 'KGM'), 'C62')",
        &[("D0310", "convert(quantity(1, 'KGM'), 'C62')")],
    );
    check(
        "convert(quantity(1, 'KGM'), 'GRM') < quantity(1, 'KGM')",
        &[("D0310", "<")],
    );
    check("convert(quantity(1, 'KGM'), 'grams')", &[("D0310", "'grams'")]);
    check("convert(quantity(1, 'XYZ'), 'KGM')", &[("D0310", "quantity(1, 'XYZ')")]);
    check("convert(order.count, 'KGM')", &[("D0304", "order.count")]);
    check(
        "convert(quantity(1, 'KGM'))",
        &[("D0313", "convert(quantity(1, 'KGM'))")],
    );
    check("quantity(1, 'KGM') - quantity(1, 'C62')", &[("D0310", "-")]);
    check(
        "order.lines.all(l, l.amount.unit == 'KGM' && l.amount < quantity(1, 'C62'))",
        &[("D0310", "<")],
    );
    check("anything.number", &[("D0311", "anything")]);
    check("anything == 'a'", &[("D0311", "anything")]);
    check("sizes(order.lines)", &[("D0312", "sizes")]);
    check("now()", &[("D0316", "now")]);
    check("order.number.matches('a+')", &[("D0316", "matches")]);
    check("size()", &[("D0313", "size()")]);
    check("order.lines.all(l)", &[("D0313", "order.lines.all(l)")]);
    check("order.note == null", &[("D0315", "order.note == null")]);
    check("default(order.note, null)", &[("D0315", "null")]);
    check("3u", &[("D0316", "3u")]);
    check("b'a'", &[("D0316", "b'a'")]);
    check("cast(anything, 'orders.gte').number", &[("D0317", "'orders.gte'")]);
    check("steps.shipment.number", &[("D0318", "shipment")]);
    check("true ? 1 : 'a'", &[("D0319", "true ? 1 : 'a'")]);
    check("[1, 'a']", &[("D0319", "'a'")]);
    check("decimal('1,5')", &[("D0321", "'1,5'")]);
    check("int('five')", &[("D0321", "'five'")]);
    check("date('21.11.2026')", &[("D0321", "'21.11.2026'")]);
    check("order.due + duration('ten days')", &[("D0321", "'ten days'")]);
    check("date(order.placed_at, 'Mars')", &[("D0321", "'Mars'")]);
}

#[test]
fn all_mistakes_are_told_at_once_and_none_follows_from_another() {
    check(
        "order.nubmer + (steps.invoice.totl) == size(order.linse)",
        &[("D0303", "nubmer"), ("D0303", "totl"), ("D0303", "linse")],
    );
}

#[test]
fn mistakes_in_words() {
    insta::assert_snapshot!(refused("order.nubmer == 'A-17'"), @"
    error[D0303]: Order has no field `nubmer`
     --> flow.yaml:1:7
      |
    1 | order.nubmer == 'A-17'
      |       ^^^^^^
      |
      = help: did you mean `number`?
    ");
    insta::assert_snapshot!(refused("order.status == 'opne'"), @r#"
    error[D0305]: `order.status` is never "opne"
     --> flow.yaml:1:17
      |
    1 | order.status == 'opne'
      |                 ^^^^^^
      |
      = help: did you mean "open"?
      = help: it is one of "open" | "paid" | "closed"
    "#);
    insta::assert_snapshot!(refused("steps.skipped.total > 3"), @"
    error[D0306]: `steps.skipped` may be absent
     --> flow.yaml:1:1
      |
    1 | steps.skipped.total > 3
      | ^^^^^^^^^^^^^
      |
      = help: test it first: `has(steps.skipped) && ...`, or `has(steps.skipped) ? ... : ...`
      = help: or give another value: `default(steps.skipped.total, ...)`
    ");
    insta::assert_snapshot!(refused("order.lines[0].item"), @"
    error[D0307]: `order.lines[0]` fails where the list is too short
     --> flow.yaml:1:1
      |
    1 | order.lines[0].item
      | ^^^^^^^^^^^^^^
      |
      = help: write `first(order.lines)`
      = help: it is absent where the list is too short: test it with `has(...)`, or use `default(...)`
    ");
    insta::assert_snapshot!(refused("order.lines.item"), @"
    error[D0303]: `order.lines` is list of Line, which has no field `item`
     --> flow.yaml:1:13
      |
    1 | order.lines.item
      |             ^^^^
      |
      = help: for one: `first(order.lines).item`, which may be absent
      = help: for all: `order.lines.map(x, x.item)`
    ");
    insta::assert_snapshot!(refused("order.count = 3"), @"
    error[D0301]: `=` is no operator here
     --> flow.yaml:1:13
      |
    1 | order.count = 3
      |             ^
      |
      = help: to compare, write `==`
    ");
    insta::assert_snapshot!(refused("anything.number"), @r#"
    error[D0311]: nothing is known of `anything`
     --> flow.yaml:1:1
      |
    1 | anything.number
      | ^^^^^^^^
      |
      = help: say what it is: `cast(anything, "connection.operation")`
    "#);
    insta::assert_snapshot!(refused("order.lines.all(l, l.amount > 1)"), @r#"
    error[D0310]: quantity is compared with whole number
     --> flow.yaml:1:29
      |
    1 | order.lines.all(l, l.amount > 1)
      |                             ^
      |
      = help: give the number a unit: `quantity("1", "KGM")`
      = help: or take the bare value: `l.amount.value`
    "#);
    insta::assert_snapshot!(refused("order.note != null"), @"
    error[D0315]: there is no `null` in the language: what is unknown is absent
     --> flow.yaml:1:1
      |
    1 | order.note != null
      | ^^^^^^^^^^^^^^^^^^
      |
      = help: write `has(order.note)`
    ");
    insta::assert_snapshot!(refused("steps.shipment.number"), @"
    error[D0318]: the output of the step `shipment` is not there: it comes later
     --> flow.yaml:1:7
      |
    1 | steps.shipment.number
      |       ^^^^^^^^
      |
      = help: put it before this one
    ");
}

#[test]
fn what_does_not_fit_its_place() {
    insta::assert_snapshot!(refused_for("order.lines", &Expected::Condition), @"
    error[D0314]: here stands a condition: true or false; `order.lines` is list of Line
     --> flow.yaml:1:1
      |
    1 | order.lines
      | ^^^^^^^^^^^
      |
      = help: to ask whether there are any: `size(order.lines) > 0`
    ");
    insta::assert_snapshot!(refused_for("order.number", &Expected::List), @r#"
    error[D0314]: here stands a list; `order.number` is text
     --> flow.yaml:1:1
      |
    1 | order.number
      | ^^^^^^^^^^^^
      |
      = help: for a list of one, write `[order.number]`; of the parts of a text, `order.number.split(",")`
      = help: a value that fits here: `order.lines`, `order.none`
    "#);
    insta::assert_snapshot!(refused_for("order.weight", &Expected::Key), @r#"
    error[D0314]: here stands a key, which is text; `order.weight` is number
     --> flow.yaml:1:1
      |
    1 | order.weight
      | ^^^^^^^^^^^^
      |
      = help: make text of it: `text(order.weight)`
    "#);
    insta::assert_snapshot!(refused_for("order.note", &Expected::Shape(Shape::Text)), @r#"
    error[D0306]: `order.note` may be absent
     --> flow.yaml:1:1
      |
    1 | order.note
      | ^^^^^^^^^^
      |
      = help: test it first: `has(order.note) && ...`, or `has(order.note) ? ... : ...`
      = help: or give another value: `default(order.note, "...")`
    "#);
    insta::assert_snapshot!(refused_for("order.number", &Expected::Shape(Shape::Decimal)), @"
    error[D0314]: expected decimal, found text
     --> flow.yaml:1:1
      |
    1 | order.number
      | ^^^^^^^^^^^^
      |
      = help: make a decimal of it: `decimal(order.number)`
    ");
    let texts = Shape::Text.list();
    insta::assert_snapshot!(refused_for("order.lines", &Expected::Shape(texts)), @"
    error[D0314]: expected text for `[]`, found Line { amount, count, item, remark }
     --> flow.yaml:1:1
      |
    1 | order.lines
      | ^^^^^^^^^^^
      |
      = help: take a field of each: `order.lines.map(x, x.item)` or `order.lines.map(x, x.remark)`
    ");
    let wanted = Shape::object([("item", Shape::Text), ("count", Shape::Integer)]);
    insta::assert_snapshot!(refused_for("{'item': 'a', 'cuont': 1}", &Expected::Shape(wanted.clone())), @"
    error[D0314]: unknown field `cuont`
     --> flow.yaml:1:15
      |
    1 | {'item': 'a', 'cuont': 1}
      |               ^^^^^^^
      |
      = help: did you mean `count`?
    ");
    insta::assert_snapshot!(refused_for("{'item': 'a', 'count': true}", &Expected::Shape(wanted)), @"
    error[D0314]: expected whole number for `count`, found true or false
     --> flow.yaml:1:24
      |
    1 | {'item': 'a', 'count': true}
      |                        ^^^^
      |
      = help: give `count` a value: whole number
    ");
    insta::assert_snapshot!(refused_for("anything", &Expected::Shape(Shape::Text)), @r#"
    error[D0311]: nothing is known of `anything`
     --> flow.yaml:1:1
      |
    1 | anything
      | ^^^^^^^^
      |
      = help: say what it is: `cast(anything, "connection.operation")`
    "#);
}

#[test]
fn places_are_those_of_the_source_where_quoting_moves_them() {
    use dragoman_expression::{Written, check};
    use dragoman_model::{Source, Span};
    // In the source a quote is written twice: the text is one byte shorter from there on.
    let source = Source::new("flow.yaml", "when: 'order.status == ''open'' && order.nubmer == ''a'''");
    let span = Span::new(&source, 6..source.text.len());
    let text = "order.status == 'open' && order.nubmer == 'a'";
    let doubled: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| *c == '\'')
        .map(|(at, _)| at)
        .collect();
    let offset = |at: usize| 7 + at + doubled.iter().filter(|quote| **quote < at).count();
    let written = Written {
        text,
        span: &span,
        offset: &offset,
        quoted: &|_| None,
    };
    let found = check(&written, &World::new().environment, &Expected::Condition)
        .err()
        .unwrap_or_default();
    let marked: Vec<&str> = found
        .iter()
        .flat_map(|d| &d.span)
        .map(|span| &source.text[span.range.clone()])
        .collect();
    assert_eq!(marked, ["nubmer"]);
}

//! What expressions give: (text) -> value, over one environment with its values.

use crate::world::World;
use serde_json::{Value, json};

/// Checks and evaluates; the value, absent as null.
#[track_caller]
fn check(text: &str, expected: Value) {
    let world = World::new();
    let expression = match world.check(text) {
        Ok((expression, _)) => expression,
        Err(diagnostics) => panic!("{text}\n{diagnostics}"),
    };
    match expression.evaluate(&world) {
        Ok(value) => assert_eq!(value.unwrap_or(Value::Null), expected, "{text}"),
        Err(error) => panic!("{text}: {error}"),
    }
}

/// Checks, and fails when it is evaluated.
#[track_caller]
fn fails(text: &str, expected: &str) {
    let world = World::new();
    match world.check(text) {
        Ok((expression, _)) => match expression.evaluate(&world) {
            Err(error) => assert_eq!(error.to_string(), expected, "{text}"),
            Ok(value) => panic!("{text} gave {value:?}"),
        },
        Err(diagnostics) => panic!("{text}\n{diagnostics}"),
    }
}

#[test]
fn literals_lists_and_objects() {
    check("1", json!(1));
    check("-7", json!(-7));
    check("1.5", json!(1.5));
    check("'a' + \"b\"", json!("ab"));
    check("true", json!(true));
    check("[1, 2] + [3]", json!([1, 2, 3]));
    check("[]", json!([]));
    check("{}", json!({}));
    check("{'a': 1, \"b\": [true]}", json!({"a": 1, "b": [true]}));
    check("{order.number: 1}", json!({"A-17": 1}));
    // An absent member is left out.
    check("{'a': order.note, 'b': 1}", json!({"b": 1}));
}

#[test]
fn names_and_fields() {
    check("order.number", json!("A-17"));
    check("order.buyer.city", json!("Basel"));
    check("steps.invoice.total", json!("1200.50"));
    check("steps[\"invoice\"].total", json!("1200.50"));
    check("headers[\"x-trace\"]", json!("t1"));
    check("headers[\"none\"]", Value::Null);
    check("headers[lower('X-TRACE')]", json!("t1"));
    check("order.note", Value::Null);
    check("order[\"number\"]", json!("A-17"));
}

#[test]
fn conditions() {
    check("order.status == 'open' && order.count > 2", json!(true));
    check("order.status != 'open' || !(order.count > 2)", json!(false));
    check("order.count > 2 ? 'many' : 'few'", json!("many"));
    check("order.status in ['open', 'paid']", json!(true));
    check("'x-trace' in headers", json!(true));
    check("3 in [1, 2]", json!(false));
    check("'b' > 'a'", json!(true));
    check("order.lines == (order.lines)", json!(true));
    check("order.buyer != (order.buyer)", json!(false));
}

#[test]
fn absent_values() {
    check("has(order.note)", json!(false));
    check("has(order.buyer.city)", json!(true));
    check("has(steps.skipped.total)", json!(false));
    check("has(steps.skipped) ? steps.skipped.total : 'none'", json!("none"));
    check("has(order.note) && order.note == 'x'", json!(false));
    check("!has(order.note) || order.note.contains('x')", json!(true));
    check("default(order.note, 'nothing')", json!("nothing"));
    check("default(steps.skipped.total, steps.invoice.total)", json!("1200.50"));
    check("default(order.note, order.note)", Value::Null);
    check(
        "first(order.lines)",
        json!({"item": "a", "amount": {"value": "2", "unit": "KGM"}, "count": 3}),
    );
    check("has(first(order.lines)) && first(order.lines).item == 'a'", json!(true));
    check("default(first(order.lines).item, '-')", json!("a"));
    check("default(first(order.none).item, '-')", json!("-"));
    check("default(at(order.lines, 7).item, '-')", json!("-"));
    check("default(last(order.lines).item, '-')", json!("b"));
    // `null` in a value is absent.
    check("has(order.nulled)", json!(false));
}

#[test]
fn arithmetic() {
    check("1 + 2 * 3 - 4", json!(3));
    check("7 / 2", json!(3));
    check("7 % 2", json!(1));
    check("-order.count", json!(-3));
    check("decimal('1.10') + decimal('2.2')", json!("3.30"));
    check("decimal('1.1') + 1", json!("2.1"));
    check("steps.invoice.total * 1.1", json!("1320.550"));
    check("steps.invoice.total > 1200", json!(true));
    check("steps.invoice.total == 1200.5", json!(true));
    check("order.count >= 2.5", json!(true));
    check("decimal(1)", json!("1"));
    check("int('12') + int(decimal('3.00'))", json!(15));
    check("sum(order.lines.map(l, l.count))", json!(7));
    check("sum([decimal('1.5'), decimal('2')])", json!("3.5"));
    check("1.5 * 2.5", json!("3.75"));
    check("0.1 + 0.2 == 0.3", json!(true));
    check("sum([1, 2, 3].filter(n, n > 5))", json!(0));
}

#[test]
fn quantities() {
    check(
        "quantity('1.5', 'KGM') + quantity(2, 'KGM')",
        json!({"value": "3.5", "unit": "KGM"}),
    );
    check("quantity('1.50', 'KGM') == quantity('1.5', 'KGM')", json!(true));
    check(
        "sum(order.lines.map(l, l.amount))",
        json!({"value": "5.5", "unit": "KGM"}),
    );
    check("sum(order.none.map(l, l.amount))", Value::Null);
    check("order.lines.all(l, l.amount < quantity(4, 'KGM'))", json!(true));
    check("order.lines.map(l, l.amount.value)", json!(["2", "3.5"]));
    check("text(quantity('1.5', 'KGM'))", json!("1.5 KGM"));
    check(
        "convert(quantity('1.5', 'KGM'), 'GRM')",
        json!({"value": "1500", "unit": "GRM"}),
    );
    check("quantity(900, 'GRM').convert('KGM') < quantity(1, 'KGM')", json!(true));
    check("convert(quantity(3, 'CEN'), upper('c62')).value", json!("300"));
    check("convert(quantity(3, upper('xyz')), upper('xyz')).value", json!("3"));
    check(
        "order.lines.all(l, convert(l.amount, 'GRM') < quantity(4000, 'GRM'))",
        json!(true),
    );
    fails(
        "convert(quantity(1, upper('kgm')), 'C62')",
        "D0320: `convert(quantity(1, upper('kgm')), 'C62')`: `KGM` is a mass, `C62` a number",
    );
    fails(
        "convert(quantity(1, upper('xyz')), 'KGM')",
        "D0320: `convert(quantity(1, upper('xyz')), 'KGM')`: `XYZ` and `KGM` are not both units that can be converted",
    );
    fails(
        "convert(quantity('0.0000000000000000000000000001', 'MGM'), 'TNE')",
        "D0320: `convert(quantity('0.0000000000000000000000000001', 'MGM'), 'TNE')`: 0.0000000000000000000000000001 MGM is no exact number of TNE",
    );
    fails(
        "quantity(1, 'KGM') < quantity(1, upper('c62'))",
        "D0320: `quantity(1, 'KGM') < quantity(1, upper('c62'))`: quantities in `KGM` and `C62` cannot be compared",
    );
    fails(
        "quantity(1, 'KGM') + quantity(1, upper('c62'))",
        "D0320: `quantity(1, 'KGM') + quantity(1, upper('c62'))`: quantities in `KGM` and `C62` are not converted into each other",
    );
}

#[test]
fn dates_and_times() {
    // Points in time are compared, not their spelling.
    check("order.placed_at == timestamp('2026-11-20T23:30:00Z')", json!(true));
    check("order.placed_at > timestamp('2026-11-20T23:30:01Z')", json!(false));
    check("date(order.placed_at)", json!("2026-11-21"));
    check("date(order.placed_at, 'UTC')", json!("2026-11-20"));
    check("order.due < date('2027-01-01')", json!(true));
    check("order.due + duration('2d')", json!("2026-12-02"));
    check("order.due - duration('1w') <= date(run.now)", json!(false));
    check("order.placed_at + duration('1h30m')", json!("2026-11-21T01:00:00Z"));
    check("order.due > date(order.placed_at)", json!(true));
    // "Without an end", as systems write it.
    check("order.due < date('9999-12-31')", json!(true));
    check("order.placed_at < timestamp('9999-12-31T23:59:59Z')", json!(true));
}

#[test]
fn lists_and_text() {
    check("size(order.lines)", json!(2));
    check("order.number.size()", json!(4));
    check("size('äöü')", json!(3));
    check("order.lines.exists(l, l.item == 'b')", json!(true));
    check("order.lines.exists_one(l, l.count > 0)", json!(false));
    check("order.lines.filter(l, l.count > 3).map(l, l.item)", json!(["b"]));
    check("order.lines.map(l, l.count > 3, l.item)", json!(["b"]));
    check(
        "order.lines.map(l, {'item': l.item, 'n': l.count + 1})",
        json!([{"item":"a","n":4},{"item":"b","n":5}]),
    );
    check("headers.exists(name, name.startsWith('x-'))", json!(true));
    check("headers.map(name, default(headers[name], ''))", json!(["t1"]));
    check("upper(trim('  ab ')) + lower('CD')", json!("ABcd"));
    check("'a,b,,c'.split(',')", json!(["a", "b", "", "c"]));
    check("['a', 'b'].join('|')", json!("a|b"));
    check("unique([1, 2, 1])", json!([1, 2]));
    check("flatten([[1], [], [2, 3]])", json!([1, 2, 3]));
    check("text(order.count) + '/' + text(true)", json!("3/true"));
    check("order.number.endsWith('17')", json!(true));
    check("digest('a') == digest('a')", json!(true));
    check(
        "order.lines.map(l, order.lines.map(m, l.count * m.count))",
        json!([[9, 12], [12, 16]]),
    );
}

#[test]
fn casts_are_checked_at_run_time() {
    check("cast(anything, 'orders.get').number", json!("A-17"));
    check("has(cast(anything, 'orders.get').note)", json!(false));
    fails(
        "cast(wrong, 'orders.get').number",
        "D0320: `wrong`: is not what `orders.get` says: expected date at `due`",
    );
    fails("text(wrong)", "D0320: `text(wrong)`: has no spelling as text");
}

#[test]
fn failures_name_the_part_that_failed() {
    fails(
        "1 + 9223372036854775807",
        "D0320: `1 + 9223372036854775807`: is too large",
    );
    fails(
        "2 * (1 / (order.count - 3))",
        "D0320: `(1 / (order.count - 3))`: divides by zero, or is too large",
    );
    fails("int(order.number)", "D0320: `int(order.number)`: is not a whole number");
    fails("'a'.split('')", "D0320: `'a'.split('')`: splits at nothing");
}

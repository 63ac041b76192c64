//! Expressions that were accepted before: what a stricter program finds in them keeps nothing from being evaluated.

use dragoman_expression::{Environment, Expected};
use dragoman_schema::Shape;
use serde_json::{Value, json};

use crate::world::World;

/// What is refused today, and what it gives where it is trusted.
#[track_caller]
fn check(text: &str, expected: &Expected, gives: Result<Value, &str>) {
    let mut world = World::new();
    assert!(world.check_for(text, expected).is_err(), "{text} is refused today");
    world.environment = Environment::trusting(world.environment, true);
    let (expression, _) = world
        .check_for(text, expected)
        .unwrap_or_else(|found| panic!("{text}\n{found}"));
    let given = expression.evaluate(&world).map(|value| value.unwrap_or(Value::Null));
    match (given, gives) {
        (Ok(given), Ok(wanted)) => assert_eq!(given, wanted, "{text}"),
        (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{text}: {error}"),
        (given, _) => panic!("{text} gave {given:?}"),
    }
}

#[test]
fn what_may_be_absent_fails_where_it_is() {
    check("lower(order.note)", &Expected::Anything, Err("order.note"));
    check(
        "steps.invoice.total + steps.skipped.total",
        &Expected::Anything,
        Err("steps.skipped"),
    );
    let text = Expected::Shape(Shape::Text);
    // Nothing is there to be given: whoever takes it sees that.
    check("order.note", &text, Ok(Value::Null));
    check("order.count", &text, Ok(json!(3)));
}

#[test]
fn what_can_never_be_is_computed() {
    check("order.status == 'payed'", &Expected::Condition, Ok(json!(false)));
    check(
        "order.status in ['open', 'payed']",
        &Expected::Condition,
        Ok(json!(true)),
    );
}

#[test]
fn bounds_of_the_text_are_those_of_the_program_that_accepted_it() {
    let long = format!("'{}'", "a".repeat(5_000));
    check(&long, &Expected::Anything, Ok(json!("a".repeat(5_000))));
}

#[test]
fn what_no_program_can_be_made_of_is_refused_all_the_same() {
    let mut world = World::new();
    world.environment = world.environment.trusting(true);
    for text in [
        "order.",
        "orders.count",
        "order.nubmer",
        "order.count + 'a'",
        "wrong.due",
        "steps.shipment",
    ] {
        assert!(world.check(text).is_err(), "{text}");
    }
}

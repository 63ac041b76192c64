//! What a connector says of itself, and what it finds wrong with a configuration.
#![allow(missing_docs, unreachable_pub)]

mod shop;

use dragoman_guest::connector::{Operation, OperationEffect};
use dragoman_guest::testing;
use serde_json::{Value, json};
use shop::Acme;

#[test]
fn the_descriptor_says_what_the_attributes_say() {
    let said = testing::describe::<Acme>();
    assert_eq!((said.name, said.summary), ("acme", "Orders of the ACME shop."));
    assert_eq!(said.version, env!("CARGO_PKG_VERSION"));
    assert_eq!((said.endpoints, said.credentials), (vec!["api"], vec!["seal"]));
    let names: Vec<_> = said.operations.iter().map(|operation| operation.name).collect();
    assert_eq!(names, ["get", "place", "cancel", "count", "read"]);
    let [get, place, cancel, ..] = said.operations.as_slice() else {
        panic!("three operations and more");
    };
    let check = |operation: &Operation, effect, has_probe, undo| {
        let found = (operation.effect, operation.has_probe, operation.undo);
        assert_eq!(found, (effect, has_probe, undo), "{}", operation.name);
    };
    check(get, OperationEffect::Read, false, None);
    check(place, OperationEffect::Once(Some(90)), true, Some("cancel"));
    check(cancel, OperationEffect::Idempotent(Some(86_400)), false, None);
    assert_eq!(
        (&get.documents, &get.codes),
        (&vec!["message"], &vec!["order.not_found"])
    );
    assert_eq!(get.summary, "Gets an order.");
    assert_eq!(place.attributes, [("cost", "high")]);
}

/// Compares one place of a schema.
fn check(schema: &Value, pointer: &str, expected: Value) {
    let found = schema.pointer(pointer).unwrap_or(&Value::Null);
    assert_eq!(found, &expected, "{pointer} in {schema:#}");
}

#[test]
fn schemas_are_in_the_hosts_profile() {
    let said = testing::describe::<Acme>();
    let order = &said.operations[1].input_schema;
    check(order, "/type", json!("object"));
    check(order, "/required", json!(["number"]));
    check(
        order,
        "/properties/number",
        json!({ "type": "string", "description": "Its number." }),
    );
    check(order, "/properties/status/$ref", json!("#/$defs/Status"));
    check(order, "/properties/status/anyOf", Value::Null);
    check(order, "/properties/status/description", json!("How far it is."));
    check(order, "/$defs/Status/enum", json!(["taken", "on_its_way"]));
    check(order, "/$defs/Status/oneOf", Value::Null);
    check(order, "/$defs/Document/x-type", json!("document"));
    check(order, "/$defs/Payment/oneOf/1/properties/kind/const", json!("transfer"));
    check(order, "/$defs/Payment/oneOf/1/properties/subject/type", json!("string"));
    check(order, "/$defs/Payment/oneOf/1/required", json!(["kind", "account"]));
    assert!(!order.to_string().contains("null"), "{order:#}");
    let text = order
        .pointer("/$defs/Status/description")
        .and_then(Value::as_str)
        .unwrap();
    assert_eq!(
        text,
        "How far an order is.\n\n- `taken`: It was taken.\n- `on_its_way`: It is on its way."
    );
    check(&said.operations[2].output_schema, "/type", json!("object"));
    check(&said.operations[3].input_schema, "/type", json!("object"));
    check(&said.config_schema, "/required", json!(["country"]));
    check(&said.config_schema, "/properties/version/default", json!(1));
}

#[test]
fn configurations_are_checked() {
    for (config, expected) in [
        (json!({ "country": "FR" }), vec![]),
        (json!({ "country": "FR", "version": 2 }), vec![]),
        (json!({ "country": "FRA" }), vec![("/country", "country.length")]),
        (json!({ "country": 5 }), vec![("/country", "config.invalid")]),
        (json!({}), vec![("", "config.invalid")]),
        (json!("x"), vec![("", "config.invalid")]),
    ] {
        let issues = testing::check_config::<Acme>(config.clone());
        let found: Vec<_> = issues
            .iter()
            .map(|issue| (issue.path.as_str(), issue.code.as_str()))
            .collect();
        assert_eq!(found, expected, "{config}");
    }
}

//! Marks of schemas, and of what is built of their values.

use dragoman_schema::{Marks, Sensitivity};
use serde_json::{Value, json};

const PERSONAL: Sensitivity = Sensitivity::Personal;

fn schema() -> Value {
    json!({
        "type": "object",
        "properties": {
            "number": { "type": "string" },
            "customer": { "$ref": "#/$defs/Customer" },
            "seen_by": { "type": "array", "items": { "$ref": "#/$defs/Customer" } },
            "key": { "type": "string", "x-secret": true },
            "notes": { "type": "object", "additionalProperties": { "type": "string", "x-personal": true } },
        },
        "$defs": { "Customer": { "type": "object", "properties": {
            "name": { "type": "string", "x-personal": true },
            "country": { "type": "string" },
            "parent": { "$ref": "#/$defs/Customer" },
        } } },
    })
}

/// The first personal field at a path; `[]` is an item.
fn personal(marks: &Marks, path: &str) -> Option<String> {
    let mut at = marks.clone();
    for segment in path.split('.').filter(|segment| !segment.is_empty()) {
        at = if segment == "[]" { at.item() } else { at.field(segment) };
    }
    at.beyond(&Marks::default(), PERSONAL).map(str::to_owned)
}

#[test]
fn marks_stand_at_the_fields_that_schemas_mark() {
    let marks = Marks::of_schema(&schema());
    let check = |path: &str, expected: Option<&str>| {
        assert_eq!(personal(&marks, path).as_deref(), expected, "{path}");
    };
    check("", Some("customer.name"));
    check("number", None);
    check("customer.name", Some("customer.name"));
    check("customer.country", None);
    check("seen_by.[].name", Some("seen_by.name"));
    check("notes.anything", Some("notes"));
    check("key", None);
    let secret = |field: &str| {
        marks
            .field(field)
            .beyond(&Marks::default(), Sensitivity::Secret)
            .is_some()
    };
    assert!(secret("key") && !secret("customer"));
}

#[test]
fn what_is_built_of_a_marked_value_is_marked() {
    let marks = Marks::of_schema(&schema());
    assert_eq!(personal(&marks.mixed(), "x").as_deref(), Some("customer.name"));
    assert!(marks.field("number").mixed().is_none());
    let either = marks.field("number").with(&marks.field("customer"));
    assert_eq!(personal(&either, "name").as_deref(), Some("customer.name"));
    assert_eq!(personal(&either.clone().list(), "[].country"), None);
    assert_eq!(
        personal(&Marks::object([("a".to_owned(), either)]), "a.name").as_deref(),
        Some("customer.name")
    );
}

#[test]
fn a_mark_is_allowed_where_the_other_side_has_it() {
    let marks = Marks::of_schema(&schema());
    let allowed = |schema: Value| marks.beyond(&Marks::of_schema(&schema), PERSONAL).map(str::to_owned);
    assert_eq!(allowed(schema()), None);
    assert_eq!(allowed(json!({ "x-personal": true })), None);
    let narrower = json!({ "properties": { "customer": { "x-personal": true } } });
    assert_eq!(allowed(narrower).as_deref(), Some("notes"));
}

//! Which members of a value its schema has no name for.

use dragoman_schema::unknown_members;
use serde_json::{Value, json};

/// What is unknown, each as `path name -> nearest`.
#[track_caller]
fn check(schema: &Value, value: Value, expected: &[&str]) {
    let found: Vec<String> = unknown_members(schema, &value)
        .into_iter()
        .map(|u| format!("{}/{} -> {}", u.path, u.name, u.nearest.as_deref().unwrap_or("?")))
        .collect();
    assert_eq!(found, expected, "{value} in {schema}");
}

/// A schema as it is generated: open by JSON Schema's default everywhere.
fn generated() -> Value {
    json!({
        "title": "Config", "type": "object",
        "properties": {
            "approver": {"$ref": "#/$defs/Approver"},
            "rows": {"type": "array", "items": {"$ref": "#/$defs/Row"}},
            "limits": {"anyOf": [{"$ref": "#/$defs/Limits"}, {"type": "null"}]},
            "labels": {"type": "object", "additionalProperties": {"$ref": "#/$defs/Row"}},
            "free": {"type": "object"},
            "any": true,
        },
        "$defs": {
            "Approver": {"type": "string", "enum": ["duty", "confirm"]},
            "Row": {"type": "object", "properties": {"code": {"type": "string"}}},
            "Limits": {"type": "object", "properties": {"highest": {"type": "integer"}}},
        },
    })
}

#[test]
fn misspelt_names_are_found_at_every_depth() {
    let schema = generated();
    check(&schema, json!({}), &[]);
    check(&schema, json!({"approver": "confirm", "rows": [{"code": "a"}]}), &[]);
    check(&schema, json!({"aprover": "confirm"}), &["/aprover -> approver"]);
    check(
        &schema,
        json!({"rows": [{"code": "a"}, {"coed": "b"}]}),
        &["/rows/1/coed -> code"],
    );
    check(
        &schema,
        json!({"limits": {"higest": 1}}),
        &["/limits/higest -> highest"],
    );
    check(&schema, json!({"limits": null, "banana": 1}), &["/banana -> ?"]);
    check(
        &schema,
        json!({"labels": {"x/y": {"cod": "c"}}}),
        &["/labels/x~1y/cod -> code"],
    );
    check(
        &json!({"title": "Config", "type": "object"}),
        json!({"a": 1}),
        &["/a -> ?"],
    );
}

#[test]
fn what_the_schema_leaves_open_stays_open() {
    let schema = generated();
    check(&schema, json!({"free": {"a": {"b": 1}}, "any": {"c": 1}}), &[]);
    check(&json!({}), json!({"a": 1}), &[]);
    check(&json!(true), json!({"a": 1}), &[]);
    let mut open = schema;
    for further in [json!(true), json!({"type": "string"}), json!({})] {
        open["additionalProperties"] = further;
        check(&open, json!({"aprover": "confirm"}), &[]);
        check(&open, json!({"rows": [{"coed": "b"}]}), &["/rows/0/coed -> code"]);
    }
    open["additionalProperties"] = json!(false);
    check(&open, json!({"aprover": "confirm"}), &["/aprover -> approver"]);
}

#[test]
fn of_alternatives_the_one_that_is_meant_counts() {
    let variant = |kind: &str, name: &str| json!({"type": "object", "properties": {"kind": {"const": kind}, name: {}}});
    let schema = json!({"type": "object", "title": "Config", "oneOf": [variant("a", "first"), variant("b", "second")]});
    check(&schema, json!({"kind": "a", "first": 1}), &[]);
    check(&schema, json!({"kind": "b", "first": 1}), &["/first -> ?"]);
    let both = json!({"allOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]});
    check(&both, json!({"a": 1, "b": 2}), &[]);
    check(&both, json!({"c": 3}), &["/c -> ?"]);
    let either = json!({"properties": {"a": {"anyOf": [{"type": "string"}, {}]}}});
    check(&either, json!({"a": {"b": 1}}), &[]);
}

#[test]
fn a_schema_without_end_is_left_alone() {
    check(&json!({"$ref": "#"}), json!({"a": 1}), &[]);
    let doubling =
        json!({"$defs": {"x": {"allOf": [{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/x"}]}}, "$ref": "#/$defs/x"});
    check(&doubling, json!({"a": 1}), &[]);
}

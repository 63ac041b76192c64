//! Shapes out of schemas, what fits into what, and which values they accept.

use dragoman_schema::{Lookup, Shape, Validator};
use serde_json::{Value, json};

/// A schema's shape in words, and the pointers of what lies outside the profile.
#[track_caller]
fn check(schema: Value, expected: &str, notes: &[&str]) {
    let (shape, found) = Shape::from_schema(&schema);
    assert_eq!(shape.describe(), expected, "{schema}");
    let pointers: Vec<&str> = found.iter().map(|note| note.pointer.as_str()).collect();
    assert_eq!(pointers, notes, "{schema}: {found:?}");
}

#[test]
fn the_profile_is_read() {
    check(json!(true), "any", &[]);
    check(json!({}), "any", &[]);
    check(json!({"description": "anything"}), "any", &[]);
    check(json!({"type": "string"}), "text", &[]);
    check(json!({"type": ["string", "null"]}), "optional text", &[]);
    check(json!({"type": "string", "format": "decimal"}), "decimal", &[]);
    check(json!({"type": "string", "format": "date"}), "date", &[]);
    check(json!({"type": "string", "format": "date-time"}), "date-time", &[]);
    check(json!({"type": "string", "format": "uuid"}), "text", &[]);
    check(json!({"type": "integer", "minimum": 0}), "whole number", &[]);
    check(json!({"type": "null"}), "nothing", &[]);
    check(json!({"enum": ["a", "b"]}), "\"a\" | \"b\"", &[]);
    check(json!({"enum": ["a", null]}), "optional text \"a\"", &[]);
    check(json!({"const": "a"}), "text \"a\"", &[]);
    check(json!({"const": 1}), "whole number", &[]);
    check(
        json!({"oneOf": [{"type": "string", "const": "a"}, {"type": "string", "enum": ["b"]}]}),
        "\"a\" | \"b\"",
        &[],
    );
    check(json!({"x-type": "quantity", "type": "object"}), "quantity", &[]);
    check(json!({"x-type": "document"}), "document", &[]);
    check(
        json!({"type": "array", "items": {"type": "boolean"}}),
        "list of true or false",
        &[],
    );
    check(
        json!({"type": "object", "additionalProperties": {"type": "string"}}),
        "map of text",
        &[],
    );
    check(json!({"type": "object"}), "map of any", &[]);
    check(json!({"type": "object", "title": "Empty"}), "Empty {  }", &[]);
    check(
        json!({"properties": {"b": {"type": "string"}, "a": {"type": "string"}}}),
        "{ a, b }",
        &[],
    );
    check(
        json!({"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        "optional whole number",
        &[],
    );
    check(json!({"allOf": [{"type": "integer"}]}), "whole number", &[]);
}

#[test]
fn what_lies_outside_is_any_and_noted() {
    check(json!({"type": ["string", "integer"]}), "any", &[""]);
    check(json!({"enum": [1, 2]}), "any", &[""]);
    check(json!({"type": "array"}), "list of any", &[""]);
    check(json!({"x-type": "colour"}), "any", &[""]);
    check(json!({"allOf": [{"type": "integer"}, {"minimum": 1}]}), "any", &[""]);
    check(
        json!({"properties": {"a": {"$ref": "#/$defs/none"}}}),
        "{ a }",
        &["/properties/a"],
    );
    check(
        json!({"properties": {"a": {"$ref": "https://example.org/x"}}}),
        "{ a }",
        &["/properties/a"],
    );
    check(
        json!({"anyOf": [{"type": "string"}, {"type": "object", "properties": {}}]}),
        "any",
        &[""],
    );
}

#[test]
fn references_are_followed_and_cycles_end() {
    let tree = json!({
        "$ref": "#/$defs/Node",
        "$defs": { "Node": { "type": "object", "required": ["value"], "properties": {
            "value": { "type": "integer" },
            "next": { "anyOf": [{ "$ref": "#/$defs/Node" }, { "type": "null" }] } } } }
    });
    check(
        tree.clone(),
        "Node { next, value }",
        &["/$defs/Node/properties/next/anyOf/0"],
    );
    let (shape, _) = Shape::from_schema(&tree);
    assert_eq!(shape.field("next"), Lookup::Found(Shape::Any.optional()));
    // Every level refers to the next one twice: unfolded it would have 2^60 places.
    let levels = (0..60).map(|n| {
        let next = json!({ "$ref": format!("#/$defs/L{}", n + 1) });
        (
            format!("L{n}"),
            json!({ "type": "object", "properties": { "a": next, "b": next } }),
        )
    });
    let defs: serde_json::Map<String, Value> = levels.collect();
    let (_, notes) = Shape::from_schema(&json!({ "$ref": "#/$defs/L0", "$defs": defs }));
    assert!(notes.iter().any(|note| note.message.contains("too large")));
    let deep = (0..200).fold(
        json!({"type": "string"}),
        |inner, _| json!({"type": "array", "items": inner}),
    );
    assert!(!Shape::from_schema(&deep).1.is_empty());
}

fn payment() -> Shape {
    Shape::from_schema(&json!({ "oneOf": [
        { "title": "Card", "type": "object", "required": ["kind", "digits"],
          "properties": { "kind": { "const": "card" }, "digits": { "type": "string" } } },
        { "title": "Transfer", "type": "object", "required": ["kind", "iban"],
          "properties": { "kind": { "const": "transfer" }, "iban": { "type": "string" } } }
    ]}))
    .0
}

#[test]
fn variants_are_told_apart_by_a_constant() {
    let shape = payment();
    assert_eq!(shape.describe(), "one of Card | Transfer");
    assert_eq!(shape.discriminator(), Some("kind"));
    assert_eq!(
        shape.field("kind"),
        Lookup::Found(Shape::enumeration(["card", "transfer"]))
    );
    assert_eq!(shape.field("iban"), Lookup::Found(Shape::Text.optional()));
    assert_eq!(shape.field("ibna"), Lookup::Unknown);
    let untold = json!({ "oneOf": [
        { "type": "object", "properties": { "a": { "type": "string" } } },
        { "type": "object", "properties": { "b": { "type": "string" } } }
    ]});
    check(untold, "any", &[""]);
}

#[test]
fn what_fits_into_what() {
    let order = || {
        let fields = [
            ("number", Shape::Text),
            ("note", Shape::Text.optional()),
            ("lines", Shape::Integer.list()),
        ];
        Shape::Object(dragoman_schema::ObjectShape::named("Order", fields).into())
    };
    let asked = Shape::object([("number", Shape::Text), ("note", Shape::Text.optional())]);
    let ab = || Shape::enumeration(["a", "b"]);
    let written = |fields: &[(&str, Shape)]| Shape::object(fields.iter().cloned());
    let cases = [
        (Shape::Integer, Shape::Number, ""),
        (Shape::Number, Shape::Integer, "expected whole number, found number"),
        (Shape::Decimal, Shape::Text, ""),
        (Shape::Text, Shape::Decimal, "expected decimal, found text"),
        (Shape::enumeration(["a"]), ab(), ""),
        (
            ab(),
            Shape::enumeration(["a"]),
            "expected text \"a\", found \"a\" | \"b\"",
        ),
        (Shape::Text, Shape::Text.optional(), ""),
        (
            Shape::Text.optional(),
            Shape::Text,
            "expected text, found a value that may be absent",
        ),
        (
            Shape::Any,
            Shape::Text,
            "expected text, found a value of which nothing is known",
        ),
        (Shape::Text, Shape::Any, ""),
        (Shape::Nothing, Shape::Text.optional(), ""),
        (
            Shape::Text.list(),
            Shape::Decimal.list(),
            "expected decimal for `[]`, found text",
        ),
        (Shape::never().list(), Shape::Decimal.list(), ""),
        // A named object may have more than is asked for; one written on the spot may not.
        (order(), asked.clone(), ""),
        (written(&[("number", Shape::Text)]), asked.clone(), ""),
        (
            written(&[("note", Shape::Text)]),
            asked.clone(),
            "missing `number` (text)",
        ),
        (
            written(&[("nubmer", Shape::Text)]),
            asked.clone(),
            "unknown field `nubmer`",
        ),
        (
            written(&[("number", Shape::Integer)]),
            asked,
            "expected text for `number`, found whole number",
        ),
        (
            written(&[("value", Shape::Decimal), ("unit", Shape::Text)]),
            Shape::Quantity,
            "",
        ),
        (
            written(&[("value", Shape::Integer), ("unit", Shape::Text)]),
            Shape::Quantity,
            "expected decimal for `value`, found whole number",
        ),
        (
            written(&[("a", Shape::Text), ("b", Shape::Text)]),
            Shape::Text.map(),
            "",
        ),
        (
            written(&[("kind", Shape::enumeration(["card"])), ("digits", Shape::Text)]),
            payment(),
            "",
        ),
        (payment(), Shape::object([("kind", Shape::Text)]), ""),
    ];
    for (from, into, expected) in cases {
        let found = from.fits(&into).err().map(|m| m.to_string()).unwrap_or_default();
        assert_eq!(found, expected, "{from} into {into}");
    }
}

#[test]
fn what_is_common_to_two() {
    let a = Shape::object([("a", Shape::Integer)]);
    let b = Shape::object([("b", Shape::Integer)]);
    let cases = [
        (Shape::Text, Shape::Nothing, Some("optional text")),
        (
            Shape::enumeration(["a"]),
            Shape::enumeration(["b"]),
            Some("\"a\" | \"b\""),
        ),
        (Shape::Date, Shape::Text, Some("text")),
        (Shape::Integer, Shape::Number, Some("number")),
        (Shape::Integer, Shape::Text, None),
        (Shape::never(), Shape::Quantity, Some("quantity")),
        (a.clone().list(), b.clone().list(), Some("list of { a, b }")),
        (a, Shape::Text, None),
        (b, Shape::Any, Some("any")),
    ];
    for (left, right, expected) in cases {
        assert_eq!(
            left.join(&right).map(|s| s.describe()).as_deref(),
            expected,
            "{left} and {right}"
        );
        assert_eq!(right.join(&left).is_some(), expected.is_some(), "{right} and {left}");
    }
}

#[test]
fn a_value_is_refused_with_the_place() {
    let (shape, _) = Shape::from_schema(&json!({
        "type": "object", "required": ["on", "lines"],
        "properties": {
            "on": { "type": "string", "format": "date" },
            "lines": { "type": "array", "items": { "x-type": "quantity" } },
            "note": { "type": "string" },
            "tags": { "type": "object", "additionalProperties": { "type": "string" } }
        }
    }));
    let line = json!({"value": "1.5", "unit": "KGM"});
    let cases = [
        (json!({"on": "2026-02-28", "lines": [line], "further": 1}), None),
        (json!({"on": "2026-02-28", "lines": [], "note": null}), None),
        (
            json!({"on": "2026-02-28", "lines": [], "tags": {"a": "b", "c": null}}),
            None,
        ),
        (
            json!({"on": "2026-02-28", "lines": [], "tags": {"a": 1}}),
            Some(("tags.a", "text")),
        ),
        (json!({"on": "2026-02-30", "lines": []}), Some(("on", "date"))),
        (json!({"on": "2026-02-28"}), Some(("lines", "list of quantity"))),
        (
            json!({"on": "2026-02-28", "lines": [line, {"value": 1.5, "unit": "KGM"}]}),
            Some(("lines[1].value", "decimal")),
        ),
        (
            json!({"on": "2026-02-28", "lines": [{"value": "1"}]}),
            Some(("lines[0].unit", "text")),
        ),
        (json!([]), Some(("", "{ lines, note, on, tags }"))),
    ];
    for (value, expected) in cases {
        let expected = expected.map(|(path, shape)| (path.to_owned(), shape.to_owned()));
        assert_eq!(shape.refusal(&value), expected, "{value}");
    }
}

#[test]
fn formats_are_those_of_the_standards() {
    let cases = [
        (
            Shape::Decimal,
            vec!["0", "-1.50", "+3", "12345678901234567890123456789012345"],
            vec!["", ".5", "5.", "1e3", " 1", "1,5", "-", "٣"],
        ),
        (
            Shape::Date,
            vec!["2026-11-21", "2024-02-29", "9999-12-31", "0001-01-01"],
            vec!["2026-02-29", "21.11.2026", "2026-11-21T00:00:00Z", "20261121", ""],
        ),
        (
            Shape::DateTime,
            vec![
                "2026-11-21T18:00:00Z",
                "2026-11-21T18:00:00.120+01:00",
                "9999-12-31T23:59:59Z",
                "2026-06-30T23:59:60Z",
            ],
            vec![
                "2026-11-21T18:00:00",
                "2026-11-21",
                "2026-11-21 18:00:00Z",
                "2026-11-21T18:00:00.Z",
                "2026-11-21T24:00:00Z",
                "2026-11-21T18:00:00+1:00",
                "2026-11-2äT18:00:00Z",
                "2026-13-21T18:00:00Z",
            ],
        ),
    ];
    for (shape, right, wrong) in cases {
        for text in right {
            assert!(shape.accepts(&json!(text)), "{shape}: {text}");
        }
        for text in wrong {
            assert!(!shape.accepts(&json!(text)), "{shape}: {text}");
        }
    }
}

#[test]
fn instances_are_validated_with_their_place() {
    let schema = json!({
        "type": "object", "required": ["number", "amount"], "additionalProperties": false,
        "properties": {
            "number": { "type": "string", "maxLength": 5 },
            "amount": { "type": "string", "format": "decimal" },
            "state": { "enum": ["open", "closed"] },
            "lines": { "type": "array", "items": { "type": "integer", "minimum": 1 } }
        }
    });
    let validator = Validator::new(&schema).unwrap_or_else(|e| panic!("{e}"));
    let cases = [
        (json!({"number": "a", "amount": "1.5"}), vec![]),
        (json!({"number": "a"}), vec!["required  `amount` is missing"]),
        (
            json!({"number": 1, "amount": "1.5"}),
            vec!["type /number 1 is of the wrong type"],
        ),
        (
            json!({"number": "a", "amount": "1,5"}),
            vec!["format /amount \"1,5\" is not a decimal"],
        ),
        (
            json!({"number": "a", "amount": "1", "state": "opne"}),
            vec!["enum /state \"opne\" is not one of open, closed; did you mean `open`?"],
        ),
        (
            json!({"number": "a", "amount": "1", "colour": 1}),
            vec!["additionalProperties  unknown field `colour`"],
        ),
        (
            json!({"number": "a", "amount": "1", "lines": [1, 0]}),
            vec!["minimum /lines/1 value is less than the minimum of 1"],
        ),
    ];
    for (value, expected) in cases {
        let issues = validator.check(&value);
        let found: Vec<String> = issues
            .iter()
            .map(|i| format!("{} {} {}", i.code, i.path, i.message))
            .collect();
        assert_eq!(found, expected, "{value}");
        assert_eq!(validator.accepts(&value), expected.is_empty());
    }
    assert!(Validator::new(&json!({"type": "colour"})).is_err());
    assert!(Validator::new(&json!({"$ref": "https://example.org/schema"})).is_err());
    let many = json!({"number": "a", "amount": "1", "lines": vec![0; 10_000]});
    assert_eq!(validator.check(&many).len(), 50);
}

//! What a schema of the profile accepts, its shape accepts; and a value fits where its own shape is asked for.

use dragoman_schema::{Shape, Validator};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// A schema of the profile with a value that it accepts.
fn pair() -> impl Strategy<Value = (Value, Value)> {
    let leaf = prop::sample::select(vec![
        (json!({ "type": "string" }), json!("a")),
        (json!({ "type": "string", "format": "decimal" }), json!("-0.50")),
        (json!({ "type": "string", "format": "date" }), json!("9999-12-31")),
        (
            json!({ "type": "string", "format": "date-time" }),
            json!("2026-11-21T18:00:00.5+01:00"),
        ),
        (json!({ "type": "integer" }), json!(3.0)),
        (json!({ "type": "integer", "minimum": 0 }), json!(u64::MAX)),
        (json!({ "type": "number" }), json!(-1e300)),
        (json!({ "type": "boolean" }), json!(false)),
        (json!({ "enum": ["a", "b"] }), json!("b")),
        (json!({ "enum": ["a", null] }), json!(null)),
        (json!({ "const": "a" }), json!("a")),
        (json!({ "type": ["integer", "null"] }), json!(null)),
        (json!({ "type": "null" }), json!(null)),
        (json!({}), json!({ "a": [null] })),
        (json!(true), json!(1)),
        (json!({ "type": ["string", "integer"] }), json!("a")),
        (
            json!({ "x-type": "quantity", "type": "object", "required": ["value", "unit"], "properties": {
                "value": { "type": "string", "format": "decimal" }, "unit": { "type": "string" },
                "qualifier": { "type": "string" }, "original_unit": { "type": "string" } } }),
            json!({ "value": "1", "unit": "KGM", "qualifier": "G", "further": 1 }),
        ),
    ]);
    leaf.prop_recursive(4, 24, 4, |inner| {
        let field = (inner.clone(), any::<bool>(), any::<bool>());
        prop_oneof![
            prop::collection::vec(field, 0..4).prop_map(object),
            inner
                .clone()
                .prop_map(|(s, v)| (json!({ "type": "array", "items": s }), json!([v, v]))),
            inner.clone().prop_map(|(s, v)| (
                json!({ "type": "object", "additionalProperties": s }),
                json!({ "k": v })
            )),
            inner
                .clone()
                .prop_map(|(s, v)| (json!({ "anyOf": [s, { "type": "null" }] }), v)),
            inner
                .clone()
                .prop_map(|(s, v)| (json!({ "allOf": [s], "description": "d" }), v)),
            (inner.clone(), inner.clone())
                .prop_map(|((a, v), (b, _))| (variants(a, b), json!({ "kind": "a", "of": v }))),
            inner.prop_map(|(s, v)| (json!({ "$ref": "#/$defs/X", "$defs": { "X": s } }), v)),
        ]
    })
}

fn object(fields: Vec<((Value, Value), bool, bool)>) -> (Value, Value) {
    let (mut properties, mut required, mut members) = (Map::new(), Vec::new(), Map::new());
    for (index, ((schema, value), needed, there)) in fields.into_iter().enumerate() {
        let name = format!("f{index}");
        properties.insert(name.clone(), schema);
        if needed {
            required.push(name.clone());
        }
        if needed || there {
            members.insert(name, value);
        }
    }
    (
        json!({ "type": "object", "properties": properties, "required": required }),
        Value::Object(members),
    )
}

fn variants(a: Value, b: Value) -> Value {
    let variant = |kind: &str, of: Value| json!({ "type": "object", "required": ["kind", "of"], "properties": { "kind": { "const": kind }, "of": of } });
    json!({ "oneOf": [variant("a", a), variant("b", b)] })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn what_a_schema_accepts_its_shape_accepts(one in pair(), other in pair()) {
        // A reference points to the root: where one was nested in another schema it leads nowhere, and nothing is compiled.
        if let Ok(validator) = Validator::new(&one.0) {
            let (shape, _) = Shape::from_schema(&one.0);
            for value in [&one.1, &other.1] {
                if validator.accepts(value) {
                    prop_assert_eq!(shape.refusal(value), None, "{} {} {}", one.0, shape, value);
                }
            }
        }
    }

    #[test]
    fn a_shape_fits_itself_and_what_is_common_with_another(one in pair(), other in pair()) {
        let (a, _) = Shape::from_schema(&one.0);
        let (b, _) = Shape::from_schema(&other.0);
        prop_assert_eq!(a.fits(&a), Ok(()));
        prop_assert_eq!(a.fits(&a.clone().optional()), Ok(()));
        if let Some(both) = a.join(&b) {
            for shape in [&a, &b] {
                // What is nothing, or not known, is let in only by any.
                if *shape != Shape::Any {
                    prop_assert_eq!(shape.fits(&both), Ok(()), "{} and {} give {}", a, b, both);
                }
            }
            for value in [&one.1, &other.1] {
                if a.accepts(value) || b.accepts(value) {
                    prop_assert!(both.accepts(value), "{} and {} give {}, not {}", a, b, both, value);
                }
            }
        }
    }

    #[test]
    fn no_value_as_a_schema_makes_it_panic(text in "[{}\\[\\]\":,a-z$#/0-9]{0,60}", other in pair()) {
        let schema = serde_json::from_str(&text).unwrap_or(other.1);
        let (shape, _) = Shape::from_schema(&schema);
        shape.describe();
        let _ = Validator::new(&schema);
    }
}

//! The committed schemas are those of the types. `UPDATE_SCHEMAS=1 cargo test -p dragoman-documents` writes them anew.

use dragoman_documents::schema;
use serde_json::Value;
use std::path::Path;

#[test]
fn committed_schemas_are_up_to_date() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    for (name, schema) in schema::all() {
        let path = folder.join(format!("{name}.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if update {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        // Compared as values: the order of the fields is not part of a schema.
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            serde_json::from_str::<Value>(&committed).ok() == Some(schema),
            "schemas/{name}.json is not that of the type: run with UPDATE_SCHEMAS=1 and commit it"
        );
    }
    let files = std::fs::read_dir(&folder).unwrap().count();
    assert_eq!(files, schema::all().len(), "a schema without a type is left over");
}

/// Calls the function for every object in a schema.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    visit(value);
    match value {
        Value::Array(items) => items.iter().for_each(|item| walk(item, visit)),
        Value::Object(fields) => fields.values().for_each(|field| walk(field, visit)),
        _ => {}
    }
}

#[test]
fn schemas_keep_to_the_profile() {
    for (name, schema) in schema::all() {
        walk(&schema, &mut |value| {
            let Value::Object(object) = value else { return };
            for word in ["anyOf", "oneOf", "allOf", "additionalProperties", "default", "not"] {
                assert!(!object.contains_key(word), "{name}: {word} in {value}");
            }
            if let Some(kind) = object.get("type") {
                assert!(kind.is_string() || kind.is_object(), "{name}: {value}");
            }
            if let Some(Value::Object(properties)) = object.get("properties") {
                for (property, shape) in properties {
                    assert!(shape.get("description").is_some(), "{name}: {property} says nothing");
                }
            }
        });
    }
}

#[test]
fn lists_and_quantities_are_marked() {
    let schema: Value = schema::of::<dragoman_documents::Declaration>();
    let required = schema["required"].as_array().unwrap();
    for list in ["goods", "permits", "waivers", "id"] {
        assert!(required.contains(&Value::from(list)), "{list} is not required");
    }
    assert!(!required.contains(&Value::from("containers")));
    assert_eq!(schema["$defs"]["Quantity"]["x-type"], "quantity");
    assert_eq!(schema["$defs"]["Quantity"]["properties"]["value"]["format"], "decimal");
}

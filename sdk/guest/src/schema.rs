//! JSON Schemas from types, in the profile that the host's checker understands.
//!
//! schemars writes `Option` as "or null" and an enum with documented cases as a list of constants. Absent is
//! absent here, so an optional property loses its null, and the constants become one `enum`.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value};

/// The schema of a payload that goes in: what the type reads.
pub(crate) fn of_input<T: JsonSchema>() -> Value {
    plain(generate::<T>(SchemaSettings::draft2020_12().for_deserialize()))
}

/// The schema of a payload that comes out: what the type writes.
pub(crate) fn of_output<T: JsonSchema>() -> Value {
    plain(generate::<T>(SchemaSettings::draft2020_12().for_serialize()))
}

fn generate<T: JsonSchema>(settings: SchemaSettings) -> Value {
    let settings = settings.with(|settings| settings.meta_schema = None);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Rewrites a schema and everything below it.
fn plain(mut schema: Value) -> Value {
    rewrite(&mut schema);
    schema
}

fn rewrite(schema: &mut Value) {
    let Value::Object(object) = schema else {
        return;
    };
    let required: Vec<String> = object
        .get("required")
        .and_then(Value::as_array)
        .map_or_else(Vec::new, |names| {
            names.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        });
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (name, property) in properties {
            if !required.contains(name) {
                without_null(property);
            }
            rewrite(property);
        }
    }
    for name in ["$defs", "patternProperties"] {
        if let Some(Value::Object(schemas)) = object.get_mut(name) {
            schemas.values_mut().for_each(rewrite);
        }
    }
    for name in ["items", "additionalProperties", "not", "contains"] {
        if let Some(inner) = object.get_mut(name) {
            rewrite(inner);
        }
    }
    for name in ["oneOf", "anyOf", "allOf", "prefixItems"] {
        if let Some(Value::Array(schemas)) = object.get_mut(name) {
            schemas.iter_mut().for_each(rewrite);
        }
    }
    constants_to_enum(object);
}

/// Takes the null out of an optional property: from `type: [X, null]`, and from `anyOf: [X, null]`.
fn without_null(property: &mut Value) {
    let Value::Object(object) = property else {
        return;
    };
    if object.get("default") == Some(&Value::Null) {
        object.remove("default");
    }
    if let Some(Value::Array(types)) = object.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
    if let Some(Value::Array(values)) = object.get_mut("enum") {
        values.retain(|value| !value.is_null());
    }
    let Some(Value::Array(choices)) = object.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").and_then(Value::as_str) != Some("null"));
    if choices.len() != 1 {
        return;
    }
    if let Some(Value::Object(only)) = choices.pop() {
        object.remove("anyOf");
        // What stands at the property (its description) is nearer than what stands at the type.
        for (name, value) in only {
            object.entry(name).or_insert(value);
        }
    }
}

/// Turns `oneOf` of string constants and enums into one `enum`; what each case means goes into the description.
fn constants_to_enum(object: &mut Map<String, Value>) {
    let Some(Value::Array(cases)) = object.get("oneOf") else {
        return;
    };
    let mut values = Vec::new();
    let mut meanings = Vec::new();
    for case in cases {
        if case.get("type").and_then(Value::as_str) != Some("string") {
            return;
        }
        match (case.get("const"), case.get("enum")) {
            (Some(Value::String(value)), None) => {
                if let Some(meaning) = case.get("description").and_then(Value::as_str) {
                    meanings.push(format!("- `{value}`: {meaning}"));
                }
                values.push(Value::String(value.clone()));
            }
            (None, Some(Value::Array(some))) => values.extend(some.iter().cloned()),
            _ => return,
        }
    }
    object.remove("oneOf");
    object.insert("type".to_owned(), Value::String("string".to_owned()));
    object.insert("enum".to_owned(), Value::Array(values));
    if !meanings.is_empty() {
        let said = object.get("description").and_then(Value::as_str);
        let said = said.map_or_else(String::new, |said| format!("{said}\n\n"));
        object.insert("description".to_owned(), Value::String(said + &meanings.join("\n")));
    }
}

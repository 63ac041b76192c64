//! The JSON Schemas of the documents: what is unknown is absent, never `null`, and lists are always there.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value};

/// Settles the schema of one record: an optional property is not nullable but may be absent, and a list that
/// is always written (its default is the empty list) is required.
pub(crate) fn settle(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let mut always = Vec::new();
    if let Some(Value::Object(properties)) = object.get_mut("properties") {
        for (name, property) in properties.iter_mut() {
            if let Value::Object(property) = property {
                forbid_null(property);
                // `uint32` and the like are no formats of JSON Schema; the minimum says what matters.
                if property.get("type").is_some_and(|kind| kind == "integer") {
                    property.remove("format");
                }
                if property.get("default").is_some_and(Value::is_array) {
                    property.remove("default");
                    always.push(Value::String(name.clone()));
                }
            }
        }
    }
    if always.is_empty() {
        return;
    }
    if let Value::Array(required) = object.entry("required").or_insert_with(|| Value::Array(Vec::new())) {
        required.extend(always);
        required.sort_by(|left, right| left.as_str().cmp(&right.as_str()));
        required.dedup();
    }
}

/// Settles the schema of a code: one list of values instead of a choice between constants, their meanings in the description.
pub(crate) fn enumerate(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else {
        return;
    };
    let Some(Value::Array(choices)) = object.remove("oneOf") else {
        return;
    };
    let mut text = object
        .get("description")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    for choice in &choices {
        if let (Some(value), Some(meaning)) = (choice["const"].as_str(), choice["description"].as_str()) {
            text.push_str(&format!("\n- `{value}`: {meaning}"));
        }
    }
    let values = choices.into_iter().map(|mut choice| choice["const"].take());
    object.insert("enum".to_owned(), values.collect());
    object.insert("type".to_owned(), "string".into());
    object.insert("description".to_owned(), text.into());
}

/// `["string", "null"]` becomes `"string"`, and `anyOf [X, null]` becomes X.
fn forbid_null(property: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|one| one != "null");
        if let [single] = types.as_slice() {
            let single = single.clone();
            property.insert("type".to_owned(), single);
        }
    }
    if property.get("default").is_some_and(Value::is_null) {
        property.remove("default");
    }
    let Some(Value::Array(choices)) = property.get_mut("anyOf") else {
        return;
    };
    choices.retain(|choice| choice.get("type").is_none_or(|one| one != "null"));
    if let [Value::Object(single)] = choices.as_slice() {
        let single = single.clone();
        property.remove("anyOf");
        for (name, value) in single {
            property.entry(name).or_insert(value);
        }
    }
}

/// The schema of a document, as committed under `schemas/` and as a pipeline is checked against.
#[must_use]
pub fn of<T: JsonSchema>() -> Value {
    SchemaGenerator::default().into_root_schema_for::<T>().into()
}

/// Every canonical document: its file name without ending, and its schema.
#[must_use]
pub fn all() -> Vec<(&'static str, Value)> {
    vec![
        ("certificate", of::<crate::Certificate>()),
        ("check", of::<crate::Check>()),
        ("declaration", of::<crate::Declaration>()),
        ("endorsement", of::<crate::Endorsement>()),
        ("listing", of::<crate::Listing>()),
        ("notice", of::<crate::Notice>()),
        ("permit", of::<crate::Permit>()),
        ("quantity", of::<crate::Quantity>()),
        ("receipt", of::<crate::Receipt>()),
        ("report_row", of::<crate::ReportRow>()),
        ("usage", of::<crate::Usage>()),
    ]
}

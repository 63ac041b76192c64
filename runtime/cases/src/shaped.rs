//! A value of a case with the types that its place asks for.

use dragoman_manifest::cases::{Json, JsonKind};
use dragoman_model::{Code, Diagnostic, Value};
use dragoman_schema::{Shape, Validator};

use crate::error::IMPOSSIBLE;

/// The value, plain scalars taken as text where the shape asks for text: `value: 5` is a decimal.
pub(crate) fn shaped(json: &Json, shape: &Shape) -> Value {
    match (&json.kind, shape.present()) {
        (
            JsonKind::Scalar {
                plain: Some(plain),
                value,
            },
            shape,
        ) if shape.is_textual() && !value.is_null() => Value::String(plain.clone()),
        (JsonKind::List(items), Shape::List(item)) => items.iter().map(|i| shaped(i, item)).collect(),
        (JsonKind::Object(members), Shape::Map(item)) => members
            .iter()
            .map(|(k, v)| (k.value.clone(), shaped(v, item)))
            .collect(),
        (JsonKind::Object(members), shape) => members
            .iter()
            .map(|(k, v)| (k.value.clone(), shaped(v, &field(shape, &k.value))))
            .collect(),
        (JsonKind::List(items), _) => items.iter().map(|i| shaped(i, &Shape::Any)).collect(),
        (JsonKind::Scalar { value, .. }, _) => value.clone(),
    }
}

fn field(shape: &Shape, name: &str) -> Shape {
    match shape.field(name) {
        dragoman_schema::Lookup::Found(found) => found,
        _ => Shape::Any,
    }
}

/// The value of a shape, checked against its schema. What is wrong is said at its place.
pub(crate) fn checked(
    json: &Json,
    shape: &Shape,
    schema: &Value,
    whose: &str,
    diagnostics: &mut Vec<Diagnostic>,
) -> Value {
    let value = shaped(json, shape);
    let issues = match Validator::new(schema) {
        Ok(validator) => validator.check(&value),
        Err(error) => {
            diagnostics.push(Diagnostic::error(IMPOSSIBLE, json.place(""), error.to_string()));
            return value;
        }
    };
    for issue in issues {
        let at = if issue.path.is_empty() {
            String::new()
        } else {
            format!(" at {}", issue.path)
        };
        diagnostics.push(wrong(
            json,
            &issue.path,
            IMPOSSIBLE,
            format!("{whose} never says this: {}{at}", issue.message),
        ));
    }
    value
}

/// The value of a shape for which there is no schema.
pub(crate) fn of_shape(json: &Json, shape: &Shape, whose: &str, diagnostics: &mut Vec<Diagnostic>) -> Value {
    let value = shaped(json, shape);
    if let Some((path, expected)) = shape.refusal(&value) {
        let at = if path.is_empty() {
            String::new()
        } else {
            format!(" at {path}")
        };
        let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
        let message = format!("{whose} never is so: expected {expected}{at}");
        let help = format!("it has the shape {}", shape.describe());
        diagnostics.push(Diagnostic::error(IMPOSSIBLE, json.place(&pointer), message).help(help));
    }
    value
}

fn wrong(json: &Json, path: &str, code: Code, message: String) -> Diagnostic {
    Diagnostic::error(code, json.place(path), message)
        .help("write what the connector could answer: `dragoman plugin inspect` shows the schema of each operation")
}

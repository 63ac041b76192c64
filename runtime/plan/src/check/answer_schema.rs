//! JSON Schemas that a person writes into a pipeline, for the fields of an answer: what is misspelt in them would
//! silently say less than was meant.

use dragoman_manifest::pipeline::AnswerField;
use dragoman_model::{Code, Diagnostic, Span, Value, nearest};
use dragoman_schema::{Shape, Validator};

use super::Checker;
use crate::codes;

/// The keywords that are known here, in the order in which one is proposed.
const KEYWORDS: &[&str] = &[
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "const",
    "format",
    "x-type",
    "oneOf",
    "anyOf",
    "allOf",
    "additionalProperties",
    "title",
    "description",
    "default",
    "examples",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "$ref",
    "$defs",
    "definitions",
];

/// The types of JSON Schema.
const TYPES: &[&str] = &["string", "integer", "number", "boolean", "object", "array", "null"];

/// Something wrong in a schema: the pointer to it, what it is, and what to do where that is known.
struct Problem {
    at: String,
    what: String,
    help: Option<String>,
}

impl Checker<'_> {
    /// The shape of a field of an answer; none where its schema is wrong.
    pub(super) fn field_shape(&mut self, field: &AnswerField) -> Option<Shape> {
        let place = |at: &str| field.places.get(at).unwrap_or(&field.name.span).clone();
        let what = format!("the field `{}`", field.name.value);
        schema_shape(
            &field.schema,
            &place,
            &what,
            codes::ANSWER_FIELDS,
            &mut self.diagnostics,
        )
    }
}

/// The shape that a written JSON Schema says; none where it is wrong, which is reported. `place`: from a JSON Pointer to
/// where that piece stands; `of`: what the schema is of, for people.
pub(crate) fn schema_shape(
    schema: &Value,
    place: &dyn Fn(&str) -> Span,
    of: &str,
    code: Code,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Shape> {
    let mut problems = Vec::new();
    look(schema, "", &mut problems);
    let (shape, notes) = Shape::from_schema(schema);
    if problems.is_empty()
        && let Err(error) = Validator::new(schema)
    {
        problems.push(Problem {
            at: String::new(),
            what: error.to_string(),
            help: None,
        });
    }
    let good = problems.is_empty();
    for Problem { at, what, help } in problems {
        let message = format!("in the schema of {of}: {what}");
        let diagnostic = Diagnostic::error(code, place(&at), message);
        let general = || "write it as JSON Schema, for example `{ type: string }`".to_owned();
        diagnostics.push(diagnostic.help(help.unwrap_or_else(general)));
    }
    for note in notes.iter().filter(|_| good) {
        let message = format!("in the schema of {of}: {}", note.message);
        let diagnostic = Diagnostic::error(code, place(&note.pointer), message).warning();
        diagnostics.push(diagnostic.help("an expression can use what is there only after a cast"));
    }
    good.then_some(shape)
}

fn write(right: &str) -> String {
    format!("write `{right}`")
}

/// Keywords that are none, types that are none, and required fields that are none.
fn look(schema: &Value, at: &str, problems: &mut Vec<Problem>) {
    let Some(members) = schema.as_object() else { return };
    for (keyword, value) in members {
        let here = format!("{at}/{keyword}");
        match keyword.as_str() {
            "properties" | "$defs" | "definitions" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    look(inner, &format!("{here}/{name}"), problems);
                }
            }
            "items" | "additionalProperties" => look(value, &here, problems),
            "oneOf" | "anyOf" | "allOf" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    look(inner, &format!("{here}/{index}"), problems);
                }
            }
            "type" => look_at_type(value, &here, problems),
            known if KEYWORDS.contains(&known) || known.starts_with("x-") && nearest(known, ["x-type"]).is_none() => {}
            unknown => {
                let right = nearest(unknown, KEYWORDS.iter().copied());
                problems.push(Problem {
                    what: format!("`{unknown}` is no keyword"),
                    at: here,
                    help: right.map(write),
                });
            }
        }
    }
    let Some(properties) = members.get("properties").and_then(Value::as_object) else {
        return;
    };
    let required = members.get("required").and_then(Value::as_array).into_iter().flatten();
    for (index, name) in required
        .enumerate()
        .filter_map(|(index, name)| Some((index, name.as_str()?)))
    {
        if !properties.contains_key(name) {
            let there: Vec<String> = properties.keys().map(|name| format!("`{name}`")).collect();
            let add = format!("write `{name}: {{ type: string }}` under `properties`");
            let help = match nearest(name, properties.keys().map(String::as_str)) {
                Some(right) => write(right),
                None if there.is_empty() => add,
                None => format!("the properties are {}; or {add}", there.join(", ")),
            };
            problems.push(Problem {
                at: format!("{at}/required/{index}"),
                what: format!("`{name}` is no property"),
                help: Some(help),
            });
        }
    }
}

/// What a type of another language is called here.
fn foreign_type(name: &str) -> Option<String> {
    let right = match name {
        "int" | "long" | "whole" => "integer",
        "str" | "text" => "string",
        "bool" => "boolean",
        "float" | "double" => "number",
        "list" => "array",
        "dict" | "map" | "mapping" => "object",
        "date" => "{ type: string, format: date }",
        "datetime" | "timestamp" => "{ type: string, format: date-time }",
        "decimal" => "{ type: string, format: decimal }",
        _ => return None,
    };
    Some(right.into())
}

fn look_at_type(value: &Value, at: &str, problems: &mut Vec<Problem>) {
    let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for name in several {
        if let Some(name) = name.as_str().filter(|name| !TYPES.contains(name)) {
            let right = foreign_type(name).or_else(|| nearest(name, TYPES.iter().copied()).map(Into::into));
            problems.push(Problem {
                at: at.to_owned(),
                what: format!("`{name}` is no type"),
                help: right.as_deref().map(write),
            });
        }
    }
}

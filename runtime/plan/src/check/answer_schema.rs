//! JSON Schemas that a person writes into a pipeline, for the fields of an answer: what is misspelt in them would
//! silently say less than was meant.

use std::collections::BTreeMap;

use dragoman_manifest::pipeline::AnswerField;
use dragoman_model::{Code, Diagnostic, Span, Value, nearest};
use dragoman_schema::{Shape, Validator};
use serde_json::Map;

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
    "x-personal",
    "x-secret",
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

/// What texts may be said to be. Only the first three give an expression more than text; the others say to people, and
/// to a partner's own tools, what is meant.
const FORMATS: &[&str] = &[
    "decimal",
    "date",
    "date-time",
    "time",
    "duration",
    "email",
    "idn-email",
    "hostname",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "uri",
    "uri-reference",
    "uri-template",
    "iri",
    "iri-reference",
    "uuid",
    "json-pointer",
    "relative-json-pointer",
    "regex",
    "byte",
    "binary",
    "password",
];

/// The kinds that JSON has no type for.
const OWN_TYPES: &[&str] = &["quantity", "document"];

/// The keywords of this program: a misspelt one would silently switch off what it stands for.
const OWN: &[&str] = &["x-type", "x-personal", "x-secret"];

/// Something wrong in a schema: the pointer to it, what it is, and what to do where that is known.
struct Problem {
    at: String,
    what: String,
    help: Option<String>,
}

impl Checker<'_> {
    /// The shape of a field of an answer; none where its schema is wrong.
    pub(super) fn field_shape(&mut self, field: &AnswerField) -> Option<Shape> {
        let place = |at: &str| place_in(&field.places, at).unwrap_or(&field.name.span).clone();
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

/// Where a piece of a written schema stands: a member's value is found by its pointer and a slash, the member itself by its
/// pointer.
pub(crate) fn place_in<'p>(places: &'p BTreeMap<String, Span>, at: &str) -> Option<&'p Span> {
    places.get(at).or_else(|| places.get(at.strip_suffix('/')?))
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
                    let there = format!("{here}/{name}");
                    no_schema(name, inner, &there, problems);
                    look(inner, &there, problems);
                }
            }
            "items" | "additionalProperties" => look(value, &here, problems),
            "oneOf" | "anyOf" | "allOf" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    look(inner, &format!("{here}/{index}"), problems);
                }
            }
            "type" => look_at_type(value, &here, problems),
            "format" => look_at_format(value, members, &here, problems),
            "x-type" => look_at_own_type(value, &here, problems),
            "x-personal" | "x-secret" => look_at_mark(keyword, value, &here, problems),
            known if KEYWORDS.contains(&known) => {}
            other => unknown_keyword(other, value, members, here, problems),
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

/// A keyword that is none. Other programs may have keywords of their own, which begin with `x-` too.
fn unknown_keyword(name: &str, value: &Value, members: &Map<String, Value>, at: String, problems: &mut Vec<Problem>) {
    let own = meant_mark(name).or_else(|| nearest(name, OWN.iter().copied()));
    if own.is_none() && name.starts_with("x-") {
        return;
    }
    let right = own.or_else(|| nearest(name, KEYWORDS.iter().copied())).map(write);
    let is_field =
        !members.contains_key("properties") && ["type", "x-type", "enum"].iter().any(|k| value.get(k).is_some());
    let field = || format!("write fields under `properties`: `properties: {{ {name}: {{ ... }} }}`");
    problems.push(Problem {
        what: format!("`{name}` is no keyword"),
        at,
        help: right.or_else(|| is_field.then(field)),
    });
}

/// A field whose schema is the bare name of a type, or that says of itself that it must be there.
fn no_schema(name: &str, schema: &Value, at: &str, problems: &mut Vec<Problem>) {
    if let Some(text) = schema.as_str() {
        let kind = foreign_type(text).unwrap_or_else(|| text.to_owned());
        let kind = if kind.starts_with('{') {
            kind
        } else {
            format!("{{ type: {kind} }}")
        };
        problems.push(Problem {
            at: value_of(at),
            what: format!("`{text}` is no schema"),
            help: Some(format!("write `{name}: {kind}`")),
        });
    }
    if schema.get("required").is_some_and(Value::is_boolean) {
        problems.push(Problem {
            at: format!("{at}/required"),
            what: "`required` is a list of fields".to_owned(),
            help: Some(format!("write it beside `properties`: `required: [{name}]`")),
        });
    }
}

/// What other programs call what is marked here as personal or secret.
fn meant_mark(keyword: &str) -> Option<&'static str> {
    let bare = keyword.strip_prefix("x-").unwrap_or(keyword).replace(['-', '_'], "");
    Some(match bare.to_lowercase().as_str() {
        "personal" | "personaldata" | "ispersonal" | "pii" | "gdpr" | "sensitive" | "private" | "privacy" => {
            "x-personal"
        }
        "secret" | "issecret" | "confidential" | "credential" | "password" | "hidden" | "masked" | "writeonly" => {
            "x-secret"
        }
        "quantity" | "kind" => "x-type",
        _ => return None,
    })
}

/// What is said of a value stands at the value, where that is written.
fn value_of(at: &str) -> String {
    format!("{at}/")
}

/// A format that is none, and one of this language at a type that it does not go with.
fn look_at_format(value: &Value, members: &Map<String, Value>, at: &str, problems: &mut Vec<Problem>) {
    let name = value.as_str().unwrap_or_default();
    if !FORMATS.contains(&name) {
        let foreign = match name.to_lowercase().replace(['_', ' ', '-'], "").as_str() {
            "datetime" | "timestamp" | "instant" | "iso8601" | "dateandtime" => Some("date-time"),
            "number" | "numeric" | "money" | "currency" | "bigdecimal" | "double" | "float" | "amount" => {
                Some("decimal")
            }
            "day" | "localdate" | "yyyymmdd" | "isodate" => Some("date"),
            "mail" => Some("email"),
            "url" => Some("uri"),
            "guid" => Some("uuid"),
            _ => None,
        };
        let right = foreign.or_else(|| nearest(name, FORMATS.iter().copied()));
        let known = || "those with a meaning are `decimal`, `date` and `date-time`; else leave `format` out".to_owned();
        problems.push(Problem {
            at: value_of(at),
            what: format!("`{name}` is no format"),
            help: Some(right.map_or_else(known, write)),
        });
    } else if matches!(name, "decimal" | "date" | "date-time") {
        let kind = members.get("type");
        let text = |kind: &Value| kind == "string";
        let fine = kind.is_some_and(|kind| text(kind) || kind.as_array().is_some_and(|kinds| kinds.iter().any(text)));
        if !fine {
            problems.push(Problem {
                at: value_of(at),
                what: format!("`{name}` is a format of text, and without `type: string` it says nothing"),
                help: Some(format!("write `type: string, format: {name}`")),
            });
        }
    }
}

fn look_at_own_type(value: &Value, at: &str, problems: &mut Vec<Problem>) {
    let name = value.as_str().unwrap_or_default();
    if OWN_TYPES.contains(&name) {
        return;
    }
    let foreign = match name.to_lowercase().as_str() {
        "file" | "attachment" | "blob" | "binary" => Some("document"),
        "amount" | "measure" | "weight" | "mass" => Some("quantity"),
        _ => None,
    };
    let right = foreign.or_else(|| nearest(name, OWN_TYPES.iter().copied()));
    problems.push(Problem {
        at: value_of(at),
        what: format!("`{name}` is no `x-type`"),
        help: Some(right.map_or_else(|| "write `quantity` or `document`".to_owned(), write)),
    });
}

/// A mark holds or does not: a text, such as `yes`, would be read as if it were not there.
fn look_at_mark(keyword: &str, value: &Value, at: &str, problems: &mut Vec<Problem>) {
    if !value.is_boolean() {
        problems.push(Problem {
            at: value_of(at),
            what: format!("`{keyword}` is true or false, and here is neither"),
            help: Some(format!("write `{keyword}: true`, without quotes")),
        });
    }
}

fn look_at_type(value: &Value, at: &str, problems: &mut Vec<Problem>) {
    let several = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
    for name in several {
        if let Some(name) = name.as_str().filter(|name| !TYPES.contains(name)) {
            let right = foreign_type(name).or_else(|| nearest(name, TYPES.iter().copied()).map(Into::into));
            problems.push(Problem {
                at: value_of(at),
                what: format!("`{name}` is no type"),
                help: right.as_deref().map(write),
            });
        }
    }
}

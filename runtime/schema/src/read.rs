//! From JSON Schema to shapes.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_model::Value;
use serde_json::Map;

use crate::{ObjectShape, Shape};

/// Something in a schema that lies outside the profile, so that its place is [`Shape::Any`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// JSON Pointer to the place in the schema.
    pub pointer: String,
    /// What it is.
    pub message: String,
}

/// Schemas nested deeper than this read as any.
const DEPTH: usize = 64;
/// So many places are read; a schema that unfolds into more (references that double at every level) reads as any.
const PLACES: usize = 100_000;

impl Shape {
    /// Reads a schema of the stated profile: `$ref` into `$defs` or `definitions` (a cycle reads as any), `type` (also
    /// with `"null"`), `properties` and `required`, `additionalProperties`, `items`, `enum`, `const`, `oneOf` of objects
    /// told apart by a field, `anyOf` of one and null, `allOf` of one, `format: decimal | date | date-time`,
    /// `x-type: quantity | document`, `title`. Everything else reads as any, and is noted.
    pub fn from_schema(schema: &Value) -> (Shape, Vec<Note>) {
        let mut reader = Reader {
            root: schema,
            notes: Vec::new(),
            open: Vec::new(),
            places: 0,
        };
        let shape = reader.read(schema, "", DEPTH);
        (shape, reader.notes)
    }
}

struct Reader<'a> {
    root: &'a Value,
    notes: Vec<Note>,
    /// The references that are being followed, to find cycles.
    open: Vec<&'a str>,
    places: usize,
}

impl<'a> Reader<'a> {
    fn any(&mut self, pointer: &str, message: impl Into<String>) -> Shape {
        self.notes.push(Note {
            pointer: pointer.to_owned(),
            message: message.into(),
        });
        Shape::Any
    }

    fn read(&mut self, schema: &'a Value, pointer: &str, depth: usize) -> Shape {
        self.places += 1;
        if depth == 0 || self.places > PLACES {
            return self.any(pointer, "the schema is nested too deeply or is too large");
        }
        let Value::Object(object) = schema else {
            // `true` is JSON Schema's way to say "anything", on purpose: not worth a note.
            return if schema == &Value::Bool(true) {
                Shape::Any
            } else {
                self.any(pointer, "accepts nothing")
            };
        };
        match object.get("x-type").and_then(Value::as_str) {
            Some("quantity") => return Shape::Quantity,
            Some("document") => return Shape::Document,
            Some(other) => return self.any(pointer, format!("`x-type: {other}` is not known")),
            None => {}
        }
        if let Some(Value::String(reference)) = object.get("$ref") {
            return self.follow(reference, pointer, depth);
        }
        if let Some(values) = object.get("enum") {
            return self.enumeration(values, pointer);
        }
        if let Some(value) = object.get("const") {
            return match value {
                Value::String(text) => Shape::enumeration([text.as_str()]),
                other => Shape::of_value(other),
            };
        }
        for keyword in ["oneOf", "anyOf", "allOf"] {
            if let Some(Value::Array(parts)) = object.get(keyword) {
                return self.combination(keyword, parts, object, pointer, depth);
            }
        }
        self.by_type(object, pointer, depth)
    }

    fn follow(&mut self, reference: &'a str, pointer: &str, depth: usize) -> Shape {
        if self.open.contains(&reference) {
            return self.any(pointer, format!("`{reference}` refers to itself"));
        }
        let target = reference.strip_prefix('#').and_then(|path| self.root.pointer(path));
        let Some(target) = target else {
            return self.any(pointer, format!("`{reference}` is not in this schema"));
        };
        self.open.push(reference);
        let shape = self.read(target, reference.trim_start_matches('#'), depth - 1);
        self.open.pop();
        let name = reference.rsplit('/').next().unwrap_or_default();
        match shape {
            Shape::Object(object) if object.name.is_none() && !name.is_empty() => {
                Shape::Object(Arc::new(ObjectShape {
                    name: Some(name.to_owned()),
                    ..ObjectShape::clone(&object)
                }))
            }
            other => other,
        }
    }

    fn enumeration(&mut self, values: &Value, pointer: &str) -> Shape {
        let values = values.as_array().map(Vec::as_slice).unwrap_or_default();
        let nullable = values.iter().any(Value::is_null);
        let texts: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
        if texts.is_empty() || texts.len() + usize::from(nullable) != values.len() {
            return self.any(pointer, "an `enum` of other things than text");
        }
        let shape = Shape::enumeration(texts);
        if nullable { shape.optional() } else { shape }
    }

    fn combination(
        &mut self,
        keyword: &str,
        parts: &'a [Value],
        object: &'a Map<String, Value>,
        pointer: &str,
        depth: usize,
    ) -> Shape {
        let is_null = |part: &Value| part.get("type").is_some_and(|t| t == "null");
        let nullable = keyword != "allOf" && parts.iter().any(is_null);
        let mut shapes = Vec::new();
        for (index, part) in parts.iter().enumerate().filter(|(_, part)| !is_null(part)) {
            let shape = self.read(part, &format!("{pointer}/{keyword}/{index}"), depth - 1);
            shapes.push(named(shape, part));
        }
        let shape = match shapes.as_slice() {
            [one] => one.clone(),
            _ if keyword == "allOf" => return self.any(pointer, "`allOf` with several parts"),
            several => match alternatives(several) {
                // Fields beside `oneOf` belong to every variant.
                Some(shape) if !object.contains_key("properties") => shape,
                _ => {
                    return self.any(
                        pointer,
                        format!("`{keyword}` whose parts no field with a constant tells apart"),
                    );
                }
            },
        };
        if nullable { shape.optional() } else { shape }
    }

    fn by_type(&mut self, object: &'a Map<String, Value>, pointer: &str, depth: usize) -> Shape {
        let (kind, nullable) = match object.get("type") {
            Some(Value::String(kind)) => (Some(kind.as_str()), false),
            Some(Value::Array(kinds)) => {
                let named: Vec<&str> = kinds
                    .iter()
                    .filter_map(Value::as_str)
                    .filter(|k| *k != "null")
                    .collect();
                match named.as_slice() {
                    [one] => (Some(*one), kinds.len() > 1),
                    _ => return self.any(pointer, "several types at once"),
                }
            }
            _ if object.contains_key("properties") => (Some("object"), false),
            _ => (None, false),
        };
        let shape = match kind {
            Some("string") => match object.get("format").and_then(Value::as_str) {
                Some("decimal") => Shape::Decimal,
                Some("date") => Shape::Date,
                Some("date-time") => Shape::DateTime,
                _ => Shape::Text,
            },
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("boolean") => Shape::Boolean,
            Some("null") => Shape::Nothing,
            Some("array") => match object.get("items") {
                Some(items) => self.read(items, &format!("{pointer}/items"), depth - 1).list(),
                None => self.any(pointer, "a list of anything").list(),
            },
            Some("object") => self.object(object, pointer, depth),
            Some(other) => self.any(pointer, format!("type `{other}` is not known")),
            // `{}` or one with a description only: anything, on purpose.
            None => Shape::Any,
        };
        if nullable { shape.optional() } else { shape }
    }

    fn object(&mut self, object: &'a Map<String, Value>, pointer: &str, depth: usize) -> Shape {
        let additional = object.get("additionalProperties");
        let properties = match object.get("properties") {
            Some(Value::Object(properties)) => properties,
            _ => {
                return match additional {
                    Some(Value::Bool(false)) => Shape::Object(Arc::new(ObjectShape::default())),
                    Some(item @ Value::Object(_)) => self
                        .read(item, &format!("{pointer}/additionalProperties"), depth - 1)
                        .map(),
                    // A type without fields (an operation without input) is named; else it is a map of anything.
                    None if object.contains_key("title") => Shape::Object(Arc::new(ObjectShape {
                        name: title(object),
                        ..ObjectShape::default()
                    })),
                    _ => Shape::Any.map(),
                };
            }
        };
        let required: Vec<&str> = match object.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let mut fields = BTreeMap::new();
        for (name, property) in properties {
            let shape = self.read(property, &format!("{pointer}/properties/{name}"), depth - 1);
            let shape = if required.contains(&name.as_str()) {
                shape
            } else {
                shape.optional()
            };
            fields.insert(name.clone(), shape);
        }
        let open = matches!(additional, Some(Value::Bool(true) | Value::Object(_)));
        Shape::Object(Arc::new(ObjectShape {
            name: title(object),
            fields,
            open,
        }))
    }
}

fn title(object: &Map<String, Value>) -> Option<String> {
    object.get("title").and_then(Value::as_str).map(str::to_owned)
}

/// A variant takes its title as its name.
fn named(shape: Shape, schema: &Value) -> Shape {
    match (&shape, schema.as_object().and_then(title)) {
        (Shape::Object(object), Some(name)) => Shape::Object(Arc::new(ObjectShape {
            name: Some(name),
            ..ObjectShape::clone(object)
        })),
        _ => shape,
    }
}

/// Several texts out of lists are one list; several objects are one of them, where a field with a constant tells
/// them apart.
fn alternatives(shapes: &[Shape]) -> Option<Shape> {
    if shapes.iter().all(|shape| matches!(shape, Shape::Enumeration(_))) {
        let first = shapes.first()?.clone();
        return shapes[1..].iter().try_fold(first, |all, one| all.join(one));
    }
    let tags = Shape::OneOf(Arc::new(shapes.to_vec()));
    tags.discriminator().is_some().then_some(tags)
}

impl Shape {
    /// The field that tells the variants of a [`Shape::OneOf`] apart: one constant text in each, no two the same.
    pub fn discriminator(&self) -> Option<&str> {
        let Shape::OneOf(variants) = self else {
            return None;
        };
        let Shape::Object(first) = variants.first()? else {
            return None;
        };
        first.fields.keys().map(String::as_str).find(|name| {
            let mut seen = Vec::new();
            variants
                .iter()
                .all(|variant| match variant.as_object().and_then(|o| o.fields.get(*name)) {
                    Some(Shape::Enumeration(values)) if values.len() == 1 && !seen.contains(&&values[0]) => {
                        seen.push(&values[0]);
                        true
                    }
                    _ => false,
                })
        })
    }
}

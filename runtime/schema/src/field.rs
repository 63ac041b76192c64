//! Finding a field.

use crate::Shape;

/// What a field of a shape is.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// It is there, with this shape.
    Found(Shape),
    /// The object has no such field.
    Unknown,
    /// Nothing is known of the value: it needs a cast.
    Any,
    /// It has no fields.
    NotAnObject,
}

impl Shape {
    /// Finds a field. Of an optional shape it looks into what is there when it is present; the field of a map is
    /// optional; a field that only some of several objects have is optional.
    pub fn field(&self, name: &str) -> Lookup {
        match self {
            Shape::Any => Lookup::Any,
            Shape::Optional(inner) => inner.field(name),
            Shape::Map(item) => Lookup::Found(Shape::clone(item).optional()),
            // Of no value at all every field is there, with no value either.
            never if never.is_never() => Lookup::Found(Shape::never()),
            Shape::OneOf(variants) => field_of_variants(variants, name),
            other => match other.as_object() {
                None => Lookup::NotAnObject,
                Some(object) => match object.fields.get(name) {
                    Some(shape) => Lookup::Found(shape.clone()),
                    None if object.open => Lookup::Found(Shape::Any.optional()),
                    None => Lookup::Unknown,
                },
            },
        }
    }

    /// The names of its fields, in order; none where it has no known ones.
    pub fn field_names(&self) -> Vec<&str> {
        match self {
            Shape::Optional(inner) => inner.field_names(),
            Shape::OneOf(variants) => {
                let mut names: Vec<&str> = variants.iter().flat_map(Shape::field_names).collect();
                names.sort_unstable();
                names.dedup();
                names
            }
            other => other
                .as_object()
                .map(|o| o.fields.keys().map(String::as_str).collect())
                .unwrap_or_default(),
        }
    }
}

fn field_of_variants(variants: &[Shape], name: &str) -> Lookup {
    let mut found: Option<Shape> = None;
    let mut missing = false;
    for variant in variants {
        match variant.field(name) {
            Lookup::Found(shape) => {
                found = Some(match found {
                    None => shape,
                    Some(before) => before.join(&shape).unwrap_or(Shape::Any),
                });
            }
            _ => missing = true,
        }
    }
    match found {
        Some(shape) if missing => Lookup::Found(shape.optional()),
        Some(shape) => Lookup::Found(shape),
        None => Lookup::Unknown,
    }
}

//! Finding a field, and the nearest right name where there is none.

use crate::Shape;

/// What a field of a shape is.
#[derive(Debug, Clone, PartialEq)]
pub enum Lookup {
    /// It is there, with this shape.
    Found(Shape),
    /// The object has no such field.
    Unknown {
        /// The nearest right name, where one is near.
        nearest: Option<String>,
    },
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
            Shape::OneOf(variants) => field_of_variants(variants, name),
            other => match other.as_object() {
                None => Lookup::NotAnObject,
                Some(object) => match object.fields.get(name) {
                    Some(shape) => Lookup::Found(shape.clone()),
                    None if object.open => Lookup::Found(Shape::Any.optional()),
                    None => Lookup::Unknown {
                        nearest: nearest(name, object.fields.keys().map(String::as_str)),
                    },
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
        None => Lookup::Unknown {
            nearest: nearest(name, variants.iter().flat_map(Shape::field_names)),
        },
    }
}

/// The candidate that is nearest to a name: at most a third of the name's letters wrong, exchanged neighbours counted
/// once, the first of equals.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let limit = (name.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= limit && !candidate.is_empty())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate.to_owned())
}

/// Edit distance with exchanged neighbours (optimal string alignment), blind to case. Names longer than 64 letters are
/// not near to anything: the table would cost more than the hint is worth.
fn distance(left: &str, right: &str) -> usize {
    let left: Vec<char> = left.chars().flat_map(char::to_lowercase).take(65).collect();
    let right: Vec<char> = right.chars().flat_map(char::to_lowercase).take(65).collect();
    if left.len() > 64 || right.len() > 64 {
        return usize::MAX;
    }
    let width = right.len() + 1;
    let mut table = vec![0usize; (left.len() + 1) * width];
    for row in 0..=left.len() {
        for column in 0..=right.len() {
            table[row * width + column] = if row == 0 {
                column
            } else if column == 0 {
                row
            } else {
                let cost = usize::from(left[row - 1] != right[column - 1]);
                let mut best = (table[(row - 1) * width + column] + 1)
                    .min(table[row * width + column - 1] + 1)
                    .min(table[(row - 1) * width + column - 1] + cost);
                let exchanged =
                    row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1];
                if exchanged {
                    best = best.min(table[(row - 2) * width + column - 2] + 1);
                }
                best
            };
        }
    }
    table[left.len() * width + right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let names = ["number", "member", "status", "issued_at"];
        let cases = [
            ("nubmer", Some("number")),
            ("Number", Some("number")),
            ("issuedat", Some("issued_at")),
            ("stauts", Some("status")),
            ("colour", None),
            ("", None),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, names).as_deref(), expected, "{name}");
        }
    }
}

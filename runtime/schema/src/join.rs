//! The common shape of two values.

use std::sync::Arc;

use crate::{ObjectShape, Shape};

impl Shape {
    /// The shape that both fit into, as for the two arms of a choice; none where there is no useful one.
    pub fn join(&self, other: &Shape) -> Option<Shape> {
        if self == other {
            return Some(self.clone());
        }
        match (self, other) {
            (never, some) | (some, never) if never.is_never() => Some(some.clone()),
            (Shape::Any, _) | (_, Shape::Any) => Some(Shape::Any),
            (Shape::Nothing, some) | (some, Shape::Nothing) => Some(some.clone().optional()),
            (Shape::Optional(inner), some) | (some, Shape::Optional(inner)) => {
                Some(inner.join(some.present())?.optional())
            }
            (Shape::Enumeration(a), Shape::Enumeration(b)) => Some(join_values(a, b)),
            (a, b) if a.is_textual() && b.is_textual() => Some(Shape::Text),
            (Shape::Integer, Shape::Number) | (Shape::Number, Shape::Integer) => Some(Shape::Number),
            (some, other) if some.is_quantity() && other.is_quantity() => Some(Shape::Quantity),
            (Shape::List(a), Shape::List(b)) => Some(a.join(b)?.list()),
            (Shape::Map(a), Shape::Map(b)) => Some(a.join(b)?.map()),
            (Shape::OneOf(variants), one) | (one, Shape::OneOf(variants)) => join_variants(variants, one),
            (a, b) => join_objects(a, b),
        }
    }
}

fn join_values(a: &[String], b: &[String]) -> Shape {
    let mut values = a.to_vec();
    values.extend(b.iter().filter(|v| !a.contains(v)).cloned());
    Shape::Enumeration(values.into())
}

fn join_variants(variants: &Arc<Vec<Shape>>, one: &Shape) -> Option<Shape> {
    let added = match one {
        Shape::OneOf(more) => more.iter().filter(|v| !variants.contains(v)).cloned().collect(),
        other if variants.contains(other) => Vec::new(),
        _ => return None,
    };
    let mut all = variants.to_vec();
    all.extend(added);
    Some(Shape::OneOf(Arc::new(all)))
}

fn join_objects(a: &Shape, b: &Shape) -> Option<Shape> {
    // One that fits into the other keeps the wider one's name.
    if a.fits(b).is_ok() {
        return Some(b.clone());
    }
    if b.fits(a).is_ok() {
        return Some(a.clone());
    }
    let (Shape::Object(left), Shape::Object(right)) = (a, b) else {
        return None;
    };
    if left.name.is_some() && right.name.is_some() && left.name != right.name {
        return None;
    }
    let mut joined = ObjectShape {
        name: left.name.clone().or(right.name.clone()),
        ..ObjectShape::default()
    };
    joined.open = left.open || right.open;
    for (name, shape) in &left.fields {
        let shape = match right.fields.get(name) {
            Some(other) => shape.join(other)?,
            None => shape.clone().optional(),
        };
        joined.fields.insert(name.clone(), shape);
    }
    for (name, shape) in &right.fields {
        joined
            .fields
            .entry(name.clone())
            .or_insert_with(|| shape.clone().optional());
    }
    Some(Shape::Object(Arc::new(joined)))
}

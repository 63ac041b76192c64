//! What a test has shown: that a value is there, or which of its shapes it has.

use dragoman_schema::Shape;

use super::{Checker, Typed};
use crate::expression::Known;
use crate::program::Ordered;

/// The name of a value as a list of segments from the root; a variable is its level, a function its call.
pub(super) type Path = Vec<String>;

/// One thing that is known in a part of the expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Fact {
    /// The value is there.
    Present(Path),
    /// The value has this shape.
    Is(Path, Shape),
}

/// What of it can be told outside of the expression: not what is about its own variables or its calls.
pub(super) fn told(facts: &[Fact]) -> Vec<Known> {
    let known = facts.iter().map(|fact| match fact {
        Fact::Present(path) => Known {
            path: path.clone(),
            shape: None,
        },
        Fact::Is(path, shape) => Known {
            path: path.clone(),
            shape: Some(shape.clone()),
        },
    });
    let told = |known: &Known| {
        known
            .path
            .iter()
            .all(|segment| !segment.starts_with('#') && !segment.ends_with("()"))
    };
    known.filter(told).filter(|known| known.path != ["steps"]).collect()
}

impl Checker<'_> {
    /// A shape with what is known of the value added.
    pub(super) fn narrowed(&self, path: &Path, declared: Shape) -> Shape {
        let mut shape = declared;
        for fact in &self.facts {
            match fact {
                Fact::Present(known) if known == path => shape = shape.present().clone(),
                Fact::Is(known, narrow) if known == path => shape = narrow.clone(),
                _ => {}
            }
        }
        shape
    }

    /// Does something while facts are known.
    pub(super) fn knowing<R>(&mut self, facts: &[Fact], act: impl FnOnce(&mut Self) -> R) -> R {
        let before = self.facts.len();
        self.facts.extend_from_slice(facts);
        let result = act(self);
        self.facts.truncate(before);
        result
    }
}

/// That a value is there, and with it everything that it is a part of.
pub(super) fn present(path: &Path) -> Vec<Fact> {
    (1..=path.len())
        .map(|length| Fact::Present(path[..length].to_vec()))
        .collect()
}

/// What an equality of a value with some of the texts of its enumeration shows, where it holds and where not.
pub(super) fn equality(value: &Typed, texts: &[String], asked: Ordered) -> (Vec<Fact>, Vec<Fact>) {
    let mut holds = Vec::new();
    let mut fails = Vec::new();
    // A quantity has no list of units to choose from: what it is equal to is all that is known of its unit.
    if let (Some(path), Shape::Text, Some(Shape::Quantity)) = (&value.path, &value.shape, &value.owner) {
        holds.push(Fact::Is(path.clone(), Shape::enumeration(texts)));
    }
    let (Some(path), Shape::Enumeration(all)) = (&value.path, &value.shape) else {
        return if asked == Ordered::Unequal {
            (fails, holds)
        } else {
            (holds, fails)
        };
    };
    let (inside, outside): (Vec<&String>, Vec<&String>) = all.iter().partition(|one| texts.contains(one));
    if !inside.is_empty() {
        holds.push(Fact::Is(path.clone(), Shape::enumeration(inside)));
    }
    if !outside.is_empty() {
        fails.push(Fact::Is(path.clone(), Shape::enumeration(outside)));
    }
    if let (Some(owner), Some((field, above))) = (&value.owner, path.split_last())
        && owner.discriminator() == Some(field)
        && let Shape::OneOf(variants) = owner
    {
        let tagged = |variant: &Shape| match variant.as_object().and_then(|object| object.fields.get(field)) {
            Some(Shape::Enumeration(tag)) => tag.iter().any(|one| texts.contains(one)),
            _ => false,
        };
        let (yes, no): (Vec<Shape>, Vec<Shape>) = variants.iter().cloned().partition(tagged);
        holds.extend(variant_fact(above, yes));
        fails.extend(variant_fact(above, no));
    }
    if asked == Ordered::Unequal {
        (fails, holds)
    } else {
        (holds, fails)
    }
}

fn variant_fact(path: &[String], mut variants: Vec<Shape>) -> Option<Fact> {
    let shape = match variants.len() {
        0 => return None,
        1 => variants.remove(0),
        _ => Shape::OneOf(variants.into()),
    };
    Some(Fact::Is(path.to_vec(), shape))
}

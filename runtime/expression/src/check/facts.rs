//! What a test has shown: that a value is there, or which of its shapes it has.

use std::collections::BTreeSet;

use dragoman_schema::{ObjectShape, Shape};

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

/// What was learnt before this expression.
pub(super) fn heard(learned: &[Known]) -> Vec<Fact> {
    let fact = |known: &Known| match &known.shape {
        None => Fact::Present(known.path.clone()),
        Some(shape) => Fact::Is(known.path.clone(), shape.clone()),
    };
    learned.iter().map(fact).collect()
}

/// What of it can be told outside of the expression: not what is about its own variables.
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
    // A function's result is the same one outside only where nothing in its call has another meaning there.
    let same = |segment: &String| match segment.strip_suffix("()") {
        Some(call) => {
            let number = call.strip_prefix("at ");
            matches!(call, "first" | "last")
                || call.contains('.')
                || number.is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        }
        None => !segment.starts_with('#'),
    };
    let told = |known: &Known| known.path.iter().all(same);
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

    /// Adds what a person's answer brings, where a test has shown which it is.
    pub(super) fn with_brought(&self, mut facts: Vec<Fact>) -> Vec<Fact> {
        let mut brought = Vec::new();
        for fact in &facts {
            let Fact::Is(path, Shape::Enumeration(left)) = fact else {
                continue;
            };
            let [steps, id, answer] = path.as_slice() else { continue };
            let Some(needs) = self
                .environment
                .answers(id)
                .filter(|_| steps == "steps" && answer == "answer")
            else {
                continue;
            };
            let brings =
                |one: &String, field: &String| needs.iter().any(|(a, fields)| a == one && fields.contains(field));
            let fields: BTreeSet<&String> = needs.iter().flat_map(|(_, fields)| fields).collect();
            let all = fields
                .into_iter()
                .filter(|field| left.iter().all(|one| brings(one, field)));
            brought.extend(all.flat_map(|field| present(&vec![steps.clone(), id.clone(), field.clone()])));
        }
        facts.extend(brought);
        facts
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

/// A shape in which what is known of a variable's parts holds: what a filter has let through has it for good.
pub(super) fn kept(shape: Shape, variable: &str, facts: &[Fact]) -> Shape {
    facts.iter().fold(shape, |shape, fact| {
        let (Fact::Present(path) | Fact::Is(path, _)) = fact;
        match path.split_first() {
            Some((root, rest)) if root == variable => part(shape, rest, fact),
            _ => shape,
        }
    })
}

/// A shape with one of its parts as a fact has it; as it was where it has no such part.
fn part(shape: Shape, path: &[String], fact: &Fact) -> Shape {
    let Some((field, rest)) = path.split_first() else {
        return match fact {
            Fact::Present(_) => shape.present().clone(),
            Fact::Is(_, narrow) => narrow.clone(),
        };
    };
    let Shape::Object(object) = &shape else {
        return shape;
    };
    let Some(known) = object.fields.get(field) else {
        return shape;
    };
    let mut object = ObjectShape::clone(object);
    object.fields.insert(field.clone(), part(known.clone(), rest, fact));
    Shape::Object(object.into())
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
    if let (Some(path), Shape::Text, Some(owner)) = (&value.path, &value.shape, &value.owner)
        && owner.is_quantity()
    {
        holds.push(Fact::Is(path.clone(), Shape::enumeration(texts)));
        if let ([unit], Some((_, quantity))) = (texts, path.split_last()) {
            holds.push(Fact::Is(quantity.to_vec(), Shape::Measured(unit.as_str().into())));
        }
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

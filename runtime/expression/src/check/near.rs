//! What is near a value that does not fit: what it was taken from or made of, what stands beside it and inside of it, and
//! what has the shape that is asked for wherever it is. Which of these fit is tried when the whole was checked.

use std::ops::Range;

use dragoman_schema::{Lookup, Shape};

use super::{Checker, Typed};
use crate::complaint::Others;
use crate::tree::{Kind, Tree};

/// So many fields, one below the other, are looked at for a value of a shape that is asked for.
const FAR: usize = 3;
/// So many of them are found at most.
const MOST: usize = 24;

impl Checker<'_> {
    /// Notes what is near a value that does not fit; of what stands beside it and inside of it only what is likely, if
    /// there is any.
    pub(super) fn offer(&mut self, tree: &Tree, likely: impl Fn(&Shape) -> bool) {
        if self.silent || self.environment.trusting {
            return;
        }
        let text = |tree: &Tree| self.written.text.get(tree.range.clone()).unwrap_or_default().to_owned();
        let (mut parts, mut beside, mut name) = (Vec::new(), Vec::new(), String::new());
        match &tree.kind {
            Kind::Call {
                receiver, arguments, ..
            } => parts.extend(receiver.iter().map(|of| text(of)).chain(arguments.iter().map(text))),
            Kind::Field { of, name: last, .. } => {
                name.clone_from(last);
                let mut outer = of;
                parts.push(text(of));
                while let Kind::Field { of, .. } = &outer.kind {
                    parts.push(text(of));
                    outer = of;
                }
                let (of, said) = (text(of), text(tree));
                if let Some(typed) = self.silently(tree) {
                    beside.extend(typed.owner.iter().flat_map(|owner| named_fields(&of, owner, &likely)));
                    beside.extend(named_fields(&said, &typed.shape, &likely));
                }
            }
            Kind::Name(last) => {
                name.clone_from(last);
                let said = text(tree);
                let typed = self.silently(tree);
                beside.extend(
                    typed
                        .iter()
                        .flat_map(|typed| named_fields(&said, &typed.shape, &likely)),
                );
            }
            _ => return,
        }
        let elsewhere = self.elsewhere(tree);
        self.note_others(&tree.range, parts, beside, elsewhere, &name);
    }

    /// What is of the shape that is asked for, wherever it is; of a shape that tells what is meant.
    fn elsewhere(&self, tree: &Tree) -> Vec<String> {
        let Some((_, wanted)) = self
            .wanted
            .as_ref()
            .filter(|(place, wanted)| *place == tree.range && tells(wanted))
        else {
            return Vec::new();
        };
        let steps = self
            .environment
            .steps
            .iter()
            .map(|(id, shape)| (format!("steps.{id}"), shape));
        let names = self
            .environment
            .names
            .iter()
            .map(|(name, shape)| (name.to_owned(), shape));
        let mut found = Vec::new();
        let variables = self.variables.iter().map(|(name, shape)| (name.clone(), shape));
        for (path, shape) in variables.chain(names).chain(steps) {
            found_in(&path, shape, wanted, FAR, &mut found);
        }
        found
    }

    /// Notes the fields of an object that has none by a name.
    pub(super) fn offer_fields(&mut self, tree: &Tree, of: &Tree, base: &Typed, name: &str) {
        if self.silent || self.environment.trusting {
            return;
        }
        let of = self.written.text.get(of.range.clone()).unwrap_or_default();
        let fields = named_fields(of, &base.shape, &|_| true);
        self.note_others(&tree.range, Vec::new(), fields, Vec::new(), name);
    }

    pub(super) fn note_others(
        &mut self,
        place: &Range<usize>,
        parts: Vec<String>,
        beside: Vec<(String, String)>,
        elsewhere: Vec<String>,
        name: &str,
    ) {
        if let Some(last) = self.problems.last_mut() {
            let (place, name) = (place.clone(), name.to_owned());
            last.others = Some(Others {
                place,
                parts,
                beside,
                elsewhere,
                name,
            });
        }
    }
}

/// The fields of an object: how each is read, and its name. Only the likely ones where there are any.
fn named_fields(of: &str, shape: &Shape, likely: &dyn Fn(&Shape) -> bool) -> Vec<(String, String)> {
    let fields = shape.field_names().into_iter();
    let known: Vec<(&str, Shape)> = fields
        .filter_map(|name| match shape.field(name) {
            Lookup::Found(shape) if shape != Shape::Any => Some((name, shape)),
            _ => None,
        })
        .collect();
    let all = !known.iter().any(|(_, shape)| likely(shape));
    let named = known.into_iter().filter(|(_, shape)| all || likely(shape));
    named
        .map(|(name, _)| (format!("{of}.{name}"), name.to_owned()))
        .collect()
}

/// Whether few values are of a shape.
fn tells(shape: &Shape) -> bool {
    match shape.present() {
        Shape::Document | Shape::Object(_) | Shape::Quantity | Shape::Measured(_) | Shape::Date => true,
        Shape::List(item) => matches!(item.present(), Shape::Object(_) | Shape::Quantity | Shape::Measured(_)),
        _ => false,
    }
}

/// What fits a shape: a value, or what it is made of.
fn found_in(path: &str, shape: &Shape, wanted: &Shape, deep: usize, found: &mut Vec<String>) {
    if found.len() >= MOST || shape.is_optional() || *shape == Shape::Any {
        return;
    }
    if shape.fits(wanted).is_ok() {
        found.push(path.to_owned());
        return;
    }
    if deep > 0 && shape.as_object().is_some() {
        for name in shape.field_names() {
            if let Lookup::Found(field) = shape.field(name) {
                found_in(&format!("{path}.{name}"), &field, wanted, deep - 1, found);
            }
        }
    }
}

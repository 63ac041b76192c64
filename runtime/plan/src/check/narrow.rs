//! What a condition makes sure of for the steps that stand under it, or behind a step that ends the run.
//!
//! Which values it shows, and of which shape, is told by the expression; here this is put into the names of a place.

use std::sync::Arc;

use dragoman_expression::Known;
use dragoman_schema::Shape;

use super::scope::Scope;

impl Scope {
    /// Takes over what a condition shows, which was checked at this very place.
    pub(super) fn assume(&mut self, shown: &[Known]) {
        let mut shown: Vec<&Known> = shown.iter().collect();
        // What is known of the whole comes before what is known of a part: a variant brings its fields as they were
        // declared, and would undo what a test has shown of one of them.
        shown.sort_by_key(|known| known.path.len());
        for known in shown {
            self.take_over(known);
        }
    }

    fn take_over(&mut self, known: &Known) {
        self.learn(known);
        let path: Vec<&str> = known.path.iter().map(String::as_str).collect();
        let (root, id, fields) = match path.as_slice() {
            ["steps", id, fields @ ..] => ("steps", Some(*id), fields),
            [root, fields @ ..] => (*root, None, fields),
            [] => return,
        };
        let before = match id {
            Some(id) => self.step(id),
            None => self.name(root),
        };
        // Names are copied for each change: only where something is really learned.
        if let Some(before) = before {
            let after = refined(before, fields, known.shape.as_ref());
            if after != *before {
                self.refine(root, id, after);
            }
        }
    }
}

/// The shape where the value at a path is there (with another shape, where one is given). A shape without that path
/// stays as it is.
fn refined(shape: &Shape, fields: &[&str], known: Option<&Shape>) -> Shape {
    let Some((field, rest)) = fields.split_first() else {
        return known.unwrap_or(shape.present()).clone();
    };
    let Shape::Object(object) = shape.present() else {
        return shape.clone();
    };
    let Some(inner) = object.fields.get(*field) else {
        return shape.clone();
    };
    let mut object = object.as_ref().clone();
    object.fields.insert((*field).to_owned(), refined(inner, rest, known));
    let refined = Shape::Object(Arc::new(object));
    // That the whole is there is told by itself.
    if shape.is_optional() {
        refined.optional()
    } else {
        refined
    }
}

//! `each`: a child run for each item of a list.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_expression::Expected;
use dragoman_manifest::pipeline as said;
use dragoman_model::Diagnostic;
use dragoman_schema::{Marks, Shape};

use super::Checker;
use super::scope::Scope;
use super::step::Made;
use crate::{EachStep, StepKind, codes};

/// Children at work at once where nothing is said.
const CONCURRENT: usize = 8;

/// How a child can have ended.
const STATUS: [&str; 4] = ["completed", "stopped", "failed", "cancelled"];

impl Checker<'_> {
    /// `each`: the output is the list of `{ key, item, status, output?, reason? }`.
    pub(super) fn each(&mut self, each: &said::Each, scope: &mut Scope) -> Made {
        let items = self.expression(&each.items, &Expected::List, scope);
        let mut inner = scope.clone();
        let name = self.item_name(each, &mut inner);
        let item = items.as_ref().map(|(_, shape)| match shape.present() {
            Shape::List(item) => Shape::clone(item),
            _ => Shape::Any,
        });
        match &item {
            _ if name.is_empty() => {}
            Some(item) => inner.add_name(name, item.clone()),
            None => inner.poison(name.to_owned()),
        }
        let marks = items
            .as_ref()
            .map(|(items, _)| items.marks().item())
            .unwrap_or_default();
        inner.mark_name(name, marks.clone());
        let item_key = {
            let mut keys = inner.clone();
            self.item_key(each, name, &mut keys)
        };
        if each.block.steps.is_empty() && each.block.value.is_none() && !each.block.refused {
            let message = "an `each` without steps and without a value does nothing";
            self.report(
                Diagnostic::error(codes::EMPTY, each.block.span.clone(), message).help("write a step, or a `value`"),
            );
        }
        inner.enter_each();
        self.captures.push(BTreeSet::new());
        let outcome = self.block(&each.block, None, &mut inner, true);
        let mut captures = self.captures.pop().unwrap_or_default();
        captures.retain(|read| read[0] != name);
        let marks = children_marks(marks, outcome.marks, each);
        let output = match (&each.block.value, outcome.value) {
            (Some(_), shape) => shape,
            (None, _) if outcome.refused => None,
            (None, _) => {
                let fields: BTreeMap<String, Shape> = outcome.outputs.into_iter().collect();
                let steps = Shape::object(fields.iter().map(|(n, s)| (n.as_str(), s.clone())));
                Some(Shape::object([("steps", steps)]))
            }
        };
        let shape = item.zip(output).map(|(item, output)| children(item, output));
        let kind = items.zip(outcome.block).map(|((items, _), block)| {
            StepKind::Each(Box::new(EachStep {
                items,
                name: name.to_owned(),
                item_key,
                captures,
                concurrent: each
                    .concurrent
                    .as_ref()
                    .map_or(CONCURRENT, |c| usize::try_from(c.value).unwrap_or(CONCURRENT)),
                go_on: each.go_on,
                block,
            }))
        });
        Made::new(kind, shape).marked(marks)
    }
}

impl Checker<'_> {
    /// The item's name; empty where it was left out.
    fn item_name<'s>(&mut self, each: &'s said::Each, inner: &mut Scope) -> &'s str {
        // Of an item without a name the names inside are not known: one of them is meant to be it.
        inner.nameless |= each.name.is_none();
        let Some(name) = &each.name else { return "" };
        let said = self.diagnostics.len();
        self.refuse_reserved(name, true);
        // The names inside are those of before it was called so: one of them is the item.
        inner.nameless |= self.diagnostics.len() > said;
        &name.value
    }
}

/// What of the output is personal or secret.
fn children_marks(item: Marks, given: Marks, each: &said::Each) -> Marks {
    let output = match &each.block.value {
        Some(_) => given,
        None => Marks::object([("steps".to_owned(), given)]),
    };
    Marks::object([("item".to_owned(), item), ("output".to_owned(), output)]).list()
}

/// The output: what became of each child.
fn children(item: Shape, output: Shape) -> Shape {
    let element = Shape::object([
        ("key", Shape::Text),
        ("item", item),
        ("status", Shape::enumeration(STATUS)),
        ("output", output.optional()),
        ("reason", Shape::Text.optional()),
    ]);
    Shape::List(Arc::new(element))
}

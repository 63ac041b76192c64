//! What expressions see: the roots of the run, and the outputs of steps from the innermost block outwards.

use std::cell::Cell;
use std::collections::HashMap;

use dragoman_expression::{Expression, Scope};
use dragoman_model::{Failure, Part, Value};
use dragoman_plan::Template;
use serde_json::Map;

use super::progress::End;
use super::state::State;

/// What was computed from the entries and need not be computed again. It can always be thrown away.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// How steps ended that write nothing: skipped, `set`, `choose`, handlers, by path.
    pub(super) ends: HashMap<String, End>,
    /// Arms that were chosen, by the path of the step.
    pub(super) arms: HashMap<String, Option<usize>>,
    /// Steps whose `when` held.
    pub(super) entered: std::collections::HashSet<String>,
}

impl Memo {
    /// Forgets what was computed below a beginning of paths.
    pub(super) fn forget(&mut self, below: &str) {
        self.ends.retain(|path, _| !path.starts_with(below));
        self.arms.retain(|path, _| !path.starts_with(below));
        self.entered.retain(|path| !path.starts_with(below));
    }
}

/// The round of a `repeat` step that expressions are in.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Round {
    /// Its number, from 0.
    pub(super) number: Value,
    /// What the round before gave.
    pub(super) last: Option<Part>,
}

impl Round {
    pub(super) fn new(number: u64, last: Option<Part>) -> Self {
        Round {
            number: Value::from(number),
            last,
        }
    }
}

/// What came out of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Evaluated {
    /// A value; none: absent.
    Value(Option<Value>),
    /// It needs the output of a step that was only observed.
    Observed,
}

/// The names that are visible at a place of the plan.
pub(super) struct Names<'a> {
    pub(super) state: &'a State,
    pub(super) memo: &'a Memo,
    /// The path whose beginnings are the open blocks.
    pub(super) path: &'a str,
    /// The lengths of those beginnings, outermost first.
    pub(super) frames: &'a [usize],
    /// In a handler: what failed.
    pub(super) failure: Option<&'a Value>,
    /// In a `repeat`: the rounds that are open, outermost first.
    pub(super) rounds: &'a [Round],
    /// The item whose key is computed, under its name.
    item: Option<(&'a str, &'a Value)>,
    touched: Cell<bool>,
}

impl<'a> Names<'a> {
    pub(super) fn new(
        state: &'a State,
        memo: &'a Memo,
        path: &'a str,
        frames: &'a [usize],
        failure: Option<&'a Value>,
    ) -> Self {
        Names {
            state,
            memo,
            path,
            frames,
            failure,
            rounds: &[],
            item: None,
            touched: Cell::new(false),
        }
    }

    /// With the rounds that are open.
    pub(super) fn in_rounds(self, rounds: &'a [Round]) -> Self {
        Names { rounds, ..self }
    }

    /// With an item under its name.
    pub(super) fn with_item(self, name: &'a str, item: &'a Value) -> Self {
        Names {
            item: Some((name, item)),
            ..self
        }
    }

    /// How the step at a path ended; none: not yet.
    fn end(&self, path: &str) -> Option<&'a End> {
        let written = self.state.step(path).and_then(|progress| progress.end.as_ref());
        match (written, self.memo.ends.get(path)) {
            // A failed step whose handler yielded a value has that value.
            (Some(End::Failed) | None, Some(computed)) => Some(computed),
            (written, _) => written,
        }
    }

    /// What a step gave that a replay has set aside and that was not done again: its undo needs it.
    fn before(&self, path: &str) -> Option<&'a Part> {
        self.state.step(path)?.before.as_ref()?.output.as_ref()
    }

    /// Evaluates an expression.
    ///
    /// # Errors
    /// A permanent failure without effect: the step that needs the value fails.
    pub(super) fn expression(&self, expression: &Expression) -> Result<Evaluated, Failure> {
        self.touched.set(false);
        match expression.evaluate(self) {
            _ if self.touched.get() => Ok(Evaluated::Observed),
            Ok(value) => Ok(Evaluated::Value(value)),
            Err(error) => Err(Failure::permanent(
                "expression.failed",
                format!("`{}` failed: {}", expression.text, error.message),
            )),
        }
    }

    /// Evaluates a template. Absent members and items are left out.
    ///
    /// # Errors
    /// As [`Names::expression`].
    pub(super) fn template(&self, template: &Template) -> Result<Evaluated, Failure> {
        match template {
            Template::Literal(value) => Ok(Evaluated::Value(Some(value.clone()))),
            Template::Expression(expression) => self.expression(expression),
            Template::List(templates) => {
                let mut list = Vec::with_capacity(templates.len());
                for template in templates {
                    match self.template(template)? {
                        Evaluated::Observed => return Ok(Evaluated::Observed),
                        Evaluated::Value(value) => list.extend(value),
                    }
                }
                Ok(Evaluated::Value(Some(Value::Array(list))))
            }
            Template::Object(members) => {
                let mut object = Map::new();
                for (name, template) in members {
                    match self.template(template)? {
                        Evaluated::Observed => return Ok(Evaluated::Observed),
                        Evaluated::Value(Some(value)) => {
                            object.insert(name.clone(), value);
                        }
                        Evaluated::Value(None) => {}
                    }
                }
                Ok(Evaluated::Value(Some(Value::Object(object))))
            }
        }
    }
}

impl Scope for Names<'_> {
    fn root(&self, name: &str) -> Option<&Value> {
        if name == "failure" {
            return self.failure;
        }
        if let Some((_, item)) = self.item.filter(|(item, _)| *item == name) {
            return Some(item);
        }
        match (name, self.rounds.last()) {
            ("round", Some(round)) => return Some(&round.number),
            ("last", Some(round)) => return round.last.as_deref(),
            _ => {}
        }
        self.state.origin.as_ref().and_then(|origin| origin.roots.get(name))
    }

    fn step(&self, id: &str) -> Option<&Value> {
        let mut path = String::with_capacity(self.path.len() + id.len());
        for &length in self.frames.iter().rev() {
            path.clear();
            path.push_str(&self.path[..length]);
            path.push_str(id);
            match self.end(&path) {
                Some(End::Done(output)) => return output.as_deref(),
                Some(End::Observed) => {
                    self.touched.set(true);
                    return None;
                }
                Some(End::Failed | End::GivenUp) | None => {
                    if let Some(output) = self.before(&path) {
                        return Some(output);
                    }
                }
            }
        }
        self.state.origin.as_ref().and_then(|origin| origin.captures.get(id))
    }
}

//! Which names an expression sees at a place, and which of them nothing can be said about.

use std::collections::BTreeSet;
use std::sync::Arc;

use dragoman_expression::{AnswerNeeds, Environment, Known, Names};
use dragoman_manifest::Template;
use dragoman_model::{Span, Value};
use dragoman_schema::{Marks, Shape};

/// The names at a place. There is one for each step, so a copy of it is cheap.
#[derive(Clone)]
pub(super) struct Scope {
    /// What the expression checker takes: names at the root, steps with their outputs, operations for casts.
    environment: Environment,
    /// Where the steps stand whose output can be used.
    places: Names<Span>,
    /// Beginnings of expressions about which nothing can be said, because of a mistake that was reported:
    /// `steps.order`, `trigger.message`, an item's name.
    poisoned: BTreeSet<String>,
    /// For each `each` around this place: the steps outside it.
    pub(super) outside: Vec<Names<()>>,
    /// Whether a condition that was wrong might have made sure of something here: then nothing is said about values
    /// that may be absent.
    pub(super) doubtful: bool,
    /// Whether an item around this place was given no name, which was reported: a name that is not known may be it.
    pub(super) nameless: bool,
    /// Where quantities got the unit that is known of them, by the path under which they are used: `steps.sizes.net`.
    units: Names<Span>,
    /// In a handler: the codes that the plugin lists for the call that failed.
    pub(super) codes: Arc<[String]>,
}

impl Scope {
    /// Only operations, for casts.
    pub(super) fn new(operations: Environment) -> Self {
        Scope {
            environment: operations,
            places: Names::default(),
            poisoned: BTreeSet::new(),
            outside: Vec::new(),
            doubtful: false,
            nameless: false,
            units: Names::default(),
            codes: Arc::default(),
        }
    }

    /// Adds a name at the root.
    pub(super) fn add_name(&mut self, name: &str, shape: Shape) {
        self.poisoned.remove(name);
        self.environment.set_name(name, shape);
    }

    /// Adds a name whose value is known before anything runs.
    pub(super) fn add_values(&mut self, name: &str, values: &Value) {
        self.poisoned.remove(name);
        self.environment.set_values(name, values);
    }

    /// Says what of a name at the root is personal or secret.
    pub(super) fn mark_name(&mut self, name: &str, marks: Marks) {
        self.environment.mark_name(name, marks);
    }

    /// Takes a name at the root away.
    pub(super) fn remove_name(&mut self, name: &str) {
        self.environment.remove_name(name);
    }

    /// Adds a step's output.
    pub(super) fn add_step(&mut self, id: &str, shape: Shape, marks: Marks, at: Span) {
        self.poisoned.remove(&format!("steps.{id}"));
        for outside in &mut self.outside {
            outside.remove(id);
        }
        self.environment.add_step(id, shape);
        self.environment.mark_step(id, marks);
        self.places.insert(id, at);
    }

    /// Hides a step: its output cannot be used here; why, and what to do.
    pub(super) fn hide_step(&mut self, id: &str, why: String, help: String) {
        self.environment.hide_step(id, why, help);
        self.places.remove(id);
    }

    /// Nothing can be said about what begins so.
    pub(super) fn poison(&mut self, beginning: String) {
        self.poisoned.insert(beginning);
    }

    /// A step's output at this place.
    pub(super) fn step(&self, id: &str) -> Option<&Shape> {
        self.environment.step(id)
    }

    /// Where a step that can be used stands.
    pub(super) fn place_of(&self, id: &str) -> Option<&Span> {
        self.places.get(id)
    }

    /// From here on stands what an `each` does for an item: the steps so far are outside it.
    pub(super) fn enter_each(&mut self) {
        let mut outside = Names::default();
        for id in self.environment.step_ids() {
            outside.insert(id, ());
        }
        self.outside.push(outside);
    }

    /// The shape of a name at the root.
    pub(super) fn name(&self, name: &str) -> Option<&Shape> {
        self.environment.name(name)
    }

    /// The same place with another shape of a step's output or of a name (what a test has made sure of).
    pub(super) fn refine(&mut self, root: &str, id: Option<&str>, shape: Shape) {
        match id {
            Some(id) if self.environment.step(id).is_some() => self.environment.refine_step(id, shape),
            Some(_) => {}
            None => self.environment.refine_name(root, shape),
        }
    }

    /// Does something where quantities are most likely in a unit.
    pub(super) fn measured_in<R>(&mut self, unit: Option<Arc<str>>, act: impl FnOnce(&mut Self) -> R) -> R {
        self.environment.set_unit(unit);
        let done = act(self);
        self.environment.set_unit(None);
        done
    }

    /// Takes over what a test has shown of the result of a function.
    pub(super) fn learn(&mut self, known: &Known) {
        self.environment.learn(known);
    }

    /// Remembers where the quantities of a step's output got their units.
    pub(super) fn add_units(&mut self, path: &str, said: &Template, shape: &Shape) {
        match (said, shape.present()) {
            (Template::Object(members, _), Shape::Object(object)) => {
                for (name, member) in members {
                    if let Some(shape) = object.fields.get(&name.value) {
                        self.add_units(&format!("{path}.{}", name.value), member, shape);
                    }
                }
            }
            (_, Shape::Measured(_)) => self.units.insert(path, said.span().clone()),
            _ => {}
        }
    }

    /// The quantities that an expression speaks of, and where they got their units.
    pub(super) fn units_in(&self, text: &str) -> Vec<(String, Span)> {
        let spoken = self.units.iter().filter(|(path, _)| mentions(text, path));
        spoken.map(|(path, span)| (path.to_owned(), span.clone())).collect()
    }

    /// Remembers which fields each answer of a wait must bring.
    pub(super) fn add_answers(&mut self, id: &str, answers: AnswerNeeds) {
        self.environment.add_answers(id, answers);
    }

    /// Whether an expression speaks of something about which nothing can be said.
    pub(super) fn is_poisoned(&self, text: &str) -> bool {
        self.poisoned.iter().any(|beginning| mentions(text, beginning))
    }

    /// Whether a plain text begins as only an expression would: with a name that is there and one of its fields, or
    /// with a function of such a thing.
    pub(super) fn looks_computed(&self, text: &str) -> bool {
        let path_at = |text: &str| {
            let Some((root, rest)) = text.split_once('.') else {
                return false;
            };
            let field = rest
                .split(|c: char| !c.is_alphanumeric() && c != '_')
                .next()
                .unwrap_or("");
            if root == "steps" {
                return self.step(field).is_some() || self.environment.is_hidden(field);
            }
            self.name(root)
                .is_some_and(|shape| shape.field_names().contains(&field))
        };
        let inner = text.split_once('(').filter(|(function, _)| {
            !function.is_empty() && function.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        });
        path_at(text.trim_start_matches('!')) || inner.is_some_and(|(_, argument)| path_at(argument.trim_start()))
    }

    /// What the expression checker takes.
    pub(super) fn environment(&self) -> &Environment {
        &self.environment
    }
}

/// Whether a text has a dotted name in it, not as a part of a longer one.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(name).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let behind = text[at + name.len()..].chars().next();
        !before.is_some_and(|c| part(c) || c == '.') && !behind.is_some_and(part)
    })
}

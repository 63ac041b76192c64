//! Which names an expression sees at a place, and which of them nothing can be said about.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_expression::Environment;
use dragoman_model::Span;
use dragoman_schema::Shape;

/// Each answer of a wait, with the fields that it must bring.
pub(super) type AnswerNeeds = Arc<[(String, Vec<String>)]>;

/// The names at a place.
#[derive(Clone)]
pub(super) struct Scope {
    /// Operations for casts; no names.
    operations: Environment,
    /// Names at the root.
    names: BTreeMap<String, Shape>,
    /// Steps whose output can be used, and where they stand.
    steps: BTreeMap<String, (Shape, Span)>,
    /// Steps whose output cannot be used here: why, and what to do.
    elsewhere: BTreeMap<String, (String, String)>,
    /// Beginnings of expressions about which nothing can be said, because of a mistake that was reported:
    /// `steps.order`, `trigger.message`, an item's name.
    poisoned: BTreeSet<String>,
    /// For waits that can be used: which fields each answer must bring.
    answers: BTreeMap<String, AnswerNeeds>,
    /// For each `each` around this place: the steps outside it.
    pub(super) outside: Vec<BTreeSet<String>>,
    /// Whether a condition that was wrong might have made sure of something here: then nothing is said about values
    /// that may be absent.
    pub(super) doubtful: bool,
    /// Made from the rest when it is first needed.
    environment: Option<Environment>,
}

impl Scope {
    /// Only operations, for casts.
    pub(super) fn new(operations: Environment) -> Self {
        Scope {
            operations,
            names: BTreeMap::new(),
            steps: BTreeMap::new(),
            elsewhere: BTreeMap::new(),
            poisoned: BTreeSet::new(),
            answers: BTreeMap::new(),
            outside: Vec::new(),
            doubtful: false,
            environment: None,
        }
    }

    /// Adds a name at the root.
    pub(super) fn add_name(&mut self, name: &str, shape: Shape) {
        self.environment = None;
        self.poisoned.remove(name);
        self.names.insert(name.into(), shape);
    }

    /// Takes a name at the root away.
    pub(super) fn remove_name(&mut self, name: &str) {
        self.environment = None;
        self.names.remove(name);
    }

    /// Adds a step's output.
    pub(super) fn add_step(&mut self, id: &str, shape: Shape, at: Span) {
        // In place: making the environment anew for each step would cost the square of their number.
        if let Some(environment) = &mut self.environment {
            environment.add_step(id, shape.clone());
        }
        self.poisoned.remove(&format!("steps.{id}"));
        self.elsewhere.remove(id);
        for outside in &mut self.outside {
            outside.remove(id);
        }
        self.steps.insert(id.into(), (shape, at));
    }

    /// Hides a step: its output cannot be used here; why, and what to do.
    pub(super) fn hide_step(&mut self, id: &str, why: String, help: String) {
        match (&mut self.environment, self.steps.remove(id)) {
            (Some(environment), None) => environment.add_step_elsewhere(id, &why, &help),
            (environment, _) => *environment = None,
        }
        self.elsewhere.insert(id.into(), (why, help));
    }

    /// Nothing can be said about what begins so.
    pub(super) fn poison(&mut self, beginning: String) {
        self.poisoned.insert(beginning);
    }

    /// A step's output at this place.
    pub(super) fn step(&self, id: &str) -> Option<&Shape> {
        self.steps.get(id).map(|(shape, _)| shape)
    }

    /// Where a step that can be used stands.
    pub(super) fn place_of(&self, id: &str) -> Option<&Span> {
        self.steps.get(id).map(|(_, at)| at)
    }

    /// The ids of the steps that can be used.
    pub(super) fn step_ids(&self) -> impl Iterator<Item = &String> {
        self.steps.keys()
    }

    /// The shape of a name at the root.
    pub(super) fn name(&self, name: &str) -> Option<&Shape> {
        self.names.get(name)
    }

    /// The same place with another shape of a step's output or of a name (what a test has made sure of).
    pub(super) fn refine(&mut self, root: &str, id: Option<&str>, shape: Shape) {
        self.environment = None;
        match id {
            Some(id) => {
                if let Some((known, _)) = self.steps.get_mut(id) {
                    *known = shape;
                }
            }
            None => {
                self.names.insert(root.into(), shape);
            }
        }
    }

    /// Remembers which fields each answer of a wait must bring.
    pub(super) fn add_answers(&mut self, id: &str, answers: AnswerNeeds) {
        self.answers.insert(id.into(), answers);
    }

    /// After the answers that are left became fewer: a field that all of them bring is there.
    pub(super) fn narrow_answer(&mut self, id: &str) {
        let Some((answers, (shape, _))) = self.answers.get(id).zip(self.steps.get(id)) else {
            return;
        };
        let Shape::Object(object) = shape.present() else {
            return;
        };
        let Some(Shape::Enumeration(left)) = object.fields.get("answer") else {
            return;
        };
        let mut narrowed = object.as_ref().clone();
        for (name, field) in &mut narrowed.fields {
            let brings = |answer: &String| answers.iter().any(|(a, fields)| a == answer && fields.contains(name));
            if left.iter().all(brings) {
                *field = field.present().clone();
            }
        }
        let optional = shape.is_optional();
        let narrowed = Shape::Object(Arc::new(narrowed));
        let narrowed = if optional { narrowed.optional() } else { narrowed };
        self.refine("steps", Some(id), narrowed);
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
                return self.steps.contains_key(field) || self.elsewhere.contains_key(field);
            }
            self.names
                .get(root)
                .is_some_and(|shape| shape.field_names().contains(&field))
        };
        let inner = text.split_once('(').filter(|(function, _)| {
            !function.is_empty() && function.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        });
        path_at(text.trim_start_matches('!')) || inner.is_some_and(|(_, argument)| path_at(argument.trim_start()))
    }

    /// What the expression checker takes.
    pub(super) fn environment(&mut self) -> &Environment {
        self.environment.get_or_insert_with(|| {
            let mut environment = self.operations.clone();
            for (name, shape) in &self.names {
                environment = environment.with_name(name, shape.clone());
            }
            for (id, (shape, _)) in &self.steps {
                environment.add_step(id, shape.clone());
            }
            for (id, (why, help)) in &self.elsewhere {
                environment.add_step_elsewhere(id, why, help);
            }
            environment
        })
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

//! A checked expression, and the scope that it finds its names in.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use dragoman_model::{Span, Value};
use dragoman_schema::{Marks, Shape};

use crate::environment::Limits;
use crate::evaluate::Evaluation;
use crate::program::Code;
use crate::{Error, codes, reads};

/// An expression that was checked against the shapes of its names. Cheap to clone.
#[derive(Clone)]
pub struct Expression {
    /// As it was written, without a leading `=`.
    pub text: Arc<str>,
    /// Where.
    pub span: Span,
    pub(crate) program: Arc<Program>,
}

/// What the checker made of the text.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) code: Code,
    pub(crate) roots: BTreeSet<String>,
    pub(crate) steps: BTreeSet<String>,
    pub(crate) limits: Limits,
    pub(crate) when_true: Vec<Known>,
    pub(crate) when_false: Vec<Known>,
    pub(crate) marks: Marks,
}

/// What an expression that is true, or false, shows of a value that it uses.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// The value: `["steps", "invoice", "total"]`, `["trigger", "message", "kind"]`.
    pub path: Vec<String>,
    /// What it shows: the value is there (none), or it is there and has this shape.
    pub shape: Option<Shape>,
}

/// Where an expression finds its names.
pub trait Scope {
    /// The value of a name at the root (`trigger`, `site`, `run`, an item's name); none: absent.
    fn root(&self, name: &str) -> Option<&Value>;
    /// The output of a step, for `steps.<id>`; none: it has none (skipped).
    fn step(&self, id: &str) -> Option<&Value>;
}

impl Expression {
    /// Evaluates within the bounds; the result `None` is an absent optional value.
    ///
    /// # Errors
    /// A value of another type than was checked (a partner that breaks its schema), an absent value used, overflow,
    /// different units, a bound.
    pub fn evaluate(&self, scope: &dyn Scope) -> Result<Option<Value>, Error> {
        Evaluation::new(&self.text, scope, self.program.limits).value(&self.program.code)
    }

    /// Evaluates a condition; an absent value counts as an error, for it was not checked as one.
    ///
    /// # Errors
    /// As [`Expression::evaluate`], and where the value is not true or false.
    pub fn holds(&self, scope: &dyn Scope) -> Result<bool, Error> {
        match self.evaluate(scope)? {
            Some(Value::Bool(holds)) => Ok(holds),
            _ => Err(Error {
                code: codes::FAILED,
                message: format!("`{}` is neither true nor false", self.text),
            }),
        }
    }

    /// What is known wherever this condition held, or wherever it did not: what `has(...)` found to be there, which
    /// values of an enumeration and which variants are left. It serves the checks of what stands behind the condition.
    pub fn shows(&self, held: bool) -> &[Known] {
        if held {
            &self.program.when_true
        } else {
            &self.program.when_false
        }
    }

    /// What of its value is personal or secret: what it takes from marked fields, or builds of them. Conditions, sizes and
    /// digests show nothing of it.
    pub fn marks(&self) -> &Marks {
        &self.program.marks
    }

    /// The names at the root that it uses (without `steps`).
    pub fn roots(&self) -> impl Iterator<Item = &str> {
        self.program.roots.iter().map(String::as_str)
    }

    /// The parts of its names that it reads, as names one below the other: `["trigger", "message", "lot"]`, `["steps",
    /// "order", "lines"]`. What is below one of them is read with it.
    pub fn reads(&self) -> BTreeSet<Vec<String>> {
        reads::of(&self.program.code)
    }

    /// The ids of the steps whose output it uses.
    pub fn steps_used(&self) -> impl Iterator<Item = &str> {
        self.program.steps.iter().map(String::as_str)
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Expression")
            .field("text", &self.text)
            .field("place", &self.span.place())
            .finish()
    }
}

//! Checked, bounded expressions: CEL.

use dragoman_model::{Span, Value};

/// An expression that was checked against the shapes of its names.
#[derive(Debug, Clone)]
pub struct Expression {
    /// As it was written.
    pub text: String,
    /// Where.
    pub span: Span,
}

/// Why an evaluation failed.
#[derive(Debug, Clone, PartialEq)]
pub struct Error {
    /// For people.
    pub message: String,
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
    /// A value of another type than was checked (a partner that breaks its schema), an absent value used, a bound.
    pub fn evaluate(&self, _scope: &dyn Scope) -> Result<Option<Value>, Error> {
        Err(Error { message: "not yet".into() })
    }
}

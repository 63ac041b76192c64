//! What an operation answers when it was done, and what a probe answers.

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Document;
use crate::failure::Failure;

/// A payload without properties: `{}`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct Empty {}

/// An answer with named documents and attributes beside its payload.
#[derive(Debug, Clone, PartialEq)]
pub struct Output<T> {
    /// The payload.
    pub value: T,
    /// Documents beside the payload, by name.
    pub documents: Vec<(String, Document)>,
    /// Message headers, receipts and whatever else belongs into the audit trail as it was received.
    pub attributes: Vec<(String, String)>,
}

impl<T> Output<T> {
    /// An answer with nothing beside its payload.
    pub fn new(value: T) -> Self {
        Self {
            value,
            documents: Vec::new(),
            attributes: Vec::new(),
        }
    }

    /// Adds an attribute; a name may come more than once.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// Adds a named document.
    #[must_use]
    pub fn document(mut self, name: impl Into<String>, document: Document) -> Self {
        self.documents.push((name.into(), document));
        self
    }
}

/// What a probe found out about an earlier request.
#[derive(Debug, Clone, PartialEq)]
pub enum Probed<T> {
    /// It took effect; this would have been the answer (a payload, or an [`Output`] with more).
    Applied(T),
    /// It did not take effect.
    Absent,
    /// Not decided yet: ask again, after so long if given.
    Pending(Option<Duration>),
}

/// A payload, alone or as an [`Output`].
pub trait IntoOutput {
    /// The payload's type.
    type Value: Serialize + JsonSchema;
    /// As an [`Output`].
    fn into_output(self) -> Output<Self::Value>;
}

impl<T: Serialize + JsonSchema> IntoOutput for T {
    type Value = T;
    fn into_output(self) -> Output<T> {
        Output::new(self)
    }
}

impl<T: Serialize + JsonSchema> IntoOutput for Output<T> {
    type Value = T;
    fn into_output(self) -> Output<T> {
        self
    }
}

/// What the method of an operation may return: a `Result` of a payload or an [`Output`].
pub trait Answer {
    /// The payload's type.
    type Value: Serialize + JsonSchema;
    /// The answer in its one form.
    ///
    /// # Errors
    /// The failure that the method returned.
    fn into_answer(self) -> Result<Output<Self::Value>, Failure>;
}

impl<T: IntoOutput, E: Into<Failure>> Answer for Result<T, E> {
    type Value = T::Value;
    fn into_answer(self) -> Result<Output<T::Value>, Failure> {
        match self {
            Ok(value) => Ok(value.into_output()),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// What the method of a probe may return: a `Result` of [`Probed`].
pub trait ProbeAnswer {
    /// The payload's type.
    type Value: Serialize + JsonSchema;
    /// The answer in its one form.
    ///
    /// # Errors
    /// The failure that the method returned.
    fn into_answer(self) -> Result<Probed<Output<Self::Value>>, Failure>;
}

impl<T: IntoOutput, E: Into<Failure>> ProbeAnswer for Result<Probed<T>, E> {
    type Value = T::Value;
    fn into_answer(self) -> Result<Probed<Output<T::Value>>, Failure> {
        match self {
            Ok(Probed::Applied(value)) => Ok(Probed::Applied(value.into_output())),
            Ok(Probed::Absent) => Ok(Probed::Absent),
            Ok(Probed::Pending(wait)) => Ok(Probed::Pending(wait)),
            Err(failure) => Err(failure.into()),
        }
    }
}

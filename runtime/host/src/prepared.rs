//! What a call needs of its connection and plugin, made once: surface, validators, configuration text.

use std::collections::HashMap;
use std::sync::Arc;

use dragoman_model::{Failure, Issue, OperationEffect, Value, nearest};
use dragoman_schema::{Surface, Validator};
use tokio::sync::Semaphore;

use crate::error::{BAD_DESCRIPTOR, Error};
use crate::host::Bound;
use crate::plugin::Plugin;
use crate::settings::Connection;

/// An operation with its compiled schemas.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) effect: OperationEffect,
    pub(crate) has_probe: bool,
    input: Validator,
    output: Validator,
}

/// A connection with the plugin that a call is pinned to.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) plugin: Arc<Plugin>,
    pub(crate) connection: Arc<Connection>,
    pub(crate) config: Arc<str>,
    pub(crate) places: Arc<Semaphore>,
    pub(crate) surface: Arc<Surface>,
    operations: HashMap<String, Operation>,
}

impl Prepared {
    /// Compiles the schemas of all operations.
    pub(crate) fn new(plugin: Arc<Plugin>, bound: &Bound, surface: Arc<Surface>) -> Result<Self, Error> {
        let mut operations = HashMap::new();
        for (name, described) in &surface.operations {
            let compile = |schema: &Value, side: &str| {
                Validator::new(schema).map_err(|e| {
                    Error::new(
                        BAD_DESCRIPTOR,
                        format!("the {side} schema of `{name}` is not valid: {e}"),
                    )
                })
            };
            let operation = Operation {
                effect: described.effect,
                has_probe: described.has_probe,
                input: compile(&described.input_schema, "input")?,
                output: compile(&described.output_schema, "output")?,
            };
            operations.insert(name.clone(), operation);
        }
        Ok(Prepared {
            plugin,
            connection: bound.connection.clone(),
            config: bound.connection.config.to_string().into(),
            places: bound.places.clone(),
            surface,
            operations,
        })
    }

    /// An operation by name, or the failure that says which there are.
    pub(crate) fn operation(&self, name: &str) -> Result<&Operation, Failure> {
        self.operations.get(name).ok_or_else(|| {
            let near = nearest(name, self.operations.keys().map(String::as_str));
            let hint = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            let message = format!("{} has no operation `{name}`{hint}", self.surface.name);
            Failure::permanent("operation.unknown", message)
        })
    }
}

impl Operation {
    /// What is wrong with an input.
    pub(crate) fn check_input(&self, payload: &Value) -> Result<(), Failure> {
        refuse(
            &self.input,
            payload,
            "input.invalid",
            "the input does not fit the operation's schema",
        )
    }

    /// What is wrong with an output.
    pub(crate) fn check_output(&self, payload: &Value) -> Result<(), Failure> {
        refuse(
            &self.output,
            payload,
            "output.invalid",
            "the plugin's output does not fit the operation's schema",
        )
    }
}

fn refuse(validator: &Validator, payload: &Value, code: &str, message: &str) -> Result<(), Failure> {
    let issues = validator.check(payload);
    if issues.is_empty() {
        return Ok(());
    }
    let first = &issues[0];
    let place = match &*first.path {
        "" => String::new(),
        path => format!(" at `{path}`"),
    };
    let mut failure = Failure::permanent(code, format!("{message}: {}{place}", first.message));
    failure.issues = issues
        .into_iter()
        .map(|issue| Issue {
            path: issue.path,
            code: format!("schema.{}", issue.code),
            message: issue.message,
        })
        .collect();
    Err(failure)
}

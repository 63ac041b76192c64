//! What a connector says of itself. The macros write the implementations.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::call::{Call, Sent};
use crate::dispatch::RawOutput;
use crate::failure::{Failure, Issue};
use crate::output::{Answer, Probed};
use crate::schema;

/// A connector; implemented by `#[connector]`.
pub trait Connector: Sized {
    /// The connection's configuration.
    type Config: DeserializeOwned + JsonSchema;
    /// The connector's name.
    const NAME: &'static str;
    /// The plugin package's version.
    const VERSION: &'static str;
    /// The first paragraph of its documentation.
    const SUMMARY: &'static str;
    /// Whether it has a configuration; without one the host is not asked for it.
    const CONFIGURED: bool;
    /// Names of the endpoints that it asks for.
    const ENDPOINTS: &'static [&'static str];
    /// Names of the credentials that it asks for.
    const CREDENTIALS: &'static [&'static str];

    /// The connector for one call.
    fn new(config: Self::Config) -> Self;

    /// What is wrong with a configuration beyond its schema.
    fn check(config: &Self::Config) -> Vec<Issue>;
}

/// The operations of a connector; implemented by `#[operations]`.
pub trait Operations {
    /// What it can do.
    fn operations() -> Vec<Operation>;

    /// Does an operation with a payload of JSON text.
    ///
    /// # Errors
    /// The operation's failure; permanent `operation.unknown`, `input.invalid`.
    fn invoke(&self, operation: &str, call: &Call, payload: &str) -> Result<RawOutput, Failure>;

    /// Asks whether an earlier request took effect.
    ///
    /// # Errors
    /// The probe's failure; permanent `operation.unknown`, `probe.none`, `input.invalid`.
    fn probe(&self, operation: &str, call: &Call, payload: &str, sent: Sent) -> Result<Probed<RawOutput>, Failure>;
}

/// What an operation does to the world outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OperationEffect {
    /// Changes nothing.
    Read,
    /// May be repeated with the same key for so many seconds (none: for ever); past that it counts as `Once`.
    Idempotent(Option<u64>),
    /// Must not be repeated blindly. The seconds are the settle time, after which a request still under way
    /// can no longer be applied (none: not known).
    Once(Option<u64>),
}

/// What an operation says of itself.
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// In snake_case.
    pub name: &'static str,
    /// The first paragraph of its documentation.
    pub summary: &'static str,
    /// JSON Schema of the payload that goes in.
    pub input_schema: Value,
    /// JSON Schema of the payload that comes out.
    pub output_schema: Value,
    /// What it does to the world outside.
    pub effect: OperationEffect,
    /// Whether it has a probe.
    pub has_probe: bool,
    /// The operation that undoes it.
    pub undo: Option<&'static str>,
    /// Names of the documents that it takes beside its payload.
    pub documents: Vec<&'static str>,
    /// The failure codes that it can answer with.
    pub codes: Vec<&'static str>,
    /// Open set.
    pub attributes: Vec<(&'static str, &'static str)>,
}

impl Operation {
    /// An operation that takes `I` and whose method returns `R`, of effect read and with nothing else yet.
    pub fn new<I: JsonSchema, R: Answer>(name: &'static str, summary: &'static str) -> Self {
        Self {
            name,
            summary,
            input_schema: schema::of_input::<I>(),
            output_schema: schema::of_output::<R::Value>(),
            effect: OperationEffect::Read,
            has_probe: false,
            undo: None,
            documents: Vec::new(),
            codes: Vec::new(),
            attributes: Vec::new(),
        }
    }
}

/// What a connector says of itself, whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Descriptor {
    /// The connector's name.
    pub name: &'static str,
    /// The plugin package's version.
    pub version: &'static str,
    /// The first paragraph of its documentation.
    pub summary: &'static str,
    /// JSON Schema of its configuration.
    pub config_schema: Value,
    /// Names of the endpoints that it asks for.
    pub endpoints: Vec<&'static str>,
    /// Names of the credentials that it asks for.
    pub credentials: Vec<&'static str>,
    /// What it can do.
    pub operations: Vec<Operation>,
    /// Open set; `sdk` is the SDK's name and version.
    pub attributes: Vec<(&'static str, &'static str)>,
}

//! What a plugin offers, as its descriptor says.

use std::collections::BTreeMap;

use dragoman_model::{Digest, OperationEffect, Value};

use crate::Shape;

/// What a plugin offers.
#[derive(Debug, Clone)]
pub struct Surface {
    /// The component.
    pub digest: Digest,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of its configuration.
    pub config_schema: Value,
    /// Endpoints it asks for.
    pub endpoints: Vec<String>,
    /// Credentials it asks for.
    pub credentials: Vec<String>,
    /// By name.
    pub operations: BTreeMap<String, OperationSurface>,
}

/// An operation of a plugin.
#[derive(Debug, Clone)]
pub struct OperationSurface {
    /// One sentence.
    pub summary: String,
    /// JSON Schema of the payload.
    pub input_schema: Value,
    /// JSON Schema of the output.
    pub output_schema: Value,
    /// The shape of the payload.
    pub input: Shape,
    /// The shape of the output.
    pub output: Shape,
    /// What it does to the world.
    pub effect: OperationEffect,
    /// Whether it answers probes.
    pub has_probe: bool,
    /// The operation that undoes it.
    pub undo: Option<String>,
    /// Documents it takes.
    pub documents: Vec<String>,
    /// Failure codes it answers with.
    pub codes: Vec<String>,
}

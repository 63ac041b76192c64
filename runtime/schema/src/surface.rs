//! What a plugin offers, as its descriptor says.

use std::collections::BTreeMap;

use dragoman_model::{Digest, OperationEffect, Value, nearest};

use crate::{Error, Marks, Note, Shape};

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
    /// Which fields of the payload are personal or secret.
    pub input_marks: Marks,
    /// Which fields of the output are personal or secret.
    pub output_marks: Marks,
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

/// A descriptor as the plugin gave it: schemas are still text.
#[derive(Debug, Clone, Default)]
pub struct Descriptor {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of its configuration, as text.
    pub config_schema: String,
    /// Endpoints it asks for.
    pub endpoints: Vec<String>,
    /// Credentials it asks for.
    pub credentials: Vec<String>,
    /// Its operations, in the order it gave them.
    pub operations: Vec<DescribedOperation>,
}

/// An operation as the plugin described it.
#[derive(Debug, Clone)]
pub struct DescribedOperation {
    /// snake_case.
    pub name: String,
    /// One sentence.
    pub summary: String,
    /// JSON Schema of the payload, as text.
    pub input_schema: String,
    /// JSON Schema of the output, as text.
    pub output_schema: String,
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

impl Surface {
    /// Reads a descriptor: schemas become values and shapes. The notes say which places of which schema lie outside
    /// the profile (their pointers begin with `<operation>/input` or `<operation>/output`).
    ///
    /// # Errors
    /// A schema that is not JSON or not valid JSON Schema, an operation given twice, an undo that does not exist.
    pub fn from_descriptor(digest: Digest, descriptor: Descriptor) -> Result<(Surface, Vec<Note>), Error> {
        let mut notes = Vec::new();
        let mut operations = BTreeMap::new();
        let wrong = |reason: String| Error::InvalidSurface {
            plugin: descriptor.name.clone(),
            reason,
        };
        let names: Vec<String> = descriptor.operations.iter().map(|o| o.name.clone()).collect();
        for described in descriptor.operations {
            let name = described.name.clone();
            if let Some(undo) = described.undo.as_ref().filter(|undo| !names.contains(undo)) {
                let near = nearest(undo, names.iter().map(String::as_str));
                let hint = near.map_or_else(String::new, |n| format!("; did it mean `{n}`?"));
                return Err(wrong(format!(
                    "`{name}` names the undo `{undo}`, which it does not have{hint}"
                )));
            }
            let operation = read_operation(described, &mut notes)?;
            if operations.insert(name.clone(), operation).is_some() {
                return Err(wrong(format!("the operation `{name}` is described twice")));
            }
        }
        let surface = Surface {
            digest,
            config_schema: read_schema(&descriptor.config_schema, "the configuration")?,
            name: descriptor.name,
            version: descriptor.version,
            summary: descriptor.summary,
            endpoints: descriptor.endpoints,
            credentials: descriptor.credentials,
            operations,
        };
        Ok((surface, notes))
    }
}

fn read_operation(described: DescribedOperation, notes: &mut Vec<Note>) -> Result<OperationSurface, Error> {
    let name = &described.name;
    let input_schema = read_schema(&described.input_schema, &format!("the input of `{name}`"))?;
    let output_schema = read_schema(&described.output_schema, &format!("the output of `{name}`"))?;
    let mut shape = |schema: &Value, side: &str| {
        let (shape, found) = Shape::from_schema(schema);
        let pointed = found.into_iter();
        notes.extend(pointed.map(|n| Note {
            pointer: format!("{name}/{side}{}", n.pointer),
            message: n.message,
        }));
        shape
    };
    let input = shape(&input_schema, "input");
    let output = shape(&output_schema, "output");
    Ok(OperationSurface {
        summary: described.summary,
        input_marks: Marks::of_schema(&input_schema),
        output_marks: Marks::of_schema(&output_schema),
        input_schema,
        output_schema,
        input,
        output,
        effect: described.effect,
        has_probe: described.has_probe,
        undo: described.undo,
        documents: described.documents,
        codes: described.codes,
    })
}

fn read_schema(text: &str, what: &str) -> Result<Value, Error> {
    let wrong = |reason: String| Error::InvalidSchema {
        what: what.to_owned(),
        reason,
    };
    let schema: Value = serde_json::from_str(text).map_err(|e| wrong(e.to_string()))?;
    if let Err(error) = jsonschema::meta::validate(&schema) {
        return Err(wrong(format!("{error} at `{}`", error.instance_path())));
    }
    Ok(schema)
}

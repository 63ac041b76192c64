//! A plugin's description, between the contract's words, the cache's file and the schema room's [`Surface`].

use dragoman_model::{Digest, OperationEffect};
use dragoman_schema::Surface;
use dragoman_schema::surface::{DescribedOperation, Descriptor};
use serde::{Deserialize, Serialize};

use crate::error::{BAD_DESCRIPTOR, Error};
use crate::v0_1::bindings::dragoman::connector::types::OperationEffect as WireEffect;
use crate::v0_1::bindings::exports::dragoman::connector::connector as wit;

/// Operations that one plugin may have.
const OPERATIONS: usize = 500;

/// A description as the cache keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct File {
    name: String,
    version: String,
    summary: String,
    config_schema: String,
    endpoints: Vec<String>,
    credentials: Vec<String>,
    operations: Vec<FileOperation>,
}

/// An operation as the cache keeps it.
#[derive(Debug, Serialize, Deserialize)]
struct FileOperation {
    name: String,
    summary: String,
    input_schema: String,
    output_schema: String,
    effect: OperationEffect,
    has_probe: bool,
    undo: Option<String>,
    documents: Vec<String>,
    codes: Vec<String>,
}

fn effect(wire: WireEffect) -> OperationEffect {
    match wire {
        WireEffect::Read => OperationEffect::Read,
        WireEffect::Idempotent(key_lifetime_s) => OperationEffect::Idempotent { key_lifetime_s },
        WireEffect::Once(settle_s) => OperationEffect::Once { settle_s },
    }
}

/// Out of the contract's words.
pub(crate) fn from_wire(wire: wit::Descriptor) -> Result<Descriptor, Error> {
    if wire.operations.len() > OPERATIONS {
        let message = format!(
            "the plugin describes {} operations, the most is {OPERATIONS}",
            wire.operations.len()
        );
        return Err(Error::new(BAD_DESCRIPTOR, message));
    }
    let operation = |wire: wit::Operation| DescribedOperation {
        name: wire.name,
        summary: wire.summary,
        input_schema: wire.input_schema,
        output_schema: wire.output_schema,
        effect: effect(wire.effect),
        has_probe: wire.has_probe,
        undo: wire.undo,
        documents: wire.documents,
        codes: wire.codes,
    };
    Ok(Descriptor {
        name: wire.name,
        version: wire.version,
        summary: wire.summary,
        config_schema: wire.config_schema,
        endpoints: wire.endpoints,
        credentials: wire.credentials,
        operations: wire.operations.into_iter().map(operation).collect(),
    })
}

/// For the cache.
pub(crate) fn to_file(descriptor: &Descriptor) -> Option<Vec<u8>> {
    let operation = |o: &DescribedOperation| FileOperation {
        name: o.name.clone(),
        summary: o.summary.clone(),
        input_schema: o.input_schema.clone(),
        output_schema: o.output_schema.clone(),
        effect: o.effect,
        has_probe: o.has_probe,
        undo: o.undo.clone(),
        documents: o.documents.clone(),
        codes: o.codes.clone(),
    };
    let file = File {
        name: descriptor.name.clone(),
        version: descriptor.version.clone(),
        summary: descriptor.summary.clone(),
        config_schema: descriptor.config_schema.clone(),
        endpoints: descriptor.endpoints.clone(),
        credentials: descriptor.credentials.clone(),
        operations: descriptor.operations.iter().map(operation).collect(),
    };
    serde_json::to_vec(&file).ok()
}

/// Out of the cache; none where the file is of another format.
pub(crate) fn from_file(bytes: &[u8]) -> Option<Descriptor> {
    let file: File = serde_json::from_slice(bytes).ok()?;
    let operation = |o: FileOperation| DescribedOperation {
        name: o.name,
        summary: o.summary,
        input_schema: o.input_schema,
        output_schema: o.output_schema,
        effect: o.effect,
        has_probe: o.has_probe,
        undo: o.undo,
        documents: o.documents,
        codes: o.codes,
    };
    Some(Descriptor {
        name: file.name,
        version: file.version,
        summary: file.summary,
        config_schema: file.config_schema,
        endpoints: file.endpoints,
        credentials: file.credentials,
        operations: file.operations.into_iter().map(operation).collect(),
    })
}

/// The surface of a plugin that described itself so.
pub(crate) fn surface(digest: Digest, descriptor: Descriptor) -> Result<Surface, Error> {
    let read = Surface::from_descriptor(digest, descriptor);
    let (surface, notes) = read.map_err(|e| Error::new(BAD_DESCRIPTOR, e.to_string()))?;
    for note in notes {
        tracing::debug!(target: "dragoman::host", plugin = %surface.name, place = %note.pointer, "{}", note.message);
    }
    Ok(surface)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_is_read_back_from_its_file() {
        let descriptor = Descriptor {
            name: "shop".into(),
            version: "1.2.3".into(),
            config_schema: "true".into(),
            operations: vec![DescribedOperation {
                name: "place".into(),
                summary: "Places an order.".into(),
                input_schema: "{}".into(),
                output_schema: "{}".into(),
                effect: OperationEffect::Once { settle_s: Some(60) },
                has_probe: true,
                undo: None,
                documents: vec!["message".into()],
                codes: vec!["order.closed".into()],
            }],
            ..Descriptor::default()
        };
        let again = from_file(&to_file(&descriptor).unwrap()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{descriptor:?}"));
        assert!(from_file(b"{}").is_none());
    }
}

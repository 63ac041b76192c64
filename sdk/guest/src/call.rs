//! Who is calling, for what, and with which documents.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::time::Duration;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use crate::boundary;
use crate::documents;
use crate::failure::Failure;

/// The most that [`Call::document`] reads, in bytes: 32 MiB.
pub const DOCUMENT_LIMIT: u64 = 32 << 20;

/// A reference to a document that the host keeps once, found by what it contains.
///
/// As a property of a payload it shows as `x-type: document` in the schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// `sha256:` and 64 hexadecimal digits.
    pub digest: String,
    /// For example `application/xml`.
    pub media_type: String,
    /// In bytes.
    pub size: u64,
}

impl JsonSchema for Document {
    fn schema_name() -> Cow<'static, str> {
        "Document".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "x-type": "document",
            "description": "A document that is kept once by the host, found by its digest.",
            "properties": {
                "digest": { "type": "string", "pattern": "^sha256:[0-9a-f]{64}$" },
                "media_type": { "type": "string" },
                "size": { "type": "integer", "minimum": 0 }
            },
            "required": ["digest", "media_type", "size"]
        })
    }
}

/// What the host tells about a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallRecord {
    /// The run; UUID version 7.
    pub run: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// The step's path in the run, for example `parcels[0].send`.
    pub step: String,
    /// The connection's name in the site file.
    pub connection: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// The idempotency key: the same for every attempt at this step of this run.
    pub key: String,
    /// Milliseconds of wall time left when the call began.
    pub deadline_ms: u64,
    /// Nothing may be changed outside; the host refuses it in any case.
    pub dry_run: bool,
    /// W3C trace context; the host adds it to outgoing requests by itself.
    pub traceparent: String,
    /// Open set.
    pub attributes: Vec<(String, String)>,
}

/// When and with which key the request was first sent that a probe asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The idempotency key of that request.
    pub key: String,
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub first_at_ms: u64,
}

/// One call of an operation. The host is asked only when something is wanted of it.
pub struct Call {
    record: OnceCell<CallRecord>,
    documents: Vec<(String, Document)>,
}

impl Call {
    pub(crate) fn new(documents: Vec<(String, Document)>) -> Self {
        Self {
            record: OnceCell::new(),
            documents,
        }
    }

    fn record(&self) -> &CallRecord {
        self.record.get_or_init(boundary::call)
    }

    /// The run's id.
    pub fn run(&self) -> &str {
        &self.record().run
    }

    /// The pipeline's name.
    pub fn pipeline(&self) -> &str {
        &self.record().pipeline
    }

    /// The step's path in the run.
    pub fn step(&self) -> &str {
        &self.record().step
    }

    /// The connection's name in the site file.
    pub fn connection(&self) -> &str {
        &self.record().connection
    }

    /// 1 for the first attempt.
    pub fn attempt(&self) -> u32 {
        self.record().attempt
    }

    /// The idempotency key: the same for every attempt at this step of this run.
    pub fn key(&self) -> &str {
        &self.record().key
    }

    /// The wall time that was left when the call began.
    pub fn deadline(&self) -> Duration {
        Duration::from_millis(self.record().deadline_ms)
    }

    /// Whether nothing may be changed outside; the host refuses it in any case.
    pub fn dry_run(&self) -> bool {
        self.record().dry_run
    }

    /// W3C trace context; the host adds it to outgoing requests by itself.
    pub fn traceparent(&self) -> &str {
        &self.record().traceparent
    }

    /// The open set of attributes, in order.
    pub fn attributes(&self) -> &[(String, String)] {
        &self.record().attributes
    }

    /// The first attribute of that name.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes().iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether a document of that name came with the call.
    pub fn has_document(&self, name: &str) -> bool {
        self.documents.iter().any(|(known, _)| known == name)
    }

    /// The reference of a document that came with the call.
    ///
    /// # Errors
    /// Permanent `document.missing` if there is none of that name.
    pub fn reference(&self, name: &str) -> Result<&Document, Failure> {
        let found = self.documents.iter().find(|(known, _)| known == name);
        found
            .map(|(_, document)| document)
            .ok_or_else(|| Failure::permanent("document.missing", format!("the document `{name}` is missing")))
    }

    /// The whole content of a document that came with the call, at most [`DOCUMENT_LIMIT`] bytes.
    ///
    /// # Errors
    /// Permanent `document.missing`, `document.too_large`, or what the host answered.
    pub fn document(&self, name: &str) -> Result<Vec<u8>, Failure> {
        self.document_up_to(name, DOCUMENT_LIMIT)
    }

    /// As [`Call::document`], with a limit of the caller's own, in bytes.
    ///
    /// # Errors
    /// Permanent `document.missing`, `document.too_large`, or what the host answered.
    pub fn document_up_to(&self, name: &str, limit: u64) -> Result<Vec<u8>, Failure> {
        let document = self.reference(name)?;
        Ok(documents::read_up_to(&document.digest, limit)?)
    }
}

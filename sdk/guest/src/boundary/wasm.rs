//! Host functions by the contract's imports, between the SDK's types and the generated ones.

use crate::bindings::dragoman::connector as wit;
use crate::call::{CallRecord, Document};
use crate::log::Level;
use crate::{credentials, documents, http, state};

/// How much of a document is moved in one host call, in bytes: the host bounds what one call may copy.
const PIECE: u32 = 1 << 20;

pub(crate) fn call() -> CallRecord {
    let call = wit::context::current();
    CallRecord {
        run: call.run,
        pipeline: call.pipeline,
        step: call.step,
        connection: call.connection,
        attempt: call.attempt,
        key: call.key,
        deadline_ms: call.deadline_ms,
        dry_run: call.dry_run,
        traceparent: call.traceparent,
        attributes: call.attributes,
    }
}

pub(crate) fn config() -> String {
    wit::context::config()
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, &str)]) {
    let level = match level {
        Level::Trace => wit::log::Level::Trace,
        Level::Debug => wit::log::Level::Debug,
        Level::Info => wit::log::Level::Info,
        Level::Warn => wit::log::Level::Warn,
        Level::Error => wit::log::Level::Error,
    };
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    let fields: Vec<(String, String)> = fields.iter().map(owned).collect();
    wit::log::emit(level, message, &fields);
}

pub(crate) fn now_ms() -> u64 {
    wit::clock::now_ms()
}

pub(crate) fn random(length: usize) -> Vec<u8> {
    wit::random::bytes(u32::try_from(length).unwrap_or(u32::MAX))
}

impl From<wit::types::DocumentReference> for Document {
    fn from(reference: wit::types::DocumentReference) -> Self {
        Self {
            digest: reference.digest,
            media_type: reference.media_type,
            size: reference.size,
        }
    }
}

impl From<Document> for wit::types::DocumentReference {
    fn from(document: Document) -> Self {
        Self {
            digest: document.digest,
            media_type: document.media_type,
            size: document.size,
        }
    }
}

impl From<wit::documents::Error> for documents::Error {
    fn from(error: wit::documents::Error) -> Self {
        match error {
            wit::documents::Error::NotFound => Self::NotFound,
            wit::documents::Error::Quota(message) => Self::Quota(message),
            wit::documents::Error::Other(message) => Self::Other(message),
        }
    }
}

pub(crate) fn document_info(digest: &str) -> Result<Document, documents::Error> {
    Ok(wit::documents::open(digest)?.info().into())
}

pub(crate) fn document_read(digest: &str, limit: u64) -> Result<Vec<u8>, documents::Error> {
    let reader = wit::documents::open(digest)?;
    let size = reader.info().size;
    if size > limit {
        return Err(documents::Error::TooLarge { size, limit });
    }
    let first = reader.read(0, PIECE)?;
    if first.len() as u64 >= size {
        return Ok(first);
    }
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(usize::MAX));
    content.extend(first);
    loop {
        let piece = reader.read(content.len() as u64, PIECE)?;
        if piece.is_empty() {
            return Ok(content);
        }
        content.extend(piece);
    }
}

pub(crate) fn document_write(media_type: &str, content: &[u8]) -> Result<Document, documents::Error> {
    let writer = wit::documents::create(media_type)?;
    for piece in content.chunks(PIECE as usize) {
        writer.append(piece)?;
    }
    Ok(writer.finish()?.into())
}

impl From<http::Body> for wit::http::Body {
    fn from(body: http::Body) -> Self {
        match body {
            http::Body::Empty => Self::Empty,
            http::Body::Inline(bytes) => Self::Inline(bytes),
            http::Body::Document(digest) => Self::Document(digest),
        }
    }
}

pub(crate) fn http(request: http::Request) -> Result<http::Response, http::Error> {
    let sent = wit::http::send(&wit::http::Request {
        endpoint: request.endpoint,
        method: request.method,
        path: request.path,
        headers: request.headers,
        body: request.body.into(),
        timeout_ms: request.timeout_ms,
        safe: request.safe,
        keep: request.keep,
    });
    match sent {
        Ok(answer) => Ok(http::Response {
            status: answer.status,
            headers: answer.headers,
            body: match answer.body {
                wit::http::Body::Empty => http::Body::Empty,
                wit::http::Body::Inline(bytes) => http::Body::Inline(bytes),
                wit::http::Body::Document(digest) => http::Body::Document(digest),
            },
            safe: false,
        }),
        Err(error) => Err(http::Error::new(error.code, error.message, error.sent)),
    }
}

impl From<wit::credentials::Error> for credentials::Error {
    fn from(error: wit::credentials::Error) -> Self {
        match error {
            wit::credentials::Error::NotFound => Self::NotFound,
            wit::credentials::Error::Unsupported(message) => Self::Unsupported(message),
            wit::credentials::Error::Other(message) => Self::Other(message),
        }
    }
}

pub(crate) fn credential_has(name: &str) -> bool {
    wit::credentials::has(name)
}

pub(crate) fn credential_certificate(name: &str) -> Result<Vec<Vec<u8>>, credentials::Error> {
    Ok(wit::credentials::certificate(name)?)
}

pub(crate) fn credential_sign(name: &str, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, credentials::Error> {
    Ok(wit::credentials::sign(name, algorithm, data)?)
}

pub(crate) fn credential_verify(
    name: &str,
    algorithm: &str,
    data: &[u8],
    signature: &[u8],
) -> Result<bool, credentials::Error> {
    Ok(wit::credentials::verify(name, algorithm, data, signature)?)
}

impl From<wit::state::Error> for state::Error {
    fn from(error: wit::state::Error) -> Self {
        match error {
            wit::state::Error::Conflict(version) => Self::Conflict(version),
            wit::state::Error::Quota(message) => Self::Quota(message),
            wit::state::Error::Other(message) => Self::Other(message),
        }
    }
}

pub(crate) fn state_get(key: &str) -> Result<Option<state::Entry>, state::Error> {
    let entry = wit::state::get(key)?;
    Ok(entry.map(|entry| state::Entry {
        value: entry.value,
        version: entry.version,
    }))
}

pub(crate) fn state_put(key: &str, value: &[u8], expected: Option<u64>) -> Result<(), state::Error> {
    Ok(wit::state::put(key, value, expected)?)
}

pub(crate) fn state_delete(key: &str, expected: Option<u64>) -> Result<(), state::Error> {
    Ok(wit::state::delete(key, expected)?)
}

pub(crate) fn state_keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, state::Error> {
    Ok(wit::state::keys(prefix, after, limit)?)
}

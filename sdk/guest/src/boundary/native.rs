//! Host functions in a native test: answered by the scripted host of the thread. Without one they are
//! refused, never a panic, so that a test that forgot it says so.

use crate::call::{CallRecord, Document};
use crate::log::Level;
use crate::testing::host;
use crate::{credentials, documents, http, state};

/// What a host function answers when no host is there.
const NO_HOST: &str = "no host: call it inside testing::with_host";

pub(crate) fn call() -> CallRecord {
    host().map(|host| host.call()).unwrap_or_default()
}

pub(crate) fn config() -> String {
    host().map_or_else(|| "{}".to_owned(), |host| host.config())
}

pub(crate) fn log(level: Level, message: &str, fields: &[(&str, &str)]) {
    if let Some(host) = host() {
        host.log(level, message, fields);
    }
}

pub(crate) fn now_ms() -> u64 {
    host().map_or(0, |host| host.now_ms())
}

pub(crate) fn random(length: usize) -> Vec<u8> {
    host().map_or_else(Vec::new, |host| host.random(length))
}

fn no_documents<T>() -> Result<T, documents::Error> {
    Err(documents::Error::Quota(NO_HOST.to_owned()))
}

pub(crate) fn document_info(digest: &str) -> Result<Document, documents::Error> {
    host().map_or_else(no_documents, |host| host.document_info(digest))
}

pub(crate) fn document_read(digest: &str, limit: u64) -> Result<Vec<u8>, documents::Error> {
    let Some(host) = host() else {
        return no_documents();
    };
    let size = host.document_info(digest)?.size;
    if size > limit {
        return Err(documents::Error::TooLarge { size, limit });
    }
    host.document_read(digest)
}

pub(crate) fn document_write(media_type: &str, content: &[u8]) -> Result<Document, documents::Error> {
    host().map_or_else(no_documents, |host| host.document_write(media_type, content))
}

pub(crate) fn http(request: http::Request) -> Result<http::Response, http::Error> {
    match host() {
        Some(host) => host.http(request),
        None => Err(http::Error::new("denied.host", NO_HOST, false)),
    }
}

fn no_credentials<T>() -> Result<T, credentials::Error> {
    Err(credentials::Error::Unsupported(NO_HOST.to_owned()))
}

pub(crate) fn credential_has(name: &str) -> bool {
    host().is_some_and(|host| host.credential_has(name))
}

pub(crate) fn credential_certificate(name: &str) -> Result<Vec<Vec<u8>>, credentials::Error> {
    host().map_or_else(no_credentials, |host| host.credential_certificate(name))
}

pub(crate) fn credential_sign(name: &str, algorithm: &str, data: &[u8]) -> Result<Vec<u8>, credentials::Error> {
    host().map_or_else(no_credentials, |host| host.credential_sign(name, algorithm, data))
}

pub(crate) fn credential_verify(
    name: &str,
    algorithm: &str,
    data: &[u8],
    signature: &[u8],
) -> Result<bool, credentials::Error> {
    host().map_or_else(no_credentials, |host| {
        host.credential_verify(name, algorithm, data, signature)
    })
}

fn no_state<T>() -> Result<T, state::Error> {
    Err(state::Error::Quota(NO_HOST.to_owned()))
}

pub(crate) fn state_get(key: &str) -> Result<Option<state::Entry>, state::Error> {
    host().map_or_else(no_state, |host| host.state_get(key))
}

pub(crate) fn state_put(key: &str, value: &[u8], expected: Option<u64>) -> Result<(), state::Error> {
    host().map_or_else(no_state, |host| host.state_put(key, value, expected))
}

pub(crate) fn state_delete(key: &str, expected: Option<u64>) -> Result<(), state::Error> {
    host().map_or_else(no_state, |host| host.state_delete(key, expected))
}

pub(crate) fn state_keys(prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, state::Error> {
    host().map_or_else(no_state, |host| host.state_keys(prefix, after, limit))
}

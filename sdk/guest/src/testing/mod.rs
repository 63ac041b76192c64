//! Running a connector natively, in an ordinary test: the same dispatch as in a plugin, with a scripted host.
//!
//! Only for native targets; in a plugin this module does not exist.

mod scripted;

pub use scripted::{Line, Scripted};

use std::cell::RefCell;
use std::rc::Rc;

use serde_json::Value;

use crate::call::{CallRecord, Document, Sent};
use crate::connector::{Connector, Descriptor, Operations};
use crate::dispatch::{self, RawInput, RawOutput};
use crate::failure::{Failure, Issue};
use crate::log::Level;
use crate::output::Probed;
use crate::{credentials, documents, http, state};

/// The host of a native test. Each function has a default that refuses or gives nothing, so that a host of a
/// test's own writes only what it wants to answer. [`Scripted`] is one that is ready to use.
pub trait Host {
    /// Who is calling.
    fn call(&self) -> CallRecord {
        CallRecord::default()
    }

    /// The connection's configuration as JSON text.
    fn config(&self) -> String {
        "{}".to_owned()
    }

    /// Takes a log line.
    fn log(&self, _level: Level, _message: &str, _fields: &[(&str, &str)]) {}

    /// Milliseconds since 1970-01-01T00:00:00Z.
    fn now_ms(&self) -> u64 {
        0
    }

    /// Random bytes.
    fn random(&self, length: usize) -> Vec<u8> {
        vec![7; length]
    }

    /// Answers a request.
    ///
    /// # Errors
    /// As a host would; by default every endpoint is denied.
    fn http(&self, request: http::Request) -> Result<http::Response, http::Error> {
        let message = format!("no endpoint `{}` is granted", request.endpoint);
        Err(http::Error::new("denied.endpoint", message, false))
    }

    /// What is known of a document.
    ///
    /// # Errors
    /// By default there is none.
    fn document_info(&self, _digest: &str) -> Result<Document, documents::Error> {
        Err(documents::Error::NotFound)
    }

    /// A document's whole content.
    ///
    /// # Errors
    /// By default there is none.
    fn document_read(&self, _digest: &str) -> Result<Vec<u8>, documents::Error> {
        Err(documents::Error::NotFound)
    }

    /// Keeps a document.
    ///
    /// # Errors
    /// By default none is kept.
    fn document_write(&self, _media_type: &str, _: &[u8]) -> Result<Document, documents::Error> {
        Err(documents::Error::Quota("no documents are kept".to_owned()))
    }

    /// Whether a credential is granted.
    fn credential_has(&self, _name: &str) -> bool {
        false
    }

    /// A certificate chain in DER.
    ///
    /// # Errors
    /// By default there is none.
    fn credential_certificate(&self, _name: &str) -> Result<Vec<Vec<u8>>, credentials::Error> {
        Err(credentials::Error::NotFound)
    }

    /// A signature.
    ///
    /// # Errors
    /// By default there is no credential.
    fn credential_sign(&self, _name: &str, _algorithm: &str, _data: &[u8]) -> Result<Vec<u8>, credentials::Error> {
        Err(credentials::Error::NotFound)
    }

    /// Whether a signature is right.
    ///
    /// # Errors
    /// By default there is no credential.
    fn credential_verify(
        &self,
        _name: &str,
        _algorithm: &str,
        _data: &[u8],
        _signature: &[u8],
    ) -> Result<bool, credentials::Error> {
        Err(credentials::Error::NotFound)
    }

    /// What is stored under a key.
    ///
    /// # Errors
    /// By default nothing is, which is no error.
    fn state_get(&self, _key: &str) -> Result<Option<state::Entry>, state::Error> {
        Ok(None)
    }

    /// Stores bytes under a key, if this version is there (0: none; none: whatever).
    ///
    /// # Errors
    /// By default nothing is stored.
    fn state_put(&self, _key: &str, _: &[u8], _expected: Option<u64>) -> Result<(), state::Error> {
        Err(state::Error::Quota("no state is kept".to_owned()))
    }

    /// Removes a key, if this version is there.
    ///
    /// # Errors
    /// By default nothing is stored.
    fn state_delete(&self, _key: &str, _expected: Option<u64>) -> Result<(), state::Error> {
        Err(state::Error::Quota("no state is kept".to_owned()))
    }

    /// Keys under a prefix, in order, after a given key.
    ///
    /// # Errors
    /// By default there are none, which is no error.
    fn state_keys(&self, _prefix: &str, _after: Option<&str>, _limit: u32) -> Result<Vec<String>, state::Error> {
        Ok(Vec::new())
    }
}

thread_local! {
    static HOST: RefCell<Option<Rc<dyn Host>>> = const { RefCell::new(None) };
}

/// The host of this thread, if one is set.
pub(crate) fn host() -> Option<Rc<dyn Host>> {
    HOST.with_borrow(Clone::clone)
}

/// Does `work` with a host that answers the host functions on this thread; the one before comes back after,
/// also when `work` panics.
pub fn with_host<R>(host: Rc<dyn Host>, work: impl FnOnce() -> R) -> R {
    struct Before(Option<Rc<dyn Host>>);
    impl Drop for Before {
        fn drop(&mut self) {
            HOST.set(self.0.take());
        }
    }
    let _before = Before(HOST.replace(Some(host)));
    work()
}

/// An operation's answer with its payload read.
#[derive(Debug, Clone, PartialEq)]
pub struct Answered {
    /// The payload.
    pub payload: Value,
    /// Documents beside it, by name.
    pub documents: Vec<(String, Document)>,
    /// Message headers, receipts and so on.
    pub attributes: Vec<(String, String)>,
}

impl From<RawOutput> for Answered {
    fn from(output: RawOutput) -> Self {
        // The dispatch wrote this text itself; were it no JSON, the test sees the text.
        let payload = serde_json::from_str(&output.payload);
        Self {
            payload: payload.unwrap_or(Value::String(output.payload)),
            documents: output.documents,
            attributes: output.attributes,
        }
    }
}

fn input(host: &Rc<Scripted>, payload: &Value) -> RawInput {
    RawInput {
        payload: payload.to_string(),
        documents: host.input_documents(),
    }
}

/// Invokes an operation of `C` as the host would, with the documents that the host was given by name.
///
/// # Errors
/// The failure as it goes out to the host, its effect stated.
pub fn invoke<C: Connector + Operations>(
    host: &Rc<Scripted>,
    operation: &str,
    payload: Value,
) -> Result<Answered, Failure> {
    let input = input(host, &payload);
    with_host(host.clone(), || dispatch::invoke::<C>(operation, input)).map(Answered::from)
}

/// Asks the probe of an operation of `C` as the host would.
///
/// # Errors
/// The failure as it goes out to the host.
pub fn probe<C: Connector + Operations>(
    host: &Rc<Scripted>,
    operation: &str,
    original: Value,
    sent: Sent,
) -> Result<Probed<Answered>, Failure> {
    let input = input(host, &original);
    let probed = with_host(host.clone(), || dispatch::probe::<C>(operation, input, sent))?;
    Ok(match probed {
        Probed::Applied(output) => Probed::Applied(output.into()),
        Probed::Absent => Probed::Absent,
        Probed::Pending(wait) => Probed::Pending(wait),
    })
}

/// What `C` says of itself.
pub fn describe<C: Connector + Operations>() -> Descriptor {
    dispatch::describe::<C>()
}

/// What `C` finds wrong with a configuration.
pub fn check_config<C: Connector>(config: Value) -> Vec<Issue> {
    dispatch::check_config::<C>(&config.to_string())
}

//! A host with prepared answers, which keeps what was asked of it.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::Value;

use super::Host;
use crate::call::{CallRecord, Document};
use crate::log::Level;
use crate::{documents, http, state};

/// A log line that a connector wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub message: String,
    /// Its named fields.
    pub fields: Vec<(String, String)>,
}

type Reply = Result<http::Response, http::Error>;
type Rule = Box<dyn Fn(&http::Request) -> Option<Reply>>;

/// A host for native tests: answers are prepared before, and what was asked is read after.
#[derive(Default)]
pub struct Scripted {
    call: CallRecord,
    config: Option<Value>,
    now_ms: Cell<u64>,
    randoms: Cell<u8>,
    named: Vec<(String, Document)>,
    kept: RefCell<BTreeMap<String, (Document, Vec<u8>)>>,
    answers: RefCell<BTreeMap<(String, String), VecDeque<Reply>>>,
    rules: Vec<Rule>,
    requests: RefCell<Vec<http::Request>>,
    lines: RefCell<Vec<Line>>,
    state: RefCell<BTreeMap<String, state::Entry>>,
}

impl Scripted {
    /// A host that knows nothing yet: the clock stands at 2026-01-01T00:00:00Z, the key is `key-1`.
    pub fn new() -> Self {
        Self {
            call: CallRecord {
                run: "00000000-0000-7000-8000-000000000001".to_owned(),
                pipeline: "test".to_owned(),
                step: "step".to_owned(),
                connection: "connection".to_owned(),
                attempt: 1,
                key: "key-1".to_owned(),
                deadline_ms: 30_000,
                ..CallRecord::default()
            },
            now_ms: Cell::new(1_767_225_600_000),
            ..Self::default()
        }
    }

    /// With this configuration of the connection.
    #[must_use]
    pub fn config(mut self, config: Value) -> Self {
        self.config = Some(config);
        self
    }

    /// With this record of the call.
    #[must_use]
    pub fn call(mut self, call: CallRecord) -> Self {
        self.call = call;
        self
    }

    /// With the clock at so many milliseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub fn now(self, ms: u64) -> Self {
        self.now_ms.set(ms);
        self
    }

    /// With a document beside the payload.
    #[must_use]
    pub fn document(mut self, name: &str, media_type: &str, content: impl Into<Vec<u8>>) -> Self {
        let document = self.keep(media_type, content.into());
        self.named.push((name.to_owned(), document));
        self
    }

    /// With an answer to the next request of this method to this endpoint; several are given in order.
    #[must_use]
    pub fn answer(self, method: &str, endpoint: &str, response: http::Response) -> Self {
        self.reply(method, endpoint, Ok(response))
    }

    /// With an error for the next request of this method to this endpoint.
    #[must_use]
    pub fn error(self, method: &str, endpoint: &str, error: http::Error) -> Self {
        self.reply(method, endpoint, Err(error))
    }

    /// With a rule that may answer any request; asked, in order, before the prepared answers.
    #[must_use]
    pub fn rule(mut self, rule: impl Fn(&http::Request) -> Option<Reply> + 'static) -> Self {
        self.rules.push(Box::new(rule));
        self
    }

    /// With bytes stored under a key, as version 1.
    #[must_use]
    pub fn stored(self, key: &str, value: impl Into<Vec<u8>>) -> Self {
        let value = value.into();
        let entry = state::Entry { value, version: 1 };
        self.state.borrow_mut().insert(key.to_owned(), entry);
        self
    }

    /// Ready to be used, by several calls in turn.
    #[must_use]
    pub fn shared(self) -> Rc<Self> {
        Rc::new(self)
    }

    /// The requests that were made, in order.
    pub fn requests(&self) -> Vec<http::Request> {
        self.requests.borrow().clone()
    }

    /// The log lines that were written, in order.
    pub fn lines(&self) -> Vec<Line> {
        self.lines.borrow().clone()
    }

    /// What is stored under a key now.
    pub fn state(&self, key: &str) -> Option<state::Entry> {
        self.state.borrow().get(key).cloned()
    }

    /// The content of a document, be it given or made.
    pub fn content(&self, digest: &str) -> Option<Vec<u8>> {
        let kept = self.kept.borrow();
        kept.get(digest).map(|(_, content)| content.clone())
    }

    /// The documents that were given by name.
    pub(super) fn input_documents(&self) -> Vec<(String, Document)> {
        self.named.clone()
    }

    fn reply(self, method: &str, endpoint: &str, reply: Reply) -> Self {
        let line = (method.to_owned(), endpoint.to_owned());
        let mut answers = self.answers.borrow_mut();
        answers.entry(line).or_default().push_back(reply);
        drop(answers);
        self
    }

    fn keep(&self, media_type: &str, content: Vec<u8>) -> Document {
        let document = Document {
            digest: stand_in_digest(&content),
            media_type: media_type.to_owned(),
            size: content.len() as u64,
        };
        let mut kept = self.kept.borrow_mut();
        kept.insert(document.digest.clone(), (document.clone(), content));
        document
    }

    fn versions_fit(&self, key: &str, expected: Option<u64>) -> Result<u64, state::Error> {
        let there = self.state.borrow().get(key).map_or(0, |entry| entry.version);
        match expected {
            Some(expected) if expected != there => Err(state::Error::Conflict(there)),
            _ => Ok(there),
        }
    }
}

/// A digest by content in the right form. It stands in for SHA-256, which the SDK does not carry: four
/// FNV-1a hashes from different starting points.
fn stand_in_digest(content: &[u8]) -> String {
    let lane = |start: u64| {
        let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        content.iter().fold(0xcbf2_9ce4_8422_2325 ^ start, step)
    };
    let lanes = [lane(0), lane(1), lane(2), lane(3)];
    lanes
        .iter()
        .fold("sha256:".to_owned(), |text, lane| format!("{text}{lane:016x}"))
}

impl Host for Scripted {
    fn call(&self) -> CallRecord {
        self.call.clone()
    }

    fn config(&self) -> String {
        self.config.as_ref().map_or_else(|| "{}".to_owned(), Value::to_string)
    }

    fn log(&self, level: Level, message: &str, fields: &[(&str, &str)]) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        self.lines.borrow_mut().push(Line {
            level,
            message: message.to_owned(),
            fields: fields.iter().map(owned).collect(),
        });
    }

    fn now_ms(&self) -> u64 {
        self.now_ms.get()
    }

    fn random(&self, length: usize) -> Vec<u8> {
        // Different at each call and the same in each test.
        let seed = self.randoms.get().wrapping_add(1);
        self.randoms.set(seed);
        (0..length)
            .map(|place| seed.wrapping_mul(31).wrapping_add(place as u8))
            .collect()
    }

    fn http(&self, request: http::Request) -> Reply {
        self.requests.borrow_mut().push(request.clone());
        if let Some(reply) = self.rules.iter().find_map(|rule| rule(&request)) {
            return reply;
        }
        let line = (request.method.clone(), request.endpoint.clone());
        let next = self.answers.borrow_mut().get_mut(&line).and_then(VecDeque::pop_front);
        next.unwrap_or_else(|| {
            let message = format!("no answer is prepared for {} at `{}`", line.0, line.1);
            Err(http::Error::new("denied.script", message, false))
        })
    }

    fn document_info(&self, digest: &str) -> Result<Document, documents::Error> {
        let kept = self.kept.borrow();
        let found = kept.get(digest).ok_or(documents::Error::NotFound)?;
        Ok(found.0.clone())
    }

    fn document_read(&self, digest: &str) -> Result<Vec<u8>, documents::Error> {
        self.content(digest).ok_or(documents::Error::NotFound)
    }

    fn document_write(&self, kind: &str, content: &[u8]) -> Result<Document, documents::Error> {
        Ok(self.keep(kind, content.to_vec()))
    }

    fn state_get(&self, key: &str) -> Result<Option<state::Entry>, state::Error> {
        Ok(self.state(key))
    }

    fn state_put(&self, key: &str, bytes: &[u8], expected: Option<u64>) -> Result<(), state::Error> {
        let version = self.versions_fit(key, expected)? + 1;
        let value = bytes.to_vec();
        let entry = state::Entry { value, version };
        self.state.borrow_mut().insert(key.to_owned(), entry);
        Ok(())
    }

    fn state_delete(&self, key: &str, expected: Option<u64>) -> Result<(), state::Error> {
        self.versions_fit(key, expected)?;
        self.state.borrow_mut().remove(key);
        Ok(())
    }

    fn state_keys(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<String>, state::Error> {
        let state = self.state.borrow();
        let keys = state.keys().filter(|key| key.starts_with(prefix));
        let keys = keys.filter(|key| after.is_none_or(|after| key.as_str() > after));
        Ok(keys.take(limit as usize).cloned().collect())
    }
}

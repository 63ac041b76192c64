//! The socket of what brings messages in: transports are the plugs, and the engine's handle is what they call.

use bytes::Bytes;
use dragoman_model::{Actor, Failure, RunId, Value};

use crate::runner::Boxed;

/// A message as it came, before anything is known of it.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The pipeline.
    pub pipeline: String,
    /// The trigger's id in the pipeline.
    pub trigger: String,
    /// Its bytes; JSON, XML or anything.
    pub body: Bytes,
    /// For example `application/xml`; guessed by the transport where the sender did not say.
    pub media_type: String,
    /// Message headers that belong into the trail; credentials left out.
    pub headers: Vec<(String, String)>,
    /// What the transport adds for expressions (`trigger.path`, `trigger.query` ...).
    pub attributes: Value,
    /// Who sent it.
    pub sender: Actor,
    /// Its key where the transport has one of its own (path and digest of a file, due time of a schedule).
    pub key: Option<String>,
}

/// How a message was taken.
#[derive(Debug, Clone, PartialEq)]
pub enum Delivered {
    /// It is durable as a run. `again`: a run with this key and content was there before; `status` is how it stands.
    Accepted {
        /// The run.
        run: RunId,
        /// Whether it was there before.
        again: bool,
        /// `active`, `sleeping`, `waiting`, `parked`, `completed`, ...
        status: String,
    },
    /// The run replied or ended while the sender waited (`reply: replied`), or had done so when the same message came
    /// before.
    Replied {
        /// The run.
        run: RunId,
        /// From a `reply` step, or the run's output, or why it did not complete.
        result: Result<Value, Failure>,
    },
}

/// Whether nothing comes of a run by itself any more that stands so: a message that came again was not simply taken.
pub fn is_dead(status: &str) -> bool {
    matches!(status, "parked" | "failed")
}

impl Delivered {
    /// What whoever sent a message again should hear, where its run stopped and is repaired by a person or not at all:
    /// the run, how it stands, and a sentence.
    pub fn stopped(&self) -> Option<(RunId, &str, String)> {
        let Delivered::Accepted {
            run,
            again: true,
            status,
        } = self
        else {
            return None;
        };
        let came_of_it = match status.as_str() {
            "parked" => "stopped for a person to repair it",
            "failed" => "failed",
            _ => return None,
        };
        let text = format!("the message was taken before, and its run {came_of_it}; sending it again begins nothing");
        Some((*run, status, text))
    }
}

/// Why a message was not taken. Nothing was promised, nothing is lost: the sender still has it.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// The message cannot be read or has no key: 422. It is kept as a parked run, so that an operator sees it.
    Unreadable {
        /// Why.
        failure: Failure,
        /// The run that keeps it, where the store could take it.
        run: Option<RunId>,
    },
    /// A run with this key and another content is there: 409.
    KeyConflict {
        /// That run.
        run: RunId,
        /// The key.
        key: String,
    },
    /// Too much is waiting, or the engine is stopping: 503 with Retry-After in seconds.
    Overloaded {
        /// Seconds.
        retry_after_s: u32,
        /// For people.
        message: String,
    },
    /// The store cannot take it: 503 (or 507 where the disk is full).
    Store {
        /// The error's code and message.
        message: String,
        /// Whether it is for want of space.
        full: bool,
    },
    /// No such pipeline or trigger: 404.
    Unknown,
}

/// What a message seems to be by its first sign, a byte order mark left out: `application/xml` or `application/json`; none:
/// neither. For messages whose sender does not say it.
pub fn media_type(body: &[u8]) -> Option<&'static str> {
    let utf8 = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    // JSON is written in UTF-8 (RFC 8259), so that the marks of UTF-16 can only begin XML.
    if utf8.starts_with(b"\xff\xfe") || utf8.starts_with(b"\xfe\xff") {
        return Some("application/xml");
    }
    match utf8.iter().find(|b| !b.is_ascii_whitespace())? {
        b'<' => Some("application/xml"),
        b'{' | b'[' => Some("application/json"),
        _ => None,
    }
}

/// Takes messages: the engine's handle, as transports see it.
pub trait Acceptor: Send + Sync {
    /// Takes a message; when it resolves with `Ok`, it is durable.
    fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_came_again_to_a_run_that_stopped_is_said_to_have() {
        let run = RunId::at(dragoman_model::Timestamp::from_millis(0), [0; 10]);
        for (again, status, said) in [
            (true, "parked", Some("stopped for a person")),
            (true, "failed", Some("its run failed")),
            (true, "completed", None),
            (true, "active", None),
            (false, "parked", None),
        ] {
            let status = status.to_owned();
            let delivered = Delivered::Accepted { run, again, status };
            let text = delivered.stopped().map(|(_, _, text)| text);
            assert_eq!(text.is_some(), said.is_some(), "{delivered:?}");
            assert!(text.zip(said).is_none_or(|(text, said)| text.contains(said)));
        }
    }

    #[test]
    fn a_message_is_known_by_its_first_sign() {
        for (body, expected) in [
            (&b"<a/>"[..], Some("application/xml")),
            (b" \n<a/>", Some("application/xml")),
            (b"\xef\xbb\xbf<a/>", Some("application/xml")),
            (b"\xff\xfe<\0a\0", Some("application/xml")),
            (b"\xfe\xff\0<\0a", Some("application/xml")),
            (b"{}", Some("application/json")),
            (b"\xef\xbb\xbf [1]", Some("application/json")),
            (b"\xef\xbb\xbf", None),
            (b"7", None),
            (b"", None),
        ] {
            assert_eq!(media_type(body), expected, "{body:?}");
        }
    }
}

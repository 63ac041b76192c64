//! Why no messages come from a queue, and why one was rejected.

use dragoman_model::Code;
use lapin::ErrorKind;

/// A message was delivered too often without being taken.
pub const TOO_OFTEN: Code = Code::new("D0803", "a message was delivered too often");
/// The broker has no such queue.
pub const NO_QUEUE: Code = Code::new("D0804", "the broker has no such queue");
/// The broker cannot be reached.
pub const BROKER_AWAY: Code = Code::new("D0805", "the broker cannot be reached");
/// The broker refuses the user, the virtual host or the queue.
pub const BROKER_REFUSES: Code = Code::new("D0806", "the broker refuses");

/// AMQP's reply code of what is not there.
const NOT_FOUND: u16 = 404;
/// Those by which a broker says that it does not want to: access refused, locked, not allowed.
const REFUSALS: [u16; 3] = [403, 405, 530];

/// Why no messages come from a queue. It is tried again, whatever it is: all of it can be mended elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// No connection, or it was lost.
    #[error("the broker cannot be reached: {0}")]
    Away(String),
    /// The broker does not let this user, to this virtual host or queue.
    #[error("the broker refuses: {0}")]
    Refused(String),
    /// There is no such queue.
    #[error("the broker has no queue `{0}`")]
    NoQueue(String),
}

impl Error {
    /// What the client says, as what it means here. `queue`: the one that was asked for.
    pub(crate) fn of(error: &lapin::Error, queue: &str) -> Self {
        if let ErrorKind::ProtocolError(said) = error.kind() {
            return match said.get_id() {
                NOT_FOUND => Error::NoQueue(queue.to_owned()),
                id if REFUSALS.contains(&id) => Error::Refused(said.get_message().to_string()),
                _ => Error::Away(said.get_message().to_string()),
            };
        }
        Error::Away(error.to_string())
    }

    /// Its code.
    pub fn code(&self) -> Code {
        match self {
            Error::Away(_) => BROKER_AWAY,
            Error::Refused(_) => BROKER_REFUSES,
            Error::NoQueue(_) => NO_QUEUE,
        }
    }

    /// What to do, where waiting does not help.
    pub(crate) fn advice(&self) -> &'static str {
        match self {
            Error::Away(_) => "messages wait there; it is tried again until it is back",
            Error::Refused(_) => {
                "compare `user`, `password` and the virtual host of `url` in `brokers` of the site file with what the broker \
                 has, and whether this user may read the queue; it is tried again"
            }
            Error::NoQueue(_) => {
                "have the broker's operator declare it: durable, `x-queue-type: quorum`, and with a `x-dead-letter-exchange` \
                 to which a queue is bound, for messages that are rejected; it is tried again"
            }
        }
    }
}

//! What is read, by whom, and from where.

use dragoman_security::Secret;

/// A broker, and how the site proves who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broker {
    /// Its name in the site file.
    pub name: String,
    /// Whether it is reached over TLS; its certificate is judged as the system does.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The virtual host, as the broker names it.
    pub vhost: String,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// How many messages of a queue may be held unacknowledged at once.
    pub prefetch: u16,
    /// How often a message may be delivered without being taken.
    pub deliveries: u64,
}

/// A queue. All triggers that read it are here, so that each of them gets a message before it is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// The broker that has it.
    pub broker: Broker,
    /// Its name.
    pub name: String,
    /// The largest message taken, in bytes.
    pub largest: u64,
    /// Who reads it.
    pub readers: Vec<Reader>,
}

/// A trigger that reads a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reader {
    /// The pipeline.
    pub pipeline: String,
    /// The trigger's id.
    pub trigger: String,
    /// The sender that the trigger names.
    pub from: String,
}

impl Queue {
    /// The pipelines that read it, for people.
    pub(crate) fn pipelines(&self) -> String {
        let names: Vec<&str> = self.readers.iter().map(|reader| &*reader.pipeline).collect();
        names.join(", ")
    }
}

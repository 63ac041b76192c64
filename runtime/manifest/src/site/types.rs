//! What a site file says, piece by piece.

use std::sync::Arc;

use dragoman_model::{Role, Source, Span, Value};

use crate::Spanned;
use crate::pipeline::SaidShape;

/// A site file, as it was said, with defaults for what was left out.
#[derive(Debug, Clone)]
pub struct Site {
    /// Its text.
    pub source: Arc<Source>,
    /// The site's name.
    pub name: Spanned<String>,
    /// Address and port of the server; `127.0.0.1:8080` where nothing is said.
    pub listen: Spanned<String>,
    /// Where runs are kept.
    pub store: Store,
    /// Whether the whole site only observes.
    pub observe: bool,
    /// The folder of the pipelines; `pipelines` where nothing is said.
    pub pipelines: Spanned<String>,
    /// The folder of the plugins; `plugins` where nothing is said.
    pub plugins: Spanned<String>,
    /// `site.<name>` in expressions; an object.
    pub values: Value,
    /// The connections.
    pub connections: Vec<(Spanned<String>, Connection)>,
    /// The brokers of messages.
    pub brokers: Vec<(Spanned<String>, Broker)>,
    /// The senders of messages.
    pub senders: Vec<(Spanned<String>, Sender)>,
    /// Which of them personal data may be answered to.
    pub personal_senders: Vec<String>,
    /// The ledgers.
    pub ledgers: Vec<Spanned<String>>,
    /// The events that pipelines may emit, and the shape of what each brings.
    pub events: Vec<(Spanned<String>, SaidShape)>,
    /// People and services with an account, by name.
    pub users: Vec<(Spanned<String>, User)>,
    /// Where the heads of the trail are written to.
    pub heads: Option<Heads>,
    /// Which days are reconciled, and when.
    pub reconciliation: Reconciliation,
    /// How long messages are kept.
    pub retention: Retention,
    /// The largest message that is taken, in bytes; 20 MiB where nothing is said.
    pub largest_message: u64,
}

/// A connection: a plugin, what it is told, and what it may reach.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The plugin: a name in the folder of plugins, or a path.
    pub plugin: Spanned<String>,
    /// Its configuration, checked by the plugin's schema.
    pub config: Spanned<Value>,
    /// A file that holds the configuration instead, as JSON or YAML.
    pub config_file: Option<Spanned<String>>,
    /// Whether this connection only observes.
    pub observe: bool,
    /// How long after it was sent a request can still take effect at the partner, in milliseconds; none: as its plugin
    /// says.
    pub settle_ms: Option<u64>,
    /// Whether personal data may go there, where that is said; else they may not.
    pub personal: Option<Spanned<bool>>,
    /// The endpoints by name.
    pub endpoints: Vec<(Spanned<String>, Endpoint)>,
    /// Credentials by name.
    pub credentials: Vec<(Spanned<String>, Credential)>,
    /// Limits of its calls.
    pub limits: CallLimits,
}

/// A credential: its parts by name; the one part is named `value` where it has only one.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The parts.
    pub parts: Vec<(String, Secret)>,
}

/// What a plugin may reach under a name.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// With a path prefix, where there is one.
    pub url: Spanned<String>,
    /// The methods granted; empty: all.
    pub methods: Vec<String>,
    /// Whether its address may be a private or a loopback one.
    pub private: bool,
    /// Whether the other side's safe methods are trusted to be safe.
    pub trust_safe: bool,
    /// What the host adds to a request.
    pub auth: Option<Auth>,
    /// The header that carries the key of a request that must not be done twice.
    pub idempotency_header: Option<String>,
    /// Of a whole request, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// The largest answer, in bytes.
    pub max_response: Option<u64>,
    /// Requests under way at once.
    pub concurrency: Option<u64>,
}

/// What the host adds to a request.
#[derive(Debug, Clone)]
pub enum Auth {
    /// `Authorization: Bearer ...`.
    Bearer(Secret),
    /// `Authorization: Basic ...`.
    Basic {
        /// The user.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A header of its own.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: Secret,
    },
}

/// Where a secret is found. The secret itself is never in a file that is written by hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Secret {
    /// Where it is found.
    pub place: SecretPlace,
    /// Where that is said.
    pub span: Span,
}

/// Where a secret is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretPlace {
    /// `env:NAME`: a variable of the environment.
    Environment(String),
    /// `file:PATH`: the content of a file, without the line break at its end.
    File(String),
    /// `credential:NAME`: a systemd credential.
    Credential(String),
}

/// As it is written.
impl std::fmt::Display for SecretPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SecretPlace::Environment(name) => write!(f, "env:{name}"),
            SecretPlace::File(path) => write!(f, "file:{path}"),
            SecretPlace::Credential(name) => write!(f, "credential:{name}"),
        }
    }
}

/// Limits of the calls of a connection; none: the host's defaults.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallLimits {
    /// CPU time of a call, in milliseconds.
    pub cpu_ms: Option<u64>,
    /// Wall time of a call, in milliseconds.
    pub wall_ms: Option<u64>,
    /// Memory of an instance, in bytes.
    pub memory: Option<u64>,
    /// Calls of the host.
    pub calls: Option<u64>,
    /// Lines written to the log, in bytes.
    pub log: Option<u64>,
    /// The output, in bytes.
    pub output: Option<u64>,
}

/// Who sends messages, and how that is known.
#[derive(Debug, Clone)]
pub enum Sender {
    /// By a bearer token.
    Bearer(Secret),
    /// By a signature of the body (HMAC-SHA-256) in a header.
    Hmac {
        /// The secret.
        secret: Secret,
        /// The header.
        header: String,
    },
    /// By the broker that its messages come from: whoever may put messages into the queues there.
    Broker(Spanned<String>),
    /// Not at all.
    Unauthenticated,
}

/// Where runs are kept.
#[derive(Debug, Clone)]
pub struct Store {
    /// The folder of the SQLite store, and of what stays on this machine, below the site file's folder; `data` where nothing
    /// is said.
    pub folder: Spanned<String>,
    /// The database that several machines share; none: the folder has it all.
    pub database: Option<Database>,
    /// Where the keys are with which messages are encrypted in it, the one that encrypts first; none: they are not.
    pub encryption: Vec<Secret>,
}

/// A PostgreSQL database.
#[derive(Debug, Clone)]
pub struct Database {
    /// Its URL as it was written.
    pub url: Spanned<String>,
    /// The URL's parts.
    pub address: DatabaseAddress,
    /// The user.
    pub user: String,
    /// The user's password; none: the database asks for none.
    pub password: Option<Secret>,
    /// The schema; `dragoman` where nothing is said.
    pub schema: String,
    /// Whether it may be reached without TLS, because the network is the operator's own.
    pub private: bool,
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseAddress {
    /// A name or an address, without brackets.
    pub host: String,
    /// The port; 5432 where nothing is said.
    pub port: u16,
    /// The database.
    pub database: String,
}

/// A broker of messages (AMQP 0-9-1).
#[derive(Debug, Clone)]
pub struct Broker {
    /// Its URL as it was written.
    pub url: Spanned<String>,
    /// The URL's parts.
    pub address: BrokerAddress,
    /// The user.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// How many messages of a queue may be held unacknowledged at once; 50 where nothing is said.
    pub prefetch: u64,
    /// How often a message may be delivered without being taken; 10 where nothing is said.
    pub deliveries: u64,
    /// Whether it may be reached without TLS, because the network is the operator's own.
    pub private: bool,
}

/// Where a broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerAddress {
    /// Whether it is reached over TLS.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    /// The port; 5671 with TLS and 5672 without where nothing is said.
    pub port: u16,
    /// The virtual host; `/` where nothing is said.
    pub vhost: String,
}

/// An account.
#[derive(Debug, Clone)]
pub struct User {
    /// The person's name, where it is said.
    pub name: Option<String>,
    /// What they may do.
    pub roles: Vec<Role>,
    /// How they prove who they are.
    pub proof: Proof,
}

/// How an account proves to be itself.
#[derive(Debug, Clone)]
pub enum Proof {
    /// By a password; the secret is its hash.
    Password(Secret),
    /// By a token: services.
    Token(Secret),
}

/// Where the heads of the trail are written to.
#[derive(Debug, Clone)]
pub struct Heads {
    /// The file, appended to.
    pub file: Spanned<String>,
    /// In milliseconds; a minute where nothing is said.
    pub every_ms: u64,
}

/// How long what a run has said is kept after its end; without a period for ever.
#[derive(Debug, Clone, Default)]
pub struct Retention {
    /// In milliseconds, for pipelines of which nothing else is said.
    pub after_ms: Option<u64>,
    /// Of pipelines by name, in milliseconds.
    pub pipelines: Vec<(Spanned<String>, u64)>,
}

/// Which days are reconciled, and when.
#[derive(Debug, Clone, Default)]
pub struct Reconciliation {
    /// Whose days, a name of the tz database; none: those of UTC.
    pub zone: Option<Spanned<String>>,
    /// How long after a day's end, in milliseconds; none: four hours.
    pub after_ms: Option<u64>,
}

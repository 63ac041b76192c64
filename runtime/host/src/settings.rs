//! What the operator decides: the host's own limits, and the grants and limits of each connection.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dragoman_model::{Digest, Value};
use dragoman_security::MacKey;
use serde_json::json;

/// The cache of compiled plugins and descriptions.
#[derive(Debug, Clone)]
pub struct CacheSettings {
    /// Its folder; made with access for its owner only.
    pub folder: PathBuf,
    /// Authenticates its files. Must be kept outside of the folder.
    pub key: MacKey,
}

/// How the host is set up.
#[derive(Debug, Clone)]
pub struct HostSettings {
    /// Where compiled plugins and descriptions are kept between starts; none: nowhere.
    pub cache: Option<CacheSettings>,
    /// Calls at work at the same time; more of them wait for their turn.
    pub concurrency: u32,
    /// Memory of all instances together, in bytes.
    pub memory_total: usize,
    /// The largest memory of one instance that any connection may grant, in bytes.
    pub memory_ceiling: usize,
    /// The largest plugin file, in bytes.
    pub plugin_bytes: usize,
    /// Between two looks at a guest's budget.
    pub tick: Duration,
    /// Limits of calls that describe a plugin.
    pub describe: CallLimits,
}

impl Default for HostSettings {
    fn default() -> Self {
        HostSettings {
            cache: None,
            concurrency: 64,
            memory_total: 1 << 30,
            memory_ceiling: 256 << 20,
            plugin_bytes: 64 << 20,
            tick: Duration::from_millis(1),
            describe: CallLimits {
                wall_ms: 10_000,
                cpu_ms: 5_000,
                ..CallLimits::default()
            },
        }
    }
}

/// What one call may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    /// CPU time inside the sandbox, in milliseconds.
    pub cpu_ms: u64,
    /// From its turn until its answer, waiting for endpoints included, in milliseconds.
    pub wall_ms: u64,
    /// All memories of the instance together, in bytes.
    pub memory_bytes: usize,
    /// Calls of host functions.
    pub host_calls: u32,
    /// Log text, in bytes; what is more is dropped with one line that says so.
    pub log_bytes: usize,
    /// Payload, document references and attributes of the answer, in bytes.
    pub output_bytes: usize,
    /// Documents made or received, in bytes.
    pub document_bytes: u64,
}

impl Default for CallLimits {
    fn default() -> Self {
        CallLimits {
            cpu_ms: 1_000,
            wall_ms: 30_000,
            memory_bytes: 64 << 20,
            host_calls: 10_000,
            log_bytes: 64 << 10,
            output_bytes: 8 << 20,
            document_bytes: 64 << 20,
        }
    }
}

/// Whether a connection acts or only looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// It acts.
    #[default]
    Live,
    /// Requests with an effect are refused by the host.
    Observe,
}

/// What a connection may send to an endpoint. Address, TLS identity and credentials are the egress's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndpointGrant {
    /// Allowed methods, upper case; empty: all.
    pub methods: Vec<String>,
    /// The plugin's word is believed that a request changes nothing although its method is not a safe one.
    pub trust_safe: bool,
    /// The most time for one request.
    pub timeout: Duration,
    /// The largest request body, in bytes.
    pub max_request: usize,
    /// The largest response body, in bytes.
    pub max_response: usize,
    /// Digest of everything else about the endpoint that may change an answer (address, prefix, names of secrets).
    pub identity: String,
}

impl Default for EndpointGrant {
    fn default() -> Self {
        EndpointGrant {
            methods: Vec::new(),
            trust_safe: false,
            timeout: Duration::from_secs(20),
            max_request: 8 << 20,
            max_response: 8 << 20,
            identity: String::new(),
        }
    }
}

/// A credential by name. Its value stays in the host.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialGrant {
    /// The secret: an HMAC key, or an Ed25519 private key in PKCS#8; any bytes where it may only be revealed.
    pub secret: Arc<[u8]>,
    /// The certificate chain in DER, leaf first.
    pub certificates: Vec<Vec<u8>>,
    /// Whether the plugin may see the value; needs a plugin that imports `credentials-reveal`.
    pub reveal: bool,
}

impl fmt::Debug for CredentialGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CredentialGrant")
            .field("reveal", &self.reveal)
            .finish_non_exhaustive()
    }
}

/// A connection: a plugin with its configuration, grants and limits.
#[derive(Debug, Clone, PartialEq)]
pub struct Connection {
    /// The component.
    pub plugin: Digest,
    /// Checked against the plugin's schema.
    pub config: Value,
    /// Files beside the configuration, for plugins that are told by files what they offer.
    pub files: Vec<(String, Vec<u8>)>,
    /// Endpoints by name.
    pub endpoints: BTreeMap<String, EndpointGrant>,
    /// Credentials by name.
    pub credentials: BTreeMap<String, CredentialGrant>,
    /// What a call may use.
    pub limits: CallLimits,
    /// Whether it acts.
    pub mode: Mode,
}

impl Connection {
    /// A connection of a plugin with a configuration, nothing granted and the usual limits.
    pub fn new(plugin: Digest, config: Value) -> Self {
        Connection {
            plugin,
            config,
            files: Vec::new(),
            endpoints: BTreeMap::new(),
            credentials: BTreeMap::new(),
            limits: CallLimits::default(),
            mode: Mode::Live,
        }
    }

    /// Of configuration, files and endpoints: what a recorded answer may depend on.
    pub fn digest(&self) -> Digest {
        let endpoints: BTreeMap<&str, Value> = self
            .endpoints
            .iter()
            .map(|(name, grant)| (name.as_str(), json!([grant.methods, grant.trust_safe, grant.identity])))
            .collect();
        let credentials: BTreeMap<&str, bool> = self
            .credentials
            .iter()
            .map(|(name, grant)| (name.as_str(), grant.reveal))
            .collect();
        Digest::of_value(&json!({
            "config": self.config,
            "files": self.files_digest().to_string(),
            "endpoints": endpoints,
            "credentials": credentials,
            "observe": self.mode == Mode::Observe,
        }))
    }

    /// Of the files' names and contents, in order.
    pub(crate) fn files_digest(&self) -> Digest {
        let named: Vec<[String; 2]> = self
            .files
            .iter()
            .map(|(name, bytes)| [name.clone(), Digest::of(bytes).to_string()])
            .collect();
        Digest::of_value(&json!(named))
    }
}

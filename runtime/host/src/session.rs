//! What the host keeps of one call while its guest runs.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use dragoman_model::Value;
use serde_json::json;
use wasmtime::component::ResourceTable;

use crate::documents::Documents;
use crate::egress::Egress;
use crate::limits::{Memory, Meter, Stop};
use crate::log::Log;
use crate::requests::Requests;
use crate::settings::{CallLimits, Connection};
use crate::state::StateBuffer;
use crate::storage::Storage;

/// The most bytes of randomness in one host call.
const RANDOM_BYTES: u32 = 4096;
/// The most bytes of randomness in one call: they are journaled.
const RANDOM_TOTAL: usize = 64 << 10;

/// What a call is about, as its guest may read it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts {
    pub(crate) run: String,
    pub(crate) pipeline: String,
    pub(crate) step: String,
    pub(crate) connection: String,
    pub(crate) attempt: u32,
    pub(crate) key: String,
    pub(crate) deadline: Duration,
    pub(crate) dry_run: bool,
    pub(crate) traceparent: String,
    pub(crate) config: Arc<str>,
}

/// Readings of what is not the same twice, for replay.
#[derive(Debug, Default)]
pub(crate) struct Readings {
    clock: Vec<u64>,
    random: Vec<Vec<u8>>,
    random_bytes: usize,
}

impl Readings {
    /// As JSON: empty lists are left out.
    pub(crate) fn to_value(&self) -> Value {
        let mut out = serde_json::Map::new();
        if !self.clock.is_empty() {
            out.insert("clock".into(), json!(self.clock));
        }
        if !self.random.is_empty() {
            let texts: Vec<String> = self.random.iter().map(|bytes| BASE64.encode(bytes)).collect();
            out.insert("random".into(), json!(texts));
        }
        Value::Object(out)
    }
}

/// What a session reaches of the host. None of it for a plugin that describes itself.
#[derive(Clone)]
pub(crate) struct Powers {
    pub(crate) connection: Arc<Connection>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) storage: Arc<dyn Storage>,
}

/// One call's data in its store.
pub(crate) struct Session {
    pub(crate) memory: Memory,
    pub(crate) table: ResourceTable,
    pub(crate) meter: Arc<Meter>,
    pub(crate) limits: CallLimits,
    pub(crate) host_calls: u32,
    pub(crate) facts: Facts,
    pub(crate) powers: Option<Powers>,
    pub(crate) requests: Requests,
    pub(crate) documents: Documents,
    pub(crate) state: StateBuffer,
    pub(crate) readings: Readings,
    pub(crate) log: Log,
    /// When the call's time is over.
    pub(crate) until: Instant,
    /// The executor on which connections live, whichever lane the call runs in.
    pub(crate) executor: tokio::runtime::Handle,
}

impl Session {
    /// Counts a host call. Every host function begins with it.
    pub(crate) fn enter(&mut self) -> wasmtime::Result<()> {
        self.host_calls += 1;
        if self.host_calls > self.limits.host_calls {
            return Err(Stop::HostCalls.into());
        }
        Ok(())
    }

    /// Milliseconds since the epoch, recorded; 0 while a plugin describes itself.
    pub(crate) fn now_ms(&mut self) -> u64 {
        if self.powers.is_none() {
            return 0;
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since.as_millis()).unwrap_or(u64::MAX);
        self.readings.clock.push(now);
        now
    }

    /// Random bytes, recorded; zeros while a plugin describes itself.
    pub(crate) fn random(&mut self, length: u32) -> wasmtime::Result<Vec<u8>> {
        let contract = |message: String| Err(Stop::Contract(message).into());
        if length > RANDOM_BYTES {
            return contract(format!(
                "random.bytes was asked for {length} bytes; the most in one call is {RANDOM_BYTES}"
            ));
        }
        let mut bytes = vec![0; length as usize];
        if self.powers.is_none() {
            return Ok(bytes);
        }
        if self.readings.random_bytes + bytes.len() > RANDOM_TOTAL {
            return contract(format!(
                "more than {RANDOM_TOTAL} random bytes were asked for in one call"
            ));
        }
        if rand::fill(&mut bytes).is_err() {
            return contract("the system has no randomness to give".to_owned());
        }
        self.readings.random_bytes += bytes.len();
        self.readings.random.push(bytes.clone());
        Ok(bytes)
    }

    /// What is left of the call's time.
    pub(crate) fn time_left(&self) -> Duration {
        self.until.saturating_duration_since(Instant::now())
    }
}

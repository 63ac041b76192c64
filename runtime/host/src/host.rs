//! The host: its engine, its plugins and its connections.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use bytes::Bytes;
use dragoman_model::{Digest, OperationEffect, Value};
use dragoman_schema::Surface;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;
use wasmtime::Engine;
use wasmtime::component::ResourceTable;

use crate::cache::Cache;
use crate::documents::Documents;
use crate::egress::Egress;
use crate::error::{CANNOT_START, Error, NOT_LOADED};
use crate::guest::{self, Ask, Broken, Ran};
use crate::lanes::{self, SlowLane, Suspects};
use crate::limits::{Memory, MemoryPot, Meter};
use crate::log::Log;
use crate::plugin::{self, Linkers, Plugin};
use crate::prepared::Prepared;
use crate::requests::Requests;
use crate::sandbox;
use crate::session::{Facts, Powers, Readings, Session};
use crate::settings::{CallLimits, Connection, HostSettings};
use crate::state::StateBuffer;
use crate::storage::Storage;
use crate::ticker::{Active, Ticker};

/// So many plugins that no connection names any more stay loaded, for the runs that are pinned to them.
const RETIRED: usize = 8;

/// A connection as it is now, with what was prepared for its calls.
pub(crate) struct Bound {
    pub(crate) connection: Arc<Connection>,
    pub(crate) digest: Digest,
    /// Places that its calls may take at the same time: not all of them, so that a partner who answers slowly does not
    /// hold up the calls of all other connections.
    pub(crate) places: Arc<Semaphore>,
    /// How many places there are.
    width: usize,
    /// By plugin: a run may be pinned to an older one than the connection names now.
    prepared: Mutex<HashMap<Digest, Arc<Prepared>>>,
}

/// Runs plugins. One for each process; cheap to share by `Arc`.
pub struct Host {
    pub(crate) settings: HostSettings,
    pub(crate) engine: Engine,
    pub(crate) ticker: Ticker,
    pub(crate) slow: SlowLane,
    pub(crate) cache: Cache,
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) egress: Arc<dyn Egress>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) surfaces: Mutex<HashMap<Digest, Arc<Surface>>>,
    suspects: Suspects,
    linkers: Arc<Linkers>,
    pot: Arc<MemoryPot>,
    plugins: Mutex<HashMap<Digest, Arc<Plugin>>>,
    /// Loaded plugins that no connection names any more, the longest one first.
    retired: Mutex<VecDeque<Digest>>,
    connections: ArcSwap<HashMap<String, Arc<Bound>>>,
}

/// What distinguishes one guest's session from another's.
pub(crate) struct Job {
    pub(crate) facts: Facts,
    pub(crate) limits: CallLimits,
    pub(crate) powers: Option<Powers>,
    pub(crate) requests: Requests,
    pub(crate) documents: Documents,
    /// When its time is over.
    pub(crate) until: Instant,
    /// The places of its connection.
    pub(crate) places: Option<Arc<Semaphore>>,
}

/// Why there is nothing left of a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotRun {
    /// It never ran: there was no turn within its time.
    Busy,
    /// It may have run; the host stopped meanwhile, and what became of it is not known.
    Lost,
}

/// What a guest holds while it runs.
struct Held {
    _place: Option<OwnedSemaphorePermit>,
    _turn: OwnedSemaphorePermit,
    _active: Active,
}

impl Job {
    /// The job of a plugin that describes itself or checks a configuration: no powers.
    pub(crate) fn pure(limits: CallLimits) -> Self {
        let wall = std::time::Duration::from_millis(limits.wall_ms);
        Job {
            facts: Facts {
                deadline: wall,
                dry_run: true,
                ..Facts::default()
            },
            limits,
            powers: None,
            requests: Requests::new(OperationEffect::Read, true, None),
            documents: Documents::new(&BTreeMap::new(), &Value::Null, Vec::new(), 0),
            until: Instant::now() + wall,
            places: None,
        }
    }
}

impl Host {
    /// Starts a host: its engine and pool, its clock and its threads.
    ///
    /// # Errors
    /// Where the system gives no address space or no threads, or the cache folder cannot be made.
    pub fn new(settings: HostSettings, egress: Arc<dyn Egress>, storage: Arc<dyn Storage>) -> Result<Arc<Self>, Error> {
        let engine = sandbox::engine(&settings)?;
        let linkers = Linkers::new(&engine)
            .map_err(|e| Error::new(CANNOT_START, format!("the contract cannot be linked: {e:#}")))?;
        Ok(Arc::new(Host {
            ticker: Ticker::start(&engine, settings.tick)?,
            slow: SlowLane::start()?,
            cache: Cache::open(settings.cache.clone())?,
            turns: Arc::new(Semaphore::new(settings.concurrency.max(1) as usize)),
            egress,
            storage,
            surfaces: Mutex::default(),
            suspects: Suspects::default(),
            linkers: Arc::new(linkers),
            pot: MemoryPot::new(settings.memory_total),
            plugins: Mutex::default(),
            retired: Mutex::default(),
            connections: ArcSwap::default(),
            engine,
            settings,
        }))
    }

    /// Loads a plugin: checks, compiles (one at a time) or takes it out of the cache (many at a time), links. Loading it
    /// again is free.
    ///
    /// # Errors
    /// With a code and a sentence: too large, no component, foreign imports, another version, not compilable.
    pub async fn load(self: &Arc<Self>, bytes: impl Into<Bytes>) -> Result<Arc<Plugin>, Error> {
        let bytes = bytes.into();
        let digest = Digest::of(&bytes);
        if let Some(known) = self.plugin(digest) {
            return Ok(known);
        }
        let host = self.clone();
        let limit = self.settings.plugin_bytes;
        let loading = tokio::task::spawn_blocking(move || {
            plugin::load(&host.engine, &host.linkers, &host.cache, limit, digest, &bytes)
        });
        let stopped = |e: tokio::task::JoinError| Error::new(CANNOT_START, format!("loading was stopped: {e}"));
        let plugin = loading.await.map_err(stopped)??;
        self.plugins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(digest, plugin.clone());
        Ok(plugin)
    }

    /// A plugin that is loaded.
    pub fn plugin(&self, digest: Digest) -> Option<Arc<Plugin>> {
        self.plugins
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&digest)
            .cloned()
    }

    /// A plugin by digest: one that is loaded, else one that the store keeps because runs are pinned to it.
    pub(crate) async fn pinned(self: &Arc<Self>, digest: Digest) -> Result<Arc<Plugin>, Error> {
        if let Some(known) = self.plugin(digest) {
            return Ok(known);
        }
        let not_loaded = |why: String| {
            Error::new(
                NOT_LOADED,
                format!(
                    "the plugin {digest} is not loaded and the store has no copy of it{why}; put its file back into the \
                     folder of plugins, or move the run to the plugin of now with `dragoman migrate`"
                ),
            )
        };
        match self.storage.component(digest).await {
            Ok(Some(bytes)) => self.load(bytes).await,
            Ok(None) => Err(not_loaded(String::new())),
            Err(e) => Err(not_loaded(format!(": {e}"))),
        }
    }

    /// Replaces all connections at once. Calls under way keep those that they began with; a connection that stays as it
    /// was keeps its places and what was prepared. Of the plugins that no connection names any more the last few stay
    /// loaded; runs that are pinned to an older one load it from the store again.
    pub fn set_connections(&self, connections: BTreeMap<String, Connection>) {
        let before = self.connections.load_full();
        let named: HashSet<Digest> = connections.values().map(|c| c.plugin).collect();
        let all = self.settings.concurrency.max(1) as usize;
        let places = if connections.len() > 1 {
            (all * 3 / 4).max(1)
        } else {
            all
        };
        let bind = |(name, connection): (String, Connection)| {
            let known = before.get(&name);
            if let Some(known) = known.filter(|k| k.width == places && *k.connection == connection) {
                return (name, known.clone());
            }
            let digest = connection.digest();
            let bound = Bound {
                connection: Arc::new(connection),
                digest,
                places: Arc::new(Semaphore::new(places)),
                width: places,
                prepared: Mutex::default(),
            };
            (name, Arc::new(bound))
        };
        self.connections
            .store(Arc::new(connections.into_iter().map(bind).collect()));
        self.retire(&named);
    }

    /// Unloads plugins that are named by no connection, but for the last few: compiled code is large, and a site whose
    /// plugins are edited all day must not grow.
    fn retire(&self, named: &HashSet<Digest>) {
        let mut plugins = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.retain(|digest| !named.contains(digest));
        let fresh: Vec<Digest> = plugins
            .keys()
            .filter(|digest| !named.contains(digest) && !retired.contains(digest))
            .copied()
            .collect();
        retired.extend(fresh);
        while retired.len() > RETIRED {
            if let Some(digest) = retired.pop_front() {
                plugins.remove(&digest);
                let mut surfaces = self.surfaces.lock().unwrap_or_else(PoisonError::into_inner);
                surfaces.retain(|_, surface| surface.digest != digest);
            }
        }
    }

    /// A connection as it is now.
    pub(crate) fn bound(&self, connection: &str) -> Option<Arc<Bound>> {
        self.connections.load().get(connection).cloned()
    }

    /// What a call over a connection needs, for the plugin it is pinned to.
    pub(crate) async fn prepare(self: &Arc<Self>, bound: &Bound, plugin: Digest) -> Result<Arc<Prepared>, Error> {
        let ready = bound
            .prepared
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&plugin)
            .cloned();
        if let Some(ready) = ready {
            return Ok(ready);
        }
        let plugin = self.pinned(plugin).await?;
        let surface = self
            .describe(&plugin, &bound.connection.config, &bound.connection.files)
            .await?;
        let prepared = Arc::new(Prepared::new(plugin.clone(), bound, surface)?);
        let mut all = bound.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(all.entry(plugin.digest).or_insert(prepared).clone())
    }

    /// Bytes of memory that instances use now, and calls that may begin at once.
    pub fn in_use(&self) -> (usize, usize) {
        (self.pot.used(), self.turns.available_permits())
    }

    /// Waits for a turn, makes an instance and asks it.
    pub(crate) async fn ask(&self, plugin: &Arc<Plugin>, job: Job, ask: Ask) -> Result<Ran, NotRun> {
        let held = self.turn(&job).await.ok_or(NotRun::Busy)?;
        let wall = job.until.saturating_duration_since(Instant::now());
        let session = self.session(job);
        let meter = session.meter.clone();
        let tick = self.settings.tick;
        let operation = match &ask {
            Ask::Invoke { operation, .. } | Ask::Probe { operation, .. } => operation.clone(),
            Ask::Describe { .. } | Ask::CheckConfig { .. } => String::new(),
        };
        let suspect = self.suspects.has(plugin.digest, &operation);
        let (engine, running) = (self.engine.clone(), plugin.clone());
        let call = async move {
            // The turn ends with the instance and not before, also where the caller goes away: the pool has exactly as
            // many instances as there are turns.
            let _held = held;
            guest::run(engine, running, session, ask, wall, tick).await
        };
        let ran = lanes::drive(Box::pin(call), &meter, &self.slow, suspect).await;
        let broken = ran.as_ref().is_none_or(|ran| match &ran.answer {
            Ok(_) => ran.session.memory.denied().is_some(),
            Err(broken) => *broken != Broken::Deadline { waiting: true },
        });
        self.suspects.note(plugin.digest, &operation, meter.spent(), broken);
        ran.ok_or(NotRun::Lost)
    }

    /// A place of the connection, a turn of the host, and the clock going; none: not within the job's time.
    async fn turn(&self, job: &Job) -> Option<Held> {
        let until = job.until.into();
        let place = match &job.places {
            Some(places) => Some(timeout_at(until, places.clone().acquire_owned()).await.ok()?.ok()?),
            None => None,
        };
        let turn = timeout_at(until, self.turns.clone().acquire_owned()).await.ok()?.ok()?;
        Some(Held {
            _place: place,
            _turn: turn,
            _active: self.ticker.enter(),
        })
    }

    fn session(&self, job: Job) -> Session {
        let mut table = ResourceTable::new();
        table.set_max_capacity(1_000);
        let limit = job.limits.memory_bytes.min(self.settings.memory_ceiling);
        Session {
            memory: Memory::new(limit, &self.pot),
            table,
            meter: Meter::new(std::time::Duration::from_millis(job.limits.cpu_ms)),
            limits: job.limits,
            host_calls: 0,
            facts: job.facts,
            powers: job.powers,
            requests: job.requests,
            documents: job.documents,
            state: StateBuffer::default(),
            readings: Readings::default(),
            log: Log::new(job.limits.log_bytes),
            until: job.until,
            executor: tokio::runtime::Handle::current(),
        }
    }
}

/// A broken guest in one sentence, for descriptions; calls have failures of their own.
pub(crate) fn sentence(broken: &Broken) -> String {
    crate::failure::of_broken(broken).message
}

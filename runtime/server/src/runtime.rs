//! A site at work: store, host, engine and plans, put together.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_engine::StepRunner;
use dragoman_engine::shell::{Clock, Engine, Handle, Limits, Settings};
use dragoman_host::settings::CacheSettings;
use dragoman_host::{Host, HostSettings, JournalStorage, Runner};
use dragoman_journal::{Journal, Store};
use dragoman_manifest::Site as Said;
use dragoman_model::{Diagnostic, Digest, Severity};
use dragoman_security::Keys;
use dragoman_transports_amqp::Broker;
use dragoman_transports_http::egress::{Endpoint, HttpEgress};
use dragoman_transports_http::inbound::Sender;
use futures_util::future::join_all;

use crate::error::Error;
use crate::heads;
use crate::instance::{Instance, Part};
use crate::metrics::{Counted, Timed};
use crate::pauses::{Held, Known, Pauses};
use crate::plans::Plans;
use crate::reconciliation::Daily;
use crate::retention::Retention;
use crate::site::{self, Account, Inputs, Secrets, Seen, Site};
use crate::stores::{Place, store_folder};

/// How long a lease lasts where another machine goes on with a run at its end, in milliseconds.
const SHARED_LEASE_MS: i64 = 30_000;
/// What the store's time is known to by two processes may differ by so much, in milliseconds.
const APART_MS: i64 = 1_000;

/// The connections of a site, as host and egress were given them.
#[derive(Clone, Default)]
pub(crate) struct Connections {
    /// By name, for the host.
    pub(crate) host: BTreeMap<String, dragoman_host::Connection>,
    /// By connection and name, for the egress.
    pub(crate) endpoints: BTreeMap<String, BTreeMap<String, Endpoint>>,
}

impl Connections {
    /// Those of `now`, and those of before that are no longer in it: runs that began with them go on with them. Gives
    /// the names of the latter.
    pub(crate) fn take_over(&mut self, now: Connections) -> Vec<String> {
        let before = std::mem::replace(self, now);
        let mut leaving = Vec::new();
        for (name, connection) in before.host {
            if let Entry::Vacant(place) = self.host.entry(name) {
                leaving.push(place.key().clone());
                place.insert(connection);
            }
        }
        for (name, endpoints) in before.endpoints {
            self.endpoints.entry(name).or_insert(endpoints);
        }
        leaving
    }

    /// As a site has them.
    fn new(
        host: BTreeMap<String, dragoman_host::Connection>,
        endpoints: BTreeMap<String, BTreeMap<String, Endpoint>>,
    ) -> Self {
        Connections { host, endpoints }
    }

    /// Lets host and egress have them.
    pub(crate) fn bind(&self, host: &Host, egress: &HttpEgress) {
        egress.set_endpoints(self.endpoints.clone());
        host.set_connections(self.host.clone());
    }
}

/// A site at work. Dropping it stops the engine; what is durable goes on at the next start.
pub struct Runtime {
    /// What the site file says.
    pub said: Said,
    /// The site file.
    pub file: PathBuf,
    /// The folder of the site file.
    pub folder: PathBuf,
    /// The folder of the store.
    pub store: PathBuf,
    /// The store.
    pub journal: Arc<dyn Store>,
    /// The plans.
    pub plans: Arc<Plans>,
    /// What somebody has paused.
    pub pauses: Arc<Pauses>,
    /// How long what runs have said is kept, and what is held.
    pub retention: Retention,
    pub(crate) counted: Arc<Counted>,
    pub(crate) daily: Daily,
    /// The senders by name.
    pub senders: BTreeMap<String, Arc<Sender>>,
    pub(crate) brokers: BTreeMap<String, Broker>,
    pub(crate) users: BTreeMap<String, Account>,
    /// The installation's keys.
    pub keys: Keys,
    /// Warnings of the site.
    pub warnings: Vec<Diagnostic>,
    pub(crate) host: Arc<Host>,
    pub(crate) egress: Arc<HttpEgress>,
    pub(crate) connections: Connections,
    /// How the site's files were found when they were read.
    pub(crate) seen: Seen,
    engine: Engine,
    /// Behind the engine: who this process is, as long as it may work on anything.
    _instance: Option<Instance>,
}

/// The settings of a site's host: compiled code is kept below the store's folder and vouched for by the installation's key.
fn host_settings(store: &Path, keys: &Keys) -> HostSettings {
    HostSettings {
        cache: Some(CacheSettings {
            folder: store.join("cache"),
            key: keys.cache.clone(),
        }),
        ..HostSettings::default()
    }
}

/// A host, and what its requests leave by.
fn host_with_egress(
    store: &Path,
    keys: &Keys,
    journal: Arc<dyn Journal>,
) -> Result<(Arc<Host>, Arc<HttpEgress>), Error> {
    let settings = host_settings(store, keys);
    let egress = Arc::new(HttpEgress::new());
    let host = Host::new(settings, egress.clone(), Arc::new(JournalStorage(journal)))?;
    Ok((host, egress))
}

impl Runtime {
    /// Opens a site: reads the site file, opens the store, loads plugins and pipelines, starts the engine, which takes
    /// up every unfinished run.
    ///
    /// # Errors
    /// All that is wrong with what was written; a store that cannot be opened; a host that cannot start.
    pub async fn open(site_file: &Path) -> Result<Runtime, Error> {
        Self::open_as(site_file, Part::Serves).await
    }

    /// As [`Runtime::open`], to do a part of the work.
    ///
    /// # Errors
    /// As [`Runtime::open`]; D0938 where the store cannot be shared, and it is only to work.
    pub async fn open_as(site_file: &Path, part: Part) -> Result<Runtime, Error> {
        let seen = Inputs::of_file(site_file).look();
        let (said, mut warnings) = site::read(site_file).map_err(Error::Diagnostics)?;
        let seen = seen.and_then(Inputs::of(site_file, &said).look());
        let store = store_folder(site_file, &said);
        let (journal, instance) = open_store(site_file, &said, part).await?;
        let keys = Keys::open(&store.join("keys"))?;
        let shared: Arc<dyn Journal> = journal.clone();
        let (host, egress) = host_with_egress(&store, &keys, shared.clone())?;
        let loaded = site::load(site_file, said, &host, Secrets::Resolve).await;
        let Some(site) = loaded.site else {
            return Err(Error::Diagnostics(loaded.diagnostics));
        };
        warnings.extend(loaded.diagnostics);
        keep(&site, journal.as_ref(), &mut HashSet::new()).await?;
        let Site {
            said,
            folder,
            connections,
            endpoints,
            senders,
            brokers,
            users,
            daily,
            editions,
            world,
            ..
        } = site;
        let connections = Connections::new(connections, endpoints);
        connections.bind(&host, &egress);
        let plans = Arc::new(Plans::new(editions, world, shared.clone(), host.clone()));
        let clock = crate::clock::of(&journal).await?;
        let counted = Arc::<Counted>::default();
        let retention = Retention::of(journal.clone(), &said);
        let (engine, pauses) = start(shared, clock, journal.is_alone(), &host, &plans, &counted).await?;
        Ok(Runtime {
            said,
            file: site_file.to_path_buf(),
            folder,
            store,
            journal,
            plans,
            pauses,
            retention,
            counted,
            daily,
            senders,
            brokers,
            users,
            keys,
            warnings,
            host,
            egress,
            connections,
            seen,
            engine,
            _instance: instance,
        })
    }

    /// The engine.
    pub fn handle(&self) -> Handle {
        self.engine.handle()
    }
}

/// Starts the engine, which takes up every unfinished run that nothing holds back.
async fn start(
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    alone: bool,
    host: &Arc<Host>,
    plans: &Arc<Plans>,
    counted: &Arc<Counted>,
) -> Result<(Engine, Arc<Pauses>), Error> {
    let known = Arc::new(Known::load(&*journal).await?);
    let runner: Arc<dyn StepRunner> = Arc::new(Runner::new(host.clone()));
    let timed = Timed {
        runner: runner.clone(),
        counted: counted.clone(),
    };
    let held = Held {
        runner: Arc::new(timed),
        known: known.clone(),
    };
    let worker = worker();
    let engine = Engine::start(Settings {
        journal: journal.clone(),
        runner: Arc::new(held),
        plans: plans.clone(),
        clock,
        meter: counted.clone(),
        worker: worker.clone(),
        limits: Limits {
            alone,
            apart_ms: if alone { 0 } else { APART_MS },
            // Where others can go on, they should not wait long for it.
            lease_ms: if alone {
                Limits::default().lease_ms
            } else {
                SHARED_LEASE_MS
            },
            breakers: true,
            ..Limits::default()
        },
    });
    let pauses = Pauses::new(known, journal, engine.handle(), plans.clone(), runner, &worker).await?;
    pauses.follow(!alone);
    Ok((engine, pauses))
}

/// Opens the store as its owner. Where there is none it is made, unless outside heads know of one that was there.
async fn open_store(site_file: &Path, said: &Said, part: Part) -> Result<(Arc<dyn Store>, Option<Instance>), Error> {
    let place = Place::of(site_file, said)?;
    heads::refuse_without_trail(said, &site::folder_of(site_file), &place)?;
    place.open(&store_folder(site_file, said), part).await
}

/// Everything that runs will be pinned to is kept in the store before any run can begin with it. `kept`: what is there.
pub(crate) async fn keep(site: &Site, journal: &dyn Journal, kept: &mut HashSet<Digest>) -> Result<(), Error> {
    let components = site.components.iter().map(|(digest, bytes)| (*digest, bytes));
    let editions = site
        .editions
        .values()
        .map(|edition| (edition.plan.version, &edition.bytes));
    let missing = components.chain(editions).filter(|(digest, _)| !kept.contains(digest));
    // All at once: the store writes them with one sync.
    let keeping: Vec<_> = missing.map(|(_, bytes)| journal.keep_version(bytes.clone())).collect();
    for digest in join_all(keeping).await {
        kept.insert(digest?);
    }
    Ok(())
}

/// The worker's name: the machine's, which an auditor can find.
pub(crate) fn worker() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    match name.trim() {
        "" => "worker".into(),
        name => name.into(),
    }
}

/// A host that only describes plugins: nothing leaves, nothing is kept. Compiled plugins are taken from the site's cache
/// where there is one, else from the one given; a cache that cannot be used is no reason to refuse a site.
pub(crate) fn checking_host(site_file: &Path, said: &Said, cache: Option<CacheSettings>) -> Result<Arc<Host>, Error> {
    let store = store_folder(site_file, said);
    let host = |settings| {
        Host::new(
            settings,
            Arc::new(dragoman_host::NoEgress),
            Arc::new(dragoman_host::NoStorage),
        )
    };
    if store.join("keys").is_dir() {
        return Ok(host(host_settings(&store, &Keys::open(&store.join("keys"))?))?);
    }
    let cached = HostSettings {
        cache,
        ..HostSettings::default()
    };
    Ok(host(cached).or_else(|_| host(HostSettings::default()))?)
}

/// Checks a site without opening its store: nothing is run, and no secret is used; a note names each that is not there.
/// `cache`: where compiled plugins are kept as long as the site has no store.
///
/// # Errors
/// The host cannot start.
pub async fn check(site_file: &Path, cache: Option<CacheSettings>) -> Result<Vec<Diagnostic>, Error> {
    let (said, mut diagnostics) = site::read_partly(site_file);
    let Some(said) = said else {
        return Ok(diagnostics);
    };
    let whole = !diagnostics.iter().any(site::is_error);
    let host = checking_host(site_file, &said, cache)?;
    let loaded = site::load(site_file, said, &host, Secrets::Look).await;
    let further = loaded.diagnostics.into_iter();
    diagnostics.extend(further.filter(|d| whole || !site::may_follow(d)));
    // What must be mended comes first: a note is for later.
    diagnostics.sort_by_key(|d| d.severity == Severity::Note);
    Ok(diagnostics)
}

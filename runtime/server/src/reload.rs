//! Putting a changed site in the place of the one that is served, while it is served.
//!
//! **Invariants.** Everything is checked first, as `dragoman check` does; with an error nothing changes. What runs will be
//! pinned to is in the store before it is offered. A message is accepted by the old site or by the new one.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use dragoman_engine::{Acceptor, Handle};
use dragoman_host::Host;
use dragoman_journal::Store;
use dragoman_manifest::Site as Said;
use dragoman_model::{Diagnostic, Digest};
use dragoman_plan::Plan;
use dragoman_transports_amqp::{Broker, States};
use dragoman_transports_http::egress::HttpEgress;
use dragoman_transports_http::inbound::Routes;
use tokio::sync::watch;

use crate::accounts::Accounts;
use crate::error::{Error, FIXED};
use crate::heads::Outside;
use crate::plans::Plans;
use crate::reconciliation::Daily;
use crate::retention::Periods;
use crate::runtime::{Connections, Runtime, keep};
use crate::served::{Served, changed, now};
use crate::site::{self, Inputs, Secrets, Seen, Site};
use crate::sources::Source;
use crate::{schedules, triggers};

/// What a change did.
#[derive(Debug)]
pub(crate) struct Reloaded {
    /// What is served now.
    pub(crate) served: Arc<Served>,
    /// Pipelines that are new, gone, or have another version.
    pub(crate) changed: Vec<String>,
    /// What is to be said about it all the same.
    pub(crate) warnings: Vec<Diagnostic>,
}

/// What only one change at a time may touch.
struct State {
    connections: Connections,
    /// What the store keeps already.
    kept: HashSet<Digest>,
}

/// What was looked at when the site was last read, whether it was taken or not.
struct Looked {
    inputs: Inputs,
    seen: Seen,
}

/// Reloads a site.
pub(crate) struct Reloader {
    file: PathBuf,
    folder: PathBuf,
    listen: String,
    store: String,
    journal: Arc<dyn Store>,
    host: Arc<Host>,
    egress: Arc<HttpEgress>,
    plans: Arc<Plans>,
    handle: Handle,
    state: tokio::sync::Mutex<State>,
    looked: Mutex<Arc<Looked>>,
    served: ArcSwap<Served>,
    /// The paths of the server; the one swap that decides with which site a message over HTTP is accepted.
    pub(crate) routes: Arc<ArcSwap<Routes>>,
    /// What brings messages in by itself.
    pub(crate) sources: watch::Sender<Vec<Source>>,
    /// How the queues stand.
    pub(crate) queues: States,
    /// Who may use the operator API.
    pub(crate) accounts: Arc<Accounts>,
    /// Where the heads of the trail go.
    pub(crate) heads: watch::Sender<Option<Outside>>,
    /// Which days are reconciled, and when.
    pub(crate) daily: watch::Sender<Daily>,
    /// How long what runs have said is kept.
    pub(crate) periods: watch::Sender<Periods>,
}

impl Reloader {
    /// Over a runtime that is about to be served.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(crate) fn new(runtime: &Runtime) -> Result<Self, Error> {
        let inputs = Inputs::of(&runtime.file, &runtime.said);
        let plans = runtime.plans.all();
        let pipelines: Vec<_> = plans.iter().map(|p| (p.pipeline.clone(), p.version)).collect();
        let largest = runtime.said.largest_message;
        let door: Arc<dyn Acceptor> = Arc::new(runtime.handle().door(runtime.plans.offer()));
        let routes = triggers::routes(&plans, &runtime.senders, largest, door);
        Ok(Reloader {
            file: runtime.file.clone(),
            folder: runtime.folder.clone(),
            listen: runtime.said.listen.value.clone(),
            store: runtime.said.store.place().value,
            journal: runtime.journal.clone(),
            host: runtime.host.clone(),
            egress: runtime.egress.clone(),
            plans: runtime.plans.clone(),
            handle: runtime.handle(),
            state: tokio::sync::Mutex::new(State {
                connections: runtime.connections.clone(),
                kept: pipelines.iter().map(|(_, version)| *version).collect(),
            }),
            looked: Mutex::new(Arc::new(Looked {
                seen: runtime.seen.clone(),
                inputs,
            })),
            served: ArcSwap::from_pointee(Served {
                name: runtime.said.name.value.clone(),
                number: 1,
                since: now(),
                pipelines,
                leaving: Vec::new(),
                refused: None,
            }),
            routes: Arc::new(ArcSwap::from_pointee(routes)),
            sources: watch::Sender::new(sources(&runtime.plans, &runtime.folder, &runtime.brokers, largest)),
            queues: States::default(),
            accounts: Arc::new(Accounts::new(runtime.users.clone())?),
            heads: watch::Sender::new(Outside::of(&runtime.said, &runtime.folder)),
            daily: watch::Sender::new(runtime.daily.clone()),
            periods: watch::Sender::new(Periods::of(&runtime.said)),
        })
    }

    /// The engine.
    pub(crate) fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// The plans of now.
    pub(crate) fn plans(&self) -> Vec<Arc<Plan>> {
        self.plans.all()
    }

    /// What is served now.
    pub(crate) fn served(&self) -> Arc<Served> {
        self.served.load_full()
    }

    /// The folders in which the site's files lie.
    pub(crate) async fn folders(&self) -> BTreeSet<PathBuf> {
        let looked = self.looked();
        off_the_loop(move || looked.inputs.folders()).await.unwrap_or_default()
    }

    /// How the site's files are found now.
    pub(crate) async fn look(&self) -> Seen {
        let looked = self.looked();
        off_the_loop(move || looked.inputs.look()).await.unwrap_or_default()
    }

    /// Whether a file of the site has changed since the site was read.
    pub(crate) async fn has_changed(&self) -> bool {
        self.look().await != self.looked().seen
    }

    fn looked(&self) -> Arc<Looked> {
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the site anew and, where nothing is wrong with it, serves it from here on. `why`: for the log.
    ///
    /// # Errors
    /// All that is wrong with it; or the store does not take what runs would be pinned to. What was served is served on.
    pub(crate) async fn reload(&self, why: &str) -> Result<Reloaded, Error> {
        let mut state = self.state.lock().await;
        match self.renew(&mut state).await {
            Ok(reloaded) => {
                let changed = reloaded.changed.join(", ");
                tracing::info!(
                    number = reloaded.served.number,
                    changed,
                    "the site was read anew: {why}"
                );
                for warning in &reloaded.warnings {
                    tracing::warn!("{}", warning.render(false));
                }
                Ok(reloaded)
            }
            Err(error) => {
                tracing::error!("the site was read anew ({why}) and not taken; it is served as it was: {error}");
                let diagnostics = error.diagnostics();
                for diagnostic in &diagnostics {
                    tracing::error!("{}", diagnostic.render(false));
                }
                let mut served = Served::clone(&self.served());
                served.refused = Some((now(), diagnostics));
                self.served.store(Arc::new(served));
                Err(error)
            }
        }
    }

    async fn renew(&self, state: &mut State) -> Result<Reloaded, Error> {
        let (said, mut warnings) = self.read().await?;
        let fixed = self.fixed(&said);
        let (file, host) = (self.file.clone(), self.host.clone());
        let runtime = tokio::runtime::Handle::current();
        let load = move || runtime.block_on(site::load(&file, said, &host, Secrets::Resolve));
        // Checking a large site takes a while, and the threads that answer messages have other things to do.
        let loaded = off_the_loop(load).await?;
        let Some(site) = loaded.site.filter(|_| fixed.is_empty()) else {
            let all = fixed.into_iter().chain(warnings).chain(loaded.diagnostics);
            return Err(Error::Diagnostics(all.collect()));
        };
        warnings.extend(loaded.diagnostics);
        keep(&site, self.journal.as_ref(), &mut state.kept).await?;
        Ok(self.swap(state, site, warnings))
    }

    /// Reads the site file, and notes how all files of the site are found: before they are read, so that whatever is
    /// changed meanwhile is noticed later.
    async fn read(&self) -> Result<(Said, Vec<Diagnostic>), Error> {
        let file = self.file.clone();
        let known = self.looked().inputs.clone();
        let (read, looked) = off_the_loop(move || {
            let seen = Inputs::of_file(&file).look();
            let read = site::read(&file);
            let inputs = match &read {
                Ok((said, _)) => Inputs::of(&file, said),
                Err(_) => known,
            };
            let seen = seen.and_then(inputs.look());
            (read, Looked { inputs, seen })
        })
        .await?;
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(looked);
        read.map_err(Error::Diagnostics)
    }

    /// What has changed in the site file and cannot change here.
    fn fixed(&self, said: &Said) -> Vec<Diagnostic> {
        let store = said.store.place();
        let pairs = [("listen", &self.listen, &said.listen), ("store", &self.store, &store)];
        let changed = pairs.into_iter().filter(|(_, before, now)| **before != now.value);
        changed
            .map(|(key, before, now)| {
                let message = format!("`{key}` cannot change while the site is served");
                Diagnostic::error(FIXED, now.span.clone(), message)
                    .mark(format!("it is served with `{before}`"))
                    .help("start the server anew, or write what it was")
            })
            .collect()
    }

    /// From here on the new site is served. Connections come first: a run with a new plan finds what it calls.
    fn swap(&self, state: &mut State, site: Site, warnings: Vec<Diagnostic>) -> Reloaded {
        let before = self.served();
        let now_bound = Connections {
            host: site.connections,
            endpoints: site.endpoints,
        };
        let leaving = state.connections.take_over(now_bound);
        state.connections.bind(&self.host, &self.egress);
        self.plans.replace(site.editions, site.world);
        let plans = self.plans.all();
        let largest = site.said.largest_message;
        let door: Arc<dyn Acceptor> = Arc::new(self.handle.door(self.plans.offer()));
        self.routes
            .store(Arc::new(triggers::routes(&plans, &site.senders, largest, door)));
        self.sources
            .send_replace(sources(&self.plans, &self.folder, &site.brokers, largest));
        self.accounts.replace(site.users);
        let outside = Outside::of(&site.said, &self.folder);
        self.heads.send_if_modified(|known| {
            let other = *known != outside;
            *known = outside;
            other
        });
        self.daily.send_replace(site.daily);
        self.periods.send_replace(Periods::of(&site.said));
        let pipelines: Vec<_> = plans.iter().map(|p| (p.pipeline.clone(), p.version)).collect();
        let changed = changed(&before.pipelines, &pipelines);
        let served = Arc::new(Served {
            name: site.said.name.value.clone(),
            number: before.number + 1,
            since: now(),
            pipelines,
            leaving,
            refused: None,
        });
        self.served.store(served.clone());
        Reloaded {
            served,
            changed,
            warnings,
        }
    }
}

fn sources(plans: &Plans, folder: &Path, brokers: &BTreeMap<String, Broker>, largest: u64) -> Vec<Source> {
    let plans = plans.all();
    let folders = triggers::folders(&plans, folder, largest)
        .into_iter()
        .map(Source::Folder);
    let queues = triggers::queues(&plans, brokers, largest)
        .into_iter()
        .map(Source::Queue);
    let schedules = schedules::of(&plans).into_iter().map(Source::Schedule);
    folders.chain(queues).chain(schedules).collect()
}

/// Work that reads files or computes for long, on a thread that nobody waits for.
async fn off_the_loop<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Error> {
    let stopped = |e: tokio::task::JoinError| {
        Error::new(
            crate::error::NOT_TAKEN,
            format!("reading the site was stopped: {e}"),
            "try again; look at the log",
        )
    };
    tokio::task::spawn_blocking(work).await.map_err(stopped)
}

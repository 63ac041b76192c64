//! The plans of the site as the engine sees them: those of now, and those that older runs are pinned to.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use dragoman_engine::Boxed;
use dragoman_engine::shell::PlanSource;
use dragoman_host::Host;
use dragoman_journal::Journal;
use dragoman_model::{Digest, Value};
use dragoman_plan::{Plan, World};

use crate::site::{Edition, rebuild};

/// What holds now; swapped as a whole on reload.
struct Now {
    editions: BTreeMap<String, Edition>,
    world: World,
    values: Arc<Value>,
}

/// Gives plans to the engine.
pub struct Plans {
    now: ArcSwap<Now>,
    /// Editions that were built again, by version.
    pinned: Mutex<HashMap<Digest, Arc<Plan>>>,
    journal: Arc<dyn Journal>,
    host: Arc<Host>,
}

impl Plans {
    /// The plans of a site. The editions must be kept in the store before they are given here.
    pub fn new(editions: BTreeMap<String, Edition>, world: World, journal: Arc<dyn Journal>, host: Arc<Host>) -> Self {
        Plans {
            now: ArcSwap::from_pointee(Now::new(editions, world)),
            pinned: Mutex::default(),
            journal,
            host,
        }
    }

    /// Replaces them all at once; runs under way keep those that they began with.
    pub fn replace(&self, editions: BTreeMap<String, Edition>, world: World) {
        self.now.store(Arc::new(Now::new(editions, world)));
    }

    /// The plans of now.
    pub fn all(&self) -> Vec<Arc<Plan>> {
        self.now.load().editions.values().map(|e| e.plan.clone()).collect()
    }

    async fn build_again(&self, version: Digest) -> Option<Arc<Plan>> {
        let bytes = self.journal.version(version).await.ok()??;
        let world = self.now.load().world.clone();
        let host = self.host.clone();
        let plan = rebuild(&bytes, &world, |connection, digest| {
            let host = host.clone();
            async move { host.surface_of(&connection, digest).await.ok() }
        })
        .await?;
        (plan.version == version).then_some(plan)
    }
}

impl Now {
    fn new(editions: BTreeMap<String, Edition>, world: World) -> Self {
        let values = Arc::new(world.site.clone());
        Now {
            editions,
            world,
            values,
        }
    }
}

impl PlanSource for Plans {
    fn current(&self, pipeline: &str) -> Option<Arc<Plan>> {
        self.now.load().editions.get(pipeline).map(|e| e.plan.clone())
    }

    fn pinned(&self, version: Digest) -> Boxed<'_, Option<Arc<Plan>>> {
        Box::pin(async move {
            if let Some(edition) = self.now.load().editions.values().find(|e| e.plan.version == version) {
                return Some(edition.plan.clone());
            }
            let known = self
                .pinned
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&version)
                .cloned();
            if known.is_some() {
                return known;
            }
            let plan = self.build_again(version).await?;
            self.pinned
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .insert(version, plan.clone());
            Some(plan)
        })
    }

    fn site(&self) -> Arc<Value> {
        self.now.load().values.clone()
    }
}

//! The plans of the site as the engine sees them: those of now, and those that older runs are pinned to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use dragoman_engine::error::NO_PLAN;
use dragoman_engine::shell::PlanSource;
use dragoman_engine::{Boxed, Offer};
use dragoman_host::Host;
use dragoman_journal::Journal;
use dragoman_manifest::parse_pipeline;
use dragoman_model::digest::canonical;
use dragoman_model::{Diagnostic, Digest, Severity, Source, Value};
use dragoman_plan::{Plan, World};
use dragoman_schema::Surface;

use crate::site::{Edition, rebuild};

/// So many plans of earlier times are remembered; what was forgotten is built again from the store.
const REMEMBERED: usize = 256;

/// What holds now; swapped as a whole on reload.
struct Now {
    world: World,
    offer: Arc<Offer>,
}

/// Plans of earlier times, by version, the one that was used longest ago first.
#[derive(Default)]
struct Earlier {
    plans: HashMap<Digest, Arc<Plan>>,
    order: VecDeque<Digest>,
}

/// Gives plans to the engine.
pub struct Plans {
    now: ArcSwap<Now>,
    earlier: Mutex<Earlier>,
    journal: Arc<dyn Journal>,
    host: Arc<Host>,
}

impl Plans {
    /// The plans of a site. The editions must be kept in the store before they are given here.
    pub fn new(editions: BTreeMap<String, Edition>, world: World, journal: Arc<dyn Journal>, host: Arc<Host>) -> Self {
        Plans {
            now: ArcSwap::from_pointee(Now::new(editions, world)),
            earlier: Mutex::default(),
            journal,
            host,
        }
    }

    /// Replaces them all at once; runs under way keep those that they began with. The editions must be kept in the store
    /// before.
    pub fn replace(&self, editions: BTreeMap<String, Edition>, world: World) {
        let before = self.now.swap(Arc::new(Now::new(editions, world)));
        // Runs that are pinned to them go on with the very same plans, whatever the site says by now.
        let mut earlier = self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
        for plan in before.offer.plans.values() {
            earlier.remember(plan);
        }
    }

    /// The plans of now.
    pub fn all(&self) -> Vec<Arc<Plan>> {
        self.now.load().offer.plans.values().cloned().collect()
    }

    /// The plans and values of now, which belong together.
    pub fn offer(&self) -> Arc<Offer> {
        self.now.load().offer.clone()
    }

    /// The plugin that a connection has now.
    pub(crate) fn plugin_now(&self, connection: &str) -> Option<Digest> {
        let now = self.now.load();
        now.world.connections.get(connection).map(|known| known.surface.digest)
    }

    /// What a connection offers with a plugin that the store keeps.
    pub(crate) async fn surface(&self, connection: &str, plugin: Digest) -> Option<Arc<Surface>> {
        self.host.surface_of(connection, plugin).await
    }

    /// The edition with the text of a version, and the plugin that a connection has now; the store keeps it.
    ///
    /// # Errors
    /// Why the text cannot be built with it.
    pub(crate) async fn with_plugin_of_now(
        &self,
        version: Digest,
        connection: &str,
    ) -> Result<Arc<Plan>, Vec<Diagnostic>> {
        let gone = |message: &str| vec![Diagnostic::without_place(NO_PLAN, message)];
        let bytes = self.journal.version(version).await.ok().flatten();
        let edition = bytes.and_then(|bytes| serde_json::from_slice::<Value>(&bytes).ok());
        let (Some(mut edition), Some(digest)) = (edition, self.plugin_now(connection)) else {
            return Err(gone("the version is not in the store"));
        };
        edition["plugins"][connection] = Value::String(digest.to_string());
        let kept = self.journal.keep_version(canonical(&edition).into()).await;
        let kept = kept.map_err(|error| gone(&error.to_string()))?;
        if let Some(plan) = self.pinned(kept).await {
            return Ok(plan);
        }
        let text = |member: &str| edition[member].as_str().unwrap_or_default();
        let (said, mut found) = parse_pipeline(Source::new(text("name"), text("text")));
        if let Some(said) = said {
            found.extend(dragoman_plan::check(&said, &self.now.load().world).diagnostics);
        }
        found.retain(|diagnostic| diagnostic.severity == Severity::Error);
        if found.is_empty() {
            found = gone("the pipeline cannot be built with the plugin of now");
        }
        Err(found)
    }

    async fn build_again(&self, version: Digest) -> Option<Arc<Plan>> {
        let bytes = self.journal.version(version).await.ok()??;
        let world = self.now.load().world.clone();
        let host = self.host.clone();
        let describe = |connection: String, digest| {
            let host = host.clone();
            async move { host.surface_of(&connection, digest).await }
        };
        // Pipelines run no circle, so this ends.
        let plan = rebuild(&bytes, &world, describe, |version| self.pinned(version)).await?;
        (plan.version == version).then_some(plan)
    }
}

impl Now {
    fn new(editions: BTreeMap<String, Edition>, world: World) -> Self {
        let offer = Offer {
            plans: editions
                .into_iter()
                .map(|(name, edition)| (name, edition.plan))
                .collect(),
            site: Arc::new(world.site.clone()),
        };
        Now {
            world,
            offer: Arc::new(offer),
        }
    }
}

impl Earlier {
    fn remember(&mut self, plan: &Arc<Plan>) {
        if self.plans.insert(plan.version, plan.clone()).is_some() {
            self.order.retain(|version| *version != plan.version);
        }
        self.order.push_back(plan.version);
        while self.order.len() > REMEMBERED {
            if let Some(version) = self.order.pop_front() {
                self.plans.remove(&version);
            }
        }
    }
}

impl PlanSource for Plans {
    fn current(&self, pipeline: &str) -> Option<Arc<Plan>> {
        self.now.load().offer.plans.get(pipeline).cloned()
    }

    fn offered(&self) -> Vec<Arc<Plan>> {
        self.all()
    }

    fn pinned(&self, version: Digest) -> Boxed<'_, Option<Arc<Plan>>> {
        Box::pin(async move {
            if let Some(plan) = self.now.load().offer.plans.values().find(|p| p.version == version) {
                return Some(plan.clone());
            }
            let earlier = || self.earlier.lock().unwrap_or_else(PoisonError::into_inner);
            let known = earlier().plans.get(&version).cloned();
            if known.is_some() {
                return known;
            }
            let plan = self.build_again(version).await?;
            earlier().remember(&plan);
            Some(plan)
        })
    }

    fn site(&self) -> Arc<Value> {
        self.now.load().offer.site.clone()
    }
}

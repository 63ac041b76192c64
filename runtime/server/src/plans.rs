//! The plans of the site as the engine sees them: those of now, and those that older runs are pinned to.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use dragoman_engine::error::NO_PLAN;
use dragoman_engine::shell::PlanSource;
use dragoman_engine::{Boxed, Offer};
use dragoman_host::Host;
use dragoman_journal::Journal;
use dragoman_model::digest::canonical;
use dragoman_model::{Diagnostic, Digest, Value};
use dragoman_plan::{Plan, World};
use dragoman_schema::Surface;

use crate::site::{Edition, objections, rebuild};

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
    /// Why the text cannot be built with it, and what with the plugin before was allowed and with this one is not: personal
    /// data and secrets that would newly go somewhere.
    pub(crate) async fn with_plugin_of_now(
        &self,
        version: Digest,
        connection: &str,
    ) -> Result<Arc<Plan>, Vec<Diagnostic>> {
        let before = self.edition(version).await?;
        let digest = self
            .plugin_now(connection)
            .ok_or_else(|| gone("the connection is not in the site"))?;
        let mut edition = before.clone();
        edition["plugins"][connection] = Value::String(digest.to_string());
        // What the runs were accepted with is not asked again of them.
        let accepted = self.objections(&before).await;
        let same = |one: &Diagnostic, other: &Diagnostic| {
            one.code == other.code && one.message == other.message && place(one) == place(other)
        };
        let mut found = self.objections(&edition).await;
        found.retain(|new| !accepted.iter().any(|old| same(new, old)));
        self.keep(&edition, found).await
    }

    /// The edition with the text that a pipeline has now, and the plugins of a version; what that did not use has the plugin
    /// of now. The store keeps it.
    ///
    /// # Errors
    /// All that is wrong with it: it is checked as a new one.
    pub(crate) async fn with_text_of_now(&self, pipeline: &str, before: &Plan) -> Result<Arc<Plan>, Vec<Diagnostic>> {
        let now = self
            .current(pipeline)
            .ok_or_else(|| gone("the site has no such pipeline"))?;
        let mut edition = self.edition(now.version).await?;
        for connection in now.plugins.keys() {
            if let Some(digest) = before.plugins.get(connection) {
                edition["plugins"][connection] = Value::String(digest.to_string());
            }
        }
        let found = self.objections(&edition).await;
        self.keep(&edition, found).await
    }

    /// What the store keeps of a version.
    async fn edition(&self, version: Digest) -> Result<Value, Vec<Diagnostic>> {
        let bytes = self.journal.version(version).await.ok().flatten();
        let edition = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        edition.ok_or_else(|| gone("the version is not in the store"))
    }

    /// Keeps an edition to which nothing was found to object, and builds it.
    async fn keep(&self, edition: &Value, found: Vec<Diagnostic>) -> Result<Arc<Plan>, Vec<Diagnostic>> {
        if !found.is_empty() {
            return Err(found);
        }
        let kept = self.journal.keep_version(canonical(edition).into()).await;
        let kept = kept.map_err(|error| gone(&error.to_string()))?;
        let plan = self.pinned(kept).await;
        plan.ok_or_else(|| gone("the pipeline cannot be built with these plugins"))
    }

    /// Why an edition would not be accepted as a new one; nothing where a plugin of it is gone, which its building says.
    async fn objections(&self, edition: &Value) -> Vec<Diagnostic> {
        let world = self.now.load().world.clone();
        let found = objections(edition, &world, self.describing(), |version| self.pinned(version)).await;
        found.unwrap_or_default()
    }

    /// Gives what a connection offers with an older plugin.
    fn describing(&self) -> impl Fn(String, Digest) -> Boxed<'static, Option<Arc<Surface>>> + use<> {
        let host = self.host.clone();
        move |connection, digest| {
            let host = host.clone();
            Box::pin(async move { host.surface_of(&connection, digest).await })
        }
    }

    async fn build_again(&self, version: Digest) -> Option<Arc<Plan>> {
        let bytes = self.journal.version(version).await.ok()??;
        let world = self.now.load().world.clone();
        // Pipelines run no circle, so this ends.
        let plan = rebuild(&bytes, &world, self.describing(), |version| self.pinned(version)).await?;
        (plan.version == version).then_some(plan)
    }
}

/// Why something cannot be built that has no place.
fn gone(message: &str) -> Vec<Diagnostic> {
    vec![Diagnostic::without_place(NO_PLAN, message)]
}

fn place(diagnostic: &Diagnostic) -> Option<String> {
    diagnostic.span.as_ref().map(dragoman_model::Span::place)
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

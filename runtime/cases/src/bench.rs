//! What cases are run on: the plans of a site and the surfaces of its plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_engine::{Boxed, PlanSource};
use dragoman_model::{Diagnostic, Digest, Source, Value};
use dragoman_plan::{Plan, World};
use dragoman_schema::{OperationSurface, Surface};

use crate::error::Error;

/// Builds the plans of a site for values that a case may have changed.
pub type Build = dyn Fn(&Value) -> Result<Vec<Arc<Plan>>, Vec<Diagnostic>> + Send + Sync;

/// What cases are run on.
pub struct Bench {
    /// What the plugins of the connections offer.
    pub surfaces: BTreeMap<String, Arc<Surface>>,
    /// Connections that only observe.
    pub observed: BTreeSet<String>,
    /// The values of the site.
    pub values: Value,
    /// Builds its pipelines for other values, with every check that `check` makes.
    pub build: Box<Build>,
}

impl Bench {
    /// An operation by `connection.operation`.
    pub fn operation(&self, name: &str) -> Option<&OperationSurface> {
        let (connection, operation) = name.split_once('.')?;
        self.surfaces.get(connection)?.operations.get(operation)
    }

    /// The names of all operations.
    pub(crate) fn operations(&self) -> Vec<String> {
        let of = |(connection, surface): (&String, &Arc<Surface>)| {
            let names: Vec<String> = surface.operations.keys().map(|o| format!("{connection}.{o}")).collect();
            names
        };
        self.surfaces.iter().flat_map(of).collect()
    }
}

/// The plans that a case runs.
pub(crate) struct Plans {
    plans: Vec<Arc<Plan>>,
    site: Arc<Value>,
}

impl Plans {
    pub(crate) fn new(plans: Vec<Arc<Plan>>, site: Value) -> Self {
        Plans {
            plans,
            site: Arc::new(site),
        }
    }

    pub(crate) fn get(&self, pipeline: &str) -> Option<&Arc<Plan>> {
        self.plans.iter().find(|plan| plan.pipeline == pipeline)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.plans.iter().map(|plan| plan.pipeline.as_str())
    }

    pub(crate) fn add(&mut self, plan: Arc<Plan>) {
        self.plans.push(plan);
    }
}

impl PlanSource for Plans {
    fn current(&self, pipeline: &str) -> Option<Arc<Plan>> {
        self.get(pipeline).cloned()
    }

    fn offered(&self) -> Vec<Arc<Plan>> {
        self.plans.clone()
    }

    fn pinned(&self, version: Digest) -> Boxed<'_, Option<Arc<Plan>>> {
        let found = self.plans.iter().find(|plan| plan.version == version).cloned();
        Box::pin(async move { found })
    }

    fn site(&self) -> Arc<Value> {
        Arc::clone(&self.site)
    }
}

/// A pipeline that closes a business reference and does nothing else, as a case lets it be closed from outside.
///
/// # Errors
/// The reference cannot be written as an expression, or this version does not know the word.
pub(crate) fn closing(name: &str, reference: &str) -> Result<Arc<Plan>, Error> {
    // A text of JSON is a text of the expressions as well; in YAML it stands in quotes of the other kind.
    let expression = Value::String(reference.into()).to_string().replace('\'', "''");
    let text = format!(
        "dragoman: 1\npipeline: {name}\nsummary: Closes a reference.\non: [{{ id: hand, manual: {{}} }}]\nsteps:\n  - \
         void: {{ ref: '{expression}' }}\n"
    );
    let (said, mut diagnostics) = dragoman_manifest::parse_pipeline(Source::new(format!("{name}.yaml"), text));
    if let Some(said) = said {
        let checked = dragoman_plan::check(&said, &World::default());
        if let Some(plan) = checked.plan {
            return Ok(Arc::new(plan));
        }
        diagnostics.extend(checked.diagnostics);
    }
    Err(Error::Case(diagnostics))
}

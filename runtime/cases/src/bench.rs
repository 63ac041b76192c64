//! What cases are run on: the plans of a site and the surfaces of its plugins.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_engine::{Boxed, PlanSource};
use dragoman_model::{Diagnostic, Digest, Source, Value};
use dragoman_plan::{Plan, World};
use dragoman_schema::{OperationSurface, Shape, Surface};

use crate::error::Error;

/// Builds the plans of a site for values that a case may have changed.
pub type Build = dyn Fn(&Value) -> Result<Vec<Arc<Plan>>, Vec<Diagnostic>> + Send + Sync;

/// What cases are run on.
pub struct Bench {
    /// What the plugins of the connections offer.
    pub surfaces: BTreeMap<String, Arc<Surface>>,
    /// Connections that only observe.
    pub observed: BTreeSet<String>,
    /// Whether the whole site only observes.
    pub observe: bool,
    /// The events of the site with the shapes of what they bring; none: nothing is known of it.
    pub events: BTreeMap<String, Option<Shape>>,
    /// The values of the site.
    pub values: Value,
    /// Builds its pipelines for other values, with every check that `check` makes. One observes only where it says so.
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

/// A pipeline of one step, by which a case lets something happen from outside: its message is what an event brings.
///
/// # Errors
/// The step cannot be written as it is.
fn outside(name: &str, step: &str, world: &World) -> Result<Arc<Plan>, Error> {
    let text = format!(
        "dragoman: 1\npipeline: {name}\nsummary: Something from outside.\non: [{{ id: hand, manual: {{}} }}]\nsteps:\n  - {step}\n"
    );
    let (said, mut diagnostics) = dragoman_manifest::parse_pipeline(Source::new(format!("{name}.yaml"), text));
    if let Some(said) = said {
        let checked = dragoman_plan::check(&said, world);
        if let Some(plan) = checked.plan {
            return Ok(Arc::new(plan));
        }
        diagnostics.extend(checked.diagnostics);
    }
    Err(Error::Case(diagnostics))
}

/// A pipeline that closes a business reference.
///
/// # Errors
/// The reference cannot be written as an expression.
pub(crate) fn closing(name: &str, reference: &str) -> Result<Arc<Plan>, Error> {
    outside(
        name,
        &format!("void: {{ ref: {} }}", written(reference)),
        &World::default(),
    )
}

/// A pipeline that hands an event to the site.
///
/// # Errors
/// The key cannot be written as an expression.
pub(crate) fn emitting(name: &str, event: &str, key: Option<&str>) -> Result<Arc<Plan>, Error> {
    // What the event brings was checked against its shape in the case, where its place is known.
    let world = World {
        events: [(event.to_owned(), Some(Shape::Any))].into(),
        ..World::default()
    };
    let key = key.map(|key| format!("key: {}, ", written(key))).unwrap_or_default();
    outside(
        name,
        &format!("emit: {{ event: {event}, {key}data: =trigger.message }}"),
        &world,
    )
}

/// A text as an expression: a text of JSON is one of the expressions as well, and stands in quotes of the other kind.
fn written(text: &str) -> String {
    format!("'{}'", Value::String(text.into()).to_string().replace('\'', "''"))
}

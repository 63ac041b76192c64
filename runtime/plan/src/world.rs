//! What a pipeline is checked against: what the site file and the plugins say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_model::{Role, Value};
use dragoman_schema::{Shape, Surface};

use crate::Signature;

/// A connection of the site.
#[derive(Debug, Clone)]
pub struct Connection {
    /// What its plugin offers.
    pub surface: Arc<Surface>,
    /// Whether it only observes.
    pub observe: bool,
    /// Seconds after which a request that was sent can no longer take effect, as the site knows its partner; none: as the
    /// plugin says.
    pub settle_s: Option<u64>,
}

/// What a pipeline is checked against.
#[derive(Debug, Clone)]
pub struct World {
    /// By name.
    pub connections: BTreeMap<String, Connection>,
    /// Connections that the site has, but whose plugin cannot be used (that was reported elsewhere): what uses them
    /// is not checked and not reported.
    pub broken_connections: BTreeSet<String>,
    /// The ledgers' names.
    pub ledgers: BTreeSet<String>,
    /// The events that may be emitted, with the shape of what each brings; none: nothing is known of it, because of a
    /// mistake that was reported elsewhere.
    pub events: BTreeMap<String, Option<Shape>>,
    /// The pipelines of the site, as those that run them see them; none: nothing is known of one, because of a mistake
    /// that was reported elsewhere.
    pub pipelines: BTreeMap<String, Option<Arc<Signature>>>,
    /// The senders' names.
    pub senders: BTreeSet<String>,
    /// The roles that a user can have.
    pub roles: BTreeSet<String>,
    /// The site's values, an object: `site.<name>`.
    pub site: Value,
    /// Whether the whole site only observes.
    pub observe: bool,
}

impl Default for World {
    /// An empty site with the four roles of every site.
    fn default() -> Self {
        World {
            connections: BTreeMap::new(),
            broken_connections: BTreeSet::new(),
            ledgers: BTreeSet::new(),
            events: BTreeMap::new(),
            pipelines: BTreeMap::new(),
            senders: BTreeSet::new(),
            roles: Role::ALL.iter().map(|role| role.name().to_owned()).collect(),
            site: Value::Object(serde_json::Map::new()),
            observe: false,
        }
    }
}

impl World {
    /// The same with a connection more.
    #[must_use]
    pub fn with_connection(mut self, name: &str, surface: Arc<Surface>) -> Self {
        self.connections.insert(
            name.into(),
            Connection {
                surface,
                observe: false,
                settle_s: None,
            },
        );
        self
    }
}

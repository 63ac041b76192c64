//! What a pipeline is checked against: what the site file and the plugins say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_model::{Role, Span, Value};
use dragoman_schema::{Marks, Shape, Surface};

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
    /// Whether personal data may go there.
    pub personal: bool,
    /// Where the site file speaks of it.
    pub place: Option<Span>,
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
    /// What of each event is personal or secret.
    pub event_marks: BTreeMap<String, Marks>,
    /// The events that each pipeline of the site may emit; none: nothing is known of one, because of a mistake that was
    /// reported elsewhere.
    pub emitted: BTreeMap<String, Option<BTreeSet<String>>>,
    /// The pipelines of the site, as those that run them see them; none: nothing is known of one, because of a mistake
    /// that was reported elsewhere.
    pub pipelines: BTreeMap<String, Option<Arc<Signature>>>,
    /// The senders' names.
    pub senders: BTreeSet<String>,
    /// Those of them whose messages come from the queues of a broker.
    pub broker_senders: BTreeSet<String>,
    /// Those that personal data may be answered to.
    pub personal_senders: BTreeSet<String>,
    /// Where the site file speaks of each sender.
    pub places: BTreeMap<String, Span>,
    /// The roles that a user can have.
    pub roles: BTreeSet<String>,
    /// The site's values, an object: `site.<name>`.
    pub site: Value,
    /// Whether the whole site only observes.
    pub observe: bool,
    /// An edition that was accepted before is built again, and the runs that are pinned to it must come to their end.
    ///
    /// Then a plan is given wherever one can be made that a run can carry out: every name leads somewhere, every expression
    /// has a program, every step its own path. What else is found is still said, and keeps no run: a newer program may ask
    /// for more than the one that accepted it, and the site may have changed. Nothing is said of personal data and secrets.
    pub trusting: bool,
}

impl Default for World {
    /// An empty site with the four roles of every site.
    fn default() -> Self {
        World {
            connections: BTreeMap::new(),
            broken_connections: BTreeSet::new(),
            ledgers: BTreeSet::new(),
            events: BTreeMap::new(),
            event_marks: BTreeMap::new(),
            emitted: BTreeMap::new(),
            pipelines: BTreeMap::new(),
            senders: BTreeSet::new(),
            broker_senders: BTreeSet::new(),
            personal_senders: BTreeSet::new(),
            places: BTreeMap::new(),
            roles: Role::ALL.iter().map(|role| role.name().to_owned()).collect(),
            site: Value::Object(serde_json::Map::new()),
            observe: false,
            trusting: false,
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
                personal: false,
                place: None,
            },
        );
        self
    }
}

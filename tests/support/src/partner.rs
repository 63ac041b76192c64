//! What all partners have: an address, faults, counts, a log, and a control API.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::Error;
use crate::connection::{Cut, Door};
use crate::control::control;
use crate::faults::Faults;
use crate::guard::guard;
use crate::problem::Problem;
use crate::record::{Exchange, Record};

/// How a partner wants to be told who calls.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// Anyone may call.
    #[default]
    Open,
    /// `Authorization: Bearer <token>`.
    Bearer(String),
    /// A header with a secret value.
    Header {
        /// The header's name.
        name: String,
        /// The value it must have.
        value: String,
    },
}

impl Access {
    /// Whether a request with these headers is let in.
    pub(crate) fn admits(&self, headers: &HeaderMap) -> bool {
        let has = |name: &str, value: &str| {
            headers
                .get(name)
                .is_some_and(|given| given.as_bytes() == value.as_bytes())
        };
        match self {
            Self::Open => true,
            Self::Bearer(token) => has("authorization", &format!("Bearer {token}")),
            Self::Header { name, value } => has(name, value),
        }
    }
}

/// What makes one partner different from the others.
pub(crate) trait Simulator: Send + Sync + 'static {
    /// Its name in addresses and messages.
    fn name(&self) -> &'static str;
    /// Its own routes.
    fn routes(self: Arc<Self>) -> Router;
    /// Lets a request in, or answers why not.
    fn admit(&self, headers: &HeaderMap) -> Result<(), Box<Response>>;
    /// Takes in data, adding to what is there.
    fn seed(&self, seed: Value) -> Result<(), Error>;
    /// Forgets all data that was seeded or came in.
    fn reset(&self);
}

/// One partner's simulator with its record and its faults.
pub(crate) struct Desk {
    pub(crate) simulator: Arc<dyn Simulator>,
    pub(crate) record: Arc<Record>,
    pub(crate) faults: Faults,
}

/// A running simulator: it serves on a loopback port of its own until this value is dropped.
pub struct Partner {
    address: SocketAddr,
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Partner {
    /// Starts serving a simulator on a free loopback port. Its record must be the one that the simulator counts in.
    pub(crate) async fn serve(simulator: Arc<dyn Simulator>, record: Arc<Record>) -> Result<Self, Error> {
        let name = simulator.name();
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .map_err(|source| Error::io(format!("bind a port for {name}"), source))?;
        let address = listener
            .local_addr()
            .map_err(|source| Error::io(format!("address of {name}"), source))?;
        let desk = Arc::new(Desk {
            simulator: simulator.clone(),
            record,
            faults: Faults::default(),
        });
        let app = simulator
            .routes()
            .fallback(|| async { Problem::not_found("no such resource") })
            .layer(from_fn_with_state(desk.clone(), guard))
            .merge(control(desk.clone()))
            .into_make_service_with_connect_info::<Cut>();
        let task = tokio::spawn(async move {
            // Serving ends only with the task: the listener never gives up.
            let _ = axum::serve(Door::new(listener), app).await;
        });
        Ok(Self { address, desk, task })
    }

    /// The partner's name: `customs`, `ecites`, `epix`, `authority`, `species`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.desk.simulator.name()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its base URL, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The rules of what goes wrong here.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.desk.faults
    }

    /// How often each business fact took effect here (see [`crate::record::fact`]).
    #[must_use]
    pub fn facts(&self) -> BTreeMap<String, u32> {
        self.desk.record.facts()
    }

    /// Every request that arrived here, in order.
    #[must_use]
    pub fn log(&self) -> Vec<Exchange> {
        self.desk.record.log()
    }

    /// Adds data (the shape is the partner's, see its module), as `POST /_control/seed` does.
    ///
    /// # Errors
    /// [`Error::Seed`] where the data has not that shape.
    pub fn seed(&self, seed: Value) -> Result<(), Error> {
        self.desk.simulator.seed(seed)
    }

    /// Forgets data, faults, counts and log.
    pub fn reset(&self) {
        self.desk.reset();
    }
}

impl Drop for Partner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Desk {
    /// Forgets data, faults, counts and log.
    pub(crate) fn reset(&self) {
        self.simulator.reset();
        self.record.clear();
        self.faults.clear();
    }
}

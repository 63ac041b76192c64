//! Requests out: to the addresses that an operator bound to endpoints' names.
//!
//! In: requests that the host let out, naming an endpoint. Out: complete answers, or errors that say whether anything
//! was sent.
//!
//! **Invariants.** The path stays below the endpoint's base address. The connection goes to an address that was
//! checked, and to no other. Redirects are answers. Credentials are added last and appear in no error text.
//!
//! **Not here:** whether a request may leave at all (`host`: methods, effects, dry runs).

mod address;
mod client;
mod endpoint;
mod headers;
mod path;
mod send;

pub use endpoint::{Auth, BadEndpoint, Endpoint};

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use arc_swap::ArcSwap;
use dragoman_host::{Egress, EgressError, EndpointRequest, Exchanged};

use client::Bound;

/// By connection and endpoint.
type Endpoints = BTreeMap<String, BTreeMap<String, Result<Arc<Bound>, String>>>;

/// Sends requests over HTTP.
#[derive(Default)]
pub struct HttpEgress {
    endpoints: ArcSwap<Endpoints>,
}

impl HttpEgress {
    /// Without any endpoint.
    pub fn new() -> Self {
        Self::default()
    }

    /// Replaces all endpoints at once, by connection and name. Requests under way keep the one they began with; an
    /// endpoint that stays as it was keeps its open connections and its count of requests. An endpoint whose TLS settings
    /// cannot be used refuses its requests and says why.
    pub fn set_endpoints(&self, endpoints: BTreeMap<String, BTreeMap<String, Endpoint>>) {
        let before = self.endpoints.load_full();
        let bind = |connection: &str, (name, endpoint): (String, Endpoint)| {
            let known = before.get(connection).and_then(|endpoints| endpoints.get(&name));
            let bound = match known {
                Some(Ok(known)) if known.endpoint == endpoint => Ok(known.clone()),
                _ => Bound::new(endpoint).map(Arc::new),
            };
            (name, bound)
        };
        let bound = endpoints
            .into_iter()
            .map(|(connection, endpoints)| {
                let endpoints = endpoints.into_iter().map(|e| bind(&connection, e)).collect();
                (connection, endpoints)
            })
            .collect();
        self.endpoints.store(Arc::new(bound));
    }

    fn find(&self, request: &EndpointRequest) -> Result<Arc<Bound>, EgressError> {
        let endpoints = self.endpoints.load();
        let found = endpoints
            .get(&request.connection)
            .and_then(|endpoints| endpoints.get(&request.endpoint));
        let name = &request.endpoint;
        match found {
            Some(Ok(bound)) => Ok(bound.clone()),
            Some(Err(why)) => Err(EgressError::not_sent(
                "endpoint",
                format!("endpoint `{name}` cannot be used: {why}"),
            )),
            None => Err(EgressError::not_sent(
                "denied.endpoint",
                format!("endpoint `{name}` is bound to no address"),
            )),
        }
    }
}

impl Egress for HttpEgress {
    fn send(&self, request: EndpointRequest) -> Pin<Box<dyn Future<Output = Exchanged> + Send + '_>> {
        Box::pin(async move {
            let bound = self.find(&request)?;
            send::send(&bound, request).await
        })
    }
}

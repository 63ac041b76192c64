//! One client for each endpoint, so that connections are kept, and only to addresses that were checked.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::{Certificate, Client, Identity, redirect, retry};
use tokio::sync::Semaphore;
use url::Host;

use super::address::refusal;
use super::endpoint::Endpoint;

/// The most time for a connection: past it nothing was sent, which is better known early.
const CONNECT: Duration = Duration::from_secs(5);
/// Connections kept open to one endpoint.
const IDLE: usize = 16;
/// How long an unused connection is kept. Shorter than most servers do, so that requests rarely meet one that the other
/// side is just closing.
const IDLE_TIME: Duration = Duration::from_secs(15);

/// An endpoint with its client.
pub(super) struct Bound {
    pub(super) endpoint: Endpoint,
    pub(super) client: Client,
    pub(super) places: Option<Semaphore>,
    /// Why its address, written in numbers, is refused.
    pub(super) refused: Option<&'static str>,
}

impl Bound {
    pub(super) fn new(endpoint: Endpoint) -> Result<Self, String> {
        let resolver = CheckedResolver {
            private: endpoint.private,
        };
        let mut builder = Client::builder()
            .http1_only()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT)
            .pool_max_idle_per_host(IDLE)
            .pool_idle_timeout(IDLE_TIME)
            .tcp_nodelay(true)
            .dns_resolver(Arc::new(resolver))
            .user_agent(concat!("dragoman/", env!("CARGO_PKG_VERSION")));
        if endpoint.base.scheme() == "http" {
            // Without TLS the system's certificates are of no use, and a machine without any must do.
            builder = builder.tls_certs_only([]);
        } else if let Some(pem) = &endpoint.ca {
            let certificates = Certificate::from_pem_bundle(pem).map_err(|e| format!("its `ca` is not PEM: {e}"))?;
            builder = builder.tls_certs_merge(certificates);
        }
        if let Some(pem) = &endpoint.identity {
            let identity =
                Identity::from_pem(pem).map_err(|_| "its client certificate is not a chain and key in PEM")?;
            builder = builder.identity(identity);
        }
        let client = builder
            .build()
            .map_err(|e| format!("its TLS settings cannot be used: {e}"))?;
        // Addresses written in numbers are never resolved, so they are judged here.
        let refused = match endpoint.base.host() {
            Some(Host::Ipv4(v4)) => refusal(v4.into(), endpoint.private),
            Some(Host::Ipv6(v6)) => refusal(v6.into(), endpoint.private),
            _ => None,
        };
        let places = endpoint.concurrency.map(|n| Semaphore::new(n.max(1)));
        Ok(Bound {
            endpoint,
            client,
            places,
            refused,
        })
    }
}

/// Every address of a name was refused.
#[derive(Debug)]
pub(super) struct AddressRefused(pub(super) String);

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for AddressRefused {}

/// A name has no address.
#[derive(Debug)]
pub(super) struct NoAddress(String);

impl fmt::Display for NoAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for NoAddress {}

/// Resolves once, and hands the connector only what may be used: there is no second look-up that could differ.
struct CheckedResolver {
    private: bool,
}

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let private = self.private;
        Box::pin(async move {
            let name = name.as_str().to_owned();
            let looked_up = tokio::net::lookup_host((name.as_str(), 0)).await;
            let found: Vec<SocketAddr> = looked_up
                .map_err(|e| NoAddress(format!("`{name}` has no address: {e}")))?
                .collect();
            Ok(Box::new(allowed(&name, found, private)?.into_iter()) as Addrs)
        })
    }
}

/// The addresses that may be used, of those that a name has.
fn allowed(
    name: &str,
    found: Vec<SocketAddr>,
    private: bool,
) -> Result<Vec<SocketAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let mut reason = None;
    let mut kept = found;
    kept.retain(|address| {
        let why = refusal(address.ip(), private);
        reason = reason.or(why);
        why.is_none()
    });
    match (kept.is_empty(), reason) {
        (false, _) => Ok(kept),
        (true, Some(why)) => Err(Box::new(AddressRefused(format!("`{name}` leads to {why}")))),
        (true, None) => Err(Box::new(NoAddress(format!("`{name}` has no address")))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_names_addresses_only_those_that_may_be_used_are_left() {
        let addresses = |texts: &[&str]| texts.iter().map(|t| t.parse().unwrap()).collect::<Vec<SocketAddr>>();
        // A name that answers with a public and an inner address, as in rebinding.
        let mixed = addresses(&["8.8.8.8:0", "127.0.0.1:0", "169.254.169.254:0"]);
        assert_eq!(allowed("x", mixed.clone(), false).unwrap(), addresses(&["8.8.8.8:0"]));
        assert_eq!(
            allowed("x", mixed, true).unwrap(),
            addresses(&["8.8.8.8:0", "127.0.0.1:0"])
        );
        let error = allowed("x", addresses(&["169.254.169.254:0"]), true).unwrap_err();
        assert!(error.is::<AddressRefused>());
        assert!(allowed("x", vec![], true).unwrap_err().is::<NoAddress>());
    }

    #[test]
    fn addresses_in_numbers_are_judged_however_they_are_written() {
        for (url, refused) in [
            ("http://127.0.0.1/", true),
            ("http://2130706433/", true),
            ("http://0x7f.1/", true),
            ("http://0177.0.0.1/", true),
            ("http://[::ffff:127.0.0.1]/", true),
            ("http://[64:ff9b::7f00:1]/", true),
            ("http://8.8.8.8/", false),
        ] {
            let bound = Bound::new(Endpoint::new(url, false).unwrap()).unwrap();
            assert_eq!(bound.refused.is_some(), refused, "{url}");
        }
    }
}

//! Where an endpoint leads, as the operator bound it.

use dragoman_security::Secret;
use url::Url;

/// How requests to an endpoint prove who sends them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Auth {
    /// `Authorization: Bearer ...`.
    Bearer(Secret),
    /// `Authorization: Basic ...`.
    Basic {
        /// The user's name.
        user: String,
        /// The password.
        password: Secret,
    },
    /// A header of the other side's choice.
    Header {
        /// Its name.
        name: String,
        /// Its value.
        value: Secret,
    },
}

impl Auth {
    /// The header of its own that it uses, if any.
    pub(super) fn header_name(&self) -> Option<&str> {
        match self {
            Auth::Header { name, .. } => Some(name),
            _ => None,
        }
    }

    /// The secret in it.
    pub(super) fn secret(&self) -> &Secret {
        match self {
            Auth::Bearer(secret) | Auth::Basic { password: secret, .. } | Auth::Header { value: secret, .. } => secret,
        }
    }
}

/// Why an address cannot be an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadEndpoint(String);

/// An endpoint's address and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    pub(super) base: Url,
    pub(super) private: bool,
    /// How requests prove who sends them.
    pub auth: Option<Auth>,
    /// The header into which the call's idempotency key goes.
    pub idempotency_header: Option<String>,
    /// The most requests at the same time; none: no limit of its own.
    pub concurrency: Option<usize>,
    /// Certificates (PEM) that are trusted besides the system's.
    pub ca: Option<Vec<u8>>,
    /// The client certificate: chain and key in PEM.
    pub identity: Option<Vec<u8>>,
}

impl Endpoint {
    /// An endpoint at a base address; paths go below it. `private`: private and loopback addresses may be used.
    ///
    /// # Errors
    /// The address is not an absolute `http` or `https` one, or has a user, query or fragment.
    pub fn new(url: &str, private: bool) -> Result<Self, BadEndpoint> {
        let refuse = |why: &str| Err(BadEndpoint(why.to_owned()));
        let base = Url::parse(url).map_err(|e| BadEndpoint(e.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") {
            return refuse("its scheme is not http or https");
        }
        if base.host().is_none() {
            return refuse("it has no host");
        }
        if !base.username().is_empty() || base.password().is_some() {
            return refuse("it has a user in it; write `auth` instead");
        }
        if base.query().is_some() || base.fragment().is_some() {
            return refuse("it has a query or fragment");
        }
        Ok(Endpoint {
            base,
            private,
            auth: None,
            idempotency_header: None,
            concurrency: None,
            ca: None,
            identity: None,
        })
    }

    /// The address of a path that was checked.
    pub(super) fn address(&self, path: &str) -> Result<Url, String> {
        let below = self.base.path().trim_end_matches('/');
        let mut text = self.base.clone();
        text.set_path("");
        let address = format!("{}{below}{path}", text.as_str().trim_end_matches('/'));
        let address = Url::parse(&address).map_err(|e| e.to_string())?;
        // The path was checked as text; this asks the parser, whose word is what counts in the end.
        if address.origin() != self.base.origin() || !address.path().starts_with(&format!("{below}/")) {
            return Err("it leads out of the endpoint's base address".to_owned());
        }
        Ok(address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_checked_and_paths_go_below_them() {
        for (base, path, expected) in [
            (
                "https://shop.example/api/",
                "/orders/1",
                "https://shop.example/api/orders/1",
            ),
            (
                "https://shop.example/api",
                "/orders?x=1",
                "https://shop.example/api/orders?x=1",
            ),
            ("http://127.0.0.1:8080", "/", "http://127.0.0.1:8080/"),
            ("http://[::1]:8080/a/b/", "/c%2Fd", "http://[::1]:8080/a/b/c%2Fd"),
        ] {
            assert_eq!(
                Endpoint::new(base, false).unwrap().address(path).unwrap().as_str(),
                expected
            );
        }
        for bad in [
            "shop.example",
            "ftp://shop.example/",
            "https://me:pw@shop.example/",
            "https://shop.example/?a=b",
            "",
        ] {
            assert!(Endpoint::new(bad, false).is_err(), "{bad}");
        }
    }
}

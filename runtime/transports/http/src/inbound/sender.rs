//! Who sends: the check of a request against a sender of the site file.

use axum::http::HeaderMap;
use dragoman_model::Actor;
use dragoman_security::{Secret, same_bytes, verify_hmac};

/// How a sender proves who it is.
#[derive(Debug, Clone)]
pub enum Proof {
    /// `Authorization: Bearer <secret>`.
    Bearer(Secret),
    /// HMAC-SHA256 of the body, in hexadecimal, in a header; a prefix `sha256=` is allowed.
    Hmac {
        /// The shared secret.
        secret: Secret,
        /// The header's name.
        header: String,
    },
    /// None: anybody is this sender. The site file must say so.
    Nothing,
}

/// A sender of the site file.
#[derive(Debug, Clone)]
pub struct Sender {
    /// Its name.
    pub name: String,
    /// How it proves itself.
    pub proof: Proof,
}

impl Sender {
    /// The sender as an actor, where the request proves it; none: refuse it.
    pub fn identify(&self, headers: &HeaderMap, body: &[u8]) -> Option<Actor> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        match &self.proof {
            Proof::Nothing => Some(Actor::sender(&self.name, "none")),
            Proof::Bearer(secret) => {
                let (scheme, token) = text("authorization")?.split_once(' ')?;
                (scheme.eq_ignore_ascii_case("bearer") && same_bytes(token.trim().as_bytes(), secret.reveal()))
                    .then(|| Actor::sender(&self.name, "bearer"))
            }
            Proof::Hmac { secret, header } => {
                let given = text(header)?.trim();
                let given = given.strip_prefix("sha256=").unwrap_or(given);
                verify_hmac(secret, body, given).then(|| Actor::sender(&self.name, "hmac"))
            }
        }
    }
}

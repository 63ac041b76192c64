//! Who sends: the check of a request against a sender of the site file.

use axum::http::HeaderMap;
use dragoman_model::Actor;
use dragoman_security::{Bearer, Hmac};

/// How a sender proves who it is.
#[derive(Debug, Clone)]
#[allow(clippy::large_enum_variant)] // A site has a handful of senders, so the size of one does not matter.
pub enum Proof {
    /// `Authorization: Bearer <secret>`.
    Bearer(Bearer),
    /// HMAC-SHA256 of the body, in hexadecimal, in the header of that name.
    Hmac(Hmac, String),
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
    /// Whether the headers alone tell that the request cannot prove itself: its body need not be read then.
    pub fn is_refused_unread(&self, headers: &HeaderMap) -> bool {
        match &self.proof {
            Proof::Nothing => false,
            Proof::Bearer(_) => self.identify(headers, &[]).is_none(),
            Proof::Hmac(_, header) => !headers.contains_key(header),
        }
    }

    /// The sender as an actor, where the request proves it; none: refuse it.
    pub fn identify(&self, headers: &HeaderMap, body: &[u8]) -> Option<Actor> {
        let text = |name: &str| headers.get(name).and_then(|v| v.to_str().ok());
        match &self.proof {
            Proof::Nothing => Some(Actor::sender(&self.name, "none")),
            Proof::Bearer(bearer) => bearer
                .admits(text("authorization"))
                .then(|| Actor::sender(&self.name, "bearer")),
            Proof::Hmac(hmac, header) => hmac
                .admits(text(header), body)
                .then(|| Actor::sender(&self.name, "hmac")),
        }
    }
}

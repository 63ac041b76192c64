//! The partners that Dragoman talks to, as simulators, and what its tests need to start and measure it.
//!
//! In: options and seeds (canonical documents as JSON, customs and permit messages as XML). Out: HTTP servers on
//! loopback ports of their own, with faults on demand, and counts of what really took effect.
//!
//! Invariants: a partner counts by business fact, never by idempotency key; a fault is decided before the request
//! acts, and it is known from its kind whether the act took place; nothing here depends on the runtime.
//!
//! Not here: the runtime's own tests, the connectors, and any reading or writing of permit messages beyond what
//! a strict partner checks.

pub mod authority;
pub mod broker;
mod connection;
mod control;
pub mod customs;
pub mod ecites;
pub mod epix;
mod error;
pub mod faults;
mod guard;
pub mod http;
pub mod load;
mod partner;
pub mod postgres;
mod problem;
pub mod process;
pub mod record;
pub mod species;
mod wait;
pub mod wire;

pub use error::Error;
pub use partner::{Access, Partner};
pub use wait::{eventually, until_served};

/// The time now, as the RFC 3339 text that goes into answers and logs.
fn now() -> String {
    jiff::Timestamp::now().to_string()
}

//! HTTP: messages that come in, and requests that go out.
//!
//! In: routes and senders, endpoints with their grants. Out: deliveries to the engine, requests to partners.
//!
//! **Invariants.** A message is acknowledged only once it is durable. A request goes to an address that was resolved
//! and checked, below the endpoint's own path, with credentials added last.
//!
//! **Not here:** which connector may use which endpoint (`host`), what a message means (`engine`).

pub mod egress;
pub mod inbound;

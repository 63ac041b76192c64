//! Runs connector plugins in a sandbox.
//!
//! In: WebAssembly components, connections (configuration, grants, limits), calls of the engine, and two sockets:
//! [`Egress`] for outgoing requests and [`Storage`] for what calls read of the store. Out: surfaces, reports of calls
//! (output or failure, usage, state writes, documents, readings).
//!
//! **Invariants.**
//! - A plugin reaches nothing but what its imports name and its connection grants; imports are checked before anything
//!   is compiled.
//! - Every call gets a fresh instance, ends within its limits whatever the plugin does, and is answered by a report:
//!   traps, limits and deadlines are failures.
//! - The effect in a failure follows from what left the host, never from the plugin's word alone.
//! - Compiled code is executed only if this installation's key vouches for it.
//!
//! **Not here:** sockets and TLS (`transports/http`), making components out of modules (`sdk/component`), what happens
//! after a failure (`engine`).

pub mod apart;
mod cache;
pub mod checked;
mod credentials;
mod describe;
mod descriptor;
mod documents;
pub mod effect;
pub mod egress;
pub mod error;
mod failure;
mod guest;
mod host;
pub mod imports;
mod lanes;
mod limits;
mod log;
mod plugin;
mod prepared;
mod requests;
mod runner;
mod sandbox;
mod session;
pub mod settings;
mod state;
pub mod storage;
mod ticker;
mod v0_1;

pub use egress::{Egress, EgressError, EndpointRequest, EndpointResponse, Exchanged, NoEgress};
pub use error::Error;
pub use host::Host;
pub use imports::Imports;
pub use plugin::Plugin;
pub use runner::Runner;
pub use settings::{CacheSettings, CallLimits, Connection, CredentialGrant, EndpointGrant, HostSettings, Mode};
pub use storage::{JournalStorage, NoStorage, Storage};

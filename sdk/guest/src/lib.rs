//! The Rust SDK for connector plugins.
//!
//! In goes a struct with [`macro@connector`] and one `impl` block with [`macro@operations`]; out comes a
//! plugin that speaks the contract (`sdk/wit`): it describes itself with schemas made from its types, reads and
//! writes payloads, and turns what goes wrong into failures by class and effect.
//!
//! Invariants:
//! - A plugin imports nothing but the contract's interfaces, and never names the bindings generator.
//! - Plugins and native tests go through the same dispatch; natively a scripted host answers
//!   ([`testing`]).
//! - A failure whose effect is not stated never goes out as `none` after a request that may have acted.
//! - Nothing heavy is done for `invoke`: schemas are made for `describe` only.
//!
//! Not here: making a component of a built module (`dragoman plugin build`), running one (the host), and the
//! canonical documents (`sdk/documents`).
//!
//! `README.md` beside this crate shows how to write a connector, with a full example.

// The generated bindings name this crate by its own name, here and in plugins alike.
extern crate self as dragoman_guest;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub mod bindings;
#[cfg(target_arch = "wasm32")]
mod exports;

/// The allocator of the standard library in a newer version: it begins with the heap that the linker laid out
/// (`--initial-heap`), where the other asks the host for more memory at its first allocation. Memory that grew must be
/// taken back before the next call, on every core.
#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use exports::Exported;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use wit_bindgen;

mod boundary;
mod call;
pub mod clock;
pub mod connector;
pub mod credentials;
pub mod dispatch;
pub mod documents;
mod failure;
pub mod http;
pub mod log;
mod output;
mod payload;
pub mod random;
mod schema;
pub mod state;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;

pub use call::{Call, CallRecord, DOCUMENT_LIMIT, Document, Sent};
pub use connector::{Connector, Operations};
pub use dragoman_guest_macros::{connector, operation, operations, record};
pub use failure::{Class, Effect, Failure, FailureFacts, Issue};
pub use output::{Answer, Empty, IntoOutput, Output, ProbeAnswer, Probed};

// What `#[record]` derives goes through these, so that a plugin needs no dependency of its own.
#[doc(hidden)]
pub use schemars;
#[doc(hidden)]
pub use serde;
#[doc(hidden)]
pub use serde_json;

/// What a connector usually needs: `use dragoman_guest::prelude::*;`.
pub mod prelude {
    pub use crate::{
        Call, Class, Document, Effect, Empty, Failure, Issue, Output, Probed, Sent, clock, connector, credentials,
        documents, http, log, operation, operations, path, random, record, state,
    };
    pub use serde_json::json;
}

/// The example of `README.md` is compiled and run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

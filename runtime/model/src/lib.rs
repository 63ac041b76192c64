//! The words that every room of the runtime shares: ids, values, digests, outcomes, actors, diagnostics and codes.
//!
//! In: nothing but plain values. Out: plain values.
//!
//! **Invariants.** No IO, no clock, no tokio. A value here means the same in every room, and nothing here
//! knows YAML, WASM, SQL or HTTP.
//!
//! **Not here:** what was said in YAML (`manifest`), shapes (`schema`), what a pipeline means (`plan`),
//! the formats on disk (`journal`).

pub mod actor;
pub mod code;
pub mod diagnostic;
pub mod digest;
pub mod document;
pub mod effect;
pub mod failure;
pub mod id;
pub mod meant;
pub mod nearest;
pub mod nesting;
pub mod object;
pub mod part;
pub mod role;
pub mod time;
pub mod usage;
mod words;

pub use actor::{Actor, ActorKind};
pub use code::Code;
pub use diagnostic::{Diagnostic, Label, Severity, Source, Span};
pub use digest::Digest;
pub use document::DocumentReference;
pub use effect::OperationEffect;
pub use failure::{Class, Effect, Failure, Issue};
pub use id::RunId;
pub use meant::{all_meant, did_you_mean, meant, meant_among};
pub use nearest::nearest;
pub use object::object;
pub use part::Part;
pub use role::Role;
/// JSON values are the runtime's values: payloads, expressions and journal bodies are made of them.
pub use serde_json::Value;
pub use time::Timestamp;
pub use usage::Usage;

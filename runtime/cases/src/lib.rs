//! Runs cases: a pipeline with everything around it written down, on the real engine.
//!
//! In: a case (as `manifest` reads it) and a [`Bench`]: the plans and the surfaces of the plugins that they were
//! checked against. Out: a [`Report`]: it holds, or what was expected and what was found, each with its place.
//! And back: [`record`] makes a case of a run that really was, without the names of people.
//!
//! **Invariants.** The engine and the store are the real ones, the store in a folder of its own. No plugin is called
//! and nothing leaves: calls are answered by the case, within the schemas of the plugins. Time is virtual: it jumps to
//! what is due next. A case never changes anything outside its own folder.
//!
//! **Not here:** reading and writing the YAML of a case (`manifest`), loading a site and its plugins (`server`),
//! finding and listing cases (`cli`).

mod acts;
mod bench;
mod compare;
mod crash;
mod differences;
mod error;
mod family;
mod found;
mod gather;
mod given;
mod kin;
mod life;
mod lines;
mod mortal;
mod operators;
mod prepared;
pub mod record;
mod report;
mod script;
mod shaped;
mod timeless;
mod update;

pub use bench::{Bench, Build};
pub use differences::Mismatch;
pub use error::Error;
pub use found::{Begun, Called, Found};
pub use report::{Outcome, Report, junit, run};
pub use update::updated;

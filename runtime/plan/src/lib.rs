//! What a pipeline means: an immutable, type-checked [`Plan`].
//!
//! In: what was said (`manifest`) and the surfaces of the plugins (`schema`). Out: a plan, or diagnostics, all at once.
//!
//! **Invariants.** Pure: no IO, no clock. A plan that exists has no unknown name, no unknown field and no expression
//! that can meet a type it does not take.
//!
//! **Not here:** the YAML (`manifest`), evaluation (`expression`), what happens at run time (`engine`).

#![deny(missing_docs)]

pub mod check;
pub mod codes;
mod echoes;
mod events;
pub mod model;
mod places;
pub mod runs;
pub mod world;

pub use check::{Checked, build, check, unknown_zone};
pub use events::{event_marks, site_events};
pub use model::*;
pub use places::{place_of, said_at};
pub use runs::{Entry, RunStep, Signature};
pub use world::{Connection, World};

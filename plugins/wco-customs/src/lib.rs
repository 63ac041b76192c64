//! Connector to customs systems that speak the WCO Data Model (declarations and responses, version 3.6).
//!
//! In go messages as XML documents, out come canonical notices and declarations; what was lodged and noticed
//! is kept in the connector's state, so that a later notice finds its declaration.
//!
//! Invariants:
//! - What the message says inside counts, never a file's name.
//! - What cannot be read whole is refused with its place; nothing is guessed.
//! - Mapping is pure: no module but `connector` and `memory` calls the host.
//!
//! Not here: lodging declarations, other customs dialects, deciding what a permit allows.

mod config;
mod connector;
mod declaration;
mod dossier;
mod goods;
mod memory;
mod message;
mod moments;
mod notice;
mod permits;
mod quantities;
mod zone;

pub use config::{Config, DeclarationFrom, SupplementaryUnit};
pub use connector::{DeclarationRequest, KeepRequest, Kept, NoteRequest, WcoCustoms};
pub use declaration::read_declaration;
pub use dossier::{Dossier, NotedEvent, Standing};
pub use notice::read_notice;

//! Connector to EPIX, the exchange of electronic CITES permits between Management Authorities.
//!
//! In go permit messages of the electronic permitting toolkit (v1 `CBFShip`, v2 `CITESEPermit`) and canonical permits,
//! out come canonical permits and v2 messages; a hub is asked for permits and told what was inspected.
//!
//! Invariants:
//! - Both toolkit versions give the same canonical permit; what is empty or `?` is absent.
//! - What is written is read back equal, or it is not written.
//! - A quantity is never rounded, a permit that was not asked for never handed out.
//! - Mapping is pure: no module but `connector` calls the host.
//!
//! Not here: toolkit v3, the dialects of national systems behind the hub, deciding what a permit allows.

mod config;
mod connector;
mod endorsements;
mod error;
mod extension;
mod faults;
mod items;
mod message;
mod parties;
mod quantities;
mod read;
mod requests;
mod settle;
mod signatories;
mod values;
mod write;
mod write_items;

pub use config::{Config, Dialect};
pub use connector::{ConfirmRequest, Epix, PermitRequest, StateReport, StateRequest, WriteRequest, Written};
pub use error::Error;
pub use read::read_permit;
pub use write::{Form, write_permit};

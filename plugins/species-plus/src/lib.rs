//! Connector to the Species+ API: taxa, and what the appendices of the Convention say of them on a day and for a country.
//!
//! In go names, permit items and days; out come canonical taxa and listings.
//!
//! Invariants:
//! - What is in force on a day is evaluated here, from all rows that the API has: it says neither what is to come nor what was.
//! - A name is resolved to one accepted taxon or refused; the first of several is never taken.
//! - Every page is read. Links of the API are read for their page number and never followed as addresses.
//! - Mapping is pure: only `api` and `connector` call the host.
//!
//! Not here: what a listing means for a permit, EU annexes, a mirror of the whole catalogue.

mod api;
mod connector;
mod legislation;
mod listing;
mod names;
mod restrictions;
mod rows;

pub use connector::{Config, ListingRequest, Listings, ListingsRequest, Missing, SpeciesPlus, TaxonRequest};
pub use legislation::{Legislation, evaluate};
pub use names::{Concept, Found, resolve};
pub use rows::{InForce, Row, in_force};

//! The checks that stand between a customs declaration and the endorsement of an export permit (box 14).
//!
//! In go a declaration, one of its permit references, the permit as its issuer gives it and, where there are any,
//! the listings of its species; out comes a check: a verdict, a finding for each rule with its source, and the
//! declaration's lines matched to the permit's items, in the permit's units.
//!
//! Invariants:
//! - Everything is pure: no endpoint, no clock, no state; the same input gives the same check.
//! - What each rule comes to is data, in `table`; a site may tighten it and never loosen it.
//! - A line is matched or left to an officer; a quantity is converted exactly or left to an officer. Nothing is guessed.
//! - A listing that could not be had is never an obstacle.
//!
//! Not here: reading permits or declarations, quantities used by other declarations beyond what the permit says
//! (that is the ledger's), endorsing.

mod check;
mod config;
mod connector;
mod declared;
mod findings;
mod items;
mod lines;
mod listings;
mod parties;
mod quantities;
mod standing;
mod table;
mod units;
mod validity;

pub use check::{Case, check_export, match_lines};
pub use config::{Config, HsRow, Officer, Tighter, TighterResult};
pub use connector::{CheckRequest, CitesRules, MatchRequest};
pub use table::{RULES, Rule};
pub use units::converted;

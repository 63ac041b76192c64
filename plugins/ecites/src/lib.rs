//! Connector to a national system of electronic CITES permits: reads permits, endorses them at export (box 14),
//! withdraws endorsements, and verifies a permit by number and token.
//!
//! In go a permit's number, a declaration, quantities and the officer on whose authority it is done; out come the
//! canonical permit and endorsement as the system keeps them.
//!
//! Invariants:
//! - One endorsement per permit and declaration: what stands already is given back, never made again.
//! - Nothing is endorsed without a person, and nothing on a permit that changed since it was read.
//! - What the system refuses on business grounds is a rejected failure, its code `permit.` and the system's own.
//! - Only `connector` and `system` call the host; all else is pure.
//!
//! Not here: whether a permit fits a declaration (the rules plugin), quantities over several runs (the ledger),
//! messages to other countries (the partner gateway).

mod config;
mod connector;
mod error;
mod lines;
mod records;
mod refusal;
mod standing;
mod system;
mod wish;

pub use config::{Config, OfficePort};
pub use connector::Ecites;
pub use error::Error;
pub use lines::{Line, Lines};
pub use records::{EndorseRequest, Endorsed, PermitRequest, Remaining, Verification, VerifyRequest, WithdrawRequest};
pub use standing::Standing;
pub use wish::Wish;

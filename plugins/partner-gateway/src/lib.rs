//! Connector to the Management Authorities of partner countries: tells the importing country that a permit was used
//! at export, or that the use was taken back, and reads what a partner tells.
//!
//! In go an endorsed permit and its endorsement, out comes the partner's receipt; in goes a partner's message, out
//! comes the canonical usage.
//!
//! Invariants:
//! - A partner is an endpoint, `partner-` and the country's code: a country without one is rejected, never guessed.
//! - The message is made of the input and the configuration alone, so a repetition under one key is the same message.
//! - A repetition goes under the same idempotency key; the receipt is kept whole, with its headers and its digest.
//! - Only `connector` and `partner` call the host; all else is pure.
//!
//! Not here: EPIX, whose messages are asked for and not sent; which permit was used (the permit system); when to tell.

mod config;
mod connector;
mod error;
mod incoming;
mod message;
mod partner;
mod receipt;

pub use config::{Config, Disclosure};
pub use connector::{PartnerGateway, UseNotification, WithdrawalNotification};
pub use error::Error;
pub use incoming::read_usage;
pub use message::{Message, used, withdrawn};

//! The formats of the journal and the sockets of a store.
//!
//! In: drafts of entries, operations on ledger, business keys, references and state. Out: traits, the chain's
//! arithmetic, the verification of a trail.
//!
//! **Invariants.** Formats are append-only. A run is the list of its entries; every index is a fold of them.
//! No SQL and no file here.
//!
//! **Not here:** how it is stored (`journals/*`), what a run does next (`engine`).

pub mod audit;
pub mod canonical;
pub mod chain;
#[cfg(feature = "conformance")]
pub mod conformance;
pub mod decide;
pub mod entry;
pub mod error;
pub mod fold;
pub mod keyring;
pub mod query;
pub mod record;
pub mod rows;
pub mod seal;
pub mod store;

pub use chain::{Batch, Head};
pub use entry::{Draft, Entry, FORMAT, Header, Versions, without_numbers};
pub use error::Error;
pub use keyring::Keyring;
pub use query::{AccountLine, AccountSummary, Due, Effect, Emitted, Once, OnceState, RunFilter, RunSummary, Wait};
pub use record::{Ending, OnceKey, Parent, Record, TimerPurpose};
pub use seal::{Sealed, SealedBody};
pub use store::{
    Answer, Append, Begin, Begun, ClaimLine, Erasure, Journal, KeptDocument, Lease, NOBODYS, NumberedEvent, Operation,
    Records, Refusal, Settled, Standing, Stats, Store, Unfinished, VersionedValue,
};

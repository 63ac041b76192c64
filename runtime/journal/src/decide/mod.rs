//! What a transaction means, decided on rows in memory: the same for every store.
//!
//! In: what a caller asks, and the rows that it touches as the store has them. Out: the rows as they are afterwards, or
//! why nothing of it may be written. A store reads the rows under its own locks, asks here, and writes what comes out;
//! so no store can decide otherwise than another.
//!
//! **Not here:** reading, locking and writing rows (`journals/*`).

pub mod apply;
pub mod business;
pub mod ledger;
pub mod prepared;
pub mod runs;
pub mod state;
pub mod tables;

pub use business::Opening;
pub use ledger::{Account, Claim, Line};
pub use prepared::{Addition, Beginning};
pub use runs::{Outcome, RunRow};
pub use tables::{OnceWrite, Settlement, Tables};

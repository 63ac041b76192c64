//! Reconciliation: of what was taken in a time, what came of it, and what is missing.
//!
//! In: a store, and a period. Out: for each pipeline how its runs ended and how far each of its business facts is, and the
//! runs that are not settled. The facts are those that pipelines name themselves: steps under a business key, claims, waits
//! for events. It needs the store alone.

mod daily;
mod facts;
mod figures;
mod list;
mod routes;
#[cfg(test)]
mod tests;
mod unit;
mod walk;

pub use daily::Daily;
pub(crate) use daily::keep;
pub use list::Listed;
pub(crate) use routes::{reconciliation, reconciliation_with};
pub use walk::Wanted;
pub(crate) use walk::reconcile;

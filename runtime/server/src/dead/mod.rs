//! Dead letters: runs that stopped for a person or failed, what is kept of them, and repairing them one by one or by
//! query.

mod about;
mod found;
mod repair;
mod shown;

pub(crate) use about::names;
pub use found::DeadFilter;
pub(crate) use found::dead;
pub use repair::Repair;

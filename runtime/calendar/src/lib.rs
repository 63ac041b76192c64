//! When something is due: cron expressions in time zones, and steady intervals.
//!
//! In: what was written (`0 6 * * 1-5`, a zone, or an interval) and a point in time. Out: the next time it is due, and
//! the latest before; and the day of a place that it is in.
//!
//! **Invariants.** Pure: the time comes from the caller. The same calendar gives the same times whatever time it is
//! asked. A local time that does not exist (the clocks go forward) is due once, at the instant from which the clocks
//! show a later time; one that exists twice (they go back) is due once, the first time.
//!
//! **Not here:** who is told when it is due, and what became of it (`transports/schedule`).

#![deny(missing_docs)]

mod cron;
mod days;
mod due;

pub use cron::{Cron, Unreadable};
pub use days::{Day, Days};
pub use due::{Calendar, zones};

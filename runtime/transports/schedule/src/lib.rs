//! Runs that begin when it is time.
//!
//! In: calendars with the triggers that keep to them, a clock. Out: one delivery to the engine for each due time; its
//! message is `{ due }`, its key the due time, so that a due time begins one run however often it is delivered.
//!
//! After a time in which nobody looked (the server was down, the machine slept) only the latest due time is delivered,
//! or none where the trigger says so: a storm of runs that are all too late helps nobody.
//!
//! **Invariants.** A due time is passed only once its run is durable, or was refused for good. The last one that was
//! passed is told by whoever starts this: it is the engine's to keep.
//!
//! **Not here:** when it is due (`calendar`), what becomes of the run (`engine`).

mod keeper;

pub use keeper::{Missed, Schedule, keep};

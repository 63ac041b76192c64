//! The engine in a world that is simulated whole: its clock, its network, its disk, its store and its partner, all drawn from
//! one seed.
//!
//! In: a seed. Out: what came of it, and what is wrong. The same seed gives the same again, so that whatever is found once can
//! be looked at. The engine is the real one, with several workers on one store; the store is in memory, decides by the
//! functions of `journal` that the real ones decide by, and passes their conformance suite.
//!
//! **Not here:** real processes and real disks (the fault suites of `acceptance`).

mod defect;
mod partner;
mod plans;
mod play;
mod plot;
mod sim;
pub mod store;
mod surface;
mod verdict;
mod worker;

pub use defect::Defect;
pub use play::{Outcome, play, play_with};

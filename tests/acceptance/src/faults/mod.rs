//! The fault suite: the runtime is killed at random moments while its partners fail and delay, and in the end every
//! business fact is counted.
//!
//! A suite is told by a [`Campaign`]; its [`Tally`] says what came of it, and what is wrong where something is.

mod crowd;
mod hostile;
mod kills;
pub(crate) mod outbox;
mod random;
mod tally;

pub use crowd::Crowd;
pub use hostile::{Figures, Neighbours};
pub use kills::Campaign;
pub use random::Random;
pub use tally::Tally;

/// A seed that differs from run to run, for whoever names none.
pub fn any_seed() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(1, |n| u64::from(n.subsec_nanos()) ^ n.as_secs())
}

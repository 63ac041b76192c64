//! A whole country to test with: the real command, the shipped pipelines and connectors, and simulated partners.
//!
//! In: what customs would send. Out: what really took effect at the partners, counted by business fact, and what the
//! runtime says of it.
//!
//! **Invariants.** The command runs as a process of its own, so that it can be killed. Nothing here waits for a time;
//! it waits for conditions.
//!
//! **Not here:** the partners themselves (`tests/support`).

pub mod country;
pub mod faults;
pub mod messages;
pub mod once;
pub mod queues;
pub mod small;
pub mod waiting;

pub use country::{Country, Options};
pub use messages::Case;
pub use small::Small;

/// What goes wrong in a test's surroundings: a text that says what, and where.
pub type Error = Box<dyn std::error::Error + Send + Sync>;

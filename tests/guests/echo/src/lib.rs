//! A connector for the tests and benches of the host.
//!
//! In goes whatever an operation takes; out comes an answer, a request to the endpoint `api`, or one of the
//! misbehaviours that a host has to bear: an endless loop, hunger for memory, a panic, endless recursion.
//!
//! Invariants: it imports nothing but the contract's interfaces, and works without a configuration.
//!
//! Not here: any business; nothing but tests uses it.

mod connector;
mod misbehave;
mod records;

pub use connector::Echo;
pub use records::{Caller, Config, Count, Echoed, Key, Line, Memory, Order, Read, Receipt};

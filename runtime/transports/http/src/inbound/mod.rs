//! Messages that come in over HTTP: routes, senders, and what the sender is answered.

mod answer;
mod body;
mod routes;
mod sender;

pub use answer::{TOO_LARGE, problem};
pub use routes::{Route, Routes, router};
pub use sender::{Proof, Sender};

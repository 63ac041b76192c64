//! Messages that come in over HTTP: connections, routes, senders, and what the sender is answered.

mod answer;
mod body;
mod connections;
mod routes;
mod sender;
mod serving;

pub use answer::{TOO_LARGE, problem};
pub use routes::{Route, Routes, router};
pub use sender::{Proof, Sender};
pub use serving::{HEADERS_WITHIN, serve};

//! The engine: interprets plans, durably.
//!
//! In: messages from transports, answers of people, plans, a journal. Out: calls through the [`StepRunner`], entries in
//! the journal, and the story of what happened.
//!
//! **Invariants.** Before a request of a non-read operation leaves, everything that its input depends on, its digest
//! and its intent are durable. Nothing whose effect is unknown is repeated before the other side was asked. The
//! [`machine`] is a pure function of entries and events; only the shell has a clock, tasks and channels.
//!
//! **Not here:** the language (`manifest`, `plan`), the sandbox (`host`), how entries are stored (`journals/*`).

mod breaker;
pub mod error;
pub mod machine;
pub mod meter;
pub mod notice;
pub mod runner;
pub mod shell;
pub mod source;

pub use breaker::Failing;
pub use error::Error;
pub use machine::Act;
pub use meter::{Meter, NoMeter};
pub use notice::Notices;
pub use runner::{Boxed, Call, Output, Paused, Probed, Report, StateWrite, StepRunner, Written};
pub use shell::{
    Clock, Door, Engine, Finished, Handle, Happening, Limits, ManualClock, Offer, PlanSource, Settings, Status,
    SystemClock, status,
};
pub use source::{Acceptor, Delivered, Delivery, Refused};

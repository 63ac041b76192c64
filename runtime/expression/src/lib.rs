//! Checked, bounded expressions: CEL, typed by shapes.
//!
//! In: the text of an expression, where it was written, and an [`Environment`] of names with their shapes. Out: an
//! [`Expression`] with the [`Shape`](dragoman_schema::Shape) of its value, or diagnostics at the exact places; later,
//! over the values of a [`Scope`], its value.
//!
//! **Invariants.** Pure: no clock, no randomness, no IO. What was checked as a shape gives values that the shape accepts,
//! as long as the scope's values fit the environment. Evaluation is bounded in steps and in bytes, parsing in length and
//! depth, so that no text and no value stops the one who evaluates. `null` in a value is the same as absent.
//!
//! **Not here:** YAML and its quoting (`manifest` gives the offsets), which names a step sees (`plan`), when an
//! expression is evaluated (`engine`). Nobody else knows CEL.

pub mod calendar;
mod check;
pub mod codes;
pub mod compared;
mod complaint;
mod data;
pub mod environment;
pub mod error;
mod evaluate;
pub mod expression;
mod habits;
pub mod names;
mod number;
mod program;
mod reads;
mod scan;
mod syntax;
mod tree;
mod units;

pub use calendar::meant_date;
pub use check::check;
pub use compared::Compared;
pub use environment::{AnswerNeeds, Environment, Expected, Limits, Written};
pub use error::Error;
pub use expression::{Expression, Known, Scope};
pub use names::Names;
pub use units::{kind as unit_kind, meant as meant_unit, named as named_unit};

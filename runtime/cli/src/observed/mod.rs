//! What observed pipelines would have done, beside a list of what people did.
//!
//! In: the acts that runs have written down, and a list (CSV or JSON). Out: what agrees, what differs, what stands on one
//! side only. Pure but for reading the file.

mod compare;
pub(crate) mod known;
mod list;

pub(crate) use compare::{Columns, Compared, compare};
pub(crate) use list::{Row, read};

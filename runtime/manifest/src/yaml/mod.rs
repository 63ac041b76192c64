//! The only place that reads YAML: text to a tree of nodes that know where they are.

mod columns;
mod comments;
mod node;
mod offsets;
mod reader;
mod refusals;
mod scalar;
mod scan_error;
mod scan_words;
mod slips;
mod unclosed;

pub(crate) use comments::{Comment, comments};
pub(crate) use node::{Entry, Mapping, Node, NodeKind, Scalar, Style, shorten};
pub use offsets::OffsetMap;
pub(crate) use reader::read;
pub(crate) use scalar::resolve;

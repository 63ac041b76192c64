//! A pipeline as a picture: SVG drawn here, or Mermaid as text, and a run's path laid over it.
//!
//! In: what was said (`manifest`), what is known of the operations' effects, and the entries of a run. Out: text.
//!
//! **Invariants.** Pure: no IO. No two nodes overlap, no text leaves its node, no edge goes through a node and no two
//! edges cross: [`faults`] looks at the geometry that was made, and the tests look at it for shipped and for random
//! pipelines. The same pipeline gives the same picture, byte for byte.
//!
//! **Not here:** what is wrong with a pipeline (`manifest`, `plan`): one with mistakes is drawn as far as it was read.

#![deny(missing_docs)]

mod faults;
mod flow;
mod layout;
mod mermaid;
mod picture;
mod seen;
mod svg;
mod tell;
mod text;
mod track;
mod widths;

pub use faults::faults;
pub use flow::{Effects, Flow};
pub use layout::picture;
pub use mermaid::mermaid;
pub use picture::Picture;
pub use svg::svg;
pub use track::{Happened, Mark, Track};

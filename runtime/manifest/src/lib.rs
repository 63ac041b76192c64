//! What was said in YAML: pipelines and the site file, every piece with its place.
//!
//! In: a text under a name. Out: what was said, and diagnostics that say what is wrong, where, and what to write.
//!
//! **Invariants.** No IO. The only room that knows YAML. No text makes it panic, and its work is bounded: a text of
//! 4 MiB, 100,000 values, 60 levels. Anchors, aliases, merge keys and tags are refused, so nothing grows while it
//! is read.
//!
//! **Not here:** what it means and whether names exist (`plan`), expressions (`expression`), shapes (`schema`).

#![deny(missing_docs)]

pub mod cases;
pub mod codes;
mod fields;
mod format;
mod homes;
mod keys;
mod language;
mod letters;
mod measure;
pub mod nearly;
mod own_words;
pub mod pipeline;
mod reading;
mod said;
pub mod site;
mod spanned;
mod strays;
mod template;
mod text;
mod yaml;

pub use cases::{Case, parse_case};
pub use format::format;
pub use language::{Document, json_schema};
pub use measure::{Backoff, Rate, written as written_duration};
pub use pipeline::{Pipeline, parse_pipeline};
pub use said::{ExpressionText, Literal, Template};
pub use site::{Site, parse_site, read_site};
pub use spanned::Spanned;
pub use text::{LONGEST_TEXT, source_of};
pub use yaml::OffsetMap;

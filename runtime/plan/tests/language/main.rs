//! The language, as data: each Markdown file in `tests/specs` is a suite.
//!
//! A case is a heading, a block `yaml` and a block `diagnostics` with what is to be said: code, line and column,
//! message, and the help below it. A text with the key `site` is a site file. One
//! that does not begin with `dragoman:` is a list of steps; the head of a
//! pipeline is put before it, and lines are counted without that head. With `UPDATE_SPECS=1` the expected blocks
//! are written anew.

mod broken;
mod changes;
mod letters;
mod meaning;
mod mutations;
mod pages;
mod robustness;
mod runs;
mod shipped;
mod specs;
mod trusted;
mod world;

//! Codes of diagnostics and errors. Each has a page in `docs/codes/`, printed by `dragoman explain CODE`.
//!
//! Ranges: D01 manifest, D02 schema, D03 expression, D04 plan, D05 engine, D06 host, D07 journal and stores,
//! D08 transports, D09 site, server and command line.

use std::fmt;

/// A code such as `D0101`, with its title. Declared as a constant in the room that raises it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code {
    /// `D` and four digits.
    pub id: &'static str,
    /// What it means, in a few lower-case words.
    pub title: &'static str,
}

impl Code {
    /// Declares a code. `cargo xtask tidy` looks for these calls and demands a page for each.
    pub const fn new(id: &'static str, title: &'static str) -> Self {
        Code { id, title }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id)
    }
}

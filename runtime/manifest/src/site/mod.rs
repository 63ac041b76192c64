//! The site file, as it was said: what runs where, with which endpoints, credentials and senders.

mod address;
mod broker;
mod connection;
mod endpoint;
mod secret;
mod store;
mod top;
mod types;
mod users;

pub use types::*;

use std::sync::Arc;

use dragoman_model::{Diagnostic, Severity, Source};

use crate::reading::Reading;
use crate::yaml;

/// Reads the text of a site file (`dragoman.yaml`).
///
/// In: a text under a name. Out: what was said as far as it can be read, with defaults for what was left out, and
/// all diagnostics in the order of the text. There is no site where the text is not YAML, or has an error.
pub fn parse_site(source: Arc<Source>) -> (Option<Site>, Vec<Diagnostic>) {
    let (site, diagnostics) = read_site(source);
    let failed = diagnostics.iter().any(|d| d.severity == Severity::Error);
    (site.filter(|_| !failed), diagnostics)
}

/// The same, with what could be read where there are errors too: such a site is checked further, and never run.
pub fn read_site(source: Arc<Source>) -> (Option<Site>, Vec<Diagnostic>) {
    let (root, diagnostics) = yaml::read(&source);
    let mut reading = Reading::after(diagnostics);
    let site = root.and_then(|root| top::site(&mut reading, &source, &root));
    reading
        .diagnostics
        .sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.range.start));
    (site, reading.diagnostics)
}

//! A case: what a pipeline is told, what each call answers, and what is expected of it.

mod answers;
mod expect;
mod json;
mod read;
mod types;
mod write;

pub use json::{Json, JsonKind};
pub use types::*;
pub use write::document;

use std::sync::Arc;

use dragoman_model::{Diagnostic, Severity, Source};

use crate::reading::Reading;
use crate::yaml;

/// Reads the text of a case.
///
/// In: a text under a name. Out: what was said, and all diagnostics in the order of the text. There is no case where
/// the text is not YAML, or has an error.
pub fn parse_case(source: Arc<Source>) -> (Option<Case>, Vec<Diagnostic>) {
    let (root, diagnostics) = yaml::read(&source);
    let mut reading = Reading::after(diagnostics);
    let case = root.and_then(|root| read::case(&mut reading, &source, &root));
    reading
        .diagnostics
        .sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.range.start));
    let failed = reading.diagnostics.iter().any(|d| d.severity == Severity::Error);
    (case.filter(|_| !failed), reading.diagnostics)
}

//! A pipeline, as it was said.

mod beside;
mod block;
mod call;
mod called;
mod claim;
mod decisions;
mod events;
mod header;
mod limits;
mod names;
mod repeat;
mod schedule;
mod shapes;
mod slips;
mod step;
mod triggers;
mod types;
mod word;

pub use events::{Emit, EventWait};
pub(crate) use header::version;
pub use limits::{Limits, PerKey};
pub use schedule::{Schedule, ScheduleWhen};
pub use shapes::SaidShape;
pub(crate) use shapes::shape;
pub use types::*;

use std::sync::Arc;

use dragoman_model::{Diagnostic, Source};

use crate::reading::Reading;
use crate::yaml;

/// Reads the text of a pipeline.
///
/// In: a text under a name. Out: what was said as far as it can be read, and all diagnostics in the order of the
/// text. With any error among them the pipeline is not to be run; it is there so that the plan can be checked too,
/// and everything wrong is said at once. There is none where the text is not YAML.
pub fn parse_pipeline(source: Arc<Source>) -> (Option<Pipeline>, Vec<Diagnostic>) {
    let (root, diagnostics) = yaml::read(&source);
    let mut reading = Reading::after(diagnostics);
    let pipeline = root.and_then(|root| header::pipeline(&mut reading, &source, &root));
    reading
        .diagnostics
        .sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.range.start));
    (pipeline, reading.diagnostics)
}

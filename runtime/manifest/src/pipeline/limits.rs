//! Bounds of a pipeline: the key `limits`.

use crate::Spanned;
use crate::measure::Rate;
use crate::reading::Reading;
use crate::said::ExpressionText;
use crate::yaml::Node;

/// Bounds of a pipeline, as far as they were said.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Runs at work at once.
    pub concurrent: Option<Spanned<u64>>,
    /// Runs that were accepted and are not yet at work.
    pub backlog: Option<Spanned<u64>>,
    /// Runs at work at once that have something in common.
    pub per_key: Option<PerKey>,
    /// Runs that begin to work in a time.
    pub rate: Option<Spanned<Rate>>,
    /// A run that is older needs a person; in milliseconds.
    pub deadline_ms: Option<Spanned<u64>>,
}

/// Runs at work at once that have something in common.
#[derive(Debug, Clone)]
pub struct PerKey {
    /// What they have in common.
    pub by: ExpressionText,
    /// How many.
    pub concurrent: Spanned<u64>,
}

pub(super) fn limits(reading: &mut Reading, node: &Node) -> Limits {
    let Some(mut fields) = reading.fields(node, "the limits", "`{ concurrent: 200, backlog: 10000 }`") else {
        return Limits::default();
    };
    let concurrent = fields.take("concurrent").and_then(|n| reading.whole(n, 1, 100_000));
    let backlog = fields.take("backlog").and_then(|n| reading.whole(n, 1, 10_000_000));
    let per_key = fields.take("per_key").and_then(|n| per_key(reading, n));
    let rate = fields.take("rate").and_then(|n| reading.rate(n));
    let deadline_ms = fields.take("deadline").and_then(|n| reading.some_time(n, "2d"));
    fields.finish(reading);
    Limits {
        concurrent,
        backlog,
        per_key,
        rate,
        deadline_ms,
    }
}

fn per_key(reading: &mut Reading, node: &Node) -> Option<PerKey> {
    let mut fields = reading.fields(node, "`per_key`", "`{ by: trigger.message.customer, concurrent: 2 }`")?;
    let by = fields.need(reading, "by", "...").map(|n| reading.expression(n));
    let concurrent = fields
        .need(reading, "concurrent", "2")
        .and_then(|n| reading.whole(n, 1, 100_000));
    fields.finish(reading);
    Some(PerKey {
        by: by?,
        concurrent: concurrent?,
    })
}

//! Rounds: the same steps again, until something holds.

use super::beside::beside;
use super::{Repeat, block};
use crate::measure;
use crate::reading::Reading;
use crate::said::ExpressionText;
use crate::yaml::{Node, NodeKind};

/// More rounds than this nobody waits for, and a slip of the pen is likelier.
const MOST_ROUNDS: u64 = 1_000_000;

/// A `repeat`.
pub(super) fn repeat(reading: &mut Reading, node: &Node) -> Option<Repeat> {
    let example = "`{ until: steps.order.status == \"shipped\", every: 30s, for: 1h, steps: [...] }`";
    let mut fields = reading.fields(node, "`repeat`", example)?;
    let span = fields.heading();
    let until = fields.need(reading, "until", "...").and_then(|n| until(reading, n));
    let every = fields.take("every").and_then(|n| reading.backoff(n));
    let for_ms = fields
        .take_or("for", &["timeout"])
        .and_then(|n| reading.some_time(n, "1h"));
    let rounds = fields.take("rounds").and_then(|n| reading.whole(n, 1, MOST_ROUNDS));
    let steps = fields.need(reading, "steps", "[ ... ]");
    let mut block = block::of_keys(reading, span, steps, fields.take_or("value", block::VALUES));
    block.refused |= steps.is_none();
    beside(reading, &mut fields, "repeat");
    fields.finish(reading);
    Some(Repeat {
        until: until?,
        every,
        for_ms,
        rounds,
        block,
    })
}

/// The condition that ends the rounds; a duration in its place is meant for `for`.
fn until(reading: &mut Reading, node: &Node) -> Option<ExpressionText> {
    if let NodeKind::Scalar(scalar) = &node.kind
        && measure::duration(&scalar.text).is_some()
    {
        let help = format!(
            "`until` is an expression that is true in the last round; how long all of it may take is `for: {}`",
            scalar.text
        );
        reading.wrong_type(node, "a condition", &help);
        return None;
    }
    Some(reading.expression(node))
}

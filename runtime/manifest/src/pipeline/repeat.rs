//! Rounds: the same steps again, until something holds.

use dragoman_model::Diagnostic;

use super::beside::beside;
use super::{Repeat, block};
use crate::codes;
use crate::measure;
use crate::reading::{Reading, plain};
use crate::said::ExpressionText;
use crate::yaml::{Entry, Node, NodeKind};

/// More rounds than this nobody waits for, and a slip of the pen is likelier.
const MOST_ROUNDS: u64 = 1_000_000;

/// A `repeat`.
pub(super) fn repeat(reading: &mut Reading, node: &Node) -> Option<Repeat> {
    let example = "`{ until: steps.order.status == \"shipped\", every: 30s, for: 1h, steps: [...] }`";
    let mut fields = reading.fields(node, "`repeat`", example)?;
    let span = fields.heading();
    let until = match fields.entries().iter().find(|entry| entry.key.value == "while") {
        Some(entry) => {
            goes_on_while(reading, entry);
            fields.explained("while");
            None
        }
        None => fields.need(reading, "until", "...").and_then(|n| until(reading, n)),
    };
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

/// `while: x`, as other languages have it: the rounds end where the opposite holds.
fn goes_on_while(reading: &mut Reading, entry: &Entry) {
    let said = plain(&entry.value).unwrap_or("...").trim_start_matches('=').trim();
    let opposite = match said.split_once(" == ") {
        Some((one, other)) if !said.contains("&&") && !said.contains("||") => format!("{one} != {other}"),
        _ => format!("'!({})'", said.replace('\'', "''")),
    };
    let message = "unknown key `while`";
    let diagnostic =
        Diagnostic::error(codes::UNKNOWN_KEY, entry.key.span.clone(), message).mark("not a key of `repeat`");
    reading.push(diagnostic.help(format!(
        "the rounds end where the opposite holds: write `until: {opposite}`"
    )));
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

//! Claims, releases and voids: what is taken, given back and closed.

use super::beside::beside;
use super::{Claim, StepKind};
use crate::fields::Fields;
use crate::reading::Reading;
use crate::said::ExpressionText;
use crate::template::refused_expression;
use crate::yaml::Node;

/// A claim; its business key and its reference are those of the step.
pub(super) fn claim(
    reading: &mut Reading,
    node: &Node,
    once: &mut Option<ExpressionText>,
    reference: &mut Option<ExpressionText>,
) -> Option<Claim> {
    let example = "`{ ledger: stock, account: steps.order.item, once: steps.order.id, lines: ..., limits: ... }`";
    let mut fields = reading.fields(node, "`claim`", example)?;
    let ledger = fields
        .need(reading, "ledger", "stock")
        .and_then(|n| reading.name(n, "_-", "stock"));
    let account = needed(reading, &mut fields, "account", "...");
    *once = Some(needed(reading, &mut fields, "once", "..."));
    *reference = fields.take("ref").map(|n| reading.expression(n));
    let lines = needed(reading, &mut fields, "lines", "...");
    let limits = needed(reading, &mut fields, "limits", "...");
    let decided = fields.take("decided").map(|n| reading.expression(n));
    let single = fields.take("single").map(|n| reading.expression(n));
    beside(reading, &mut fields, "claim");
    fields.finish(reading);
    Some(Claim {
        ledger: ledger?,
        account,
        lines,
        limits,
        decided,
        single,
    })
}

/// An expression that must be there; a refused one where it is not.
fn needed(reading: &mut Reading, fields: &mut Fields<'_>, key: &'static str, example: &str) -> ExpressionText {
    match fields.need(reading, key, example) {
        Some(node) => reading.expression(node),
        None => refused_expression(&fields.heading()),
    }
}

/// A release.
pub(super) fn release(reading: &mut Reading, node: &Node) -> Option<StepKind> {
    let mut fields = reading.fields(node, "`release`", "`{ ledger: stock, once: steps.order.id }`")?;
    let ledger = fields
        .need(reading, "ledger", "stock")
        .and_then(|n| reading.name(n, "_-", "stock"));
    let once = needed(reading, &mut fields, "once", "...");
    fields.finish(reading);
    Some(StepKind::Release { ledger: ledger?, once })
}

/// A void.
pub(super) fn void(reading: &mut Reading, node: &Node) -> Option<StepKind> {
    let mut fields = reading.fields(node, "`void`", "`void: { ref: trigger.message.order }`")?;
    let reference = needed(reading, &mut fields, "ref", "...");
    fields.finish(reading);
    Some(StepKind::Void { reference })
}

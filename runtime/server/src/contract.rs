//! Whether another version of a plugin keeps what a pipeline relies on.

use std::collections::BTreeMap;

use dragoman_model::{Code, Diagnostic};
use dragoman_plan::{Block, CallStep, Plan, Step, StepKind, place_of};
use dragoman_schema::{OperationSurface, Surface};

/// A plugin's other version offers something else than the runs in flight rely on.
pub(crate) const CONTRACT: Code = Code::new("D0937", "the plugin's other version does not keep the contract");

/// What differs in the operations of a connection that a plan uses, each at the first step that uses it. `said` is the
/// pipeline that the plan was made of.
pub(crate) fn differences(
    plan: &Plan,
    said: &dragoman_manifest::Pipeline,
    connection: &str,
    (was, now): (&Surface, &Surface),
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (operation, path) in operations(plan, connection) {
        let name = format!("{connection}.{operation}");
        let Some(before) = was.operations.get(&operation) else {
            continue;
        };
        let all = match now.operations.get(&operation) {
            None => vec![format!("`{name}` is not in version {} of {}", now.version, now.name)],
            Some(after) => of_operation(&name, before, after),
        };
        let help = format!("runs that use it stay with version {} of {}", was.version, was.name);
        let place = place_of(said, &path);
        found.extend(
            all.into_iter()
                .map(|message| Diagnostic::error(CONTRACT, place.clone(), message).help(help.clone())),
        );
    }
    found
}

fn of_operation(name: &str, was: &OperationSurface, now: &OperationSurface) -> Vec<String> {
    let mut found = Vec::new();
    if let Err(mismatch) = was.input.fits(&now.input) {
        let place = mismatch.place();
        let at = if place.is_empty() {
            String::new()
        } else {
            format!(" at `{place}`")
        };
        found.push(format!("`{name}` no longer takes what it took{at}"));
    }
    if std::mem::discriminant(&was.effect) != std::mem::discriminant(&now.effect) {
        found.push(
            format!(
                "the effect of `{name}` was {:?} and is {:?} now",
                was.effect, now.effect
            )
            .to_lowercase(),
        );
    }
    if was.undo != now.undo {
        let said = |undo: &Option<String>| undo.as_ref().map_or("nothing".to_owned(), |name| format!("`{name}`"));
        let (was, now) = (said(&was.undo), said(&now.undo));
        found.push(format!("`{name}` was undone by {was} and is undone by {now} now"));
    }
    if was.has_probe && !now.has_probe {
        found.push(format!("`{name}` can no longer be asked whether it took effect"));
    }
    found
}

/// The operations of a connection that a plan calls, each with the path of the first step that does.
fn operations(plan: &Plan, connection: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut note = |path: &str, call: &CallStep| {
        if call.connection == connection {
            found.entry(call.operation.clone()).or_insert_with(|| path.to_owned());
        }
    };
    block("", &plan.steps, &mut note);
    found
}

fn block(prefix: &str, steps: &Block, note: &mut dyn FnMut(&str, &CallStep)) {
    for step in &steps.steps {
        in_step(&format!("{prefix}{}", step.segment), step, note);
    }
}

fn in_step(path: &str, step: &Step, note: &mut dyn FnMut(&str, &CallStep)) {
    match &step.kind {
        StepKind::Call(call) => note(path, call),
        StepKind::Choose(arms) => {
            for (number, arm) in (1..).zip(arms) {
                block(&format!("{path}.arm-{number}."), &arm.block, note);
            }
        }
        StepKind::Each(each) => block(&format!("{path}[]."), &each.block, note),
        StepKind::Repeat(repeat) => block(&format!("{path}[]."), &repeat.block, note),
        StepKind::Parallel(branches) => {
            for (name, inner) in branches {
                block(&format!("{path}.{name}."), inner, note);
            }
        }
        StepKind::Try(inner) => block(&format!("{path}.steps."), inner, note),
        _ => {}
    }
    if let Some(undo) = &step.undo {
        note(path, &undo.call);
    }
    let handlers = [
        ("on_rejected", &step.on_rejected),
        ("on_refused", &step.on_refused),
        ("on_failure", &step.on_failure),
        ("on_timeout", &step.on_timeout),
    ];
    for (name, handler) in handlers {
        if let Some(handler) = handler {
            block(&format!("{path}.{name}."), handler, note);
        }
    }
}

#[cfg(test)]
mod tests {
    use dragoman_model::{Digest, OperationEffect};
    use dragoman_schema::{DescribedOperation, Descriptor};
    use serde_json::{Value, json};

    use super::*;

    fn operation(input: &Value, effect: OperationEffect, undo: Option<&str>, has_probe: bool) -> OperationSurface {
        let described = |name: &str, undo: Option<&str>| DescribedOperation {
            name: name.into(),
            summary: String::new(),
            input_schema: input.to_string(),
            output_schema: "{}".into(),
            effect,
            has_probe,
            undo: undo.map(str::to_owned),
            documents: Vec::new(),
            codes: Vec::new(),
        };
        let descriptor = Descriptor {
            name: "shop".into(),
            version: "1.0.0".into(),
            config_schema: "{}".into(),
            operations: vec![described("ship", undo), described("cancel", None)],
            ..Descriptor::default()
        };
        let (mut surface, _) = Surface::from_descriptor(Digest::of(b"shop"), descriptor).expect("a surface");
        surface.operations.remove("ship").expect("the operation")
    }

    #[test]
    fn an_operation_takes_what_it_took_and_does_what_it_did() {
        let once = || OperationEffect::Once { settle_s: None };
        let needs = |names: &[&str]| {
            json!({ "type": "object", "required": names, "additionalProperties": false,
                "properties": { "number": { "type": "string" }, "mark": { "type": "string" } } })
        };
        let was = operation(&needs(&["number"]), once(), Some("cancel"), true);
        for (now, expected) in [
            (operation(&needs(&["number"]), once(), Some("cancel"), true), ""),
            (
                operation(
                    &needs(&[]),
                    OperationEffect::Once { settle_s: Some(9) },
                    Some("cancel"),
                    true,
                ),
                "",
            ),
            (
                operation(&needs(&["number", "mark"]), once(), Some("cancel"), true),
                "`shop.ship` no longer takes what it took at `mark`",
            ),
            (
                operation(&needs(&["number"]), OperationEffect::Read, Some("cancel"), true),
                "the effect of `shop.ship` was once",
            ),
            (
                operation(&needs(&["number"]), once(), None, true),
                "`shop.ship` was undone by `cancel` and is undone by nothing now",
            ),
            (
                operation(&needs(&["number"]), once(), Some("cancel"), false),
                "`shop.ship` can no longer be asked whether it took effect",
            ),
        ] {
            let found = of_operation("shop.ship", &was, &now).join("; ");
            assert!(
                found.starts_with(expected) && found.is_empty() == expected.is_empty(),
                "{expected}: {found}"
            );
        }
    }
}

//! Which acts there are to compare: those that runs have written down, and those that the site's pipelines say.

use std::collections::BTreeSet;
use std::path::Path;

use dragoman_manifest::pipeline::{Block, Call, Pipeline, Step, StepKind};
use dragoman_model::{Value, nearest};

use crate::answer::Error;
use crate::codes::OPTION;

/// Refuses an act that nothing does. `acts`: as runs have written them down; `pipelines`: those that can be read, and
/// whether all can: a pipeline that cannot may have any act.
pub(crate) fn check(wanted: &str, acts: &[Value], pipelines: &[Pipeline], all: bool) -> Result<(), Error> {
    let mut known: BTreeSet<String> = acts.iter().filter_map(written_down).collect();
    for pipeline in pipelines {
        said(&pipeline.steps, &mut known);
    }
    if known.contains(wanted) || !all {
        return Ok(());
    }
    let names = known.iter().map(String::as_str);
    let help = match nearest(wanted, names.clone()) {
        Some(right) => format!("did you mean `{right}`?"),
        None => format!("there are {}", names.collect::<Vec<_>>().join(", ")),
    };
    Err(Error::coded(OPTION, format!("no pipeline does `{wanted}`")).help(help))
}

/// The pipelines of a folder that can be read, and whether all can.
pub(crate) fn pipelines(folder: &Path) -> (Vec<Pipeline>, bool) {
    let Ok(files) = dragoman_server::find_pipelines(folder) else {
        return (Vec::new(), false);
    };
    let (mut found, mut all) = (Vec::new(), true);
    for file in files {
        let parsed = dragoman_server::read_source(&file).ok();
        match parsed.and_then(|source| dragoman_manifest::parse_pipeline(source).0) {
            Some(pipeline) => found.push(pipeline),
            None => all = false,
        }
    }
    (found, all)
}

fn written_down(act: &Value) -> Option<String> {
    let body = &act["body"];
    match act["what"].as_str()? {
        "call" => body["operation"].as_str().map(str::to_owned),
        "claim" => body["ledger"].as_str().map(|ledger| format!("ledger:{ledger}")),
        _ => None,
    }
}

fn said(block: &Block, known: &mut BTreeSet<String>) {
    for step in &block.steps {
        step_says(step, known);
    }
}

fn step_says(step: &Step, known: &mut BTreeSet<String>) {
    match &step.kind {
        StepKind::Call(call) => drop(known.insert(operation(call))),
        StepKind::Claim(claim) => drop(known.insert(format!("ledger:{}", claim.ledger.value))),
        StepKind::Choose(arms) => arms.iter().for_each(|arm| said(&arm.block, known)),
        StepKind::Each(each) => said(&each.block, known),
        StepKind::Parallel(branches) => branches.iter().for_each(|(_, block)| said(block, known)),
        StepKind::Repeat(repeat) => said(&repeat.block, known),
        StepKind::Try(block) => said(block, known),
        _ => {}
    }
    known.extend(step.undo.as_ref().map(operation));
    let handlers = [&step.on_rejected, &step.on_refused, &step.on_failure, &step.on_timeout];
    for handler in handlers.into_iter().flatten() {
        said(&handler.block, known);
    }
}

fn operation(call: &Call) -> String {
    let name = &call.operation;
    format!("{}.{}", name.connection.value, name.operation.value)
}

#[cfg(test)]
mod tests {
    use dragoman_model::Source;
    use serde_json::json;

    use super::*;

    const TEXT: &str = "
dragoman: 1
pipeline: flow
summary: Ships.
on: [{ id: hand, manual: {} }]
steps:
  - id: lines
    each: trigger.message.lines
    as: line
    steps:
      - id: placed
        call: shop.place
        on_failure: [{ id: told, call: shop.tell }]
  - id: used
    claim: { ledger: stock, account: \"'a'\", lines: trigger.message.lines, limits: trigger.message.lines }
";

    /// Whether an act is taken, else what is said.
    fn judged(wanted: &str, all: bool) -> Option<String> {
        let (pipeline, _) = dragoman_manifest::parse_pipeline(Source::new("flow.yaml", TEXT));
        let acts = [json!({ "what": "call", "body": { "operation": "old.send" } })];
        match check(wanted, &acts, &[pipeline.expect("it is a pipeline")], all) {
            Ok(()) => None,
            Err(Error::Plain { message, help, .. }) => Some(format!("{message}; {}", help.unwrap_or_default())),
            Err(Error::Diagnostics(_)) => Some("diagnostics".into()),
        }
    }

    #[test]
    fn an_act_that_nothing_does_is_refused_with_the_nearest() {
        for right in ["shop.place", "shop.tell", "old.send", "ledger:stock"] {
            assert_eq!(judged(right, true), None, "{right}");
        }
        let told = judged("shop.plac", true).expect("it is refused");
        assert_eq!(told, "no pipeline does `shop.plac`; did you mean `shop.place`?");
        let told = judged("stock", true).expect("it is refused");
        assert!(told.contains("ledger:stock"), "{told}");
        assert_eq!(judged("shop.plac", false), None, "what cannot be read may do it");
    }
}

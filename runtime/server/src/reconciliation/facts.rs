//! The business facts of a pipeline: the steps that are to take place once, whatever happens in between.

use std::collections::BTreeMap;

use dragoman_manifest::Pipeline;
use dragoman_manifest::pipeline::{Block, Step, StepKind};

/// A step that makes a business fact: it takes from a ledger or gives back to it, makes a request under a business key, or
/// waits for an event (a receipt).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// The path of the step, without the numbers of items and rounds: `lines[].sent`.
    pub(super) path: String,
    /// What it does: `shop.send`, `claim stock`.
    pub(super) what: String,
    /// The path of the `each` step in whose items it is done; none: the run does it itself.
    pub(super) items_of: Option<String>,
}

/// All of them, in the order in which they are written. What stands in handlers is done where something went wrong, and
/// is never owed.
pub(super) fn facts(pipeline: &Pipeline) -> Vec<Fact> {
    let mut facts = Vec::new();
    block(&pipeline.steps, "", None, &mut facts);
    facts
}

fn block(said: &Block, above: &str, items_of: Option<&str>, facts: &mut Vec<Fact>) {
    let mut numbers: BTreeMap<&str, usize> = BTreeMap::new();
    for step in &said.steps {
        let number = numbers.entry(step.word.value).or_default();
        *number += 1;
        let name = match &step.id {
            Some(id) => id.value.clone(),
            None => format!("{}-{number}", step.word.value),
        };
        let path = format!("{above}{name}");
        if let Some(what) = made_by(step) {
            facts.push(Fact {
                path: path.clone(),
                what,
                items_of: items_of.map(str::to_owned),
            });
        }
        match &step.kind {
            StepKind::Each(each) => block(&each.block, &format!("{path}[]."), Some(&path), facts),
            StepKind::Repeat(repeat) => block(&repeat.block, &format!("{path}[]."), items_of, facts),
            StepKind::Try(inner) => block(inner, &format!("{path}.steps."), items_of, facts),
            StepKind::Choose(arms) => {
                for (number, arm) in (1..).zip(arms) {
                    block(&arm.block, &format!("{path}.arm-{number}."), items_of, facts);
                }
            }
            StepKind::Parallel(branches) => {
                for (name, branch) in branches {
                    block(branch, &format!("{path}.{}.", name.value), items_of, facts);
                }
            }
            _ => {}
        }
    }
}

fn made_by(step: &Step) -> Option<String> {
    Some(match &step.kind {
        StepKind::Call(call) if step.once.is_some() => {
            format!("{}.{}", call.operation.connection.value, call.operation.operation.value)
        }
        StepKind::Claim(claim) => format!("claim {}", claim.ledger.value),
        StepKind::Release { ledger, .. } => format!("release {}", ledger.value),
        StepKind::WaitEvent(wait) => format!("event {}", wait.event.value),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use dragoman_manifest::parse_pipeline;
    use dragoman_model::Source;

    use super::*;

    const TEXT: &str = "dragoman: 1
pipeline: facts
on: [{ id: hand, manual: {} }]
steps:
  - call: shop.look
  - id: paid
    call: bank.pay
    once: trigger.message.id
    on_failure: [{ id: late, call: bank.tell, once: trigger.message.id }]
  - id: lines
    each: trigger.message.lines
    as: line
    steps:
      - claim: { ledger: stock, account: line.id, lines: line.lines, limits: line.limits }
      - id: way
        choose:
          - when: line.big
            steps: [{ id: sent, call: shop.send, once: line.id }]
          - else:
              - repeat:
                  until: 'true'
                  rounds: 2
                  steps: [{ id: told, wait: { event: shop-told, key: line.id, for: 2d } }]
";

    #[test]
    fn what_takes_place_once_is_a_fact() {
        let (pipeline, _) = parse_pipeline(Source::new("p.yaml", TEXT));
        let found = facts(&pipeline.expect("it can be read"));
        let told: Vec<String> = found
            .iter()
            .map(|fact| {
                format!(
                    "{} {} {:?}",
                    fact.path,
                    fact.what,
                    fact.items_of.as_deref().unwrap_or("")
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                "paid bank.pay \"\"",
                "lines[].claim-1 claim stock \"lines\"",
                "lines[].way.arm-1.sent shop.send \"lines\"",
                "lines[].way.arm-2.repeat-1[].told event shop-told \"lines\"",
            ]
        );
    }
}

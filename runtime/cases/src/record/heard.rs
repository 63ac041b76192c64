//! Which pipelines can have heard the events of a run, and whether a run of them did.

use std::collections::BTreeSet;

use dragoman_model::{Timestamp, Value};
use dragoman_plan::TriggerKind;

use crate::bench::Bench;

/// A pipeline that hears an event of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hearer {
    /// Its name.
    pub pipeline: String,
    /// The run that emitted the event.
    by: String,
    /// When.
    at: Timestamp,
    /// Whether its runs are called as the pipeline says, and not by who emitted the event.
    keyed: bool,
}

/// The pipelines that hear what runs emitted. In: as `record_history` takes it, and the pipelines as they are now.
pub fn hearers(history: &[Value], bench: &Bench) -> Vec<Hearer> {
    let plans = (bench.build)(&bench.values).unwrap_or_default();
    let mut hearers = BTreeSet::new();
    for told in history {
        let lines = told["timeline"].as_array().into_iter().flatten();
        let emitted = lines.filter(|line| line["record"]["kind"] == "event" && line["record"]["name"] == "emitted");
        for line in emitted {
            let (Some(event), Some(by)) = (line["body"]["event"].as_str(), told["run"]["run"].as_str()) else {
                continue;
            };
            let at = line["at"].as_str().and_then(|at| Timestamp::parse(at).ok());
            let hears = |kind: &TriggerKind| match kind {
                TriggerKind::Event { name, from } => {
                    name == event
                        && from
                            .as_ref()
                            .is_none_or(|from| told["run"]["pipeline"] == from.as_str())
                }
                _ => false,
            };
            let heard = plans
                .iter()
                .filter(|plan| plan.triggers.iter().any(|trigger| hears(&trigger.kind)));
            hearers.extend(heard.map(|plan| Hearer {
                pipeline: plan.pipeline.clone(),
                by: by.to_owned(),
                at: at.unwrap_or(Timestamp::from_millis(0)),
                keyed: plan.key.is_some(),
            }));
        }
    }
    hearers.into_iter().collect()
}

impl Hearer {
    /// Whether a run, as a list has it, can be one that the event began.
    pub fn may_have_begun(&self, run: &Value) -> bool {
        let key = run["key"].as_str().unwrap_or_default();
        let key = key.strip_prefix("observed: ").unwrap_or(key);
        let began = run["began"].as_str().and_then(|at| Timestamp::parse(at).ok());
        let after = began.is_some_and(|began| began >= self.at);
        after && (self.keyed || key.starts_with(&self.by) || key.starts_with("unreadable:"))
    }

    /// Whether an event of the run began another: by its timeline with bodies.
    pub fn began(&self, timeline: &Value) -> bool {
        timeline[0]["body"]["attributes"]["run"] == self.by.as_str()
    }
}

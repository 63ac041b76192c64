//! What is counted of each pipeline.

use std::collections::BTreeMap;

use dragoman_model::Value;
use serde_json::json;

use super::facts::Fact;
use super::unit::{Far, Unit};
use crate::view;

/// Of all pipelines.
#[derive(Default)]
pub(super) struct Figures {
    pipelines: BTreeMap<String, OfPipeline>,
}

/// Of one.
#[derive(Default)]
struct OfPipeline {
    taken: usize,
    observed: usize,
    statuses: BTreeMap<&'static str, usize>,
    /// In the order of the newest version.
    facts: Vec<(Fact, OfFact)>,
}

/// How often a fact is so far.
#[derive(Default)]
struct OfFact {
    done: usize,
    undone: usize,
    in_doubt: usize,
    owed: usize,
    not_done: usize,
}

impl Figures {
    /// Counts a run, or the run of an item.
    pub(super) fn count(&mut self, unit: &Unit, of_pipeline: &[Fact]) {
        let pipeline = self.pipelines.entry(unit.summary.pipeline.clone()).or_default();
        for fact in of_pipeline {
            if !pipeline.facts.iter().any(|(known, _)| known.path == fact.path) {
                pipeline.facts.push((fact.clone(), OfFact::default()));
            }
        }
        let origin = unit.state.origin.as_ref();
        if origin.is_some_and(|origin| origin.of_item().is_none()) {
            pipeline.taken += 1;
            *pipeline.statuses.entry(view::status(&unit.summary)).or_default() += 1;
        }
        if origin.is_some_and(|origin| origin.observe) {
            pipeline.observed += 1;
            return;
        }
        for (fact, far) in &unit.facts {
            let Some((_, counts)) = pipeline.facts.iter_mut().find(|(known, _)| known.path == fact.path) else {
                continue;
            };
            let counter = match far {
                Far::Done => &mut counts.done,
                Far::Undone => &mut counts.undone,
                Far::InDoubt => &mut counts.in_doubt,
                Far::Owed => &mut counts.owed,
                Far::NotDone => &mut counts.not_done,
                Far::NotCalledFor => continue,
            };
            *counter += 1;
        }
    }

    /// How many runs were taken.
    pub(super) fn taken(&self) -> usize {
        self.pipelines.values().map(|pipeline| pipeline.taken).sum()
    }

    /// `[{ pipeline, taken, completed.., facts: [{ step, what, done, undone, in_doubt, owed, not_done }] }]`.
    pub(super) fn to_json(&self) -> Value {
        let fact = |(fact, counts): &(Fact, OfFact)| {
            json!({
                "step": fact.path, "what": fact.what, "done": counts.done, "undone": counts.undone,
                "in_doubt": counts.in_doubt, "owed": counts.owed, "not_done": counts.not_done,
            })
        };
        let pipeline = |(name, figures): (&String, &OfPipeline)| {
            json!({
                "pipeline": name, "taken": figures.taken, "observed": figures.observed,
                "statuses": figures.statuses, "facts": figures.facts.iter().map(fact).collect::<Vec<_>>(),
            })
        };
        self.pipelines.iter().map(pipeline).collect()
    }
}

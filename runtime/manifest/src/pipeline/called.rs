//! Pipelines that run others: the word `run`, which pipelines a text runs, and which events it emits.

use std::collections::BTreeSet;

use super::{Block, Pipeline, Run, Step, StepKind, slips};
use crate::fields::Fields;
use crate::reading::Reading;
use crate::said::Template;
use crate::yaml::Node;
use crate::{Spanned, own_words};

/// A `run`: the pipeline, and `with` and `key` beside it.
pub(super) fn run(reading: &mut Reading, fields: &mut Fields<'_>, node: &Node) -> Option<Run> {
    let with = match slips::members(reading, fields, "run", "with") {
        Some((members, span)) => Some(Template::Object(members, span)),
        None => fields.take("with").map(|n| reading.template(n)),
    };
    let key = fields.take("key").map(|n| reading.expression(n));
    if let Some(name) = own_words::value_of(node, &["pipeline", "name", "id"], own_words::is_name) {
        let help = format!("write the name alone: `run: {name}`; `with` and `key` stand beside it");
        reading.wrong_type(node, "text", &help);
        return None;
    }
    let pipeline = reading.name(node, "_-", "restock")?;
    Some(Run { pipeline, with, key })
}

impl Pipeline {
    /// The pipelines that its steps run, where they are named, in the order of the text.
    pub fn runs(&self) -> Vec<&Spanned<String>> {
        let mut found = Vec::new();
        of_block(&self.steps, &mut found);
        found
    }
}

impl Pipeline {
    /// The events that its steps emit, where they are named.
    pub fn emits(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        emitted(&self.steps, &mut found);
        found
    }
}

fn emitted(block: &Block, found: &mut BTreeSet<String>) {
    for step in &block.steps {
        if let StepKind::Emit(emit) = &step.kind {
            found.insert(emit.event.value.clone());
        }
        step.blocks().into_iter().for_each(|inner| emitted(inner, found));
    }
}

fn of_block<'a>(block: &'a Block, found: &mut Vec<&'a Spanned<String>>) {
    for step in &block.steps {
        if let StepKind::Run(run) = &step.kind {
            found.push(&run.pipeline);
        }
        step.blocks().into_iter().for_each(|inner| of_block(inner, found));
    }
}

impl Step {
    /// The blocks inside it, its handlers last.
    pub fn blocks(&self) -> Vec<&Block> {
        let mut blocks: Vec<&Block> = Vec::new();
        match &self.kind {
            StepKind::Choose(arms) => blocks.extend(arms.iter().map(|arm| &arm.block)),
            StepKind::Each(each) => blocks.push(&each.block),
            StepKind::Parallel(branches) => blocks.extend(branches.iter().map(|(_, block)| block)),
            StepKind::Repeat(repeat) => blocks.push(&repeat.block),
            StepKind::Try(block) => blocks.push(block),
            _ => {}
        }
        let handlers = [&self.on_rejected, &self.on_refused, &self.on_failure, &self.on_timeout];
        blocks.extend(handlers.into_iter().flatten().map(|handler| &handler.block));
        blocks
    }
}

//! Events that begin each other for ever: a pipeline that always emits what begins it again, alone or by way of others.

use std::collections::BTreeMap;

use dragoman_manifest::pipeline::{Block, StepKind, TriggerKind};
use dragoman_manifest::{Pipeline, Spanned};
use dragoman_model::Diagnostic;

use crate::codes;

/// What a pipeline hands to the site in each of its runs, whatever its message says, in the order of its text.
///
/// Only what stands in every way is named: nothing under a `when`, in an arm, for items or in a handler, and nothing
/// behind a step that may end the run, or lets it wait. A pipeline with a `key` is begun once for each key, which may
/// end the circle.
fn always(pipeline: &Pipeline) -> Vec<&Spanned<String>> {
    let mut found = Vec::new();
    if pipeline.key.is_none() {
        every_way(&pipeline.steps, &mut found);
    }
    found
}

/// Adds what a block always emits; whether the run always goes on behind it, at once.
fn every_way<'a>(block: &'a Block, found: &mut Vec<&'a Spanned<String>>) -> bool {
    block.steps.iter().all(|step| {
        let conditional = step.when.is_some();
        match &step.kind {
            StepKind::Emit(emit) if !conditional => found.push(&emit.event),
            StepKind::Try(inner) if !conditional => return every_way(inner, found),
            StepKind::Parallel(branches) if !conditional => {
                return branches.iter().all(|(_, branch)| every_way(branch, found));
            }
            _ => {}
        }
        !may_stay(step)
    })
}

/// Whether a run may end or wait in a step.
fn may_stay(step: &dragoman_manifest::pipeline::Step) -> bool {
    let stays = matches!(
        step.kind,
        StepKind::Stop { .. }
            | StepKind::Park { .. }
            | StepKind::Fail { .. }
            | StepKind::Wait(_)
            | StepKind::WaitEvent(_)
            | StepKind::Sleep(_)
            | StepKind::Repeat(_)
            | StepKind::Claim(_)
            | StepKind::Refused
    );
    stays || step.blocks().iter().any(|block| block.steps.iter().any(may_stay))
}

/// Whether a pipeline is begun by an event of another one.
fn hears(pipeline: &Pipeline, event: &str, emitter: &str) -> bool {
    pipeline.triggers.iter().any(|trigger| match &trigger.kind {
        TriggerKind::Event { name, from } => {
            name.value == event && from.as_ref().is_none_or(|from| from.value == emitter)
        }
        _ => false,
    })
}

/// The event of a pipeline that always begins it again; none where there is none.
pub(crate) fn alone(pipeline: &Pipeline) -> Option<Diagnostic> {
    let name = &pipeline.name.value;
    let mut emitted = always(pipeline).into_iter();
    let event = emitted.find(|event| hears(pipeline, &event.value, name))?;
    let message = format!(
        "`{}` begins this pipeline again each time: this has no end",
        event.value
    );
    Some(told(event, message))
}

fn told(event: &Spanned<String>, message: String) -> Diagnostic {
    Diagnostic::error(codes::ECHO, event.span.clone(), message)
        .help("write a `when` beside `emit`, so that it ends, or a `key` at the top, so that one key begins one run")
}

/// Each circle of several pipelines that always begin each other, told where it is closed.
pub(crate) fn circles(pipelines: &[&Pipeline]) -> Vec<Diagnostic> {
    let emitted: Vec<Vec<&Spanned<String>>> = pipelines.iter().map(|pipeline| always(pipeline)).collect();
    let mut found = Vec::new();
    let mut told_of = vec![false; pipelines.len()];
    for begin in 0..pipelines.len() {
        if told_of[begin] {
            continue;
        }
        let Some(way) = way_back(begin, pipelines, &emitted) else {
            continue;
        };
        let names: Vec<String> = way
            .iter()
            .map(|(at, _)| format!("`{}`", pipelines[*at].name.value))
            .collect();
        let (Some((_, last)), Some(first)) = (way.last(), names.first()) else {
            continue;
        };
        let message = format!(
            "{} begins {first} again each time: this has no end",
            names.join(" begins ")
        );
        let mut diagnostic = told(last, message);
        for (at, event) in &way[..way.len() - 1] {
            let label = format!("`{}` always emits this", pipelines[*at].name.value);
            diagnostic = diagnostic.label(event.span.clone(), label);
        }
        way.iter().for_each(|(at, _)| told_of[*at] = true);
        found.push(diagnostic);
    }
    found
}

/// The shortest way from a pipeline by way of others back to itself: each with the event that begins the next.
fn way_back<'a>(
    begin: usize,
    pipelines: &[&Pipeline],
    emitted: &[Vec<&'a Spanned<String>>],
) -> Option<Vec<(usize, &'a Spanned<String>)>> {
    let mut from: BTreeMap<usize, (usize, &Spanned<String>)> = BTreeMap::new();
    let mut next = std::collections::VecDeque::from([begin]);
    while let Some(at) = next.pop_front() {
        let name = &pipelines[at].name.value;
        for event in &emitted[at] {
            for other in (0..pipelines.len()).filter(|other| hears(pipelines[*other], &event.value, name)) {
                if other == begin && at != begin {
                    let mut way = vec![(at, *event)];
                    while let Some((before, event)) = way.last().and_then(|(at, _)| from.get(at)) {
                        way.push((*before, event));
                    }
                    way.reverse();
                    return Some(way);
                }
                if other != begin && !from.contains_key(&other) {
                    from.insert(other, (at, event));
                    next.push_back(other);
                }
            }
        }
    }
    None
}

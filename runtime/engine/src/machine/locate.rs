//! From a path to the step of the plan that it names.

use dragoman_plan::{Block, Plan, Step, StepKind};

use super::group::BODY;
use super::scope::Round;

/// The segments under which handlers walk.
const HANDLERS: [&str; 4] = ["on_rejected", "on_refused", "on_failure", "on_timeout"];

/// The step at a path; none: the plan has no such step.
pub fn step_at<'a>(plan: &'a Plan, path: &str) -> Option<&'a Step> {
    locate(plan, path).map(|place| place.step)
}

/// The block that the children of the `each` step at a path walk.
pub fn block_of<'a>(plan: &'a Plan, path: &str) -> Option<&'a Block> {
    match &step_at(plan, path)?.kind {
        StepKind::Each(each) => Some(&each.block),
        _ => None,
    }
}

/// A step, and what is open around it.
pub(super) struct Place<'a> {
    /// The step.
    pub(super) step: &'a Step,
    /// The lengths of the path's beginnings that are open blocks there.
    pub(super) frames: Vec<usize>,
    /// The rounds of the `repeat` steps around it, without what the rounds before them gave.
    pub(super) rounds: Vec<Round>,
}

/// The step at a path, and what is open around it.
pub(super) fn locate<'a>(plan: &'a Plan, path: &str) -> Option<Place<'a>> {
    let mut block = &plan.steps;
    let mut frames = vec![0];
    let mut rounds = Vec::new();
    let mut at = 0;
    let mut segments = path.split('.');
    loop {
        let segment = segments.next()?;
        at += segment.len() + 1;
        let (name, index) = match segment.split_once('[') {
            Some((name, index)) => (name, Some(index.trim_end_matches(']'))),
            None => (segment, None),
        };
        let step = block.steps.iter().find(|step| step.segment == name)?;
        if at > path.len() {
            return Some(Place { step, frames, rounds });
        }
        block = if let Some(index) = index {
            match &step.kind {
                StepKind::Each(each) => {
                    // A child sees its own block and what it was given, not the blocks around it.
                    frames.clear();
                    rounds.clear();
                    &each.block
                }
                StepKind::Repeat(repeat) => {
                    rounds.push(Round::new(index.parse().ok()?, None));
                    &repeat.block
                }
                _ => return None,
            }
        } else {
            let inner = segments.next()?;
            at += inner.len() + 1;
            inner_block(step, inner)?
        };
        frames.push(at);
    }
}

fn inner_block<'a>(step: &'a Step, segment: &str) -> Option<&'a Block> {
    match segment {
        "on_rejected" => return step.on_rejected.as_ref(),
        "on_refused" => return step.on_refused.as_ref(),
        "on_failure" => return step.on_failure.as_ref(),
        "on_timeout" => return step.on_timeout.as_ref(),
        _ => {}
    }
    match &step.kind {
        StepKind::Choose(arms) => {
            let number: usize = segment.strip_prefix("arm-")?.parse().ok()?;
            arms.get(number.checked_sub(1)?).map(|arm| &arm.block)
        }
        StepKind::Parallel(branches) => branches
            .iter()
            .find(|(name, _)| name == segment)
            .map(|(_, block)| block),
        StepKind::Try(block) => (segment == BODY).then_some(block),
        _ => None,
    }
}

/// Whether what stands below a step, at the rest of its path, was done to handle or to undo that step.
pub(super) fn is_aside(rest: &str) -> bool {
    let first = rest.split('.').next().unwrap_or_default();
    first == "undo" || HANDLERS.contains(&first)
}

/// The step whose handler holds the step at a path; the path itself where no handler does.
pub fn handled_step(path: &str) -> &str {
    let mut at = 0;
    for segment in path.split('.') {
        if at > 0 && HANDLERS.contains(&segment) {
            return &path[..at - 1];
        }
        at += segment.len() + 1;
    }
    path
}

//! Whether a run can go on with another version of its pipeline: all that it has reached must mean the same in both.
//!
//! In: the state of a run, the plan that it is pinned to, another plan. Out: what is in the way, step by step. Pure.
//!
//! A replay on another plan gives the same state, because the fold of the entries knows no plan. What is computed anew,
//! because nothing was written of it (a `set`, an arm that was chosen, a step that was skipped), must come out as it did:
//! where something stands behind it, its text must be the same.

use std::collections::BTreeSet;

use dragoman_journal::Parent;
use dragoman_model::Value;
use dragoman_plan::{Block, EachStep, Plan, Step, StepKind};

use super::given;
use super::locate::{block_of, step_at};
use super::progress::{End, Progress};
use super::same;
use super::state::State;

/// Something that keeps a run from going on with another version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Hindrance {
    /// The step, by its path in the run; empty where it is about the run as a whole.
    pub path: String,
    /// What differs, lower-case, without a full stop.
    pub reason: String,
}

/// What keeps a run from going on with another plan; nothing: it can. `site` has the values of the site as they are now,
/// with which the new plan was checked.
pub fn hindrances(state: &State, old: &Plan, new: &Plan, site: &Value) -> Vec<Hindrance> {
    let mut comparison = Comparison {
        state,
        reached: reached(state),
        found: Vec::new(),
    };
    comparison.run(old, new, site);
    comparison.found.sort();
    comparison.found.dedup();
    comparison.found
}

/// The steps of which something was written, and all that stands around them.
fn reached(state: &State) -> BTreeSet<String> {
    let parked = state.parked.iter().map(|parking| parking.path.as_str());
    let mut reached = BTreeSet::new();
    for path in state.steps().map(|(path, _)| path).chain(parked) {
        let ends = path.match_indices(['.', '[']).map(|(at, _)| at);
        reached.extend(ends.chain([path.len()]).map(|end| path[..end].to_owned()));
        // A round or an item has a name of its own: `poll[3]`.
        let closed = path.match_indices(']').map(|(at, _)| at + 1);
        reached.extend(closed.map(|end| path[..end].to_owned()));
    }
    reached
}

fn each_of(step: Option<&Step>) -> Option<&EachStep> {
    match &step?.kind {
        StepKind::Each(each) => Some(each),
        _ => None,
    }
}

/// Two plans, compared as far as a run has come.
pub(super) struct Comparison<'a> {
    pub(super) state: &'a State,
    reached: BTreeSet<String>,
    found: Vec<Hindrance>,
}

impl Comparison<'_> {
    pub(super) fn hinder(&mut self, path: &str, reason: impl Into<String>) {
        self.found.push(Hindrance {
            path: path.to_owned(),
            reason: reason.into(),
        });
    }

    pub(super) fn is_reached(&self, path: &str) -> bool {
        self.reached.contains(path)
    }

    fn run(&mut self, old: &Plan, new: &Plan, site: &Value) {
        let Some(origin) = &self.state.origin else {
            return self.hinder("", "nothing is known of the run's beginning");
        };
        if new.observe && !old.observe && !origin.observe {
            self.hinder("", "the new version only observes, and the run has begun to act");
        }
        self.trigger(old, new, &origin.roots["trigger"], origin.of_item());
        self.site(new, &origin.roots["site"], site);
        let Some(parent) = origin.of_item() else {
            return self.block("", &old.steps, &new.steps, false);
        };
        self.items_around(old, new, &parent.path);
        let prefix = format!("{}[{}].", parent.path, parent.index);
        match (block_of(old, &parent.path), block_of(new, &parent.path)) {
            (Some(was), Some(now)) => self.block(&prefix, was, now, false),
            _ => self.hinder(
                &parent.path,
                "the run works on an item of it, and the new version does not have it",
            ),
        }
    }

    /// The message was read under one trigger, whose shape is what expressions rely on.
    fn trigger(&mut self, old: &Plan, new: &Plan, about: &Value, item: Option<&Parent>) {
        let id = about["id"].as_str().unwrap_or_default();
        let Some(trigger) = new.triggers.iter().find(|trigger| trigger.id == id) else {
            return self.hinder(
                "",
                format!("the run began by the trigger `{id}`, which the new version does not have"),
            );
        };
        let known = old.triggers.iter().find(|trigger| trigger.id == id);
        if known.is_some_and(|known| known.message == trigger.message) {
            return;
        }
        let message = about.get("message").unwrap_or(&Value::Null);
        let refusal = match item {
            None => trigger.message.refusal(message),
            Some(parent) => match [step_at(old, &parent.path), step_at(new, &parent.path)].map(each_of) {
                [Some(was), Some(now)] => given::refusal(was, now, &trigger.message, message),
                // That it has another step there is told with the steps.
                _ => None,
            },
        };
        if let Some((place, expected)) = refusal {
            let place = if place.is_empty() {
                String::new()
            } else {
                format!(" at `{place}`")
            };
            self.hinder(
                "",
                format!("the run's message is not one that the new version takes: {expected} is expected{place}"),
            );
        }
    }

    /// A run has the values of the site with which it began.
    fn site(&mut self, new: &Plan, began_with: &Value, now: &Value) {
        for (name, value) in now.as_object().into_iter().flatten() {
            let used = new.text.contains(&format!("site.{name}"));
            if used && !same::is_alike(began_with.get(name), value) {
                let reason =
                    format!("the run began without the value `site.{name}` as it is now, which the new version uses");
                self.hinder("", reason);
            }
        }
    }

    /// The names of items that a run sees are those that it was given.
    fn items_around(&mut self, old: &Plan, new: &Plan, path: &str) {
        let ends = path.match_indices('[').map(|(at, _)| at).chain([path.len()]);
        for above in ends.map(|end| &path[..end]) {
            let (Some(was), Some(now)) = (step_at(old, above), step_at(new, above)) else {
                continue;
            };
            if let (StepKind::Each(each), StepKind::Each(new)) = (&was.kind, &now.kind) {
                self.named(above, each, new);
                if above == path && was.shape != now.shape {
                    self.hinder(above, "what it gives for an item has another form");
                }
            }
        }
    }

    /// Compares the steps of a block up to the last one that was reached; where the block was `passed`, all of them.
    pub(super) fn block(&mut self, prefix: &str, was: &Block, now: &Block, passed: bool) {
        let at_step = |step: &Step| format!("{prefix}{}", step.segment);
        let last = was.steps.iter().rposition(|step| self.is_reached(&at_step(step)));
        let reached = if passed {
            was.steps.len()
        } else {
            last.map_or(0, |at| at + 1)
        };
        for (at, step) in was.steps[..reached].iter().enumerate() {
            let path = at_step(step);
            match now.steps.get(at) {
                Some(other) if other.segment == step.segment => {
                    self.step(&path, step, other, passed || at + 1 < reached);
                }
                Some(other) if now.steps.iter().any(|one| one.segment == step.segment) => {
                    let reason = format!(
                        "it stands before `{}`, which the run has reached, and did not before",
                        step.segment
                    );
                    return self.hinder(&at_step(other), reason);
                }
                _ => return self.hinder(&path, "the run has reached it, and the new version does not have it"),
            }
        }
        if let Some(more) = now.steps.get(reached).filter(|_| passed) {
            self.hinder(
                &at_step(more),
                "it is new, and the run has passed the place where it stands",
            );
        }
    }

    /// A block whose value counts again, because the step around it writes nothing of its own.
    pub(super) fn block_with_value(&mut self, prefix: &str, was: &Block, now: &Block, passed: bool) {
        self.block(prefix, was, now, passed);
        if passed && !same::optional(was.value.as_ref(), now.value.as_ref(), same::template) {
            let path = prefix.trim_end_matches('.');
            self.hinder(path, "the run has passed it, and its `value` is another one");
        }
    }

    fn step(&mut self, path: &str, was: &Step, now: &Step, passed: bool) {
        let (word, other) = (same::word(&was.kind), same::word(&now.kind));
        if word != other {
            return self.hinder(
                path,
                format!("the run has reached it as a `{word}`, and it is a `{other}` now"),
            );
        }
        let own = self.state.step(path);
        // Of a step that has written something nobody asks again whether it is taken.
        if own.is_none() && !same::expressions(was.when.as_ref(), now.when.as_ref()) {
            self.hinder(
                path,
                "the run has decided whether it is taken, and its `when` is another one",
            );
        }
        self.kind(path, was, now, passed);
        self.undo(path, was, now);
        self.handlers(path, was, now, passed);
        if let Some(Progress {
            end: Some(End::Done(Some(output))),
            ..
        }) = own
            && was.shape != now.shape
            && let Some((place, expected)) = now.shape.refusal(output)
        {
            let place = if place.is_empty() {
                String::new()
            } else {
                format!(" at `{place}`")
            };
            self.hinder(
                path,
                format!("what it gave is not what the new version reads: {expected} is expected{place}"),
            );
        }
    }

    /// What was done must not lose its undo, and one that has begun is brought to its end.
    fn undo(&mut self, path: &str, was: &Step, now: &Step) {
        let begun = self.state.step(&format!("{path}.undo")).is_some();
        match (&was.undo, &now.undo) {
            (Some(_), None) if self.state.step(path).is_some() => {
                self.hinder(
                    path,
                    "what it does could no longer be undone: the new version has no `undo` for it",
                );
            }
            (Some(was), Some(now)) if begun => self.call(&format!("{path}.undo"), &was.call, &now.call),
            _ => {}
        }
    }

    /// Handlers that were entered; where the step was passed after a failure, one of them gave its value.
    fn handlers(&mut self, path: &str, was: &Step, now: &Step, passed: bool) {
        let pairs = [
            ("on_rejected", &was.on_rejected, &now.on_rejected),
            ("on_refused", &was.on_refused, &now.on_refused),
            ("on_failure", &was.on_failure, &now.on_failure),
            ("on_timeout", &was.on_timeout, &now.on_timeout),
        ];
        let entered = pairs
            .iter()
            .any(|(name, ..)| self.is_reached(&format!("{path}.{name}")));
        let failed = self.state.step(path).is_some_and(|own| own.end == Some(End::Failed));
        if !(entered || passed && failed) {
            return;
        }
        for (name, was, now) in pairs {
            match (was, now) {
                (Some(was), Some(now)) => self.block_with_value(&format!("{path}.{name}."), was, now, passed && failed),
                (None, None) => {}
                _ => self.hinder(
                    path,
                    format!("it has failed, and its `{name}` was there in one version only"),
                ),
            }
        }
    }
}

//! Replaying a parked run from a step that it has reached: what is set aside for that, and where it is refused.
//!
//! **Invariant.** What took effect is not done a second time: a step with a business key takes the recorded result, an
//! idempotent one is asked again under the key that it had, and before any other the replay is refused.

use dragoman_model::{Actor, Effect, Failure, OperationEffect, Timestamp, Value};
use dragoman_plan::{Block, CallStep, Plan, Step, StepKind};
use serde_json::json;

use super::call::own_key;
use super::event::Act;
use super::locate::{block_of, handled_step, is_aside, locate, step_at};
use super::progress::{End, Progress, Request};
use super::retry::key_lives;
use super::same::word;
use super::state::{State, is_below};
use super::walk::Walk;

/// The code of a step that would be done otherwise than before a replay.
const OTHERWISE: &str = "replay.conflict";

/// What becomes of a step that a replay sets aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redo {
    /// It is computed, read or asked anew; nothing outside was changed by it.
    Anew,
    /// Nothing is known of its effect: the other side is asked first.
    Asked,
    /// It took effect: it is asked again under the same idempotency key.
    SameKey(String),
    /// It had no effect: it is asked again under this other key.
    NewKey(String),
    /// It took effect: its recorded result is taken by its business key.
    Joined(String),
}

/// A step that a replay sets aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    /// Its path.
    pub path: String,
    /// Its word: `call`, `claim`, `wait for a person` ...
    pub word: &'static str,
    /// Connection and operation, of a call.
    pub operation: Option<String>,
    /// What it does outside, of a call.
    pub effect: Option<OperationEffect>,
    /// What becomes of it.
    pub redo: Redo,
}

/// A replay that can be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// The step from which it goes; its whole path.
    pub from: String,
    /// What is set aside, by path.
    pub aside: Vec<Aside>,
    /// Steps whose results are kept, by path.
    pub kept: Vec<String>,
}

/// What a replay would set aside. `from`: none is the step that parked the run.
///
/// # Errors
/// Why it cannot be done, for people; lower-case, without a full stop.
pub fn replay(plan: &Plan, state: &State, from: Option<&str>, new_key: bool, now: Timestamp) -> Result<Replay, String> {
    let Some(parking) = &state.parked else {
        return Err("it is not parked".into());
    };
    if state.undo.is_some() || state.has_begun_undo() {
        return Err("what it did is being undone; resume it, or give it up".into());
    }
    let prefix = prefix_of(state);
    let from = match from {
        Some(from) if from.starts_with(&prefix) => from.to_owned(),
        Some(from) => format!("{prefix}{from}"),
        None => handled_step(&parking.path).to_owned(),
    };
    if from.is_empty() {
        return Err("it is parked as a whole, and not at a step: say from which step it is to go".into());
    }
    let replaying = Replaying {
        plan,
        state,
        now,
        from: &from,
    };
    let paths = replaying.paths(&prefix)?;
    let mut aside = Vec::with_capacity(paths.len());
    for path in paths {
        aside.push(replaying.aside(path, new_key)?);
    }
    if new_key {
        replaying.may_have_a_new_key()?;
    }
    let kept = |(path, step): &(&str, &Progress)| {
        matches!(step.end, Some(End::Done(_))) && !aside.iter().any(|one| one.path == *path)
    };
    let mut kept: Vec<String> = state.steps().filter(kept).map(|(path, _)| path.to_owned()).collect();
    kept.sort();
    Ok(Replay { from, aside, kept })
}

/// What the paths of the run's own steps begin with.
pub(super) fn prefix_of(state: &State) -> String {
    let parent = state.origin.as_ref().and_then(|origin| origin.of_item());
    parent.map_or_else(String::new, |parent| format!("{}[{}].", parent.path, parent.index))
}

struct Replaying<'a> {
    plan: &'a Plan,
    state: &'a State,
    now: Timestamp,
    from: &'a str,
}

impl Replaying<'_> {
    /// The steps of which something was written, from the chosen one on in the order of the plan, and what was written of
    /// the steps around it and in their handlers.
    fn paths(&self, prefix: &str) -> Result<Vec<String>, String> {
        let parent = self.state.origin.as_ref().and_then(|origin| origin.of_item());
        let block = match parent {
            None => Some(&self.plan.steps),
            Some(parent) => block_of(self.plan, &parent.path),
        };
        let (Some(block), Some(place)) = (block, locate(self.plan, self.from)) else {
            return Err(self.unknown(block));
        };
        if handled_step(self.from) != self.from || self.from.ends_with(".undo") {
            let handled = handled_step(self.from);
            return Err(format!("`{}` handles `{handled}`: replay from `{handled}`", self.from));
        }
        if !place.rounds.is_empty() {
            let around = self.from.split('[').next().unwrap_or_default();
            return Err(format!("`{}` stands in a round: replay from `{around}`", self.from));
        }
        let mut later = Vec::new();
        let mut around = Vec::new();
        self.collect(block, prefix, &mut later, &mut around);
        let is_meant = |path: &str| {
            let in_handler = |above: &String| {
                path == above || is_below(path, above) && is_aside(path[above.len()..].trim_start_matches('.'))
            };
            later.iter().any(|one| path == one || is_below(path, one)) || around.iter().any(in_handler)
        };
        let mut paths: Vec<String> = self
            .state
            .steps()
            .map(|(path, _)| path)
            .filter(|path| is_meant(path))
            .map(str::to_owned)
            .collect();
        paths.sort_by_key(|path| (self.state.step(path).map(|step| step.ended_seq), path.clone()));
        let parked = self.state.parked.as_ref().map_or("", |parking| parking.path.as_str());
        let reached = !paths.is_empty() || is_meant(parked) || parked.is_empty();
        if !reached {
            return Err(format!("the run has not come to `{}` yet", self.from));
        }
        Ok(paths)
    }

    fn unknown(&self, block: Option<&Block>) -> String {
        let names: Vec<&str> = block
            .into_iter()
            .flat_map(|block| &block.steps)
            .map(|s| s.segment.as_str())
            .collect();
        format!("it has no step `{}`; its steps are {}", self.from, names.join(", "))
    }

    /// The chosen step with those behind it, block by block from the outermost; and the steps around it.
    fn collect(&self, block: &Block, prefix: &str, later: &mut Vec<String>, around: &mut Vec<String>) {
        let Some(rest) = self.from.strip_prefix(prefix) else {
            return;
        };
        let first = rest.split('.').next().unwrap_or_default();
        let Some(at) = block.steps.iter().position(|step| step.segment == first) else {
            return;
        };
        later.extend(
            block.steps[at + 1..]
                .iter()
                .map(|step| format!("{prefix}{}", step.segment)),
        );
        let path = format!("{prefix}{first}");
        if path == self.from {
            return later.push(path);
        }
        let inner = rest
            .get(first.len() + 1..)
            .and_then(|rest| rest.split('.').next())
            .unwrap_or_default();
        let below = format!("{path}.{inner}.");
        if let Some(block) = inner_block(&block.steps[at], inner) {
            self.collect(block, &below, later, around);
        }
        around.push(path);
    }

    /// What becomes of a step that is set aside.
    fn aside(&self, path: String, new_key: bool) -> Result<Aside, String> {
        let (Some(step), Some(progress)) = (step_at(self.plan, &path), self.state.step(&path)) else {
            return Err(format!("`{path}` is not in its pipeline"));
        };
        if progress.begun > 0 {
            return Err(format!(
                "`{path}` has begun runs of its own, and those stand: replay these, or replay from a step behind it"
            ));
        }
        let done = matches!(progress.end, Some(End::Done(_)));
        let redo = match &step.kind {
            _ if progress.is_uncertain() => Redo::Asked,
            StepKind::Call(call) => self.call(&path, call, progress, new_key)?,
            StepKind::Claim(_) => match &progress.claim {
                Some(claim) => Redo::Joined(claim.once.key.clone()),
                None => Redo::Anew,
            },
            StepKind::Emit(_) if done => return Err(stands(&path, "it has handed an event to the site")),
            StepKind::WaitEvent(_) if done => return Err(stands(&path, "the event that it waited for has come")),
            StepKind::Void { .. } if progress.voided => return Err(stands(&path, "it has closed a reference for all")),
            StepKind::Reply(_) if done => return Err(stands(&path, "it has answered the sender")),
            StepKind::Release { .. } if done => return Err(stands(&path, "it has given a claim back")),
            StepKind::Repeat(repeat) if progress.round > 0 && !is_harmless(&repeat.block) => {
                return Err(stands(
                    &path,
                    "its rounds have done things that are not known one by one any more",
                ));
            }
            _ => Redo::Anew,
        };
        let call = match &step.kind {
            StepKind::Call(call) => Some(call),
            _ => None,
        };
        Ok(Aside {
            word: word(&step.kind),
            operation: call.map(super::call::operation),
            effect: call.map(|call| call.effect),
            path,
            redo,
        })
    }

    fn call(&self, path: &str, call: &CallStep, progress: &Progress, new_key: bool) -> Result<Redo, String> {
        let keys = progress.keys;
        let Some(request) = took_effect(progress) else {
            return Ok(if new_key && path == self.from {
                Redo::NewKey(own_key(self.state.run, path, keys + 1))
            } else {
                Redo::Anew
            });
        };
        if let Some(once) = &request.once {
            return Ok(Redo::Joined(once.key.clone()));
        }
        if !is_repeatable(call, progress, self.now) {
            let operation = super::call::operation(call);
            let why = match call.effect {
                OperationEffect::Idempotent { .. } => "the other side does not honour its key any more",
                _ => "it has no business key (`once`) and is not idempotent",
            };
            return Err(format!(
                "`{path}` ({operation}) took effect and cannot be asked again safely: {why}; replay from a step behind it"
            ));
        }
        Ok(Redo::SameKey(progress.key.clone()))
    }

    /// Another key is for what is known to have had no effect.
    fn may_have_a_new_key(&self) -> Result<(), String> {
        let Some(Step {
            kind: StepKind::Call(_),
            once,
            ..
        }) = step_at(self.plan, self.from)
        else {
            return Err(format!("`{}` sends nothing that has a key", self.from));
        };
        if once.is_some() {
            return Err(format!(
                "the key of `{}` is that of its business key (`once`), over all runs; it has no other",
                self.from
            ));
        }
        let Some(progress) = self.state.step(self.from) else {
            return Ok(());
        };
        if took_effect(progress).is_some() {
            return Err(format!(
                "`{}` took effect under its key: another one would do it twice",
                self.from
            ));
        }
        if progress.is_uncertain() {
            return Err(format!(
                "whether `{}` took effect is not known: replay it under its key, or say that it had none (`runs absent`)",
                self.from
            ));
        }
        Ok(())
    }
}

fn stands(path: &str, why: &str) -> String {
    format!("`{path}` cannot be done again: {why}; replay from a step behind it")
}

fn inner_block<'a>(step: &'a Step, segment: &str) -> Option<&'a Block> {
    match &step.kind {
        StepKind::Choose(arms) => {
            let number: usize = segment.strip_prefix("arm-")?.parse().ok()?;
            arms.get(number.checked_sub(1)?).map(|arm| &arm.block)
        }
        StepKind::Parallel(branches) => branches
            .iter()
            .find(|(name, _)| name == segment)
            .map(|(_, block)| block),
        StepKind::Try(block) => Some(block),
        _ => None,
    }
}

/// What a step sent that took effect, in this run or before a replay.
fn took_effect(progress: &Progress) -> Option<&Request> {
    let done = matches!(progress.end, Some(End::Done(_))) || progress.before.is_some();
    progress.request.as_ref().filter(|_| done)
}

fn is_repeatable(call: &CallStep, progress: &Progress, now: Timestamp) -> bool {
    key_lives(call.effect, progress.first_at.unwrap_or(now), now)
}

/// Whether a block changes nothing outside, whatever way is taken in it.
fn is_harmless(block: &Block) -> bool {
    block.steps.iter().all(|step| {
        let handlers = [&step.on_rejected, &step.on_refused, &step.on_failure, &step.on_timeout];
        let inside = match &step.kind {
            StepKind::Call(call) => call.effect.is_read(),
            StepKind::Choose(arms) => arms.iter().all(|arm| is_harmless(&arm.block)),
            StepKind::Parallel(branches) => branches.iter().all(|(_, block)| is_harmless(block)),
            StepKind::Try(block) => is_harmless(block),
            StepKind::Set(_) | StepKind::Sleep { .. } => true,
            StepKind::Stop { .. } | StepKind::Park { .. } | StepKind::Fail { .. } => true,
            _ => false,
        };
        inside && handlers.into_iter().flatten().all(is_harmless)
    })
}

impl Walk<'_> {
    /// An operator lets the run go on from a step; nothing happens where that cannot be.
    pub(super) fn replay(&mut self, from: Option<&str>, new_key: bool, actor: Actor, reason: &str) {
        let Ok(replay) = replay(self.plan, self.state, from, new_key, self.now) else {
            return;
        };
        let mut waits = Vec::new();
        for aside in &replay.aside {
            let wait = self.state.step(&aside.path).and_then(|step| step.wait.as_ref());
            waits.extend(wait.map(|wait| dragoman_journal::Operation::WaitEnd { wait: wait.id.clone() }));
        }
        self.desk.operations.extend(waits);
        let paths: Vec<&str> = replay.aside.iter().map(|aside| aside.path.as_str()).collect();
        let mut more = json!({ "from": replay.from, "aside": paths });
        if new_key {
            more["new_key"] = Value::Bool(true);
        }
        let act = Act::Replay { from: None, new_key };
        self.path.clone_from(&replay.from);
        self.note_act(&act, actor, reason, more);
        self.after_act();
    }

    /// Why what took effect before a replay is not asked for again: with another input it would be something else.
    pub(super) fn done_otherwise(&self, call: &CallStep, request: &Request) -> Option<Failure> {
        let progress = self.progress().filter(|p| p.before.is_some() && !p.is_uncertain())?;
        let done = progress.request.as_ref()?;
        let path = &self.path;
        let message = if done.input != request.input || done.documents != request.documents || done.once != request.once
        {
            format!(
                "`{path}` took effect before the replay, and with another input than it has now; it is not done again"
            )
        } else if request.once.is_none() && !is_repeatable(call, progress, self.now) {
            format!("`{path}` took effect before the replay, and the other side does not honour its key any more")
        } else {
            return None;
        };
        let mut failure = Failure::permanent(OTHERWISE, message).with_effect(Effect::None);
        failure.detail = Some(json!({ "before": *done.input }));
        Some(failure)
    }
}

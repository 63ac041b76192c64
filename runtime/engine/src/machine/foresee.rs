//! What an act would do to a parked run, without doing it: by the same machine that does it.

use dragoman_journal::{Ending, Record};
use dragoman_model::{Actor, Timestamp, Value};
use dragoman_plan::Plan;
use dragoman_schema::Shape;

use super::event::{Act, Commit, Event, Request, Turn};
use super::locate::{handled_step, step_at};
use super::replay::{Redo, Replay, replay};
use super::undo::{Undoing, undoing};
use super::{Connections, Machine};

/// What an act would do.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Foreseen {
    /// Of a replay: what is set aside, and what is kept.
    pub replay: Option<Replay>,
    /// Of an undo: what is undone, and what stays.
    pub undoing: Option<Undoing>,
    /// What happens first.
    pub next: Vec<Next>,
}

/// Something that would happen next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Next {
    /// The step; empty for the run.
    pub path: String,
    /// As a sentence, lower-case, without a full stop.
    pub text: String,
}

impl Machine {
    /// Why an act does not fit the run; it is parked.
    ///
    /// # Errors
    /// For people: lower-case, without a full stop.
    pub fn fits_act(&self, act: &Act, now: Timestamp) -> Result<(), String> {
        match act {
            Act::Replay { from, new_key } => replay(&self.plan, &self.state, from.as_deref(), *new_key, now).map(drop),
            Act::Undo => undoing(&self.plan, &self.state).map(drop),
            Act::Pass { output } => self.fits_output(output.as_ref()),
            Act::Resume | Act::Absent | Act::Skip | Act::Cancel => Ok(()),
        }
    }

    /// Whether what a person says that a step gives can be that; and where they say nothing, whether nothing is enough.
    fn fits_output(&self, output: Option<&Value>) -> Result<(), String> {
        let parked = self.state.parked.as_ref().map_or("", |parking| parking.path.as_str());
        let path = handled_step(parked);
        let Some(step) = step_at(&self.plan, path) else {
            return output.map_or(Ok(()), |_| {
                Err("it is parked at no step that could give something".into())
            });
        };
        let did = self.state.step(path).is_some_and(|step| step.before.is_some());
        let Some(output) = output else {
            // Before a replay it gave something, and that counts.
            if did {
                return Ok(());
            }
            let id = step.id.as_deref().filter(|_| step.shape != Shape::Nothing);
            return match id.filter(|id| is_read(&self.plan, id)) {
                Some(id) => Err(format!(
                    "later steps read `steps.{id}`: say what it gives with `--output JSON`"
                )),
                None => Ok(()),
            };
        };
        match step.shape.refusal(output) {
            None => Ok(()),
            Some((place, expected)) => {
                let at = if place.is_empty() {
                    String::new()
                } else {
                    format!(" at `{place}`")
                };
                Err(format!(
                    "the output is not one that `{path}` gives: {expected} is expected{at}"
                ))
            }
        }
    }

    /// What an act would do now, and what would happen first. Nothing of it is done.
    ///
    /// # Errors
    /// As [`Machine::fits_act`].
    pub fn foresee(&self, connections: &dyn Connections, now: Timestamp, act: &Act) -> Result<Foreseen, String> {
        self.fits_act(act, now)?;
        let mut copy = Machine::empty(std::sync::Arc::clone(&self.plan), self.state.run, &self.actor);
        copy.state = self.state.clone();
        let event = Event::Operated {
            act: act.clone(),
            actor: Actor::system("foreseen"),
            reason: String::new(),
        };
        let turn = copy.advance(connections, now, event);
        let replay = match act {
            Act::Replay { from, new_key } => Some(replay(&self.plan, &self.state, from.as_deref(), *new_key, now)?),
            _ => None,
        };
        let undoing = match act {
            Act::Undo => Some(undoing(&self.plan, &self.state)?),
            _ => None,
        };
        let mut next = next(&turn);
        // A request under a business key that is done takes what is recorded: it does not leave.
        for aside in replay.iter().flat_map(|replay| &replay.aside) {
            if let Redo::Joined(key) = &aside.redo
                && let Some(first) = next.iter_mut().find(|one| one.path == aside.path)
            {
                first.text = format!("takes the result that is recorded under {key}");
            }
        }
        Ok(Foreseen { replay, undoing, next })
    }
}

/// Whether an expression of a plan reads what a step gives. Its text says so; one that only seems to asks for more than is
/// needed, and does no harm.
fn is_read(plan: &Plan, id: &str) -> bool {
    let name = format!("steps.{id}");
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    plan.text
        .match_indices(&name)
        .any(|(at, _)| ends(&plan.text[at + name.len()..]))
}

/// What a turn does first.
fn next(turn: &Turn) -> Vec<Next> {
    let mut found: Vec<Next> = turn.commit.iter().flat_map(written).collect();
    for request in &turn.requests {
        let (path, text) = match request {
            Request::Call(call) => (&call.path, format!("reads {}.{}", call.connection, call.operation)),
            Request::Probe { call, .. } => {
                let text = format!(
                    "asks {}.{} whether the request took effect",
                    call.connection, call.operation
                );
                (&call.path, text)
            }
            Request::Children { path, .. } => (path, "looks after the runs that it has begun".to_owned()),
            Request::Event { path, name, .. } => (path, format!("looks for the event `{name}`")),
            Request::Effects { path, reference } => (path, format!("closes `{reference}`")),
        };
        found.push(Next {
            path: path.clone(),
            text,
        });
    }
    found
}

fn written(commit: &Commit) -> Vec<Next> {
    let mut found = Vec::new();
    for entry in &commit.entries {
        let body = |member: &str| {
            entry
                .body
                .as_deref()
                .and_then(|body| body.get(member)?.as_str())
                .unwrap_or_default()
        };
        let text = match &entry.record {
            Record::Intent {
                connection,
                operation,
                key,
                once,
                undo,
                ..
            } => {
                let word = if *undo { "undoes with" } else { "calls" };
                let once = once
                    .as_ref()
                    .map(|once| format!(", once for {}", once.key))
                    .unwrap_or_default();
                format!("{word} {connection}.{operation} under the key {key}{once}")
            }
            Record::Claimed { ledger, account, .. } => format!("claims from {account} in the ledger {ledger}"),
            Record::Released { ledger, once } => format!("gives the claim {} in the ledger {ledger} back", once.key),
            Record::Waiting { decision, .. } => format!("waits for `{decision}` to be decided"),
            Record::Timer { due, .. } => format!("waits until {due}"),
            Record::Children { count } => format!("begins {count} runs of its own"),
            Record::Failed { code, .. } => format!("fails again ({code}): {}", body("message")),
            Record::Parked { .. } => format!("the run stops again: {}", body("reason")),
            Record::Closed { ending } => match ending {
                Ending::Completed => "the run completes".to_owned(),
                Ending::Stopped => format!("the run ends: {}", body("reason")),
                Ending::Failed => format!("the run fails: {}", body("reason")),
                Ending::Cancelled => "the run ends as given up".to_owned(),
            },
            _ => continue,
        };
        found.push(Next {
            path: entry.path.clone(),
            text,
        });
    }
    found
}

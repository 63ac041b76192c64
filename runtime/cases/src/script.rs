//! The scripted side: answers calls as the case says, and remembers what took effect, as the world does that does not
//! die with the process.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dragoman_engine::{Boxed, Call, Output, Probed, Report, StepRunner};
use dragoman_manifest::cases::Json;
use dragoman_model::digest::canonical;
use dragoman_model::{Diagnostic, Digest, Effect, Failure, OperationEffect, RunId, Span, Timestamp, Usage, Value};
use serde_json::json;

use crate::bench::Bench;
use crate::compare::holds;
use crate::error::NO_ANSWER;
use crate::prepared::{Given, Line, Prepared};
use crate::shaped::checked;

/// The code of a call for which the case has no answer.
const UNSAID: &str = "case.no_answer";

/// A call that was made.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) run: RunId,
    pub(crate) step: String,
    pub(crate) operation: String,
    pub(crate) input: Value,
    pub(crate) attempts: u32,
}

/// What the scripted side has seen; it outlives the process that is killed.
#[derive(Default)]
struct Seen {
    /// Calls and probes answered so far, for each step of each run and its operation.
    answered: HashMap<(RunId, String, String), (usize, usize)>,
    /// What was applied, by operation and idempotency key.
    applied: HashMap<(String, String), Value>,
    /// What took effect, and how often.
    facts: BTreeMap<String, u32>,
    made: Vec<Made>,
    wrong: BTreeMap<String, Diagnostic>,
    used: BTreeSet<usize>,
}

/// The scripted side.
pub(crate) struct Script {
    bench: Arc<Bench>,
    prepared: Arc<Prepared>,
    place: Span,
    seen: Mutex<Seen>,
}

/// A step's path without the numbers of items and rounds, and without the arms it lies in.
pub(crate) fn bare(path: &str) -> String {
    let mut bare = String::with_capacity(path.len());
    for segment in path.split('.') {
        let name = segment.split('[').next().unwrap_or(segment);
        if name
            .strip_prefix("arm-")
            .is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()))
        {
            continue;
        }
        if !bare.is_empty() {
            bare.push('.');
        }
        bare.push_str(name);
    }
    bare
}

/// Whether what a case calls a step is the step at a path: the path itself, or without numbers and arms.
pub(crate) fn names(said: &str, path: &str) -> bool {
    said == path || said == bare(path)
}

impl Script {
    pub(crate) fn new(bench: Arc<Bench>, prepared: Arc<Prepared>, place: Span) -> Self {
        Script {
            bench,
            prepared,
            place,
            seen: Mutex::default(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What took effect, and how often: `connection.operation`, the step and the input.
    pub(crate) fn facts(&self) -> BTreeMap<String, u32> {
        self.seen().facts.clone()
    }

    /// The calls that were made, each with the number of its attempts.
    pub(crate) fn made(&self) -> Vec<Made> {
        self.seen().made.clone()
    }

    /// What is wrong with the case, as only the run could show.
    pub(crate) fn wrong(&self) -> Vec<Diagnostic> {
        self.seen().wrong.values().cloned().collect()
    }

    /// The answers that no call asked for.
    pub(crate) fn unused(&self) -> Vec<&str> {
        let seen = self.seen();
        let answers = self.prepared.answers.iter().enumerate();
        answers
            .filter(|(at, _)| !seen.used.contains(at))
            .map(|(_, a)| a.key.value.as_str())
            .collect()
    }

    /// The lines for a call: those of its step, else those of its operation, as far as its input is meant.
    fn lines(&self, call: &Call) -> Vec<&Line> {
        let operation = name(call);
        let all = self.prepared.answers.iter().enumerate();
        let of_step = all
            .clone()
            .find(|(_, a)| a.step.as_deref().is_some_and(|step| names(step, &call.step)));
        let of_operation = || all.clone().find(|(_, a)| a.step.is_none() && a.key.value == operation);
        let Some((at, scripted)) = of_step.or_else(of_operation) else {
            return Vec::new();
        };
        self.seen().used.insert(at);
        let meant = |line: &&Line| line.when.as_ref().is_none_or(|when| holds(when, &call.input));
        scripted.lines.iter().filter(meant).collect()
    }

    /// The output in the types of the operation; of the answers of a step this is the first look at them.
    fn output(&self, call: &Call, said: &Json) -> Value {
        let operation = name(call);
        let Some(surface) = self.bench.operation(&operation) else {
            return said.value();
        };
        let mut wrong = Vec::new();
        let value = checked(said, &surface.output, &surface.output_schema, &operation, &mut wrong);
        self.seen()
            .wrong
            .extend(wrong.into_iter().map(|d| (format!("{operation} {}", d.message), d)));
        value
    }

    fn effect(&self, call: &Call) -> OperationEffect {
        let surface = self.bench.operation(&name(call));
        surface.map_or(OperationEffect::Read, |operation| operation.effect)
    }

    fn take_effect(&self, call: &Call, output: Value) -> Value {
        let effect = self.effect(call);
        if effect.is_read() {
            return output;
        }
        let mut seen = self.seen();
        let key = (name(call), call.key.clone());
        if matches!(effect, OperationEffect::Idempotent { .. })
            && let Some(known) = seen.applied.get(&key)
        {
            return known.clone();
        }
        let fact = format!("{} at `{}` with {}", key.0, bare(&call.step), canonical(&call.input));
        *seen.facts.entry(fact).or_default() += 1;
        seen.applied.insert(key, output.clone());
        output
    }

    fn note(&self, call: &Call) {
        let operation = name(call);
        let mut seen = self.seen();
        let same = |m: &&mut Made| m.run == call.run && m.step == call.step && m.operation == operation;
        if let Some(made) = seen.made.iter_mut().find(same) {
            made.attempts += 1;
            return;
        }
        seen.made.push(Made {
            run: call.run,
            step: call.step.clone(),
            operation,
            input: Value::clone(&call.input),
            attempts: 1,
        });
    }

    fn answer(&self, call: &Call) -> Result<Value, Failure> {
        if call.step.is_empty() {
            return self.read(call);
        }
        self.note(call);
        let lines = self.lines(call);
        let calls: Vec<&Line> = lines
            .iter()
            .copied()
            .filter(|l| matches!(l.gives, Given::Output(_) | Given::Failure(_)))
            .collect();
        let number = {
            let mut seen = self.seen();
            let counts = seen
                .answered
                .entry((call.run, call.step.clone(), name(call)))
                .or_default();
            counts.0 += 1;
            counts.0 - 1
        };
        match calls.get(number).or(calls.last()).map(|line| &line.gives) {
            Some(Given::Output(said)) => {
                let output = self.output(call, said);
                Ok(self.take_effect(call, output))
            }
            Some(Given::Failure(failure)) => {
                self.perhaps(call, failure, &lines);
                Err(failure.clone())
            }
            _ => Err(self.unsaid(call)),
        }
    }

    /// A failure whose effect is not known was applied where the case lets a probe find it so.
    fn perhaps(&self, call: &Call, failure: &Failure, lines: &[&Line]) {
        if failure.effect == Effect::None {
            return;
        }
        let found = lines.iter().find_map(|line| match &line.gives {
            Given::Applied(said) => Some(Some(said)),
            Given::Absent => Some(None),
            _ => None,
        });
        if let Some(Some(said)) = found {
            let output = self.output(call, said);
            self.take_effect(call, output);
        }
    }

    /// What the trigger's operation makes of a message.
    fn read(&self, call: &Call) -> Result<Value, Failure> {
        let digest = call.documents.get("message").map(|document| document.digest);
        let known = digest.and_then(|digest| self.prepared.reads.get(&digest));
        known
            .cloned()
            .unwrap_or_else(|| Err(Failure::permanent(UNSAID, "the case has no such message")))
    }

    fn unsaid(&self, call: &Call) -> Failure {
        let operation = name(call);
        let message = format!("the case says nothing about `{operation}` at `{}`", call.step);
        let mut help = format!("write under `answers:` what it answers to {}", shortened(&call.input));
        if let Some(surface) = self.bench.operation(&operation) {
            help.push_str(&format!("; it gives {}", surface.output.describe()));
        }
        let diagnostic = Diagnostic::error(NO_ANSWER, self.place.clone(), message.clone())
            .mark(format!("`{operation}: ...` belongs here"))
            .help(help);
        self.seen()
            .wrong
            .entry(format!("{operation} {}", bare(&call.step)))
            .or_insert(diagnostic);
        Failure::permanent(UNSAID, message)
    }

    /// What the other side says when it is asked: what it knows, after as long as the case lets it not decide. Before any
    /// call has reached it there is nothing to decide.
    fn probed(&self, call: &Call) -> Probed {
        let lines = self.lines(call);
        let probes: Vec<&&Line> = lines
            .iter()
            .filter(|l| matches!(l.gives, Given::Applied(_) | Given::Absent | Given::Pending))
            .collect();
        let mut seen = self.seen();
        let counts = seen
            .answered
            .entry((call.run, call.step.clone(), name(call)))
            .or_default();
        if counts.0 > 0 {
            let line = probes.get(counts.1).or(probes.last());
            counts.1 += 1;
            if line.is_some_and(|line| matches!(line.gives, Given::Pending)) {
                return Probed::Pending(Some(Duration::from_secs(5)));
            }
        }
        match seen.applied.get(&(name(call), call.key.clone())) {
            Some(known) => Probed::Applied(output(known.clone())),
            None => Probed::Absent,
        }
    }
}

/// `connection.operation`.
fn name(call: &Call) -> String {
    format!("{}.{}", call.connection, call.operation)
}

fn output(payload: Value) -> Output {
    Output {
        payload,
        documents: BTreeMap::new(),
        attributes: Vec::new(),
    }
}

/// A value in a message.
pub(crate) fn shortened(value: &Value) -> String {
    let text = canonical(value);
    match text.char_indices().nth(160) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text,
    }
}

/// The side that the engine of one life sees.
pub(crate) struct Side(pub(crate) Arc<Script>);

impl StepRunner for Side {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        Box::pin(async move {
            Report {
                result: self.0.answer(&call).map(output),
                usage: Usage::default(),
                state: Vec::new(),
                documents: Vec::new(),
                readings: json!(null),
            }
        })
    }

    fn probe(&self, call: Call, _first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        Box::pin(async move { (Ok(self.0.probed(&call)), Usage::default()) })
    }

    fn settings(&self, connection: &str) -> Option<Digest> {
        Some(Digest::of(connection.as_bytes()))
    }

    fn observes(&self, connection: &str) -> bool {
        self.0.bench.observed.contains(connection)
    }
}

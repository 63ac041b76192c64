//! The scripted side: answers calls as the case says, and remembers what took effect, as the world does that does not
//! die with the process.

use std::cmp::Reverse;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dragoman_engine::{Boxed, Call, Output, Probed, Report, StepRunner};
use dragoman_journal::Journal;
use dragoman_manifest::cases::Json;
use dragoman_model::digest::canonical;
use dragoman_model::{Diagnostic, Digest, Effect, Failure, OperationEffect, RunId, Span, Timestamp, Usage, Value};
use serde_json::json;

use crate::bench::Bench;
use crate::compare::holds;
use crate::error::{Error, NO_ANSWER};
use crate::kin::{Hangs, Kin, bare};
use crate::lines::Lines;
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
    /// What was answered so far.
    lines: Lines,
    /// Where the runs stand among each other, as far as that was asked.
    kin: HashMap<RunId, Arc<Kin>>,
    /// What was applied, by operation and idempotency key.
    applied: HashMap<(String, String), Value>,
    /// What took effect, and how often.
    facts: BTreeMap<String, u32>,
    made: Vec<Made>,
    wrong: BTreeMap<String, Diagnostic>,
    used: BTreeSet<usize>,
    /// The steps that close references, by these.
    closing: BTreeMap<String, (RunId, String)>,
}

/// The scripted side.
pub(crate) struct Script {
    bench: Arc<Bench>,
    prepared: Arc<Prepared>,
    place: Span,
    seen: Mutex<Seen>,
}

/// A call with where its run stands, and with the answers that the case has for it: each with its number in its list.
struct Asked<'a> {
    call: &'a Call,
    kin: Arc<Kin>,
    list: usize,
    lines: Vec<(usize, &'a Line)>,
}

/// An attempt at a step.
pub(crate) struct At<'a> {
    pub(crate) run: RunId,
    pub(crate) step: &'a str,
    /// `connection.operation`, or what the store is asked.
    pub(crate) operation: &'a str,
    pub(crate) attempt: u32,
}

impl Asked<'_> {
    /// The list of the case that answers it goes on over this.
    fn sequence(&self) -> String {
        format!("{} {}", name(self.call), self.kin.sequence(&self.call.step))
    }
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

    /// Where a run stands among the others: what a store holds of its beginning never changes.
    pub(crate) async fn kin(&self, journal: &dyn Journal, run: RunId) -> Result<Option<Arc<Kin>>, Error> {
        let mut open = Vec::new();
        let mut next = Some(run);
        let mut at: Option<Arc<Kin>> = None;
        while let Some(run) = next {
            at = self.seen().kin.get(&run).cloned();
            if at.is_some() {
                break;
            }
            let entries = journal.load(run).await?;
            let Some(first) = entries.into_iter().next() else {
                break;
            };
            next = Hangs::of(&first).run();
            open.push((run, first));
        }
        for (run, first) in open.into_iter().rev() {
            at = Kin::of(run, &first, at.as_deref()).map(Arc::new);
            self.seen().kin.extend(at.clone().map(|kin| (run, kin)));
        }
        Ok(at)
    }

    /// The answers for a step: those that name it, else those of its operation, as far as its input is meant. Of several
    /// that name the step the one that names it exactly goes first. Out: the number of their list, and each with its own.
    fn lines_of(&self, kin: &Kin, step: &str, operation: &str, input: &Value) -> (usize, Vec<(usize, &Line)>) {
        let all = self.prepared.answers.iter().enumerate();
        let fits = |a: &crate::prepared::Scripted| a.step.as_ref().and_then(|said| kin.has(said, step));
        let of_step = all.clone().filter_map(|(at, a)| Some((fits(a)?, at, a)));
        let of_step = of_step.max_by_key(|(fits, at, _)| (*fits, Reverse(*at)));
        let of_operation = || all.clone().find(|(_, a)| a.step.is_none() && a.key.value == operation);
        let Some((at, scripted)) = of_step.map(|(_, at, a)| (at, a)).or_else(of_operation) else {
            return (0, Vec::new());
        };
        self.seen().used.insert(at);
        let meant = |line: &Line| line.when.as_ref().is_none_or(|when| holds(when, input));
        let lines = scripted.lines.iter().enumerate();
        (at, lines.filter(|(_, line)| meant(line)).collect())
    }

    /// What the case says of an attempt at a step, as far as it says anything.
    pub(crate) fn said(&self, kin: &Kin, at: &At<'_>, input: &Value) -> Option<&Given> {
        let (list, lines) = self.lines_of(kin, at.step, at.operation, input);
        let attempt = (at.run, at.step.to_owned(), at.operation.to_owned(), at.attempt);
        let sequence = format!("{} {}", at.operation, kin.sequence(at.step));
        self.seen().lines.answer(list, &sequence, attempt, &lines)
    }

    /// A step that closes a reference, from now on; the one that did.
    pub(crate) fn closes(&self, reference: &str, by: Option<(RunId, &str)>) -> Option<(RunId, String)> {
        let mut seen = self.seen();
        if let Some((run, step)) = by {
            seen.closing.insert(reference.to_owned(), (run, step.to_owned()));
        }
        seen.closing.get(reference).cloned()
    }

    /// What is wrong with an answer, as only the run could show.
    pub(crate) fn mistaken(&self, step: &str, diagnostic: Diagnostic) {
        self.seen().wrong.insert(step.to_owned(), diagnostic);
    }

    /// Whether the case says something that only the store says: most cases do not.
    pub(crate) fn speaks_for_the_store(&self) -> bool {
        let mut lines = self.prepared.answers.iter().flat_map(|answers| {
            let of_step = answers.step.is_some();
            answers.lines.iter().map(move |line| (of_step, &line.gives))
        });
        lines.any(|(of_step, gives)| of_step || matches!(gives, Given::Joined(_)))
    }

    pub(crate) fn place(&self) -> Span {
        self.place.clone()
    }

    fn asked<'a>(&'a self, call: &'a Call, kin: Arc<Kin>) -> Asked<'a> {
        let (list, lines) = self.lines_of(&kin, &call.step, &name(call), &call.input);
        Asked { call, kin, list, lines }
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

    fn take_effect(&self, call: &Call, kin: &Kin, output: Value) -> Value {
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
        let step = self.named(call, kin);
        let fact = format!("{} at `{}` with {}", key.0, bare(&step), canonical(&call.input));
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

    /// What the case calls the step of a call.
    fn named(&self, call: &Call, kin: &Kin) -> String {
        kin.called(&self.prepared.main.delivery.pipeline, &call.step)
    }

    fn answer(&self, call: &Call, kin: Arc<Kin>) -> Result<Value, Failure> {
        self.note(call);
        let asked = self.asked(call, kin);
        let attempt = (call.run, call.step.clone(), name(call), call.attempt);
        let sequence = asked.sequence();
        let given = self.seen().lines.answer(asked.list, &sequence, attempt, &asked.lines);
        match given {
            // What has no business key cannot be joined, and is called.
            Some(Given::Output(said) | Given::Joined(said)) => {
                let output = self.output(call, said);
                Ok(self.take_effect(call, &asked.kin, output))
            }
            Some(Given::Failure(failure, stated)) => {
                let mut failure = failure.clone();
                if !stated && self.may_have_acted(call, &failure.code) {
                    failure.effect = Effect::Unknown;
                }
                self.perhaps(&asked, &failure);
                Err(failure)
            }
            _ => Err(self.unsaid(call, &asked.kin)),
        }
    }

    /// Whether the host would not know after such a failure what became of a call: the request left, and no answer says that
    /// it was refused.
    fn may_have_acted(&self, call: &Call, code: &str) -> bool {
        let surface = self.bench.operation(&name(call));
        let acts = surface.is_some_and(|surface| !surface.effect.is_read());
        acts && (code.starts_with("http.5") || matches!(code, "http.timeout" | "http.cut"))
    }

    /// A failure whose effect is not known was applied where the case lets a probe find it so.
    fn perhaps(&self, asked: &Asked<'_>, failure: &Failure) {
        if failure.effect == Effect::None {
            return;
        }
        let sequence = asked.sequence();
        let decided = self.seen().lines.decided(asked.list, &sequence, &asked.lines);
        if let Some(Given::Applied(said)) = decided {
            let output = self.output(asked.call, said);
            self.take_effect(asked.call, &asked.kin, output);
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

    fn unsaid(&self, call: &Call, kin: &Kin) -> Failure {
        let operation = name(call);
        let step = self.named(call, kin);
        let message = format!("the case says nothing about `{operation}` at `{step}`");
        let mut help = format!("write under `answers:` what it answers to {}", shortened(&call.input));
        if let Some(surface) = self.bench.operation(&operation) {
            help.push_str(&format!("; it gives {}", surface.output.describe()));
        }
        let diagnostic = Diagnostic::error(NO_ANSWER, self.place.clone(), message.clone())
            .mark(format!("`{operation}: ...` belongs here"))
            .help(help);
        // Of several items, whose order nobody promises, always the same one is told.
        let mut seen = self.seen();
        match seen.wrong.entry(format!("{operation} {}", bare(&step))) {
            Entry::Vacant(place) => drop(place.insert(diagnostic)),
            Entry::Occupied(mut known) if diagnostic.message < known.get().message => drop(known.insert(diagnostic)),
            Entry::Occupied(_) => {}
        }
        drop(seen);
        Failure::permanent(UNSAID, message)
    }

    /// What the other side says when it is asked: what it knows, after as long as the case lets it not decide. Before any
    /// call has reached it there is nothing to decide.
    fn probed(&self, call: &Call, kin: Arc<Kin>) -> Probed {
        let asked = self.asked(call, kin);
        let sequence = asked.sequence();
        let mut seen = self.seen();
        let operation = name(call);
        let reached = |m: &Made| m.run == call.run && m.step == call.step && m.operation == operation;
        if seen.made.iter().any(reached)
            && let Some(Given::Pending) = seen.lines.probe(asked.list, &sequence, &asked.lines)
        {
            return Probed::Pending(Some(Duration::from_secs(5)));
        }
        match seen.applied.get(&(operation, call.key.clone())) {
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
pub(crate) struct Side {
    pub(crate) script: Arc<Script>,
    pub(crate) journal: Arc<dyn Journal>,
}

impl Side {
    /// Where the run of a call stands.
    async fn kin(&self, call: &Call) -> Result<Arc<Kin>, Failure> {
        match self.script.kin(self.journal.as_ref(), call.run).await {
            Ok(Some(kin)) => Ok(kin),
            Ok(None) => Err(Failure::permanent(UNSAID, "a run calls that has not begun")),
            Err(error) => Err(Failure::retryable(UNSAID, error.to_string())),
        }
    }

    async fn answer(&self, call: &Call) -> Result<Value, Failure> {
        if call.step.is_empty() {
            return self.script.read(call);
        }
        let kin = self.kin(call).await?;
        self.script.answer(call, kin)
    }
}

impl StepRunner for Side {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        Box::pin(async move {
            Report {
                result: self.answer(&call).await.map(output),
                usage: Usage::default(),
                state: Vec::new(),
                documents: Vec::new(),
                readings: json!(null),
            }
        })
    }

    fn probe(&self, call: Call, _first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        Box::pin(async move {
            let kin = self.kin(&call).await;
            (kin.map(|kin| self.script.probed(&call, kin)), Usage::default())
        })
    }

    fn settings(&self, connection: &str) -> Option<Digest> {
        Some(Digest::of(connection.as_bytes()))
    }

    fn observes(&self, connection: &str) -> bool {
        self.script.prepared.observed.contains(connection)
    }
}

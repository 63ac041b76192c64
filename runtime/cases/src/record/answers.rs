//! What calls and people answered in a run, as a case says it, and what came from outside meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use dragoman_engine::machine::step_at;
use dragoman_journal::{Entry, Record, TimerPurpose};
use dragoman_manifest::written_duration;
use dragoman_model::{Effect, RunId, Timestamp, Value};
use dragoman_plan::{Plan, StepKind};
use serde_json::{Map, json};

use crate::bench::Bench;
use crate::family::{Family, Told as Entered};

use super::moment::{Moment, span};

/// What was answered.
#[derive(Default)]
pub(super) struct Told {
    /// By step.
    pub(super) answers: Value,
    pub(super) people: Vec<Value>,
    /// References that others closed before.
    pub(super) before: Vec<Value>,
    /// Events of others that the run heard, and references that they closed meanwhile.
    pub(super) later: Vec<Value>,
    /// What operators did, and when.
    pub(super) operators: Vec<(Timestamp, Value)>,
    /// What the case cannot tell again: a sentence each.
    pub(super) notes: Vec<String>,
}

/// What a step is, as far as it is answered.
enum Kind {
    Call,
    Claim,
    Void,
    Other,
}

/// Reads it from the entries of a run, of its items, and of the runs that its events began.
pub(super) fn told(family: &Family<'_>, bench: &Bench) -> Told {
    let began = family.root().map(|root| root.began);
    let mut teller = Teller {
        whole: family,
        plans: (bench.build)(&bench.values).unwrap_or_default(),
        bench,
        about: family.root().map(|root| root.pipeline.clone()).unwrap_or_default(),
        began: began.unwrap_or(Timestamp::from_millis(0)),
        answers: BTreeMap::new(),
        claims: BTreeSet::new(),
        moments: BTreeMap::new(),
        cancelled: None,
        told: Told::default(),
    };
    for family in family.all() {
        for entered in family.ordered() {
            teller.entry(&entered);
            teller.moments.entry(entered.run).or_default().after(entered.entry);
        }
    }
    let Teller {
        mut answers,
        claims,
        mut told,
        ..
    } = teller;
    // A ledger decides by itself, except where it knew what the case does not.
    answers.retain(|key, all| !claims.contains(key) || all.iter().any(|answer| answer.get("failure").is_some()));
    told.answers = by_step(answers);
    told.operators.sort_by_key(|(at, _)| *at);
    told
}

struct Teller<'a> {
    whole: &'a Family<'a>,
    plans: Vec<Arc<Plan>>,
    bench: &'a Bench,
    about: String,
    began: Timestamp,
    answers: BTreeMap<String, Vec<Value>>,
    /// The claims among them.
    claims: BTreeSet<String>,
    /// What each run is in the middle of.
    moments: BTreeMap<RunId, Moment>,
    /// When an operator gave the run up.
    cancelled: Option<Timestamp>,
    told: Told,
}

impl Teller<'_> {
    fn entry(&mut self, entered: &Entered<'_>) {
        let entry = entered.entry;
        let path = entry.header.path.clone();
        match &entry.header.record {
            Record::Read { .. } => self.answer(entered, output(entry)),
            Record::Done { joined: Some(by), .. } if self.whole.holds(*by) => {}
            Record::Done { joined: Some(_), .. } => self.answer(entered, json!({ "joined": output(entry)["output"] })),
            Record::Done { known_by, .. } => self.done(entered, known_by),
            Record::Failed {
                code, effect, attempt, ..
            } => self.failed(entered, code, *attempt, *effect),
            Record::Claimed { .. } => {
                self.claims.insert(self.key(entered));
                self.answer(entered, json!({ "output": {} }));
            }
            Record::Timer {
                purpose: TimerPurpose::Probe,
                ..
            } if self.is_in_doubt(entered) && !is_held_back(entry) => {
                self.answer(entered, json!({ "probe": "pending" }));
            }
            // It could be asked no longer.
            Record::Parked { .. } if self.is_in_doubt(entered) => self.answer(entered, json!({ "probe": "pending" })),
            Record::Answer { .. } => {
                let since = self.moment(entered.run).waits.get(&path).copied();
                let named = self.named(entered, &path);
                self.told
                    .people
                    .push(person(entry, named, since.unwrap_or(entry.header.at)));
            }
            Record::Event { name } => self.event(entered, name),
            Record::Operated { act } => self.operated(entered, act),
            _ => {}
        }
    }

    fn moment(&self, run: RunId) -> Moment {
        self.moments.get(&run).cloned().unwrap_or_default()
    }

    fn done(&mut self, entered: &Entered<'_>, known_by: &str) {
        let output = output(entered.entry);
        match self.kind(entered) {
            // Of what was done under a reference the run does its own part again.
            Some(Kind::Void) => {
                let effects = output["output"]["effects"].as_array().into_iter().flatten();
                let own = |effect: &Value| {
                    let run = effect["run"].as_str().and_then(|run| run.parse().ok());
                    run.is_some_and(|run| self.whole.holds(run))
                };
                let others: Vec<Value> = effects.filter(|effect| !own(effect)).cloned().collect();
                if !others.is_empty() {
                    self.answer(entered, json!({ "output": { "effects": others } }));
                }
            }
            // What runs another pipeline is answered by that.
            Some(Kind::Other | Kind::Claim) => {}
            Some(Kind::Call) | None if known_by == "probe" => self.answer(entered, probe(output)),
            Some(Kind::Call) | None => self.answer(entered, output),
        }
    }

    fn failed(&mut self, entered: &Entered<'_>, code: &str, attempt: u32, effect: Effect) {
        let before = self.moment(entered.run).failed.get(&entered.entry.header.path).copied();
        match self.kind(entered) {
            // An attempt of which it was not known whether it took effect: it was asked after, and did not.
            Some(Kind::Call) | None if before == Some((attempt, true)) && effect == Effect::None => {
                self.answer(entered, json!({ "probe": "absent" }));
            }
            Some(Kind::Call) | None => self.answer(entered, failure(entered.entry)),
            Some(Kind::Claim) if code.starts_with("ledger.") || code.starts_with("once.") => {
                self.claims.insert(self.key(entered));
                self.answer(entered, failure(entered.entry));
            }
            Some(_) => {}
        }
    }

    /// Whether it is not known of the last attempt of a call whether it took effect.
    fn is_in_doubt(&self, entered: &Entered<'_>) -> bool {
        let moment = self.moment(entered.run);
        let last = moment.failed.get(&entered.entry.header.path);
        last.is_some_and(|(_, unknown)| *unknown) && matches!(self.kind(entered), Some(Kind::Call))
    }

    /// What an operator did to a run that was parked, or to the whole.
    fn operated(&mut self, entered: &Entered<'_>, act: &str) {
        let entry = entered.entry;
        let at = entry.header.at;
        let is_whole = self.whole.root().is_some_and(|root| root.run == entered.run);
        let parked = self.moment(entered.run).parked;
        if act == "cancel" && !is_whole && self.cancelled.is_some_and(|cancelled| cancelled <= at) {
            // What it began is given up with it.
            return;
        }
        if act == "cancel" && is_whole {
            self.cancelled = Some(at);
        }
        let mut members = Map::new();
        let since = match parked {
            Some((step, since)) => {
                let named = match step.as_str() {
                    "" => entered.kin.pipeline().to_owned(),
                    step => self.named(entered, step),
                };
                members.insert("parked".into(), json!(named));
                since
            }
            None if is_whole && act == "cancel" => self.began,
            None => {
                let path = self.named(entered, &entry.header.path);
                self.note(format!(
                    "an operator did `{act}` at `{path}`, which a case does not tell."
                ));
                return;
            }
        };
        members.insert("act".into(), json!(act));
        if let Some(after) = span(since, at) {
            members.insert("after".into(), after);
        }
        members.insert("by".into(), json!(entry.header.actor.id));
        if let Some(reason) = entry.body.as_ref().and_then(|body| body.get("reason")) {
            members.insert("reason".into(), reason.clone());
        }
        self.told.operators.push((at, Value::Object(members)));
    }

    fn note(&mut self, note: String) {
        if !self.told.notes.contains(&note) {
            self.told.notes.push(note);
        }
    }

    /// What a step is; none: the pipeline does not have it any more.
    fn kind(&self, entered: &Entered<'_>) -> Option<Kind> {
        let pipeline = self.whole.all().iter().find_map(|family| {
            let summary = family.summary(entered.run)?;
            Some(summary.pipeline.clone())
        });
        let plan = self
            .plans
            .iter()
            .find(|plan| Some(&plan.pipeline) == pipeline.as_ref())?;
        Some(match step_at(plan, &entered.entry.header.path)?.kind {
            StepKind::Call(_) => Kind::Call,
            StepKind::Claim(_) => Kind::Claim,
            StepKind::Void { .. } => Kind::Void,
            _ => Kind::Other,
        })
    }

    /// What a case calls a step: of several runs of one pipeline that events began, by the steps that emitted these.
    fn named(&self, entered: &Entered<'_>, step: &str) -> String {
        let pipeline = entered.kin.pipeline();
        let all = self.whole.all();
        let same = all
            .iter()
            .filter(|family| family.root().is_some_and(|root| root.pipeline == pipeline));
        if same.count() > 1 {
            return entered.kin.outermost(step);
        }
        entered.kin.called(&self.about, step)
    }

    /// An answer: those of all rounds of a `repeat` are one list.
    fn answer(&mut self, entered: &Entered<'_>, answer: Value) {
        self.answers.entry(self.key(entered)).or_default().push(answer);
    }

    /// Under which name a case answers a step.
    fn key(&self, entered: &Entered<'_>) -> String {
        let step = entered.kin.roundless(&entered.entry.header.path);
        let named = self.named(entered, &step);
        if named.contains(".steps.") && entered.kin.pipeline() != self.about {
            return named;
        }
        format!("steps.{named}")
    }

    /// Something that happened elsewhere. What the run itself emitted or closed comes by itself.
    fn event(&mut self, entered: &Entered<'_>, name: &str) {
        let entry = entered.entry;
        let body = entry.body.clone().unwrap_or_default();
        let of_run = |member: &str| body[member].as_str().and_then(|run| run.parse().ok());
        let is_own = |member: &str| of_run(member).is_some_and(|run| self.whole.holds(run));
        let known = body["event"]
            .as_str()
            .is_some_and(|event| self.bench.events.contains_key(event));
        let mut members = Map::new();
        match name {
            "emitted" | "replied" => return,
            "received" if is_own("run") => return,
            "voided" if is_own("by") => return,
            "received" if known => {
                for (key, member) in [("event", "event"), ("key", "key"), ("data", "output")] {
                    if let Some(value) = body.get(member).filter(|value| !value.is_null()) {
                        members.insert(key.into(), value.clone());
                    }
                }
            }
            "voided" => {
                members.insert("void".into(), body["reference"].clone());
                let known = |told: &Value| told["void"] == body["reference"];
                if self.told.before.iter().chain(&self.told.later).any(known) {
                    return;
                }
                // Whoever rests is told when it happens; whoever is at work hears of it when it asks for something.
                if !self.moment(entered.run).rests {
                    self.told.before.push(Value::Object(members));
                    return;
                }
            }
            _ => return self.note(format!("the run was told that `{name}`: write it under `later:`.")),
        }
        let after = span(self.began, entry.header.at);
        members.insert("after".into(), after.unwrap_or_else(|| json!("0s")));
        self.told.later.push(Value::Object(members));
    }
}

/// The answers by step: one alone, or a list of them.
fn by_step(answers: BTreeMap<String, Vec<Value>>) -> Value {
    let answers = answers.into_iter().map(|(key, mut all)| {
        let one = all.len() == 1;
        (key, if one { all.remove(0) } else { Value::Array(all) })
    });
    Value::Object(answers.collect())
}

/// `{ output }`: written out, so that an output with a member `output` is one.
fn output(entry: &Entry) -> Value {
    let output = entry.body.as_ref().and_then(|body| body.get("output")).cloned();
    json!({ "output": output.unwrap_or_default() })
}

fn probe(output: Value) -> Value {
    json!({ "probe": "applied", "output": output["output"] })
}

fn failure(entry: &Entry) -> Value {
    let body = entry.body.clone().unwrap_or_default();
    let mut members = Map::new();
    for key in [
        "class",
        "effect",
        "code",
        "message",
        "remote_reference",
        "issues",
        "detail",
    ] {
        if let Some(value) = body.get(key).filter(|v| !v.is_null()) {
            members.insert(key.into(), value.clone());
        }
    }
    if let Some(wait) = body.get("retry_after_ms").and_then(Value::as_u64) {
        members.insert("retry_after".into(), json!(written_duration(wait)));
    }
    json!({ "failure": members })
}

fn person(entry: &Entry, wait: String, since: Timestamp) -> Value {
    let actor = &entry.header.actor;
    let mut members = Map::new();
    members.insert("wait".into(), json!(wait));
    members.insert("answer".into(), entry.body.clone().unwrap_or_default());
    members.insert(
        "by".into(),
        json!({ "id": actor.id, "authentication": actor.authentication }),
    );
    if let Some(after) = span(since, entry.header.at) {
        members.insert("after".into(), after);
    }
    Value::Object(members)
}

/// Whether a step is held back because something is paused: then nobody was asked.
fn is_held_back(entry: &Entry) -> bool {
    entry.body.as_ref().is_some_and(|body| body.get("paused").is_some())
}

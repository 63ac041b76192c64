//! What calls and people answered in a run, as a case says it, and what came from outside meanwhile.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_engine::machine::step_at;
use dragoman_journal::{Entry, Record};
use dragoman_manifest::written_duration;
use dragoman_model::{RunId, Timestamp, Value};
use dragoman_plan::{Plan, StepKind};
use serde_json::{Map, json};

use crate::bench::Bench;
use crate::family::{Family, Told as Entered};

/// What was answered.
#[derive(Default)]
pub(super) struct Told {
    /// By step.
    pub(super) answers: Value,
    pub(super) people: Vec<Value>,
    /// Events of others that the run heard.
    pub(super) later: Vec<Value>,
    /// What the case cannot tell again: a sentence each.
    pub(super) notes: Vec<String>,
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
        waits: BTreeMap::new(),
        told: Told::default(),
    };
    for family in family.all() {
        family.ordered().iter().for_each(|entered| teller.entry(entered));
    }
    let Teller { answers, mut told, .. } = teller;
    told.answers = by_step(answers);
    told
}

struct Teller<'a> {
    whole: &'a Family<'a>,
    plans: Vec<Arc<Plan>>,
    bench: &'a Bench,
    about: String,
    began: Timestamp,
    answers: BTreeMap<String, Vec<Value>>,
    waits: BTreeMap<(RunId, String), Timestamp>,
    told: Told,
}

impl Teller<'_> {
    fn entry(&mut self, entered: &Entered<'_>) {
        let entry = entered.entry;
        let own = entry.header.path.clone();
        let path = self.named(entered, &own);
        match &entry.header.record {
            Record::Read { .. } => self.answer(entered, output(entry)),
            // What runs another pipeline is answered by that.
            Record::Done { .. } if !self.is_call(entered) => {}
            Record::Done { known_by, joined, .. } => {
                if joined.is_some() {
                    self.note(format!(
                        "`{path}` took the result that another run had; here it is made anew."
                    ));
                }
                let output = output(entry);
                self.answer(entered, if known_by == "probe" { probe(output) } else { output });
            }
            Record::Failed { .. } if self.is_call(entered) => self.answer(entered, failure(entry)),
            Record::Failed { code, .. } if code.starts_with("ledger") => self.note(format!(
                "`{path}` was refused by the ledger ({code}); what others had claimed is not told."
            )),
            Record::Waiting { .. } => drop(self.waits.insert((entered.run, own), entry.header.at)),
            Record::Answer { .. } => {
                let since = self.waits.get(&(entered.run, own)).copied().unwrap_or(entry.header.at);
                self.told.people.push(person(entry, path, since));
            }
            Record::Event { name } => self.event(name, entry),
            Record::Operated { act } => self.note(format!("an operator did `{act}`, which a case does not tell.")),
            _ => {}
        }
    }

    fn note(&mut self, note: String) {
        if !self.told.notes.contains(&note) {
            self.told.notes.push(note);
        }
    }

    /// Whether the step is a call. Of a step that the pipeline does not have any more, an answer does no harm.
    fn is_call(&self, entered: &Entered<'_>) -> bool {
        let pipeline = self.whole.all().iter().find_map(|family| {
            let summary = family.summary(entered.run)?;
            Some(summary.pipeline.clone())
        });
        let plan = self.plans.iter().find(|plan| Some(&plan.pipeline) == pipeline.as_ref());
        let step = plan.and_then(|plan| step_at(plan, &entered.entry.header.path));
        step.is_none_or(|step| matches!(step.kind, StepKind::Call(_)))
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
        let step = entered.kin.roundless(&entered.entry.header.path);
        let named = self.named(entered, &step);
        let key = if named.contains(".steps.") && entered.kin.pipeline() != self.about {
            named
        } else {
            format!("steps.{named}")
        };
        self.answers.entry(key).or_default().push(answer);
    }

    /// Something that happened elsewhere. What the run itself emitted comes by itself.
    fn event(&mut self, name: &str, entry: &Entry) {
        let body = entry.body.clone().unwrap_or_default();
        let by = body["run"].as_str().and_then(|run| run.parse().ok());
        let known = body["event"]
            .as_str()
            .is_some_and(|event| self.bench.events.contains_key(event));
        match name {
            "emitted" | "replied" => {}
            "received" if by.is_some_and(|run| self.whole.holds(run)) => {}
            "received" if known => {
                let after = u64::try_from(entry.header.at.millis() - self.began.millis()).unwrap_or(0);
                let mut later = Map::from_iter([("after".to_owned(), json!(written_duration(after)))]);
                for (key, member) in [("event", "event"), ("key", "key"), ("data", "output")] {
                    if let Some(value) = body.get(member).filter(|value| !value.is_null()) {
                        later.insert(key.into(), value.clone());
                    }
                }
                self.told.later.push(Value::Object(later));
            }
            _ => self.note(format!("the run was told that `{name}`: write it under `later:`.")),
        }
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
    for key in ["class", "effect", "code", "message", "remote_reference", "issues"] {
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
    let after = u64::try_from(entry.header.at.millis() - since.millis()).unwrap_or(0);
    if after > 0 {
        members.insert("after".into(), json!(written_duration(after)));
    }
    Value::Object(members)
}

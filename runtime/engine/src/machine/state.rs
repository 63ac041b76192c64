//! The state of a run: the fold of its entries. The same fold is used while the run works and when it is read back.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use dragoman_journal::{Draft, Ending, Entry, Parent, Record, Versions};
use dragoman_model::{Actor, Class, Digest, DocumentReference, Failure, RunId, Timestamp, Value};
use serde_json::{Map, json};

use super::progress::{Claim, End, Failed, Item, Progress, Request, Timer, Waiting};

/// Where a run comes from and what its expressions see besides its steps.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The pipeline.
    pub pipeline: String,
    /// Its version.
    pub version: Digest,
    /// The trigger's id.
    pub trigger: String,
    /// The run key.
    pub run_key: String,
    /// The turn that it takes with others.
    pub serial: Option<String>,
    /// For a child.
    pub parent: Option<Parent>,
    /// Whether effects are only written down.
    pub observe: bool,
    /// When it was accepted.
    pub began: Timestamp,
    /// `trigger`, `site`, `run` and the names of items.
    pub roots: BTreeMap<String, Value>,
    /// For a child: outputs of steps of its parents.
    pub captures: Map<String, Value>,
}

/// Why a run is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parking {
    /// Short and stable.
    pub code: String,
    /// For people.
    pub reason: String,
    /// The step.
    pub path: String,
}

/// The state of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    /// The run.
    pub run: RunId,
    /// The number of its next entry.
    pub next: u64,
    /// Where it comes from; none before its first entry.
    pub origin: Option<Origin>,
    /// References that were closed by another run, with that run's id.
    pub voided: BTreeMap<String, String>,
    /// Set while it is parked.
    pub parked: Option<Parking>,
    /// Set when it has ended.
    pub closed: Option<Ending>,
    /// The answer to a sender that waits.
    pub reply: Option<Value>,
    references: BTreeSet<String>,
    steps: HashMap<String, Progress>,
}

/// What an entry says, whether it is about to be written or was read back.
struct Fact<'a> {
    seq: u64,
    at: Timestamp,
    actor: &'a Actor,
    path: &'a str,
    record: &'a Record,
    versions: &'a Versions,
    headers: &'a [(String, String)],
    body: Option<&'a Value>,
}

impl State {
    /// A run of which nothing is known yet.
    pub fn new(run: RunId) -> Self {
        State {
            run,
            next: 0,
            origin: None,
            voided: BTreeMap::new(),
            parked: None,
            closed: None,
            reply: None,
            references: BTreeSet::new(),
            steps: HashMap::new(),
        }
    }

    /// How the step at a path stands; none: nothing was written of it.
    pub fn step(&self, path: &str) -> Option<&Progress> {
        self.steps.get(path)
    }

    /// All steps of which something was written.
    pub fn steps(&self) -> impl Iterator<Item = (&str, &Progress)> {
        self.steps.iter().map(|(path, progress)| (path.as_str(), progress))
    }

    /// Whether something was done, or waited for, under a business reference.
    pub fn is_under(&self, reference: &str) -> bool {
        self.references.contains(reference)
    }

    /// Whether something outside was, or may have been, changed by this run.
    pub fn has_effects(&self) -> bool {
        self.steps
            .values()
            .any(|p| p.claim.is_some() || p.open || (p.request.is_some() && matches!(p.end, Some(End::Done(_)))))
    }

    /// Applies an entry that was read back.
    pub fn apply(&mut self, entry: &Entry) {
        let header = &entry.header;
        self.apply_fact(&Fact {
            seq: header.seq,
            at: header.at,
            actor: &header.actor,
            path: &header.path,
            record: &header.record,
            versions: &header.versions,
            headers: &header.headers,
            body: entry.body.as_ref(),
        });
    }

    /// Applies an entry that is about to be written.
    pub fn apply_draft(&mut self, draft: &Draft) {
        self.apply_fact(&Fact {
            seq: draft.seq,
            at: draft.at,
            actor: &draft.actor,
            path: &draft.path,
            record: &draft.record,
            versions: &draft.versions,
            headers: &draft.headers,
            body: draft.body.as_ref(),
        });
    }

    fn apply_fact(&mut self, fact: &Fact<'_>) {
        self.next = fact.seq + 1;
        if let Record::Intent {
            reference: Some(reference),
            ..
        }
        | Record::Claimed {
            reference: Some(reference),
            ..
        }
        | Record::Waiting {
            reference: Some(reference),
            ..
        } = fact.record
        {
            self.references.insert(reference.clone());
        }
        match fact.record {
            Record::Accepted { .. } => self.origin = origin(self.run, fact),
            Record::Parked { code } => {
                let reason = member(fact.body, "reason")
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned();
                self.parked = Some(Parking {
                    code: code.clone(),
                    reason,
                    path: fact.path.to_owned(),
                });
            }
            Record::Closed { ending } => self.closed = Some(*ending),
            Record::Event { name } if name == "voided" => {
                let text = |name| {
                    member(fact.body, name)
                        .and_then(Value::as_str)
                        .unwrap_or_default()
                        .to_owned()
                };
                self.voided.insert(text("reference"), text("by"));
            }
            Record::Event { name } if name == "replied" => {
                self.reply = member(fact.body, "value").cloned();
                self.progress(fact.path).finish(End::Done(None), fact.seq);
            }
            Record::Operated { act } => self.operated(act, fact),
            _ => self.apply_step(fact),
        }
    }

    fn apply_step(&mut self, fact: &Fact<'_>) {
        let output = || member(fact.body, "output").cloned();
        let step = self.progress(fact.path);
        match fact.record {
            Record::Read { attempt, .. } => {
                step.attempt = *attempt;
                step.finish(End::Done(output()), fact.seq);
            }
            Record::Children { count } => {
                step.items = Some(items(fact.body));
                step.begun = member(fact.body, "begun").and_then(Value::as_u64).unwrap_or(*count);
            }
            Record::Chosen { what } if what == "begun" => {
                step.begun = fact.body.and_then(Value::as_u64).unwrap_or(step.begun);
            }
            Record::Intent { .. } => step.intend(fact),
            Record::Done { joined, .. } => {
                step.joined = *joined;
                step.finish(End::Done(output()), fact.seq);
            }
            Record::Failed { .. } => step.fail(fact),
            Record::Timer { due, purpose, attempt } => {
                if *purpose == dragoman_journal::TimerPurpose::Probe {
                    step.probes += 1;
                }
                let for_other = member(fact.body, "for").is_some();
                step.timer = Some(Timer {
                    due: *due,
                    purpose: *purpose,
                    attempt: *attempt,
                    for_other,
                });
            }
            Record::Waiting {
                wait, due, reference, ..
            } => {
                step.attempt += 1;
                step.wait = Some(Waiting {
                    id: wait.clone(),
                    due: *due,
                    reference: reference.clone(),
                });
            }
            Record::Answer { .. } => step.finish(End::Done(Some(answer(fact))), fact.seq),
            Record::Claimed {
                ledger,
                once,
                reference,
                joined,
                ..
            } => {
                let claim = Claim {
                    ledger: ledger.clone(),
                    once: once.clone(),
                    reference: reference.clone(),
                };
                step.claim = Some(claim);
                step.joined = *joined;
                step.finish(End::Done(fact.body.cloned()), fact.seq);
            }
            Record::Released { .. } => step.finish(End::Done(None), fact.seq),
            Record::Voided { .. } => step.voided = true,
            Record::Observed { .. } => step.finish(End::Observed, fact.seq),
            _ => {}
        }
    }

    fn progress(&mut self, path: &str) -> &mut Progress {
        self.steps.entry(path.to_owned()).or_default()
    }

    /// An operator's act on the step that parked the run.
    fn operated(&mut self, act: &str, fact: &Fact<'_>) {
        self.parked = None;
        let path = fact.path;
        match act {
            "resume" => {
                let below = format!("{path}.");
                self.steps.retain(|other, _| !other.starts_with(&below));
                if let Some(step) = self.steps.get_mut(path) {
                    step.again(fact.at);
                }
            }
            "skip" => self.progress(path).finish(End::Done(None), fact.seq),
            "cancel" => {}
            _ => {}
        }
    }
}

impl Progress {
    fn finish(&mut self, end: End, seq: u64) {
        self.end = Some(end);
        self.ended_seq = seq;
        self.open = false;
        self.timer = None;
        self.wait = None;
    }

    /// Ready for another attempt after a person's word; the key stays.
    fn again(&mut self, at: Timestamp) {
        self.end = None;
        self.timer = None;
        self.wait = None;
        self.probes = 0;
        self.first_at = Some(at);
        let unknown = |failed: &Failed| failed.failure.effect != dragoman_model::Effect::None;
        match &mut self.failure {
            Some(failed) if unknown(failed) => failed.last = false,
            failure => *failure = None,
        }
    }

    fn intend(&mut self, fact: &Fact<'_>) {
        let Record::Intent {
            attempt,
            key,
            effect,
            once,
            reference,
            ..
        } = fact.record
        else {
            return;
        };
        self.attempt = *attempt;
        self.open = true;
        self.timer = None;
        self.failure = None;
        self.first_at.get_or_insert(fact.at);
        self.last_at = Some(fact.at);
        self.key.clone_from(key);
        self.request = Some(Request {
            input: member(fact.body, "input").cloned().unwrap_or(Value::Null),
            documents: documents(member(fact.body, "documents")),
            effect: *effect,
            once: once.clone(),
            reference: reference.clone(),
        });
    }

    fn fail(&mut self, fact: &Fact<'_>) {
        let Record::Failed {
            attempt,
            class,
            effect,
            code,
            last,
            ..
        } = fact.record
        else {
            return;
        };
        let failure = fact
            .body
            .and_then(|body| serde_json::from_value::<Failure>(body.clone()).ok());
        // The body may have been erased; the header alone tells enough to go on.
        let failure = failure.unwrap_or_else(|| Failure::new(*class, code.as_str(), "").with_effect(*effect));
        self.attempt = *attempt;
        self.open = false;
        self.timer = None;
        self.wait = None;
        self.first_at.get_or_insert(fact.at);
        self.last_at = Some(fact.at);
        self.failure = Some(Failed {
            failure,
            last: *last,
            at: fact.at,
        });
        if *last {
            self.end = Some(End::Failed);
            self.ended_seq = fact.seq;
        }
    }
}

/// A member of a body.
fn member<'a>(body: Option<&'a Value>, name: &str) -> Option<&'a Value> {
    body.and_then(|body| body.get(name))
}

/// Documents by name, from a body.
pub(super) fn documents(value: Option<&Value>) -> BTreeMap<String, DocumentReference> {
    let Some(Value::Object(members)) = value else {
        return BTreeMap::new();
    };
    let read = |value: &Value| serde_json::from_value(value.clone()).ok();
    members
        .iter()
        .filter_map(|(name, value)| Some((name.clone(), read(value)?)))
        .collect()
}

fn items(body: Option<&Value>) -> Vec<Item> {
    let list = member(body, "items")
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let key = |value: &Value| value.get("key").and_then(Value::as_str).unwrap_or_default().to_owned();
    list.iter()
        .map(|value| Item {
            key: key(value),
            item: value["item"].clone(),
        })
        .collect()
}

/// What a wait gives: the answer's members, who gave it and when.
fn answer(fact: &Fact<'_>) -> Value {
    let mut out = match fact.body {
        Some(Value::Object(members)) => members.clone(),
        _ => Map::new(),
    };
    let by = json!({
        "id": fact.actor.id,
        "kind": fact.actor.kind,
        "authentication": fact.actor.authentication,
    });
    out.insert("by".into(), by);
    out.insert("at".into(), Value::String(fact.at.to_string()));
    Value::Object(out)
}

fn origin(run: RunId, fact: &Fact<'_>) -> Option<Origin> {
    let Record::Accepted {
        pipeline,
        trigger,
        run_key,
        serial,
        parent,
        mode,
    } = fact.record
    else {
        return None;
    };
    let body = |name| member(fact.body, name);
    let mut roots = BTreeMap::new();
    // A child is given the trigger of its parent as it is.
    let about = body("trigger")
        .cloned()
        .unwrap_or_else(|| about(trigger, run_key, fact));
    roots.insert("trigger".to_owned(), about);
    roots.insert("site".into(), body("site").cloned().unwrap_or_else(|| json!({})));
    let now = body("now")
        .cloned()
        .unwrap_or_else(|| Value::String(fact.at.to_string()));
    roots.insert(
        "run".into(),
        json!({ "id": run.to_string(), "now": now, "key": run_key, "pipeline": pipeline }),
    );
    if let Some(Value::Object(names)) = body("items") {
        roots.extend(names.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    Some(Origin {
        pipeline: pipeline.clone(),
        version: fact.versions.pipeline,
        trigger: trigger.clone(),
        run_key: run_key.clone(),
        serial: serial.clone(),
        parent: parent.clone(),
        observe: mode == "observe",
        began: fact.at,
        roots,
        captures: body("captures").and_then(Value::as_object).cloned().unwrap_or_default(),
    })
}

/// What expressions see as `trigger`: the message, and how it came.
fn about(trigger: &str, run_key: &str, fact: &Fact<'_>) -> Value {
    let mut about = member(fact.body, "attributes")
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default();
    let headers: Map<String, Value> = fact
        .headers
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), json!(value)))
        .collect();
    about.insert("id".into(), Value::String(trigger.to_owned()));
    about.insert("key".into(), Value::String(run_key.to_owned()));
    about.insert("sender".into(), Value::String(fact.actor.id.clone()));
    about.insert("received_at".into(), Value::String(fact.at.to_string()));
    about.insert("headers".into(), Value::Object(headers));
    if let Some(message) = member(fact.body, "message") {
        about.insert("message".into(), message.clone());
    }
    if let Some(document) = member(fact.body, "documents").and_then(|documents| documents.get("message")) {
        about.insert("document".into(), document.clone());
    }
    Value::Object(about)
}

/// What the expressions of a run see at its root, from its first entry: for its key and its serial.
pub fn roots(first: &Draft) -> BTreeMap<String, Value> {
    let mut state = State::new(first.run);
    state.apply_draft(first);
    state.origin.map(|origin| origin.roots).unwrap_or_default()
}

/// Whether a failure of this class is the other side's no.
pub(super) fn is_rejection(failure: &Failure) -> bool {
    failure.class == Class::Rejected
}

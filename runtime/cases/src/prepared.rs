//! A case made ready: every name looked up, every answer checked against what the connector could say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use dragoman_engine::Delivery;
use dragoman_engine::source::media_type;
use dragoman_manifest::cases::{
    Answers, Before, Case, Content, Gives, LaterEvent, LaterKind, Message, Mode, Operator, Person, Probe,
};
use dragoman_manifest::{Spanned, cases::Json};
use dragoman_model::{Actor, Diagnostic, Digest, Failure, Timestamp, Value, nearest};
use dragoman_plan::{Plan, Trigger, TriggerKind};
use dragoman_schema::Shape;
use serde_json::json;

use crate::bench::{Bench, Plans, closing, emitting};
use crate::error::{Error, IMPOSSIBLE, UNKNOWN};
use crate::kin::Named;
use crate::shaped::{checked, of_shape};

/// Where a case begins that does not say when: a Monday morning.
const MORNING: Timestamp = Timestamp::from_millis(1_772_442_000_000);

/// A case made ready.
pub(crate) struct Prepared {
    pub(crate) plans: Arc<Plans>,
    pub(crate) start: Timestamp,
    pub(crate) before: Vec<Deliverable>,
    pub(crate) main: Deliverable,
    pub(crate) later: Vec<(i64, Deliverable)>,
    pub(crate) answers: Vec<Scripted>,
    pub(crate) people: Vec<Person>,
    pub(crate) operators: Vec<Operator>,
    /// Connections that only observe.
    pub(crate) observed: BTreeSet<String>,
    pub(crate) until: Option<i64>,
    /// What reading each message gives, by the digest of its bytes.
    pub(crate) reads: BTreeMap<Digest, Result<Value, Failure>>,
}

/// A message on its way.
pub(crate) struct Deliverable {
    pub(crate) delivery: Delivery,
    pub(crate) at: Option<Timestamp>,
    /// Where the case says it, for what is wrong with it.
    pub(crate) place: dragoman_model::Span,
}

/// What the calls of an operation or of a step answer.
pub(crate) struct Scripted {
    pub(crate) key: Spanned<String>,
    /// Of a step: what the case calls it.
    pub(crate) step: Option<Named>,
    pub(crate) lines: Vec<Line>,
}

/// One answer.
pub(crate) struct Line {
    pub(crate) when: Option<Json>,
    pub(crate) gives: Given,
}

/// What comes back: outputs as values where the operation is known, else as they were said.
pub(crate) enum Given {
    Output(Json),
    /// And whether the case says what is known of its effect.
    Failure(Failure, bool),
    Applied(Json),
    Absent,
    Pending,
    /// Another run did it.
    Joined(Json),
}

impl Prepared {
    /// Makes a case ready. `folder`: that of its file.
    pub(crate) fn new(case: &Case, folder: &Path, bench: &Bench) -> Result<Self, Error> {
        let mut plans = plans(case, bench)?;
        add_outside(&mut plans, case, bench)?;
        let plans = Arc::new(plans);
        let mut desk = Desk {
            plans: &plans,
            bench,
            folder: folder.to_path_buf(),
            reads: BTreeMap::new(),
            diagnostics: Vec::new(),
        };
        let before = desk.before(case);
        let main = desk.message(&case.trigger);
        let later = desk.later(case);
        let answers = case.answers.iter().map(|a| desk.answers(&case.pipeline, a)).collect();
        desk.connections(case);
        let Desk { reads, diagnostics, .. } = desk;
        let before: Option<Vec<Deliverable>> = before.into_iter().collect();
        let later: Option<Vec<(i64, Deliverable)>> = later.into_iter().collect();
        let (Some(before), Some(main), Some(later), true) = (before, main, later, diagnostics.is_empty()) else {
            return Err(Error::Case(diagnostics));
        };
        let first = before.first().unwrap_or(&main);
        Ok(Prepared {
            start: first.at.unwrap_or(MORNING),
            plans,
            before,
            main,
            later,
            answers,
            people: case.people.clone(),
            operators: case.operators.clone(),
            observed: observed(case, bench),
            until: case.until.as_ref().map(|u| i64::try_from(u.value).unwrap_or(i64::MAX)),
            reads,
        })
    }
}

/// Adds the pipelines by which the case lets something happen from outside.
fn add_outside(plans: &mut Plans, case: &Case, bench: &Bench) -> Result<(), Error> {
    for (number, before) in case.before.iter().enumerate() {
        if let Before::Void(reference) = before {
            plans.add(closing(&earlier(number), reference)?);
        }
    }
    for (number, later) in case.later.iter().enumerate() {
        match &later.what {
            LaterKind::Void(reference) => plans.add(closing(&outside(number), reference)?),
            LaterKind::Event(event) if bench.events.contains_key(&event.name.value) => {
                let key = event.key.as_ref().map(|key| key.value.as_str());
                plans.add(emitting(&outside(number), &event.name, key)?);
            }
            LaterKind::Event(_) | LaterKind::Message(_) => {}
        }
    }
    Ok(())
}

/// The plans for the values of the site with those that the case changes.
fn plans(case: &Case, bench: &Bench) -> Result<Plans, Error> {
    let mut values = bench.values.clone();
    if let (Some(changes), Some(members)) = (&case.site, values.as_object_mut()) {
        let mut diagnostics = Vec::new();
        if let Value::Object(changed) = changes.value() {
            for (name, value) in changed {
                if !members.contains_key(&name) {
                    let place = changes.place(&format!("/{name}"));
                    diagnostics.push(unknown(
                        place,
                        "value of the site",
                        &name,
                        members.keys().map(String::as_str),
                    ));
                }
                members.insert(name, value);
            }
        }
        if !diagnostics.is_empty() {
            return Err(Error::Case(diagnostics));
        }
    }
    let mut plans = (bench.build)(&values).map_err(Error::Case)?;
    for plan in &mut plans {
        let about = plan.pipeline == case.pipeline.value;
        let observe = match &case.mode {
            Some(Mode::Observe) if about => true,
            Some(Mode::Live) if about => false,
            _ => plan.observe || bench.observe,
        };
        if observe != plan.observe {
            Arc::make_mut(plan).observe = observe;
        }
    }
    Ok(Plans::new(plans, values))
}

/// The connections that only observe in a case.
fn observed(case: &Case, bench: &Bench) -> BTreeSet<String> {
    match &case.mode {
        Some(Mode::Live) => BTreeSet::new(),
        Some(Mode::Connections(named)) => named.iter().map(|name| name.value.clone()).collect(),
        Some(Mode::Observe) | None => bench.observed.clone(),
    }
}

/// The name of the pipeline by which the case lets something happen from outside.
fn outside(number: usize) -> String {
    format!("case-outside-{}", number + 1)
}

/// The same for what happens before.
fn earlier(number: usize) -> String {
    format!("case-before-{}", number + 1)
}

/// The message that begins it.
fn by_hand(pipeline: &str, message: &Value, place: &dragoman_model::Span) -> Deliverable {
    Deliverable {
        delivery: Delivery {
            pipeline: pipeline.into(),
            trigger: "hand".into(),
            body: Bytes::from(dragoman_model::digest::canonical(message)),
            media_type: "application/json".into(),
            headers: Vec::new(),
            attributes: Value::Object(serde_json::Map::new()),
            sender: Actor::person("somebody", "password"),
            key: None,
        },
        at: None,
        place: place.clone(),
    }
}

pub(crate) fn unknown<'a>(
    place: dragoman_model::Span,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'a str> + Clone,
) -> Diagnostic {
    let diagnostic = Diagnostic::error(UNKNOWN, place, format!("there is no {what} `{name}`"));
    match nearest(name, known.clone()) {
        Some(right) => diagnostic.help(format!("write `{right}`")),
        None => {
            let all: Vec<&str> = known.collect();
            diagnostic.help(format!("there is: {}", all.join(", ")))
        }
    }
}

/// Where names are looked up while a case is made ready.
struct Desk<'a> {
    plans: &'a Plans,
    bench: &'a Bench,
    folder: PathBuf,
    reads: BTreeMap<Digest, Result<Value, Failure>>,
    diagnostics: Vec<Diagnostic>,
}

impl Desk<'_> {
    fn before(&mut self, case: &Case) -> Vec<Option<Deliverable>> {
        let all = case.before.iter().enumerate();
        all.map(|(number, before)| match before {
            Before::Message(message) => self.message(message),
            Before::Void(reference) => Some(by_hand(&earlier(number), &json!({}), &reference.span)),
        })
        .collect()
    }

    fn later(&mut self, case: &Case) -> Vec<Option<(i64, Deliverable)>> {
        let all = case.later.iter().enumerate();
        all.map(|(number, later)| {
            let after = i64::try_from(later.after.value).unwrap_or(i64::MAX);
            let what = match &later.what {
                LaterKind::Message(message) => self.message(message)?,
                LaterKind::Void(reference) => by_hand(&outside(number), &json!({}), &reference.span),
                LaterKind::Event(event) => self.event(&outside(number), event)?,
            };
            Some((after, what))
        })
        .collect()
    }

    fn message(&mut self, message: &Message) -> Option<Deliverable> {
        let Some(plan) = self.plans.get(&message.pipeline) else {
            let place = message.pipeline.span.clone();
            self.diagnostics.push(unknown(
                place,
                "pipeline",
                &message.pipeline,
                self.plans.names().collect::<Vec<_>>().into_iter(),
            ));
            return None;
        };
        let plan = Arc::clone(plan);
        let trigger = self.trigger(&plan, message)?;
        let read = trigger.read.as_ref().map(|(c, o)| format!("{c}.{o}"));
        let content = match (&message.content, read) {
            (Content::Unreadable(failure), Some(_)) => Err(failure.clone()),
            (Content::Unreadable(_), None) => {
                let text = format!("nothing reads the messages of `{}`, so none is unreadable", trigger.id);
                let diagnostic = Diagnostic::error(IMPOSSIBLE, message.span.clone(), text);
                self.diagnostics.push(diagnostic.help("write a `message`"));
                return None;
            }
            (Content::Message(said), None) => {
                let what = format!("a message of `{}`", trigger.id);
                Ok(of_shape(said, &trigger.message, &what, &mut self.diagnostics))
            }
            (Content::Message(said), Some(read)) => Ok(self.output(&read, said)),
        };
        let body = self.body(message, &content)?;
        self.reads.insert(Digest::of(&body), content);
        let sender = match (&message.sender, &trigger.kind) {
            (Some(sender), _) => Actor::sender(sender, "bearer"),
            (None, TriggerKind::Http { from: Some(from), .. }) => Actor::sender(from, "bearer"),
            (None, TriggerKind::Amqp { from, .. }) => Actor::sender(from, "broker"),
            (None, TriggerKind::Manual) => Actor::person("somebody", "os_user"),
            (None, _) => Actor::sender("somebody", "none"),
        };
        Some(Deliverable {
            delivery: Delivery {
                pipeline: plan.pipeline.clone(),
                trigger: trigger.id.clone(),
                media_type: media_type(&body).unwrap_or("application/json").into(),
                body,
                headers: message.headers.clone(),
                attributes: message.attributes.as_ref().map_or_else(|| json!({}), Json::value),
                sender,
                key: None,
            },
            at: message.at.as_ref().map(|at| at.value),
            place: message.span.clone(),
        })
    }

    /// An event, with what it brings in the shape that the site says.
    fn event(&mut self, pipeline: &str, event: &LaterEvent) -> Option<Deliverable> {
        let Some(shape) = self.bench.events.get(&event.name.value) else {
            let known = self.bench.events.keys().map(String::as_str);
            self.diagnostics
                .push(unknown(event.name.span.clone(), "event", &event.name, known));
            return None;
        };
        let shape = shape.clone().unwrap_or(Shape::Any);
        let what = format!("the event `{}`", event.name.value);
        let data = match &event.data {
            Some(said) => of_shape(said, &shape, &what, &mut self.diagnostics),
            None => json!({}),
        };
        Some(by_hand(pipeline, &data, &event.name.span))
    }

    fn trigger<'p>(&mut self, plan: &'p Plan, message: &Message) -> Option<&'p Trigger> {
        let Some(id) = &message.id else {
            return plan.triggers.first();
        };
        let found = plan.triggers.iter().find(|t| t.id == id.value);
        if found.is_none() {
            let known = plan.triggers.iter().map(|t| t.id.as_str());
            self.diagnostics.push(unknown(id.span.clone(), "trigger", id, known));
        }
        found
    }

    /// The bytes of a message: the file beside the case, else its content as JSON.
    fn body(&mut self, message: &Message, content: &Result<Value, Failure>) -> Option<Bytes> {
        let Some(file) = &message.document else {
            let text = match content {
                Ok(value) => dragoman_model::digest::canonical(value),
                Err(failure) => format!("unreadable: {}", failure.code),
            };
            return Some(Bytes::from(text));
        };
        let path = self.folder.join(&file.value);
        match std::fs::read(&path) {
            Ok(bytes) => Some(Bytes::from(bytes)),
            Err(error) => {
                let text = format!("{} cannot be read: {error}", path.display());
                let diagnostic = Diagnostic::error(UNKNOWN, file.span.clone(), text);
                self.diagnostics
                    .push(diagnostic.help("the path of a document begins at the folder of the case"));
                None
            }
        }
    }

    /// The connections that the case names are there.
    fn connections(&mut self, case: &Case) {
        let Some(Mode::Connections(named)) = &case.mode else {
            return;
        };
        let known = self.bench.surfaces.keys().map(String::as_str);
        for name in named
            .iter()
            .filter(|name| !self.bench.surfaces.contains_key(&name.value))
        {
            self.diagnostics
                .push(unknown(name.span.clone(), "connection", name, known.clone()));
        }
    }

    /// The step that answers are for: `steps.PATH` in the pipeline of the case, `PIPELINE.steps.PATH` in another.
    fn step(&mut self, about: &str, key: &Spanned<String>) -> Option<Named> {
        if let Some(path) = key.strip_prefix("steps.") {
            return Some(Named::new(about, path));
        }
        let (pipeline, path) = key.split_once(".steps.")?;
        if self.plans.get(pipeline).is_none() {
            let known: Vec<&str> = self.plans.names().collect();
            self.diagnostics
                .push(unknown(key.span.clone(), "pipeline", pipeline, known.into_iter()));
        }
        Some(Named::new(pipeline, path))
    }

    fn answers(&mut self, about: &str, said: &Answers) -> Scripted {
        let step = self.step(about, &said.key);
        if step.is_none() && self.bench.operation(&said.key).is_none() {
            let operations = self.bench.operations();
            let known = operations.iter().map(String::as_str);
            self.diagnostics
                .push(unknown(said.key.span.clone(), "operation", &said.key, known));
        } else if step.is_none() {
            for answer in &said.answers {
                if let Gives::Output(output) | Gives::Joined(output) | Gives::Probe(Probe::Applied(output)) =
                    &answer.gives
                {
                    self.output(&said.key, output);
                }
            }
        }
        let line = |answer: &dragoman_manifest::cases::Answer| Line {
            when: answer.when.clone(),
            gives: match &answer.gives {
                Gives::Output(output) => Given::Output(output.clone()),
                Gives::Failure { failure, stated } => Given::Failure(failure.clone(), *stated),
                Gives::Probe(Probe::Applied(output)) => Given::Applied(output.clone()),
                Gives::Probe(Probe::Absent) => Given::Absent,
                Gives::Probe(Probe::Pending) => Given::Pending,
                Gives::Joined(output) => Given::Joined(output.clone()),
            },
        };
        Scripted {
            key: said.key.clone(),
            step,
            lines: said.answers.iter().map(line).collect(),
        }
    }

    /// An output with the types of its operation, checked.
    fn output(&mut self, operation: &str, said: &Json) -> Value {
        match self.bench.operation(operation) {
            None => said.value(),
            Some(surface) => checked(
                said,
                &surface.output,
                &surface.output_schema,
                operation,
                &mut self.diagnostics,
            ),
        }
    }
}

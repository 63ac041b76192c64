//! `run`: another pipeline as a child, with its own journal and its own plan.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_expression::{Expression, Scope};
use dragoman_journal::{Begin, Draft, Ending, Parent, Record, RunSummary, Standing, Versions};
use dragoman_model::failure::Issue;
use dragoman_model::{Class, Digest, Failure, RunId, Usage, Value, object};
use dragoman_plan::{RunStep, Step};
use dragoman_schema::{Shape, Validator};
use serde_json::json;

use super::event::Found;
use super::origin::roots;
use super::scope::Evaluated;
use super::walk::{Flow, Walk};

/// What the key and the serial of a pipeline see: its own message.
struct Roots(BTreeMap<String, Value>);

impl Scope for Roots {
    fn root(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn step(&self, _id: &str) -> Option<&Value> {
        None
    }
}

impl<'a> Walk<'a> {
    /// A `run` step.
    pub(super) fn run_pipeline(&mut self, step: &'a Step, run: &'a RunStep) -> Flow {
        let item = self.progress().and_then(|p| p.items.as_ref()?.first());
        let Some(child) = item.map(|item| self.state.run.child(&self.path, &item.key)) else {
            return match self.begin_pipeline(run) {
                Err(failure) => self.fail(step, failure),
                Ok(None) => self.observe_step(step, "run"),
                Ok(Some((entry, begin))) => self.place_children(entry, vec![begin]),
            };
        };
        let Some(Found::Children(children)) = self.look_at_children(true) else {
            return Flow::Pending;
        };
        match children.iter().find(|one| one.run == child) {
            Some(ended) if ended.standing == Standing::Closed => self.pipeline_ended(step, run, ended),
            _ => {
                self.wait_for_children();
                Flow::Pending
            }
        }
    }

    /// The entry that says which run begins, and that run; none: it needs what was only observed.
    fn begin_pipeline(&self, run: &RunStep) -> Result<Option<(Draft, Begin)>, Failure> {
        let message = match self.template(&run.with)? {
            Evaluated::Observed => return Ok(None),
            Evaluated::Value(message) => message.unwrap_or_else(|| json!({})),
        };
        fits_input(&run.entry.schema, &message, "run.input")?;
        let Ok(key) = self.text(run.key.as_ref(), "key")? else {
            return Ok(None);
        };
        // A person may let the step begin it anew; the run before has its place then.
        let tries = self.progress().map_or(0, |p| p.runs);
        let item = if tries == 0 {
            "run".to_owned()
        } else {
            format!("run-{}", tries + 1)
        };
        let child = self.state.run.child(&self.path, &item);
        let mut first = self.first_of_pipeline(run, child, &item, message.clone());
        self.name_pipeline(run, key, &mut first)?;
        let begin = Begin {
            entries: vec![first],
            operations: Vec::new(),
            content: Digest::of_value(&message),
            // It belongs to nobody yet: whoever takes it up has the plan that it is pinned to.
            standing: Standing::Sleeping(self.now),
            lease_until: self.now,
        };
        let item = object([("key", Value::String(item)), ("item", message)]);
        let body = object([
            ("items", Value::Array(vec![item])),
            ("begun", json!(1)),
            ("pipeline", json!(run.called.pipeline)),
        ]);
        let entry = self.draft(Record::Children { count: 1 }, Some(body), None);
        Ok(Some((entry, begin)))
    }

    fn first_of_pipeline(&self, run: &RunStep, child: RunId, item: &str, message: Value) -> Draft {
        let origin = self.state.origin.as_ref();
        let site = origin.and_then(|origin| origin.roots.get("site")).cloned();
        let observe = self.observing() || run.called.observe;
        let record = Record::Accepted {
            pipeline: run.called.pipeline.clone(),
            trigger: run.entry.trigger.clone(),
            run_key: format!("{}/{}", self.state.run, self.path),
            serial: origin.and_then(|origin| origin.serial.clone()),
            parent: Some(Parent {
                run: self.state.run,
                path: self.path.clone(),
                index: u64::from(self.progress().map_or(0, |p| p.runs)),
                item: item.to_owned(),
            }),
            mode: if observe { "observe" } else { "live" }.into(),
        };
        Draft {
            run: child,
            seq: 0,
            at: self.now,
            actor: self.actor.clone(),
            path: String::new(),
            versions: Versions {
                pipeline: run.called.version,
                plugin: None,
                settings: None,
            },
            record,
            headers: Vec::new(),
            body: Some(Arc::new(object([
                ("message", message),
                ("documents", json!({})),
                ("site", site.unwrap_or_else(|| json!({}))),
                ("now", Value::String(self.now.to_string())),
            ]))),
        }
    }

    /// The run's key and its turn: as the step says, else as the pipeline itself says of its message.
    fn name_pipeline(&self, run: &RunStep, key: Option<String>, first: &mut Draft) -> Result<(), Failure> {
        let names = Roots(roots(first));
        let of_message = |expression: Option<&Expression>, what: &str| {
            expression
                .map(|expression| text_of(expression, &names, what))
                .transpose()
        };
        let own_key = match key {
            None => of_message(run.called.key.as_ref(), "key")?,
            said => said,
        };
        let own_serial = of_message(run.called.serial.as_ref(), "serial")?;
        if let Record::Accepted { run_key, serial, .. } = &mut first.record {
            if let Some(key) = own_key {
                *run_key = key;
            }
            if own_serial.is_some() {
                *serial = own_serial;
            }
        }
        Ok(())
    }

    fn pipeline_ended(&mut self, step: &'a Step, run: &'a RunStep, ended: &RunSummary) -> Flow {
        let output = ended.output.clone().filter(|output| !output.is_null());
        let name = &run.called.pipeline;
        let note = ended.note.clone().unwrap_or_default();
        match ended.ending {
            Some(Ending::Completed) => {
                let observed = self.observing() || run.called.observe;
                if observed && output.is_none() && run.called.output != Shape::Nothing {
                    return self.observe_step(step, "run");
                }
                let record = Record::Done {
                    attempt: 1,
                    joined: None,
                    known_by: "answer".into(),
                    usage: Usage::default(),
                };
                let body = output.map_or_else(|| json!({}), |output| object([("output", output)]));
                self.note(record, Some(body), None);
                Flow::Done
            }
            Some(Ending::Stopped) => {
                let message = format!("`{name}` stopped: {note}");
                self.fail(step, Failure::permanent("run.stopped", message))
            }
            Some(Ending::Cancelled) => {
                let message = format!("`{name}` was given up: {note}");
                self.fail(step, Failure::permanent("run.cancelled", message))
            }
            Some(Ending::Failed) | None => {
                let failure = failed(name, &note, ended.failure.as_ref());
                self.fail(step, failure)
            }
        }
    }
}

/// A child that failed is this step's failure; the other side's no stays one, with its issues.
fn failed(name: &str, note: &str, inner: Option<&Failure>) -> Failure {
    let message = format!("`{name}` failed: {note}");
    match inner.filter(|inner| inner.class == Class::Rejected) {
        Some(inner) => Failure {
            issues: inner.issues.clone(),
            remote_reference: inner.remote_reference.clone(),
            ..Failure::rejected("run.failed", message)
        },
        None => Failure::permanent("run.failed", message),
    }
}

fn text_of(expression: &Expression, names: &Roots, what: &str) -> Result<String, Failure> {
    match expression.evaluate(names) {
        Ok(Some(Value::String(text))) if !text.is_empty() => Ok(text),
        Ok(Some(value @ (Value::Number(_) | Value::Bool(_)))) => Ok(value.to_string()),
        Ok(_) => Err(Failure::permanent(
            "run.input",
            format!("`{what}` of the pipeline gives no text: `{}`", expression.text),
        )),
        Err(error) => Err(Failure::permanent(
            "run.input",
            format!(
                "`{what}` of the pipeline, `{}`, failed: {}",
                expression.text, error.message
            ),
        )),
    }
}

/// Checks a message against the schema of a pipeline's input.
///
/// # Errors
/// A permanent failure with what is wrong, under the code given.
pub fn fits_input(schema: &Value, message: &Value, code: &str) -> Result<(), Failure> {
    let validator = Validator::new(schema).map_err(|error| Failure::permanent(code, error.to_string()))?;
    let issues = validator.check(message);
    let Some(first) = issues.first() else {
        return Ok(());
    };
    let text = format!(
        "what is given does not fit the input: `{}`: {}",
        first.path, first.message
    );
    let issue = |issue: dragoman_schema::Issue| Issue {
        path: issue.path,
        code: issue.code,
        message: issue.message,
    };
    Err(Failure {
        issues: issues.into_iter().map(issue).collect(),
        ..Failure::permanent(code, text)
    })
}

//! `run`: another pipeline as a child, its input and its output; and the input that this one takes from others.

use dragoman_expression::Expected;
use dragoman_manifest::pipeline::{Run, SaidShape, Trigger};
use dragoman_model::{Diagnostic, Value};
use dragoman_schema::{Marks, Shape};
use std::sync::Arc;

use super::Checker;
use super::answer_schema::{place_in, schema_shape};
use super::scope::Scope;
use super::step::Made;
use crate::{Entry, RunStep, Signature, StepKind, Template, codes};

/// The trigger of an item's run: another one cannot be told from it.
const OF_ITEMS: &str = "each";

impl Checker<'_> {
    /// `run`: the output is that of the pipeline.
    pub(super) fn run(&mut self, run: &Run, scope: &mut Scope) -> Made {
        let called = self.called(run);
        let entry = called.as_ref().and_then(|called| self.entry(run, called));
        let key = match &run.key {
            Some(said) => self.expression(said, &Expected::Key, scope).map(|(key, _)| Some(key)),
            None => Some(None),
        };
        let with = match (&run.with, &entry) {
            (Some(said), entry) => self.template(said, entry.as_ref().map(|entry| &entry.shape), scope).0,
            (None, Some(entry)) => self.nothing_given(run, &entry.shape),
            (None, None) => None,
        };
        let Some(called) = called else {
            return Made::new(None, None);
        };
        if let (Some(with), Some(entry)) = (&with, &entry) {
            self.given(with, &Marks::of_schema(&entry.schema), &entry.shape, &called.pipeline);
        }
        let marks = called.marks.clone();
        self.runs.insert(called.pipeline.clone(), called.version);
        let shape = called.output.clone();
        let kind = entry.zip(key).zip(with).map(|((entry, key), with)| {
            StepKind::Run(Box::new(RunStep {
                called,
                entry,
                with,
                key,
            }))
        });
        Made::new(kind, Some(shape)).marked(marks)
    }

    /// The pipeline; none where there is none, which is reported, or where nothing is known of it.
    fn called(&mut self, run: &Run) -> Option<Arc<Signature>> {
        if run.pipeline.value == self.said.name.value {
            let message = format!("`{}` runs itself: that has no end", run.pipeline.value);
            self.report(
                Diagnostic::error(codes::CIRCLE, run.pipeline.span.clone(), message)
                    .help("for rounds of the same steps write `repeat`"),
            );
            return None;
        }
        let world = self.world;
        let place = "the folder of pipelines";
        let known = world.pipelines.keys();
        self.known(
            &run.pipeline,
            known,
            codes::UNKNOWN_PIPELINE,
            "there is no pipeline",
            place,
        )
        .then(|| world.pipelines.get(&run.pipeline.value).cloned().flatten())
        .flatten()
    }

    fn entry(&mut self, run: &Run, called: &Signature) -> Option<Entry> {
        if called.entry.is_none() {
            let message = format!("`{}` does not say what it is to be given", called.pipeline);
            self.report(
                Diagnostic::error(codes::NOT_CALLABLE, run.pipeline.span.clone(), message).help(format!(
                    "write a trigger into `{}`: `- {{ id: called, manual: {{ input: {{ type: object, properties: ... }} }} }}`",
                    called.pipeline
                )),
            );
        }
        called.entry.clone()
    }

    /// Without `with` an empty object is given: that must be enough.
    fn nothing_given(&mut self, run: &Run, shape: &Shape) -> Option<Template> {
        let before = self.diagnostics.len();
        match shape.present().as_object() {
            Some(object) => self.missing_fields(&run.pipeline.span, object, &[]),
            None if matches!(shape.present(), Shape::Any | Shape::Map(_)) => {}
            None => {
                let message = format!("`{}` is to be given {}", run.pipeline.value, shape.describe());
                let diagnostic = Diagnostic::error(codes::MISSING_FIELD, run.pipeline.span.clone(), message);
                self.report(diagnostic.help("write `with:` beside `run`"));
            }
        }
        (self.diagnostics.len() == before).then(|| Template::Literal(Value::Object(serde_json::Map::new())))
    }

    /// The shape of what a trigger is given, and its JSON Schema; none where it is wrong.
    pub(super) fn input(&mut self, trigger: &Trigger, input: &SaidShape) -> Option<(Shape, Value)> {
        if trigger.id.value == OF_ITEMS {
            let message = format!("a trigger with an input cannot be called `{OF_ITEMS}`");
            self.report(
                Diagnostic::error(codes::RESERVED_NAME, trigger.id.span.clone(), message)
                    .help("write another name, for example `called`"),
            );
        }
        match input {
            SaidShape::Operation(name) => {
                let (_, operation) = self.operation(name)?;
                Some((operation.output.clone(), operation.output_schema.clone()))
            }
            SaidShape::Schema { schema, places } => {
                let place = |at: &str| place_in(places, at).unwrap_or(&trigger.span).clone();
                let shape = schema_shape(schema, &place, "the input", codes::INPUT, &mut self.diagnostics)?;
                Some((shape, schema.clone()))
            }
        }
    }

    /// The JSON Schema of an input that was checked.
    pub(super) fn input_schema(&self, input: &SaidShape) -> Option<Value> {
        match input {
            SaidShape::Schema { schema, .. } => Some(schema.clone()),
            SaidShape::Operation(name) => {
                let connection = self.world.connections.get(&name.connection.value)?;
                let operation = connection.surface.operations.get(&name.operation.value)?;
                Some(operation.output_schema.clone())
            }
        }
    }

    /// Who runs this pipeline begins it in one way.
    pub(super) fn one_input(&mut self) {
        let mut inputs = self.said.triggers.iter().filter(|trigger| trigger.input.is_some());
        if let (Some(first), Some(second)) = (inputs.next(), inputs.next()) {
            let message = format!(
                "the triggers `{}` and `{}` both have an input",
                first.id.value, second.id.value
            );
            self.report(
                Diagnostic::error(codes::INPUT, second.span.clone(), message)
                    .label(first.span.clone(), "the first")
                    .help("take one of them away: another pipeline begins this one in one way"),
            );
        }
    }
}

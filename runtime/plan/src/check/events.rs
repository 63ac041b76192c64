//! Events: what a step hands to the site, what a wait or a trigger hears.

use std::collections::BTreeSet;

use dragoman_expression::Expected;
use dragoman_manifest::Spanned;
use dragoman_manifest::pipeline::{Emit, EventWait};
use dragoman_model::Diagnostic;
use dragoman_schema::Shape;

use super::Checker;
use super::scope::Scope;
use super::step::Made;
use crate::{EmitStep, EventWaitStep, StepKind, codes};

impl Checker<'_> {
    /// `emit`: what it brings has the shape that the site file says; it gives nothing.
    pub(super) fn emit(&mut self, emit: &Emit, scope: &mut Scope) -> Made {
        let shape = self.event(&emit.event);
        let key = match &emit.key {
            Some(said) => self.expression(said, &Expected::Key, scope).map(|(key, _)| Some(key)),
            None => Some(None),
        };
        let data = match (&emit.data, &shape) {
            (Some(said), Some(Some(shape))) => self.template(said, Some(shape), scope).0.map(Some),
            (Some(said), _) => self.template(said, None, scope).0.map(Some),
            (None, Some(Some(shape))) => {
                self.nothing_brought(&emit.event, shape);
                Some(None)
            }
            (None, _) => Some(None),
        };
        // Of an event that is none, nothing says what it may bring.
        if let (Some(_), Some(Some(data))) = (&shape, &data) {
            self.emitted(data, &emit.event.value);
        }
        let kind = shape.flatten().zip(key).zip(data).map(|((_, key), data)| {
            let event = emit.event.value.clone();
            StepKind::Emit(Box::new(EmitStep { event, key, data }))
        });
        Made::new(kind, Some(Shape::Nothing))
    }

    /// A wait for an event: the output is what the event brings.
    pub(super) fn wait_event(&mut self, wait: &EventWait, scope: &mut Scope) -> Made {
        let shape = self.event(&wait.event).flatten();
        let key = self.expression(&wait.key, &Expected::Key, scope);
        let kind = key.zip(shape.as_ref()).map(|((key, _), _)| {
            StepKind::WaitEvent(Box::new(EventWaitStep {
                event: wait.event.value.clone(),
                key,
                for_ms: wait.for_ms.as_ref().map(|f| f.value),
            }))
        });
        let marks = self
            .world
            .event_marks
            .get(&wait.event.value)
            .cloned()
            .unwrap_or_default();
        Made::new(kind, shape).marked(marks)
    }

    /// The shape of what an event brings. None: there is no such event, which is reported; none inside: nothing is known
    /// of it, and that was reported elsewhere.
    pub(super) fn event(&mut self, name: &Spanned<String>) -> Option<Option<Shape>> {
        let world = self.world;
        let place = "`events` of the site file";
        let names = world.events.keys();
        self.known(name, names, codes::UNKNOWN_EVENT, "there is no event", place)
            .then(|| world.events.get(&name.value).cloned().flatten())
    }

    /// The pipeline whose events a trigger hears: there is one, and it emits the event.
    pub(super) fn emitter(&mut self, event: &Spanned<String>, from: Option<&Spanned<String>>) {
        let Some(from) = from else { return };
        let world = self.world;
        if from.value == self.said.name.value {
            return self.emits(event, from, &self.said.emits());
        }
        let place = "the folder of pipelines";
        let what = "there is no pipeline";
        if !self.known(from, world.emitted.keys(), codes::UNKNOWN_PIPELINE, what, place) {
            return;
        }
        if let Some(Some(emitted)) = world.emitted.get(&from.value) {
            self.emits(event, from, emitted);
        }
    }

    fn emits(&mut self, event: &Spanned<String>, from: &Spanned<String>, emitted: &BTreeSet<String>) {
        if emitted.contains(&event.value) || !self.world.events.contains_key(&event.value) {
            return;
        }
        let message = format!("the pipeline `{}` never emits `{}`", from.value, event.value);
        let others = self.world.emitted.iter();
        let others: Vec<String> = others
            .filter(|(_, emitted)| emitted.as_ref().is_some_and(|emitted| emitted.contains(&event.value)))
            .map(|(name, _)| format!("`{name}`"))
            .collect();
        let mut diagnostic =
            Diagnostic::error(codes::NOT_EMITTED, from.span.clone(), message).label(event.span.clone(), "this event");
        if !emitted.is_empty() {
            let all: Vec<String> = emitted.iter().map(|event| format!("`{event}`")).collect();
            diagnostic = diagnostic.help(format!("it emits {}", all.join(", ")));
        }
        diagnostic = match others.as_slice() {
            [] => diagnostic.help("no pipeline of the site emits it: write `emit` there, or take `from` away"),
            others => diagnostic.help(format!("write `from:` with {}, or take `from` away", others.join(", "))),
        };
        self.report(diagnostic);
    }

    /// An event without `data` brings an empty object: that must be enough.
    fn nothing_brought(&mut self, event: &Spanned<String>, shape: &Shape) {
        match shape.present().as_object() {
            Some(object) => self.missing_fields(&event.span, object, &[]),
            None if matches!(shape.present(), Shape::Any | Shape::Map(_)) => {}
            None => {
                let message = format!("the event `{}` brings {}", event.value, shape.describe());
                let diagnostic = Diagnostic::error(codes::MISSING_FIELD, event.span.clone(), message);
                self.report(diagnostic.help("write `data:` beside `event:`"));
            }
        }
    }
}

//! Events: what a step hands to the site, what a wait or a trigger hears.

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
        Made::new(kind, shape)
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

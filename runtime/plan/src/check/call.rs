//! Calls: the operation, its payload and documents, its effect, its undo, its retry.

use dragoman_expression::Expected;
use dragoman_manifest::{self as manifest, Spanned, pipeline as said};
use dragoman_model::{Diagnostic, OperationEffect, Span, Value, nearest};
use dragoman_schema::{Marks, OperationSurface, Shape};

use super::Checker;
use super::scope::Scope;
use super::step::Made;
use crate::{CallStep, Retry, StepKind, Template, Undo, codes};

impl<'a> Checker<'a> {
    /// A call.
    pub(super) fn call(&mut self, step: &said::Step, call: &said::Call, scope: &mut Scope) -> Made {
        let Some((planned, surface)) = self.call_of(call, scope) else {
            self.unknown_payload(call, scope);
            return Made::new(None, None);
        };
        let effect = self.effect(step, call, surface);
        let shape = Some(surface.output.clone());
        let planned = planned.map(|planned| StepKind::Call(CallStep { effect, ..planned }));
        Made::new(planned, shape).marked(surface.output_marks.clone())
    }

    /// The call itself: there where it has no error; none at all where its operation is not known.
    fn call_of(&mut self, call: &said::Call, scope: &mut Scope) -> Option<(Option<CallStep>, &'a OperationSurface)> {
        let world = self.world;
        let (plugin, _) = self.operation(&call.operation)?;
        let connection = world.connections.get(&call.operation.connection.value)?;
        let surface = connection.surface.operations.get(&call.operation.operation.value)?;
        let with = self.payload(call, &surface.input, scope);
        let documents = self.documents(call, surface, scope);
        self.sent(
            &call.operation,
            surface,
            with.as_ref(),
            documents.as_deref().unwrap_or_default(),
        );
        let planned = with.zip(documents).map(|(with, documents)| CallStep {
            connection: call.operation.connection.value.clone(),
            operation: call.operation.operation.value.clone(),
            plugin,
            with,
            documents,
            effect: settling(surface.effect, connection.settle_s),
            has_probe: surface.has_probe,
        });
        Some((planned, surface))
    }

    /// Where the operation is not known, the expressions in the payload are still checked.
    fn unknown_payload(&mut self, call: &said::Call, scope: &mut Scope) {
        if let Some(with) = &call.with {
            self.template(with, None, scope);
        }
        for (_, document) in &call.documents {
            self.template(document, None, scope);
        }
    }

    fn payload(&mut self, call: &said::Call, input: &Shape, scope: &mut Scope) -> Option<Template> {
        if let Some(with) = &call.with {
            return self.template(with, Some(input), scope).0;
        }
        if let Some(object) = input.present().as_object()
            && !input.is_optional()
        {
            let before = self.diagnostics.len();
            self.missing_fields(&call.span, object, &[]);
            if self.diagnostics.len() > before && !self.world.trusting {
                return None;
            }
        }
        Some(Template::Literal(Value::Object(serde_json::Map::new())))
    }

    fn documents(
        &mut self,
        call: &said::Call,
        surface: &OperationSurface,
        scope: &mut Scope,
    ) -> Option<Vec<(String, Template)>> {
        let mut documents = Vec::new();
        let said = |name: &String| call.documents.iter().any(|(said, _)| said.value == *name);
        let mut missing: Vec<&String> = surface.documents.iter().filter(|name| !said(name)).collect();
        for (name, said) in &call.documents {
            let known = surface.documents.contains(&name.value);
            if !known {
                // One under another name is the one that is missing, which is not said again.
                let near = nearest(&name.value, missing.iter().map(|name| name.as_str()));
                let meant = near.or((missing.len() == 1).then(|| missing[0].as_str()));
                self.no_document(name, call, surface, meant);
                let meant = meant.map(str::to_owned);
                missing.retain(|name| Some(*name) != meant.as_ref());
            }
            let template = self.document(said, scope).filter(|_| known);
            documents.push(template.map(|t| (name.value.clone(), t)));
        }
        for missing in missing {
            let message = format!("`{}` takes the document `{missing}`", call.operation.operation.value);
            let help = format!("write `documents: {{ {missing}: =trigger.document }}`");
            self.report(Diagnostic::error(codes::DOCUMENTS, call.span.clone(), message).help(help));
            documents.push(None);
        }
        documents.into_iter().collect()
    }

    /// A document that the operation does not take; `meant`: the one that it does take and that is not there.
    fn no_document(
        &mut self,
        name: &Spanned<String>,
        call: &said::Call,
        surface: &OperationSurface,
        meant: Option<&str>,
    ) {
        let message = format!(
            "`{}` takes no document `{}`",
            call.operation.operation.value, name.value
        );
        let help = match meant {
            Some(meant) => format!("write `{meant}`"),
            None if surface.documents.is_empty() => "take it away: this operation takes no documents".to_owned(),
            None => format!("its documents are: {}", surface.documents.join(", ")),
        };
        self.report(Diagnostic::error(codes::DOCUMENTS, name.span.clone(), message).help(help));
    }

    fn document(&mut self, said: &manifest::Template, scope: &mut Scope) -> Option<Template> {
        if let manifest::Template::Expression(expression) = said {
            let expected = Expected::Shape(Shape::Document);
            return self
                .expression(expression, &expected, scope)
                .map(|(e, _)| Template::Expression(e));
        }
        if !matches!(said, manifest::Template::Refused(_)) {
            let message = "a document is an expression that gives one";
            self.report(
                Diagnostic::error(codes::DOCUMENTS, said.span().clone(), message)
                    .help("write, for example, `=trigger.document`"),
            );
        }
        None
    }

    /// The effect, perhaps tightened; keys that need one are refused on a read.
    fn effect(&mut self, step: &said::Step, call: &said::Call, surface: &OperationSurface) -> OperationEffect {
        let name = format!("{}.{}", call.operation.connection.value, call.operation.operation.value);
        if surface.effect.is_read() {
            let places = [
                (
                    step.once.as_ref().map(|e| &e.span),
                    "once",
                    "a read may be repeated as often as it is needed",
                ),
                (
                    step.reference.as_ref().map(|e| &e.span),
                    "ref",
                    "there is nothing that could be found or taken back",
                ),
                (step.tightened.as_ref(), "effect", "there is nothing to tighten"),
                (
                    step.undo.as_ref().map(|u| &u.span),
                    "undo",
                    "there is nothing to take back",
                ),
            ];
            for (place, key, why) in places {
                if let Some(place) = place {
                    let message = format!("`{key}` has no meaning here: `{name}` only reads");
                    self.report(
                        Diagnostic::error(codes::ON_A_READ, place.clone(), message)
                            .help(format!("take `{key}` away; {why}")),
                    );
                }
            }
        }
        let effect = match surface.effect {
            OperationEffect::Idempotent { .. } if step.tightened.is_some() => OperationEffect::Once { settle_s: None },
            effect => effect,
        };
        if matches!(effect, OperationEffect::Once { .. }) && step.once.is_none() && self.comes_unnamed() {
            self.once_a_message(&call.operation.operation.span, &name);
        }
        let connection = self.world.connections.get(&call.operation.connection.value);
        settling(effect, connection.and_then(|connection| connection.settle_s))
    }

    /// Whether messages that say the same in other bytes begin runs of their own: no key was written, and what begins the
    /// runs is not something that happens once (a due time, an event, another run, a person).
    fn comes_unnamed(&self) -> bool {
        let strangers = |trigger: &said::Trigger| {
            !matches!(
                trigger.kind,
                said::TriggerKind::Schedule(_) | said::TriggerKind::Event { .. } | said::TriggerKind::Manual
            )
        };
        self.said.key.is_none() && self.said.triggers.iter().any(strangers)
    }

    /// What is done once is done once for each run, where nobody says of what it is done.
    fn once_a_message(&mut self, at: &Span, name: &str) {
        let message = format!(
            "`{name}` is done once, and nothing says of what: its key is the run and this step, and each message that differs in \
             a byte is another run"
        );
        self.report(
            Diagnostic::error(codes::ONCE_A_MESSAGE, at.clone(), message)
                .note()
                .help("write `once:` beside it, with what names the act for both sides: `once: trigger.message.number`")
                .help("or write `key:` at the top, which makes one run of all messages about one thing"),
        );
    }

    /// How a step is undone.
    pub(super) fn undo(
        &mut self,
        step: &said::Step,
        undo: &said::Call,
        (output, marks): (Option<&Shape>, &Marks),
        scope: &Scope,
    ) -> Option<Undo> {
        // Of a read nothing is undone, which was reported.
        if let said::StepKind::Call(call) = &step.kind
            && self.only_reads(call)
        {
            return None;
        }
        let mut scope = scope.clone();
        if self.repeats > 0 {
            // What is undone is undone later, when only what the round itself did is known still.
            scope.remove_name("last");
        }
        if let Some(id) = &step.id {
            match output {
                Some(shape) => scope.add_step(&id.value, shape.clone(), marks.clone(), id.span.clone()),
                None => scope.poison(format!("steps.{}", id.value)),
            }
        }
        // What a read would take says nothing of what the operation takes that was meant.
        if self.only_reads(undo) {
            let message = format!("`{}` only reads: it takes nothing back", undo.operation.operation.value);
            let named = self.named_undo(step).map(|right| format!("write `call: {right}`"));
            let help = named.unwrap_or_else(|| "name the operation that takes the act back".to_owned());
            self.report(Diagnostic::error(codes::UNDO, undo.span.clone(), message).help(help));
            self.unknown_payload(undo, &mut scope);
            return None;
        }
        let Some((planned, _)) = self.call_of(undo, &mut scope) else {
            self.unknown_payload(undo, &mut scope);
            return None;
        };
        self.undo_of_the_operation(step, undo);
        planned.map(|call| Undo { call })
    }

    /// Whether the operation of a call is known, and reads.
    fn only_reads(&self, call: &said::Call) -> bool {
        let connection = self.world.connections.get(&call.operation.connection.value);
        let operation = connection.and_then(|c| c.surface.operations.get(&call.operation.operation.value));
        operation.is_some_and(|operation| operation.effect.is_read())
    }

    /// The operation that the plugin of a call names as its undo.
    fn named_undo(&self, step: &said::Step) -> Option<String> {
        let said::StepKind::Call(call) = &step.kind else {
            return None;
        };
        let name = &call.operation.connection.value;
        let operations = &self.world.connections.get(name)?.surface.operations;
        let named = operations.get(&call.operation.operation.value)?.undo.as_ref()?;
        Some(format!("{name}.{named}"))
    }

    /// Warns where the plugin names another operation as the undo.
    fn undo_of_the_operation(&mut self, step: &said::Step, undo: &said::Call) {
        let said::StepKind::Call(call) = &step.kind else {
            return;
        };
        let Some(right) = self.named_undo(step) else { return };
        let said = format!("{}.{}", undo.operation.connection.value, undo.operation.operation.value);
        if said != right {
            let message = format!(
                "the plugin names `{right}` as the undo of `{}`",
                call.operation.operation.value
            );
            self.report(
                Diagnostic::error(codes::UNDO, undo.span.clone(), message)
                    .warning()
                    .help(format!("write `call: {right}`")),
            );
        }
    }

    /// Pauses between attempts; what is not said is the default.
    pub(super) fn retry(&mut self, said: Option<&said::Retry>) -> Retry {
        let mut retry = Retry::default();
        let Some(said) = said else { return retry };
        if let Some(backoff) = &said.backoff {
            retry.first_ms = backoff.first_ms;
            retry.longest_ms = backoff.longest_ms;
            retry.factor = backoff.factor;
            retry.jitter = backoff.jitter;
        }
        if let Some(time) = &said.for_ms {
            retry.for_ms = time.value;
        }
        retry.attempts = said
            .attempts
            .as_ref()
            .map(|a| u32::try_from(a.value).unwrap_or(u32::MAX));
        if let Some(Spanned { span, .. }) = said
            .for_ms
            .as_ref()
            .filter(|_| retry.first_ms >= retry.for_ms && retry.attempts != Some(1))
        {
            self.report(
                Diagnostic::error(
                    codes::RETRY,
                    span.clone(),
                    "the first pause is as long as the whole time for retries: nothing is ever retried",
                )
                .help("write a longer `for`, or `attempts: 1` where nothing is to be retried"),
            );
        }
        retry
    }
}

/// The effect with the settle time of the site: how quick its partner is, only the site knows. It outweighs what the plugin
/// says of all partners, and a step that was tightened has it too.
fn settling(effect: OperationEffect, site: Option<u64>) -> OperationEffect {
    match effect {
        OperationEffect::Once { settle_s } => OperationEffect::Once {
            settle_s: site.or(settle_s),
        },
        effect => effect,
    }
}

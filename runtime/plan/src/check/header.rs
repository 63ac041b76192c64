//! The top of a pipeline: triggers, keys, limits, output.

use std::collections::BTreeSet;
use std::sync::Arc;

use dragoman_expression::Expected;
use dragoman_expression::codes::NEEDS_CAST;
use dragoman_manifest::pipeline::{FailureWord, Trigger as Said, TriggerKind as SaidKind};
use dragoman_manifest::{Pipeline, Spanned};
use dragoman_model::{Diagnostic, Digest};
use dragoman_schema::Shape;

use super::scope::Scope;
use super::{Checker, schedule};
use crate::{OnFailure, Plan, Trigger, TriggerKind, codes, echoes};

impl Checker<'_> {
    /// The whole pipeline.
    pub(super) fn pipeline(&mut self) -> Option<Plan> {
        let said = self.said;
        let (triggers, message) = self.triggers();
        let mut scope = Scope::new(self.operations.clone());
        self.roots(&mut scope, message);
        let mut keys = scope.clone();
        for id in said.steps.steps.iter().filter_map(|step| step.id.as_ref()) {
            let help = "use `trigger` and `site`, which are there before".into();
            keys.hide_step(&id.value, "a key is computed before any step".into(), help);
        }
        let key = self.optional(said.key.as_ref(), &Expected::Key, &mut keys);
        let limits = self.limits(&mut keys);
        keys.add_name("run", Shape::object([("id", Shape::Text), ("now", Shape::DateTime)]));
        let serial = self.optional(said.serial.as_ref(), &Expected::Key, &mut keys);
        scope.add_name(
            "run",
            Shape::object([
                ("id", Shape::Text),
                ("now", Shape::DateTime),
                ("key", Shape::Text),
                ("pipeline", Shape::enumeration([said.name.value.as_str()])),
            ]),
        );
        self.hide_all(&said.steps, &mut scope);
        self.has_steps();
        self.diagnostics.extend(echoes::alone(said));
        let steps = self.block(&said.steps, None, &mut scope, false).block;
        let (output, gives) = match &said.output {
            Some(output) => {
                let (output, shape) = self.template(output, None, &mut scope);
                (Some(output?), shape.unwrap_or(Shape::Any))
            }
            None => (None, Shape::Nothing),
        };
        let used = self.used.iter();
        let plugins = used
            .filter_map(|name| Some((name.clone(), self.world.connections.get(name)?.surface.digest)))
            .collect();
        Some(Plan {
            pipeline: said.name.value.clone(),
            version: Digest::of(said.source.text.as_bytes()),
            text: Arc::from(said.source.text.as_str()),
            summary: said.summary.clone(),
            triggers: triggers?,
            key,
            serial,
            limits: limits?,
            steps: steps?,
            output,
            on_failure: on_failure(said),
            observe: said.observe || self.world.observe,
            plugins,
            runs: std::mem::take(&mut self.runs),
            gives,
        })
    }

    fn has_steps(&mut self) {
        let steps = &self.said.steps;
        if steps.steps.is_empty() && !steps.refused {
            let message = "a pipeline without steps does nothing";
            let empty = Diagnostic::error(codes::EMPTY, steps.span.clone(), message);
            self.report(empty.help("write a step: `- call: orders.get`"));
        }
    }

    /// The names `trigger` and `site`.
    fn roots(&mut self, scope: &mut Scope, message: Option<Shape>) {
        if message.is_none() {
            scope.poison("trigger.message".into());
        }
        let ids = self.said.triggers.iter().map(|t| t.id.value.clone());
        let mut trigger = vec![
            ("message", message.unwrap_or(Shape::Any)),
            ("document", Shape::Document),
            ("id", Shape::enumeration(ids)),
            ("sender", self.sender()),
            ("received_at", Shape::DateTime),
            ("headers", Shape::Map(Arc::new(Shape::Text))),
        ];
        trigger.extend(self.due_name());
        scope.add_name("trigger", Shape::object(trigger));
        scope.mark_name("trigger", self.trigger_marks());
        scope.add_values("site", &self.world.site);
    }

    /// The first trigger whose message is not read where that of another is.
    fn one_unread(&self, triggers: &[Trigger]) -> Option<Diagnostic> {
        let mut said = self.said.triggers.iter();
        let unread = said.find(|said| {
            triggers
                .iter()
                .any(|t| t.id == said.id.value && t.message == Shape::Any)
        })?;
        let read = triggers.iter().find_map(|t| {
            t.read
                .as_ref()
                .map(|(connection, operation)| (&t.id, connection, operation))
        });
        let (other, connection, operation) = read?;
        let message = format!("nothing is known of the message of the trigger `{}`", unread.id.value);
        let diagnostic = Diagnostic::error(NEEDS_CAST, unread.id.span.clone(), message);
        Some(diagnostic.help(format!("write `read: {connection}.{operation}`, as `{other}` does")))
    }

    /// Who sent the message: one of the senders of the triggers, where each has one. A person who begins a run by hand,
    /// a schedule and an event have names of other kinds.
    fn sender(&self) -> Shape {
        let senders = self.said.triggers.iter().map(|trigger| match &trigger.kind {
            SaidKind::Http { from, .. } => from.as_ref(),
            SaidKind::Amqp { from, .. } => Some(from),
            _ => None,
        });
        let senders: Option<Vec<&Spanned<String>>> = senders.collect();
        match senders {
            Some(senders) if !self.world.trusting => {
                let names: BTreeSet<&str> = senders.iter().map(|sender| sender.value.as_str()).collect();
                Shape::enumeration(names)
            }
            _ => Shape::Text,
        }
    }

    /// All triggers, and the shape of what they bring: the common one.
    fn triggers(&mut self) -> (Option<Vec<Trigger>>, Option<Shape>) {
        let said = self.said;
        self.same_messages();
        self.one_input();
        let mut triggers = Vec::new();
        let mut common: Option<Shape> = None;
        let mut known = true;
        for trigger in &said.triggers {
            let found = self.trigger_message(trigger).zip(self.trigger_kind(trigger));
            known &= found.is_some();
            let Some((shape, kind)) = found else { continue };
            common = Some(match common {
                Some(before) => before.join(&shape).unwrap_or(Shape::Any),
                None => shape.clone(),
            });
            let read = trigger
                .read
                .as_ref()
                .map(|r| (r.connection.value.clone(), r.operation.value.clone()));
            triggers.push(Trigger {
                id: trigger.id.value.clone(),
                kind,
                read,
                message: shape,
                input: trigger.input.as_ref().and_then(|input| self.input_schema(input)),
            });
        }
        self.unread = self.one_unread(&triggers);
        let shape = common.filter(|_| known);
        (known.then_some(triggers), shape)
    }

    pub(super) fn trigger_message(&mut self, trigger: &Said) -> Option<Shape> {
        if let SaidKind::Schedule(_) = trigger.kind {
            self.refuse_read(
                trigger,
                "a schedule brings no message that could be read: its message is `{ due }`",
            );
            return Some(Shape::object([("due", Shape::DateTime)]));
        }
        if let SaidKind::Event { name, .. } = &trigger.kind {
            self.refuse_read(trigger, "an event brings its message as it is: nothing is to be read");
            return self.event(name).flatten();
        }
        if let Some(input) = &trigger.input {
            self.refuse_read(trigger, "what is given as `input` has its shape: nothing is to be read");
            return self.input(trigger, input).map(|(shape, _)| shape);
        }
        let Some(read) = &trigger.read else {
            return Some(Shape::Any);
        };
        let (_, operation) = self.operation(read)?;
        let at = read.operation.span.clone();
        let name = format!("{}.{}", read.connection.value, read.operation.value);
        if !operation.effect.is_read() {
            let message = format!("`{name}` does more than reading, and so it cannot read a trigger's message");
            self.report(
                Diagnostic::error(codes::TRIGGER_READ, at, message).help("name an operation with the effect `read`"),
            );
            return None;
        }
        if !operation.documents.iter().any(|d| d == "message") {
            let message = format!("`{name}` takes no document `message`, and so it cannot read a trigger's message");
            self.report(
                Diagnostic::error(codes::TRIGGER_READ, at, message)
                    .help("name an operation that takes the document `message`; a JSON message needs no `read`"),
            );
            return None;
        }
        Some(operation.output.clone())
    }

    fn trigger_kind(&mut self, trigger: &Said) -> Option<TriggerKind> {
        Some(match &trigger.kind {
            SaidKind::Manual => TriggerKind::Manual,
            SaidKind::Schedule(schedule) => return self.schedule(schedule),
            SaidKind::Event { name, from } => {
                self.emitter(name, from.as_ref());
                TriggerKind::Event {
                    name: name.value.clone(),
                    from: from.as_ref().map(|from| from.value.clone()),
                }
            }
            SaidKind::Files {
                folder,
                matching,
                settle_ms,
            } => TriggerKind::Files {
                folder: folder.value.clone(),
                matching: matching.clone(),
                settle_ms: *settle_ms,
            },
            SaidKind::Amqp { queue, from } => {
                self.comes_by(from, true);
                TriggerKind::Amqp {
                    queue: queue.value.clone(),
                    from: from.value.clone(),
                }
            }
            SaidKind::Http { path, from, replied } => {
                match from {
                    Some(sender) => self.comes_by(sender, false),
                    None => self.report(
                        Diagnostic::error(
                            codes::ANYBODY,
                            path.span.clone(),
                            "anybody may send messages to this path",
                        )
                        .warning()
                        .help("write `from:` with a sender of the site file"),
                    ),
                }
                TriggerKind::Http {
                    path: path.value.clone(),
                    from: from.as_ref().map(|f| f.value.clone()),
                    replied: *replied,
                }
            }
        })
    }

    /// A sender must be one of the site, and known in the way in which the message comes: over HTTP it proves itself with
    /// each message; the messages of a queue come from its broker.
    fn comes_by(&mut self, sender: &Spanned<String>, queue: bool) {
        let world = self.world;
        let place = "`senders` of the site file";
        let (code, what) = (codes::UNKNOWN_SENDER, "there is no sender");
        let by_broker = world.broker_senders.contains(&sender.value);
        if !self.known(sender, world.senders.iter(), code, what, place) || by_broker == queue {
            return;
        }
        let name = &sender.value;
        let (message, help) = if queue {
            let message = format!("the messages of a queue come from a broker, and the sender `{name}` names none");
            let fitting: Vec<&str> = world.broker_senders.iter().map(String::as_str).collect();
            let write = format!("write `{name}: {{ broker: NAME }}` with one of `brokers`");
            let help = match fitting.as_slice() {
                [] => format!("in the site file {write}"),
                some => format!(
                    "write `from:` with a sender that has a broker ({}), or {write}",
                    some.join(", ")
                ),
            };
            (message, help)
        } else {
            let message = format!("the sender `{name}` comes by a broker, and proves nothing over HTTP");
            let help = "write `from:` with a sender that has `bearer` or `hmac`, or `amqp: { queue, from }` in place of `http`";
            (message, help.to_owned())
        };
        let found = Diagnostic::error(codes::OTHER_WAY, sender.span.clone(), message).help(help);
        let found = match world.places.get(name) {
            Some(place) => found.label(place.clone(), "the sender"),
            None => found,
        };
        self.report(found);
    }

    /// Two triggers of one pipeline that take the same messages would run it twice for each.
    fn same_messages(&mut self) {
        let place = |trigger: &Said| match &trigger.kind {
            SaidKind::Http { path, .. } => Some(format!("http {}", path.value)),
            SaidKind::Files { folder, matching, .. } => {
                Some(format!("files {} {matching}", folder.value.trim_end_matches('/')))
            }
            // Queues of two brokers may have one name; two senders of one broker take from one queue, which the site knows.
            SaidKind::Amqp { queue, from } => Some(format!("amqp {} {}", from.value, queue.value)),
            SaidKind::Schedule(schedule) => Some(schedule::place(schedule)),
            SaidKind::Event { name, from } => {
                let from = from.as_ref().map_or("", |from| &from.value);
                Some(format!("event {} {from}", name.value))
            }
            SaidKind::Manual => None,
        };
        let triggers = &self.said.triggers;
        for (index, trigger) in triggers.iter().enumerate() {
            let Some(mine) = place(trigger) else { continue };
            let Some(first) = triggers[..index].iter().find(|t| place(t).as_ref() == Some(&mine)) else {
                continue;
            };
            let message = format!(
                "the triggers `{}` and `{}` take the same messages",
                first.id.value, trigger.id.value
            );
            self.diagnostics.push(
                Diagnostic::error(codes::SAME_TRIGGER, trigger.span.clone(), message)
                    .label(first.span.clone(), "the first")
                    .help("take one of them away"),
            );
        }
    }
}

/// What happens after a failure that nothing handled.
pub(super) fn on_failure(said: &Pipeline) -> OnFailure {
    match said.on_failure.as_ref().map(|w| w.value) {
        None | Some(FailureWord::Park) => OnFailure::Park,
        Some(FailureWord::Undo) => OnFailure::Undo,
        Some(FailureWord::Fail) => OnFailure::Fail,
    }
}

//! What is personal or secret goes only where the site allows it.
//!
//! Personal data may go to a connection, or in a reply to a sender, that the site file says it may go to; into an event,
//! or to another pipeline, where the field that takes it is marked as well; and never into the reason of an ending, which
//! is shown to all who may see runs. A secret goes only into fields that are marked as secrets.

use dragoman_manifest::pipeline::{OperationName, SaidShape, Trigger, TriggerKind};
use dragoman_model::{Diagnostic, Span};
use dragoman_schema::{Lookup, Marks, OperationSurface, Sensitivity, Shape};

use super::Checker;
use crate::{Template, codes};

/// Where a value goes.
struct Way<'a> {
    /// In a sentence: `mail` may get none.
    whither: String,
    /// What to write so that personal data may go there; none where it never may.
    allow: String,
    /// What is asked for there, where that is known: what must be there cannot be left out.
    shape: Option<&'a Shape>,
    /// Where the site speaks of it.
    label: Option<(Span, &'static str)>,
    /// What may be there of personal data; none: anything.
    personal: Option<&'a Marks>,
    /// What may be there of secrets.
    secret: &'a Marks,
}

impl Template {
    /// What of its value is personal or secret.
    pub(crate) fn marks(&self) -> Marks {
        match self {
            Template::Literal(_) => Marks::default(),
            Template::Expression(expression) => expression.marks().clone(),
            Template::List(items) => {
                let all = items.iter().fold(Marks::default(), |all, item| all.with(&item.marks()));
                all.list()
            }
            Template::Object(members) => {
                Marks::object(members.iter().map(|(name, member)| (name.clone(), member.marks())))
            }
        }
    }
}

impl Checker<'_> {
    /// What a call is given: payload and documents.
    pub(super) fn sent(
        &mut self,
        operation: &OperationName,
        surface: &OperationSurface,
        with: Option<&Template>,
        documents: &[(String, Template)],
    ) {
        let name = &operation.connection.value;
        let Some(connection) = self.world.connections.get(name) else {
            return;
        };
        let nothing = Marks::default();
        let way = |secret, shape| Way {
            whither: format!("the connection `{name}` may get none"),
            allow: format!("write `personal: allowed` at the connection `{name}` in the site file"),
            shape,
            label: connection
                .place
                .clone()
                .map(|place| (place, "the site does not allow it here")),
            personal: (!connection.personal).then_some(&nothing),
            secret,
        };
        if let Some(with) = with {
            self.goes(with, &way(&surface.input_marks, Some(&surface.input)));
        }
        for (_, document) in documents {
            self.goes(document, &way(&nothing, None));
        }
    }

    /// What an event brings.
    pub(super) fn emitted(&mut self, data: &Template, event: &str) {
        let allowed = self.world.event_marks.get(event).cloned().unwrap_or_default();
        let way = Way {
            whither: format!("the field of the event `{event}` is not marked as such"),
            allow: format!("write `x-personal: true` at the field of the event `{event}` in the site file"),
            shape: self.world.events.get(event).and_then(Option::as_ref),
            label: None,
            personal: Some(&allowed),
            secret: &allowed,
        };
        self.goes(data, &way);
    }

    /// What another pipeline is given.
    pub(super) fn given(&mut self, with: &Template, allowed: &Marks, shape: &Shape, pipeline: &str) {
        let way = Way {
            whither: format!("the input of `{pipeline}` is not marked as such"),
            allow: format!("write `x-personal: true` at the field in the `input` of `{pipeline}`"),
            shape: Some(shape),
            label: None,
            personal: Some(allowed),
            secret: allowed,
        };
        self.goes(with, &way);
    }

    /// Why a run ended: it is shown to everybody who may see that there are runs.
    pub(super) fn written(&mut self, reason: &Template) {
        let nothing = Marks::default();
        let way = Way {
            whither: "a reason is shown to all who see runs".into(),
            allow: String::new(),
            shape: None,
            label: None,
            personal: Some(&nothing),
            secret: &nothing,
        };
        self.goes(reason, &way);
    }

    /// What a sender is answered.
    pub(super) fn replied(&mut self, reply: Option<&Template>) {
        let Some(reply) = reply else { return };
        let nothing = Marks::default();
        let refused = self.said.triggers.iter().find_map(|trigger| match &trigger.kind {
            TriggerKind::Http {
                from, replied: true, ..
            } => {
                let known = from
                    .as_ref()
                    .is_some_and(|from| self.world.personal_senders.contains(&from.value));
                (!known).then(|| from.as_ref().map_or("anybody", |from| from.value.as_str()))
            }
            _ => None,
        });
        let sender = refused.unwrap_or("the sender");
        let way = Way {
            whither: format!("the sender `{sender}` may get none"),
            allow: format!("write `personal: allowed` at the sender `{sender}` in the site file"),
            shape: None,
            label: self
                .world
                .places
                .get(sender)
                .cloned()
                .map(|place| (place, "the site does not allow it here")),
            personal: refused.map(|_| &nothing),
            secret: &nothing,
        };
        self.goes(reply, &way);
    }

    /// Reports each expression that brings what may not go a way.
    fn goes(&mut self, template: &Template, way: &Way<'_>) {
        if self.world.trusting {
            return;
        }
        match template {
            Template::Literal(_) => {}
            Template::Expression(expression) => {
                let marks = expression.marks();
                if let Some(field) = way
                    .personal
                    .and_then(|allowed| marks.beyond(allowed, Sensitivity::Personal))
                {
                    let message = format!("`{field}` is personal data, and {}", way.whither);
                    let found = Diagnostic::error(codes::PERSONAL, expression.span.clone(), message);
                    let found = match &way.label {
                        Some((place, label)) => found.label(place.clone(), *label),
                        None => found,
                    };
                    let found = found.help(way.instead(field));
                    let found = if way.allow.is_empty() {
                        found
                    } else {
                        found.help(format!("or let who keeps the site allow it: {}", way.allow))
                    };
                    self.report(found);
                }
                if let Some(field) = marks.beyond(way.secret, Sensitivity::Secret) {
                    let message = format!("`{field}` is a secret, and nothing here takes one");
                    self.report(
                        Diagnostic::error(codes::SECRET, expression.span.clone(), message)
                            .help(match way.is_needed() {
                                true => "write another value, which is no secret: the field must be there",
                                false => "leave it out",
                            })
                            .help("what opens something is a credential of the connection that needs it"),
                    );
                }
            }
            Template::List(items) => {
                let item = way.shape.and_then(|shape| match shape.present() {
                    Shape::List(item) => Some(Shape::clone(item)),
                    _ => None,
                });
                let inner = way.narrowed(|marks| marks.item(), item);
                for item in items {
                    self.goes(item, &inner.way(way));
                }
            }
            Template::Object(members) => {
                for (name, member) in members {
                    let field = way.shape.and_then(|shape| match shape.field(name) {
                        Lookup::Found(field) => Some(field),
                        _ => None,
                    });
                    self.goes(member, &way.narrowed(|marks| marks.field(name), field).way(way));
                }
            }
        }
    }

    /// What of `trigger` is personal or secret.
    pub(super) fn trigger_marks(&self) -> Marks {
        let triggers = self.said.triggers.iter();
        let message = triggers.fold(Marks::default(), |all, trigger| all.with(&self.message_marks(trigger)));
        // The document as received has all that the message was read from.
        let document = message.mixed();
        Marks::object([("message".to_owned(), message), ("document".to_owned(), document)])
    }

    fn message_marks(&self, trigger: &Trigger) -> Marks {
        let output = |name: &OperationName| {
            let connection = self.world.connections.get(&name.connection.value);
            let operation = connection.and_then(|c| c.surface.operations.get(&name.operation.value));
            operation
                .map(|operation| operation.output_marks.clone())
                .unwrap_or_default()
        };
        match (&trigger.kind, &trigger.input, &trigger.read) {
            (TriggerKind::Event { name, .. }, _, _) => {
                self.world.event_marks.get(&name.value).cloned().unwrap_or_default()
            }
            (_, Some(SaidShape::Schema { schema, .. }), _) => Marks::of_schema(schema),
            (_, Some(SaidShape::Operation(name)), _) | (_, None, Some(name)) => output(name),
            (_, None, None) => Marks::default(),
        }
    }
}

/// What may be at a part of a place.
struct Narrowed {
    shape: Option<Shape>,
    personal: Option<Marks>,
    secret: Marks,
}

impl Narrowed {
    fn way<'a>(&'a self, way: &Way<'_>) -> Way<'a> {
        Way {
            whither: way.whither.clone(),
            allow: way.allow.clone(),
            shape: self.shape.as_ref(),
            label: way.label.clone(),
            personal: self.personal.as_ref(),
            secret: &self.secret,
        }
    }
}

impl Way<'_> {
    /// Whether a value must be there.
    fn is_needed(&self) -> bool {
        self.shape
            .is_some_and(|shape| !shape.is_optional() && *shape != Shape::Any)
    }

    /// What to write in place of personal data.
    fn instead(&self, field: &str) -> String {
        if self.allow.is_empty() {
            return "write a number or a code in its place; who may see more finds the message in the run".into();
        }
        match self.shape.map(Shape::present) {
            Some(Shape::Object(_)) => format!("write its fields one by one, without `{field}`"),
            _ if self.is_needed() => {
                "the field must be there: write another value, which says nothing of a person, such as a number or a code".into()
            }
            _ => "leave the field out, or write a number or a code in its place".into(),
        }
    }

    fn narrowed(&self, part: impl Fn(&Marks) -> Marks, shape: Option<Shape>) -> Narrowed {
        Narrowed {
            shape,
            personal: self.personal.map(&part),
            secret: part(self.secret),
        }
    }
}

//! Accepting: from the bytes of a message to a durable run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use dragoman_expression::{Expression, Scope};
use dragoman_journal::{Begin, Begun, Draft, NOBODYS, Operation, Record, Standing, Versions, error};
use dragoman_model::nesting::{LEVELS, is_too_deep};
use dragoman_model::{Class, Digest, DocumentReference, Failure, RunId, Value, object};
use dragoman_plan::{Plan, Trigger, TriggerKind};
use serde_json::json;
use tokio::sync::mpsc::UnboundedReceiver;

use super::door::Offer;
use super::outgoing::traceparent;
use super::{Handle, Shell, follow, schedule};
use crate::machine::{Machine, fits_input, roots};
use crate::runner::{Boxed, Call};
use crate::source::{Acceptor, Delivered, Delivery, Refused, is_dead};

/// What was made of a message.
struct Received {
    message: Value,
    /// The message as a document, where an operation read it.
    document: Option<DocumentReference>,
    read: Option<Value>,
}

/// The names that `key` and `serial` see.
pub(super) struct TriggerNames(pub(super) BTreeMap<String, Value>);

impl Scope for TriggerNames {
    fn root(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    fn step(&self, _id: &str) -> Option<&Value> {
        None
    }
}

impl Acceptor for Handle {
    fn deliver(&self, delivery: Delivery) -> Boxed<'_, Result<Delivered, Refused>> {
        Box::pin(async move {
            let offer = self.0.current(&delivery.pipeline);
            self.0.accept(delivery, &offer, false, true).await
        })
    }
}

impl Shell {
    /// Takes a message; `reply`: waits for the answer where the trigger promises one.
    pub(super) async fn accept(
        self: &Arc<Self>,
        delivery: Delivery,
        offer: &Offer,
        observe: bool,
        reply: bool,
    ) -> Result<Delivered, Refused> {
        let plan = offer.plans.get(&delivery.pipeline).cloned().ok_or(Refused::Unknown)?;
        let trigger = plan.triggers.iter().find(|trigger| trigger.id == delivery.trigger);
        let trigger = trigger.ok_or(Refused::Unknown)?;
        self.has_room(&plan)?;
        // What was accepted before comes first; and what begins now is not taken for something that was left behind.
        self.recovered().await;
        let run = self.new_run(&delivery);
        let received = match self.receive(&plan, trigger, run, &delivery).await {
            Ok(received) => received,
            Err(failure) if failure.class == Class::Retryable => {
                return Err(Refused::Overloaded {
                    retry_after_s: 10,
                    message: failure.message,
                });
            }
            Err(failure) => return Err(self.keep_unreadable(&plan, run, &delivery, failure).await),
        };
        let content = Digest::of_value(&received.message);
        let mut operations = Vec::new();
        if let Some(document) = received.document.clone() {
            operations.push(Operation::Keep {
                document,
                bytes: delivery.body.to_vec(),
            });
        }
        operations.extend(schedule::mark(&plan, trigger, &delivery));
        let first = match self.first(&plan, &offer.site, run, &delivery, received, observe) {
            Ok(first) => first,
            Err(failure) => return Err(self.keep_unreadable(&plan, run, &delivery, failure).await),
        };
        let replied = reply && matches!(trigger.kind, TriggerKind::Http { replied: true, .. });
        let left = !replied && self.leaves(&plan);
        let begin = Begin {
            entries: vec![first],
            operations,
            content,
            standing: Standing::Active,
            lease_until: if left { NOBODYS } else { self.lease_end() },
        };
        match self.begin(&plan, run, begin, replied).await {
            // The bytes can be kept where what was made of them cannot.
            Err(Refused::Unreadable { failure, run: None }) => {
                Err(self.keep_unreadable(&plan, run, &delivery, failure).await)
            }
            other => other,
        }
    }

    fn has_room(&self, plan: &Plan) -> Result<(), Refused> {
        let refused = |message: &str| {
            Err(Refused::Overloaded {
                retry_after_s: 5,
                message: message.into(),
            })
        };
        if self.is_stopping() {
            return refused("the engine is stopping");
        }
        let lane = self.lanes.of(plan);
        lane.allow(plan.limits.concurrent);
        if lane.is_full(plan.limits.backlog) {
            return refused("too many messages wait for this pipeline");
        }
        Ok(())
    }

    /// Reads the message: with the trigger's operation, or as JSON.
    async fn receive(
        &self,
        plan: &Plan,
        trigger: &Trigger,
        run: RunId,
        delivery: &Delivery,
    ) -> Result<Received, Failure> {
        let Some((connection, operation)) = &trigger.read else {
            let message = serde_json::from_slice(&delivery.body)
                .map_err(|error| Failure::permanent("message.json", format!("the message is not JSON: {error}")))?;
            if is_too_deep(&message) {
                let why = format!("the message is nested deeper than {LEVELS} levels");
                return Err(Failure::permanent("message.json", why));
            }
            if let Some(schema) = &trigger.input {
                fits_input(schema, &message, "message.invalid")?;
            }
            return Ok(Received {
                message,
                document: None,
                read: None,
            });
        };
        let plugin = plan.plugins.get(connection).copied().ok_or_else(|| {
            Failure::permanent(
                "connection.unknown",
                format!("the pipeline has no plugin for `{connection}`"),
            )
        })?;
        let document = DocumentReference::of(&delivery.body, &delivery.media_type);
        let call = Call {
            plugin,
            connection: connection.clone(),
            operation: operation.clone(),
            input: json!({}).into(),
            documents: BTreeMap::from([("message".to_owned(), document.clone())]),
            unstored: vec![(document.clone(), delivery.body.clone())],
            run,
            pipeline: plan.pipeline.clone(),
            step: String::new(),
            attempt: 1,
            key: run.to_string(),
            deadline: Duration::from_millis(self.limits.call_ms),
            fence: None,
            dry_run: true,
            traceparent: traceparent(run),
        };
        let report = self.runner.call(call).await;
        let read = json!({
            "operation": format!("{connection}.{operation}"),
            "plugin": plugin,
            "usage": report.usage,
        });
        report.result.map(|output| Received {
            message: output.payload,
            document: Some(document),
            read: Some(read),
        })
    }

    /// The first entry of a run, with its key and its serial.
    fn first(
        &self,
        plan: &Plan,
        site: &Value,
        run: RunId,
        delivery: &Delivery,
        received: Received,
        observe: bool,
    ) -> Result<Draft, Failure> {
        let documents = received
            .document
            .map_or_else(|| json!({}), |document| json!({ "message": document }));
        let body = object([
            ("message", received.message),
            ("documents", documents),
            ("site", site.clone()),
            ("now", Value::String(self.clock.now().to_string())),
            ("attributes", delivery.attributes.clone()),
            ("read", received.read.unwrap_or(Value::Null)),
        ]);
        let default = delivery
            .key
            .clone()
            .unwrap_or_else(|| Digest::of(&delivery.body).to_string());
        let mut draft = self.first_entry(plan, run, delivery, default, body);
        let dry = observe;
        let observe = observe || plan.observe;
        let per_key = plan.limits.per_key.as_ref();
        if plan.key.is_none() && plan.serial.is_none() && per_key.is_none() && !observe {
            return Ok(draft);
        }
        let names = TriggerNames(roots(&draft));
        let key = plan.key.as_ref().map(|key| text(key, &names, "key")).transpose()?;
        let serial = plan.serial.as_ref();
        let turn = serial.map(|serial| text(serial, &names, "serial")).transpose()?;
        // It is computed when the run is to work; one that has none is refused while the sender still has the message.
        per_key
            .map(|per_key| text(&per_key.by, &names, "per_key"))
            .transpose()?;
        if let Record::Accepted {
            run_key, serial, mode, ..
        } = &mut draft.record
        {
            if let Some(key) = key {
                *run_key = key;
            }
            // A dry run stands beside the real one: it neither joins it nor keeps it from being done later. What is only
            // observed is told apart from what is done in the same way, and is still observed once.
            if dry {
                *run_key = format!("dry run {run}: {run_key}");
            } else if observe {
                *run_key = format!("observed: {run_key}");
            }
            *serial = turn;
            if observe {
                *mode = "observe".into();
            }
        }
        Ok(draft)
    }

    pub(super) async fn begin(
        self: &Arc<Self>,
        plan: &Arc<Plan>,
        run: RunId,
        begin: Begin,
        replied: bool,
    ) -> Result<Delivered, Refused> {
        let entries = begin.entries.clone();
        match self
            .journal
            .begin(begin)
            .await
            .map_err(|error| refused_by_store(&error))?
        {
            Begun::Refused(refusal) => Err(refused_by_store(&cannot_begin(&refusal))),
            Begun::Conflict { run } => Err(Refused::KeyConflict {
                run,
                key: key_of(&entries),
            }),
            Begun::Known { run, standing } if replied => {
                match self.replied_before(run).await.map_err(follow::unanswered)? {
                    Some(result) => {
                        self.came_again(&plan.pipeline, run, &self.status_of(run, standing).await);
                        Ok(Delivered::Replied { run, result })
                    }
                    None => Ok(self.known(&plan.pipeline, run, standing).await),
                }
            }
            Begun::Known { run, standing } => Ok(self.known(&plan.pipeline, run, standing).await),
            Begun::New(lease) => {
                let heard = replied.then(|| self.followers.follow(run));
                let machine = Machine::from_drafts(Arc::clone(plan), run, &entries, &self.worker);
                self.tell(plan, entries);
                self.begin_work(machine, lease);
                Ok(self.begun(run, heard).await)
            }
            Begun::Queued { run } => {
                let heard = replied.then(|| self.followers.follow(run));
                self.tell(plan, entries);
                Ok(self.begun(run, heard).await)
            }
        }
    }

    /// What is answered where a message begins a run; `heard`: the sender waits for its reply.
    async fn begun(&self, run: RunId, heard: Option<UnboundedReceiver<Draft>>) -> Delivered {
        let told = match heard {
            None => None,
            // None: the engine stops; the run is durable and goes on after the next start.
            Some(mut heard) => self.hear(run, &mut heard).await,
        };
        match told {
            Some(result) => Delivered::Replied { run, result },
            None => Delivered::Accepted {
                run,
                again: false,
                status: "active".into(),
            },
        }
    }

    /// A message that was taken before.
    async fn known(&self, pipeline: &str, run: RunId, standing: Standing) -> Delivered {
        let status = self.status_of(run, standing).await;
        self.came_again(pipeline, run, &status);
        Delivered::Accepted {
            run,
            again: true,
            status,
        }
    }

    /// A message came again whose run stopped: nothing more comes of it by itself, and that must not go unseen.
    fn came_again(&self, pipeline: &str, run: RunId, status: &str) {
        if is_dead(status) {
            self.notices.again(pipeline, run, status);
        }
    }

    fn first_entry(&self, plan: &Plan, run: RunId, delivery: &Delivery, run_key: String, body: Value) -> Draft {
        Draft {
            run,
            seq: 0,
            at: self.clock.now(),
            actor: delivery.sender.clone(),
            path: String::new(),
            versions: Versions {
                pipeline: plan.version,
                plugin: None,
                settings: None,
            },
            record: Record::Accepted {
                pipeline: plan.pipeline.clone(),
                trigger: delivery.trigger.clone(),
                run_key,
                serial: None,
                parent: None,
                mode: "live".into(),
            },
            headers: delivery.headers.clone(),
            body: Some(Arc::new(body)),
        }
    }

    /// Keeps a message that cannot be read as a parked run, so that an operator sees it.
    async fn keep_unreadable(
        self: &Arc<Self>,
        plan: &Arc<Plan>,
        run: RunId,
        delivery: &Delivery,
        failure: Failure,
    ) -> Refused {
        let document = DocumentReference::of(&delivery.body, &delivery.media_type);
        let content = document.digest;
        let body = json!({
            "documents": { "message": document },
            "now": self.clock.now().to_string(),
            "attributes": delivery.attributes,
        });
        let accepted = self.first_entry(plan, run, delivery, format!("unreadable:{content}"), body);
        let reason = match failure.message.strip_prefix("the message cannot be read") {
            Some(_) => failure.message.clone(),
            None => format!("the message cannot be read: {}", failure.message),
        };
        let parked = Draft {
            seq: 1,
            actor: self.worker.clone(),
            record: Record::Parked {
                code: failure.code.clone(),
            },
            headers: Vec::new(),
            body: Some(Arc::new(json!({ "reason": reason, "failure": failure }))),
            ..accepted.clone()
        };
        let begin = Begin {
            entries: vec![accepted, parked],
            operations: vec![Operation::Keep {
                document,
                bytes: delivery.body.to_vec(),
            }],
            content,
            standing: Standing::Parked,
            lease_until: self.clock.now(),
        };
        let entries = begin.entries.clone();
        let run = match self.journal.begin(begin).await {
            Ok(Begun::New(_)) => {
                self.tell(plan, entries);
                Some(run)
            }
            Ok(Begun::Known { run, .. } | Begun::Conflict { run } | Begun::Queued { run }) => Some(run),
            Ok(Begun::Refused(refusal)) => return refused_by_store(&cannot_begin(&refusal)),
            Err(error) => {
                tracing::warn!(%error, "an unreadable message could not be kept");
                return refused_by_store(&error);
            }
        };
        Refused::Unreadable { failure, run }
    }
}

/// The text of a key.
pub(super) fn text(expression: &Expression, names: &TriggerNames, what: &str) -> Result<String, Failure> {
    let none = |why: String| {
        Failure::permanent(
            format!("message.no_{what}"),
            format!("the message has no `{what}`: {why}"),
        )
    };
    match expression.evaluate(names) {
        Ok(Some(Value::String(text))) if !text.is_empty() => Ok(text),
        Ok(Some(value @ (Value::Number(_) | Value::Bool(_)))) => Ok(value.to_string()),
        Ok(_) => Err(none(format!("`{}` gives no text", expression.text))),
        Err(error) => Err(none(error.message)),
    }
}

fn key_of(entries: &[Draft]) -> String {
    match entries.first().map(|first| &first.record) {
        Some(Record::Accepted { run_key, .. }) => run_key.clone(),
        _ => String::new(),
    }
}

/// What a message begins with asks for nothing that could be refused.
fn cannot_begin(refusal: &dragoman_journal::Refusal) -> error::Error {
    error::Error::new(error::CONTRADICTION, format!("the run cannot begin: {refusal:?}"))
}

/// A refusal that is for ever is the message's; any other is over when the store is well again.
fn refused_by_store(error: &error::Error) -> Refused {
    if error.is_final() {
        return Refused::Unreadable {
            failure: Failure::permanent(error.code.id, error.message.clone()),
            run: None,
        };
    }
    Refused::Store {
        message: format!("{}: {error}", error.code),
        full: error.code == error::DISK_FULL,
    }
}

//! A scripted partner: what it answers is told beforehand, and what really took effect is counted by business fact.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use dragoman_engine::{Boxed, Call, Output, Paused, Probed, Report, StepRunner};
use dragoman_model::{Digest, Effect, Failure, OperationEffect, Timestamp, Usage, Value};
use dragoman_schema::{DescribedOperation, Descriptor, Surface};
use serde_json::json;
use tokio::sync::Notify;

/// What the partner does with a call.
#[derive(Debug, Clone)]
pub(crate) enum Does {
    /// It takes effect and answers.
    Answer,
    /// It fails in a class, without effect.
    Fail(Failure),
    /// The connection breaks; it took effect or not.
    Break { applied: bool },
    /// It took effect, and the answer is of no use.
    Useless,
    /// It takes effect and answers with what no store can keep.
    Deep,
    /// It never answers; it took effect or not. For crashes in the middle of a call.
    Hang { applied: bool },
    /// It answers when the gate is opened.
    Wait(Arc<Notify>),
    /// A probe that says: not decided.
    Pending,
    /// A probe that cannot be answered.
    Unreachable,
}

/// What the partner has seen.
#[derive(Debug, Default)]
struct Seen {
    script: HashMap<String, VecDeque<Does>>,
    /// Effects by operation and number.
    facts: BTreeMap<(String, String), u32>,
    /// Outputs by idempotency key.
    keys: HashMap<String, Value>,
    calls: Vec<String>,
    fences: Vec<bool>,
    /// Somebody has paused calls to it.
    paused: Option<Paused>,
}

/// The partner.
#[derive(Debug, Default)]
pub(crate) struct Partner(Mutex<Seen>);

impl Partner {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().expect("no test panics while it holds the lock")
    }

    /// Somebody pauses calls to it, or lets them go on.
    pub(crate) fn pause(&self, paused: Option<Paused>) {
        self.seen().paused = paused;
    }

    /// What it does with the next calls of an operation (`probe` and the name for probes); afterwards it answers.
    pub(crate) fn will(&self, operation: &str, does: impl IntoIterator<Item = Does>) {
        self.seen().script.entry(operation.to_owned()).or_default().extend(does);
    }

    /// Effects that took place: `ship 7` with how often.
    pub(crate) fn facts(&self) -> BTreeMap<String, u32> {
        let seen = self.seen();
        seen.facts
            .iter()
            .map(|((operation, number), count)| (format!("{operation} {number}"), *count))
            .collect()
    }

    /// All calls in order: `ship 7 #1`.
    pub(crate) fn calls(&self) -> Vec<String> {
        self.seen().calls.clone()
    }

    /// Whether every call with an effect had a time after which nothing may be sent.
    pub(crate) fn all_fenced(&self) -> bool {
        self.seen().fences.iter().all(|fenced| *fenced)
    }

    fn next(&self, operation: &str) -> Does {
        let mut seen = self.seen();
        seen.script
            .get_mut(operation)
            .and_then(VecDeque::pop_front)
            .unwrap_or(Does::Answer)
    }

    fn take_effect(&self, call: &Call) -> Value {
        let mut seen = self.seen();
        let idempotent = matches!(call.operation.as_str(), "notify" | "cancel");
        if idempotent && let Some(output) = seen.keys.get(&call.key) {
            return output.clone();
        }
        let number = number(&call.input);
        if !is_read(&call.operation) {
            *seen.facts.entry((call.operation.clone(), number.clone())).or_default() += 1;
        }
        let output = json!({ "id": format!("{}-{number}", call.operation) });
        seen.keys.insert(call.key.clone(), output.clone());
        output
    }

    fn does(&self, does: Does, call: &Call) -> Option<Result<Value, Failure>> {
        let broken = || Failure::retryable("http.cut", "the connection was cut").with_effect(Effect::Unknown);
        Some(match does {
            Does::Answer | Does::Wait(_) => Ok(read_answer(call).unwrap_or_else(|| self.take_effect(call))),
            Does::Fail(failure) => Err(failure),
            Does::Break { applied } => {
                if applied {
                    self.take_effect(call);
                }
                Err(broken())
            }
            Does::Useless => {
                self.take_effect(call);
                Err(Failure::permanent("output.invalid", "no use").with_effect(Effect::Applied))
            }
            Does::Deep => {
                self.take_effect(call);
                Ok((0..150).fold(json!("deep"), |inner, _| json!([inner])))
            }
            Does::Hang { applied } => {
                if applied {
                    self.take_effect(call);
                }
                return None;
            }
            Does::Pending | Does::Unreachable => Err(broken()),
        })
    }
}

fn number(input: &Value) -> String {
    input.get("number").and_then(Value::as_str).unwrap_or("?").to_owned()
}

fn is_read(operation: &str) -> bool {
    matches!(operation, "get" | "read_order")
}

fn read_answer(call: &Call) -> Option<Value> {
    let order = |number: &str| json!({ "number": number, "parcels": ["a", "b", "c"], "large": false });
    match call.operation.as_str() {
        "get" => Some(order(&number(&call.input))),
        "read_order" => {
            let bytes = &call.unstored.first()?.1;
            Some(order(std::str::from_utf8(bytes).ok()?.trim()))
        }
        _ => None,
    }
}

impl StepRunner for Partner {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        Box::pin(async move {
            {
                let mut seen = self.seen();
                seen.calls
                    .push(format!("{} {} #{}", call.operation, number(&call.input), call.attempt));
                if !is_read(&call.operation) {
                    seen.fences.push(call.fence.is_some());
                }
            }
            let mut does = self.next(&call.operation);
            if let Does::Wait(gate) = &does {
                gate.notified().await;
                does = Does::Answer;
            }
            let Some(result) = self.does(does, &call) else {
                return std::future::pending().await;
            };
            let output = |payload| Output {
                payload,
                documents: BTreeMap::new(),
                attributes: vec![("receipt".into(), "r".into())],
            };
            Report {
                result: result.map(output),
                usage: Usage::default(),
                state: Vec::new(),
                documents: Vec::new(),
                readings: Value::Null,
            }
        })
    }

    fn probe(&self, call: Call, _first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        Box::pin(async move {
            let name = format!("probe {}", call.operation);
            self.seen().calls.push(format!("{name} {}", number(&call.input)));
            let result = match self.next(&name) {
                Does::Pending => Ok(Probed::Pending(Some(Duration::from_secs(5)))),
                Does::Unreachable => Err(Failure::retryable("http.503", "not now")),
                Does::Fail(failure) => Err(failure),
                _ => {
                    let fact = (call.operation.clone(), number(&call.input));
                    let payload = json!({ "id": format!("{}-{}", fact.0, fact.1) });
                    let found = self.seen().facts.contains_key(&fact);
                    let output = Output {
                        payload,
                        documents: BTreeMap::new(),
                        attributes: Vec::new(),
                    };
                    Ok(if found { Probed::Applied(output) } else { Probed::Absent })
                }
            };
            (result, Usage::default())
        })
    }

    fn settings(&self, _connection: &str) -> Option<Digest> {
        Some(Digest::of(b"settings"))
    }

    fn paused(&self, _pipeline: &str, _connection: &str) -> Option<Paused> {
        self.seen().paused
    }

    fn observes(&self, connection: &str) -> bool {
        connection == "watched"
    }
}

/// What the partner offers: reads, a once with probe and settle time, a once with neither, idempotent ones.
pub(crate) fn surface() -> Surface {
    let numbered =
        json!({ "type": "object", "required": ["number"], "properties": { "number": { "type": "string" } } });
    let made = json!({ "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    let order = json!({ "type": "object", "required": ["number", "parcels", "large"], "properties": {
        "number": { "type": "string" }, "large": { "type": "boolean" },
        "parcels": { "type": "array", "items": { "type": "string" } } } });
    let operation = |name: &str, effect, output: &Value| DescribedOperation {
        name: name.into(),
        summary: String::new(),
        input_schema: numbered.to_string(),
        output_schema: output.to_string(),
        effect,
        has_probe: false,
        undo: None,
        documents: Vec::new(),
        codes: Vec::new(),
    };
    let idempotent = OperationEffect::Idempotent {
        key_lifetime_s: Some(3_600),
    };
    let mut read = operation("read_order", OperationEffect::Read, &order);
    read.documents = vec!["message".into()];
    read.input_schema = json!({ "type": "object", "properties": {} }).to_string();
    let mut ship = operation("ship", OperationEffect::Once { settle_s: Some(60) }, &made);
    ship.has_probe = true;
    ship.undo = Some("cancel".into());
    let operations = vec![
        read,
        operation("get", OperationEffect::Read, &order),
        ship,
        operation("post", OperationEffect::Once { settle_s: None }, &made),
        operation("notify", idempotent, &made),
        operation("cancel", idempotent, &made),
    ];
    let descriptor = Descriptor {
        name: "shop".into(),
        version: "1.0.0".into(),
        config_schema: "{}".into(),
        operations,
        ..Descriptor::default()
    };
    Surface::from_descriptor(Digest::of(b"shop"), descriptor)
        .expect("a good descriptor")
        .0
}

//! The partner: a world outside that counts what took effect, behind a network that loses and delays.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dragoman_engine::{Boxed, Call, Output, Paused, Probed, Report, StepRunner};
use dragoman_journal::{Record, Standing};
use dragoman_model::{Digest, Effect, Failure, Timestamp, Usage, Value};
use serde_json::json;
use tokio::sync::oneshot;

use crate::defect::Defect;
use crate::plot::Plot;
use crate::sim::{Act, Life, Sim};
use crate::store::Base;

pub(crate) use crate::surface::surface;

/// How long after it was sent a request may still take effect, in milliseconds: less than what the connector says
/// (`settle`).
const LINGERS: i64 = 59_000;

/// What took effect, and what is wrong with it.
#[derive(Debug, Default)]
struct Seen {
    /// Operation and number, how often.
    facts: BTreeMap<(String, String), u32>,
    /// Outputs by idempotency key.
    keys: BTreeMap<String, Value>,
    /// Calls under way of runs that take turns: serial, family, until when.
    under_way: Vec<UnderWay>,
    wrong: BTreeSet<String>,
    calls: u64,
}

#[derive(Debug, Clone)]
struct UnderWay {
    life: Life,
    serial: char,
    number: String,
    until: i64,
}

/// The partner, as all processes reach it.
#[derive(Clone)]
pub(crate) struct Partner {
    sim: Sim,
    store: Base,
    seen: Arc<Mutex<Seen>>,
    /// So many of a thousand requests meet trouble.
    trouble: Arc<Mutex<u64>>,
    /// Somebody has paused the connection to it.
    paused: Arc<AtomicBool>,
    /// How long a process works before a request leaves, and how long that is under way in one direction, in milliseconds
    /// at most.
    works: i64,
    far: i64,
}

/// What becomes of a request on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Answered,
    /// The partner says that it is not there now; nothing took effect.
    Refused,
    /// It never comes to the partner.
    Lost,
    /// The partner does it, and the answer is lost.
    Unanswered,
    /// It comes to the partner when nobody waits for it any more.
    Late,
}

impl Partner {
    pub(crate) fn new(sim: Sim, store: Base, plot: &Plot) -> Partner {
        Partner {
            sim,
            store,
            seen: Arc::default(),
            trouble: Arc::default(),
            paused: Arc::default(),
            works: plot.works,
            far: plot.far,
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on so many of a thousand requests meet trouble.
    pub(crate) fn trouble(&self, per_mille: u64) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = per_mille;
    }

    /// Whether nobody is to call it now.
    pub(crate) fn pause(&self, paused: bool) {
        self.paused.store(paused, Ordering::Relaxed);
    }

    /// How often something took effect.
    pub(crate) fn count(&self, operation: &str, number: &str) -> u32 {
        let key = (operation.to_owned(), number.to_owned());
        self.seen().facts.get(&key).copied().unwrap_or(0)
    }

    /// What was wrong with what came.
    pub(crate) fn wrong(&self) -> Vec<String> {
        self.seen().wrong.iter().cloned().collect()
    }

    /// How many requests were made, and how many facts there are.
    pub(crate) fn figures(&self) -> (u64, usize) {
        let seen = self.seen();
        (seen.calls, seen.facts.len())
    }

    /// A process is dead: what it had under way holds nobody up.
    pub(crate) fn died(&self, life: Life) {
        self.seen().under_way.retain(|call| call.life != life);
    }

    fn fate(&self) -> Fate {
        let trouble = *self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.sim.chance(trouble) {
            return Fate::Answered;
        }
        match self.sim.between(0, 3) {
            0 => Fate::Refused,
            1 => Fate::Lost,
            2 => Fate::Unanswered,
            _ => Fate::Late,
        }
    }

    /// A request of an operation with an effect has come.
    fn takes_effect(&self, call: &Call) -> Value {
        let number = number(&call.input);
        let durable = self.store.durable();
        let mut seen = self.seen();
        if let Some(output) = seen
            .keys
            .get(&call.key)
            .filter(|_| call.operation != "post" && call.operation != "ship")
        {
            return output.clone();
        }
        let intends = |record: &Record| matches!(record, Record::Intent { attempt, .. } if *attempt == call.attempt);
        let entries = durable.entries.get(&call.run);
        let intended = entries.is_some_and(|entries| {
            entries
                .iter()
                .any(|entry| entry.header.path == call.step && intends(&entry.header.record))
        });
        if !intended {
            seen.wrong.insert(format!(
                "{} {number} of run {} took effect and its intent is not durable",
                call.operation, call.run
            ));
        }
        let closed = durable
            .runs
            .get(&call.run)
            .is_some_and(|run| run.row.standing == Standing::Closed);
        if closed {
            seen.wrong.insert(format!(
                "{} {number} took effect when run {} had ended",
                call.operation, call.run
            ));
        }
        *seen.facts.entry((call.operation.clone(), number.clone())).or_default() += 1;
        let output = json!({ "id": format!("{}-{number}", call.operation) });
        seen.keys.insert(call.key.clone(), output.clone());
        self.sim
            .mark(|| format!("effect {} {number} #{}", call.operation, call.attempt));
        output
    }

    /// What a request gives once it has come.
    fn does(&self, call: &Call, asks: bool) -> Value {
        if asks {
            let key = (call.operation.clone(), number(&call.input));
            return match self.seen().facts.get(&key) {
                Some(_) => json!({ "id": format!("{}-{}", key.0, key.1) }),
                None => Value::Null,
            };
        }
        read_answer(call).unwrap_or_else(|| self.takes_effect(call))
    }

    /// Runs that take turns are never on their way to the partner at the same time.
    fn line_up(&self, life: Life, call: &Call, until: i64) {
        let number = number(&call.input);
        if call.pipeline != "orders" || number.len() < 2 {
            return;
        }
        let serial = number.chars().next().unwrap_or('?');
        let number = number[..2].to_owned();
        let now = self.sim.now();
        let mut seen = self.seen();
        seen.under_way.retain(|other| other.until > now);
        let others = seen
            .under_way
            .iter()
            .filter(|other| other.serial == serial && other.number != number);
        let wrong: Vec<String> = others
            .map(|other| format!("orders {number} and {} were under way at the same time", other.number))
            .collect();
        seen.wrong.extend(wrong);
        seen.under_way.push(UnderWay {
            life,
            serial,
            number,
            until,
        });
    }
}

/// The partner as one process reaches it.
pub(crate) struct Side {
    pub(crate) partner: Partner,
    pub(crate) life: Life,
}

impl Side {
    /// Makes a request and waits for its answer.
    async fn reach(&self, call: Call, asks: bool) -> Result<Value, Failure> {
        let sim = self.partner.sim.clone();
        let begun = sim.now();
        self.partner.seen().calls += 1;
        sim.mark(|| {
            format!(
                "{} {} {} #{}",
                self.life.worker,
                call.operation,
                number(&call.input),
                call.attempt
            )
        });
        sim.until(self.life, begun + sim.between(0, self.partner.works)).await;
        let fence = call.fence.map_or(i64::MAX, |fence| sim.millis(fence));
        let fence = if self.partner.store.has(Defect::SentLate) {
            i64::MAX
        } else {
            fence
        };
        if sim.now() >= fence {
            return Err(Failure::retryable(
                "host.fence",
                "the run's lease was over before the request could be sent",
            ));
        }
        let deadline = i64::try_from(call.deadline.as_millis()).unwrap_or(i64::MAX);
        let end = begun.saturating_add(deadline).min(fence);
        if !asks {
            self.partner.line_up(self.life, &call, end);
        }
        let reads = asks || matches!(call.operation.as_str(), "get" | "read_order");
        let known = if reads { Effect::None } else { Effect::Unknown };
        let fate = self.partner.fate();
        let number = number(&call.input);
        let answered = self.send(call, asks, fate, end);
        tokio::select! {
            biased;
            said = answered => {
                if !asks {
                    self.partner.seen().under_way.retain(|other| !(other.life == self.life && number.starts_with(&other.number)));
                }
                match said {
                    Ok(Some(value)) => Ok(value),
                    _ => Err(Failure::retryable("http.503", "not now")),
                }
            }
            () = sim.until(self.life, end) => Err(Failure::retryable("http.timeout", "no answer").with_effect(known)),
        }
    }

    /// Sends it: it goes its way whatever becomes of who sent it.
    fn send(
        &self,
        call: Call,
        asks: bool,
        fate: Fate,
        end: i64,
    ) -> impl Future<Output = Result<Option<Value>, ()>> + use<> {
        let sim = &self.partner.sim;
        let (answer, answered) = oneshot::channel();
        let (partner, life) = (self.partner.clone(), self.life);
        let there = match fate {
            Fate::Late => sim.between((end - sim.now()).min(LINGERS), LINGERS),
            _ => sim.between(1, self.partner.far),
        };
        let back = sim.between(1, self.partner.far);
        let come = move |sim: &Sim| {
            let said = match fate {
                Fate::Lost => return,
                Fate::Refused => None,
                _ => Some(partner.does(&call, asks)),
            };
            let give = move |_: &Sim| {
                // Whoever asked may have given it up.
                let _ = answer.send(said);
            };
            if matches!(fate, Fate::Answered | Fate::Refused) {
                sim.after(back, Some(life), Act::Run(Box::new(give)));
            }
        };
        sim.after(there, None, Act::Run(Box::new(come)));
        async move {
            match answered.await {
                Ok(said) => Ok(said),
                Err(_) => std::future::pending().await,
            }
        }
    }
}

pub(crate) fn number(input: &Value) -> String {
    input.get("number").and_then(Value::as_str).unwrap_or("?").to_owned()
}

fn read_answer(call: &Call) -> Option<Value> {
    let order = |number: &str| json!({ "number": number, "parcels": ["x", "y"] });
    match call.operation.as_str() {
        "get" => Some(order(&number(&call.input))),
        "read_order" => {
            let bytes = &call.unstored.first()?.1;
            Some(order(std::str::from_utf8(bytes).ok()?.trim()))
        }
        _ => None,
    }
}

fn output(payload: Value) -> Output {
    Output {
        payload,
        documents: BTreeMap::new(),
        attributes: Vec::new(),
    }
}

impl StepRunner for Side {
    fn call(&self, call: Call) -> Boxed<'_, Report> {
        Box::pin(async move {
            Report {
                result: self.reach(call, false).await.map(output),
                usage: Usage::default(),
                state: Vec::new(),
                documents: Vec::new(),
                readings: Value::Null,
            }
        })
    }

    fn probe(&self, call: Call, _first_sent_at: Timestamp) -> Boxed<'_, (Result<Probed, Failure>, Usage)> {
        Box::pin(async move {
            let found = self.reach(call, true).await.map(|found| match found {
                Value::Null if self.partner.sim.chance(50) => Probed::Pending(Some(Duration::from_secs(5))),
                Value::Null => Probed::Absent,
                found => Probed::Applied(output(found)),
            });
            (found, Usage::default())
        })
    }

    fn settings(&self, _connection: &str) -> Option<Digest> {
        Some(Digest::of(b"settings"))
    }

    fn observes(&self, _connection: &str) -> bool {
        false
    }

    fn paused(&self, _pipeline: &str, _connection: &str) -> Option<Paused> {
        let paused = self.partner.paused.load(Ordering::Relaxed);
        paused.then_some(Paused::Connection)
    }
}

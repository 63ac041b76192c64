//! A process with its engine: started, stopped where it stands, killed.

use std::sync::Arc;

use bytes::Bytes;
use dragoman_engine::{Acceptor, Act, Delivered, Delivery, Engine, Limits, Refused, Settings};
use dragoman_journal::Wait;
use dragoman_model::{Actor, RunId};
use tokio::runtime::Runtime;

use crate::partner::{Partner, Side};
use crate::plans::Plans;
use crate::plot::Message;
use crate::sim::{Event, Life, Sim, SimClock};
use crate::store::{Base, Client, Way};

/// Rounds in which what was woken comes to work; what is left then comes to it with the next event.
const ROUNDS: usize = 6;
/// Leases on a shared store, in milliseconds, as the server has them.
const LEASE: i64 = 30_000;
/// A call, in milliseconds.
const CALL: u64 = 10_000;

/// A process.
pub(crate) struct Worker {
    pub(crate) life: Life,
    /// It is there as long as the process lives; the engine goes first.
    alive: Option<(Engine, Runtime)>,
    pub(crate) halted: bool,
    /// What came while it stood still.
    pub(crate) held: Vec<Event>,
}

/// What a process is given.
pub(crate) struct Given<'a> {
    pub(crate) sim: &'a Sim,
    pub(crate) base: &'a Base,
    pub(crate) partner: &'a Partner,
    pub(crate) way: Way,
    pub(crate) ahead: i64,
}

impl Worker {
    pub(crate) fn new(worker: usize) -> Worker {
        Worker {
            life: Life { worker, number: 0 },
            alive: None,
            halted: false,
            held: Vec::new(),
        }
    }

    /// Starts it; `given.way.life` is the new life.
    pub(crate) fn start(&mut self, given: Given<'_>) -> Result<(), std::io::Error> {
        let life = given.way.life;
        // Notices are counted by the machine's clock; nothing that a run does depends on them.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let owner = life.number * 16 + life.worker as u64 + 1;
        let settings = Settings {
            journal: Arc::new(Client::over(given.base.clone(), owner, given.way)),
            runner: Arc::new(Side {
                partner: given.partner.clone(),
                life,
            }),
            plans: Plans::get(),
            clock: Arc::new(SimClock {
                sim: given.sim.clone(),
                life,
                ahead: given.ahead,
            }),
            meter: Arc::new(dragoman_engine::NoMeter),
            worker: format!("worker-{}", life.worker),
            limits: Limits {
                lease_ms: if given.base.shared {
                    LEASE
                } else {
                    Limits::default().lease_ms
                },
                call_ms: CALL,
                alone: !given.base.shared,
                apart_ms: if given.base.shared { 1_000 } else { 0 },
                breakers: true,
                repeatable: true,
                ..Limits::default()
            },
        };
        let engine = {
            let _entered = runtime.enter();
            Engine::start(settings)
        };
        self.life = life;
        self.halted = false;
        self.alive = Some((engine, runtime));
        self.step();
        Ok(())
    }

    /// Who has runs of this life, as the store knows it.
    pub(crate) fn owner(&self) -> u64 {
        self.life.number * 16 + self.life.worker as u64 + 1
    }

    pub(crate) fn is_alive(&self) -> bool {
        self.alive.is_some()
    }

    /// Ends it where it stands.
    pub(crate) fn kill(&mut self) {
        self.held.clear();
        self.halted = false;
        if let Some((engine, runtime)) = self.alive.take() {
            // Its tasks are gone before the engine could tell them to stop: nothing is tidied up.
            drop(runtime);
            drop(engine);
        }
    }

    /// Lets what was woken work, until all of it waits.
    pub(crate) fn step(&self) {
        if let Some((_, runtime)) = &self.alive {
            runtime.block_on(async {
                for _ in 0..ROUNDS {
                    tokio::task::yield_now().await;
                }
            });
        }
    }

    /// Somebody answers a wait here; `told` hears whether it was taken, if anything.
    pub(crate) fn answer(&self, wait: &Wait, told: impl FnOnce(bool) + Send + 'static) {
        let Some((engine, runtime)) = &self.alive else {
            return;
        };
        let (handle, id, shown) = (engine.handle(), wait.id.clone(), wait.shown);
        runtime.spawn(async move {
            let answer = serde_json::json!({ "answer": "ship" });
            told(handle.answer(&id, somebody(), answer, shown).await.is_ok());
        });
        self.step();
    }

    /// What was paused goes on.
    pub(crate) fn resumed(&self) {
        let Some((engine, runtime)) = &self.alive else {
            return;
        };
        let handle = engine.handle();
        // A store that does not say what sleeps is no trouble: it looks by itself.
        runtime.spawn(async move { drop(handle.resumed().await) });
        self.step();
    }

    /// Somebody gives a run up here; `told` hears whether it was taken, if anything.
    pub(crate) fn give_up(&self, run: RunId, told: impl FnOnce(bool) + Send + 'static) {
        let Some((engine, runtime)) = &self.alive else {
            return;
        };
        let handle = engine.handle();
        runtime.spawn(async move {
            told(
                handle
                    .operate(run, Act::Cancel, somebody(), "begun by mistake")
                    .await
                    .is_ok(),
            );
        });
        self.step();
    }

    /// Hands it a message; `told` hears what it answers, if it does.
    pub(crate) fn deliver(&self, message: &Message, told: impl FnOnce(Option<RunId>) + Send + 'static) {
        let Some((engine, runtime)) = &self.alive else {
            return;
        };
        let handle = engine.handle();
        let delivery = Delivery {
            pipeline: message.pipeline.into(),
            trigger: "hook".into(),
            body: Bytes::copy_from_slice(message.number.as_bytes()),
            media_type: "text/plain".into(),
            headers: Vec::new(),
            attributes: serde_json::json!({}),
            sender: Actor::sender("partner", "bearer"),
            key: None,
        };
        runtime.spawn(async move {
            let answer: Result<Delivered, Refused> = handle.deliver(delivery).await;
            told(answer.ok().map(|taken| match taken {
                Delivered::Accepted { run, .. } | Delivered::Replied { run, .. } => run,
            }));
        });
        self.step();
    }
}

fn somebody() -> Actor {
    Actor::person("olga", "password")
}

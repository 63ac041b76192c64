//! The shell: what gives the machine its clock, its tasks and its store.
//!
//! In: messages, answers, operators' acts, plans. Out: calls, appends, the story of what happened.
//!
//! **Invariants.** One task at most works on a run. What a turn of the machine asks for is done only after its commit
//! is durable. Runs that sleep, wait or are parked live in the store and nowhere else. What happens at one time happens
//! in an order that does not depend on chance: a `select!` is biased, and what is gone through is sorted, so that a
//! simulation can be played again.

mod accept;
mod answer;
mod at_work;
mod breakers;
mod children;
mod clock;
mod door;
mod events;
mod follow;
mod gates;
mod lanes;
mod lease;
mod mailbox;
mod migrate;
mod outbox;
mod outgoing;
mod recovery;
mod repair;
mod run;
mod schedule;
mod scheduler;
mod settings;
mod sharing;
mod turns;
mod unkept;
mod voided;
mod wakes;

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dragoman_journal::Journal;
use dragoman_model::{Actor, Digest, RunId};
use tokio::sync::{Notify, broadcast};
use tokio::task::JoinHandle;

pub use clock::{Clock, ManualClock, SystemClock};
pub use door::{Door, Offer};
pub use events::{Happening, status};
pub use follow::Finished;
pub use settings::{Limits, PlanSource, Settings};

use crate::Delivery;
use crate::meter::Meter;
use crate::notice::Notices;
use crate::runner::StepRunner;
use answer::Signal;
use lanes::Lanes;
use lease::Held;
use turns::Turns;
use wakes::Wakes;

/// A mutex that goes on after a panic: what it guards here is never left half changed.
#[derive(Debug, Default)]
struct Lock<T>(Mutex<T>);

impl<T> Lock<T> {
    fn new(value: T) -> Self {
        Lock(Mutex::new(value))
    }

    fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What all tasks of the engine share.
struct Shell {
    journal: Arc<dyn Journal>,
    runner: Arc<dyn StepRunner>,
    plans: Arc<dyn PlanSource>,
    clock: Arc<dyn Clock>,
    meter: Arc<dyn Meter>,
    worker: Actor,
    limits: Limits,
    /// Runs at work, with the way to reach them.
    running: Lock<HashMap<RunId, run::Task>>,
    /// Told when a run stops working, and when all were taken up.
    rested: Notify,
    leases: Lock<BTreeMap<RunId, Arc<Held>>>,
    followers: follow::Followers,
    families: Lock<HashMap<RunId, RunId>>,
    lanes: Lanes,
    turns: Turns,
    /// Runs that lost their lease while they were at work, with their turn.
    left: Lock<HashMap<RunId, run::Place>>,
    wakes: Wakes,
    breakers: breakers::Breakers,
    outbox: outbox::Outbox,
    notices: Notices,
    story: broadcast::Sender<Happening>,
    /// Something becomes due earlier than the scheduler thinks.
    sooner: Notify,
    /// When the scheduler looks next, in milliseconds; while it looks, the earliest of what has come to rest since.
    next_look: AtomicI64,
    /// How far what is due was looked through, where there is no room for what is first.
    swept: Lock<Option<(i64, u64)>>,
    /// What is due and has no room here is looked for again when fewer runs than this are at work; 0: nothing is.
    refill: AtomicUsize,
    stopping: AtomicBool,
    /// Whether every unfinished run of the store was taken up.
    recovered: AtomicBool,
    /// Told once when tasks must stop.
    stop: tokio::sync::watch::Sender<bool>,
    counter: AtomicU32,
}

/// The engine: dropping it stops what it does, without losing anything that is durable.
pub struct Engine {
    handle: Handle,
    background: Vec<JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine: takes up every unfinished run of the store, and is ready for messages at once.
    /// It must be called within a tokio runtime.
    pub fn start(settings: Settings) -> Engine {
        let (story, _) = broadcast::channel(settings.limits.story.max(1));
        let shell = Arc::new(Shell {
            journal: settings.journal,
            runner: settings.runner,
            plans: settings.plans,
            clock: settings.clock,
            meter: settings.meter,
            worker: Actor::system(&settings.worker),
            limits: settings.limits,
            running: Lock::default(),
            rested: Notify::new(),
            leases: Lock::default(),
            followers: follow::Followers::default(),
            families: Lock::default(),
            lanes: Lanes::default(),
            turns: Turns::default(),
            left: Lock::default(),
            wakes: Wakes::default(),
            breakers: breakers::Breakers::new(settings.limits.call_ms),
            outbox: outbox::Outbox::default(),
            notices: Notices::default(),
            story,
            sooner: Notify::new(),
            next_look: AtomicI64::new(i64::MAX),
            swept: Lock::default(),
            refill: AtomicUsize::new(0),
            stopping: AtomicBool::new(false),
            recovered: AtomicBool::new(false),
            stop: tokio::sync::watch::Sender::new(false),
            counter: AtomicU32::new(0),
        });
        let weak = Arc::downgrade(&shell);
        let background = vec![
            tokio::spawn(lease::keep(weak.clone())),
            tokio::spawn(scheduler::wake_due(weak.clone())),
            tokio::spawn(outbox::deliver(weak.clone())),
            tokio::spawn(breakers::let_through(weak.clone())),
            tokio::spawn(recovery::recover(weak)),
        ];
        Engine {
            handle: Handle(shell),
            background,
        }
    }

    /// What the rest of the program uses.
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.handle.0.stopping.store(true, Ordering::Release);
        self.handle.0.stop.send_replace(true);
        for task in &self.background {
            task.abort();
        }
    }
}

/// The engine as the rest of the program uses it; cheap to clone.
#[derive(Clone)]
pub struct Handle(Arc<Shell>);

/// How busy the engine is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Runs that a task works on.
    pub working: usize,
    /// Accepted runs that wait for their pipeline's limit.
    pub queued: usize,
    /// Whether every unfinished run that the store had at the start was taken up.
    pub recovered: bool,
    /// Whether messages are refused because the engine stops.
    pub stopping: bool,
}

impl Handle {
    /// How busy the engine is.
    pub fn status(&self) -> Status {
        Status {
            working: self.0.running.lock().len(),
            queued: self.0.lanes.queued(),
            recovered: self.0.recovered.load(Ordering::Acquire),
            stopping: self.0.stopping.load(Ordering::Acquire),
        }
    }

    /// What happens from now on, as soon as it is durable. A subscriber that is too slow is told how much it missed.
    pub fn subscribe(&self) -> broadcast::Receiver<Happening> {
        self.0.story.subscribe()
    }

    /// Stops: messages are refused at once, runs at work may go on for so long; what is not at its end then goes on
    /// after the next start. True where nothing was left at work.
    pub async fn shutdown(&self, drain: std::time::Duration) -> bool {
        self.0.stopping.store(true, Ordering::Release);
        let end = self
            .0
            .clock
            .now()
            .plus_millis(i64::try_from(drain.as_millis()).unwrap_or(i64::MAX));
        let drained = tokio::select! {
            biased;
            () = self.0.idle() => true,
            () = self.0.clock.until(end) => false,
        };
        self.0.stop.send_replace(true);
        drained
    }

    /// Resolves when every unfinished run that the store had at the start was taken up.
    pub async fn recovered(&self) {
        self.0.recovered().await;
    }

    /// Resolves when no run is at work.
    pub async fn idle(&self) {
        self.0.idle().await;
    }
}

impl Shell {
    async fn idle(&self) {
        loop {
            let rested = self.rested.notified();
            tokio::pin!(rested);
            // Registered before the look, so that no run can end unseen in between.
            rested.as_mut().enable();
            // What was emitted may begin a run; events are looked for before the runs that they begin.
            if self.outbox.is_quiet() && self.nobody_works() {
                return;
            }
            rested.await;
        }
    }

    /// Under the lock: whoever emits is at work until it is looked for who hears it, and those are until they are told.
    fn nobody_works(&self) -> bool {
        let running = self.running.lock();
        running.is_empty() && !self.wakes.looks_for_hearers()
    }

    async fn recovered(&self) {
        while !self.recovered.load(Ordering::Acquire) {
            let rested = self.rested.notified();
            tokio::pin!(rested);
            // Registered before the look, so that it cannot come unseen in between. Whoever waits is told in order.
            rested.as_mut().enable();
            if !self.recovered.load(Ordering::Acquire) {
                rested.await;
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// A new id; ids made in one millisecond keep their order.
    fn new_run(&self, delivery: &Delivery) -> RunId {
        if self.limits.repeatable {
            return RunId::at(self.clock.now(), made_of(delivery));
        }
        let counter = self.counter.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let drawn = uuid::Uuid::now_v7().into_bytes();
        let mut random = [0; 10];
        random.copy_from_slice(&drawn[6..]);
        random[0] = counter[2] & 0x0f;
        random[1] = counter[3];
        RunId::at(self.clock.now(), random)
    }
}

/// The part of an id that is drawn elsewhere. Of two equal messages at one time the second is a repetition of the first,
/// with the same key, so that it needs no id.
fn made_of(delivery: &Delivery) -> [u8; 10] {
    let about = serde_json::json!([
        delivery.pipeline,
        delivery.trigger,
        delivery.key,
        delivery.headers,
        delivery.attributes,
        delivery.sender,
        Digest::of(&delivery.body),
    ]);
    let mut made = [0; 10];
    made.copy_from_slice(&Digest::of_value(&about).0[..10]);
    made
}

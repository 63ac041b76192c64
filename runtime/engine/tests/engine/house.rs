//! An engine on a real store in a folder of its own, with a clock that the test sets.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dragoman_engine::{
    Acceptor, Boxed, Clock, Delivered, Delivery, Engine, Handle, Limits, ManualClock, PlanSource, Refused, Settings,
};
use dragoman_journal::{Effect, Ending, Entry, Journal, Record, RunFilter, RunSummary, Standing};
use dragoman_journals_sqlite::{Options, SqliteJournal};
use dragoman_model::{Actor, Digest, RunId, Source, Timestamp, Value};
use dragoman_plan::{Plan, World};

use crate::partner::{Partner, surface};

/// A day in the life of the tests.
pub(crate) const MORNING: Timestamp = Timestamp::from_millis(1_790_000_000_000);

/// Bounds of workers that share a store.
const SHARED: Limits = Limits {
    lease_ms: 30_000,
    call_ms: 10_000,
    alone: false,
    apart_ms: 0,
    breakers: false,
    story: 4_096,
    repeatable: false,
};

/// The plans that a test runs; of several versions of a pipeline the last is the one of now.
pub(crate) struct Plans(Vec<Arc<Plan>>);

impl PlanSource for Plans {
    fn current(&self, pipeline: &str) -> Option<Arc<Plan>> {
        self.0.iter().rev().find(|plan| plan.pipeline == pipeline).cloned()
    }

    fn offered(&self) -> Vec<Arc<Plan>> {
        let named = self.0.iter().map(|plan| (plan.pipeline.clone(), Arc::clone(plan)));
        named.collect::<BTreeMap<_, _>>().into_values().collect()
    }

    fn pinned(&self, version: Digest) -> Boxed<'_, Option<Arc<Plan>>> {
        let found = self.0.iter().find(|plan| plan.version == version).cloned();
        Box::pin(async move { found })
    }

    fn site(&self) -> Arc<Value> {
        Arc::new(serde_json::json!({ "country": "CH" }))
    }
}

/// A plan from the steps and what else is said at the top.
pub(crate) fn plan(name: &str, text: &str) -> Arc<Plan> {
    plan_with("accepted", name, text)
}

/// As [`plan`], with what the sender is promised.
pub(crate) fn plan_with(reply: &str, name: &str, text: &str) -> Arc<Plan> {
    let top = "on: [{ id: hook, http: { path: /NAME, from: partner, reply: REPLY }, read: shop.read_order }]\n";
    let top = top.replace("REPLY", reply).replace("NAME", name);
    plan_on(&top, name, text)
}

/// As [`plan`], with the triggers.
pub(crate) fn plan_on(top: &str, name: &str, text: &str) -> Arc<Plan> {
    plan_among(top, name, text, &[])
}

/// As [`plan_on`], with other pipelines that it may run.
pub(crate) fn plan_among(top: &str, name: &str, text: &str, others: &[Arc<Plan>]) -> Arc<Plan> {
    let text = format!("dragoman: 1\npipeline: {name}\nsummary: A test.\n{top}{text}");
    let mut world = World::default()
        .with_connection("shop", Arc::new(surface()))
        .with_connection("watched", Arc::new(surface()));
    world.ledgers.insert("stock".into());
    let signature = |plan: &Arc<Plan>| (plan.pipeline.clone(), Some(Arc::new(plan.signature())));
    world.pipelines = others.iter().map(signature).collect();
    // Triggers may name a pipeline that a test has no need of.
    world.emitted.insert("other".into(), None);
    world.senders.insert("partner".into());
    let number = serde_json::json!({ "type": "object", "required": ["number"],
        "properties": { "number": { "type": "string" } } });
    let (number, _) = dragoman_schema::Shape::from_schema(&number);
    world.events.insert("shipped".into(), Some(number.clone()));
    world.events.insert("nudge".into(), Some(number));
    world.site = serde_json::json!({ "country": "CH" });
    let (said, diagnostics) = dragoman_manifest::parse_pipeline(Source::new(format!("{name}.yaml"), text));
    let said = said
        .filter(|_| diagnostics.is_empty())
        .unwrap_or_else(|| panic!("{diagnostics:#?}"));
    match dragoman_plan::build(&said, &world) {
        Ok(plan) => Arc::new(plan),
        Err(diagnostics) => {
            let all: Vec<String> = diagnostics.iter().map(|d| format!("{d:?}")).collect();
            panic!("{}", all.join("\n"));
        }
    }
}

/// The engine with all around it.
pub(crate) struct House {
    pub(crate) journal: Arc<dyn Journal>,
    pub(crate) partner: Arc<Partner>,
    pub(crate) clock: ManualClock,
    pub(crate) engine: Engine,
    _folder: Option<tempfile::TempDir>,
}

impl House {
    /// An engine on a new store.
    pub(crate) fn new(plans: &[Arc<Plan>]) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let journal = open(folder.path());
        let clock = ManualClock::new(MORNING);
        House {
            _folder: Some(folder),
            ..House::on(journal, Arc::default(), clock, plans)
        }
    }

    /// As [`House::new`], with circuit breakers.
    pub(crate) fn with_breakers(plans: &[Arc<Plan>]) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let (journal, clock) = (open(folder.path()), ManualClock::new(MORNING));
        let limits = Limits {
            breakers: true,
            ..Limits::default()
        };
        House {
            _folder: Some(folder),
            ..House::limited(journal, Arc::default(), clock, plans, limits)
        }
    }

    /// An engine on a new store that is not its own alone: [`House::another`] is beside it.
    pub(crate) fn shared(plans: &[Arc<Plan>]) -> House {
        let folder = tempfile::tempdir().expect("a folder");
        let (journal, clock) = (open(folder.path()), ManualClock::new(MORNING));
        House {
            _folder: Some(folder),
            ..House::limited(journal, Arc::default(), clock, plans, SHARED)
        }
    }

    /// Another worker on the same store, with the same partner and clock.
    pub(crate) fn another(&self, name: &str, plans: &[Arc<Plan>]) -> House {
        let (journal, partner) = (Arc::clone(&self.journal), Arc::clone(&self.partner));
        House::named(name, journal, partner, self.clock.clone(), plans, SHARED)
    }

    /// An engine on a store that may have seen others before.
    pub(crate) fn on(
        journal: Arc<dyn Journal>,
        partner: Arc<Partner>,
        clock: ManualClock,
        plans: &[Arc<Plan>],
    ) -> House {
        House::limited(journal, partner, clock, plans, Limits::default())
    }

    fn limited(
        journal: Arc<dyn Journal>,
        partner: Arc<Partner>,
        clock: ManualClock,
        plans: &[Arc<Plan>],
        limits: Limits,
    ) -> House {
        House::named("worker-1", journal, partner, clock, plans, limits)
    }

    fn named(
        name: &str,
        journal: Arc<dyn Journal>,
        partner: Arc<Partner>,
        clock: ManualClock,
        plans: &[Arc<Plan>],
        limits: Limits,
    ) -> House {
        let plans = Plans(plans.to_vec());
        let engine = Engine::start(Settings {
            journal: Arc::clone(&journal),
            runner: Arc::clone(&partner) as _,
            plans: Arc::new(plans),
            clock: Arc::new(clock.clone()),
            meter: Arc::new(dragoman_engine::NoMeter),
            worker: name.into(),
            limits,
        });
        House {
            journal,
            partner,
            clock,
            engine,
            _folder: None,
        }
    }

    /// The handle.
    pub(crate) fn handle(&self) -> Handle {
        self.engine.handle()
    }

    /// Delivers an order by its number.
    pub(crate) async fn deliver(&self, pipeline: &str, number: &str) -> Result<Delivered, Refused> {
        self.handle().deliver(delivery(pipeline, number)).await
    }

    /// Delivers an order and lets time pass until the run, and all others, have ended or wait for a person.
    pub(crate) async fn run(&self, pipeline: &str, number: &str) -> RunId {
        let run = match self.deliver(pipeline, number).await.expect("the message is taken") {
            Delivered::Accepted { run, .. } | Delivered::Replied { run, .. } => run,
        };
        self.settle().await;
        run
    }

    /// Lets time pass until nothing goes on by itself any more.
    pub(crate) async fn settle(&self) {
        self.handle().recovered().await;
        for _ in 0..1_000 {
            if !self.step().await {
                return;
            }
        }
        panic!("it never settles");
    }

    /// Lets time pass until the next run wakes; false where none does by itself.
    pub(crate) async fn step(&self) -> bool {
        self.quiet().await;
        let Some(due) = self.next_due().await else { return false };
        self.clock.advance((due.millis() - self.clock.now().millis()).max(1));
        self.until_moved(due).await;
        true
    }

    /// Time jumps, and what is due then has been done.
    pub(crate) async fn jump(&self, millis: i64) {
        self.clock.advance(millis);
        self.until_moved(self.clock.now()).await;
    }

    /// What was due has been taken up.
    pub(crate) async fn until_moved(&self, due: Timestamp) {
        let moved = async {
            while self.next_due().await.is_some_and(|next| next <= due) {
                tokio::task::yield_now().await;
                self.handle().idle().await;
            }
        };
        let moved = tokio::time::timeout(Duration::from_secs(10), moved).await;
        assert!(moved.is_ok(), "nothing happened at {due}, when something was due");
    }

    /// Resolves when no task works on a run.
    pub(crate) async fn quiet(&self) {
        let quiet = tokio::time::timeout(Duration::from_secs(10), self.handle().idle()).await;
        assert!(quiet.is_ok(), "a run works for ever: {:?}", self.partner.calls());
    }

    /// When the next run wakes that does not wait for a person or a child.
    async fn next_due(&self) -> Option<Timestamp> {
        let waits = self.journal.waits(None).await.expect("the store answers");
        let all = RunFilter {
            children: true,
            limit: 10_000,
            ..RunFilter::default()
        };
        let runs = self.journal.runs(all).await.expect("the store answers");
        let open = |run: &RunSummary| {
            runs.iter()
                .any(|r| r.parent == Some(run.run) && r.standing != Standing::Closed)
        };
        let due = |run: &RunSummary| match run.standing {
            Standing::Sleeping(due) => Some(due),
            Standing::Waiting(Some(due)) if !open(run) && waits.iter().all(|wait| wait.run != run.run) => Some(due),
            _ => None,
        };
        runs.iter().filter_map(due).min()
    }

    /// How a run stands.
    pub(crate) async fn summary(&self, run: RunId) -> RunSummary {
        let all = RunFilter {
            children: true,
            limit: 10_000,
            ..RunFilter::default()
        };
        let runs = self.journal.runs(all).await.expect("the store answers");
        runs.into_iter()
            .find(|found| found.run == run)
            .expect("the run is there")
    }

    /// How a run ended.
    pub(crate) async fn ending(&self, run: RunId) -> Option<Ending> {
        self.summary(run).await.ending
    }

    /// The entries of a run.
    pub(crate) async fn entries(&self, run: RunId) -> Vec<Entry> {
        self.journal.load(run).await.expect("the store answers")
    }

    /// The entries of a run, a line each.
    pub(crate) async fn story(&self, run: RunId) -> String {
        self.entries(run).await.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What stands under a reference, a line each.
    pub(crate) async fn effects(&self, reference: &str) -> Vec<String> {
        let effects = self.journal.effects(reference.into()).await.expect("the store answers");
        effects
            .iter()
            .map(|Effect { scope, path, state, .. }| format!("{scope} {path} {state:?}"))
            .collect()
    }
}

/// Opens the store of a folder.
pub(crate) fn open(folder: &Path) -> Arc<dyn Journal> {
    Arc::new(SqliteJournal::open(folder, Options::default()).expect("the store opens"))
}

/// An order as a message.
pub(crate) fn delivery(pipeline: &str, number: &str) -> Delivery {
    Delivery {
        pipeline: pipeline.into(),
        trigger: "hook".into(),
        body: Bytes::copy_from_slice(number.as_bytes()),
        media_type: "text/plain".into(),
        headers: vec![("message-id".into(), number.into())],
        attributes: serde_json::json!({}),
        sender: Actor::sender("partner", "bearer"),
        key: None,
    }
}

/// An entry in a line.
pub(crate) fn line(entry: &Entry) -> String {
    let path = &entry.header.path;
    let text = match &entry.header.record {
        Record::Accepted { trigger, .. } => format!("accepted {trigger}"),
        Record::Read { attempt, .. } => format!("read {path} #{attempt}"),
        Record::Children { count } => format!("children {path} {count}"),
        Record::Intent {
            operation,
            attempt,
            undo,
            ..
        } => {
            format!(
                "intent {path} {operation} #{attempt}{}",
                if *undo { " undo" } else { "" }
            )
        }
        Record::Done { known_by, .. } => format!("done {path} by {known_by}"),
        Record::Failed {
            attempt,
            class,
            effect,
            code,
            last,
            ..
        } => {
            let last = if *last { " last" } else { "" };
            format!("failed {path} #{attempt} {class:?} {effect:?} {code}{last}").to_lowercase()
        }
        Record::Timer { due, purpose, .. } => {
            let seconds = (due.millis() - entry.header.at.millis()) / 1_000;
            format!("timer {path} {purpose:?} {seconds}s").to_lowercase()
        }
        Record::Waiting { decision, .. } => format!("waiting {path} {decision}"),
        Record::Answer { .. } => format!("answer {path} by {}", entry.header.actor.id),
        Record::Event { name } => format!("event {name} {path}").trim_end().to_owned(),
        Record::Chosen { what } => format!("chosen {path} {what}"),
        Record::Claimed { ledger, joined, .. } => {
            format!(
                "claimed {path} {ledger}{}",
                if joined.is_some() { " joined" } else { "" }
            )
        }
        Record::Released { ledger, .. } => format!("released {path} {ledger}"),
        Record::Voided { reference } => format!("voided {reference}"),
        Record::Observed { what } => format!("observed {path} {what}"),
        Record::Operated { act } => format!("operated {act} by {}", entry.header.actor.id),
        Record::Migrated { .. } => format!("migrated by {}", entry.header.actor.id),
        Record::Parked { code } => format!("parked {path} {code}"),
        Record::Closed { ending } => format!("closed {ending:?}").to_lowercase(),
    };
    text.replace("  ", " ")
}

/// Compares a story with what is expected, line by line, indentation aside.
#[track_caller]
pub(crate) fn check(story: &str, expected: &str) {
    let lines = |text: &str| {
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(lines(story), lines(expected), "\n--- found:\n{story}\n");
}

impl House {
    /// Delivers an order and lets it go as far as it goes while the clock stands still.
    pub(crate) async fn run_without_time(&self, pipeline: &str, number: &str) -> RunId {
        let run = match self.deliver(pipeline, number).await.expect("the message is taken") {
            Delivered::Accepted { run, .. } | Delivered::Replied { run, .. } => run,
        };
        self.quiet().await;
        run
    }

    /// Waits until a run is parked, the clock having been set.
    pub(crate) async fn until_parked(&self, run: RunId) {
        let mut story = self.handle().subscribe();
        while self.summary(run).await.standing != Standing::Parked {
            let heard = tokio::time::timeout(Duration::from_secs(10), story.recv()).await;
            assert!(heard.is_ok(), "it is never parked: {}", self.story(run).await);
        }
        self.quiet().await;
    }

    /// Waits until so many calls of an operation are under way or over.
    pub(crate) async fn until_called(&self, operation: &str, count: usize) {
        let called = || {
            self.partner
                .calls()
                .iter()
                .filter(|call| call.starts_with(operation))
                .count()
        };
        let reached = async {
            while called() < count {
                tokio::task::yield_now().await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(10), reached).await;
        assert!(reached.is_ok(), "{:?}", self.partner.calls());
    }

    /// Lets so much time pass, little by little, while leases are lengthened: none of them comes near its end.
    pub(crate) async fn pass(&self, millis: i64) {
        let end = self.clock.now().plus_millis(millis);
        while self.clock.now() < end {
            let near = self.clock.now().plus_millis(Limits::default().lease_ms / 4);
            let next = self
                .journal
                .next_due(self.clock.now())
                .await
                .expect("the store answers");
            // Who lengthens them works beside this: while one is still to be, time goes slowly.
            let slowly = next.is_some_and(|next| next < near);
            self.clock.advance(if slowly { 20 } else { 1_000 });
            tokio::task::yield_now().await;
        }
    }

    /// Waits until a run is closed, the clock having been set.
    pub(crate) async fn until_closed(&self, run: RunId) {
        self.until(run, |standing| standing == Standing::Closed).await;
    }

    /// Waits until a run waits for something, the clock having been set.
    pub(crate) async fn until_waiting(&self, run: RunId) {
        self.until(run, |standing| matches!(standing, Standing::Waiting(_)))
            .await;
    }

    async fn until(&self, run: RunId, there: impl Fn(Standing) -> bool) {
        let reached = async {
            while !there(self.summary(run).await.standing) {
                tokio::task::yield_now().await;
            }
        };
        let reached = tokio::time::timeout(Duration::from_secs(10), reached).await;
        assert!(reached.is_ok(), "it never comes to that: {}", self.story(run).await);
        self.quiet().await;
    }

    /// Waits until every event was delivered and only so many runs are left, which wait for their pipeline.
    pub(crate) async fn until_delivered_without(&self, queued: usize) {
        let delivered = async {
            let left = async || self.journal.undelivered(0, 1).await.expect("the store answers");
            while !left().await.is_empty() || self.handle().status().working != queued {
                tokio::task::yield_now().await;
            }
        };
        let delivered = tokio::time::timeout(Duration::from_secs(10), delivered).await;
        assert!(delivered.is_ok(), "an event is never delivered, or a run works on");
    }

    /// Waits until every event was delivered and what it began has come to rest.
    pub(crate) async fn until_delivered(&self) {
        let delivered = async {
            while !self
                .journal
                .undelivered(0, 1)
                .await
                .expect("the store answers")
                .is_empty()
            {
                tokio::task::yield_now().await;
            }
        };
        let delivered = tokio::time::timeout(Duration::from_secs(10), delivered).await;
        assert!(delivered.is_ok(), "an event is never delivered");
        self.quiet().await;
    }
}

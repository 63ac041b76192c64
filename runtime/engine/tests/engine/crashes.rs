//! Crashes at every commit: whatever moment the process dies, the world outside looks as if it had not.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use dragoman_engine::{Act, ManualClock};
use dragoman_journal::error::{CONTRADICTION, CORRUPT, DISK_FULL};
use dragoman_journal::{
    Answer, Append, Begin, Begun, Effect, Entry, Error, Journal, Lease, NumberedEvent, Once, OnceKey, Record, Records,
    Refusal, RunFilter, RunSummary, Standing, Wait,
};
use dragoman_model::{Actor, Digest, DocumentReference, Failure, RunId, Timestamp, Value};
use dragoman_plan::Plan;
use serde_json::json;
use tokio::sync::Notify;

use crate::house::{House, MORNING, open, plan, plan_on};
use crate::migrate::move_all;
use crate::partner::Does::*;
use crate::partner::Partner;
use crate::pipelines::family;

/// Where the process dies: right before or right after a commit reaches the disk.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Dies {
    Before(usize),
    After(usize),
    Never,
}

/// What a store that goes on answering may answer.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) enum Trouble {
    #[default]
    None,
    /// No run begins, because the disk is full.
    Full,
    /// No append is ever taken.
    Contradicted,
    /// This run's entries are damaged.
    Unreadable(RunId),
}

/// A real store that stops answering at a commit, as a process does that dies there.
pub(crate) struct Mortal {
    store: Arc<dyn Journal>,
    commits: AtomicUsize,
    dies: Dies,
    dead: Notify,
    trouble: Mutex<Trouble>,
    gate: Mutex<Option<Arc<Gate>>>,
}

/// Holds a look at what becomes due: the store has answered, and the answer is on its way.
#[derive(Default)]
pub(crate) struct Gate {
    pub(crate) reached: Notify,
    pub(crate) open: Notify,
}

impl Mortal {
    fn new(store: Arc<dyn Journal>, dies: Dies) -> Arc<Self> {
        Arc::new(Mortal {
            store,
            commits: AtomicUsize::new(0),
            dies,
            dead: Notify::new(),
            trouble: Mutex::default(),
            gate: Mutex::default(),
        })
    }

    /// A store that lives, for troubles of another kind.
    pub(crate) fn troubled(store: Arc<dyn Journal>) -> Arc<Self> {
        Self::new(store, Dies::Never)
    }

    pub(crate) fn set(&self, trouble: Trouble) {
        *self.trouble.lock().expect("no test panics while it holds the lock") = trouble;
    }

    /// Holds every look from now on at a gate.
    pub(crate) fn gated(&self) -> Arc<Gate> {
        let gate: Arc<Gate> = Arc::default();
        *self.gate.lock().expect("no test panics while it holds the lock") = Some(Arc::clone(&gate));
        gate
    }

    /// Holds none any more.
    pub(crate) fn ungated(&self) {
        *self.gate.lock().expect("no test panics while it holds the lock") = None;
    }

    fn gate(&self) -> Option<Arc<Gate>> {
        self.gate
            .lock()
            .expect("no test panics while it holds the lock")
            .clone()
    }

    fn trouble(&self) -> Trouble {
        *self.trouble.lock().expect("no test panics while it holds the lock")
    }

    /// Commits, unless this is the moment.
    async fn commit<T>(&self, commit: impl Future<Output = T>) -> T {
        let number = self.commits.fetch_add(1, Ordering::SeqCst);
        if self.dies == Dies::Before(number) {
            self.die().await;
        }
        let result = commit.await;
        if self.dies == Dies::After(number) {
            self.die().await;
        }
        result
    }

    async fn die(&self) {
        self.dead.notify_one();
        std::future::pending().await
    }
}

impl Records for Mortal {
    fn load(&self, run: RunId) -> Answer<'_, Result<Vec<Entry>, Error>> {
        if self.trouble() == Trouble::Unreadable(run) {
            return Box::pin(async { Err(Error::new(CORRUPT, "it cannot be read")) });
        }
        self.store.load(run)
    }
    fn runs(&self, filter: RunFilter) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        self.store.runs(filter)
    }
    fn children(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        self.store.children(run, path)
    }
    fn unfinished(&self, run: RunId, path: String) -> Answer<'_, Result<Vec<RunSummary>, Error>> {
        self.store.unfinished(run, path)
    }
    fn beginning(&self, digits: String) -> Answer<'_, Result<Vec<RunId>, Error>> {
        self.store.beginning(digits)
    }
    fn waits(&self, run: Option<RunId>) -> Answer<'_, Result<Vec<Wait>, Error>> {
        self.store.waits(run)
    }
    fn version(&self, digest: Digest) -> Answer<'_, Result<Option<Vec<u8>>, Error>> {
        self.store.version(digest)
    }
}

impl Journal for Mortal {
    fn begin(&self, begin: Begin) -> Answer<'_, Result<Begun, Error>> {
        if self.trouble() == Trouble::Full {
            return Box::pin(async { Err(Error::new(DISK_FULL, "the disk is full")) });
        }
        Box::pin(self.commit(self.store.begin(begin)))
    }
    fn append(&self, append: Append) -> Answer<'_, Result<Result<(), Refusal>, Error>> {
        if self.trouble() == Trouble::Contradicted {
            return Box::pin(async { Err(Error::new(CONTRADICTION, "it contradicts the run")) });
        }
        Box::pin(self.commit(self.store.append(append)))
    }
    fn acquire(&self, run: RunId, now: Timestamp, until: Timestamp) -> Answer<'_, Result<Option<Lease>, Error>> {
        self.store.acquire(run, now, until)
    }
    fn renew(&self, leases: Vec<Lease>, until: Timestamp) -> Answer<'_, Result<Vec<Lease>, Error>> {
        self.store.renew(leases, until)
    }
    fn due(&self, now: Timestamp, limit: usize) -> Answer<'_, Result<Vec<RunId>, Error>> {
        self.store.due(now, limit)
    }
    fn next_due(&self, after: Timestamp) -> Answer<'_, Result<Option<Timestamp>, Error>> {
        Box::pin(async move {
            let answer = self.store.next_due(after).await;
            if let Some(gate) = self.gate() {
                gate.reached.notify_one();
                gate.open.notified().await;
            }
            answer
        })
    }
    fn once(&self, once: OnceKey) -> Answer<'_, Result<Option<Once>, Error>> {
        self.store.once(once)
    }
    fn effects(&self, reference: String) -> Answer<'_, Result<Vec<Effect>, Error>> {
        self.store.effects(reference)
    }
    fn event(
        &self,
        name: String,
        key: String,
        since: Timestamp,
        after: u64,
    ) -> Answer<'_, Result<Option<NumberedEvent>, Error>> {
        self.store.event(name, key, since, after)
    }
    fn undelivered(&self, after: u64, limit: usize) -> Answer<'_, Result<Vec<NumberedEvent>, Error>> {
        self.store.undelivered(after, limit)
    }
    fn delivered(&self, numbers: Vec<u64>) -> Answer<'_, Result<(), Error>> {
        Box::pin(self.commit(self.store.delivered(numbers)))
    }
    fn state_get(&self, connection: String, key: String) -> Answer<'_, Result<Option<(Vec<u8>, u64)>, Error>> {
        self.store.state_get(connection, key)
    }
    fn state_keys(
        &self,
        connection: String,
        prefix: String,
        after: Option<String>,
        limit: u32,
    ) -> Answer<'_, Result<Vec<String>, Error>> {
        self.store.state_keys(connection, prefix, after, limit)
    }
    fn document(&self, digest: Digest) -> Answer<'_, Result<Option<(DocumentReference, Vec<u8>)>, Error>> {
        self.store.document(digest)
    }
    fn keep_version(&self, bytes: Bytes) -> Answer<'_, Result<Digest, Error>> {
        self.store.keep_version(bytes)
    }
}

/// What is done in one life: the messages are delivered (again, for nobody acknowledged them), people answer, time
/// passes.
async fn live(house: &House, plans: &[Arc<Plan>], pipelines: &[&str]) {
    for pipeline in pipelines {
        // A message of an earlier life is known by its key.
        house.deliver(pipeline, "7").await.expect("the message is taken");
        house.settle().await;
        move_all(house, plans).await;
        answer_all(house).await;
    }
    house.until_delivered().await;
    house.settle().await;
    answer_all(house).await;
}

async fn answer_all(house: &House) {
    for wait in house.journal.waits(None).await.expect("the store answers") {
        if wait.roles.is_empty() {
            // Nobody answers a wait for an event.
            continue;
        }
        if wait.roles == ["administrator"] {
            give_up_all(house).await;
            break;
        }
        let answer = json!({ "answer": "ship" });
        let given = house
            .handle()
            .answer(&wait.id, Actor::person("olga", "password"), answer, wait.shown)
            .await;
        given.expect("the answer is taken");
    }
    house.settle().await;
}

/// Gives up every run that a message began and that has not ended.
async fn give_up_all(house: &House) {
    for run in house
        .journal
        .runs(RunFilter::default())
        .await
        .expect("the store answers")
    {
        if run.standing != Standing::Closed {
            let olga = Actor::person("olga", "password");
            let given_up = house
                .handle()
                .operate(run.run, Act::Cancel, olga, "begun by mistake")
                .await;
            given_up.expect("it has not ended");
        }
    }
}

/// One life on a folder: until everything is settled, or until the process dies. How many commits it made.
fn one_life(
    folder: &Path,
    partner: &Arc<Partner>,
    clock: &ManualClock,
    plans: &[Arc<Plan>],
    pipelines: &[&str],
    dies: Dies,
) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let mortal = Mortal::new(open(folder), dies);
    runtime.block_on(async {
        let house = House::on(Arc::clone(&mortal) as _, Arc::clone(partner), clock.clone(), plans);
        tokio::select! {
            () = live(&house, plans, pipelines) => {}
            () = mortal.dead.notified() => {}
        }
    });
    // All tasks end with their runtime, wherever they are: nothing is tidied up.
    drop(runtime);
    mortal.commits.load(Ordering::SeqCst)
}

/// What stands in the end, as the world outside and the store have it.
fn outcome(folder: &Path, partner: &Partner) -> Value {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let store = open(folder);
    let ends = runtime.block_on(async {
        let all = RunFilter {
            children: true,
            limit: 1_000,
            ..RunFilter::default()
        };
        let mut ends = Vec::new();
        for run in store.runs(all).await.expect("the store answers") {
            assert_ne!(run.standing, Standing::Active, "{run:?}");
            let entries = store.load(run.run).await.expect("the store answers");
            let moved = |entry: &&Entry| matches!(entry.header.record, Record::Migrated { .. });
            let moved = entries.iter().filter(moved).count();
            ends.push(format!(
                "{} {:?} {:?} moved {moved}",
                run.pipeline, run.standing, run.ending
            ));
        }
        ends.sort();
        ends
    });
    json!({ "facts": partner.facts(), "ends": ends })
}

/// Lives once without dying; then, for every commit, dies right before it and right after it, lives again, and demands
/// the same outcome.
pub(crate) fn every_commit(plans: &[Arc<Plan>], pipelines: &[&str], script: &dyn Fn(&Partner)) {
    let lives = |all: &[Dies]| {
        let folder = tempfile::tempdir().expect("a folder");
        let partner = Arc::new(Partner::default());
        script(&partner);
        let clock = ManualClock::new(MORNING);
        let mut commits = 0;
        for dies in all {
            commits = one_life(folder.path(), &partner, &clock, plans, pipelines, *dies);
        }
        (outcome(folder.path(), &partner), commits)
    };
    let (expected, commits) = lives(&[Dies::Never]);
    assert!(commits > 2, "a scenario of {commits} commits tests nothing");
    for number in 0..commits {
        for dies in [Dies::Before(number), Dies::After(number)] {
            let (found, _) = lives(&[dies, Dies::Never]);
            assert_eq!(found, expected, "{dies:?}");
        }
    }
}

pub(crate) const MAIN: &str = "
decisions:
  go: { answers: { ship: [] } }
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: clerk
    wait: { decision: go, for: 30d, show: [=steps.order.number], roles: [approver] }
    ref: steps.order.number
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      once: steps.order.number
      ref: steps.order.number
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
  - id: shipped
    call: shop.ship
    once: steps.order.number
    ref: steps.order.number
    with: { number: =steps.order.number }
  - id: told
    call: shop.notify
    with: { number: =steps.order.number }
output: { id: =steps.shipped.id }
";

#[test]
fn the_main_flow() {
    every_commit(&[plan("main", MAIN)], &["main"], &|_| {});
}

#[test]
fn the_main_flow_with_trouble() {
    every_commit(&[plan("main", MAIN)], &["main"], &|partner| {
        partner.will(
            "ship",
            [Fail(Failure::retryable("http.503", "no")), Break { applied: true }],
        );
        partner.will("notify", [Break { applied: true }, Break { applied: false }]);
        partner.will("get", [Fail(Failure::retryable("http.503", "no"))]);
    });
}

const EACH: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    concurrent: 2
    on_item_failure: continue
    steps:
      - id: shipped
        call: shop.ship
        once: steps.order.number + parcel
        with: { number: =steps.order.number + parcel }
      - id: told
        call: shop.notify
        with: { number: =steps.shipped.id }
output: { sent: =steps.sent }
";

#[test]
fn children() {
    every_commit(&[plan("each", EACH)], &["each"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
    });
}

const GIVEN_UP: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      once: steps.order.number
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    concurrent: 5
    steps:
      - id: shipped
        call: shop.ship
        once: steps.order.number + parcel
        with: { number: =steps.order.number + parcel }
        when: parcel != 'b'
      - id: officer
        wait: { decision: go, answers: [ship, refuse], for: 30d, show: [=parcel], roles: [administrator] }
output: { sent: =steps.sent }
";

#[test]
fn a_run_that_is_given_up_with_its_items() {
    every_commit(&[plan("given-up", GIVEN_UP)], &["given-up"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
    });
}

const ASKS: &str = "
steps:
  - emit: { event: nudge, key: trigger.message.number, data: { number: =trigger.message.number } }
  - id: heard
    wait: { event: shipped, key: trigger.message.number, for: 30d }
  - id: told
    call: shop.notify
    with: { number: =steps.heard.number }
output: { number: =steps.told.id }
";

const ANSWERS: &str = "
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    with: { number: =trigger.message.number }
  - emit: { event: shipped, key: trigger.message.number, data: { number: =steps.shipped.id } }
";

#[test]
fn events_there_and_back() {
    let answers = plan_on("on: [{ id: nudged, event: { name: nudge } }]\n", "answers", ANSWERS);
    every_commit(&[plan("asks", ASKS), answers], &["asks"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
    });
}

const ROUNDS: &str = "
steps:
  - id: rounds
    repeat:
      until: round == 2
      every: 30s
      for: 1h
      steps:
        - id: group
          try:
            - id: shipped
              call: shop.ship
              once: trigger.message.number + text(round)
              with: { number: '=default(last.number, trigger.message.number) + text(round)' }
            - id: told
              call: shop.notify
              with: { number: =steps.shipped.id }
          on_rejected: { value: { shipped: { id: refused }, told: { id: =failure.code } } }
      value: { number: '=steps.group.shipped.id' }
output: { number: =steps.rounds.number }
";

#[test]
fn groups_in_rounds() {
    every_commit(&[plan("rounds", ROUNDS)], &["rounds"], &|partner| {
        partner.will("ship", [Answer, Break { applied: true }]);
        partner.will("notify", [Break { applied: true }]);
    });
}

const CALLER: &str = "
steps:
  - id: other
    run: called
    with: { number: =trigger.message.number }
  - id: posted
    call: shop.ship
    once: steps.other.id
    with: { number: =steps.other.id }
output: { id: =steps.posted.id }
";

#[test]
fn a_pipeline_that_runs_another() {
    every_commit(&family("park", CALLER), &["caller"], &|partner| {
        partner.will("notify", [Break { applied: true }]);
        partner.will("ship", [Break { applied: true }]);
    });
}

const UNDO: &str = "
on_failure: undo
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
    undo: { call: shop.cancel, with: { number: =trigger.message.number } }
  - fail: { reason: 'changed my mind', class: permanent }
";

#[test]
fn undo() {
    every_commit(&[plan("undo", UNDO)], &["undo"], &|partner| {
        partner.will("cancel", [Break { applied: true }]);
    });
}

const SHIP: &str = "
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
";

const VOID: &str = "
steps:
  - id: closed
    void: { ref: trigger.message.number }
  - id: undone
    each: steps.closed.effects
    as: effect
    item_key: effect.run + effect.path
    steps:
      - id: cancelled
        call: shop.cancel
        with: { number: =trigger.message.number }
        when: effect.state == 'done'
";

#[test]
fn joining_and_voiding() {
    let plans = [plan("ship", SHIP), plan("twin", SHIP), plan("void", VOID)];
    every_commit(&plans, &["ship", "twin", "void"], &|partner| {
        partner.will("ship", [Break { applied: true }]);
        partner.will("probe ship", [Pending]);
    });
}

const BLIND: &str = "
steps:
  - id: posted
    call: shop.post
    with: { number: =trigger.message.number }
";

#[test]
fn with_neither_key_nor_probe_nothing_happens_twice() {
    // Here the outcome may differ: where it cannot be known whether the request left, a person decides.
    let plans = [plan("blind", BLIND)];
    for number in 0..3 {
        for dies in [Dies::Before(number), Dies::After(number)] {
            let folder = tempfile::tempdir().expect("a folder");
            let partner = Arc::new(Partner::default());
            let clock = ManualClock::new(MORNING);
            one_life(folder.path(), &partner, &clock, &plans, &["blind"], dies);
            one_life(folder.path(), &partner, &clock, &plans, &["blind"], Dies::Never);
            let posted = partner.facts().get("post 7").copied().unwrap_or(0);
            let parked = outcome(folder.path(), &partner)["ends"][0]
                .as_str()
                .expect("a text")
                .contains("Parked");
            assert!(posted == 1 || (posted == 0 && parked), "{dies:?}: {posted} {parked}");
        }
    }
}

#[test]
fn a_process_that_dies_in_the_middle_of_a_call() {
    for applied in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let partner = Arc::new(Partner::default());
        partner.will("ship", [Hang { applied }]);
        let clock = ManualClock::new(MORNING);
        let plans = [plan("ship", SHIP)];
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let house = House::on(open(folder.path()), Arc::clone(&partner), clock.clone(), &plans);
            house.deliver("ship", "7").await.expect("the message is taken");
            while partner.calls().len() < 2 {
                tokio::task::yield_now().await;
            }
        });
        drop(runtime);
        one_life(folder.path(), &partner, &clock, &plans, &["ship"], Dies::Never);
        assert_eq!(json!(partner.facts()), json!({ "ship 7": 1 }), "applied: {applied}");
    }
}

//! The machine is a fold: whatever happens, a machine made from the entries stands where the live one stands, and does
//! what the live one would do next.

use std::collections::VecDeque;
use std::sync::Arc;

use dragoman_engine::machine::{
    Act, Commit, Connections, Event, Found, Machine, Outgoing, Paused, Request, Rest, hindrances,
};
use dragoman_engine::{Output, Probed, Report};
use dragoman_journal::{
    Draft, Emitted, Ending, Once, OnceKey, OnceState, Operation, Record, Refusal, RunSummary, Standing, Versions,
};
use dragoman_model::{Actor, Digest, Effect, Failure, RunId, Timestamp, Usage, Value};
use dragoman_plan::Plan;
use proptest::prelude::*;
use serde_json::json;

use crate::house::{MORNING, plan_among};
use crate::pipelines::family;

pub(crate) struct Quiet;

impl Connections for Quiet {
    fn settings(&self, _connection: &str) -> Option<Digest> {
        None
    }

    fn observes(&self, connection: &str) -> bool {
        connection == "watched"
    }

    fn paused(&self, _pipeline: &str, _connection: &str) -> Option<Paused> {
        None
    }
}

/// Decisions that a test draws: what the partner, the store and the people do.
struct Drawn(VecDeque<u8>);

impl Drawn {
    fn next(&mut self) -> u8 {
        self.0.pop_front().unwrap_or(0)
    }
}

struct Simulation {
    plan: Arc<Plan>,
    run: RunId,
    machine: Machine,
    entries: Vec<Draft>,
    now: Timestamp,
    drawn: Drawn,
    away: Vec<Request>,
    begun: Vec<RunId>,
    resumed: u8,
}

pub(crate) fn worker() -> Actor {
    Actor::system("worker-1")
}

pub(crate) fn accepted(plan: &Plan, run: RunId) -> Draft {
    Draft {
        run,
        seq: 0,
        at: MORNING,
        actor: Actor::sender("partner", "bearer"),
        path: String::new(),
        versions: Versions {
            pipeline: plan.version,
            plugin: None,
            settings: None,
        },
        record: Record::Accepted {
            pipeline: plan.pipeline.clone(),
            trigger: "hook".into(),
            run_key: "7".into(),
            serial: None,
            parent: None,
            mode: "live".into(),
        },
        headers: Vec::new(),
        body: Some(Arc::new(
            json!({ "message": { "number": "7", "parcels": ["a", "b", "c"], "large": false }, "site": {} }),
        )),
    }
}

impl Simulation {
    fn new(plan: &Arc<Plan>, drawn: Vec<u8>) -> Self {
        let run = RunId::at(MORNING, [7; 10]);
        let entries = vec![accepted(plan, run)];
        let machine = Machine::from_drafts(Arc::clone(plan), run, &entries, &worker());
        Simulation {
            plan: Arc::clone(plan),
            run,
            machine,
            entries,
            now: MORNING,
            drawn: Drawn(drawn.into()),
            away: Vec::new(),
            begun: Vec::new(),
            resumed: 0,
        }
    }

    fn replayed(&self) -> Machine {
        Machine::from_drafts(Arc::clone(&self.plan), self.run, &self.entries, &worker())
    }

    /// Runs to the end, or for so many turns; how many entries there are then.
    fn go(mut self) -> usize {
        let mut event = Event::Started;
        for _ in 0..400 {
            let turn = self.machine.advance(&Quiet, self.now, event);
            let mut refused = None;
            if let Some(commit) = turn.commit {
                refused = self.commit(commit);
            }
            self.away.extend(turn.requests);
            event = match (refused, turn.rest) {
                (Some(refused), _) => refused,
                (None, Rest::Continue) => Event::Committed,
                (None, Rest::Working(until)) => self.answer(until),
                (None, Rest::Resting) => match self.rest() {
                    Some(event) => event,
                    None => break,
                },
            };
        }
        self.entries.len()
    }

    /// Makes a commit durable, or refuses it.
    fn commit(&mut self, commit: Commit) -> Option<Event> {
        let once = commit.operations.iter().find_map(|operation| match operation {
            Operation::OnceOpen {
                once,
                input,
                input_body,
                ..
            } => Some((once.clone(), *input, input_body.clone())),
            _ => None,
        });
        if let Some((once, input, input_body)) = once
            && let Some(refusal) = self.refusal(once, input, Value::clone(&input_body))
        {
            return Some(Event::Refused {
                refusal,
                commit: Box::new(commit),
            });
        }
        for (seq, entry) in (self.entries.len() as u64..).zip(&commit.entries) {
            assert_eq!(entry.seq, seq, "no gaps: {entry:?}");
        }
        self.entries.extend(commit.entries);
        self.begun
            .extend(commit.begins.iter().map(|begin| begin.entries[0].run));
        None
    }

    fn refusal(&mut self, once: OnceKey, input: Digest, input_body: Value) -> Option<Refusal> {
        let other = RunId::at(MORNING, [9; 10]);
        let record = |state, output| {
            let record = Once {
                once,
                run: other,
                path: "there".into(),
                state,
                input,
                input_body,
                output,
            };
            Some(Refusal::Once {
                record: Box::new(record),
                same_input: true,
            })
        };
        match self.drawn.next() {
            200..210 => record(OnceState::Done, Some(json!({ "id": "joined" }))),
            210..220 => record(OnceState::Open, None),
            220..225 => record(OnceState::Parked, None),
            225..230 => Some(Refusal::Voided {
                reference: "7".into(),
                by: other,
            }),
            _ => None,
        }
    }

    /// Answers one of the requests that are under way, or lets time pass.
    fn answer(&mut self, until: Option<Timestamp>) -> Event {
        if self.away.is_empty() {
            let until = until.expect("a run that rests not has something to wait for");
            self.now = until.max(self.now);
            return Event::Time;
        }
        let index = usize::from(self.drawn.next()) % self.away.len();
        match self.away.remove(index) {
            Request::Call(call) => self.called(*call),
            Request::Probe { call, .. } => {
                let result = match self.drawn.next() {
                    0..128 => Ok(Probed::Applied(output(&call))),
                    128..200 => Ok(Probed::Absent),
                    200..230 => Ok(Probed::Pending(None)),
                    _ => Err(Failure::retryable("http.503", "no")),
                };
                Event::Probed {
                    path: call.path,
                    result: Box::new(result),
                    usage: Usage::default(),
                }
            }
            Request::Children { path, all } => {
                let children = self.begun.iter().map(|run| child(*run, self.run, self.now)).collect();
                let found = if all {
                    Found::Children(children)
                } else {
                    Found::Unfinished(Vec::new())
                };
                Event::Found { path, found }
            }
            Request::Event {
                path, name, key, after, ..
            } => self.heard(path, name, key, after),
            Request::Effects { path, .. } => Event::Found {
                path,
                found: Found::Effects {
                    effects: Vec::new(),
                    waiting: false,
                },
            },
        }
    }

    fn heard(&mut self, path: String, name: String, key: String, after: u64) -> Event {
        let event = Emitted {
            name,
            key: Some(key),
            data: json!({ "number": "7" }),
            run: self.run,
            path: "told".into(),
            pipeline: "all".into(),
            at: self.now,
        };
        let came = self.drawn.next() < 150;
        let found = Found::Event(came.then(|| Box::new((after + 1, event))));
        Event::Found { path, found }
    }

    fn called(&mut self, call: Outgoing) -> Event {
        let unknown = || Failure::retryable("http.cut", "cut").with_effect(Effect::Unknown);
        let result = match self.drawn.next() {
            0..150 => Ok(output(&call)),
            150..180 => Err(Failure::retryable("http.503", "no")),
            180..210 => Err(unknown()),
            210..220 => Err(Failure::rejected("gone", "no")),
            220..240 => Err(Failure::permanent("http.401", "no")),
            _ => Err(Failure::permanent("output.invalid", "no").with_effect(Effect::Applied)),
        };
        let report = Report {
            result,
            usage: Usage::default(),
            state: Vec::new(),
            documents: Vec::new(),
            readings: Value::Null,
        };
        Event::Called {
            path: call.path,
            report: Box::new(report),
        }
    }

    /// The run rests: the live machine and one made from the entries stand alike and do the same.
    fn rest(&mut self) -> Option<Event> {
        let idle = self.machine.advance(&Quiet, self.now, Event::Committed);
        assert!(
            idle.commit.is_none() && idle.requests.is_empty(),
            "it rests: {idle:?}\n{}",
            self.story()
        );
        let mut replayed = self.replayed();
        assert_eq!(replayed.state(), self.machine.state());
        // Wherever it has come to, it can go on with what it has.
        let plan = self.machine.plan();
        assert_eq!(
            hindrances(replayed.state(), plan, plan, &json!({ "country": "CH" })),
            []
        );
        let state = self.machine.state();
        if state.closed.is_some() {
            return None;
        }
        let event = |simulation: &Self| simulation.next_event();
        self.now = self.now.plus_millis(3_600_000);
        let mut twin = self.replayed();
        let moved = self.moved().advance(&Quiet, self.now, event(self)?);
        let one = twin.advance(&Quiet, self.now, event(self)?);
        let other = self.machine.advance(&Quiet, self.now, event(self)?);
        let entries = |commit: Option<Commit>| commit.map(|commit| commit.entries).unwrap_or_default();
        assert_eq!(one.requests, other.requests);
        assert_eq!(one.requests, moved.requests, "as a run does that was moved");
        let what = |entries: Vec<Draft>| -> Vec<_> { entries.into_iter().map(|one| (one.path, one.record)).collect() };
        let (one, other) = (entries(one.commit), entries(other.commit));
        assert_eq!(one, other);
        assert_eq!(what(one), what(entries(moved.commit)));
        self.resumed += u8::from(state_is_parked(&replayed));
        std::mem::swap(&mut self.machine, &mut replayed);
        self.next_event()
    }

    /// The run on the same text under another version, after the entry that says so.
    fn moved(&self) -> Machine {
        let mut plan = Plan::clone(self.machine.plan());
        let from = std::mem::replace(&mut plan.version, Digest::of(b"another version"));
        let to = plan.version;
        let mut entries = self.entries.clone();
        let mut entry = accepted(&plan, self.run);
        entry.seq = entries.len() as u64;
        entry.record = Record::Migrated { from, to };
        entry.body = None;
        entries.push(entry);
        let moved = Machine::from_drafts(Arc::new(plan), self.run, &entries, &worker());
        assert_eq!(moved.state().origin.as_ref().map(|origin| origin.version), Some(to));
        moved
    }

    fn story(&self) -> String {
        let line = |entry: &Draft| format!("{} {:?}", entry.path, entry.record);
        self.entries.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    /// What an operator does to the parked run: what was drawn, where that fits.
    fn act(&self, machine: &Machine) -> Act {
        let steps = [
            "order",
            "clerk",
            "used",
            "way",
            "way.arm-2.shipped",
            "both",
            "both.left.one",
            "group",
            "rounds",
        ];
        let replay = |step: usize| Act::Replay {
            from: steps.get(step).map(|step| (*step).to_owned()),
            new_key: false,
        };
        let drawn = self.drawn.0.front().copied().unwrap_or(0);
        let act = match drawn {
            0..80 => Act::Resume,
            80..100 => Act::Undo,
            100..120 => Act::Replay {
                from: None,
                new_key: true,
            },
            drawn => replay(usize::from(drawn) % 10),
        };
        match machine.foresee(&Quiet, self.now, &act) {
            Ok(_) => act,
            Err(_) => Act::Resume,
        }
    }

    /// What happens to a run that rests.
    fn next_event(&self) -> Option<Event> {
        let state = self.replayed();
        if state_is_parked(&state) {
            let reason = String::from("repaired");
            let actor = Actor::person("olga", "password");
            let act = self.act(&state);
            return (self.resumed < 5).then_some(Event::Operated { act, actor, reason });
        }
        let wait = state
            .state()
            .steps()
            .find_map(|(path, step)| Some((path.to_owned(), step.wait.clone()?)));
        match wait {
            Some((path, _)) if path != "heard" => {
                let actor = Actor::person("olga", "password");
                let shown = Digest::of(b"shown");
                Some(Event::Answered {
                    path,
                    actor,
                    answer: json!({ "answer": "ship" }),
                    shown,
                })
            }
            _ => Some(Event::Woken),
        }
    }
}

fn state_is_parked(machine: &Machine) -> bool {
    machine.state().parked.is_some()
}

fn output(call: &Outgoing) -> Output {
    let payload = match call.operation.as_str() {
        "get" => json!({ "number": "7", "parcels": ["a", "b", "c"], "large": false }),
        operation => json!({ "id": operation }),
    };
    Output {
        payload,
        documents: Default::default(),
        attributes: Vec::new(),
    }
}

pub(crate) fn child(run: RunId, parent: RunId, at: Timestamp) -> RunSummary {
    RunSummary {
        run,
        pipeline: "all".into(),
        run_key: run.to_string(),
        standing: Standing::Closed,
        asks: false,
        ending: Some(Ending::Completed),
        began: at,
        touched: at,
        entries: 2,
        parent: Some(parent),
        note: None,
        output: Some(json!({ "id": "x" })),
        failure: None,
    }
}

const ALL: &str = "
on_failure: FAILURE
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
  - id: way
    choose:
      - when: steps.order.large
        value: { id: 'by sea' }
      - else:
          - id: shipped
            call: shop.ship
            once: steps.order.number
            ref: steps.order.number
            with: { number: =steps.order.number }
            undo: { call: shop.cancel, with: { number: =steps.order.number } }
        value: { id: =steps.shipped.id }
  - id: both
    parallel:
      left: [{ id: one, call: shop.notify, with: { number: '=steps.order.number + \"l\"' } }]
      right: [{ id: two, call: shop.post, with: { number: '=steps.order.number + \"r\"' } }]
      third: [{ sleep: 1h }, { id: three, call: shop.get, with: { number: =steps.order.number } }]
  - id: sent
    each: steps.order.parcels
    as: parcel
    item_key: parcel
    concurrent: 2
    on_item_failure: continue
    steps:
      - { id: inner, call: shop.notify, with: { number: =parcel } }
  - id: group
    try:
      - { id: first, call: shop.post, with: { number: =steps.order.number } }
      - parallel:
          up: [{ id: upper, call: shop.notify, with: { number: =steps.order.number } }]
          down: [{ id: lower, wait: { decision: go, for: 1d, roles: [approver] } }]
    on_rejected: { value: { first: { id: refused } } }
    on_failure: HANDLER
  - id: rounds
    repeat:
      until: round == 2
      every: 10m..1h x3 jitter
      for: 1d
      steps:
        - id: asked
          call: shop.get
          with: { number: '=default(last.number, steps.order.number)' }
        - id: done
          call: shop.ship
          once: steps.order.number + text(round)
          with: { number: =steps.asked.number }
          undo: { call: shop.cancel, with: { number: '=steps.asked.number + text(round)' } }
      value: { number: =steps.asked.number, id: =steps.done.id }
    on_timeout: { value: { number: none, id: none } }
    on_failure: park
  - id: told
    emit: { event: shipped, key: steps.order.number, data: { number: =steps.order.number } }
  - id: heard
    wait: { event: shipped, key: steps.order.number, for: 2d }
    on_timeout: { value: { number: none } }
  - id: other
    run: called
    with: { number: =steps.order.number }
    on_failure: { value: { id: none } }
  - id: closed
    void: { ref: \"'other'\" }
  - id: last
    call: shop.ship
    with: { number: =steps.way.id }
    on_rejected: { value: { id: =failure.code } }
output: { id: =steps.last.id }
";

/// The plan with all words, with what follows a failure that nothing handled, and the handler of its group.
fn plan(failure: &str, handler: &str) -> Arc<Plan> {
    let [called, _] = family("park", "steps: [{ sleep: 1s }]");
    let text = ALL.replace("FAILURE", failure).replace("HANDLER", handler);
    let top = "on: [{ id: hook, http: { path: /all, from: partner }, read: shop.read_order }]\n";
    plan_among(top, "all", &text, &[called])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn replaying_gives_the_same_state_and_the_same_next_actions(
        drawn in proptest::collection::vec(any::<u8>(), 0..90),
        undo in any::<bool>(),
        parks in any::<bool>(),
    ) {
        let failure = if undo { "undo" } else { "park" };
        let handler = if parks { "park" } else { "{ value: { first: { id: failed } } }" };
        let plan = plan(failure, handler);
        prop_assert!(Simulation::new(&plan, drawn).go() > 1);
    }
}

#[test]
fn without_trouble_the_simulated_run_comes_to_its_end() {
    let plan = plan("park", "park");
    assert!(Simulation::new(&plan, Vec::new()).go() > 40);
}

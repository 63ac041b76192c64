//! Single turns of the machine: what it asks for when things cross on their way.

use std::collections::BTreeMap;
use std::sync::Arc;

use dragoman_engine::machine::{Commit, Event, Found, Machine, Request};
use dragoman_engine::{Output, Report, StateWrite, Written};
use dragoman_journal::{Ending, Operation, Record, Refusal, RunSummary, Standing};
use dragoman_model::{Actor, Digest, RunId, Usage, Value};
use serde_json::json;

use crate::house::{MORNING, plan};
use crate::replay::{Quiet, accepted, child, worker};

const EACH: &str = "
steps:
  - id: sent
    each: trigger.message.parcels
    as: parcel
    item_key: parcel
    steps:
      - { id: inner, call: shop.notify, with: { number: =parcel } }
";

#[test]
fn what_wakes_a_run_while_it_asks_for_its_children_makes_it_ask_again() {
    let plan = plan("parcels", EACH);
    let run = RunId::at(MORNING, [7; 10]);
    let mut machine = Machine::from_drafts(Arc::clone(&plan), run, &[accepted(&plan, run)], &worker());
    let begun = machine
        .advance(&Quiet, MORNING, Event::Started)
        .commit
        .expect("children begin");
    machine.advance(&Quiet, MORNING, Event::Committed);
    let asks = |requests: &[Request]| {
        requests
            .iter()
            .filter(|r| matches!(r, Request::Children { .. }))
            .count()
    };
    assert_eq!(asks(&machine.advance(&Quiet, MORNING, Event::Woken).requests), 1);
    // The last child ends after the store was asked and before it answers.
    assert_eq!(asks(&machine.advance(&Quiet, MORNING, Event::Woken).requests), 0);
    let children = |standing: Standing, ending: Option<Ending>| {
        let children = begun.begins.iter().map(|begin| RunSummary {
            standing,
            ending,
            ..child(begin.entries[0].run, run, MORNING)
        });
        children.collect::<Vec<_>>()
    };
    let found = |found: Found| Event::Found {
        path: "sent".into(),
        found,
    };
    let open = Found::Unfinished(children(Standing::Active, None));
    let turn = machine.advance(&Quiet, MORNING, found(open));
    assert_eq!(asks(&turn.requests), 1, "{turn:?}");
    let turn = machine.advance(&Quiet, MORNING, found(Found::Unfinished(Vec::new())));
    let all = |request: &Request| matches!(request, Request::Children { all: true, .. });
    assert!(
        matches!(turn.requests.as_slice(), [request] if all(request)),
        "none is open, so all are asked for: {turn:?}"
    );
    let ended = Found::Children(children(Standing::Closed, Some(Ending::Completed)));
    machine.advance(&Quiet, MORNING, found(ended));
    assert_eq!(machine.state().closed, Some(Ending::Completed));
}

fn begun(steps: &str) -> (Machine, Commit) {
    let plan = plan("turns", steps);
    let run = RunId::at(MORNING, [7; 10]);
    let mut machine = Machine::from_drafts(Arc::clone(&plan), run, &[accepted(&plan, run)], &worker());
    let commit = machine
        .advance(&Quiet, MORNING, Event::Started)
        .commit
        .expect("a commit");
    (machine, commit)
}

/// Another run has written a key of the connection's state meanwhile.
fn overtaken(key: &str, commit: Commit) -> Event {
    let (connection, key) = ("shop".into(), key.into());
    Event::Refused {
        refusal: Refusal::State {
            connection,
            key,
            version: 2,
        },
        commit: Box::new(commit),
    }
}

const NOTIFY: &str = "
steps:
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
";

#[test]
fn where_one_key_was_overtaken_nothing_of_what_its_call_wrote_is_kept() {
    let (mut machine, _) = begun(NOTIFY);
    machine.advance(&Quiet, MORNING, Event::Committed);
    let write = |key: &str| StateWrite {
        key: key.into(),
        written: Written::Put(vec![1]),
        expected: Some(1),
    };
    let output = Output {
        payload: json!({ "id": "7" }),
        documents: BTreeMap::new(),
        attributes: Vec::new(),
    };
    let report = Report {
        result: Ok(output),
        usage: Usage::default(),
        state: vec![write("cursor"), write("token"), write("count")],
        documents: Vec::new(),
        readings: Value::Null,
    };
    let (path, report) = ("told".into(), Box::new(report));
    let turn = machine.advance(&Quiet, MORNING, Event::Called { path, report });
    let commit = turn.commit.expect("what took effect is written");
    let puts = |commit: &Commit| {
        commit
            .operations
            .iter()
            .filter(|o| matches!(o, Operation::StatePut { .. }))
            .count()
    };
    assert_eq!(puts(&commit), 3);
    let turn = machine.advance(&Quiet, MORNING, overtaken("token", commit));
    let again = turn.commit.expect("what took effect is written all the same");
    assert_eq!(puts(&again), 0);
    assert!(
        again
            .entries
            .iter()
            .any(|entry| matches!(entry.record, Record::Done { .. })),
        "{again:?}"
    );
}

const WAIT: &str = "
decisions:
  go: { answers: { ship: [] } }
steps:
  - id: clerk
    wait: { decision: go, for: 30d, show: [=trigger.message.number], roles: [approver] }
";

#[test]
fn an_answer_whose_commit_was_refused_for_something_else_is_not_lost() {
    let (mut machine, _) = begun(WAIT);
    machine.advance(&Quiet, MORNING, Event::Committed);
    let answered = Event::Answered {
        path: "clerk".into(),
        actor: Actor::person("olga", "password"),
        answer: json!({ "answer": "ship" }),
        shown: Digest::of(b"shown"),
    };
    let commit = machine.advance(&Quiet, MORNING, answered).commit.expect("the answer");
    let answer = |commit: &Commit| {
        commit
            .entries
            .iter()
            .find(|e| matches!(e.record, Record::Answer { .. }))
            .cloned()
    };
    let first = answer(&commit).expect("the answer");
    let turn = machine.advance(&Quiet, MORNING, overtaken("cursor", commit));
    assert_eq!(turn.commit.as_ref().and_then(answer), Some(first));
}

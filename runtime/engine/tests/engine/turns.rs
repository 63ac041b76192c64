//! Single turns of the machine: what it asks for when things cross on their way.

use std::sync::Arc;

use dragoman_engine::machine::{Event, Found, Machine, Request};
use dragoman_journal::{Ending, RunSummary, Standing};
use dragoman_model::RunId;

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
    let found = |standing: Standing, ending: Option<Ending>| {
        let children = begun.begins.iter().map(|begin| RunSummary {
            standing,
            ending,
            ..child(begin.entries[0].run, run, MORNING)
        });
        let found = Found::Children(children.collect());
        Event::Found {
            path: "sent".into(),
            found,
        }
    };
    let turn = machine.advance(&Quiet, MORNING, found(Standing::Active, None));
    assert_eq!(asks(&turn.requests), 1, "{turn:?}");
    machine.advance(&Quiet, MORNING, found(Standing::Closed, Some(Ending::Completed)));
    assert_eq!(machine.state().closed, Some(Ending::Completed));
}

//! A store that answers with an error: what goes on, and what the sender hears.

use std::sync::Arc;

use dragoman_engine::{Act, Delivered, ManualClock, Refused};
use dragoman_journal::{Ending, Standing};
use dragoman_model::{Actor, Failure};
use dragoman_plan::Plan;

use crate::house::{House, MORNING, check, open, plan, plan_on};
use crate::mortal::{Mortal, Trouble};
use crate::partner::Does::*;
use crate::voids::{CLAIM, VOID};

const TELL: &str = "
limits: { concurrent: 1 }
steps:
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
";

/// A house on a store that answers as a test says, in a folder of its own.
pub(crate) fn troubled(plans: &[Arc<Plan>]) -> (tempfile::TempDir, Arc<Mortal>, House) {
    let folder = tempfile::tempdir().expect("a folder");
    let store = Mortal::troubled(open(folder.path()));
    let clock = ManualClock::new(MORNING);
    let house = House::on(Arc::clone(&store) as _, Arc::default(), clock, plans);
    (folder, store, house)
}

#[tokio::test]
async fn a_run_whose_append_is_never_taken_gives_its_place_to_the_next() {
    let (_folder, store, house) = troubled(&[plan("tell", TELL)]);
    store.set(Trouble::Contradicted);
    let stuck = house.run_without_time("tell", "1").await;
    assert_eq!(house.summary(stuck).await.standing, Standing::Active);
    store.set(Trouble::None);
    let next = house.run_without_time("tell", "2").await;
    assert_eq!(house.ending(next).await, Some(Ending::Completed));
}

#[tokio::test]
async fn one_run_that_cannot_be_read_does_not_keep_references_from_being_closed() {
    let (_folder, store, house) = troubled(&[plan("claim", CLAIM), plan("void", VOID)]);
    let damaged = house.run("claim", "7").await;
    store.set(Trouble::Unreadable(damaged));
    let void = house.run_without_time("void", "8").await;
    assert_eq!(house.ending(void).await, Some(Ending::Completed));
}

#[tokio::test]
async fn a_message_that_cannot_be_read_and_not_be_kept_is_the_store_s_trouble() {
    let (_folder, store, house) = troubled(&[plan("tell", TELL)]);
    store.set(Trouble::Full);
    house
        .partner
        .will("read_order", [Fail(Failure::permanent("order.invalid", "no order"))]);
    let refused = house.deliver("tell", "1").await;
    assert!(matches!(refused, Err(Refused::Store { full: true, .. })), "{refused:?}");
}

#[tokio::test]
async fn a_message_that_is_nested_too_deep_is_refused_as_unreadable() {
    let on = "on: [{ id: hook, http: { path: /raw, from: partner, reply: accepted } }]\n";
    let steps = "steps: [{ id: kept, set: =trigger.message }]\n";
    let (_folder, _store, house) = troubled(&[plan_on(on, "raw", steps)]);
    let nested = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let taken = house.deliver("raw", &nested(64)).await;
    assert!(matches!(taken, Ok(Delivered::Accepted { .. })), "{taken:?}");
    let refused = house.deliver("raw", &nested(65)).await;
    let Err(Refused::Unreadable { failure, run: Some(_) }) = refused else {
        panic!("{refused:?}")
    };
    assert!(failure.message.contains("64 levels"), "{}", failure.message);
}

#[tokio::test]
async fn a_run_parks_where_what_it_writes_can_never_be_kept() {
    let (_folder, _store, house) = troubled(&[plan("tell", TELL)]);
    house.partner.will("notify", [Deep]);
    let run = house.run("tell", "1").await;
    let parked = "
        accepted hook
        intent told notify #1
        parked told D0709";
    check(&house.story(run).await, parked);
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    let next = house.run("tell", "2").await;
    assert_eq!(house.ending(next).await, Some(Ending::Completed));

    let olga = Actor::person("olga", "password");
    let resumed = house
        .handle()
        .operate(run, Act::Resume, olga, "the partner is repaired")
        .await;
    resumed.expect("a parked run can be resumed");
    house.settle().await;
    assert_eq!(
        house.ending(run).await,
        Some(Ending::Completed),
        "{}",
        house.story(run).await
    );
    assert_eq!(house.partner.facts()["notify 1"], 1);
}

#[tokio::test]
async fn a_message_of_which_something_is_made_that_cannot_be_kept_is_refused() {
    let (_folder, _store, house) = troubled(&[plan("tell", TELL)]);
    house.partner.will("read_order", [Deep]);
    let refused = house.deliver("tell", "1").await;
    let Err(Refused::Unreadable {
        failure,
        run: Some(run),
    }) = refused
    else {
        panic!("{refused:?}")
    };
    assert_eq!(failure.code, "D0709");
    check(&house.story(run).await, "accepted hook\nparked D0709");
}

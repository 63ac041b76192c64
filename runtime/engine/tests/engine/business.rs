//! Business keys, ledgers, references and turns: over runs and pipelines.

use std::sync::Arc;

use dragoman_engine::{Act, Delivered, Limits};
use dragoman_journal::{Ending, Standing};
use dragoman_model::{Actor, Failure};
use serde_json::json;
use tokio::sync::Notify;

use crate::house::{House, check, plan};
use crate::partner::Does::{self, *};

const SHIP: &str = "
steps:
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
output: { id: =steps.shipped.id }
";

const OTHER: &str = "
steps:
  - id: again
    call: shop.ship
    once: \"'7'\"
    ref: \"'7'\"
    with: { number: =trigger.message.number }
output: { id: =steps.again.id }
";

fn cut(applied: bool) -> Does {
    Break { applied }
}

#[tokio::test]
async fn a_second_run_joins_the_result_of_the_first() {
    let house = House::new(&[plan("first", SHIP), plan("second", SHIP)]);
    house.run("first", "7").await;
    let second = house.run("second", "7").await;
    check(
        &house.story(second).await,
        "accepted hook\ndone shipped by join\nclosed completed",
    );
    assert_eq!(house.summary(second).await.output, Some(json!({ "id": "ship-7" })));
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1 }));
}

#[tokio::test]
async fn another_input_under_the_key_is_refused_and_shown() {
    let house = House::new(&[plan("first", SHIP), plan("second", OTHER)]);
    let first = house.run("first", "7").await;
    let second = house.run("second", "8").await;
    check(
        &house.story(second).await,
        "accepted hook
        failed again #1 permanent none once.conflict last
        parked again once.conflict",
    );
    assert!(
        house
            .summary(second)
            .await
            .note
            .expect("a note")
            .contains(&first.to_string())
    );
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1 }));
}

#[tokio::test]
async fn a_run_waits_for_the_one_that_is_at_it() {
    let house = House::new(&[plan("first", SHIP), plan("second", SHIP)]);
    house.partner.will("ship", [cut(false)]);
    house.deliver("first", "7").await.expect("taken");
    house.quiet().await;
    let second = house.run("second", "7").await;
    let story = house.story(second).await;
    assert!(story.starts_with("accepted hook\ntimer shipped retry 15s"), "{story}");
    assert!(story.ends_with("done shipped by join\nclosed completed"), "{story}");
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1 }));
}

#[tokio::test]
async fn a_key_that_failed_without_effect_is_taken_over() {
    let house = House::new(&[plan("first", SHIP), plan("second", SHIP)]);
    house.partner.will("ship", [Fail(Failure::permanent("http.401", "no"))]);
    house.run("first", "7").await;
    let second = house.run("second", "7").await;
    assert_eq!(house.ending(second).await, Some(Ending::Completed));
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1 }));
}

#[tokio::test]
async fn behind_a_parked_key_a_run_parks_with_a_pointer() {
    let house = House::new(&[plan("first", SHIP), plan("second", SHIP)]);
    house.partner.will("ship", [cut(true)]);
    house
        .partner
        .will("probe ship", [Fail(Failure::permanent("http.404", "no probes today"))]);
    let first = house.run("first", "7").await;
    let second = house.run("second", "7").await;
    check(&house.story(second).await, "accepted hook\nparked shipped once.parked");
    assert!(
        house
            .summary(second)
            .await
            .note
            .expect("a note")
            .contains(&first.to_string())
    );
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1 }));
}

#[tokio::test]
async fn a_message_delivered_again_is_the_same_run() {
    let house = House::new(&[plan("first", SHIP)]);
    let run = house.run("first", "7").await;
    let again = house.deliver("first", "7").await;
    assert_eq!(
        again,
        Ok(Delivered::Accepted {
            run,
            again: true,
            status: "completed".into()
        })
    );
}

const CLAIM: &str = "
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
      once: trigger.message.number
      ref: trigger.message.number
    on_refused: [{ park: { reason: \"='no stock: ' + failure.code\" } }]
output: { account: =steps.used.account }
";

#[tokio::test]
async fn a_ledger_is_not_over_drawn() {
    let house = House::new(&[plan("claims", CLAIM), plan("twin", CLAIM)]);
    let first = house.run("claims", "1").await;
    check(
        &house.story(first).await,
        "accepted hook\nclaimed used stock\nclosed completed",
    );
    let twin = house.run("twin", "1").await;
    check(
        &house.story(twin).await,
        "accepted hook\nclaimed used stock joined\nclosed completed",
    );
    let second = house.run("claims", "2").await;
    let summary = house.summary(second).await;
    assert_eq!(summary.standing, Standing::Parked);
    assert!(
        summary.note.expect("a note").starts_with("no stock: ledger."),
        "the code of the ledger"
    );
}

#[tokio::test]
async fn where_no_limit_is_known_a_person_s_decision_is() {
    let limit = ", 'quantity': quantity('5', 'KGM')}]\"";
    for (decided, limits, refused) in [
        ("true", "}]\"", None),
        ("false", "}]\"", Some("ledger.unknown_item")),
        // A limit that is known stands, whoever decides.
        (
            "true",
            ", 'quantity': quantity('2', 'KGM')}]\"",
            Some("ledger.over_limit"),
        ),
    ] {
        let text = CLAIM.replace(limit, &format!("{limits}\n      decided: \"{decided}\""));
        assert_ne!(text, CLAIM);
        let house = House::new(&[plan("claims", &text)]);
        let run = house.run("claims", "1").await;
        let note = house.summary(run).await.note;
        let code = note.as_deref().and_then(|note| note.split(": ").nth(1));
        assert_eq!(code, refused, "decided: {decided}");
    }
}

const VOID: &str = "
steps:
  - id: closed
    void: { ref: trigger.message.number }
  - id: withdrawn
    each: steps.closed.effects
    as: effect
    item_key: effect.run + effect.path
    steps:
      - release: { ledger: stock, once: effect.key }
        when: effect.scope == 'ledger:stock' && effect.state == 'done'
      - id: undone
        call: shop.cancel
        with: { number: =trigger.message.number }
        when: effect.scope == 'shop.ship' && effect.state == 'done'
output: { effects: =steps.closed.effects }
";

const CLAIM_AND_SHIP: &str = "
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
      once: trigger.message.number
      ref: trigger.message.number
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn a_void_that_comes_first_stops_what_comes_later() {
    let house = House::new(&[plan("ship", CLAIM_AND_SHIP), plan("void", VOID)]);
    let void = house.run("void", "7").await;
    assert_eq!(house.ending(void).await, Some(Ending::Completed));
    let run = house.run("ship", "7").await;
    check(&house.story(run).await, "accepted hook\nevent voided\nclosed stopped");
    assert!(
        house
            .summary(run)
            .await
            .note
            .expect("a note")
            .contains(&void.to_string())
    );
    assert_eq!(json!(house.partner.facts()), json!({}));
}

#[tokio::test]
async fn a_void_that_comes_after_gives_what_was_done() {
    let house = House::new(&[plan("ship", CLAIM_AND_SHIP), plan("void", VOID)]);
    house.run("ship", "7").await;
    let void = house.run("void", "7").await;
    check(
        &house.story(void).await,
        "accepted hook
        voided 7
        done closed by answer
        children withdrawn 2
        done withdrawn by answer
        closed completed",
    );
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1, "cancel 7": 1 }));
    assert_eq!(
        house.effects("7").await,
        ["ledger:stock used Undone", "shop.ship shipped Done"]
    );
}

#[tokio::test]
async fn a_void_waits_for_what_is_open_and_then_gives_it() {
    let house = House::new(&[plan("ship", CLAIM_AND_SHIP), plan("void", VOID)]);
    house.partner.will("ship", [cut(true)]);
    house.partner.will("probe ship", [Pending]);
    house.deliver("ship", "7").await.expect("taken");
    house.quiet().await;
    let void = house.run("void", "7").await;
    assert_eq!(house.ending(void).await, Some(Ending::Completed));
    assert_eq!(json!(house.partner.facts()), json!({ "ship 7": 1, "cancel 7": 1 }));
}

#[tokio::test]
async fn a_void_stops_what_is_between_two_attempts() {
    let house = House::new(&[plan("ship", CLAIM_AND_SHIP), plan("void", VOID)]);
    house.partner.will("ship", [Fail(Failure::retryable("http.503", "no"))]);
    let run = match house.deliver("ship", "7").await.expect("taken") {
        Delivered::Accepted { run, .. } | Delivered::Replied { run, .. } => run,
    };
    house.quiet().await;
    house.run("void", "7").await;
    assert_eq!(house.ending(run).await, Some(Ending::Stopped));
    assert_eq!(json!(house.partner.facts()), json!({}));
    assert_eq!(
        house.effects("7").await,
        ["ledger:stock used Undone", "shop.ship shipped Failed"]
    );
}

#[tokio::test]
async fn a_run_that_is_given_up_gives_back_what_nothing_stands_on() {
    let check = async |what: &str, does: &[Does], expected: &[&str]| {
        let behind = format!("{CLAIM_AND_SHIP}  - park: {{ reason: look }}\n");
        let house = House::new(&[plan("ship", &behind)]);
        house.partner.will("ship", does.iter().cloned());
        house.partner.will(
            "probe ship",
            vec![Fail(Failure::permanent("http.401", "no")); does.len()],
        );
        let run = house.run("ship", "7").await;
        let done = house
            .handle()
            .operate(run, Act::Cancel, Actor::person("olga", "password"), "not any more")
            .await;
        done.expect("it is parked");
        house.settle().await;
        assert_eq!(house.ending(run).await, Some(Ending::Cancelled));
        assert_eq!(house.effects("7").await, expected, "{what}");
    };
    let refused = Fail(Failure::permanent("http.401", "no"));
    let given_back = ["ledger:stock used Undone", "shop.ship shipped Failed"];
    check("it was refused", &[refused], &given_back).await;
    let stands = ["ledger:stock used Done", "shop.ship shipped Done"];
    check("it was done", &[Does::Answer], &stands).await;
    let unknown = ["ledger:stock used Done", "shop.ship shipped Parked"];
    check("nobody knows", &[cut(true)], &unknown).await;
}

#[tokio::test]
async fn a_claim_of_nothing_is_none() {
    let steps = CLAIM_AND_SHIP.replace("[{'item': 'a', 'quantity': quantity('3', 'KGM')}]", "[]");
    let house = House::new(&[plan("ship", &steps)]);
    let run = house.run("ship", "7").await;
    let note = house.summary(run).await.note.unwrap_or_default();
    assert!(note.contains("a claim of nothing from `paper`"), "{note}");
    assert_eq!(house.effects("7").await, Vec::<String>::new());
}

const TURNS: &str = "
serial: \"'line'\"
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn runs_with_one_serial_take_turns_in_order() {
    let house = House::new(&[plan("a", TURNS), plan("b", TURNS)]);
    for number in ["1", "2", "3"] {
        house.deliver("a", number).await.expect("taken");
        house.deliver("b", number).await.expect("taken");
    }
    house.settle().await;
    let expected: Vec<String> = ["1", "1", "2", "2", "3", "3"]
        .iter()
        .flat_map(|number| [format!("get {number} #1"), format!("notify {number} #1")])
        .collect();
    let calls = house.partner.calls();
    let work: Vec<&String> = calls.iter().filter(|call| !call.starts_with("read_order")).collect();
    assert_eq!(work, expected.iter().collect::<Vec<_>>());
}

const FAMILY: &str = "
serial: \"'line'\"
steps:
  - id: sent
    each: trigger.message.parcels
    as: parcel
    item_key: parcel
    steps:
      - { id: inner, call: shop.notify, with: { number: =parcel } }
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
";

#[tokio::test]
async fn a_family_keeps_its_turn_though_its_items_take_longer_than_a_lease() {
    let house = House::new(&[plan("a", FAMILY)]);
    let gate = Arc::new(Notify::new());
    let waits = || Wait(Arc::clone(&gate));
    house.partner.will("notify", [waits(), waits(), waits()]);
    house.deliver("a", "1").await.expect("taken");
    house.deliver("a", "2").await.expect("taken");
    house.until_called("notify", 3).await;
    // Leases are lengthened meanwhile; the run above the items has given its own back.
    house.pass(Limits::default().lease_ms * 2).await;
    gate.notify_waiters();
    house.settle().await;
    let calls = house.partner.calls();
    let place = |wanted: &str| calls.iter().position(|call| call == wanted).expect("it was called");
    let second = calls
        .iter()
        .rposition(|call| call == "notify a #1")
        .expect("it was called");
    assert!(place("notify 1 #1") < second, "{calls:?}");
}

#[tokio::test]
async fn one_that_backs_off_gives_its_turn_away() {
    let house = House::new(&[plan("a", TURNS)]);
    house.partner.will("get", [Fail(Failure::retryable("http.503", "no"))]);
    house.deliver("a", "1").await.expect("taken");
    house.deliver("a", "2").await.expect("taken");
    house.settle().await;
    let calls = house.partner.calls();
    let place = |wanted: &str| calls.iter().position(|call| call == wanted).expect("it was called");
    assert!(place("notify 2 #1") < place("notify 1 #1"), "{calls:?}");
}

#[tokio::test]
async fn a_claim_that_makes_no_sense_is_refused_at_once() {
    let lines = "lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"";
    let nonsense = CLAIM.replace(
        lines,
        "lines: \"[{'item': 'a', 'quantity': quantity('3', trim('C62'))}]\"",
    );
    let house = House::new(&[plan("claims", &nonsense)]);
    let run = house.run("claims", "1").await;
    let summary = house.summary(run).await;
    assert_eq!(summary.standing, Standing::Parked);
    assert!(summary.note.expect("a note").starts_with("no stock: ledger."));
}

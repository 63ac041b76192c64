//! What a run did is undone, or a person says what a step gives.

use dragoman_engine::Act;
use dragoman_journal::Standing;
use serde_json::json;

use crate::crashes::every_commit;
use crate::dead::{act, from, refused, unfit};
use crate::house::{House, check, plan};
use crate::partner::Does::*;

const DOES: &str = "
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      once: trigger.message.number
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
  - id: label
    set: { number: '=trigger.message.number + \"b\"' }
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
    undo: { call: shop.cancel, with: { number: =steps.label.number } }
  - id: told
    call: shop.notify
    with: { number: =steps.shipped.id }
  - id: posted
    call: shop.post
    with: { number: =steps.shipped.id }
output: { id: =steps.posted.id }
";

#[tokio::test]
async fn what_a_run_did_is_undone_newest_first_and_the_run_ends() {
    let house = House::new(&[plan("does", DOES)]);
    house.partner.will("post", [refused()]);
    let run = house.run("does", "7").await;
    let foreseen = house.handle().foresee(run, &Act::Undo).await.expect("it fits");
    let undoing = foreseen.undoing.expect("it is an undo");
    let pairs =
        |all: Vec<(String, String)>| -> Vec<String> { all.into_iter().map(|(a, b)| format!("{a}: {b}")).collect() };
    let back = "used: the claim in the ledger stock is given back";
    assert_eq!(pairs(undoing.undone), ["shipped: shop.cancel", back]);
    assert_eq!(pairs(undoing.stays), ["told: shop.notify"]);
    assert!(
        foreseen.next[0]
            .text
            .starts_with("undoes with shop.cancel under the key"),
        "{:?}",
        foreseen.next
    );
    // An undo that fails stops the run again, and goes on where a person lets it.
    house.partner.will("cancel", [refused()]);
    act(&house, run, Act::Undo).await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    unfit(&house, run, from("told"), "is being undone").await;
    act(&house, run, Act::Resume).await;
    check(
        &house.story(run).await,
        "accepted hook
        claimed used stock
        intent shipped ship #1
        done shipped by answer
        intent told notify #1
        done told by answer
        intent posted post #1
        failed posted #1 permanent none http.401 last
        parked posted http.401
        operated undo by olga
        intent shipped.undo cancel #1 undo
        failed shipped.undo #1 permanent none http.401 last
        parked shipped.undo undo.failed
        operated resume by olga
        intent shipped.undo cancel #2 undo
        done shipped.undo by answer
        released used.undo stock
        closed cancelled",
    );
    assert_eq!(house.summary(run).await.note.as_deref(), Some("mended"));
    let facts = json!({ "ship 7": 1, "notify ship-7": 1, "cancel 7b": 1 });
    assert_eq!(
        json!(house.partner.facts()),
        facts,
        "what steps gave that write nothing is known"
    );
    assert_eq!(house.effects("7").await, ["shop.ship shipped Undone"]);
}

#[tokio::test]
async fn what_is_not_known_is_asked_before_anything_is_undone() {
    let house = House::new(&[plan("does", DOES)]);
    house.partner.will("post", [Break { applied: true }]);
    let run = house.run("does", "7").await;
    unfit(&house, run, Act::Undo, "whether `posted` took effect is not known").await;
    // A replay from before it asks first; nobody can be asked here, so it stops again and nothing was done twice.
    act(&house, run, from("told")).await;
    assert_eq!(house.summary(run).await.standing, Standing::Parked);
    let facts = json!({ "ship 7": 1, "notify ship-7": 1, "post ship-7": 1 });
    assert_eq!(json!(house.partner.facts()), facts);
}

#[tokio::test]
async fn a_person_says_what_a_step_gives() {
    let house = House::new(&[plan("does", DOES)]);
    house.partner.will("post", [refused()]);
    let run = house.run("does", "7").await;
    let pass = |output| Act::Pass { output };
    unfit(&house, run, pass(None), "later steps read `steps.posted`").await;
    unfit(
        &house,
        run,
        pass(Some(json!({ "id": 7 }))),
        "the output is not one that `posted` gives",
    )
    .await;
    act(&house, run, pass(Some(json!({ "id": "by letter" })))).await;
    assert_eq!(house.summary(run).await.output, Some(json!({ "id": "by letter" })));
}

const STOPS: &str = "
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      once: trigger.message.number
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    with: { number: =trigger.message.number }
    undo: { call: shop.cancel, with: { number: =steps.shipped.id } }
  - park: { reason: somebody looks at it }
    when: trigger.message.number != ''
  - id: told
    call: shop.notify
    with: { number: =steps.shipped.id }
";

#[test]
fn an_undo_in_every_crash() {
    every_commit(&[plan("undone", STOPS)], &["undone"], &|partner| {
        partner.will("ship", [Break { applied: true }]);
        partner.will("cancel", [Break { applied: true }]);
    });
}

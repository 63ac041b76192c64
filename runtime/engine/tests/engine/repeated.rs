//! A run that failed is begun anew, in another run.

use dragoman_journal::Ending;
use serde_json::json;

use crate::dead::{olga, refused};
use crate::house::{House, check, plan};

const FAILS: &str = "
on_failure: fail
key: trigger.message.number
steps:
  - id: shipped
    call: shop.ship
    once: run.key
    with: { number: =trigger.message.number }
  - id: posted
    call: shop.post
    with: { number: =trigger.message.number }
  - id: told
    call: shop.notify
    with: { number: =steps.shipped.id }
output: { key: =run.key }
";

#[tokio::test]
async fn a_failed_run_is_begun_anew_and_once() {
    let house = House::new(&[plan("fails", FAILS)]);
    house.partner.will("post", [refused()]);
    let run = house.run("fails", "7").await;
    assert_eq!(house.ending(run).await, Some(Ending::Failed));
    let repeat = || async { house.handle().repeat(run, olga(), "mended").await };
    let anew = repeat().await.expect("it fits");
    house.settle().await;
    check(
        &house.story(anew).await,
        "accepted hook
        operated repeat by olga
        done shipped by join
        intent posted post #1
        done posted by answer
        intent told notify #1
        done told by answer
        closed completed",
    );
    // What is computed of the key is what the failed run computed.
    assert_eq!(house.summary(anew).await.output, Some(json!({ "key": "7" })));
    let first = house.entries(anew).await[0].body.clone().expect("a body");
    assert_eq!(first["repeats"], json!({ "run": run, "key": "7" }));
    assert_eq!(
        json!(house.partner.facts()),
        json!({ "ship 7": 1, "post 7": 1, "notify ship-7": 1 })
    );
    for (found, words) in [
        (repeat().await, format!("it was begun anew before, as run {anew}")),
        (
            house.handle().repeat(anew, olga(), "again").await,
            "only a run that failed".into(),
        ),
    ] {
        assert!(
            matches!(&found, Err(error) if error.to_string().contains(&words)),
            "{found:?}"
        );
    }
}

#[tokio::test]
async fn a_failed_run_whose_effect_nobody_knows_by_a_key_is_not_begun_anew() {
    let house = House::new(&[plan("fails", FAILS)]);
    house.partner.will("notify", [refused()]);
    let run = house.run("fails", "7").await;
    let found = house.handle().repeat(run, olga(), "mended").await;
    let words = "what `posted` of run";
    assert!(
        matches!(&found, Err(error) if error.to_string().contains(words)),
        "{found:?}"
    );
    assert_eq!(house.handle().may_repeat(run).await, found.map(drop));
}

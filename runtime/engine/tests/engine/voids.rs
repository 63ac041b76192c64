//! A reference that is closed while something under it has no certain end.

use dragoman_engine::Delivered;
use dragoman_engine::machine::Act;
use dragoman_journal::{Ending, Standing};
use dragoman_model::{Actor, Effect, Failure, RunId};
use serde_json::json;

use crate::house::{House, check, plan};
use crate::partner::Does::{self, *};

const NOTIFY: &str = "
steps:
  - id: told
    call: shop.notify
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
    retry: { for: 10m }
";

pub(crate) const VOID: &str = "
steps:
  - id: closed
    void: { ref: trigger.message.number }
output: { effects: =steps.closed.effects }
";

async fn begun(house: &House, pipeline: &str) -> RunId {
    let run = match house.deliver(pipeline, "7").await.expect("taken") {
        Delivered::Accepted { run, .. } | Delivered::Replied { run, .. } => run,
    };
    house.quiet().await;
    run
}

/// A first attempt of unknown effect, a void while it backs off: it is repeated and known, and the void has it.
async fn voided_in_back_off(steps: &str, first: Does) {
    let house = House::new(&[plan("tell", steps), plan("void", VOID)]);
    house.partner.will("notify", [first]);
    let run = begun(&house, "tell").await;
    let void = house.run("void", "7").await;
    let story = house.story(run).await;
    let later: Vec<&str> = story.lines().skip_while(|line| *line != "event voided").collect();
    check(
        &later.join("\n"),
        "event voided
        intent told notify #2
        done told by answer
        closed completed",
    );
    assert_eq!(house.ending(void).await, Some(Ending::Completed));
    assert_eq!(house.effects("7").await, ["shop.notify told Done"]);
    let output = house.summary(void).await.output.expect("an output");
    assert_eq!(output["effects"][0]["state"], json!("done"));
    assert_eq!(json!(house.partner.facts()), json!({ "notify 7": 1 }));
}

#[tokio::test]
async fn what_may_have_taken_effect_is_brought_to_certainty_though_it_is_voided() {
    for applied in [true, false] {
        voided_in_back_off(NOTIFY, Break { applied }).await;
        let by_reference = NOTIFY.replace("    once: trigger.message.number\n", "");
        voided_in_back_off(&by_reference, Break { applied }).await;
    }
    let unavailable = Failure::retryable("http.503", "not now").with_effect(Effect::Unknown);
    voided_in_back_off(NOTIFY, Fail(unavailable)).await;
}

#[tokio::test]
async fn what_is_not_certain_after_all_repeats_is_left_to_a_person_and_not_sent_again() {
    let house = House::new(&[plan("tell", NOTIFY), plan("void", VOID)]);
    house.partner.will("notify", vec![Break { applied: false }; 100]);
    let run = house.run("tell", "7").await;
    let void = house.run("void", "7").await;
    assert_eq!(house.ending(void).await, Some(Ending::Completed));
    assert_eq!(house.effects("7").await, ["shop.notify told Parked"]);
    let sent = house.partner.calls().len();
    let olga = || Actor::person("olga", "password");
    for _ in 0..2 {
        let resumed = house.handle().operate(run, Act::Resume, olga(), "try again").await;
        assert_eq!(resumed.map_err(|error| error.to_string()), Ok(()));
        house.settle().await;
        let summary = house.summary(run).await;
        assert_eq!(summary.standing, Standing::Parked);
        let note = summary.note.expect("a note");
        assert!(note.contains(&void.to_string()), "{note}");
    }
    assert_eq!(
        house.partner.calls().len(),
        sent,
        "the void is over: nothing more is sent"
    );
    let absent = house
        .handle()
        .operate(run, Act::Absent, olga(), "it is not there")
        .await;
    assert_eq!(absent.map_err(|error| error.to_string()), Ok(()));
    house.settle().await;
    assert_eq!(house.ending(run).await, Some(Ending::Stopped));
    assert_eq!(json!(house.partner.facts()), json!({}));
}

pub(crate) const CLAIM: &str = "
steps:
  - id: used
    claim:
      ledger: stock
      account: \"'paper'\"
      lines: \"[{'item': 'a', 'quantity': quantity('3', 'KGM')}]\"
      limits: \"[{'item': 'a', 'quantity': quantity('5', 'KGM')}]\"
      once: trigger.message.number
      ref: trigger.message.number
  - park: { reason: a person looks at it }
";

#[tokio::test]
async fn a_run_that_joined_a_claim_is_closed_by_a_void_as_the_first_is() {
    let house = House::new(&[plan("first", CLAIM), plan("second", CLAIM), plan("void", VOID)]);
    let first = house.run("first", "7").await;
    let second = house.run("second", "7").await;
    check(
        &house.story(second).await,
        "accepted hook\nclaimed used stock joined\nparked park-1 park",
    );
    house.run("void", "7").await;
    for run in [first, second] {
        assert_eq!(
            house.ending(run).await,
            Some(Ending::Stopped),
            "{}",
            house.story(run).await
        );
    }
}

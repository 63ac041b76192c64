//! One call, whatever becomes of it: the table of the design.

use dragoman_journal::{Ending, Standing};
use dragoman_model::Failure;

use crate::house::{House, plan};
use crate::partner::Does::{self, *};

const MAIN: &str = "
steps:
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
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

#[tokio::test]
async fn a_run_without_trouble_costs_four_commits() {
    let house = House::new(&[plan("main", MAIN)]);
    let run = house.run("main", "7").await;
    insta::assert_snapshot!(house.story(run).await, @r"");
    assert_eq!(house.ending(run).await, Some(Ending::Completed));
    assert_eq!(house.summary(run).await.output, Some(serde_json::json!({ "id": "ship-7" })));
}

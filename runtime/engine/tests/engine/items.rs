//! Runs of items: what they are given of what stands outside of them, and which other versions they can go on with.

use std::sync::Arc;

use dragoman_engine::machine::{State, hindrances};
use dragoman_engine::{Acceptor, Delivered, Delivery};
use dragoman_model::RunId;
use dragoman_plan::Plan;
use serde_json::{Value, json};

use crate::house::{House, delivery, plan_on};

const ORDER: &str = "on: [{ id: hook, manual: { input: {
  type: object, required: [number, buyer], properties: {
    number: { type: string }, note: { type: string }, paid: { type: boolean },
    buyer: { type: object, required: [name], properties: { name: { type: string }, city: { type: string } } },
    boxes: { type: array, items: { type: object, required: [name, parcels], properties: {
      name: { type: string }, colour: { type: string }, parcels: { type: array, items: { type: string } } } } } } } } }]\n";

/// A list in each item of a list; somebody is asked of each item of the inner one.
const BOXES: &str = "
steps:
  - id: boxes
    each: default(trigger.message.boxes, [])
    as: box
    item_key: box.name
    steps:
      - id: parcels
        each: box.parcels
        as: parcel
        item_key: parcel
        steps:
          - id: officer
            wait: { decision: go, answers: [ship, refuse], for: 30d, show: [=parcel, =box.name], roles: [approver] }
          - id: told
            call: shop.notify
            with: { number: '=trigger.message.number + trigger.message.buyer.name' }
";

fn message() -> Value {
    json!({
        "number": "7", "buyer": { "name": "A", "city": "B" }, "note": "handle with care", "paid": true,
        "boxes": [{ "name": "red", "colour": "dark", "parcels": ["a", "b"] }],
    })
}

/// A run of this text, begun with the message; the run of the inner item `a`.
async fn begun(plans: &[Arc<Plan>]) -> (House, RunId) {
    let house = House::new(plans);
    let order = Delivery {
        body: message().to_string().into(),
        media_type: "application/json".into(),
        ..delivery("boxes", "7")
    };
    let taken = house.handle().deliver(order).await.expect("the message is taken");
    let (Delivered::Accepted { run, .. } | Delivered::Replied { run, .. }) = taken;
    house.quiet().await;
    (house, run.child("boxes", "red").child("boxes[0].parcels", "a"))
}

#[tokio::test]
async fn an_item_is_given_what_is_read_in_it() {
    let (house, run) = begun(&[plan_on(ORDER, "boxes", BOXES)]).await;
    let entries = house.entries(run).await;
    let body = entries[0].body.as_ref().expect("it was given something");
    assert_eq!(
        body["trigger"]["message"],
        json!({ "number": "7", "buyer": { "name": "A" } })
    );
    assert_eq!(body["items"], json!({ "box": { "name": "red" }, "parcel": "a" }));
}

/// What keeps the run of an inner item from going on with a text in which something else stands.
async fn in_the_way((top, text): (&str, &str), expected: &[&str]) {
    assert_ne!((top, text), (ORDER, BOXES));
    let [new, old] = [plan_on(top, "boxes", text), plan_on(ORDER, "boxes", BOXES)];
    let (house, run) = begun(&[new.clone(), old.clone()]).await;
    let mut state = State::new(run);
    house.entries(run).await.iter().for_each(|entry| state.apply(entry));
    assert_eq!(state.stands_at(), ["boxes[].parcels[].officer"]);
    let found = hindrances(&state, &old, &new, &json!({ "country": "CH" }));
    let told: Vec<String> = found
        .iter()
        .map(|one| format!("{}: {}", one.path, one.reason))
        .collect();
    assert_eq!(told, expected, "{top}{text}");
}

#[tokio::test]
async fn of_the_message_only_what_is_read_has_to_be_what_the_new_version_takes() {
    let other = |from: &str, to: &str| ORDER.replacen(from, to, 1);
    // Nobody reads it in an item.
    in_the_way((&other("required: [number,", "required: [number, note,"), BOXES), &[]).await;
    in_the_way(
        (&other("city: { type: string }", "city: { type: boolean }"), BOXES),
        &[],
    )
    .await;
    in_the_way((&other(", paid: { type: boolean }", ""), BOXES), &[]).await;
    let enumerated = "name: { type: string, enum: [B, C] }, city";
    in_the_way(
        (&other("name: { type: string }, city", enumerated), BOXES),
        &[": the run's message is not one that the new version takes: \"B\" | \"C\" is expected at `buyer.name`"],
    )
    .await;
}

#[tokio::test]
async fn what_an_item_was_not_given_cannot_be_read_in_the_new_version() {
    let reading = |what: &str| BOXES.replacen("'=trigger.message.number + trigger.message.buyer.name'", what, 1);
    in_the_way((ORDER, &reading("=trigger.message.number")), &[]).await;
    in_the_way((ORDER, &reading("'=box.name + parcel + trigger.id'")), &[]).await;
    in_the_way(
        (ORDER, &reading("'=default(trigger.message.note, \"\")'")),
        &[
            "boxes: items of it were begun without `trigger.message.note`, which they use now",
            "boxes[0].parcels: items of it were begun without `trigger.message.note`, which they use now",
        ],
    )
    .await;
    in_the_way(
        (ORDER, &reading("'=default(box.colour, \"\")'")),
        &["boxes[0].parcels: items of it were begun without `box.colour`, which they use now"],
    )
    .await;
}

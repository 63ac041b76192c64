//! A shop and its pipelines, and one way to run a case on them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use dragoman_cases::record::{Privacy, record_case};
use dragoman_cases::{Bench, Outcome, Report, run};
use dragoman_manifest::{Case, parse_case};
use dragoman_model::{Diagnostic, Digest, OperationEffect, Source, Value};
use dragoman_plan::{Plan, World};
use dragoman_schema::{DescribedOperation, Descriptor, Shape, Surface};
use serde_json::json;

/// Ships each parcel of an order; a large order waits for a clerk.
pub(crate) const SHIP: &str = "
dragoman: 1
pipeline: ship-orders
summary: Ship each order once.
on: [{ id: hook, http: { path: /orders, from: partner, reply: accepted }, read: shop.read_order }]
key: trigger.message.number
steps:
  - stop: { reason: the shop is closed }
    when: site.closed
  - id: order
    call: shop.get
    with: { number: =trigger.message.number }
  - id: decision
    choose:
      - when: '!steps.order.large'
        value: { by: nobody }
      - else:
          - id: clerk
            wait: { decision: accept, answers: [accept, refuse], for: 30d, show: [=steps.order], roles: [approver] }
            ref: steps.order.number
            on_timeout: { park: { reason: no clerk decided } }
          - fail: { reason: '=default(steps.clerk.reason, \"the clerk refused\")', class: rejected }
            when: steps.clerk.answer == \"refuse\"
        value: { by: =steps.clerk.by.id }
  - id: sent
    each: steps.order.parcels
    as: parcel
    steps:
      - id: shipped
        call: shop.ship
        once: steps.order.number + \"-\" + parcel
        ref: steps.order.number
        with: { number: '=steps.order.number + \"-\" + parcel', weight: '=quantity(\"5\", \"KGM\")' }
      - id: told
        call: shop.notify
        with: { number: =steps.shipped.id }
    value: =steps.shipped.id
output: { order: =steps.order.number, to: =steps.order.customer, by: =steps.decision.by, sent: =steps.sent }
";

/// Waits until an order was paid, and thanks.
pub(crate) const THANK: &str = "
dragoman: 1
pipeline: thank-payers
summary: Thank whoever pays.
on: [{ id: hand, manual: {}, read: shop.read_order }]
steps:
  - id: paid
    wait: { event: order-paid, key: trigger.message.number, for: 9d }
    on_timeout: { stop: { reason: nobody paid } }
  - id: thanked
    call: shop.notify
    with: { number: =steps.paid.number }
";

/// Asks until an order is packed, has a letter written by another pipeline, and tells of each parcel.
pub(crate) const TAKE: &str = "
dragoman: 1
pipeline: take-orders
summary: Take an order once it is packed.
on: [{ id: hand, manual: {}, read: shop.read_order }]
steps:
  - id: packed
    repeat:
      until: steps.asked.large
      every: 10m
      rounds: 9
      steps:
        - id: asked
          call: shop.get
          with: { number: =trigger.message.number }
  - id: letter
    run: write-letter
    with: { number: =trigger.message.number }
  - id: parcels
    each: trigger.message.parcels
    as: parcel
    concurrent: 1
    steps:
      - emit: { event: parcel-taken, key: parcel, data: { number: =parcel } }
output: { letter: =steps.letter.id }
";

/// Is run by others.
pub(crate) const LETTER: &str = "
dragoman: 1
pipeline: write-letter
summary: Write a letter.
on:
  - id: called
    manual: { input: { type: object, required: [number], properties: { number: { type: string } } } }
steps:
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
output: { id: =steps.told.id }
";

/// Begins by an event; a clerk looks at what is called `b`.
pub(crate) const BILL: &str = "
dragoman: 1
pipeline: send-bills
summary: Bill each parcel.
on: [{ id: taken, event: { name: parcel-taken } }]
steps:
  - id: clerk
    when: trigger.message.number == \"b\"
    wait: { decision: bill, answers: [send, keep], for: 3d }
  - id: told
    call: shop.notify
    with: { number: =trigger.message.number }
output: { bill: =steps.told.id }
";

/// Posts what nobody can ask after, and takes it back.
pub(crate) const POST: &str = "
dragoman: 1
pipeline: post-orders
summary: Post an order and take it back.
on: [{ id: hand, manual: {}, read: shop.read_order }]
on_failure: undo
steps:
  - id: posted
    call: shop.post
    with: { number: =trigger.message.number }
    undo: { call: shop.cancel, with: { number: =trigger.message.number } }
  - fail: { reason: it was a mistake, class: permanent }
";

/// Sleeps again and again, and nothing ever ends it.
pub(crate) const WATCH: &str = "
dragoman: 1
pipeline: watch-orders
summary: Watches the orders for ever.
on: [{ id: hand, manual: {}, read: shop.read_order }]
steps:
  - id: watched
    repeat:
      until: round > 1000000
      steps: [{ sleep: 1m }]
";

/// Gives its own id.
pub(crate) const NUMBERED: &str = "
dragoman: 1
pipeline: numbered-runs
summary: Says which run it is.
on: [{ id: hand, manual: {}, read: shop.read_order }]
steps: [{ sleep: 1m }]
output: { run: =run.id }
";

/// Packs and tells side by side, the parcels among each other as well.
pub(crate) const PACK: &str = "
dragoman: 1
pipeline: pack-orders
summary: Pack the parcels of an order side by side.
on: [{ id: hand, manual: {}, read: shop.read_order }]
steps:
  - id: both
    parallel:
      parcels:
        - id: packed
          each: trigger.message.parcels
          as: parcel
          concurrent: 3
          on_item_failure: continue
          steps:
            - id: shipped
              call: shop.ship
              once: parcel
              with: { number: =parcel }
            - sleep: 1h
              when: parcel == \"b\"
            - id: marks
              each: '[\"left\", \"right\"]'
              as: side
              steps:
                - call: shop.notify
                  with: { number: =parcel + side }
          value: =steps.shipped.id
      letter:
        - id: letter
          call: shop.notify
          with: { number: =trigger.message.number }
        - id: clerk
          when: trigger.message.large
          wait: { decision: accept, answers: [accept], for: 3d }
        - id: filed
          call: shop.ship
          once: trigger.message.number
          with: { number: =trigger.message.number }
output: { parcels: =steps.both.parcels }
";

/// Takes what an order weighs from the stock, ships it, and closes it.
pub(crate) const STOCK: &str = "
dragoman: 1
pipeline: stock-orders
summary: Ship an order out of the stock.
on: [{ id: hand, manual: {}, read: shop.read_order }]
steps:
  - id: taken
    claim:
      ledger: stock
      account: '\"shelf\"'
      once: trigger.message.number
      ref: trigger.message.number
      lines: '[{ \"item\": \"A\", \"quantity\": quantity(\"5\", \"KGM\") }]'
      limits: '[{ \"item\": \"A\", \"quantity\": quantity(\"9\", \"KGM\") }]'
    on_refused:
      - stop: { reason: nothing is left on the shelf }
        when: failure.code == \"ledger.over_limit\" && trigger.message.large
      - park: { reason: =failure.message }
  - id: shipped
    call: shop.ship
    once: trigger.message.number
    ref: trigger.message.number
    with: { number: =trigger.message.number }
    retry: { backoff: 1m, for: 3m }
  - id: told
    when: trigger.message.large
    call: shop.notify
    with: { number: =steps.shipped.id }
  - id: closed
    void: { ref: trigger.message.number }
  - id: others
    each: steps.closed.effects.filter(e, e.scope == \"shop.post\")
    as: effect
    steps:
      - call: shop.cancel
        with: { number: =effect.key }
output: { shipped: =steps.shipped.id }
on_failure: park
";

fn operation(name: &str, effect: OperationEffect, input: &Value, output: &Value) -> DescribedOperation {
    DescribedOperation {
        name: name.into(),
        summary: String::new(),
        input_schema: input.to_string(),
        output_schema: output.to_string(),
        effect,
        has_probe: false,
        undo: None,
        documents: Vec::new(),
        codes: Vec::new(),
    }
}

fn surface() -> Surface {
    let text = json!({ "type": "string" });
    let numbered = json!({ "type": "object", "required": ["number"], "properties": {
        "number": text, "weight": { "x-type": "quantity" } } });
    let made = json!({ "type": "object", "required": ["id"], "properties": { "id": text } });
    let order = json!({ "type": "object", "required": ["number", "parcels", "large"], "properties": {
        "number": text, "large": { "type": "boolean" }, "parcels": { "type": "array", "items": text },
        "customer": { "type": "object", "properties": { "name": text, "country": text } },
        "phone_2": { "type": "string", "x-personal": true } } });
    let idempotent = OperationEffect::Idempotent { key_lifetime_s: None };
    let mut read = operation(
        "read_order",
        OperationEffect::Read,
        &json!({ "type": "object" }),
        &order,
    );
    read.documents = vec!["message".into()];
    let mut ship = operation("ship", OperationEffect::Once { settle_s: Some(60) }, &numbered, &made);
    ship.has_probe = true;
    let descriptor = Descriptor {
        name: "shop".into(),
        version: "1.0.0".into(),
        config_schema: "{}".into(),
        operations: vec![
            read,
            operation("get", OperationEffect::Read, &numbered, &order),
            ship,
            operation("post", OperationEffect::Once { settle_s: None }, &numbered, &made),
            operation("notify", idempotent, &numbered, &made),
            operation("cancel", idempotent, &numbered, &made),
        ],
        ..Descriptor::default()
    };
    Surface::from_descriptor(Digest::of(b"shop"), descriptor)
        .expect("a good descriptor")
        .0
}

fn plans(values: &Value) -> Result<Vec<Arc<Plan>>, Vec<Diagnostic>> {
    let mut world = World::default().with_connection("shop", Arc::new(surface()));
    world.senders.insert("partner".into());
    world.site = values.clone();
    world.events = events();
    world.ledgers.insert("stock".into());
    let mut plans = Vec::new();
    // What is run by another stands before it.
    for text in [SHIP, POST, THANK, WATCH, NUMBERED, LETTER, TAKE, BILL, STOCK, PACK] {
        let (said, mut diagnostics) = dragoman_manifest::parse_pipeline(Source::new("pipeline.yaml", text));
        let said = said.expect("it is YAML");
        let checked = dragoman_plan::check(&said, &world);
        diagnostics.extend(checked.diagnostics);
        let plan = Arc::new(checked.plan.ok_or(diagnostics)?);
        let signature = Some(Arc::new(plan.signature()));
        world.pipelines.insert(plan.pipeline.clone(), signature);
        plans.push(plan);
    }
    Ok(plans)
}

fn events() -> BTreeMap<String, Option<Shape>> {
    let paid = json!({ "type": "object", "required": ["number"], "properties": {
        "number": { "type": "string" }, "sum": { "type": "string", "format": "decimal" } } });
    let taken = json!({ "type": "object", "required": ["number"], "properties": { "number": { "type": "string" } } });
    [("order-paid", paid), ("parcel-taken", taken)]
        .map(|(name, schema)| (name.to_owned(), Some(Shape::from_schema(&schema).0)))
        .into()
}

/// What the cases run on.
pub(crate) fn bench() -> Arc<Bench> {
    Arc::new(Bench {
        surfaces: [("shop".to_owned(), Arc::new(surface()))].into(),
        observed: BTreeSet::new(),
        observe: false,
        events: events(),
        values: json!({ "closed": false }),
        build: Box::new(plans),
    })
}

/// The case that a text says.
#[track_caller]
pub(crate) fn read(text: &str) -> Case {
    let (case, diagnostics) = parse_case(Source::new("case.yaml", text));
    let told: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
    case.unwrap_or_else(|| panic!("{}\n{text}", told.join("\n")))
}

/// Runs a case.
#[track_caller]
pub(crate) fn tried(text: &str) -> Report {
    run(&read(text), Path::new("."), &bench())
}

/// What came of it as text: nothing where it holds.
pub(crate) fn told(report: &Report) -> String {
    match &report.outcome {
        Outcome::Holds => String::new(),
        Outcome::Differs(all) => all.iter().map(dragoman_cases::Mismatch::render).collect(),
        Outcome::Wrong(all) => all.iter().map(|d| d.render(false)).collect::<Vec<_>>().join("\n"),
        Outcome::Broken(message) => message.clone(),
    }
}

/// The beginning of a case about an order: its answers and what is expected follow.
pub(crate) const ORDER: &str = "
case: An order.
pipeline: ship-orders
trigger: { message: { number: A-1017, large: false, parcels: [a, b] } }
answers:
  shop.get: { number: A-1017, large: false, parcels: [a, b], customer: { name: Anna Alder, country: CH } }
  shop.ship: { id: S-1 }
  shop.notify: { id: N-1 }
";

/// A case that holds, after so many lives.
#[track_caller]
pub(crate) fn holds(text: &str, lives: usize) {
    let report = tried(text);
    assert!(matches!(report.outcome, Outcome::Holds), "{}", told(&report));
    assert!(report.lives >= lives, "only {} lives", report.lives);
    recorded_again(text);
}

/// The run that a case makes, recorded, is a case that holds as well.
#[track_caller]
fn recorded_again(text: &str) {
    let recorded = record_case(&read(text), Path::new("."), &bench(), &Privacy::default());
    let Some(recorded) = recorded.expect("it is recorded") else {
        return;
    };
    let report = tried(&recorded);
    assert!(
        matches!(report.outcome, Outcome::Holds),
        "{}\n{recorded}",
        told(&report)
    );
    assert!(report.unused.is_empty(), "{:?} of\n{recorded}", report.unused);
}

/// A case that does not, and what is told of it.
#[track_caller]
pub(crate) fn differs(text: &str, words: &[&str]) {
    let report = tried(text);
    let told = told(&report);
    assert!(matches!(report.outcome, Outcome::Differs(_)), "{told}");
    for word in words {
        assert!(told.contains(word), "no `{word}` in\n{told}");
    }
}

/// The same with a large order.
pub(crate) fn large() -> String {
    ORDER.replace("large: false", "large: true")
}

//! A small world for the tests: orders, mail, a ledger of stock, a partner that sends.

use std::sync::Arc;

use dragoman_model::{Digest, OperationEffect, Source, Span};
use dragoman_plan::World;
use dragoman_schema::{DescribedOperation, Descriptor, Marks, Shape, Surface};
use serde_json::{Value, json};

/// The world that every spec is checked in.
pub(crate) fn world() -> World {
    let mut world = World::default()
        .with_connection("orders", surface("orders", orders()))
        .with_connection("mail", surface("mail", mail()))
        .with_connection("people", surface("people", people()));
    let site = Source::new(
        "dragoman.yaml",
        "connections: { mail: { plugin: mail }, people: { plugin: people, personal: allowed } }",
    );
    for (name, connection) in &mut world.connections {
        connection.personal = name == "people";
        connection.place = site
            .text
            .find(&format!("{name}:"))
            .map(|at| Span::new(&site, at..at + name.len()));
    }
    world.ledgers.insert("stock".into());
    for text in [RESTOCK, NIGHTLY] {
        let (pipeline, _) = dragoman_manifest::parse_pipeline(dragoman_model::Source::new("other.yaml", text));
        let plan = dragoman_plan::build(&pipeline.expect("a pipeline"), &world).expect("a good pipeline");
        let signature = Arc::new(plan.signature());
        world.pipelines.insert(plan.pipeline, Some(signature));
    }
    world.pipelines.insert("broken".into(), None);
    let emitted = |events: &[&str]| Some(events.iter().map(|event| (*event).to_owned()).collect());
    world.emitted = [
        ("restock", emitted(&[])),
        ("nightly", emitted(&["nudge"])),
        ("packing", emitted(&["order-shipped"])),
        ("broken", None),
    ]
    .map(|(name, events)| (name.to_owned(), events))
    .into();
    world.senders.insert("partner".into());
    world.senders.insert("depot".into());
    world.broker_senders.insert("depot".into());
    let shipped = json!({ "title": "Shipped", "type": "object", "required": ["number", "at"],
        "properties": { "number": { "type": "string" }, "at": { "type": "string", "format": "date-time" },
            "weight": { "x-type": "quantity" } } });
    world
        .events
        .insert("order-shipped".into(), Some(Shape::from_schema(&shipped).0));
    let nudge = json!({ "type": "object", "properties": { "text": { "type": "string" } } });
    world.events.insert("nudge".into(), Some(Shape::from_schema(&nudge).0));
    let known = json!({ "type": "object", "required": ["name"], "properties": {
        "name": { "type": "string", "x-personal": true }, "country": { "type": "string" } } });
    world
        .events
        .insert("customer-known".into(), Some(Shape::from_schema(&known).0));
    world
        .event_marks
        .insert("customer-known".into(), Marks::of_schema(&known));
    world.site = json!({ "country": "CH", "limit": 100, "clerk": { "id": "c1", "name": "A. Clerk" } });
    world
}

/// Another pipeline of the site, which may be run.
const RESTOCK: &str = "dragoman: 1
pipeline: restock
on: [{ id: called, manual: { input: { type: object, required: [item], properties: { item: { type: string }, count: { type: integer } } } } }]
steps: [{ id: order, call: orders.get, with: { number: =trigger.message.item } }]
output: { order: =steps.order, item: =trigger.message.item }
";

/// One that does not say what it is to be given.
const NIGHTLY: &str = "dragoman: 1
pipeline: nightly
on: [{ id: by-hand, manual: {} }]
steps: [{ sleep: 1s }]
";

fn surface(name: &str, operations: Vec<DescribedOperation>) -> Arc<Surface> {
    let descriptor = Descriptor {
        name: name.into(),
        version: "1.0.0".into(),
        config_schema: "{}".into(),
        operations,
        ..Descriptor::default()
    };
    let (surface, notes) =
        Surface::from_descriptor(Digest::of(name.as_bytes()), descriptor).expect("a good descriptor");
    assert!(notes.is_empty(), "{notes:?}");
    Arc::new(surface)
}

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

fn order() -> Value {
    json!({
        "title": "Order", "type": "object",
        "required": ["number", "customer", "lines", "status", "total", "placed_at", "urgent", "count"],
        "properties": {
            "number": { "type": "string" },
            "customer": { "title": "Customer", "type": "object", "required": ["name"],
                "properties": { "name": { "type": "string" }, "country": { "type": "string" } } },
            "lines": { "type": "array", "items": line() },
            "status": { "enum": ["open", "shipped", "cancelled"] },
            "total": { "type": "string", "format": "decimal" },
            "due": { "type": "string", "format": "date" },
            "placed_at": { "type": "string", "format": "date-time" },
            "urgent": { "type": "boolean" },
            "count": { "type": "integer" },
            "paper": { "x-type": "document" }
        }
    })
}

fn line() -> Value {
    json!({ "title": "Line", "type": "object", "required": ["item", "quantity"],
        "properties": { "item": { "type": "string" }, "quantity": { "x-type": "quantity" }, "note": { "type": "string" } } })
}

fn orders() -> Vec<DescribedOperation> {
    let number = json!({ "type": "object", "required": ["number"], "properties": { "number": { "type": "string" } } });
    let ship = json!({
        "title": "Shipment", "type": "object", "required": ["number", "lines"],
        "properties": {
            "number": { "type": "string" },
            "lines": { "type": "array", "items": line() },
            "priority": { "enum": ["low", "high"] },
            "at": { "type": "string", "format": "date-time" },
            "copies": { "type": "integer" },
            "weight": { "x-type": "quantity" }
        }
    });
    let shipped = json!({ "title": "Shipped", "type": "object", "required": ["id"],
        "properties": { "id": { "type": "string" }, "tracking": { "type": "string" } } });
    let cancel = json!({ "type": "object", "required": ["id", "reason"],
        "properties": { "id": { "type": "string" }, "reason": { "type": "string" } } });
    let nothing = json!({ "type": "object", "properties": {} });
    let once = OperationEffect::Once { settle_s: Some(60) };
    let idempotent = OperationEffect::Idempotent { key_lifetime_s: None };
    vec![
        DescribedOperation {
            documents: vec!["message".into()],
            ..operation("read_order", OperationEffect::Read, &nothing, &order())
        },
        operation("get", OperationEffect::Read, &number, &order()),
        DescribedOperation {
            has_probe: true,
            undo: Some("cancel".into()),
            codes: vec!["stock.short".into(), "address.unknown".into()],
            ..operation("ship", once, &ship, &shipped)
        },
        operation("cancel", idempotent, &cancel, &nothing),
        operation("put", idempotent, &order(), &nothing),
    ]
}

fn mail() -> Vec<DescribedOperation> {
    let message = json!({ "type": "object", "required": ["to", "text"],
        "properties": { "to": { "type": "string" }, "text": { "type": "string" } } });
    let sent =
        json!({ "title": "Sent", "type": "object", "required": ["id"], "properties": { "id": { "type": "string" } } });
    let idempotent = OperationEffect::Idempotent {
        key_lifetime_s: Some(86_400),
    };
    vec![
        operation("send", idempotent, &message, &sent),
        DescribedOperation {
            documents: vec!["paper".into()],
            ..operation(
                "archive",
                idempotent,
                &json!({ "type": "object", "properties": {} }),
                &sent,
            )
        },
    ]
}

/// Somebody with a name, and a key that opens something.
fn people() -> Vec<DescribedOperation> {
    let number = json!({ "type": "object", "required": ["number"], "properties": { "number": { "type": "string" } } });
    let text = || json!({ "type": "string", "x-personal": true });
    let person = json!({ "title": "Person", "type": "object", "required": ["name", "country", "born", "friends", "key"],
        "properties": {
            "name": text(),
            "mail": text(),
            "country": { "type": "string" },
            "born": { "type": "string", "format": "date", "x-personal": true },
            "friends": { "type": "array", "items": { "type": "object", "required": ["name", "city"],
                "properties": { "name": text(), "city": { "type": "string" } } } },
            "key": { "type": "string", "x-secret": true },
        } });
    let friend = json!({ "type": "object", "required": ["name"], "properties": { "name": text() } });
    let login = json!({ "type": "object", "required": ["key"], "properties": {
        "key": { "type": "string", "x-secret": true }, "name": { "type": "string" } } });
    let nothing = json!({ "type": "object", "properties": {} });
    let idempotent = OperationEffect::Idempotent { key_lifetime_s: None };
    vec![
        DescribedOperation {
            documents: vec!["message".into()],
            ..operation("read", OperationEffect::Read, &nothing, &friend)
        },
        operation("get", OperationEffect::Read, &number, &person),
        operation("login", idempotent, &login, &nothing),
    ]
}

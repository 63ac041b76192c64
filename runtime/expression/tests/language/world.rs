//! The names that the tests' expressions see, with values that fit them.

use dragoman_expression::{Environment, Expected, Expression, Scope, Written, check};
use dragoman_model::{Diagnostic, Source, Span, Value};
use dragoman_schema::Shape;
use serde_json::json;

/// An environment with its values.
pub(crate) struct World {
    /// The names.
    pub(crate) environment: Environment,
    /// The values of the names at the root.
    pub(crate) roots: Value,
    steps: Value,
}

/// The shape of an order.
pub(crate) fn order() -> Shape {
    let schema = json!({
        "title": "Order",
        "type": "object",
        "properties": {
            "number": { "type": "string" },
            "status": { "enum": ["open", "paid", "closed"] },
            "count": { "type": "integer" },
            "note": { "type": "string" },
            "nulled": { "type": ["string", "null"] },
            "placed_at": { "type": "string", "format": "date-time" },
            "due": { "type": "string", "format": "date" },
            "weight": { "type": "number" },
            "buyer": { "title": "Party", "type": "object", "properties": { "city": { "type": "string" } } },
            "lines": { "type": "array", "items": { "$ref": "#/$defs/Line" } },
            "none": { "type": "array", "items": { "$ref": "#/$defs/Line" } },
            "payment": { "oneOf": [
                { "title": "Card", "type": "object", "required": ["kind", "digits"],
                  "properties": { "kind": { "const": "card" }, "digits": { "type": "string" } } },
                { "title": "Transfer", "type": "object", "required": ["kind", "iban"],
                  "properties": { "kind": { "const": "transfer" }, "iban": { "type": "string" } } }
            ] }
        },
        "required": ["number", "status", "count", "placed_at", "due", "buyer", "lines", "none", "payment", "weight"],
        "$defs": { "Line": { "type": "object", "required": ["item", "amount", "count"], "properties": {
            "item": { "type": "string" }, "amount": { "x-type": "quantity" }, "count": { "type": "integer" },
            "remark": { "type": "string" } } } }
    });
    Shape::from_schema(&schema).0
}

/// An order.
pub(crate) fn an_order() -> Value {
    json!({
        "number": "A-17", "status": "open", "count": 3, "nulled": null, "weight": 1.25,
        "placed_at": "2026-11-21T00:30:00+01:00", "due": "2026-11-30",
        "buyer": { "city": "Basel" },
        "lines": [
            { "item": "a", "amount": { "value": "2", "unit": "KGM" }, "count": 3 },
            { "item": "b", "amount": { "value": "3.5", "unit": "KGM" }, "count": 4 }
        ],
        "none": [],
        "payment": { "kind": "card", "digits": "1234" }
    })
}

impl World {
    /// The one world of the tests.
    pub(crate) fn new() -> Self {
        let invoice = Shape::object([("total", Shape::Decimal), ("paid", Shape::Boolean)]);
        let mut environment = Environment::new()
            .with_name("order", order())
            .with_name("headers", Shape::Text.map())
            .with_name("anything", Shape::Any)
            .with_name("wrong", Shape::Any)
            .with_name("run", Shape::object([("id", Shape::Text), ("now", Shape::DateTime)]))
            .with_step("invoice", invoice.clone())
            .with_step("skipped", invoice.optional())
            .with_operation("orders.get", Shape::Text, order());
        environment.hide_step("shipment", "it comes later".into(), "put it before this one".into());
        let wrong = {
            let mut wrong = an_order();
            wrong["due"] = json!("tomorrow");
            wrong
        };
        World {
            environment,
            roots: json!({
                "order": an_order(),
                "headers": { "x-trace": "t1" },
                "anything": an_order(),
                "wrong": wrong,
                "run": { "id": "1", "now": "2026-11-21T10:00:00Z" },
            }),
            steps: json!({ "invoice": { "total": "1200.50", "paid": true } }),
        }
    }

    /// The same names with another order that has the shape of an order: every optional field there or not, lists
    /// of several lengths, other numbers, other variants, as the bits say.
    pub(crate) fn varied(bits: u32) -> Self {
        let mut world = World::new();
        let bit = |number: u32| bits & (1 << number) != 0;
        let order = &mut world.roots["order"];
        if bit(0) {
            order["note"] = json!("a note, ");
        }
        if bit(1) {
            order["payment"] = json!({ "kind": "transfer", "iban": "CH93" });
        }
        order["status"] = json!(["open", "paid", "closed", "open"][(bits >> 2 & 3) as usize]);
        order["count"] = [json!(0), json!(-1), json!(i64::MAX), json!(2.0)][(bits >> 4 & 3) as usize].clone();
        let line = json!({ "item": "", "amount": { "value": "-0.10", "unit": "C62", "qualifier": "G" }, "count": -9, "remark": "r" });
        let lines = vec![line; (bits >> 6 & 3) as usize];
        order["lines"] = json!(lines);
        if bit(8) {
            order["none"] = order["lines"].clone();
        }
        order["buyer"] = if bit(9) {
            json!({})
        } else {
            json!({ "city": null, "further": [1] })
        };
        order["due"] = json!(["0001-01-01", "9999-12-31"][usize::from(bit(10))]);
        order["placed_at"] = json!(["0001-01-01T00:00:00Z", "2026-06-30T23:59:59.999-11:00"][usize::from(bit(11))]);
        order["weight"] = [json!(1e300), json!(-0.0)][usize::from(bit(12))].clone();
        if bit(13) {
            world.steps["skipped"] = json!({ "total": "99999999999999999999999999.99", "paid": false });
        }
        if bit(14) {
            world.roots["anything"] = json!([null, { "number": 1 }]);
        }
        world
    }

    /// Checks for anything; diagnostics are rendered.
    pub(crate) fn check(&self, text: &str) -> Result<(Expression, Shape), String> {
        self.check_for(text, &Expected::Anything)
    }

    /// Checks for something; diagnostics are rendered.
    pub(crate) fn check_for(&self, text: &str, expected: &Expected) -> Result<(Expression, Shape), String> {
        self.diagnose(text, expected).map_err(|diagnostics| {
            diagnostics
                .iter()
                .map(|d| d.render(false))
                .collect::<Vec<_>>()
                .join("\n")
        })
    }

    /// Checks for something, in a source of which the expression is the whole.
    pub(crate) fn diagnose(&self, text: &str, expected: &Expected) -> Result<(Expression, Shape), Vec<Diagnostic>> {
        let source = Source::new("flow.yaml", text);
        let span = Span::new(&source, 0..text.len());
        check(
            &Written {
                text,
                span: &span,
                offset: &|at| at,
                quoted: &|_| None,
            },
            &self.environment,
            expected,
        )
    }
}

impl Scope for World {
    fn root(&self, name: &str) -> Option<&Value> {
        self.roots.get(name)
    }

    fn step(&self, id: &str) -> Option<&Value> {
        self.steps.get(id)
    }
}

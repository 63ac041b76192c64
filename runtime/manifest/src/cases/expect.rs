//! What is expected of a run.

use dragoman_model::Span;

use super::{Ending, Expect, ExpectedCall, ExpectedRun, Json, Said};
use crate::Spanned;
use crate::fields::Fields;
use crate::reading::Reading;
use crate::yaml::{Node, NodeKind};

pub(super) fn expect(reading: &mut Reading, node: &Node) -> Expect {
    let Some(mut fields) = reading.fields(node, "what is expected", "`{ ending: completed }`") else {
        return Expect::default();
    };
    let mut expect = expected(reading, &mut fields);
    expect.said = Some(Said {
        value: Json::of(node),
        keys: fields
            .entries()
            .iter()
            .map(|e| Spanned::new(e.key.value.clone(), whole(&e.key.span, &e.value)))
            .collect(),
        flow: node.span.source.text[node.span.range.clone()].starts_with('{'),
    });
    fields.finish(reading);
    expect
}

/// The keys of what is expected: at the top, and of each run that began.
fn expected(reading: &mut Reading, fields: &mut Fields<'_>) -> Expect {
    let ending = fields.take("ending").and_then(|n| reading.word(n, &Ending::WORDS));
    let reason = fields
        .take("reason")
        .and_then(|n| reading.text(n, "a part of the reason"));
    let path = fields.take("path").map(|n| steps(reading, n));
    let calls = fields.take("calls").map(|n| {
        let items = reading.list(n, "a list of calls", "`- { call: orders.ship, input: { number: 7 } }`");
        let calls = items.iter().filter_map(|item| call(reading, item)).collect();
        Spanned::new(calls, n.span.clone())
    });
    let output = fields.take("output").map(Json::of);
    let undo = fields.take("undo").map(|n| steps(reading, n));
    let observed = fields.take("observed").map(Json::of);
    let emitted = fields.take("emitted").map(Json::of);
    let reply = fields.take("reply").map(Json::of);
    let begun = fields.take("begun").map(|n| {
        let items = reading.list(
            n,
            "a list of runs",
            "`- { pipeline: send-invoices, ending: completed }`",
        );
        let runs = items.iter().filter_map(|item| run(reading, item)).collect();
        Spanned::new(runs, n.span.clone())
    });
    Expect {
        ending,
        reason,
        path,
        calls,
        output,
        undo,
        observed,
        emitted,
        reply,
        begun,
        said: None,
    }
}

/// A run that an event began: `send-invoices`, or with what is expected of it.
fn run(reading: &mut Reading, node: &Node) -> Option<ExpectedRun> {
    if matches!(node.kind, NodeKind::Scalar(_)) {
        return Some(ExpectedRun {
            pipeline: reading.text(node, "send-invoices")?,
            expect: Expect::default(),
        });
    }
    let mut fields = reading.fields(node, "a run", "`{ pipeline: send-invoices, ending: completed }`")?;
    let pipeline = fields
        .need(reading, "pipeline", "send-invoices")
        .and_then(|n| reading.text(n, "send-invoices"));
    let expect = expected(reading, &mut fields);
    fields.finish(reading);
    Some(ExpectedRun {
        pipeline: pipeline?,
        expect,
    })
}

/// From a key to the end of its value.
fn whole(key: &Span, value: &Node) -> Span {
    Span::new(&key.source, key.range.start..value.span.range.end.max(key.range.end))
}

fn steps(reading: &mut Reading, node: &Node) -> Spanned<Vec<Spanned<String>>> {
    Spanned::new(reading.texts(node, "[declaration, shipped]"), node.span.clone())
}

/// A call: `orders.ship`, or with what its input holds.
fn call(reading: &mut Reading, node: &Node) -> Option<ExpectedCall> {
    if matches!(node.kind, NodeKind::Scalar(_)) {
        return Some(ExpectedCall {
            call: reading.text(node, "orders.ship")?,
            input: None,
            attempts: None,
        });
    }
    let mut fields = reading.fields(node, "a call", "`{ call: orders.ship, input: { number: 7 } }`")?;
    let call = fields
        .need(reading, "call", "orders.ship")
        .and_then(|n| reading.text(n, "orders.ship"));
    let input = fields.take("input").map(Json::of);
    let attempts = fields.take("attempts").and_then(|n| reading.whole(n, 1, 1_000_000));
    fields.finish(reading);
    Some(ExpectedCall {
        call: call?,
        input,
        attempts,
    })
}

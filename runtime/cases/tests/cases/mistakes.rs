//! What is wrong with a case: at its place, with what to write.

use dragoman_cases::Outcome;
use dragoman_manifest::parse_case;
use dragoman_model::Source;

use crate::bench::{ORDER, large, told, tried};

/// A mistake that reading shows, or else running.
#[track_caller]
fn check(text: &str, code: &str, place: &str, words: &[&str]) {
    let (case, diagnostics) = parse_case(Source::new("case.yaml", text));
    let told = if case.is_some() {
        let report = tried(text);
        assert!(matches!(report.outcome, Outcome::Wrong(_)), "{}", told(&report));
        told(&report)
    } else {
        diagnostics
            .iter()
            .map(|d| d.render(false))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert!(told.contains(&format!("error[{code}]")), "no {code} in\n{told}");
    assert!(told.contains(&format!("case.yaml:{place}")), "not at {place}:\n{told}");
    for word in words {
        assert!(told.contains(word), "no `{word}` in\n{told}");
    }
}

#[test]
fn names_that_are_not_there() {
    check(
        &ORDER.replace("ship-orders", "ship-order"),
        "D0940",
        "3:11",
        &["write `ship-orders`"],
    );
    check(
        &ORDER.replace("shop.ship:", "shop.shp:"),
        "D0940",
        "7:3",
        &["write `shop.ship`"],
    );
    check(
        &ORDER.replace("{ message:", "{ id: hok, message:"),
        "D0940",
        "4:16",
        &["write `hook`"],
    );
    check(
        &format!("{ORDER}site: {{ closd: true }}\n"),
        "D0940",
        "9:",
        &["write `closed`"],
    );
    let event = |said: &str| format!("{ORDER}later: [{{ after: 1h, {said} }}]\n");
    check(&event("event: order-payed"), "D0940", "9:29", &["write `order-paid`"]);
    check(
        &event("event: order-paid, data: { number: [] }"),
        "D0941",
        "9:57",
        &["never is so", "at number"],
    );
    let document = ORDER.replace("{ message:", "{ document: none.xml, message:");
    check(&document, "D0940", "4:22", &["none.xml cannot be read"]);
}

#[test]
fn answers_that_no_connector_gives() {
    check(
        &ORDER.replace("{ id: S-1 }", "{ it: S-1 }"),
        "D0941",
        "7:14",
        &["shop.ship never says this", "`id` is missing"],
    );
    check(
        &ORDER.replace("parcels: [a, b], customer", "parcels: 7, customer"),
        "D0941",
        "6:54",
        &["/parcels"],
    );
    check(
        &ORDER.replace("message: { number: A-1017, ", "message: { "),
        "D0941",
        "4:21",
        &["`number` is missing"],
    );
    check(
        &ORDER.replace("  shop.ship: { id: S-1 }", "  steps.sent.shipped: { id: [] }"),
        "D0941",
        "7:29",
        &["/id"],
    );
}

#[test]
fn calls_without_an_answer_and_people_whom_nobody_asks() {
    check(
        &ORDER.replace("  shop.ship: { id: S-1 }\n", ""),
        "D0942",
        "6:3",
        &["`shop.ship` at `sent[0].shipped`", "id"],
    );
    let clerk = |person: &str| format!("{}people: [{person}]\n", large());
    check(
        &clerk("{ wait: clerk, answer: accept }"),
        "D0943",
        "9:",
        &["nothing waits at `clerk`", "decision.arm-2.clerk"],
    );
    check(
        &clerk("{ wait: decision.clerk, answer: maybe }"),
        "D0943",
        "9:",
        &["accept, refuse"],
    );
    let viewer = clerk("{ wait: decision.clerk, by: { id: olga, roles: [viewer] }, answer: accept }");
    check(
        &viewer,
        "D0943",
        "9:",
        &["it takes one of approver, and they are viewer"],
    );
}

#[test]
fn what_is_written_wrongly() {
    check(
        &ORDER.replace("trigger:", "triger:"),
        "D0101",
        "4:1",
        &["write `trigger`"],
    );
    check(
        &ORDER.replace("case: An order.\n", ""),
        "D0102",
        "2:1",
        &["needs the key `case`"],
    );
    check(
        &format!("{ORDER}expect: {{ ending: done }}\n"),
        "D0104",
        "9:19",
        &["expected one of `completed`"],
    );
    check(&format!("{ORDER}until: soon\n"), "D0110", "9:8", &["a duration"]);
    check(
        &ORDER.replace("shop.ship: { id: S-1 }", "shop.ship: { output: {}, failure: {} }"),
        "D0111",
        "7:16",
        &["an answer is"],
    );
    check(
        &ORDER.replace("shop.ship: { id: S-1 }", "ship: { id: S-1 }"),
        "D0113",
        "7:3",
        &["connection.operation"],
    );
    check(
        &ORDER.replace("shop.ship: { id: S-1 }", "shop.ship: { probe: applied }"),
        "D0102",
        "7:23",
        &["`output`"],
    );
    check(
        &ORDER.replace("{ message:", "{ at: noon, message:"),
        "D0104",
        "4:16",
        &["2026-03-02T09:00:00Z"],
    );
}

#[test]
fn a_run_that_never_rests_is_told() {
    let text = ORDER.replace(
        "shop.ship: { id: S-1 }",
        "shop.ship: { failure: { class: retryable, code: http.503 } }",
    );
    // A day of retries is over, and then a person must look: that is rest.
    let report = tried(&format!("{text}expect: {{ ending: parked, calls: [] }}\n"));
    assert!(told(&report).contains("+ shop.ship"), "{}", told(&report));
}

/// A message for whoever watches the orders for ever.
const FOR_EVER: &str = "
case: An order is watched.
pipeline: watch-orders
trigger: { message: { number: A-1017, large: false, parcels: [] } }
";

#[test]
fn a_case_that_goes_on_for_ever_says_how_to_end_it() {
    let Outcome::Broken(message) = tried(FOR_EVER).outcome else {
        panic!("it came to rest");
    };
    for words in ["D0944: ", "it goes on and on", "`until:`", "until: 3d"] {
        assert!(message.contains(words), "no `{words}` in {message}");
    }
    let ended = tried(&format!("{FOR_EVER}until: 3h\nexpect: {{ ending: waiting }}\n"));
    assert!(matches!(ended.outcome, Outcome::Holds), "{}", told(&ended));
}

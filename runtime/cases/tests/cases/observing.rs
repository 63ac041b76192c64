//! Cases that only observe: the pipeline, or some connections.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use dragoman_cases::{Outcome, run};

use crate::bench::{ORDER, bench, differs, holds, read, told, tried};

const WOULD: &str = "
expect:
  ending: completed
  calls: [shop.get]
  path: [order, sent, 'sent[0].shipped', 'sent[0].told', 'sent[1].shipped', 'sent[1].told']
  observed:
    - { what: call, path: 'sent[0].shipped', operation: shop.ship, input: { number: A-1017-a }, once: A-1017-a }
    - { what: call, path: 'sent[0].told', operation: shop.notify, input: null }
    - { what: call, operation: shop.ship, input: { number: A-1017-b } }
    - { what: call, operation: shop.notify }
";

#[test]
fn a_case_observes_where_it_says_so_in_every_crash() {
    for mode in ["mode: observe\n", "mode: { observe: [shop] }\n"] {
        holds(&format!("{ORDER}{mode}crash: every_commit\n{WOULD}"), 3);
    }
    differs(
        &format!(
            "{ORDER}mode: observe\n{}",
            WOULD.replace("number: A-1017-a }", "number: B }")
        ),
        &["observed /0/input/number", "found     \"A-1017-a\""],
    );
    differs(&format!("{ORDER}{WOULD}"), &["calls", "+ shop.ship", "observed"]);
}

#[test]
fn what_is_run_by_one_that_observes_is_observed_too_and_nothing_begins() {
    let text = crate::belonging::TAKEN.replace("people: [", "mode: observe\npeople: [");
    let people = text.find("people:").expect("the people");
    let expect = "expect:
  ending: completed
  observed:
    - { what: call, path: letter.told, operation: shop.notify }
    - { what: run, path: letter }
    - { what: emit, path: 'parcels[0].emit-1', key: a }
    - { what: emit, path: 'parcels[1].emit-1' }
  begun: []
";
    holds(&format!("{}{expect}", &text[..people]), 1);
}

#[test]
fn a_case_is_live_on_a_site_that_observes_where_it_says_so() {
    for (observe, connections) in [(true, &[][..]), (false, &["shop"][..])] {
        let mut bench = Arc::into_inner(bench()).expect("nobody else has it");
        bench.observe = observe;
        bench.observed = connections
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<BTreeSet<_>>();
        let bench = Arc::new(bench);
        let of = |text: &str| run(&read(text), Path::new("."), &bench);
        let observing = of(&format!("{ORDER}{WOULD}"));
        assert!(matches!(observing.outcome, Outcome::Holds), "{}", told(&observing));
        let live = "mode: live\nexpect: { observed: [], calls: [shop.ship, shop.notify, shop.ship, shop.notify] }\n";
        let live = of(&format!("{ORDER}{live}"));
        assert!(matches!(live.outcome, Outcome::Holds), "{}", told(&live));
    }
}

#[test]
fn what_observes_must_be_there() {
    let report = tried(&format!("{ORDER}mode: {{ observe: [shp] }}\n"));
    let told = told(&report);
    for words in [
        "error[D0940]",
        "case.yaml:9:19",
        "there is no connection `shp`",
        "write `shop`",
    ] {
        assert!(told.contains(words), "no `{words}` in\n{told}");
    }
}

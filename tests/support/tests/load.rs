//! The load generator, against a partner whose answers and faults are known.

use std::time::Duration;

use dragoman_support::authority::{Authority, Options};
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::load::Load;
use serde_json::json;

fn usage(n: u64) -> String {
    json!({
        "usage": {"direction": "exported", "certificate": format!("P{n}"), "declaration": "M1",
                  "positions": [{"item": "A", "quantity": {"value": "1", "unit": "KGM"}}]},
        "permit": {"number": format!("P{n}")},
    })
    .to_string()
}

async fn load(partner: &Authority, clients: usize) -> dragoman_support::load::Report {
    let load = Load {
        clients,
        headers: vec![("Idempotency-Key".to_owned(), "k".to_owned())],
        warm_up: Duration::from_millis(20),
        duration: Duration::from_millis(300),
        ..Load::new(partner.address(), "/usages")
    };
    load.run(usage).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_request_is_another_and_every_answer_is_counted() {
    let nasty = Options {
        honours_keys: false,
        ..Options::default()
    };
    let partner = Authority::start(nasty).await.unwrap();
    let report = load(&partner, 4).await;
    assert_eq!(report.failures, 0);
    assert_eq!(report.statuses.keys().copied().collect::<Vec<_>>(), [202]);
    assert!(report.answers() > 0 && report.per_second > 0.0, "{}", report.per_second);
    assert!(report.p50() <= report.p99() && report.p99() <= report.max());
    assert!(partner.facts().values().all(|count| *count == 1), "no body came twice");
    assert!(partner.facts().len() >= report.answers());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn failures_are_counted_apart_and_the_load_goes_on() {
    let partner = Authority::start(Options {
        honours_keys: false,
        ..Options::default()
    })
    .await
    .unwrap();
    partner.faults().push(Rule {
        times: Some(5),
        skip: 5,
        ..Rule::once("*", Fault::CutAfter)
    });
    partner.faults().push(Rule {
        times: Some(5),
        skip: 8,
        ..Rule::once("*", Fault::fail_before(503))
    });
    let report = load(&partner, 2).await;
    assert!(report.failures <= 5 && report.answers() > 0, "{report:?}");
    assert!(report.statuses.contains_key(&202), "{:?}", report.statuses);
    assert!(partner.faults().rules().is_empty(), "all ten faults have struck");
}

#[tokio::test]
async fn nobody_there_is_an_error() {
    let partner = Authority::start(Options::default()).await.unwrap();
    let address = partner.address();
    drop(partner);
    let gone = async || match tokio::net::TcpStream::connect(address).await {
        Ok(_) => Err("still there".to_owned()),
        Err(_) => Ok(()),
    };
    dragoman_support::eventually("the partner's end", Duration::from_secs(5), gone)
        .await
        .unwrap();
    assert!(Load::new(address, "/usages").run(usage).await.is_err());
}

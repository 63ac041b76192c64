use std::time::Duration;

use dragoman_support::ecites::{Ecites, Options};
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::http;
use serde_json::json;

use crate::ecites::{endorsement, permit};

/// What the caller of an endorsement sees under a fault, and whether the endorsement took effect.
async fn check(fault: Fault, seen: &str, applied: bool) {
    let seed = json!({ "permits": [permit("P1", "single")] });
    let partner = Ecites::start(Options {
        seed,
        ..Options::default()
    })
    .await
    .unwrap();
    partner.faults().push(Rule::once("PUT /permits/*", fault.clone()));
    let url = format!("{}/permits/P1/endorsements/MRN1", partner.url());
    let answer = http::send_json("PUT", &url, &[], &endorsement(&[("A", "1", "KGM")])).await;
    let found = match &answer {
        Err(_) => "nothing".to_owned(),
        Ok(answer) if answer.json().is_null() => format!("{} nonsense", answer.status),
        Ok(answer) => answer.status.to_string(),
    };
    assert_eq!(found, seen, "{fault:?}");
    assert_eq!(partner.facts().len(), usize::from(applied), "{fault:?}");
    let entry = &partner.log()[0];
    assert_eq!((entry.fault.as_ref(), &*entry.method), (Some(&fault), "PUT"));
    // The partner is whole again: the same request now succeeds, as the same act where it was applied.
    let again = http::send_json("PUT", &url, &[], &endorsement(&[("A", "1", "KGM")]))
        .await
        .unwrap();
    assert_eq!(again.status, if applied { 200 } else { 201 }, "{fault:?}");
    assert_eq!(partner.facts().values().copied().collect::<Vec<_>>(), [1], "{fault:?}");
}

#[tokio::test]
async fn each_fault_is_seen_and_leaves_the_effect_that_it_says() {
    check(Fault::fail_before(503), "503 nonsense", false).await;
    check(Fault::FailAfter { status: 500 }, "500 nonsense", true).await;
    check(Fault::Garbage, "200 nonsense", true).await;
    check(Fault::GarbageBefore, "200 nonsense", false).await;
    check(Fault::CutBefore, "nothing", false).await;
    check(Fault::CutAfter, "nothing", true).await;
    check(Fault::DropHalf, "nothing", true).await;
    check(Fault::Slow { ms: 1 }, "201", true).await;
    check(Fault::SlowAfter { ms: 1 }, "201", true).await;
}

#[tokio::test]
async fn a_slow_partner_goes_on_when_the_caller_has_gone() {
    let seed = json!({ "permits": [permit("P1", "single")] });
    let partner = Ecites::start(Options {
        seed,
        ..Options::default()
    })
    .await
    .unwrap();
    partner.faults().push(Rule::once("*", Fault::Slow { ms: 60 }));
    let url = format!("{}/permits/P1/endorsements/MRN1", partner.url());
    let body = endorsement(&[("A", "1", "KGM")]);
    let call = http::send_json("PUT", &url, &[], &body);
    assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
    // Nothing tells the caller when the partner is done: it asks, as the runtime's probe does.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(5);
    while partner.facts().is_empty() && tokio::time::Instant::now() < deadline {
        http::get(&url).await.unwrap();
    }
    assert_eq!(partner.facts().len(), 1);
}

#[tokio::test]
async fn the_head_and_half_of_the_body_really_leave() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let seed = json!({ "permits": [permit("P1", "single")] });
    let partner = Ecites::start(Options {
        seed,
        ..Options::default()
    })
    .await
    .unwrap();
    partner.faults().push(Rule::once("*", Fault::DropHalf));
    let mut socket = tokio::net::TcpStream::connect(partner.address()).await.unwrap();
    socket
        .write_all(b"GET /permits/P1 HTTP/1.1\r\nhost: x\r\n\r\n")
        .await
        .unwrap();
    let mut seen = Vec::new();
    // The end may be a reset instead of an orderly close; what came before it is in `seen` either way.
    let _ = socket.read_to_end(&mut seen).await;
    let text = String::from_utf8_lossy(&seen);
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let promised: usize = head
        .lines()
        .find_map(|line| {
            line.to_ascii_lowercase()
                .strip_prefix("content-length: ")
                .map(str::to_owned)
        })
        .and_then(|length| length.parse().ok())
        .expect("a length");
    assert_eq!(body.len(), promised / 2);
}

#[tokio::test]
async fn the_control_interface_does_what_the_methods_do() {
    let partner = Ecites::start(Options::default()).await.unwrap();
    let control = |path: &str| format!("{}/_control/{path}", partner.url());
    let seed = json!({ "permits": [permit("P1", "single")] });
    assert_eq!(
        http::send_json("POST", &control("seed"), &[], &seed)
            .await
            .unwrap()
            .status,
        204
    );
    let wrong = http::send_json("POST", &control("seed"), &[], &json!({"permits": [{}]}))
        .await
        .unwrap();
    assert_eq!(wrong.status, 400);
    let order = json!({"seed": 7, "rules": [
        {"route": "GET /permits/*", "fault": {"kind": "fail_before", "status": 429, "retry_after": 3}, "times": 1},
        {"fault": {"kind": "cut_before"}, "probability": 1.0},
    ]});
    let rules = http::send_json("POST", &control("faults"), &[], &order).await.unwrap();
    assert_eq!(rules.json()["rules"].as_array().unwrap().len(), 2);
    let url = format!("{}/permits/P1", partner.url());
    let refused = http::get(&url).await.unwrap();
    assert_eq!((refused.status, &*refused.headers["retry-after"]), (429, "3"));
    assert!(http::get(&url).await.is_err());
    assert_eq!(
        http::get(&control("faults")).await.unwrap().json()["rules"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    let clear = json!({"clear": true});
    http::send_json("POST", &control("faults"), &[], &clear).await.unwrap();
    assert_eq!(http::get(&url).await.unwrap().status, 200);
    let log = http::get(&control("log")).await.unwrap().json();
    let statuses: Vec<_> = log
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["status"].clone())
        .collect();
    assert_eq!(statuses, [json!(429), json!(null), json!(200)]);
    assert_eq!(
        http::request("POST", &control("reset"), &[], "").await.unwrap().status,
        204
    );
    assert_eq!(http::get(&url).await.unwrap().status, 404);
}

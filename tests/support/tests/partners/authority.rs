use dragoman_support::authority::{Authority, Options};
use dragoman_support::http;
use serde_json::{Value, json};

fn message(number: &str, declaration: &str) -> Value {
    json!({
        "usage": {"direction": "exported", "certificate": number, "issuing_country": "XA", "to_country": "CH",
                  "positions": [{"item": "A", "quantity": {"value": "1", "unit": "KGM"}}],
                  "at": "2026-03-01T10:00:00Z", "declaration": {"scheme": "mrn", "value": declaration}},
        "permit": {"number": number, "issuing_country": "XA"},
    })
}

/// Sends messages under keys and checks each status and, at the end, the counted facts.
async fn check(options: Options, sent: &[(&str, Value, u16)], facts: Value) {
    let partner = Authority::start(options).await.unwrap();
    let url = format!("{}/usages", partner.url());
    for (key, message, status) in sent {
        let answer = http::send_json("POST", &url, &[("idempotency-key", key)], message)
            .await
            .unwrap();
        assert_eq!(answer.status, *status, "{key}: {}", answer.body);
    }
    assert_eq!(json!(partner.facts()), facts);
}

#[tokio::test]
async fn a_key_gives_its_receipt_and_facts_are_counted_whatever_the_key() {
    let one = || message("P1", "M1");
    let fact = "used|P1|M1|exported";
    check(
        Options::default(),
        &[("k1", one(), 202), ("k1", one(), 202)],
        json!({ fact: 1 }),
    )
    .await;
    check(
        Options::default(),
        &[("k1", one(), 202), ("k2", one(), 202)],
        json!({ fact: 2 }),
    )
    .await;
    check(
        Options::default(),
        &[("k1", one(), 202), ("k1", message("P1", "M2"), 422)],
        json!({ fact: 1 }),
    )
    .await;
    let nasty = Options {
        honours_keys: false,
        ..Options::default()
    };
    check(nasty, &[("k1", one(), 202), ("k1", one(), 202)], json!({ fact: 2 })).await;
    let mut back = one();
    back["withdrawal"] = json!({"reason": "invalidated", "by": {"person_id": "off-8"}, "at": "2026-03-02T00:00:00Z"});
    check(
        Options::default(),
        &[("k1", one(), 202), ("k2", back, 202)],
        json!({ fact: 1, "used|P1|M1|withdrawn": 1 }),
    )
    .await;
}

#[tokio::test]
async fn incomplete_messages_are_refused() {
    for gone in ["certificate", "positions", "declaration", "direction"] {
        let mut wrong = message("P1", "M1");
        wrong["usage"].as_object_mut().unwrap().remove(gone);
        check(Options::default(), &[("k1", wrong, 400)], json!({})).await;
    }
    let mut other = message("P1", "M1");
    other["permit"]["number"] = json!("P2");
    check(
        Options::default(),
        &[("k1", other, 400), ("", message("P1", "M1"), 400)],
        json!({}),
    )
    .await;
}

#[tokio::test]
async fn the_receipt_can_be_asked_for() {
    let partner = Authority::start(Options::default()).await.unwrap();
    let url = format!("{}/usages", partner.url());
    let sent = http::send_json("POST", &url, &[("idempotency-key", "k/1")], &message("P1", "M1"))
        .await
        .unwrap();
    let asked = http::get(&format!("{url}/k%2F1")).await.unwrap();
    assert_eq!((asked.status, asked.json()), (200, sent.json()));
    assert_eq!(sent.json()["status"], "43");
    assert_eq!(http::get(&format!("{url}/k2")).await.unwrap().status, 404);
    assert_eq!(partner.messages()[0]["message"]["usage"]["certificate"], "P1");
}

use std::time::Duration;

use dragoman_support::customs::feed::Feed;
use dragoman_support::customs::{Customs, Options};
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::{authority, http};
use serde_json::json;

#[tokio::test]
async fn declarations_are_found_by_number() {
    let partner = Customs::start(Options::default()).await.unwrap();
    let url = format!("{}/declarations/24GB1", partner.url());
    assert_eq!(http::get(&url).await.unwrap().status, 404);
    partner.seed(json!({"declarations": {"24GB1": "<MetaData/>"}})).unwrap();
    let found = http::get(&url).await.unwrap();
    assert_eq!((found.status, &*found.body), (200, "<MetaData/>"));
    assert_eq!(found.headers["content-type"], "application/xml");
    partner.seed(json!({"declarations": {"24GB1": null}})).unwrap();
    assert_eq!(http::get(&url).await.unwrap().status, 404);
    assert!(partner.seed(json!({"declarations": ["<MetaData/>"]})).is_err());
}

#[tokio::test]
async fn the_feed_repeats_until_taken_and_keeps_the_order() {
    // Any partner serves as a receiver: it logs what arrives and refuses it with 400 or 401 by itself.
    let receiver = authority::Authority::start(authority::Options::default())
        .await
        .unwrap();
    receiver.faults().push(Rule::once("*", Fault::CutBefore));
    receiver.faults().push(Rule::once("*", Fault::fail_before(503)));
    receiver.faults().push(Rule {
        times: Some(2),
        ..Rule::once("*", Fault::fail_before(200))
    });
    let feed = Feed::to(format!("{}/usages", receiver.url()))
        .bearer("tok")
        .retry(3, Duration::from_millis(1));
    let deliveries = feed.send(&["<one/>", "<two/>"], 1).await.unwrap();
    assert_eq!(deliveries[0].statuses, [None, Some(503), Some(200)]);
    assert_eq!(deliveries[1].statuses, [Some(200)]);
    assert!(deliveries.iter().all(|delivery| delivery.taken()));
    let bodies: Vec<_> = receiver.log().into_iter().map(|seen| seen.body).collect();
    assert_eq!(bodies, ["<one/>", "<one/>", "<one/>", "<two/>"]);
    assert_eq!(receiver.log()[0].headers["authorization"], "Bearer tok");
    let refused = feed.send(&["<three/>"], 1).await.unwrap();
    assert_eq!((refused[0].statuses.len(), refused[0].taken()), (3, false));
}

#[tokio::test]
async fn copies_may_come_at_once() {
    let receiver = authority::Authority::start(authority::Options::default())
        .await
        .unwrap();
    let feed = Feed::to(format!("{}/usages", receiver.url())).retry(1, Duration::ZERO);
    let deliveries = feed.send_at_once(&["<one/>", "<two/>"], 3).await.unwrap();
    assert_eq!((deliveries.len(), receiver.log().len()), (6, 6));
}

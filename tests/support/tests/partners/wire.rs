use dragoman_support::customs::{Customs, Options};
use dragoman_support::http;
use dragoman_support::wire::Wire;
use serde_json::json;

#[tokio::test]
async fn a_line_carries_breaks_and_leads_elsewhere() {
    let wire = Wire::start().await.unwrap();
    let url = format!("{}/declarations/24GB1", wire.url());
    assert!(http::get(&url).await.is_err(), "it leads nowhere yet");
    assert!(wire.lead_to("nowhere").is_err());
    for mark in ["<one/>", "<two/>"] {
        let partner = Customs::start(Options::default()).await.unwrap();
        partner.seed(json!({"declarations": {"24GB1": mark}})).unwrap();
        wire.lead_to(&partner.url()).unwrap();
        assert_eq!(http::get(&url).await.unwrap().body, mark);
        wire.swallow(2);
        for _ in 0..2 {
            assert!(http::get(&url).await.is_err());
        }
        assert_eq!(http::get(&url).await.unwrap().body, mark);
        // All four arrived, whatever was heard of the answers.
        assert_eq!(partner.log().len(), 4);
    }
    assert_eq!(wire.swallowed(), 4);
}

use dragoman_support::http::{self, Answer};
use dragoman_support::species::{Options, Species};
use serde_json::{Value, json};

async fn ask(api: &Species, path: &str) -> Answer {
    let headers = [("x-authentication-token", "species-token")];
    http::request("GET", &format!("{}/{path}", api.api()), &headers, "")
        .await
        .unwrap()
}

/// What one address answers at a JSON pointer.
async fn check(api: &Species, path: &str, status: u16, pointer: &str, expected: Value) {
    let answer = ask(api, path).await;
    let found = answer.json().pointer(pointer).cloned().unwrap_or_default();
    assert_eq!(
        (answer.status, found),
        (status, expected),
        "{path} {pointer}: {}",
        answer.body
    );
}

#[tokio::test]
async fn taxa_are_found_by_any_of_their_names() {
    let api = Species::start(Options::default()).await.unwrap();
    let id = "/taxon_concepts/0/id";
    check(&api, "taxon_concepts?name=Loxodonta%20africana", 200, id, json!(4521)).await;
    check(
        &api,
        "taxon_concepts.json?name=loxodonta+africana",
        200,
        id,
        json!(4521),
    )
    .await;
    check(&api, "taxon_concepts?name=Jaguar", 200, id, json!(6001)).await;
    check(
        &api,
        "taxon_concepts?name=Boa%20regia",
        200,
        "/taxon_concepts/0/accepted_names/0/id",
        json!(7001),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Boa%20regia",
        200,
        "/taxon_concepts/0/name_status",
        json!("S"),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Draco",
        200,
        "/pagination/total_entries",
        json!(0),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Caiman%20crocodilus",
        200,
        "/pagination/total_entries",
        json!(1),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Caiman%20crocodilus&with_descendants=true",
        200,
        "/pagination/total_entries",
        json!(3),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Felidae&with_descendants=true",
        200,
        id,
        json!(6001),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Python%20regius&language=FR",
        200,
        "/taxon_concepts/0/common_names",
        json!([{"name": "Python royal", "language": "FR"}]),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Python%20regius",
        200,
        "/taxon_concepts/0/eu_listings",
        json!(null),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Python%20regius&with_eu_listings=true",
        200,
        "/taxon_concepts/0/eu_listings/0/annex",
        json!("B"),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Testudo%20obsoleta",
        200,
        "/pagination/total_entries",
        json!(0),
    )
    .await;
    check(
        &api,
        "taxon_concepts?name=Testudo%20obsoleta&updated_since=2025-01-01",
        200,
        "/taxon_concepts/0/active",
        json!(false),
    )
    .await;
}

#[tokio::test]
async fn pages_link_to_each_other() {
    let api = Species::start(Options::default()).await.unwrap();
    let mut path = "taxon_concepts?per_page=3".to_owned();
    let mut ids = Vec::new();
    loop {
        let answer = ask(&api, &path).await;
        assert_eq!(answer.headers["total-count"], "8");
        let body = answer.json();
        ids.extend(
            body["taxon_concepts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|taxon| taxon["id"].clone()),
        );
        let link = answer.headers.get("link").cloned().unwrap_or_default();
        let next = link.split(", ").find(|link| link.ends_with("rel=\"next\""));
        let Some(next) = next else { break };
        let address = next.trim_start_matches('<').split('>').next().unwrap();
        path = address.strip_prefix(&format!("{}/", api.api())).unwrap().to_owned();
    }
    assert_eq!(ids.len(), 8);
    let last = ask(&api, "taxon_concepts?per_page=3&page=3").await;
    assert!(last.headers["link"].contains("rel=\"first\"") && !last.headers["link"].contains("rel=\"next\""));
}

#[tokio::test]
async fn legislation_is_given_by_scope() {
    let api = Species::start(Options::default()).await.unwrap();
    for (scope, listings) in [
        ("", 3),
        ("?scope=current", 3),
        ("?scope=historic", 10),
        ("?scope=all", 13),
    ] {
        let answer = ask(&api, &format!("taxon_concepts/4521/cites_legislation{scope}"))
            .await
            .json();
        assert_eq!(answer["cites_listings"].as_array().unwrap().len(), listings, "{scope}");
    }
    let of = "taxon_concepts/4521/cites_legislation.json";
    check(&api, of, 200, "/cites_suspensions/0/taxon_concept_id", json!(null)).await;
    check(&api, of, 200, "/cites_suspensions/0/geo_entity/iso_code2", json!("SO")).await;
    check(&api, of, 200, "/cites_quotas/0/taxon_concept_id", json!(4521)).await;
    check(&api, of, 200, "/cites_quotas/1/quota", json!(null)).await;
    check(
        &api,
        "taxon_concepts/7001/cites_legislation",
        200,
        "/cites_listings/1/effective_at",
        json!("2030-01-01"),
    )
    .await;
    check(
        &api,
        "taxon_concepts/4521/eu_legislation",
        200,
        "/eu_decisions/0/eu_decision_type/type",
        json!("SUSPENSION"),
    )
    .await;
    check(
        &api,
        "taxon_concepts/4521/distributions",
        200,
        "/2/tags/0",
        json!("extinct"),
    )
    .await;
    check(
        &api,
        "taxon_concepts/4521/references",
        200,
        "/0/is_standard",
        json!(true),
    )
    .await;
    check(&api, "taxon_concepts/6001/references", 200, "", json!([])).await;
}

#[tokio::test]
async fn errors_are_as_documented() {
    let api = Species::start(Options::default()).await.unwrap();
    let message = "/error/message";
    let sorry = json!("We are sorry but an error occurred processing your request");
    check(
        &api,
        "taxon_concepts?nmae=x",
        422,
        message,
        json!("Unpermitted parameters (nmae)"),
    )
    .await;
    check(
        &api,
        "taxon_concepts/4521/distributions?scope=all",
        422,
        message,
        json!("Unpermitted parameters (scope)"),
    )
    .await;
    check(
        &api,
        "taxon_concepts/4521/cites_legislation?scope=future",
        422,
        message,
        json!("Invalid value for parameter (scope)"),
    )
    .await;
    check(&api, "taxon_concepts/1/cites_legislation", 404, message, sorry.clone()).await;
    check(&api, "taxon_concepts/abc/distributions", 404, message, sorry.clone()).await;
    check(
        &api,
        "taxon_concepts.xml",
        406,
        message,
        json!("only JSON is offered here"),
    )
    .await;
    let old = Species::start(Options {
        unknown_taxon: 500,
        ..Options::default()
    })
    .await
    .unwrap();
    check(&old, "taxon_concepts/1/cites_legislation", 500, message, sorry).await;
    let stranger = http::get(&format!("{}/taxon_concepts", api.api())).await.unwrap();
    assert_eq!(
        (stranger.status, stranger.json()["error"]["message"].is_string()),
        (401, true)
    );
}

#[tokio::test]
async fn what_the_caller_has_is_not_sent_again() {
    let api = Species::start(Options::default()).await.unwrap();
    let first = ask(&api, "taxon_concepts/4521/distributions").await;
    let tag = first.headers["etag"].clone();
    assert!(tag.starts_with("W/\""));
    let url = format!("{}/taxon_concepts/4521/distributions", api.api());
    let headers = [("x-authentication-token", "species-token"), ("if-none-match", &*tag)];
    let again = http::request("GET", &url, &headers, "").await.unwrap();
    assert_eq!((again.status, &*again.body), (304, ""));
    api.seed(json!({"taxa": [{"concept": {"id": 4521, "full_name": "Loxodonta africana"}, "distributions": []}]}))
        .unwrap();
    assert_eq!(http::request("GET", &url, &headers, "").await.unwrap().status, 200);
    assert!(api.seed(json!({"taxa": [{"concept": {}}]})).is_err());
}

/// The members of the published example's objects are all in ours.
#[tokio::test]
async fn shapes_are_those_of_the_published_examples() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/standards/species-plus");
    if !std::path::Path::new(folder).is_dir() {
        assert!(std::env::var_os("CI").is_none(), "needs {folder}");
        println!("skipped: needs {folder}");
        return;
    }
    let api = Species::start(Options::default()).await.unwrap();
    for (file, path) in [
        (
            "cites_legislation-example.json",
            "taxon_concepts/4521/cites_legislation?scope=all",
        ),
        (
            "eu_legislation-example.json",
            "taxon_concepts/4521/eu_legislation?scope=all",
        ),
        ("distributions-example.json", "taxon_concepts/4521/distributions"),
        ("references-example.json", "taxon_concepts/4521/references"),
    ] {
        let text = std::fs::read_to_string(format!("{folder}/{file}")).unwrap();
        let example: Value = serde_json::from_str(&text).unwrap();
        let ours = ask(&api, path).await.json();
        same_members(&example, &ours, file);
    }
}

fn same_members(example: &Value, ours: &Value, at: &str) {
    match (example, ours) {
        (Value::Object(example), Value::Object(ours)) => {
            for (name, value) in example {
                // A listing names a party only where there is one.
                if name != "party" {
                    let found = ours.get(name).unwrap_or_else(|| panic!("{at}: no `{name}`"));
                    same_members(value, found, &format!("{at}/{name}"));
                }
            }
        }
        (Value::Array(example), Value::Array(ours)) => {
            if let (Some(example), Some(ours)) = (example.first(), ours.first()) {
                same_members(example, ours, &format!("{at}/0"));
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        _ => assert_eq!(
            std::mem::discriminant(example),
            std::mem::discriminant(ours),
            "{at}: {example} and {ours}"
        ),
    }
}

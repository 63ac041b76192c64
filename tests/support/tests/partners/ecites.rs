use dragoman_support::ecites::{Ecites, Options};
use dragoman_support::http::{self, Answer};
use dragoman_support::{Access, record::fact};
use serde_json::{Value, json};

/// A permit of two items: 10 kg of A, 4 pieces of B.
pub(crate) fn permit(number: &str, kind: &str) -> Value {
    json!({
        "number": number, "issuing_country": "XA", "kind": "export", "use": kind,
        "valid_from": "2026-01-01", "valid_until": "2026-06-30", "time_zone": "America/Bogota",
        "items": [
            {"id": "A", "scientific_name": "Caiman crocodilus fuscus", "appendix": "II",
             "quantity": {"value": "10", "unit": "KGM"}},
            {"id": "B", "scientific_name": "Python regius", "appendix": "II",
             "quantity": {"value": "4", "unit": "C62"}},
        ],
    })
}

pub(crate) fn endorsement(lines: &[(&str, &str, &str)]) -> Value {
    let items: Vec<Value> = lines
        .iter()
        .map(|(item, value, unit)| json!({"item": item, "quantity": {"value": value, "unit": unit}}))
        .collect();
    json!({
        "at": "2026-03-01T10:00:00-05:00", "items": items,
        "endorsed_by": {"person_id": "off-7", "name": "An Officer", "authority": "Customs", "kind": "officer"},
        "declaration": {"scheme": "mrn", "value": "MRN1"},
    })
}

async fn start(options: Options, permits: Value) -> Ecites {
    let seed = json!({ "permits": permits });
    Ecites::start(Options { seed, ..options }).await.unwrap()
}

async fn put(partner: &Ecites, number: &str, declaration: &str, mut body: Value) -> Answer {
    body["declaration"]["value"] = json!(declaration);
    let url = format!("{}/permits/{number}/endorsements/{declaration}", partner.url());
    http::send_json("PUT", &url, &[], &body).await.unwrap()
}

type Lines<'a> = &'a [(&'a str, &'a str, &'a str)];

/// Puts endorsements one after the other and checks each status with its code (`-` for none).
async fn check_puts(kind: &str, puts: &[(&str, Lines<'_>, u16, &str)]) {
    let partner = start(Options::default(), json!([permit("P1", kind)])).await;
    for (declaration, lines, status, code) in puts {
        let answer = put(&partner, "P1", declaration, endorsement(lines)).await;
        let found = answer.json()["code"].as_str().unwrap_or("-").to_owned();
        assert_eq!(
            (answer.status, &*found),
            (*status, *code),
            "{declaration}: {}",
            answer.body
        );
    }
}

#[tokio::test]
async fn endorsements_keep_the_rules_of_the_permit() {
    let five: &[_] = &[("A", "5", "KGM")];
    let six: &[_] = &[("A", "6", "KGM")];
    check_puts(
        "multiple",
        &[
            ("M1", five, 201, "-"),
            ("M1", five, 200, "-"),
            ("M1", &[("A", "5.0", "KGM")], 200, "-"),
            ("M1", six, 409, "changed"),
            ("M2", six, 409, "over_quantity"),
            ("M2", five, 201, "-"),
            ("M3", &[("A", "0.001", "KGM")], 409, "over_quantity"),
            ("M3", &[("B", "1", "KGM")], 409, "over_quantity"),
            ("M3", &[("C", "1", "KGM")], 409, "over_quantity"),
            ("M3", &[("B", "4", "C62")], 201, "-"),
        ],
    )
    .await;
    check_puts(
        "single",
        &[
            ("M1", five, 201, "-"),
            ("M1", five, 200, "-"),
            ("M2", five, 409, "already_used"),
        ],
    )
    .await;
    check_puts("single", &[("M1", &[], 400, "malformed")]).await;
}

/// Endorses at a time under a changed permit and checks the answer.
async fn check_state(change: Value, at: &str, status: u16, code: &str) {
    let mut face = permit("P1", "multiple");
    for (name, value) in change.as_object().unwrap() {
        face[name] = value.clone();
    }
    let partner = start(Options::default(), json!([face])).await;
    let mut body = endorsement(&[("A", "1", "KGM")]);
    body["at"] = json!(at);
    let answer = put(&partner, "P1", "M1", body).await;
    let found = answer.json()["code"].as_str().unwrap_or("-").to_owned();
    assert_eq!((answer.status, &*found), (status, code), "{change} at {at}");
}

#[tokio::test]
async fn validity_is_a_local_day_of_the_issuer_and_status_counts() {
    // 03:00 UTC on 1 July is still 30 June in Bogota.
    check_state(json!({}), "2026-07-01T03:00:00Z", 201, "-").await;
    check_state(json!({}), "2026-07-01T06:00:00Z", 409, "not_valid").await;
    check_state(json!({}), "2026-01-01T04:00:00Z", 409, "not_valid").await;
    check_state(json!({}), "yesterday", 400, "malformed").await;
    check_state(json!({"status": "revoked"}), "2026-03-01T00:00:00Z", 409, "revoked").await;
    check_state(json!({"status": "cancelled"}), "2026-03-01T00:00:00Z", 409, "revoked").await;
    check_state(json!({"status": "suspended"}), "2026-03-01T00:00:00Z", 409, "not_valid").await;
}

#[tokio::test]
async fn the_officer_is_not_left_out() {
    let partner = start(Options::default(), json!([permit("P1", "single")])).await;
    let mut body = endorsement(&[("A", "1", "KGM")]);
    body["endorsed_by"] = json!({"kind": "officer"});
    let answer = put(&partner, "P1", "M1", body).await;
    assert_eq!(answer.status, 400);
    assert!(partner.facts().is_empty());
}

#[tokio::test]
async fn if_match_stands_against_a_revocation_in_between() {
    let partner = start(Options::default(), json!([permit("P1", "multiple")])).await;
    let url = format!("{}/permits/P1", partner.url());
    let read = http::get(&format!("{url}?issuing_country=XA")).await.unwrap();
    let tag = read.headers["etag"].clone();
    let with_tag = async |declaration: &str| {
        let mut body = endorsement(&[("A", "1", "KGM")]);
        body["declaration"]["value"] = json!(declaration);
        let url = format!("{url}/endorsements/{declaration}");
        http::send_json("PUT", &url, &[("if-match", &tag)], &body)
            .await
            .unwrap()
    };
    let unchanged = http::request("GET", &url, &[("if-none-match", &tag)], "")
        .await
        .unwrap();
    assert_eq!(unchanged.status, 304);
    assert_eq!(with_tag("MRN1").await.status, 201);
    assert_eq!(
        with_tag("MRN1").await.status,
        200,
        "the same act again, its tag old by its own doing"
    );
    assert_eq!(with_tag("MRN2").await.status, 412);
    let mut revoked = permit("P1", "multiple");
    revoked["status"] = json!("revoked");
    partner.seed(json!({ "permits": [revoked] })).unwrap();
    assert_eq!(with_tag("MRN2").await.json()["code"], "revoked");
    let body = endorsement(&[("A", "1", "KGM")]);
    let astray = http::send_json("PUT", &format!("{url}/endorsements/MRN9"), &[], &body)
        .await
        .unwrap();
    assert_eq!(astray.status, 400, "its body names MRN1");
}

#[tokio::test]
async fn facts_are_counted_by_permit_and_declaration() {
    for (options, expected) in [(Options::default(), 1), (Options::nasty(), 3)] {
        let honours = options.honours_keys;
        let partner = start(options, json!([permit("P1", "single")])).await;
        for _ in 0..3 {
            put(&partner, "P1", "M1", endorsement(&[("A", "5", "KGM")])).await;
        }
        let facts = partner.facts();
        assert_eq!(
            facts[&fact("endorsed", &["P1", "M1"])],
            expected,
            "honours keys: {honours}"
        );
        let url = format!("{}/permits/P1/endorsements/M1", partner.url());
        let probe = http::get(&url).await.unwrap();
        assert_eq!(probe.status, if honours { 200 } else { 405 });
    }
}

#[tokio::test]
async fn a_withdrawn_endorsement_stays_on_record_and_is_not_brought_back() {
    let partner = start(Options::default(), json!([permit("P1", "single")])).await;
    let first = put(&partner, "P1", "M1", endorsement(&[("A", "5", "KGM")]))
        .await
        .json();
    let url = format!("{}/permits/P1/endorsements/M1", partner.url());
    let blank = json!({"reason": ""});
    let refused = http::send_json("POST", &format!("{url}/withdrawal"), &[], &blank)
        .await
        .unwrap();
    assert_eq!(refused.status, 400);
    let body = json!({"reason": "invalidated", "by": {"person_id": "off-8"}});
    for _ in 0..2 {
        let answer = http::send_json("POST", &format!("{url}/withdrawal"), &[], &body)
            .await
            .unwrap();
        assert_eq!((answer.status, &answer.json()["status"]), (200, &json!("withdrawn")));
    }
    let late = put(&partner, "P1", "M1", endorsement(&[("A", "5", "KGM")])).await;
    assert_eq!(late.json()["code"], "changed");
    let mut anew = endorsement(&[("A", "4", "KGM")]);
    anew["supersedes"] = first["id"].clone();
    assert_eq!(put(&partner, "P1", "M1", anew).await.status, 201);
    let permit = partner.permit("P1").unwrap();
    let statuses: Vec<_> = permit["endorsements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["status"])
        .collect();
    assert_eq!(statuses, ["withdrawn", "valid"]);
    assert_eq!(partner.facts()[&fact("withdrawn", &["P1", "M1"])], 1);
}

#[tokio::test]
async fn lists_history_usages_and_verification() {
    let partner = start(
        Options::default(),
        json!([permit("P/1", "multiple"), permit("P2", "single")]),
    )
    .await;
    partner.seed(json!({ "tokens": { "P/1": "tok" } })).unwrap();
    put(&partner, "P%2F1", "M1", endorsement(&[("A", "2.5", "KGM")])).await;
    let base = partner.url();
    let all = http::get(&format!("{base}/permits")).await.unwrap().json();
    assert_eq!(all["permits"].as_array().unwrap().len(), 2);
    let none = http::get(&format!("{base}/permits?changed_since=2999-01-01T00:00:00Z"))
        .await
        .unwrap();
    assert_eq!(none.json()["permits"], json!([]));
    let usage = json!({"direction": "imported", "certificate": "P/1", "issuing_country": "XA", "declaration": "I1",
                       "positions": [{"item": "A", "quantity": {"value": "2", "unit": "KGM"}}]});
    for status in [201, 200] {
        let answer = http::send_json("POST", &format!("{base}/permits/P%2F1/usages"), &[], &usage)
            .await
            .unwrap();
        assert_eq!(answer.status, status);
    }
    let history = http::get(&format!("{base}/permits/P%2F1/history"))
        .await
        .unwrap()
        .json();
    let acts: Vec<_> = history["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["act"].clone())
        .collect();
    assert_eq!(acts, ["issued", "endorsed", "confirmed"]);
    let verify = async |token: &str| {
        let body = json!({"number": "P/1", "token": token});
        http::send_json("POST", &format!("{base}/verifications"), &[], &body)
            .await
            .unwrap()
    };
    assert_eq!(verify("guess").await.status, 404);
    let answer = verify("tok").await.json();
    assert_eq!(answer["usage"], "partly_used");
    assert_eq!(answer["remaining"][0]["quantity"]["value"], "7.5");
    assert!(answer.get("importer").is_none() && answer["digest"].as_str().unwrap().starts_with("sha256:"));
    assert_eq!(
        http::get(&format!("{base}/permits/P2?issuing_country=ZZ"))
            .await
            .unwrap()
            .status,
        404
    );
}

#[tokio::test]
async fn strangers_are_not_let_in() {
    let access = Access::Bearer("secret".to_owned());
    let partner = start(
        Options {
            access,
            ..Options::default()
        },
        json!([]),
    )
    .await;
    let url = format!("{}/permits", partner.url());
    assert_eq!(http::get(&url).await.unwrap().status, 401);
    let known = http::request("GET", &url, &[("authorization", "Bearer secret")], "")
        .await
        .unwrap();
    assert_eq!(known.status, 200);
}

//! Messages that are not taken: each is answered with a code and a sentence, and what came before and after is not lost.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::http::{self, Answer};
use serde_json::Value;

use crate::place::{orderly, site_with};

/// A refusal as a partner sees it: a problem with status, code and sentence.
#[track_caller]
fn problem(answer: &Answer, status: u16, code: &str, words: &str) -> Value {
    let body = answer.json();
    assert_eq!(answer.status, status, "{body}");
    assert_eq!(
        (&body["code"], &body["status"]),
        (&code.into(), &status.into()),
        "{body}"
    );
    assert!(body["detail"].as_str().is_some_and(|d| d.contains(words)), "{body}");
    orderly(&body.to_string());
    body
}

async fn send(country: &Country, method: &str, path: &str, token: &str, body: &str) -> Result<Answer, Error> {
    let bearer = format!("Bearer {token}");
    let url = format!("{}{path}", country.address());
    let mut headers = vec![("content-type", "application/xml")];
    if !token.is_empty() {
        headers.push(("authorization", &bearer));
    }
    Ok(http::request(method, &url, &headers, body).await?)
}

#[tokio::test]
async fn messages_that_are_not_taken_are_answered_and_harm_nothing() -> Result<(), Error> {
    let mut country = Country::new(&Options::default()).await?;
    site_with(
        &country,
        "values:\n  country: PL",
        "limits: { message: 64KiB }\n\nvalues:\n  country: PL",
    )?;
    country.serve().await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    country.at_rest(PATIENCE).await?;
    let notices = "/customs/notices";
    let notice = case.notice("16")?;

    for token in ["", "another-token"] {
        let answer = send(&country, "POST", notices, token, &notice).await?;
        problem(&answer, 401, "D0802", "the sender");
    }
    let answer = country.post("/nowhere", &notice).await?;
    problem(&answer, 404, "path.unknown", "/nowhere");
    let answer = send(&country, "GET", notices, "test-token", "").await?;
    problem(&answer, 405, "method", "POST");
    let large = format!("{notice}<!--{}-->", "x".repeat(100_000));
    let answer = country.post(notices, &large).await?;
    problem(&answer, 413, "D0801", "larger than 65536 bytes");
    assert_eq!(country.runs().await?.len(), 1, "nothing was begun");

    let broken = notice.replacen("</", "<", 1);
    let answer = country.post(notices, &broken).await?;
    let told = answer.json();
    assert_eq!(answer.status, 422, "{told}");
    assert!(told["detail"].as_str().is_some_and(|d| d.contains(':')), "{told}");
    let kept = country.runs().await?;
    assert!(kept.iter().any(|r| r["run"] == told["run"]), "kept as a run: {told}");

    assert_eq!(country.post(notices, &notice).await?.status, 202);
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    // The same message again is the same run; another one under its number is refused, and changes nothing.
    let answer = country.post(notices, &notice).await?;
    assert_eq!(answer.json()["runs"][0]["again"], true, "{}", answer.json());
    let other = notice.replace(&case.mrn, "26PL443010OTHERXA1");
    assert_ne!(other, notice);
    let answer = country.post(notices, &other).await?;
    let told = problem(&answer, 409, "key.conflict", "another content");
    assert!(told["run"].is_string() && told["key"].is_string(), "{told}");
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    let audit = country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

#[tokio::test]
async fn a_partner_that_cannot_be_reached_is_tried_again_in_sight() -> Result<(), Error> {
    let mut country = Country::new(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    // Nobody listens on the port of a listener that is gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    let register = format!("{}/", country.register.url());
    site_with(&country, &register, &format!("http://{gone}/"))?;
    country.serve().await?;
    country.lodge(&case).await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.notify(&case, "16").await?, 202);
    let shown = dragoman_support::eventually("a retry in the timeline", PATIENCE, async || {
        let runs = country.runs().await.map_err(|e| e.to_string())?;
        let release = runs
            .iter()
            .find(|r| r["pipeline"] == "export-release" && r["parent"].is_null());
        let run = release.and_then(|r| r["run"].as_str()).unwrap_or("none").to_owned();
        let shown = country
            .dragoman(&["runs", "show", &run])
            .await
            .map_err(|e| e.to_string())?;
        if shown.out.contains("tries again at") {
            Ok(shown.out)
        } else {
            Err(shown.out + &shown.err)
        }
    })
    .await?;
    assert!(shown.contains("failed for the moment"), "{shown}");
    assert!(shown.contains("it had no effect"), "{shown}");
    orderly(&shown);
    // Once the partner is there, the run goes on by itself.
    country.stop().await?;
    site_with(&country, &format!("http://{gone}/"), &register)?;
    country.serve().await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    Ok(())
}

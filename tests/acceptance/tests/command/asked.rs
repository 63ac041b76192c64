//! What is asked for must say what is meant: too little of an id, a status or a pipeline that does not exist, are refused
//! with a server, without, and over HTTP.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::eventually;
use serde_json::Value;

use crate::place::{ASK, SITE, command, refused};

/// What is refused, its code, and words of what is said.
const UNCLEAR: &[(&[&str], &str, &[&str])] = &[
    (
        &["waits", "answer", "", "ship"],
        "error[unclear]",
        &["too little of an id", "6 characters"],
    ),
    (
        &["waits", "answer", "0", "ship"],
        "error[unclear]",
        &["too little of an id"],
    ),
    (&["runs", "show", ""], "error[unclear]", &["too little of an id"]),
    (&["runs", "show", "0-1-9"], "error[unclear]", &["too little of an id"]),
    (
        &["runs", "cancel", "", "--reason", "slip"],
        "error[unclear]",
        &["too little of an id"],
    ),
    (
        &["runs", "list", "--status", "bogus"],
        "error[unclear]",
        &["no status `bogus`", "parked"],
    ),
    (
        &["runs", "list", "--pipeline", "nope"],
        "error[D0903]",
        &["no pipeline `nope`", "it has ask"],
    ),
    (&["runs", "list", "--limit", "0"], "error[D0906]", &["--limit 0"]),
];

/// The wait that is open.
async fn wait(small: &Small) -> Result<Value, Error> {
    let seen = eventually("a wait", PATIENCE, async || {
        let said = command(small.site.path(), &["waits", "list", "--json"]).await;
        let said: Value = serde_json::from_str(&said.map_err(|e| e.to_string())?.out).map_err(|e| e.to_string())?;
        let first = said["waits"][0].clone();
        if first.is_null() {
            Err(said.to_string())
        } else {
            Ok(first)
        }
    });
    Ok(seen.await?)
}

async fn all_is_refused(small: &Small) -> Result<(), Error> {
    for (arguments, code, words) in UNCLEAR {
        let said = command(small.site.path(), arguments).await?;
        refused(&said, 1, code, words);
    }
    let listed = command(
        small.site.path(),
        &["runs", "list", "--pipeline", "ask", "--status", "parked"],
    )
    .await?;
    assert_eq!((listed.code, &*listed.out), (Some(0), "no runs\n"), "{}", listed.err);
    Ok(())
}

#[tokio::test]
async fn what_is_unclear_is_refused_and_nothing_is_done() -> Result<(), Error> {
    let mut small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/ask.yaml", ASK)]).await?;
    let sent = small.ask("POST", "/ask", None, "{}").await?;
    assert_eq!(sent.status, 202);
    let open = wait(&small).await?;
    all_is_refused(&small).await?;
    let bearer = format!("Bearer {}", small.token()?);
    let id = open["wait"].as_str().unwrap_or_default();
    let answer = serde_json::json!({ "answer": { "answer": "ship" }, "shown": open["shown"] }).to_string();
    for (method, path, body) in [
        ("POST", format!("/v1/waits/{}", &id[..5]), &*answer),
        ("POST", "/v1/runs/0/cancel".to_owned(), r#"{ "reason": "slip" }"#),
        ("GET", "/v1/runs/0".to_owned(), ""),
        ("GET", "/v1/runs?status=bogus".to_owned(), ""),
    ] {
        let said = small.ask(method, &path, Some(&bearer), body).await?;
        assert_eq!((said.status, &said.json()["code"]), (400, &"unclear".into()), "{path}");
    }
    small.server.kill().await?;
    all_is_refused(&small).await?;
    assert_eq!(wait(&small).await?["wait"], open["wait"], "nothing was answered");
    let answered = command(small.site.path(), &["waits", "answer", &id[..13], "ship"]).await?;
    assert_eq!(answered.code, Some(0), "{}", answered.err);
    Ok(())
}

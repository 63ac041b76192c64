//! Runs in flight come to their end with the edition that they began with, although it would be refused today.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::eventually;
use serde_json::Value;

/// A site in which this sender and this ledger are known.
fn site(sender: &str, ledger: &str) -> String {
    format!(
        "
dragoman: 1
site: pinned
listen: 127.0.0.1:0
store: {{ sqlite: store }}
connections: {{ echo: {{ plugin: echo }} }}
senders: {{ {sender}: {{ none: true }} }}
ledgers: {{ {ledger}: {{}} }}
"
    )
}

/// A pipeline that hears from this sender, waits for a person, and takes from this ledger.
fn flow(sender: &str, ledger: &str) -> String {
    format!(
        "dragoman: 1
pipeline: flow
summary: Waits in its middle.
on:
  - id: hook
    http: {{ path: /flow, from: {sender} }}
key: cast(trigger.message, \"echo.echo\").text
steps:
  - id: clerk
    wait: {{ decision: go, answers: [go], roles: [approver] }}
  - id: taken
    claim:
      ledger: {ledger}
      account: run.key
      once: run.key
      lines: '[{{ \"item\": \"a\", \"quantity\": quantity(\"1\", \"KGM\") }}]'
      limits: '[{{ \"item\": \"a\", \"quantity\": quantity(\"2\", \"KGM\") }}]'
  - {{ id: told, call: echo.stamp, with: {{ text: told }} }}
output: {{ told: =steps.told.text, ledger: =steps.taken.ledger }}
"
    )
}

/// What the command says as JSON, once `found` makes something of it.
async fn until<T>(small: &Small, arguments: &[&str], found: impl Fn(&Value) -> Option<T>) -> Result<T, Error> {
    let seen = eventually("the command shows it", PATIENCE, async || {
        let said = small.dragoman(arguments).await.map_err(|e| e.to_string())?;
        let value: Value = serde_json::from_str(&said.out).map_err(|e| e.to_string())?;
        found(&value).ok_or(said.out)
    });
    Ok(seen.await?)
}

#[tokio::test]
async fn a_run_goes_on_with_an_edition_that_the_site_would_refuse_by_now() -> Result<(), Error> {
    let mut small = Small::serve(&[
        ("dragoman.yaml", &site("formerly", "former")),
        ("pipelines/flow.yaml", &flow("formerly", "former")),
    ])
    .await?;
    let sent = small
        .ask("POST", "/flow", None, "{\"text\":\"1\",\"lines\":[]}")
        .await?;
    assert_eq!(sent.status, 202);
    let waits = ["waits", "list", "--json"];
    let wait = until(&small, &waits, |found| {
        Some(found["waits"][0]["wait"].as_str()?.to_owned())
    })
    .await?;

    // The site has neither the sender nor the ledger any more: the text that the run has would be refused.
    small.site.write("dragoman.yaml", site("nowadays", "present"))?;
    let checked = small.dragoman(&["check"]).await?;
    assert!(
        checked.code == Some(1) && checked.err.contains("D0403") && checked.err.contains("D0404"),
        "{}",
        checked.err
    );
    small.site.write("pipelines/flow.yaml", flow("nowadays", "present"))?;
    small.serve_anew().await?;

    let answered = small
        .dragoman(&["waits", "answer", &wait, "go", "--as", "olga"])
        .await?;
    assert_eq!(answered.code, Some(0), "{}{}", answered.out, answered.err);
    let output = until(&small, &["runs", "list", "--json"], |found| {
        let run = &found["runs"][0];
        (run["status"] == "completed").then(|| run["run"].as_str().unwrap_or_default().to_owned())
    });
    let run = output.await?;
    let shown = until(&small, &["runs", "show", &run, "--json"], |found| {
        Some(found["run"].clone())
    })
    .await?;
    assert_eq!(shown["output"]["ledger"], "former", "{shown}");
    let audit = small.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

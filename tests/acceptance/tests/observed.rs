//! A site that only observes, and the list of what people did meanwhile.

use dragoman_acceptance::{Error, Small};
use serde_json::{Value, json};

const SITE: &str = "
dragoman: 1
site: watching
listen: 127.0.0.1:0
store: { sqlite: store }
mode: observe
connections: { echo: { plugin: echo } }
senders: { anybody: { none: true } }
";

const FLOW: &str = "
dragoman: 1
pipeline: flow
summary: Would stamp what comes.
on:
  - id: hook
    http: { path: /flow, from: anybody, reply: replied }
steps:
  - id: stamped
    call: echo.stamp
    once: cast(trigger.message, \"echo.echo\").text
    with: { text: '=cast(trigger.message, \"echo.echo\").text' }
";

/// Sends messages one after the other; each run has ended when the next is sent.
async fn watch(small: &Small, texts: &[&str]) -> Result<(), Error> {
    for text in texts {
        let body = json!({ "text": text, "lines": [] }).to_string();
        let answer = small.ask("POST", "/flow", None, &body).await?;
        assert_eq!(answer.status, 200, "{}", answer.json());
    }
    Ok(())
}

#[tokio::test]
async fn what_would_have_been_done_is_compared_with_what_people_did() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/flow.yaml", FLOW)]).await?;
    watch(&small, &["A-1", "A-2", "A-3"]).await?;
    small.site.write(
        "paper.csv",
        "Number;Day\nA-1;2026-03-01\nA-2;2026-03-01\nA-9;2026-03-02\n",
    )?;
    let report = [
        "observe",
        "report",
        "--against",
        "paper.csv",
        "--act",
        "echo.stamp",
        "--key",
        "Number=text",
    ];
    let told = small.dragoman(&report).await?;
    assert_eq!(told.code, Some(0), "{}", told.err);
    for expected in [
        "only on paper     A-9",
        "only in the runs  A-3",
        "2 agree, 0 differ, 1 only on paper, 1 only in the runs",
    ] {
        assert!(told.out.contains(expected), "no `{expected}` in\n{}", told.out);
    }
    assert!(!told.out.contains("A-1"), "what agrees is only counted:\n{}", told.out);

    let told = small.dragoman(&[&report[..], &["--json"]].concat()).await?;
    let told: Value = serde_json::from_str(&told.out)?;
    assert_eq!(told["only_paper"][0]["key"], json!({ "Number": "A-9" }));
    assert_eq!(told["matching"].as_array().map(Vec::len), Some(2));

    let wrong = [
        "observe",
        "report",
        "--against",
        "paper.csv",
        "--act",
        "echo.stamp",
        "--key",
        "number=text",
    ];
    let told = small.dragoman(&wrong).await?;
    assert_eq!(told.code, Some(1));
    assert!(
        told.err.contains("error[D0906]")
            && told.err.contains("has no column `number`")
            && told.err.contains("Day, Number"),
        "{}",
        told.err
    );
    small
        .site
        .write("trial.json", json!({ "text": "DRY-1", "lines": [] }).to_string())?;
    let dry = small
        .dragoman(&["run", "flow", "--trigger", "trial.json", "--dry"])
        .await?;
    assert_eq!(dry.code, Some(0), "{}", dry.err);
    let told = small.dragoman(&report).await?;
    assert!(
        !told.out.contains("DRY-1") && told.out.contains("1 only in the runs"),
        "a trial is no part of it: {}",
        told.out
    );
    let mut misspelt = report;
    misspelt[5] = "echo.stmp";
    let told = small.dragoman(&misspelt).await?;
    assert_eq!(told.code, Some(1), "{}", told.out);
    assert!(
        told.err.contains("error[D0906]") && told.err.contains("did you mean `echo.stamp`?"),
        "{}",
        told.err
    );
    Ok(())
}

//! Runs in flight go on with a pipeline that was edited, and with another plugin, while the site is served.

use dragoman_acceptance::small::guest;
use dragoman_acceptance::{Error, Small};
use serde_json::{Value, json};

const SITE: &str = "
dragoman: 1
site: moving
listen: 127.0.0.1:0
store: { sqlite: store }
connections: { echo: { plugin: echo } }
senders: { anybody: { none: true } }
";

/// A pipeline that waits for a person, with what stands before and behind the wait.
fn flow(before: &str, behind: &str) -> String {
    format!(
        "dragoman: 1
pipeline: flow
summary: Waits in its middle.
on:
  - id: hook
    http: {{ path: /flow, from: anybody }}
key: cast(trigger.message, \"echo.echo\").text
steps:
  - {{ id: one, call: echo.stamp, with: {{ text: {before} }} }}
  - id: clerk
    wait: {{ decision: go, answers: [go], roles: [approver] }}
  - {{ id: two, call: echo.{behind}, with: {{ text: second }} }}
output: {{ one: =steps.one.text, two: =steps.two.text }}
"
    )
}

async fn begin(small: &Small, text: &str) -> Result<(), Error> {
    let body = format!("{{\"text\":\"{text}\",\"lines\":[]}}");
    assert_eq!(small.ask("POST", "/flow", None, &body).await?.status, 202);
    Ok(())
}

/// The runs that wait for a person.
async fn waiting(small: &Small, count: usize) -> Result<Vec<Value>, Error> {
    let seen = dragoman_support::eventually("the runs wait", dragoman_acceptance::country::PATIENCE, async || {
        let listed = small
            .dragoman(&["waits", "list", "--json"])
            .await
            .map_err(|e| e.to_string())?;
        let found: Value = serde_json::from_str(&listed.out).map_err(|e| e.to_string())?;
        let waits = found["waits"].as_array().cloned().unwrap_or_default();
        if waits.len() == count {
            Ok(waits)
        } else {
            Err(listed.out)
        }
    });
    Ok(seen.await?)
}

async fn migrate(small: &Small, arguments: &[&str]) -> Result<Value, Error> {
    let arguments: Vec<&str> = [&["migrate"], arguments, &["--json"]].concat();
    let done = small.dragoman(&arguments).await?;
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    Ok(serde_json::from_str(&done.out)?)
}

async fn edit(small: &Small, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let number = |status: &Value| status["site"]["number"].as_u64().unwrap_or_default();
    let before = number(&small.status().await?);
    let beside = small.site.write(&format!("{name}.new"), bytes)?;
    std::fs::rename(beside, small.site.file(name))?;
    small
        .until("the edit is served", |status| (number(status) > before).then_some(()))
        .await
}

async fn answer_all(small: &Small, count: usize) -> Result<(), Error> {
    for wait in waiting(small, count).await? {
        let id = wait["wait"].as_str().unwrap_or_default();
        let answered = small.dragoman(&["waits", "answer", id, "go", "--as", "olga"]).await?;
        assert_eq!(answered.code, Some(0), "{}{}", answered.out, answered.err);
    }
    Ok(())
}

/// How a run ended, its story, and the versions of its entries.
async fn shown(small: &Small, run: &str) -> Result<Value, Error> {
    let found = dragoman_support::eventually(
        "the run has ended",
        dragoman_acceptance::country::PATIENCE,
        async || {
            let shown = small
                .dragoman(&["runs", "show", run, "--json"])
                .await
                .map_err(|e| e.to_string())?;
            let found: Value = serde_json::from_str(&shown.out).map_err(|e| e.to_string())?;
            if found["run"]["status"] == "completed" {
                Ok(found)
            } else {
                Err(shown.out)
            }
        },
    );
    Ok(found.await?)
}

fn kinds(shown: &Value) -> Vec<&str> {
    let timeline = shown["timeline"].as_array().map(Vec::as_slice).unwrap_or_default();
    timeline
        .iter()
        .filter_map(|line| line["record"]["kind"].as_str())
        .collect()
}

#[tokio::test]
async fn runs_go_on_with_an_edited_pipeline() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/flow.yaml", &flow("first", "echo"))]).await?;
    begin(&small, "1").await?;
    begin(&small, "2").await?;
    waiting(&small, 2).await?;
    let told = migrate(&small, &["flow", "--plan"]).await?;
    assert_eq!(
        (&told["move"], &told["stay"]),
        (&json!(0), &json!(0)),
        "all have the version of now: {told}"
    );

    // What was done before the wait would be another operation: nobody moves, and the place is named.
    edit(
        &small,
        "pipelines/flow.yaml",
        flow("first", "echo").replace("echo.stamp", "echo.tell").as_bytes(),
    )
    .await?;
    let told = small.dragoman(&["migrate", "flow", "--plan"]).await?;
    for word in [
        "2  waiting  clerk  stays",
        "D0508",
        "pipelines/flow.yaml:9:",
        "`echo.stamp`, and now it is `echo.tell`",
        "0 can move, 2 stay",
    ] {
        assert!(told.out.contains(word), "no `{word}` in {}", told.out);
    }
    let done = migrate(&small, &["flow", "--to", "current", "--reason", "mended"]).await?;
    assert_eq!(done["moved"], json!([]));

    // What comes behind the wait may be another one.
    edit(&small, "pipelines/flow.yaml", flow("other", "stamp").as_bytes()).await?;
    let told = migrate(&small, &["flow", "--plan"]).await?;
    assert_eq!((&told["move"], &told["stay"]), (&json!(2), &json!(0)), "{told}");
    let group = &told["versions"][0]["groups"][0];
    assert_eq!((&group["at"], &group["status"]), (&json!(["clerk"]), &json!("waiting")));
    let one = group["runs"][0].as_str().unwrap_or_default();
    let other = group["runs"][1].as_str().unwrap_or_default();
    let done = migrate(&small, &["flow", "--to", "current", "--reason", "mended", "--run", one]).await?;
    assert_eq!(done, json!({ "moved": [one], "stayed": [] }));

    answer_all(&small, 2).await?;
    let (moved, stayed) = (shown(&small, one).await?, shown(&small, other).await?);
    let way = ["accepted", "intent", "done", "waiting"];
    assert_eq!(
        kinds(&moved),
        [&way[..], &["migrated", "answer", "intent", "done", "closed"]].concat()
    );
    assert_eq!(kinds(&stayed), [&way[..], &["answer", "read", "closed"]].concat());
    let audit = small.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

/// The test guest under another digest: a component may carry any sections that mean nothing.
fn other_plugin() -> Result<Vec<u8>, Error> {
    let mut bytes = std::fs::read(guest())?;
    bytes.extend(b"\x00\x0a\x08a-number7");
    Ok(bytes)
}

#[tokio::test]
async fn runs_go_on_with_another_plugin_and_their_own_text() -> Result<(), Error> {
    let small = Small::serve(&[
        ("dragoman.yaml", SITE),
        ("pipelines/flow.yaml", &flow("first", "stamp")),
    ])
    .await?;
    begin(&small, "1").await?;
    let run = waiting(&small, 1).await?[0]["run"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    edit(&small, "plugins/echo.wasm", &other_plugin()?).await?;
    // The text is edited as well, so that the run could not go on with the pipeline of now.
    edit(
        &small,
        "pipelines/flow.yaml",
        flow("first", "stamp")
            .replace("id: one", "id: won")
            .replace("steps.one", "steps.won")
            .as_bytes(),
    )
    .await?;
    let told = migrate(&small, &["flow", "--plan"]).await?;
    assert_eq!((&told["move"], &told["stay"]), (&json!(0), &json!(1)), "{told}");
    let told = migrate(&small, &["--connection", "echo", "--plan"]).await?;
    assert_eq!((&told["move"], &told["stay"]), (&json!(1), &json!(0)), "{told}");
    let done = migrate(
        &small,
        &["--connection", "echo", "--to", "current", "--reason", "mended"],
    )
    .await?;
    assert_eq!(done, json!({ "moved": [run], "stayed": [] }));
    let told = migrate(&small, &["--connection", "echo", "--plan"]).await?;
    assert_eq!(told["versions"][0]["to"], Value::Null, "{told}");

    answer_all(&small, 1).await?;
    let moved = shown(&small, &run).await?;
    assert_eq!(
        kinds(&moved),
        [
            "accepted", "intent", "done", "waiting", "migrated", "answer", "intent", "done", "closed"
        ]
    );
    assert_eq!(
        moved["run"]["output"]["one"], "first",
        "it goes on with the text that it had: {moved}"
    );
    Ok(())
}

#[tokio::test]
async fn text_and_plugin_are_offered_apart() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/flow.yaml", &flow("first", "echo"))]).await?;
    begin(&small, "1").await?;
    let run = waiting(&small, 1).await?[0]["run"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    edit(&small, "pipelines/flow.yaml", flow("first", "stamp").as_bytes()).await?;
    let told = migrate(&small, &["flow", "--plan"]).await?;
    assert_eq!(told["parts"], json!([]), "only the text is new: {told}");

    edit(&small, "plugins/echo.wasm", &other_plugin()?).await?;
    let told = migrate(&small, &["flow", "--plan"]).await?;
    assert_eq!(
        told["parts"],
        json!([
            { "change": { "text": "flow" }, "move": 1, "stay": 0 },
            { "change": { "connection": "echo" }, "move": 1, "stay": 0 },
        ]),
        "{told}"
    );
    let told = small.dragoman(&["migrate", "flow", "--plan"]).await?;
    assert!(
        told.out
            .contains("with only the new text (`--keep-plugins`): 1 can move, 0 stay")
            && told.out.contains("`migrate --connection echo`"),
        "{}",
        told.out
    );

    let text = ["flow", "--keep-plugins", "--to", "current", "--reason", "mended"];
    assert_eq!(migrate(&small, &text).await?, json!({ "moved": [run], "stayed": [] }));
    let told = migrate(&small, &["flow", "--keep-plugins", "--plan"]).await?;
    assert_eq!(told["versions"][0]["to"], Value::Null, "it has the text: {told}");
    let told = migrate(&small, &["--connection", "echo", "--plan"]).await?;
    assert_eq!(
        (&told["move"], &told["stay"]),
        (&json!(1), &json!(0)),
        "and not the plugin: {told}"
    );
    // A server that begins anew builds the version that neither file says.
    let mut small = small;
    small.serve_anew().await?;
    answer_all(&small, 1).await?;
    let moved = shown(&small, &run).await?;
    assert_eq!(
        kinds(&moved),
        [
            "accepted", "intent", "done", "waiting", "migrated", "answer", "intent", "done", "closed"
        ]
    );
    Ok(())
}

/// The test guest in a version that wants another field of each line than `article`.
fn other_field() -> Result<Vec<u8>, Error> {
    const NAMES: &[u8] = b"Linearticlecount";
    let mut bytes = std::fs::read(guest())?;
    let at = bytes.windows(NAMES.len()).position(|w| w == NAMES);
    let at = at.ok_or("the guest does not keep the names of a line's fields together")?;
    bytes[at + b"Linearticl".len()] = b'a';
    Ok(bytes)
}

#[tokio::test]
async fn runs_stay_where_the_plugin_no_longer_takes_what_it_took() -> Result<(), Error> {
    let files = [
        ("dragoman.yaml", SITE),
        ("pipelines/flow.yaml", &flow("first", "stamp")),
    ];
    let small = Small::serve(&files).await?;
    begin(&small, "1").await?;
    waiting(&small, 1).await?;
    edit(&small, "plugins/echo.wasm", &other_field()?).await?;
    let told = small.dragoman(&["migrate", "--connection", "echo", "--plan"]).await?;
    for word in [
        "D0937",
        "pipelines/flow.yaml:9:",
        "`echo.stamp` no longer takes what it took at `lines[].articla`",
        "stay with version",
        "0 can move, 1 stay",
    ] {
        assert!(told.out.contains(word), "no `{word}` in {}", told.out);
    }
    answer_all(&small, 1).await
}

#[tokio::test]
async fn who_moves_runs_is_an_operator_and_says_why() -> Result<(), Error> {
    let small = Small::serve(&[
        ("dragoman.yaml", SITE),
        ("pipelines/flow.yaml", &flow("first", "stamp")),
    ])
    .await?;
    let bearer = format!("Bearer {}", small.token()?);
    for (authorization, body, status) in [
        (None, json!({ "change": { "pipeline": "flow" } }), 401),
        (Some(&*bearer), json!({ "change": { "pipeline": "flow" } }), 200),
        (Some(&*bearer), json!({ "change": { "pipeline": "gone" } }), 404),
        (Some(&*bearer), json!({ "change": { "connection": "gone" } }), 404),
        (
            Some(&*bearer),
            json!({ "change": { "pipeline": "flow" }, "to": "current" }),
            400,
        ),
        (
            Some(&*bearer),
            json!({ "change": { "pipeline": "flow" }, "to": "current", "reason": "mended" }),
            200,
        ),
        (
            Some(&*bearer),
            json!({ "change": { "pipeline": "flow" }, "to": "current", "reason": "mended", "runs": ["00000000"] }),
            404,
        ),
        (
            Some(&*bearer),
            json!({ "change": { "pipeline": "flow" }, "to": "current", "reason": "mended", "runs": [""] }),
            400,
        ),
        (Some(&*bearer), json!({ "change": { "site": "flow" } }), 422),
    ] {
        let answer = small
            .ask("POST", "/v1/migrations", authorization, &body.to_string())
            .await?;
        assert_eq!(answer.status, status, "{body}: {}", answer.json());
    }
    Ok(())
}

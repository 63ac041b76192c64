//! `dragoman run` beside a server: the message goes there, and what came of it is said as without one.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use serde_json::Value;

use crate::place::{ASK, SITE, refused};

/// Begun by hand alone, and refuses what has no number.
const MANUAL: &str = "
dragoman: 1
pipeline: many
summary: Adds one.
on: [{ id: hand, manual: { input: { type: object, properties: { n: { type: integer } }, required: [n] } } }]
key: text(trigger.message.n)
steps:
  - id: more
    set: =trigger.message.n + 1
output: { more: =steps.more }
";

/// What is asked of the server and, later, where nobody serves: arguments, exit code, and what is said.
const ASKED: &[(&[&str], i32, &str)] = &[
    (&["run", "many", "--trigger", "one.json"], 0, "many "),
    (
        &["run", "many", "--trigger", "one.json"],
        0,
        "this message was taken before",
    ),
    (&["run", "many", "--trigger", "one.json", "--dry"], 0, "dry run"),
    (&["run", "many", "--trigger", "other.json"], 1, "error[key.conflict]"),
    (&["run", "many", "--trigger", "empty.json"], 1, "error[message.invalid]"),
    (&["run", "many", "--trigger", "broken.json"], 1, "error[message.json]"),
    (&["run", "many", "--trigger", "broken.json"], 1, "it is kept as run"),
    (&["run", "nosuch", "--trigger", "one.json"], 1, "error[D0903]"),
    (
        &["run", "many", "--trigger", "one.json", "--on", "nosuch"],
        1,
        "it has hand",
    ),
    (
        &["run", "ask", "--trigger", "one.json"],
        3,
        "waits for a person (approver)",
    ),
    (
        &["run", "many", "--trigger", "one.json", "--user", "olga"],
        1,
        "error[unauthorized]",
    ),
];

async fn all_is_asked(small: &Small) -> Result<(), Error> {
    for (arguments, code, word) in ASKED {
        let said = small
            .dragoman_with(arguments, &[("DRAGOMAN_PASSWORD", "a horse")])
            .await?;
        let text = format!("{}{}", said.out, said.err);
        assert_eq!(said.code, Some(*code), "{arguments:?}: {text}");
        assert!(text.contains(word), "{arguments:?}: no `{word}` in {text}");
    }
    Ok(())
}

#[tokio::test]
async fn a_message_in_a_file_begins_a_run_at_the_server_and_without_one() -> Result<(), Error> {
    let files = [
        ("dragoman.yaml", SITE),
        ("pipelines/ask.yaml", ASK),
        ("pipelines/many.yaml", MANUAL),
        ("one.json", "{\"n\": 1}"),
        ("other.json", "{\"n\": 1, \"m\": 2}"),
        ("empty.json", "{}"),
        ("broken.json", "{"),
    ];
    let mut small = Small::serve(&files).await?;
    all_is_asked(&small).await?;
    let told = small
        .dragoman(&["run", "many", "--trigger", "one.json", "--json"])
        .await?;
    let told: Value = serde_json::from_str(&told.out)?;
    assert_eq!(told["run"]["output"]["more"], 2, "{told:#}");
    assert_eq!(
        told["timeline"][0]["body"]["message"]["n"], 1,
        "bodies are told: {told:#}"
    );
    small.server.terminate()?;
    small.server.wait(PATIENCE).await?;
    std::fs::remove_dir_all(small.site.file("store"))?;
    all_is_asked(&small).await
}

#[tokio::test]
async fn codes_that_a_trail_has_are_explained() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/ask.yaml", ASK)]).await?;
    for code in [
        "message.json",
        "run.deadline",
        "wait.timeout",
        "http.503",
        "each.duplicate_key",
    ] {
        let said = small.dragoman(&["explain", code]).await?;
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(
            said.out.starts_with(&format!("# {code}: ")) && said.out.contains("**What to do.** "),
            "{}",
            said.out
        );
    }
    let said = small.dragoman(&["explain", "no.such"]).await?;
    refused(&said, 1, "there is no code `no.such`", &[]);
    Ok(())
}

//! `dragoman waits` where nothing serves: the site is opened, the answer is taken, and the run goes on.

use dragoman_acceptance::{Case, Country, Error, Options};
use serde_json::Value;

use crate::place::{refused, text};

#[tokio::test]
async fn an_officer_answers_where_nothing_serves() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let case = Case::without_quantity();
    country.issue(&case)?;
    for (pipeline, content, exit) in [
        ("declaration-lodged", case.declaration()?, 0),
        ("export-release", case.notice("16")?, 3),
    ] {
        let file = country.folder().join("message.xml");
        std::fs::write(&file, content)?;
        let run = country.dragoman(&["run", pipeline, "--trigger", text(&file)]).await?;
        assert_eq!(run.code, Some(exit), "{pipeline}: {}{}", run.out, run.err);
    }
    let list = country.dragoman(&["waits", "list"]).await?;
    assert!(
        list.out.contains("say-or-refuse") && list.out.contains("(approver)"),
        "{}",
        list.out
    );
    assert!(
        list.out.contains("[officer]"),
        "what is to be weighed is shown: {}",
        list.out
    );
    assert!(!list.out.contains("[pass]"), "what has passed is not: {}", list.out);
    assert!(
        !list.out.contains("()"),
        "who may answer is said in words: {}",
        list.out
    );
    let json = country.dragoman(&["waits", "list", "--json"]).await?;
    let json: Value = serde_json::from_str(&json.out)?;
    let wait = json["waits"][0]["wait"].as_str().unwrap_or_default();
    let shown = json["waits"][0]["shown"].as_str().unwrap_or_default();

    one_is_shown_whole(&country, &json["waits"][0]).await?;
    let other = format!("sha256:{}", "0".repeat(64));
    let wrong: &[(&[&str], &str)] = &[
        (&["00000000", "endorse"], "00000000"),
        (&[wait, "perhaps"], "perhaps"),
        (
            &[wait, "endorse", "--fields", "{"],
            "error[D0906]: `--fields` is not JSON",
        ),
        (&[wait, "endorse", "--fields", "[]"], "`--fields` is not a JSON object"),
        (&[wait, "endorse", "--fields", r#"{"lines":"all"}"#], "lines"),
        (
            &[
                wait,
                "endorse",
                "--fields",
                r#"{"lines":[{"goods_item":1,"item":"Z","quantity":{"value":"12","unit":"C62"}}]}"#,
            ],
            "the permit has no such item",
        ),
        (&[wait, "endorse", "--shown", &other], "show"),
    ];
    for (arguments, word) in wrong {
        let arguments: Vec<&str> = ["waits", "answer"].iter().chain(*arguments).copied().collect();
        let finished = country.dragoman(&arguments).await?;
        refused(&finished, 1, "error[", &[word]);
    }
    assert!(country.facts().is_empty(), "{:?}", country.facts());

    let fields = r#"{"lines":[{"goods_item":1,"item":"A","quantity":{"value":"12","unit":"C62"}}]}"#;
    let answered = country
        .dragoman(&["waits", "answer", wait, "endorse", "--fields", fields, "--shown", shown])
        .await?;
    assert_eq!(answered.code, Some(0), "{}{}", answered.out, answered.err);
    assert!(
        answered.out.contains("result: pass") && answered.out.contains(shown),
        "all that was answered for is printed: {}",
        answered.out
    );
    assert_eq!(country.count("endorsed", None), (1, 1), "{:?}", country.facts());
    assert_eq!(country.count("used", Some("exported")), (1, 1), "{:?}", country.facts());
    let list = country.dragoman(&["waits", "list"]).await?;
    assert_eq!(list.out, "nothing waits for a person\n");
    let again = country.dragoman(&["waits", "answer", wait, "endorse"]).await?;
    refused(&again, 1, "error[unknown]", &[]);
    Ok(())
}

/// Of which message it is, and everything that is shown, whatever its form.
async fn one_is_shown_whole(country: &Country, wait: &Value) -> Result<(), Error> {
    let text = |member: &str| wait[member].as_str().unwrap_or_default();
    assert_eq!(
        (text("pipeline"), text("item")),
        ("export-release", "permits[0]"),
        "{wait:#}"
    );
    let id = &text("wait")[..8];
    let told = country.dragoman(&["waits", "show", id]).await?;
    assert_eq!(told.code, Some(0), "{}", told.err);
    for word in [
        text("decision"),
        "(approver)",
        text("key"),
        text("run"),
        text("shown"),
        "result: pass",
    ] {
        assert!(
            !word.is_empty() && told.out.contains(word),
            "no `{word}` in {}",
            told.out
        );
    }
    let program = country.dragoman(&["waits", "show", id, "--json"]).await?;
    assert_eq!(&serde_json::from_str::<Value>(&program.out)?, wait, "{}", program.err);
    let none = country.dragoman(&["waits", "show", "00000000"]).await?;
    refused(&none, 1, "error[unknown]", &["00000000", "waits list"]);
    Ok(())
}

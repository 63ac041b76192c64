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
    let json = country.dragoman(&["waits", "list", "--json"]).await?;
    let json: Value = serde_json::from_str(&json.out)?;
    let wait = json["waits"][0]["wait"].as_str().unwrap_or_default();
    let shown = json["waits"][0]["shown"].as_str().unwrap_or_default();

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
    assert_eq!(country.count("endorsed", None), (1, 1), "{:?}", country.facts());
    assert_eq!(country.count("used", Some("exported")), (1, 1), "{:?}", country.facts());
    let list = country.dragoman(&["waits", "list"]).await?;
    assert_eq!(list.out, "nothing waits for a person\n");
    let again = country.dragoman(&["waits", "answer", wait, "endorse"]).await?;
    refused(&again, 1, "error[unknown]", &[]);
    Ok(())
}

//! `dragoman check`: every mistake of a pipeline or site at once, each with code, place, snippet and what to write.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Country, Error, Options};
use dragoman_support::process::{Launch, TempSite, dragoman};
use serde_json::Value;

use crate::place::{ASK, command, orderly, plugin, refused, text};

const SITE: &str = r#"dragoman: 1
site: mistaken
listen: 127.0.0.1:0
store: { sqlite: store }
pipelines: pipelines
plugins: @plugins@

connections:
  customs:
    plugin: wco-customs
    config: { declaration_from: store, issuing_country: PL }
    endpoints:
      api: { url: "http://127.0.0.1:9/", methods: [GET], private: true }
  shop:
    plugin: dragoman-guest-echo
    endpoints:
      api: { url: "http://127.0.0.1:9/", methods: [GET, PUT, POST], private: true }
    credentials: { key: env:KEY }

senders:
  customs: { bearer: env:TOKEN }

ledgers:
  stock: {}
"#;

const PIPELINE: &str = r#"dragoman: 1
pipeline: mistaken
summary: Ten different mistakes, each at its own place.

on:
  - id: hook
    http: { path: /notices, from: custom, reply: accepted }
    read: customs.read_notice

key: trigger.message.mesage_id

steps:
  - id: order
    call: shop.gett
    with: { key: "7" }

  - id: text
    call: shop.echo
    with: { text: hello, lines: [{ article: a, count: many }] }
    retries: { for: 5m }

  - id: late
    call: shop.echo
    when: trigger.message.event == "releasd"
    with: { text: hello }

  - id: later
    call: shop.echo
    with: { text: =steps.late.text }

  - id: taken
    claim:
      ledger: stok
      account: trigger.message.message_id
      once: trigger.message.message_id
      ref: trigger.message.message_id
      lines: '[{ "item": "a", "quantity": quantity("1", "C62") }]'
      limits: '[{ "item": "a", "quantity": quantity("2", "C62") }]'
    on_refused: { park: { reason: "more than there is" } }

  - id: text
    call: shop.echo
    with: { text: again }
    on_failure: []
"#;

/// Code, line, column, and what to write.
const MISTAKES: &[(&str, u64, u64, &str)] = &[
    ("D0101", 20, 5, "write `retry`"),
    ("D0404", 7, 35, "write `customs`"),
    ("D0303", 10, 22, "did you mean `message_id`?"),
    ("D0402", 14, 16, "write `get`"),
    ("D0411", 19, 55, "write a whole number"),
    ("D0305", 24, 36, "did you mean \"released\"?"),
    ("D0306", 29, 20, "test it first: `has(steps.late)"),
    ("D0403", 33, 15, "write `stock`"),
    ("D0407", 41, 9, "give one of them another id"),
    ("D0413", 44, 5, "end it with `park`, `stop` or `fail`"),
];

fn mistaken() -> Result<TempSite, Error> {
    let folder = TempSite::new()?;
    let plugins = plugin("wco-customs");
    let plugins = plugins.parent().map(text).unwrap_or_default();
    folder.site(SITE, &[("plugins", plugins)])?;
    folder.write("pipelines/mistaken.yaml", PIPELINE)?;
    Ok(folder)
}

#[tokio::test]
async fn ten_mistakes_give_ten_diagnostics_each_at_its_place() -> Result<(), Error> {
    let folder = mistaken()?;
    let checked = command(folder.path(), &["check"]).await?;
    assert_eq!(checked.code, Some(1), "{}", checked.err);
    orderly(&checked.err);
    let lines: Vec<&str> = PIPELINE.lines().collect();
    let told: Vec<&str> = checked.err.split("\n\n").filter(|t| t.contains("error[")).collect();
    assert_eq!(told.len(), MISTAKES.len(), "{}", checked.err);
    for (code, line, column, help) in MISTAKES {
        let place = format!("mistaken.yaml:{line}:{column}\n");
        let begins = format!("error[{code}]: ");
        let here = told.iter().find(|t| t.starts_with(&begins) && t.contains(&place));
        let here = here.ok_or_else(|| format!("no {code} at {place} in {}", checked.err))?;
        let snippet = usize::try_from(*line).ok().and_then(|n| lines.get(n - 1));
        assert!(snippet.is_some_and(|s| here.contains(s)), "no snippet in {here}");
        assert!(here.contains('^') && here.contains("= help: "), "{here}");
        assert!(here.contains(help), "no `{help}` in {here}");
    }
    assert!(checked.err.contains("10 errors"), "{}", checked.err);
    assert!(!folder.file("store").exists(), "a check opens no store");
    Ok(())
}

#[tokio::test]
async fn the_same_for_programs() -> Result<(), Error> {
    let folder = mistaken()?;
    let checked = command(folder.path(), &["check", "--json"]).await?;
    assert_eq!(checked.code, Some(1), "{}", checked.err);
    let told: Vec<Value> = serde_json::from_str(&checked.out)?;
    let seen: Vec<_> = told
        .iter()
        .filter(|d| d["severity"] == "error")
        .map(|d| {
            let place = &d["place"];
            (
                d["code"].as_str().unwrap_or_default(),
                place["line"].as_u64().unwrap_or_default(),
                place["column"].as_u64().unwrap_or_default(),
            )
        })
        .collect();
    let wanted: Vec<_> = MISTAKES
        .iter()
        .map(|(code, line, column, _)| (*code, *line, *column))
        .collect();
    assert_eq!(seen, wanted);
    Ok(())
}

#[tokio::test]
async fn code_hosts_are_told_the_same_places() -> Result<(), Error> {
    let folder = mistaken()?;
    let checked = command(folder.path(), &["check", "--format", "sarif"]).await?;
    assert_eq!(checked.code, Some(1), "{}", checked.err);
    let log: Value = serde_json::from_str(&checked.out)?;
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let mut seen = Vec::new();
    let results = run["results"].as_array().ok_or("no results")?;
    for result in results.iter().filter(|result| result["level"] == "error") {
        let rule = &run["tool"]["driver"]["rules"][usize::try_from(result["ruleIndex"].as_u64().ok_or("no rule")?)?];
        assert_eq!(rule["id"], result["ruleId"]);
        assert!(
            rule["help"]["markdown"]
                .as_str()
                .is_some_and(|page| page.starts_with('#')),
            "{rule:#}"
        );
        let region = &result["locations"][0]["physicalLocation"]["region"];
        seen.push((
            result["ruleId"].as_str().unwrap_or_default(),
            region["startLine"].as_u64().unwrap_or_default(),
            region["startColumn"].as_u64().unwrap_or_default(),
        ));
    }
    let wanted: Vec<_> = MISTAKES
        .iter()
        .map(|(code, line, column, _)| (*code, *line, *column))
        .collect();
    assert_eq!(seen, wanted);
    Ok(())
}

#[tokio::test]
async fn nothing_runs_with_a_mistake() -> Result<(), Error> {
    let folder = mistaken()?;
    let message = folder.write("message.xml", "<a/>")?;
    for arguments in [&["serve"][..], &["run", "mistaken", "--trigger", text(&message)]] {
        let refused = command(folder.path(), arguments).await?;
        assert_eq!(refused.code, Some(1), "{}", refused.err);
        orderly(&refused.err);
        assert!(refused.err.contains("D0404"), "{}", refused.err);
    }
    Ok(())
}

#[tokio::test]
async fn mistakes_of_the_site_file_too() -> Result<(), Error> {
    let folder = TempSite::new()?;
    folder.write(
        "dragoman.yaml",
        "dragoman: 1\nsite: mistaken\nlisten: 8080\nstore: { sqlit: store }\npipelnes: pipelines\nsenders:\n  a: { bearer: abcdef }\n",
    )?;
    let checked = command(folder.path(), &["check"]).await?;
    assert_eq!(checked.code, Some(1), "{}", checked.err);
    orderly(&checked.err);
    for words in [
        "dragoman.yaml:3:9",
        "dragoman.yaml:4:10",
        "write `sqlite`",
        "dragoman.yaml:5:1",
        "write `pipelines`",
        "D0118",
    ] {
        assert!(checked.err.contains(words), "no `{words}` in {}", checked.err);
    }
    assert!(!checked.err.contains("abcdef\n  = "), "{}", checked.err);
    Ok(())
}

/// One secret is named twice, and one lies in a file.
const SECRETS: &str = "dragoman: 1
site: small
store: { sqlite: store }
senders:
  shop: { bearer: env:SHOP_TOKEN }
  stall: { bearer: env:SHOP_TOKEN }
  anybody: { bearer: file:keys/anybody }
";

#[tokio::test]
async fn a_secret_that_is_not_set_is_a_note_and_no_mistake() -> Result<(), Error> {
    let folder = TempSite::new()?;
    folder.write("dragoman.yaml", SECRETS)?;
    folder.write("pipelines/ask.yaml", ASK)?;
    let checked = command(folder.path(), &["check"]).await?;
    orderly(&checked.err);
    assert_eq!(
        (checked.code, &*checked.out),
        (Some(0), "dragoman.yaml: ok\n"),
        "{}",
        checked.err
    );
    for words in [
        "note[D0914]",
        "dragoman.yaml:5:19",
        "set the environment variable SHOP_TOKEN",
        "dragoman.yaml:7:22",
        "write the secret into keys/anybody",
        "\n2 notes\n",
    ] {
        assert!(checked.err.contains(words), "no `{words}` in {}", checked.err);
    }
    let json = command(folder.path(), &["check", "--json"]).await?;
    let told: Vec<Value> = serde_json::from_str(&json.out)?;
    let seen: Vec<String> = told
        .iter()
        .map(|d| format!("{} {} {}", d["code"], d["severity"], d["place"]["line"]))
        .collect();
    assert_eq!(json.code, Some(0));
    assert_eq!(seen, [r#""D0914" "note" 5"#, r#""D0914" "note" 7"#]);
    let sarif = command(folder.path(), &["check", "--format", "sarif"]).await?;
    let log: Value = serde_json::from_str(&sarif.out)?;
    assert_eq!(sarif.code, Some(0));
    for result in [0, 1] {
        assert_eq!(log["runs"][0]["results"][result]["level"], "note", "{log:#}");
    }
    // Where they are, nothing is said of them.
    folder.write("keys/anybody", "a-token")?;
    let set = Launch::new(dragoman()?)
        .args(["check"])
        .folder(folder.path())
        .env("SHOP_TOKEN", "another");
    let set = set.run(PATIENCE).await?;
    assert_eq!((set.code, &*set.err), (Some(0), ""));
    Ok(())
}

/// A site with two connections; the marked ones of its settings are replaced.
const SETTINGS: &str = "dragoman: 1
site: mistaken
plugins: @plugins@
connections:
  rules:
    plugin: cites-rules
    config: @rules@
  customs:
    plugin: wco-customs
    config: @customs@
    endpoints: { api: { url: https://customs.example/ } }
";

#[tokio::test]
async fn a_setting_that_no_plugin_reads_is_told_at_its_name() -> Result<(), Error> {
    let plugins = plugin("cites-rules");
    let plugins = plugins.parent().map(text).unwrap_or_default();
    for (rules, customs, place, help) in [
        ("{ oficer: confirm }", "{}", "7:15", "write `officer`"),
        (
            "{ stricter: [{ rule: quantity, reslt: fail, result: fail }] }",
            "{}",
            "7:44",
            "write `result`",
        ),
        (
            "{}",
            "{ declaration_form: customs }",
            "10:15",
            "write `declaration_from`",
        ),
        (
            "{}",
            "{ banana: 1 }",
            "10:15",
            "there is declaration_from, declaration_path,",
        ),
    ] {
        let folder = TempSite::new()?;
        folder.site(
            SETTINGS,
            &[("plugins", plugins), ("rules", rules), ("customs", customs)],
        )?;
        let checked = command(folder.path(), &["check"]).await?;
        assert_eq!(checked.code, Some(1), "{}", checked.err);
        orderly(&checked.err);
        for words in ["error[D0912]", &format!("dragoman.yaml:{place}\n"), help] {
            assert!(checked.err.contains(words), "no `{words}` in {}", checked.err);
        }
    }
    let rules = plugin("cites-rules");
    let call = [
        "plugin",
        "call",
        text(&rules),
        "match_lines",
        "--config",
        r#"{"oficer": "confirm"}"#,
    ];
    let called = command(TempSite::new()?.path(), &call).await?;
    refused(&called, 1, "D0912", &["has no `oficer`", "write `officer`"]);
    Ok(())
}

/// A site whose one connection has these endpoints.
const ENDPOINTS: &str = "dragoman: 1
site: mistaken
plugins: @plugins@
connections:
  partner:
    plugin: @plugin@
    endpoints: { @name@: { url: https://partner.example/ } }
";

#[tokio::test]
async fn an_endpoint_that_no_plugin_asks_for_is_told_at_its_name() -> Result<(), Error> {
    let plugins = plugin("cites-rules");
    let plugins = plugins.parent().map(text).unwrap_or_default();
    for (asking, name, help) in [
        ("wco-customs", "apy", Some("write `api`")),
        ("wco-customs", "banana", Some("it asks for api")),
        ("cites-rules", "api", Some("this plugin asks for no endpoint")),
        ("partner-gateway", "partnr-CH", Some("write `partner-*`")),
        ("partner-gateway", "partner-CH", None),
        ("wco-customs", "api", None),
    ] {
        let folder = TempSite::new()?;
        folder.site(ENDPOINTS, &[("plugins", plugins), ("plugin", asking), ("name", name)])?;
        let checked = command(folder.path(), &["check"]).await?;
        orderly(&checked.err);
        let told = checked.err.contains("error[D0917]");
        assert_eq!(told, help.is_some(), "{asking} {name}: {}", checked.err);
        if let Some(help) = help {
            for words in ["dragoman.yaml:7:18\n", help] {
                assert!(checked.err.contains(words), "no `{words}` in {}", checked.err);
            }
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_example_has_none() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let checked = country.dragoman(&["check"]).await?;
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert_eq!(checked.out, "dragoman.yaml: ok\n");
    let json = country.dragoman(&["check", "--json"]).await?;
    assert_eq!((json.code, json.out.trim()), (Some(0), "[]"), "{}", json.err);
    Ok(())
}

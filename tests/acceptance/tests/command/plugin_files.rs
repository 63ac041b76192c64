//! `dragoman plugin`: exit codes by the kind of failure, arguments that are wrong, and what a plugin can do.

use std::path::PathBuf;

use dragoman_acceptance::Error;
use dragoman_support::process::{TempSite, workspace_root};
use serde_json::Value;

use crate::place::{command, command_with, orderly, plugin, refused, text};

/// Plugin, operation, configuration, payload; the exit code and the failure's code.
type Fails = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    i32,
    &'static str,
);

const FAILS: &[Fails] = &[
    (
        "wco-customs",
        "declaration",
        r#"{"declaration_from":"store","issuing_country":"PL"}"#,
        r#"{"id":{"scheme":"mrn","value":"26PL443010NS7MX4A1"}}"#,
        10,
        "declaration.not_lodged",
    ),
    (
        "dragoman-guest-echo",
        "fail",
        "{}",
        r#"{"text":"no"}"#,
        11,
        "echo.refused",
    ),
    (
        "dragoman-guest-echo",
        "get",
        "{}",
        r#"{"key":"1"}"#,
        11,
        "http.denied.endpoint",
    ),
    ("dragoman-guest-echo", "echo", "{}", r#"{"x":1}"#, 11, "input.invalid"),
    (
        "epix",
        "confirm_quantities",
        "{}",
        r#"{"number":"1","country":"XA","positions":[]}"#,
        12,
        "position.none",
    ),
    ("dragoman-guest-echo", "panic", "{}", "{}", 13, "plugin.panic"),
    ("dragoman-guest-echo", "deep", "{}", "{}", 13, "plugin.trap"),
    ("dragoman-guest-echo", "spin", "{}", "{}", 13, "plugin.cpu"),
];

#[tokio::test]
async fn a_plugin_is_compiled_once_and_a_cache_that_was_touched_is_not_used() -> Result<(), Error> {
    let caches = TempSite::new()?;
    let plugin = plugin("dragoman-guest-echo");
    let inspect = async || command_with(caches.path(), &workspace_root(), &["plugin", "inspect", text(&plugin)]).await;
    let codes = || -> Result<Vec<PathBuf>, Error> {
        let files = std::fs::read_dir(caches.file("dragoman/plugins"))?;
        let paths = files
            .map(|file| Ok(file?.path()))
            .collect::<Result<Vec<_>, std::io::Error>>()?;
        Ok(paths
            .into_iter()
            .filter(|path| path.extension().is_some_and(|e| e == "code"))
            .collect())
    };
    let first = inspect().await?;
    assert_eq!(first.code, Some(0), "{}", first.err);
    let kept = codes()?;
    let [code] = kept.as_slice() else { panic!("{kept:?}") };
    let good = std::fs::read(code)?;
    let made = std::fs::metadata(code)?.modified()?;
    assert_eq!(inspect().await?.out, first.out);
    assert_eq!(std::fs::metadata(code)?.modified()?, made, "it was not made again");

    let mut touched = good.clone();
    *touched.last_mut().expect("a file with content") ^= 1;
    std::fs::write(code, &touched)?;
    assert_eq!(inspect().await?.out, first.out);
    assert_ne!(std::fs::read(code)?, touched, "it was made again");

    // Where no cache can be made, a plugin is looked at all the same.
    let blocked = caches.write("blocked", "no folder")?;
    let without = command_with(&blocked, &workspace_root(), &["plugin", "inspect", text(&plugin)]).await?;
    assert_eq!((without.code, without.out), (Some(0), first.out));
    Ok(())
}

#[tokio::test]
async fn the_exit_code_tells_the_kind_of_failure() -> Result<(), Error> {
    for (name, operation, config, input, exit, code) in FAILS {
        let plugin = plugin(name);
        let arguments = [
            "plugin",
            "call",
            text(&plugin),
            operation,
            "--config",
            config,
            "--input",
            input,
        ];
        let finished = command(&workspace_root(), &arguments).await?;
        let said = format!("{name} {operation}: {}{}", finished.out, finished.err);
        assert_eq!(finished.code, Some(*exit), "{said}");
        let failure: Value = serde_json::from_str(&finished.out)?;
        assert_eq!(failure["code"], *code, "{said}");
        assert!(failure["message"].as_str().is_some_and(|m| !m.is_empty()), "{said}");
        orderly(&finished.err);
    }
    Ok(())
}

#[tokio::test]
async fn hunger_ends_at_the_limit() -> Result<(), Error> {
    let plugin = plugin("dragoman-guest-echo");
    let finished = command(&workspace_root(), &["plugin", "call", text(&plugin), "eat", "--usage"]).await?;
    assert_eq!(finished.code, Some(0), "{}{}", finished.out, finished.err);
    let got: Value = serde_json::from_str(&finished.out)?;
    assert!(got["count"].as_u64().is_some_and(|mib| (1..64).contains(&mib)), "{got}");
    let usage: Value = serde_json::from_str(&finished.err)?;
    let peak = usage.to_string();
    assert!(usage.is_object() && peak.contains("memory"), "{peak}");
    Ok(())
}

#[tokio::test]
async fn wrong_arguments_are_told_with_what_is_right() -> Result<(), Error> {
    let echo = plugin("dragoman-guest-echo");
    let echo = text(&echo);
    let cases: &[(&[&str], &[&str])] = &[
        (&["call", echo, "nope"], &["no operation `nope`", "read_document"]),
        (&["call", echo, "echo", "--input", "{bad"], &["`--input` is not JSON"]),
        (&["call", echo, "echo", "--config", "["], &["`--config` is not JSON"]),
        (
            &[
                "call",
                echo,
                "echo",
                "--config",
                r#"{"greeting":5}"#,
                "--input",
                r#"{"text":"a"}"#,
            ],
            &["configuration", "/greeting"],
        ),
        (
            &["call", echo, "read_document", "--document", "order.xml"],
            &["has no name", "--document message=FILE"],
        ),
        (
            &["call", echo, "read_document", "--document", "message=gone.xml"],
            &["gone.xml cannot be read"],
        ),
        (
            &[
                "call",
                echo,
                "read_document",
                "--document",
                "message=Cargo.toml",
                "--document",
                "message=Cargo.lock",
            ],
            &["`--document message=` is given twice"],
        ),
        (
            &["call", echo, "echo", "--config", "[]", "--input", r#"{"text":"a"}"#],
            &["the whole configuration is refused"],
        ),
        (&["call", "gone.wasm", "echo"], &["gone.wasm cannot be read"]),
        (&["inspect", "gone.wasm"], &["gone.wasm cannot be read"]),
    ];
    for (arguments, words) in cases {
        let arguments: Vec<&str> = ["plugin"].iter().chain(*arguments).copied().collect();
        let finished = command(&workspace_root(), &arguments).await?;
        let code = if words[0].contains("cannot be read") {
            "D0904"
        } else if words[0].contains("configuration") {
            "D0912"
        } else {
            "D0906"
        };
        refused(&finished, 1, code, words);
    }
    Ok(())
}

#[tokio::test]
async fn a_plugin_says_what_it_can_do() -> Result<(), Error> {
    let plugin = plugin("wco-customs");
    let shown = command(&workspace_root(), &["plugin", "inspect", text(&plugin)]).await?;
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    for word in [
        "read_notice",
        "read_declaration",
        "sends requests to the endpoints",
        "sha256:",
    ] {
        assert!(shown.out.contains(word), "no `{word}` in {}", shown.out);
    }
    let json = command(&workspace_root(), &["plugin", "inspect", text(&plugin), "--json"]).await?;
    let json: Value = serde_json::from_str(&json.out)?;
    assert_eq!(json["operations"]["read_notice"]["documents"][0], "message", "{json}");
    assert!(json["operations"]["read_notice"]["output"].is_object());
    assert!(shown.out.contains(json["digest"].as_str().unwrap_or("no digest")));
    Ok(())
}

#[tokio::test]
async fn a_plugin_is_built_of_a_core_module() -> Result<(), Error> {
    let modules = workspace_root().join("target/wasm32-unknown-unknown/plugin/dragoman_guest_echo.wasm");
    let folder = TempSite::new()?;
    let output = folder.file("echo.wasm");
    if modules.is_file() {
        let built = command(folder.path(), &["plugin", "build", text(&modules), "-o", text(&output)]).await?;
        assert_eq!(built.code, Some(0), "{}", built.err);
        let called = command(
            folder.path(),
            &[
                "plugin",
                "call",
                text(&output),
                "echo",
                "--input",
                r#"{"text":"hello"}"#,
            ],
        )
        .await?;
        assert_eq!(called.code, Some(0), "{}", called.err);
        assert!(called.out.contains("hello"), "{}", called.out);
    } else {
        // The core modules may be in another target folder; the built plugin is then all there is.
        println!("skipped: needs target/wasm32-unknown-unknown/plugin/dragoman_guest_echo.wasm");
    }
    let other = folder.write("other.wasm", "this is no module")?;
    let refusal = command(folder.path(), &["plugin", "build", text(&other), "-o", text(&output)]).await?;
    refused(&refusal, 1, "D0901", &["other.wasm", "cargo build --target"]);
    Ok(())
}

//! What the command is refused by the engine and by the server: the same code and words with a server and without one,
//! and over HTTP.

use std::os::unix::fs::OpenOptionsExt;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::eventually;
use dragoman_support::process::{Launch, Stream, dragoman};
use serde_json::{Value, json};

use crate::place::{ASK, refused};

const SITE: &str = "
dragoman: 1
site: small
listen: 127.0.0.1:0
store: { sqlite: store }
connections: { echo: { plugin: echo } }
senders: { anybody: { none: true } }
";

/// O_NONBLOCK of Linux: a pipe that nobody reads is not opened.
const NO_WAITING: i32 = 0o4000;

/// A pipeline that stops for a person to repair.
const STOP: &str = "
dragoman: 1
pipeline: stop
summary: Stops.
on: [{ id: hook, http: { path: /stop, from: anybody } }]
steps: [{ id: failed, call: echo.fail, with: { text: no } }]
";

/// A site in which one run waits for a person and one is parked.
struct Scene {
    small: Small,
    waits: String,
    parked: String,
    wait: String,
}

async fn listed(small: &Small, what: &str, member: &str) -> Result<Value, Error> {
    let found = eventually("the run is there", PATIENCE, async || {
        let listed = small.dragoman(&[what, "list", "--json"]).await;
        let listed: Value = serde_json::from_str(&listed.map_err(|e| e.to_string())?.out).map_err(|e| e.to_string())?;
        let one = listed[what].as_array().into_iter().flatten().find(|one| {
            let status = &one["status"];
            status.is_null() || *status == member
        });
        one.cloned().ok_or(listed.to_string())
    });
    Ok(found.await?)
}

async fn scene() -> Result<Scene, Error> {
    let files = [
        ("dragoman.yaml", SITE),
        ("pipelines/ask.yaml", ASK),
        ("pipelines/stop.yaml", STOP),
    ];
    let small = Small::serve(&files).await?;
    for path in ["/ask", "/stop"] {
        assert_eq!(small.ask("POST", path, None, "{\"n\":1}").await?.status, 202);
    }
    let of = |value: &Value, member: &str| value[member].as_str().unwrap_or_default().to_owned();
    let wait = listed(&small, "waits", "").await?;
    let parked = listed(&small, "runs", "parked").await?;
    Ok(Scene {
        waits: of(&wait, "run"),
        wait: of(&wait, "wait"),
        parked: of(&parked, "run"),
        small,
    })
}

/// Asks for what cannot be had.
async fn check(scene: &Scene) -> Result<(), Error> {
    let other = format!("sha256:{}", "0".repeat(64));
    let (waits, wait) = (&*scene.waits, &*scene.wait);
    let cases: &[(&[&str], &str, &[&str])] = &[
        (
            &["runs", "resume", waits, "--reason", "r"],
            "error[D0502]",
            &["is not parked", waits],
        ),
        (
            &["runs", "skip", waits, "--reason", "r"],
            "error[D0502]",
            &["`dragoman runs cancel`", "`dragoman runs show`"],
        ),
        (
            &["waits", "answer", wait, "perhaps"],
            "error[D0503]",
            &["`perhaps`", "ship, refuse"],
        ),
        (
            &["waits", "answer", wait, "ship", "--shown", &other],
            "error[D0504]",
            &["look again"],
        ),
        (
            &["runs", "skip", "00000000", "--reason", "r"],
            "error[unknown]",
            &["no run 00000000"],
        ),
    ];
    for (arguments, code, words) in cases {
        let said = scene.small.dragoman(arguments).await?;
        refused(&said, 1, code, words);
        assert!(!said.err.contains("]: D0"), "one code is enough: {}", said.err);
    }
    Ok(())
}

#[tokio::test]
async fn a_run_that_waits_is_given_up() -> Result<(), Error> {
    let scene = scene().await?;
    let cancel = ["runs", "cancel", &scene.waits, "--reason", "sent by mistake"];
    let said = scene.small.dragoman(&cancel).await?;
    assert_eq!(
        (said.code, said.out.contains("cancel: done")),
        (Some(0), true),
        "{}",
        said.err
    );
    let shown = scene.small.dragoman(&["runs", "show", &scene.waits]).await?.out;
    assert!(
        shown.contains("CANCELLED") && shown.contains("sent by mistake"),
        "{shown}"
    );
    let open = scene.small.dragoman(&["waits", "list", "--json"]).await?.out;
    assert!(!open.contains(&scene.wait), "{open}");
    refused(&scene.small.dragoman(&cancel).await?, 1, "error[D0502]", &["has ended"]);
    Ok(())
}

#[tokio::test]
async fn a_refusal_has_its_own_code_with_a_server_and_without() -> Result<(), Error> {
    let mut scene = scene().await?;
    check(&scene).await?;
    let bearer = format!("Bearer {}", scene.small.token()?);
    let shown = format!("sha256:{}", "0".repeat(64));
    let (waits, wait) = (&scene.waits, &scene.wait);
    for (path, body, status, code) in [
        (
            format!("/v1/runs/{waits}/resume"),
            json!({ "reason": "r" }),
            409,
            "D0502",
        ),
        (
            format!("/v1/waits/{wait}"),
            json!({ "answer": { "answer": "ship" }, "shown": shown }),
            409,
            "D0504",
        ),
        (
            format!("/v1/waits/{wait}"),
            json!({ "answer": { "answer": "ship" } }),
            400,
            "D0936",
        ),
        (
            "/v1/runs/00000000/resume".into(),
            json!({ "reason": "r" }),
            404,
            "unknown",
        ),
    ] {
        let answer = scene.small.ask("POST", &path, Some(&bearer), &body.to_string()).await?;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{}",
            answer.body
        );
        assert!(
            !answer.json()["detail"].as_str().unwrap_or("D0").starts_with("D0"),
            "{}",
            answer.body
        );
    }
    scene.small.server.terminate()?;
    scene.small.server.wait(PATIENCE).await?;
    check(&scene).await
}

#[tokio::test]
async fn a_run_whose_version_is_gone_from_the_store_stays_where_it_is() -> Result<(), Error> {
    let mut scene = scene().await?;
    scene.small.server.terminate()?;
    scene.small.server.wait(PATIENCE).await?;
    // Somebody edits the pipeline, and somebody else tidies the store.
    scene
        .small
        .site
        .write("pipelines/stop.yaml", STOP.replace("Stops.", "Stops again."))?;
    let store = rusqlite::Connection::open(scene.small.site.file("store/journal.db"))?;
    assert!(store.execute("DELETE FROM version", [])? > 0);
    drop(store);
    let resume = ["runs", "resume", &scene.parked, "--reason", "r"];
    let said = scene.small.dragoman(&resume).await?;
    refused(&said, 1, "error[D0506]", &[&scene.parked, "put its plugins back"]);
    let listed = scene.small.dragoman(&["runs", "list", "--status", "parked"]).await?;
    assert!(listed.out.contains(&scene.parked), "{}", listed.out);
    Ok(())
}

#[tokio::test]
async fn a_server_that_goes_away_is_told_from_one_that_refuses() -> Result<(), Error> {
    let mut scene = scene().await?;
    let password = scene.small.site.file("password");
    let made = std::process::Command::new("mkfifo").arg(&password).status()?;
    assert!(made.success(), "a pipe can be made");
    let launch = |password: &str| -> Result<Launch, Error> {
        let arguments = ["runs", "resume", &scene.parked, "--reason", "r", "--user", "olga"];
        let launch = Launch::new(dragoman()?)
            .args(arguments)
            .args(["--password-file", password]);
        Ok(launch.folder(scene.small.site.path()).env("NO_COLOR", "1"))
    };
    let gone = launch("gone")?.run(PATIENCE).await?;
    refused(
        &gone,
        1,
        "error[D0972]",
        &["`file:gone` cannot be read", "No such file"],
    );
    let mut asks = launch("password")?.start()?;
    // Once somebody reads the password the server has been found; and then it dies.
    let mut writer = eventually("the password is asked for", PATIENCE, async || {
        let mut pipe = std::fs::OpenOptions::new();
        pipe.write(true).custom_flags(NO_WAITING);
        pipe.open(&password).map_err(|error| error.to_string())
    })
    .await?;
    scene.small.server.kill().await?;
    std::io::Write::write_all(&mut writer, b"secret\n")?;
    drop(writer);
    asks.line("the server is missed", PATIENCE, |stream, line| {
        (stream == Stream::Err && line.contains("error[D0919]")).then_some(())
    })
    .await?;
    asks.line("what to do is said", PATIENCE, |_, line| {
        line.contains("= help: whether it did what was asked is not known")
            .then_some(())
    })
    .await?;
    asks.wait(PATIENCE).await?;
    Ok(())
}

//! A site that is edited while it is served: nothing is lost, nothing is mixed, and what is wrong changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::small::guest;
use dragoman_acceptance::{Error, Small};
use dragoman_support::{eventually, http};
use serde_json::Value;

/// So often the site is edited under load.
const EDITS: u32 = 200;
/// Clients that send all the time.
const CLIENTS: u32 = 6;

const SITE: &str = "
dragoman: 1
site: edited
listen: 127.0.0.1:0
store: { sqlite: store }
connections: { echo: { plugin: echo } }
senders: { anybody: { none: true } }
";

/// A pipeline that says its edition at every step.
fn flow(edition: u32) -> String {
    format!(
        "
dragoman: 1
pipeline: flow
summary: Says its edition at each step.
on:
  - id: hook
    http: {{ path: /flow, from: anybody, reply: replied }}
key: cast(trigger.message, \"echo.echo\").text
steps:
  - {{ id: one, call: echo.echo, with: {{ text: \"{edition}\" }} }}
  - {{ id: two, call: echo.stamp, with: {{ text: \"{edition}\" }} }}
  - {{ id: three, call: echo.tell, with: {{ text: \"{edition}\" }} }}
output: {{ one: =steps.one.text, two: =steps.two.text, three: =steps.three.text }}
"
    )
}

/// The test guest under another digest: a component may carry any sections that mean nothing.
fn plugin(edition: u32) -> Result<Vec<u8>, Error> {
    let mut bytes = std::fs::read(guest())?;
    let text = format!("{}", edition % 4);
    bytes.extend([0, 9 + u8::try_from(text.len())?, 8]);
    bytes.extend(b"a-number");
    bytes.extend(text.as_bytes());
    Ok(bytes)
}

/// Replaces a file as a whole, as a package manager does.
fn replace(small: &Small, name: &str, bytes: &[u8]) -> Result<(), Error> {
    let beside = small.site.write(&format!("{name}.new"), bytes)?;
    Ok(std::fs::rename(beside, small.site.file(name))?)
}

/// What a client has seen: how many answers, and those that were not as they should be.
#[derive(Default)]
struct Seen {
    answers: u64,
    wrong: Vec<String>,
}

/// Sends messages until told to stop, each when the one before was answered.
async fn client(address: String, number: u32, over: Arc<AtomicBool>) -> Seen {
    let mut seen = Seen::default();
    let Ok(client) = http::client() else { return seen };
    while !over.load(Ordering::Relaxed) {
        let body = format!("{{\"text\":\"{number}-{}\",\"lines\":[]}}", seen.answers);
        let sent = client.post(format!("{address}/flow")).body(body).send().await;
        let (status, text) = match sent {
            Ok(answer) => (answer.status().as_u16(), answer.text().await.unwrap_or_default()),
            Err(error) => (0, format!("{error:?}")),
        };
        seen.answers += 1;
        let said: Value = serde_json::from_str(&text).unwrap_or_default();
        if status != 200 || said["one"] != said["two"] || said["two"] != said["three"] || !said["one"].is_string() {
            seen.wrong.push(format!("{status} {text}"));
        }
    }
    seen
}

fn number(status: &Value) -> u64 {
    status["site"]["number"].as_u64().unwrap_or_default()
}

/// One edit, by its number: a pipeline, a plugin, the site file, or something that is wrong. It is noticed by the server
/// itself, or the server is asked to look.
async fn edit(small: &Small, turn: u32) -> Result<(), Error> {
    let before = number(&small.status().await?);
    let wrong = turn % 16 == 15;
    match turn % 4 {
        _ if wrong => drop(
            small
                .site
                .write("pipelines/flow.yaml", flow(turn).replace("steps.two", "steps.too"))?,
        ),
        0 | 2 => drop(small.site.write("pipelines/flow.yaml", flow(turn))?),
        1 => replace(small, "plugins/echo.wasm", &plugin(turn / 4)?)?,
        _ => drop(small.site.write(
            "dragoman.yaml",
            format!("{SITE}values: {{ turn: {turn} }}\nledgers: {{ ledger-{turn}: {{}} }}\n"),
        )?),
    }
    if turn.is_multiple_of(3) {
        let reload = small.dragoman(&["reload"]).await?;
        let expected = if wrong { (1, "did you mean") } else { (0, "taken") };
        assert_eq!(reload.code, Some(expected.0), "{turn}: {}{}", reload.out, reload.err);
    }
    if wrong {
        let kept = small
            .until("the mistake is told", |s| {
                (!s["site"]["refused"].is_null()).then(|| number(s))
            })
            .await?;
        assert_eq!(kept, before, "what is wrong changes nothing");
        small.site.write("pipelines/flow.yaml", flow(turn))?;
    }
    small
        .until("the edit is served", |s| {
            (number(s) > before && s["site"]["refused"].is_null()).then_some(())
        })
        .await
}

/// Every run has one version, and every call of it was made with the plugin of that version.
fn unmixed(small: &Small) -> Result<(usize, usize), Error> {
    let store = rusqlite::Connection::open(small.site.file("store/journal.db"))?;
    let mut plugins: BTreeMap<String, Value> = BTreeMap::new();
    let mut versions = store.prepare("SELECT lower(hex(digest)), bytes FROM version")?;
    let mut rows = versions.query([])?;
    while let Some(row) = rows.next()? {
        if let Ok(edition) = serde_json::from_slice::<Value>(&row.get::<_, Vec<u8>>(1)?) {
            let digest = format!("sha256:{}", row.get::<_, String>(0)?);
            plugins.insert(digest, edition["plugins"]["echo"].clone());
        }
    }
    let mut runs: BTreeMap<String, Value> = BTreeMap::new();
    let mut entries = store.prepare("SELECT lower(hex(run)), header FROM entry ORDER BY position")?;
    let mut rows = entries.query([])?;
    while let Some(row) = rows.next()? {
        let header: Value = serde_json::from_str(&row.get::<_, String>(1)?)?;
        let of = &header["versions"];
        let known = runs.entry(row.get(0)?).or_insert_with(|| of["pipeline"].clone());
        assert_eq!(*known, of["pipeline"], "a run on two versions: {header}");
        if !of["plugin"].is_null() {
            let pinned = &plugins[of["pipeline"].as_str().unwrap_or_default()];
            assert_eq!(*pinned, of["plugin"], "a call with another plugin: {header}");
        }
    }
    let different: std::collections::BTreeSet<String> = runs.values().map(Value::to_string).collect();
    Ok((runs.len(), different.len()))
}

#[tokio::test]
async fn two_hundred_edits_under_load() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/flow.yaml", &flow(0))]).await?;
    let over = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|number| tokio::spawn(client(small.address.clone(), number, over.clone())))
        .collect();
    let mut edited = Ok(());
    for turn in 1..=EDITS {
        edited = edit(&small, turn).await;
        if edited.is_err() {
            break;
        }
    }
    over.store(true, Ordering::Relaxed);
    let mut answers = 0;
    for client in clients {
        let seen = client.await?;
        assert_eq!(seen.wrong, Vec::<String>::new());
        answers += seen.answers;
    }
    edited?;
    let (runs, versions) = unmixed(&small)?;
    println!("{answers} answers over {EDITS} edits, {runs} runs on {versions} versions");
    assert_eq!(u64::try_from(runs)?, answers, "each message is one run");
    assert!(versions > 50, "the runs were not on many versions: {versions}");
    let audit = small.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

/// Posts to a path: the status of the answer.
async fn post(small: &Small, path: &str, authorization: Option<&str>) -> Result<u16, Error> {
    Ok(small
        .ask("POST", path, authorization, "{\"text\":\"1\",\"lines\":[]}")
        .await?
        .status)
}

/// A pipeline with these triggers.
fn listening(name: &str, on: &str) -> String {
    format!(
        "dragoman: 1\npipeline: {name}\nsummary: Listens.\non: [{on}]\nsteps:\n  - {{ id: told, call: second.echo, with: {{ text: hello }} }}\n"
    )
}

#[tokio::test]
async fn what_listens_comes_and_goes_with_the_files() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/flow.yaml", &flow(0))]).await?;
    assert_eq!(post(&small, "/second", None).await?, 404);
    small.site.write("secret", "5ecret")?;
    let more = SITE.replace(
        "echo: { plugin: echo }",
        "echo: { plugin: echo }, second: { plugin: echo }",
    );
    let more = more.replace("none: true }", "none: true }, known: { bearer: file:secret }");
    small.site.write("dragoman.yaml", &more)?;
    let http = "{ id: hook, http: { path: /second, from: known } }";
    let files = "{ id: drop, files: { folder: inbox, match: \"*.json\", settle: 0ms } }";
    small.site.write(
        "pipelines/second.yaml",
        listening("second", &format!("{http}, {files}")),
    )?;
    let has_second = |s: &Value| s["site"]["pipelines"].get("second").is_some();
    small
        .until("the second pipeline is served", |s| has_second(s).then_some(()))
        .await?;
    assert_eq!(post(&small, "/second", None).await?, 401);
    assert_eq!(post(&small, "/second", Some("Bearer 5ecret")).await?, 202);
    small.site.write("inbox/a.json", "{}")?;
    let taken = small.site.file("inbox/taken/a.json");
    eventually("the file is taken", PATIENCE, async || match taken.is_file() {
        true => Ok(()),
        false => Err("it is there".to_owned()),
    })
    .await?;

    // A secret is a part of the site as well.
    small.site.write("secret", "another")?;
    let changed = small.dragoman(&["reload"]).await?;
    assert_eq!(changed.code, Some(0), "{}", changed.err);
    assert_eq!(post(&small, "/second", Some("Bearer 5ecret")).await?, 401);
    assert_eq!(post(&small, "/second", Some("Bearer another")).await?, 202);

    std::fs::remove_file(small.site.file("pipelines/second.yaml"))?;
    small.site.write("dragoman.yaml", SITE)?;
    let leaving = small
        .until("the second pipeline is gone", |s| {
            (!has_second(s)).then(|| s["site"]["leaving"].clone())
        })
        .await?;
    assert_eq!(leaving, serde_json::json!(["second"]));
    assert_eq!(post(&small, "/second", Some("Bearer another")).await?, 404);
    assert_eq!(post(&small, "/flow", None).await?, 200);
    Ok(())
}

#[tokio::test]
async fn an_address_and_a_store_cannot_change_and_a_hangup_reads_anew() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/flow.yaml", &flow(0))]).await?;
    small
        .site
        .write("dragoman.yaml", SITE.replace("127.0.0.1:0", "127.0.0.1:9"))?;
    let reload = small.dragoman(&["reload"]).await?;
    assert_eq!(reload.code, Some(1), "{}", reload.out);
    for word in ["D0930", "`listen` cannot change", "127.0.0.1:0", "not taken"] {
        assert!(reload.err.contains(word), "no `{word}` in {}", reload.err);
    }
    let refused = small
        .until("it is told", |s| s["site"]["refused"].as_object().cloned())
        .await?;
    assert_eq!(refused["diagnostics"][0]["code"], "D0930");
    let bearer = format!("Bearer {}", small.token()?);
    let answer = small.ask("POST", "/v1/reload", Some(&bearer), "").await?;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (422, &"D0931".into()),
        "{}",
        answer.body
    );
    assert_eq!(answer.json()["diagnostics"][0]["code"], "D0930");
    small
        .server
        .line("the log says so", PATIENCE, |_, line| {
            line.contains("D0930").then_some(())
        })
        .await?;
    small.site.write("dragoman.yaml", SITE)?;
    let before = small
        .until("it is served again", |s| {
            s["site"]["refused"].is_null().then(|| number(s))
        })
        .await?;
    let hangup = std::process::Command::new("kill")
        .args(["-HUP", &small.server.id().to_string()])
        .status()?;
    assert!(hangup.success());
    small
        .until("the hangup is heard", |s| (number(s) > before).then_some(()))
        .await?;
    assert_eq!(post(&small, "/flow", None).await?, 200);
    Ok(())
}

//! Commands that only look: beside whoever has the store open, without secrets, plugins or sound pipelines, and without
//! making anything.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::eventually;
use dragoman_support::process::{Launch, TempSite, dragoman};
use serde_json::Value;

use crate::place::{ASK, SITE, after_the_main_job, command, refused};

/// What each of the commands says, as a program reads it.
async fn seen(small: &Small, run: &str) -> Result<Vec<Value>, Error> {
    let commands: [&[&str]; 4] = [
        &["runs", "list", "--json"],
        &["runs", "list", "--status", "completed", "--json"],
        &["waits", "list", "--json"],
        &["runs", "show", run, "--json"],
    ];
    let mut seen = Vec::new();
    for arguments in commands {
        let said = small.dragoman(arguments).await?;
        assert_eq!(said.code, Some(0), "{arguments:?}: {}{}", said.out, said.err);
        seen.push(serde_json::from_str(&said.out)?);
    }
    Ok(seen)
}

#[tokio::test]
async fn what_the_server_tells_is_read_without_it() -> Result<(), Error> {
    let mut small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/ask.yaml", ASK)]).await?;
    for message in ["{\"n\":1}", "{\"n\":2}"] {
        let taken = small.ask("POST", "/ask", None, message).await?;
        assert_eq!(taken.status, 202, "{}", taken.body);
    }
    let (run, wait) = eventually("both wait", PATIENCE, async || {
        let listed = small.dragoman(&["waits", "list", "--json"]).await;
        let listed: Value = serde_json::from_str(&listed.map_err(|e| e.to_string())?.out).map_err(|e| e.to_string())?;
        let text = |name: &str| listed["waits"][1][name].as_str().map(str::to_owned);
        text("run").zip(text("wait")).ok_or(listed.to_string())
    })
    .await?;
    let answered = small.dragoman(&["waits", "answer", &wait, "ship"]).await?;
    assert_eq!(answered.code, Some(0), "{}", answered.err);
    eventually("one has ended", PATIENCE, async || {
        let listed = small.dragoman(&["runs", "list", "--status", "completed"]).await;
        let listed = listed.map_err(|e| e.to_string())?.out;
        listed.contains(&run[..8]).then_some(()).ok_or(listed)
    })
    .await?;
    let served = seen(&small, &run).await?;
    assert_eq!(served[1]["runs"].as_array().map(Vec::len), Some(1), "{served:?}");
    assert_eq!(served[2]["waits"].as_array().map(Vec::len), Some(1), "{served:?}");
    small.server.terminate()?;
    small.server.wait(PATIENCE).await?;
    // From here on nothing could run: a secret is gone, a pipeline is broken, and somebody has the store.
    let broken = format!("{SITE}users: {{ register: {{ roles: [viewer], token: file:gone.token }} }}\n");
    small.site.write("dragoman.yaml", broken)?;
    small
        .site
        .write("pipelines/broken.yaml", "dragoman: 1\npipeline: broken\nsteps: 7\n")?;
    let owner = std::fs::File::open(small.site.file("store/lock"))?;
    owner.lock()?;
    assert_eq!(seen(&small, &run).await?, served);
    let gone = small.dragoman(&["runs", "show", "00000000"]).await?;
    refused(&gone, 1, "error[unknown]", &["there is no run 00000000"]);
    Ok(())
}

/// A wait that nobody answers, and rounds that are over in time.
const LATE: &str = "
dragoman: 1
pipeline: late
summary: Waits for somebody, and goes on without them.
on: [{ id: hook, http: { path: /late, from: anybody } }]
steps:
  - id: rounds
    repeat: { every: 1s, for: 1h, until: round > 1, steps: [{ id: nap, sleep: 1ms }] }
  - id: officer
    wait: { decision: ship-or-refuse, answers: [ship, refuse], show: [this], roles: [approver], for: 1s }
    on_timeout: { stop: { reason: nobody came } }
";

#[tokio::test]
async fn a_wait_that_ran_into_its_deadline_is_told_as_that() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/late.yaml", LATE)]).await?;
    let taken = small.ask("POST", "/late", None, "{}").await?;
    let run = taken.json()["runs"][0]["run"].as_str().unwrap_or_default().to_owned();
    let told = eventually("the run has ended", PATIENCE, async || {
        let told = small
            .dragoman(&["runs", "show", &run])
            .await
            .map_err(|e| e.to_string())?;
        if told.out.contains("STOPPED") {
            Ok(told.out)
        } else {
            Err(told.out + &told.err)
        }
    })
    .await?;
    for words in [
        "nobody answered until 2",
        "; the way of the deadline is taken",
        "goes round until 2",
    ] {
        assert!(told.contains(words), "no `{words}` in {told}");
    }
    assert!(!told.contains("chosen: "), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_store_that_is_in_use_for_a_moment_is_waited_for() -> Result<(), Error> {
    let small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/ask.yaml", ASK)]).await?;
    let mut server = small.server;
    server.terminate()?;
    server.wait(PATIENCE).await?;
    let owner = std::fs::File::open(small.site.file("store/lock"))?;
    owner.lock()?;
    // It is waited for as a server that is starting is, and then given up.
    small.site.write("message.json", "{}")?;
    let run = command(small.site.path(), &["run", "ask", "--trigger", "message.json"]).await?;
    refused(&run, 1, "D0706", &["in use", "it may be starting: try again"]);
    let launch = Launch::new(dragoman()?)
        .args(["waits", "answer", "00000000", "ship"])
        .folder(small.site.path());
    let mut answer = launch.start()?;
    // It comes to the lock before or after this: both times it goes on.
    owner.unlock()?;
    answer
        .line("there is no such wait", PATIENCE, |_, line| {
            line.contains("error[unknown]").then_some(())
        })
        .await?;
    answer.wait(PATIENCE).await?;
    let reload = command(small.site.path(), &["reload"]).await?;
    refused(&reload, 1, "D0908", &["nothing serves this site"]);
    Ok(())
}

#[tokio::test]
async fn where_there_is_no_store_none_is_made() -> Result<(), Error> {
    let site = TempSite::new()?;
    site.write("dragoman.yaml", SITE)?;
    let commands: [&[&str]; 3] = [&["runs", "list"], &["runs", "show", "0"], &["waits", "list"]];
    for arguments in commands {
        let said = command(site.path(), arguments).await?;
        refused(&said, 1, "D0701", &["there is no store", "dragoman serve"]);
        assert!(!site.file("store").exists(), "{arguments:?} made a store");
    }
    Ok(())
}

#[tokio::test]
async fn a_trail_that_is_gone_is_told_by_its_outside_heads() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let (store, heads) = (country.folder().join("store"), country.folder().join("heads"));
    std::fs::remove_dir_all(&store)?;
    for arguments in [&["serve"][..], &["audit", "verify"]] {
        let said = country.dragoman(arguments).await?;
        refused(&said, 1, "D0720", &["the trail is gone", "heads.jsonl"]);
        assert!(!store.exists(), "{arguments:?} made a store in its place");
    }
    // Somebody begins another one all the same: its keys are not those that signed the heads.
    let aside = country.folder().join("aside");
    std::fs::rename(&heads, &aside)?;
    let begun = country.dragoman(&["run", "none", "--trigger", "dragoman.yaml"]).await?;
    refused(&begun, 1, "D0903", &["no pipeline `none`"]);
    assert!(store.exists());
    std::fs::rename(&aside, &heads)?;
    let said = country.dragoman(&["audit", "verify"]).await?;
    refused(&said, 1, "D0721", &["heads.jsonl, line 1", "another installation"]);
    Ok(())
}

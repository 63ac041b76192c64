//! Commands that only look: beside whoever has the store open, without secrets, plugins or sound pipelines, and without
//! making anything.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::eventually;
use dragoman_support::process::TempSite;
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
    refused(&gone, 1, "D0901", &["there is no run 00000000"]);
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
    refused(&begun, 1, "D0901", &["no pipeline `none`"]);
    assert!(store.exists());
    std::fs::rename(&aside, &heads)?;
    let said = country.dragoman(&["audit", "verify"]).await?;
    refused(&said, 1, "D0721", &["heads.jsonl, line 1", "another installation"]);
    Ok(())
}

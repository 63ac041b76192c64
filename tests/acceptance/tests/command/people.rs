//! Who acted, as the trail keeps it: the user of the operating system, whatever the environment and the command say.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Error, Small};
use dragoman_support::eventually;
use dragoman_support::process::Finished;
use serde_json::Value;

use crate::place::{ASK, SITE};

/// The command as somebody who sets every name that the environment has.
async fn as_minister(small: &Small, arguments: &[&str]) -> Result<Finished, Error> {
    let names = [("USER", "minister"), ("LOGNAME", "minister"), ("USERNAME", "minister")];
    small.dragoman_with(arguments, &names).await
}

/// The only open wait.
async fn the_wait(small: &Small) -> Result<String, Error> {
    let found = eventually("it waits", PATIENCE, async || {
        let listed = small.dragoman(&["waits", "list", "--json"]).await;
        let listed = listed.map_err(|e| e.to_string())?;
        let listed: Value = serde_json::from_str(&listed.out).map_err(|e| e.to_string())?;
        let id = listed["waits"][0]["wait"].as_str().map(str::to_owned);
        id.ok_or(listed.to_string())
    });
    Ok(found.await?)
}

/// Answers the only wait; the actors of all entries are then in the store's file, which is looked into.
async fn answered(small: &Small, arguments: &[&str]) -> Result<Vec<Value>, Error> {
    let wait = the_wait(small).await?;
    let arguments: Vec<&str> = ["waits", "answer", &*wait, "ship"]
        .into_iter()
        .chain(arguments.iter().copied())
        .collect();
    let said = as_minister(small, &arguments).await?;
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let store = rusqlite::Connection::open_with_flags(
        small.site.file("store/journal.db"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    )?;
    let mut statement = store.prepare("SELECT header FROM entry ORDER BY position")?;
    let headers: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    let mut people = Vec::new();
    for header in headers {
        let header: Value = serde_json::from_str(&header)?;
        if header["actor"]["kind"] == "person" {
            people.push(header["actor"].clone());
        }
    }
    Ok(people)
}

/// What is shown of the run that was answered for somebody else: who did, and for whom.
async fn shown(small: &Small, who: &str) -> Result<(), Error> {
    let listed = small.dragoman(&["runs", "list", "--json"]).await?;
    let listed: Value = serde_json::from_str(&listed.out)?;
    let run = listed["runs"][1]["run"].as_str().ok_or("no run")?;
    let told = small.dragoman(&["runs", "show", run]).await?;
    assert!(told.out.contains(who), "no `{who}` in {}", told.out);
    let told = small.dragoman(&["runs", "show", run, "--json"]).await?;
    let told: Value = serde_json::from_str(&told.out)?;
    let lines = told["timeline"].as_array().ok_or("no timeline")?;
    assert!(lines.iter().any(|line| line["on_behalf_of"] == "boss"), "{told:#}");
    Ok(())
}

#[tokio::test]
async fn the_environment_does_not_say_who_acts() -> Result<(), Error> {
    let mut small = Small::serve(&[("dragoman.yaml", SITE), ("pipelines/ask.yaml", ASK)]).await?;
    let taken = small.ask("POST", "/ask", None, "{\"n\":1}").await?;
    assert_eq!(taken.status, 202, "{}", taken.body);
    let served = answered(&small, &["--as", "boss"]).await?;
    let taken = small.ask("POST", "/ask", None, "{\"n\":2}").await?;
    assert_eq!(taken.status, 202, "{}", taken.body);
    the_wait(&small).await?;
    small.server.terminate()?;
    small.server.wait(PATIENCE).await?;
    let alone = answered(&small, &[]).await?;
    let (first, last) = (
        served.last().ok_or("nobody answered")?,
        alone.last().ok_or("nobody answered")?,
    );
    assert_eq!(first["authentication"], "local_token", "{first}");
    assert_eq!(first["on_behalf_of"], "boss", "{first}");
    assert_eq!(last["authentication"], "os_user", "{last}");
    assert_eq!(last["on_behalf_of"], Value::Null, "{last}");
    assert_eq!(first["id"], last["id"], "it is one user of this machine");
    shown(
        &small,
        &format!("[{} for boss]", first["id"].as_str().unwrap_or_default()),
    )
    .await?;
    for person in &alone {
        assert!(
            !["minister", "boss", "tester"].contains(&person["id"].as_str().unwrap_or_default()),
            "{person}"
        );
    }
    Ok(())
}

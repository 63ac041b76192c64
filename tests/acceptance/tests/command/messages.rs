//! What `run` refuses to take, and how the log is written.

use dragoman_acceptance::Error;
use dragoman_acceptance::country::PATIENCE;
use dragoman_support::process::{Launch, TempSite, dragoman};

use crate::place::{command, refused};

const SITE: &str = "
dragoman: 1
site: small
listen: 127.0.0.1:0
store: { sqlite: store }
senders: { anybody: { none: true } }
limits: { message: 1KiB }
";

const TAKE: &str = "
dragoman: 1
pipeline: take
summary: Takes a message.
on: [{ id: hook, http: { path: /take, from: anybody } }]
steps: [{ sleep: 1s }]
";

fn site() -> Result<TempSite, Error> {
    let site = TempSite::new()?;
    site.write("dragoman.yaml", SITE)?;
    site.write("pipelines/take.yaml", TAKE)?;
    Ok(site)
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_run_by_hand_either() -> Result<(), Error> {
    let site = site()?;
    site.write("large.json", format!("[\"{}\"]", "x".repeat(1021)))?;
    let said = command(site.path(), &["run", "take", "--trigger", "large.json"]).await?;
    refused(&said, 1, "D0801", &["large.json", "1024 bytes", "limits"]);
    assert!(!site.file("store").exists(), "nothing of it is kept");
    site.write("fits.json", format!("[\"{}\"]", "x".repeat(1020)))?;
    let said = command(site.path(), &["run", "take", "--trigger", "fits.json"]).await?;
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    Ok(())
}

#[tokio::test]
async fn a_log_that_no_terminal_shows_has_no_colours() -> Result<(), Error> {
    let site = site()?;
    let mut server = Launch::new(dragoman()?).args(["serve"]).folder(site.path()).start()?;
    server.address(PATIENCE).await?;
    server.terminate()?;
    server.wait(PATIENCE).await?;
    let log: String = server.output().into_iter().map(|(_, line)| line + "\n").collect();
    assert!(log.contains("stopping: no more messages are taken"), "{log}");
    assert!(!log.contains('\u{1b}'), "{log:?}");
    Ok(())
}

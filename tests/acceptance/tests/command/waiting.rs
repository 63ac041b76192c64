//! `dragoman run` where a run cannot go on for a while: what happens is told, and the terminal is given back.

use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::process::TempSite;

use crate::place::{SITE, command, orderly, site_with, text};

const REST: &str = "
dragoman: 1
pipeline: rest
summary: Rests for an hour.
on: [{ id: hook, http: { path: /rest, from: anybody } }]
steps: [{ id: nap, sleep: 1h }]
";

#[tokio::test]
async fn a_run_that_sleeps_long_is_left_to_the_server() -> Result<(), Error> {
    let site = TempSite::new()?;
    site.write("dragoman.yaml", SITE)?;
    site.write("pipelines/rest.yaml", REST)?;
    site.write("message.json", "{}")?;
    let run = ["run", "rest", "--trigger", "message.json"];
    let said = command(site.path(), &run).await?;
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    for words in ["nap: sleeps until", "has not ended", "dragoman serve"] {
        assert!(said.err.contains(words), "no `{words}` in {}", said.err);
    }
    let list = command(site.path(), &["runs", "list", "--status", "sleeping"]).await?;
    assert!(list.out.contains("rest"), "{}", list.out);
    // The same message is the same run; it says nothing any more, and is not waited for either.
    let again = [&run[..], &["--for", "1s"]].concat();
    let said = command(site.path(), &again).await?;
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    let said = command(site.path(), &[&run[..], &["--for", "soon"]].concat()).await?;
    assert_eq!(said.code, Some(2), "{}{}", said.out, said.err);
    Ok(())
}

#[tokio::test]
async fn a_partner_that_is_away_is_told_as_it_happens() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    // Nobody listens on the port of a listener that is gone.
    let gone = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?;
    site_with(
        &country,
        &format!("{}/", country.register.url()),
        &format!("http://{gone}/"),
    )?;
    let file = country.folder().join("message.xml");
    std::fs::write(&file, case.declaration()?)?;
    let lodged = country
        .dragoman(&["run", "declaration-lodged", "--trigger", text(&file)])
        .await?;
    assert_eq!(lodged.code, Some(0), "{}{}", lodged.out, lodged.err);
    std::fs::write(&file, case.notice("16")?)?;
    let said = country
        .dragoman(&["run", "export-release", "--trigger", text(&file), "--for", "5s"])
        .await?;
    assert_eq!(said.code, Some(3), "{}{}", said.out, said.err);
    for words in [
        "failed for the moment",
        "tries again at",
        "has not ended",
        "dragoman serve",
    ] {
        assert!(said.err.contains(words), "no `{words}` in {}", said.err);
    }
    orderly(&said.err);
    Ok(())
}

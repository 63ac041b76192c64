//! Connectors that do not fit: refused before anything runs, or at the call that needs what was not granted.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::process::TempSite;

use crate::place::{command, plugin, refused, site_with, text};

/// A copy of the echo plugin in which an import has another name of the same length.
fn renamed(folder: &TempSite, from: &str, to: &str) -> Result<String, Error> {
    assert_eq!(from.len(), to.len());
    let mut bytes = std::fs::read(plugin("dragoman-guest-echo"))?;
    let mut found = 0;
    let mut at = 0;
    while at + from.len() <= bytes.len() {
        if bytes[at..].starts_with(from.as_bytes()) {
            bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
            found += 1;
        }
        at += 1;
    }
    assert!(found > 0, "the plugin does not import {from}");
    let path = folder.write("renamed.wasm", bytes)?;
    Ok(text(&path).to_owned())
}

#[tokio::test]
async fn imports_that_are_not_there_are_named_with_versions() -> Result<(), Error> {
    let cases: &[(&str, &str, &str, &[&str])] = &[
        (
            "dragoman:connector/http@0.1.0",
            "dragoman:connector/http@0.3.0",
            "D0604",
            &["needs dragoman:connector 0.3", "this host has 0.1", "rebuild it"],
        ),
        (
            "dragoman:connector/random@0.1.0",
            "wasi:filesystem/preopens@0.2.10",
            "D0603",
            &["wasi:filesystem/preopens"],
        ),
    ];
    for (from, to, code, words) in cases {
        let folder = TempSite::new()?;
        let path = renamed(&folder, from, to)?;
        for arguments in [&["inspect", &path][..], &["call", &path, "echo"]] {
            let arguments: Vec<&str> = ["plugin"].iter().chain(arguments).copied().collect();
            let finished = command(folder.path(), &arguments).await?;
            refused(&finished, 1, code, words);
        }
        folder.write(
            "dragoman.yaml",
            format!("dragoman: 1\nsite: a\npipelines: pipelines\nconnections:\n  shop:\n    plugin: {path}\n"),
        )?;
        folder.write(
            "pipelines/a.yaml",
            "dragoman: 1\npipeline: a\non:\n  - id: by-hand\n    manual: {}\nsteps:\n  - call: shop.echo\n    with: { text: a }\n",
        )?;
        let checked = command(folder.path(), &["check"]).await?;
        refused(&checked, 1, code, words);
        assert!(checked.err.contains("dragoman.yaml:6:13"), "{}", checked.err);
    }
    Ok(())
}

#[tokio::test]
async fn files_that_are_no_plugin_are_refused() -> Result<(), Error> {
    let folder = TempSite::new()?;
    let whole = std::fs::read(plugin("dragoman-guest-echo"))?;
    let half = folder.write("half.wasm", &whole[..whole.len() / 2])?;
    let none = folder.write("none.wasm", "no plugin")?;
    for path in [half, none] {
        let finished = command(folder.path(), &["plugin", "inspect", text(&path)]).await?;
        refused(&finished, 1, "D0602", &[text(&path)]);
    }
    Ok(())
}

#[tokio::test]
async fn what_was_not_granted_parks_the_run_with_a_sentence() -> Result<(), Error> {
    let mut country = Country::new(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    site_with(&country, "partner-CH:", "partner-FR:")?;
    country.serve().await?;
    country.lodge(&case).await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.notify(&case, "16").await?, 202);
    let runs = country.at_rest(PATIENCE).await?;
    let parked: Vec<&str> = runs
        .iter()
        .filter(|r| r["status"] == "parked")
        .filter_map(|r| r["note"].as_str())
        .collect();
    assert!(
        parked.iter().any(|n| n.contains("bind the endpoint `partner-CH`")),
        "{parked:?}"
    );
    assert_eq!(country.count("endorsed", None), (2, 1), "the endorsement stands");
    assert_eq!(country.count("used", None).0, 0, "{:?}", country.facts());
    Ok(())
}

#[tokio::test]
async fn an_endpoint_that_nobody_bound_is_warned_of() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let site = std::fs::read_to_string(country.folder().join("dragoman.yaml"))?;
    let at = site.find("  species:").ok_or("no connection species")?;
    let end = site.find("senders:").ok_or("no senders")?;
    let without = format!(
        "{}  species:\n    plugin: species-plus\n\n{}",
        &site[..at],
        &site[end..]
    );
    std::fs::write(country.folder().join("dragoman.yaml"), without)?;
    let checked = country.dragoman(&["check"]).await?;
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    assert!(checked.err.contains("warning[D0916]"), "{}", checked.err);
    for words in [
        "endpoint `api`, which is not bound",
        "pipelines/export-release/pipeline.yaml:",
        "this step calls it",
    ] {
        assert!(checked.err.contains(words), "no `{words}` in {}", checked.err);
    }
    Ok(())
}

#[tokio::test]
async fn a_secret_that_is_missing_is_named() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    // Without the country's environment.
    let served = command(country.folder(), &["serve"]).await?;
    refused(&served, 1, "D0914", &["PERMITS_TOKEN", "set the environment variable"]);
    for name in ["PARTNER_CH_TOKEN", "SPECIES_TOKEN", "CUSTOMS_TOKEN"] {
        assert!(served.err.contains(name), "all at once: {}", served.err);
    }
    let checked = command(country.folder(), &["check"]).await?;
    assert_eq!(checked.code, Some(0), "a check needs no secret: {}", checked.err);
    Ok(())
}

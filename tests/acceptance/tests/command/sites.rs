//! Sites that cannot be loaded, and hosts that cannot start: said with a code, at its place, with what to do.

use std::path::PathBuf;
use std::time::SystemTime;

use dragoman_acceptance::Error;
use dragoman_acceptance::country::PATIENCE;
use dragoman_support::process::{Launch, TempSite, dragoman};

use crate::place::{ASK, SITE, command, command_with, orderly, plugin, refused, text};

/// What is written into a site, the code of what is wrong, the place, and words.
type Case = (
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
    &'static [&'static str],
);

const CASES: &[Case] = &[
    (
        &[
            ("dragoman.yaml", "connections: { shop: { plugin: shp } }\n"),
            ("plugins/shop.wasm", ""),
        ],
        "D0911",
        "dragoman.yaml:7:32",
        &["there is no plugin `shp`", "plugins/shp.wasm", "write `shop`"],
    ),
    (
        &[("dragoman.yaml", "connections: { shop: { plugin: ./shop.wasm } }\n")],
        "D0911",
        "dragoman.yaml:7:32",
        &["there is no plugin `./shop.wasm`", "= help: "],
    ),
    (
        &[("pipelines/again/pipeline.yaml", ASK)],
        "D0913",
        "pipelines/ask.yaml:3:11",
        &[
            "two pipelines are called `ask`",
            "the other one",
            "give one of them another name",
        ],
    ),
    (
        &[
            ("dragoman.yaml", "pipelines: flows\n"),
            ("flows/README.md", "None yet."),
        ],
        "D0918",
        "dragoman.yaml:7:12",
        &["there is no pipeline in", "flows", "NAME/pipeline.yaml"],
    ),
    (
        &[(
            "dragoman.yaml",
            "users: { ada: { roles: [viewer], token: credential:../token } }\n",
        )],
        "D0104",
        "dragoman.yaml:7:41",
        &["cannot be the name of a credential", "`file:PATH`"],
    ),
];

#[tokio::test]
async fn what_keeps_a_site_from_being_loaded_is_said_at_its_place() -> Result<(), Error> {
    for (files, code, place, words) in CASES {
        let site = TempSite::new()?;
        site.write("pipelines/ask.yaml", ASK)?;
        site.write("dragoman.yaml", SITE)?;
        for (name, content) in *files {
            let before = if *name == "dragoman.yaml" { SITE } else { "" };
            site.write(name, format!("{before}{content}"))?;
        }
        for arguments in ["check", "serve"] {
            let said = command(site.path(), &[arguments]).await?;
            refused(&said, 1, &format!("error[{code}]"), words);
            assert!(said.err.contains(&format!("{place}\n")), "not at {place}: {}", said.err);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_site_without_a_store_is_checked_with_what_was_compiled_before() -> Result<(), Error> {
    let (site, caches) = (TempSite::new()?, TempSite::new()?);
    site.write("pipelines/ask.yaml", ASK)?;
    site.write(
        "dragoman.yaml",
        format!("{SITE}connections: {{ echo: {{ plugin: echo }} }}\n"),
    )?;
    site.write("plugins/echo.wasm", std::fs::read(plugin("dragoman-guest-echo"))?)?;
    // Compiling writes a file anew: what is there, and since when, tells whether it was done again.
    let kept = || -> Result<Vec<(PathBuf, SystemTime)>, Error> {
        let mut files = Vec::new();
        for file in std::fs::read_dir(caches.file("dragoman/plugins"))? {
            let path = file?.path();
            files.push((path.clone(), std::fs::metadata(path)?.modified()?));
        }
        files.sort();
        Ok(files)
    };
    let checked = command_with(caches.path(), site.path(), &["check"]).await?;
    assert_eq!(checked.code, Some(0), "{}", checked.err);
    let first = kept()?;
    let is_code = |(path, _): &&(PathBuf, SystemTime)| path.extension().is_some_and(|e| e == "code");
    assert_eq!(first.iter().filter(is_code).count(), 1, "{first:?}");
    let again = command_with(caches.path(), site.path(), &["check"]).await?;
    assert_eq!(again.code, Some(0), "{}", again.err);
    assert_eq!(kept()?, first, "nothing was compiled again");
    assert!(!site.file("store").exists(), "a check makes no store");
    Ok(())
}

#[tokio::test]
async fn a_host_without_address_space_or_cache_says_so() -> Result<(), Error> {
    let site = TempSite::new()?;
    site.write("dragoman.yaml", SITE)?;
    site.write("pipelines/ask.yaml", ASK)?;
    // Enough for the program and its threads, and not for the pool of instances.
    let confined = Launch::new("sh")
        .args(["-c", "ulimit -v 4000000; exec \"$0\" check", text(&dragoman()?)])
        .folder(site.path())
        .env("XDG_CACHE_HOME", site.file("caches"))
        .env("NO_COLOR", "1");
    let said = confined.run(PATIENCE).await?;
    refused(&said, 1, "error[D0601]", &["GiB of address space", "`ulimit -v`"]);

    site.write("store/cache", "no folder")?;
    let said = command(site.path(), &["serve"]).await?;
    refused(
        &said,
        1,
        "error[D0607]",
        &["store/cache", "this user may write", "= help: "],
    );
    std::fs::remove_file(site.file("store/cache"))?;
    let said = command(site.path(), &["check"]).await?;
    assert_eq!(said.code, Some(0), "{}", said.err);
    orderly(&said.err);
    Ok(())
}

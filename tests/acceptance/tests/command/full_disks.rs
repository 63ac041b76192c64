//! A disk that is full: a small file system of its own, in a name space that needs no privilege. Where the machine does
//! not allow one, the test says so.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Country, Error, Options};
use dragoman_support::process::{Finished, Launch, dragoman};

use crate::place::{orderly, text};

/// Runs the command with its store on a file system of that size.
async fn confined(country: &Country, size: &str, arguments: &str) -> Result<Finished, Error> {
    let script = format!(
        "mount -t tmpfs -o size={size} tmpfs store && cp -r keys-and-cache/. store && chmod -R go-rwx store && \
         exec \"$0\" {arguments}"
    );
    let mut launch = Launch::new("unshare")
        .args(["-rm", "sh", "-c", &script, text(&dragoman()?)])
        .folder(country.folder());
    for name in ["PERMITS_TOKEN", "PARTNER_CH_TOKEN", "SPECIES_TOKEN", "CUSTOMS_TOKEN"] {
        launch = launch.env(name, "test-token");
    }
    Ok(launch.env("NO_COLOR", "1").run(PATIENCE).await?)
}

/// Whether this machine lets us have a file system of our own.
async fn possible(country: &Country) -> bool {
    let launch = Launch::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs -o size=1m tmpfs store"]);
    let tried = launch.folder(country.folder()).run(PATIENCE).await;
    tried.is_ok_and(|t| t.code == Some(0))
}

#[tokio::test]
async fn a_full_disk_is_named_and_nothing_crashes() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    std::fs::create_dir_all(country.folder().join("store"))?;
    std::fs::create_dir_all(country.folder().join("keys-and-cache"))?;
    if !possible(&country).await {
        println!("skipped: needs user name spaces (unshare -rm)");
        return Ok(());
    }
    // From a disk on which not even the tables fit to one that lacks the room for the connectors.
    let mut told = 0;
    for size in ["24k", "200k", "3m"] {
        let finished = confined(&country, size, "serve").await?;
        assert_eq!(finished.code, Some(1), "{size}: {}{}", finished.out, finished.err);
        orderly(&finished.err);
        assert!(finished.err.contains("error[D0"), "{size}: {}", finished.err);
        assert!(finished.err.contains("= help: "), "{size}: {}", finished.err);
        // The system says it with a capital.
        let said = finished.err.to_lowercase();
        told += usize::from(said.contains("disk is full") || said.contains("no space"));
    }
    assert!(told >= 2, "the disk is named in most of them");
    Ok(())
}

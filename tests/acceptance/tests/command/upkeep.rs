//! `dragoman store`: a store is looked through, copied while it is served, put back, and made smaller.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error};
use dragoman_support::process::{Finished, TempSite};
use rusqlite::Connection;
use serde_json::Value;

use crate::bad_stores::damage;
use crate::place::{after_the_main_job, command, refused};

const REASON: [&str; 3] = ["--lose-newer", "--reason", "the disk died, this is the newest copy"];

async fn done(country: &Country, arguments: &[&str]) -> Result<Finished, Error> {
    let finished = country.dragoman(&[&["store"], arguments].concat()).await?;
    assert_eq!(finished.code, Some(0), "{}{}", finished.out, finished.err);
    Ok(finished)
}

async fn denied(country: &Country, arguments: &[&str], code: &str, words: &[&str]) -> Result<(), Error> {
    let finished = country.dragoman(&[&["store"], arguments].concat()).await?;
    refused(&finished, 1, code, words);
    Ok(())
}

/// How many entries the store has.
async fn entries(country: &Country) -> Result<u64, Error> {
    let checked: Value = serde_json::from_str(&done(country, &["check", "--json"]).await?.out)?;
    assert_eq!(checked["findings"], serde_json::json!([]));
    Ok(checked["entries"].as_u64().unwrap_or_default())
}

/// The folder of what a restore moved aside.
fn aside(country: &Country) -> Result<std::path::PathBuf, Error> {
    for entry in std::fs::read_dir(country.folder().join("store"))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with("before-restore-") {
            return Ok(entry.path());
        }
    }
    Err("nothing was moved aside".into())
}

/// More is done after the backup.
async fn go_on(country: &mut Country, number: u32) -> Result<(), Error> {
    let case = Case::with_permits().numbered(number);
    country.issue(&case)?;
    country.serve().await?;
    country.lodge(&case).await?;
    country.notify(&case, "08").await?;
    country.at_rest(PATIENCE).await?;
    country.stop().await
}

fn mode(path: &Path) -> Result<u32, Error> {
    Ok(std::fs::metadata(path)?.permissions().mode() & 0o777)
}

#[tokio::test]
async fn a_store_is_copied_while_it_is_served_and_put_back_after() -> Result<(), Error> {
    let mut country = after_the_main_job().await?;
    let before = entries(&country).await?;
    country.serve().await?;
    denied(&country, &["compact"], "D0706", &["in use by process"]).await?;
    let said = done(&country, &["backup", "copy"]).await?;
    assert!(
        said.out.contains(&format!("backup: copy, {before} entries, whole")),
        "{}",
        said.out
    );
    let copy = country.folder().join("copy");
    assert_eq!((mode(&copy)?, mode(&copy.join("journal.db"))?), (0o700, 0o600));
    assert_eq!(mode(&copy.join("keys/signing.key"))?, 0o600);
    denied(&country, &["backup", "copy"], "D0905", &["is there already"]).await?;
    denied(&country, &["restore", "copy"], "D0706", &["in use by process"]).await?;
    country.stop().await?;

    // Nothing came since: nothing is lost, and nothing need be said.
    let said = done(&country, &["restore", "copy"]).await?;
    assert!(!said.out.contains("lost"), "{}", said.out);
    assert_eq!(entries(&country).await?, before);
    std::fs::remove_dir_all(aside(&country)?)?;

    go_on(&mut country, 7).await?;
    let after = entries(&country).await?;
    assert!(after > before);
    denied(&country, &["restore", "copy"], "D0720", &["less than", "--lose-newer"]).await?;
    assert_eq!(entries(&country).await?, after, "what is refused changes nothing");
    let said = done(&country, &[&["restore", "copy"], &REASON[..]].concat()).await?;
    assert!(
        said.out.contains("lost: it has") && said.out.contains("may be done again"),
        "{}",
        said.out
    );
    assert_eq!(entries(&country).await?, before);
    let note: Value = serde_json::from_str(&std::fs::read_to_string(aside(&country)?.join("restored.json"))?)?;
    assert_eq!(note["reason"], REASON[2]);
    let moved = note["heads"].as_str().unwrap_or_default();
    assert!(
        Path::new(moved).is_file() || country.folder().join(moved).is_file(),
        "{note}"
    );

    // It is served again, and what was moved aside is whole.
    go_on(&mut country, 8).await?;
    let aside = aside(&country)?;
    let audit = country
        .dragoman(&["audit", "verify", "--store", aside.to_str().unwrap_or_default()])
        .await?;
    assert!(
        audit.out.contains(&format!("{after} entries")),
        "{}{}",
        audit.out,
        audit.err
    );
    // Both went on from the backup, each its own way.
    let other = aside.display().to_string();
    denied(&country, &["restore", &other], "D0721", &["another trail"]).await
}

#[tokio::test]
async fn what_is_damaged_is_said_and_a_backup_heals_it() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let before = entries(&country).await?;
    done(&country, &["backup", "copy"]).await?;
    damage(&country.folder().join("store"))?;
    let checked = country.dragoman(&["store", "check"]).await?;
    assert_eq!(checked.code, Some(1), "{}{}", checked.out, checked.err);
    assert!(checked.out.contains("the file is damaged"), "{}", checked.out);
    denied(&country, &["backup", "other"], "D0704", &["the store"]).await?;
    assert!(!country.folder().join("other").exists(), "half a copy has no name");
    denied(&country, &["compact"], "D0704", &[]).await?;

    done(&country, &["restore", "copy"]).await?;
    assert_eq!(entries(&country).await?, before);

    damage(&country.folder().join("copy"))?;
    denied(&country, &["restore", "copy"], "D0704", &["the store"]).await?;
    denied(&country, &["restore", "nowhere"], "D0701", &["no backup"]).await?;
    assert_eq!(entries(&country).await?, before);

    // One that was interrupted is in the way of everybody but itself.
    done(&country, &["backup", "newer", "--without-keys"]).await?;
    std::fs::create_dir(country.folder().join("store/restoring"))?;
    let served = country.dragoman(&["serve"]).await?;
    refused(&served, 1, "D0701", &["interrupted", "dragoman store restore"]);
    done(&country, &["restore", "newer"]).await?;
    assert_eq!(entries(&country).await?, before);
    Ok(())
}

#[tokio::test]
async fn what_a_store_holds_free_is_given_back() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let before = entries(&country).await?;
    let file = country.folder().join("store/journal.db");
    Connection::open(&file)?.execute_batch(
        "CREATE TABLE waste(bytes BLOB); INSERT INTO waste VALUES(zeroblob(4000000)); DROP TABLE waste;",
    )?;
    let said: Value = serde_json::from_str(&done(&country, &["compact", "--json"]).await?.out)?;
    let size = |name: &str| said[name].as_u64().unwrap_or_default();
    assert!(size("before") > size("after") + 3_900_000, "{said}");
    assert_eq!(std::fs::metadata(&file)?.len(), size("after"));
    assert_eq!(entries(&country).await?, before);
    Ok(())
}

#[tokio::test]
async fn a_database_keeps_its_own_files() -> Result<(), Error> {
    let site = TempSite::new()?;
    site.write(
        "dragoman.yaml",
        "dragoman: 1\nsite: small\nstore: { postgres: { url: postgresql://127.0.0.1:1/permits, user: dragoman, folder: store } }\n",
    )?;
    for arguments in [&["backup", "copy"][..], &["restore", "copy"], &["compact"]] {
        let said = command(site.path(), &[&["store"], arguments].concat()).await?;
        refused(&said, 1, "D0939", &["pg_dump --schema=dragoman"]);
    }
    Ok(())
}

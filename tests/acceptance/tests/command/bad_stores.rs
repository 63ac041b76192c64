//! Stores and addresses that cannot be used: said at once, with a code, and nothing is changed.

use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use dragoman_acceptance::{Country, Error, Options};
use rusqlite::Connection;

use crate::place::{after_the_main_job, refused, site_with};

/// Writes other bytes over a part of a file.
fn overwrite(path: &Path, at: u64, length: usize) -> Result<(), Error> {
    let mut file = std::fs::OpenOptions::new().read(true).write(true).open(path)?;
    let mut bytes = vec![0; length];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    for byte in &mut bytes {
        *byte = !*byte;
    }
    file.seek(SeekFrom::Start(at))?;
    file.write_all(&bytes)?;
    Ok(())
}

#[tokio::test]
async fn a_garbled_header_is_refused() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let file = country.folder().join("store/journal.db");
    overwrite(&file, 0, 64)?;
    let before = std::fs::read(&file)?;
    for arguments in [&["serve"][..], &["runs", "list"], &["audit", "verify"]] {
        let finished = country.dragoman(arguments).await?;
        refused(&finished, 1, "D0704", &["journal.db"]);
        assert!(finished.err.contains("= help: "), "{}", finished.err);
    }
    assert!(
        std::fs::read(&file)? == before,
        "the damaged file is evidence, and stays as it is"
    );
    Ok(())
}

/// Flips bytes in the middle of a store's file.
pub(crate) fn damage(store: &Path) -> Result<(), Error> {
    let file = store.join("journal.db");
    let (page, size): (u32, u32) = {
        let connection = Connection::open(&file)?;
        // A page that holds entries, as an auditor's tool would find it.
        let page = connection.query_row("SELECT rootpage FROM sqlite_master WHERE name = 'entry'", [], |r| {
            r.get(0)
        })?;
        let size = connection.query_row("PRAGMA page_size", [], |r| r.get(0))?;
        (page, size)
    };
    overwrite(&file, u64::from(page - 1) * u64::from(size), 512)
}

#[tokio::test]
async fn bytes_flipped_in_the_middle_are_found() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    damage(&country.folder().join("store"))?;
    let verified = country.dragoman(&["audit", "verify"]).await?;
    refused(&verified, 1, "D0704", &[]);
    Ok(())
}

#[tokio::test]
async fn a_store_of_a_newer_version_is_refused() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    Connection::open(country.folder().join("store/journal.db"))?.pragma_update(None, "user_version", 99)?;
    for arguments in [&["serve"][..], &["audit", "verify"]] {
        let finished = country.dragoman(arguments).await?;
        refused(&finished, 1, "D0705", &["format 99", "newer program"]);
    }
    Ok(())
}

#[tokio::test]
async fn a_store_in_use_is_refused_and_the_server_goes_on() -> Result<(), Error> {
    let country = Country::start(&Options::default()).await?;
    let second = country.dragoman(&["serve"]).await?;
    refused(&second, 1, "D0706", &["store"]);
    let worker = country.dragoman(&["worker"]).await?;
    refused(&worker, 1, "D0938", &["one process", "keep the runs in a database"]);
    assert!(country.runs().await?.is_empty(), "the first one serves as before");
    Ok(())
}

#[tokio::test]
async fn a_port_in_use_is_named() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    site_with(&country, "listen: 127.0.0.1:0", &format!("listen: {address}"))?;
    let finished = country.dragoman(&["serve"]).await?;
    refused(
        &finished,
        1,
        "D0915",
        &[&address, "another program listens there", "`listen:`"],
    );
    Ok(())
}

#[tokio::test]
async fn a_store_folder_that_cannot_be_written_is_named() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    // A file where the folder should be: nobody, not even root, can write into it.
    std::fs::write(country.folder().join("occupied"), "a file")?;
    site_with(&country, "store: { sqlite: store }", "store: { sqlite: occupied }")?;
    let finished = country.dragoman(&["serve"]).await?;
    refused(&finished, 1, "D0701", &["occupied"]);
    // A folder on a file system that takes no writes.
    site_with(
        &country,
        "store: { sqlite: occupied }",
        "store: { sqlite: /proc/dragoman }",
    )?;
    let finished = country.dragoman(&["serve"]).await?;
    refused(&finished, 1, "D0701", &["/proc/dragoman"]);
    Ok(())
}

//! A store whose messages are encrypted: what its file shows, who may open it, and how keys come and go.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error};
use serde_json::Value;

use crate::place::{after_the_main_job, command, refused, text};

/// Whose goods they are: it stands in messages alone.
const WORD: &str = "Wisla Leather Works";

/// How often the word stands in the files of a store.
fn found(folder: &Path) -> Result<usize, Error> {
    let mut all = 0;
    for file in std::fs::read_dir(folder)? {
        let path = file?.path();
        if path.is_file() {
            let bytes = std::fs::read(path)?;
            all += bytes.windows(WORD.len()).filter(|at| *at == WORD.as_bytes()).count();
        }
    }
    Ok(all)
}

/// Makes a key as an operator does.
async fn new_key(folder: &Path, name: &str) -> Result<(), Error> {
    let said = command(folder, &["store", "key"]).await?;
    assert_eq!(said.code, Some(0), "{}", said.err);
    let file = folder.join(name);
    std::fs::write(&file, said.out)?;
    Ok(std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600))?)
}

/// Writes which keys the site names; none: it says nothing of encryption.
fn name_keys(folder: &Path, keys: &str) -> Result<(), Error> {
    let file = folder.join("dragoman.yaml");
    let before = std::fs::read_to_string(&file)?;
    let begin = before.find("store: {").ok_or("the site file names no store")?;
    let end = begin + before[begin..].find('\n').ok_or("the store is not one line")?;
    let store = match keys {
        "" => "store: { sqlite: store }".to_owned(),
        keys => format!("store: {{ sqlite: store, encryption: [{keys}] }}"),
    };
    Ok(std::fs::write(
        file,
        format!("{}{store}{}", &before[..begin], &before[end..]),
    )?)
}

async fn done(country: &Country, arguments: &[&str]) -> Result<String, Error> {
    let finished = country.dragoman(arguments).await?;
    assert_eq!(finished.code, Some(0), "{}{}", finished.out, finished.err);
    Ok(finished.out)
}

/// Customs lets go what another declaration has.
async fn go_on(country: &mut Country, number: u32) -> Result<(), Error> {
    let case = Case::with_permits().numbered(number);
    country.issue(&case)?;
    country.serve().await?;
    country.lodge(&case).await?;
    country.notify(&case, "16").await?;
    country.at_rest(PATIENCE).await?;
    country.stop().await
}

#[tokio::test]
async fn a_stolen_store_tells_no_message() -> Result<(), Error> {
    let mut country = after_the_main_job().await?;
    let (folder, store) = (country.folder().to_owned(), country.folder().join("store"));
    assert!(found(&store)? > 0, "this is how it is found");
    assert!(done(&country, &["store", "check"]).await?.contains("not encrypted"));
    refused(
        &country.dragoman(&["store", "encrypt"]).await?,
        1,
        "D0727",
        &["names no key"],
    );

    // From now on messages are encrypted; those from before when somebody says so.
    new_key(&folder, "first.key").await?;
    name_keys(&folder, "file:first.key")?;
    go_on(&mut country, 7).await?;
    assert!(found(&store)? > 0);
    let said = done(&country, &["store", "encrypt"]).await?;
    assert!(said.contains("all of the store is encrypted"), "{said}");
    assert_eq!(found(&store)?, 0);
    go_on(&mut country, 8).await?;
    assert_eq!(found(&store)?, 0);
    assert_eq!(country.count("endorsed", None), (6, 1), "{:?}", country.facts());
    let checked: Value = serde_json::from_str(&done(&country, &["store", "check", "--json"]).await?)?;
    assert_eq!(
        (&checked["findings"], checked["key"].is_string()),
        (&serde_json::json!([]), true)
    );

    // A copy is as its store, and is audited elsewhere with the key alone.
    done(&country, &["store", "backup", "copy"]).await?;
    assert_eq!(found(&folder.join("copy"))?, 0);
    let elsewhere = dragoman_support::process::TempSite::new()?;
    let copy = folder.join("copy");
    let verify = ["audit", "verify", "--store", text(&copy), "--json"];
    refused(
        &command(elsewhere.path(), &verify).await?,
        1,
        "D0726",
        &["none is given"],
    );
    let key = folder.join("first.key");
    let with_key = [&verify[..], &["--encryption-key", text(&key)]].concat();
    let audited = command(elsewhere.path(), &with_key).await?;
    let audited: Value = serde_json::from_str(&audited.out)?;
    let findings = audited["findings"].as_array().ok_or("a list")?;
    assert!(
        findings.iter().all(|finding| finding["code"] == "D0725"),
        "{findings:?}"
    );
    Ok(())
}

#[tokio::test]
async fn keys_come_and_go_and_a_wrong_one_opens_nothing() -> Result<(), Error> {
    let mut country = after_the_main_job().await?;
    let folder = country.folder().to_owned();
    new_key(&folder, "first.key").await?;
    new_key(&folder, "second.key").await?;
    name_keys(&folder, "file:first.key")?;
    done(&country, &["store", "encrypt"]).await?;
    for (keys, code, words) in [
        ("", "D0726", "none is given"),
        ("file:second.key", "D0726", "those given are"),
        ("file:none.key", "D0914", "none.key"),
        ("file:dragoman.yaml", "D0727", "is not 32 bytes"),
        ("file:first.key, file:first.key", "D0727", "is there twice"),
    ] {
        name_keys(&folder, keys)?;
        for asked in [
            &["serve"][..],
            &["runs"],
            &["store", "check"],
            &["audit", "verify"],
            &["store", "backup", "copy"],
        ] {
            refused(&country.dragoman(asked).await?, 1, code, &[words]);
        }
    }
    // A new key comes first, and the old one stays until nothing needs it.
    name_keys(&folder, "file:second.key, file:first.key")?;
    go_on(&mut country, 7).await?;
    name_keys(&folder, "file:second.key")?;
    refused(&country.dragoman(&["serve"]).await?, 1, "D0726", &["those given are"]);
    name_keys(&folder, "file:second.key, file:first.key")?;
    done(&country, &["store", "encrypt"]).await?;
    name_keys(&folder, "file:second.key")?;
    go_on(&mut country, 8).await?;
    assert_eq!(country.count("endorsed", None), (6, 1), "{:?}", country.facts());
    let runs: Value = serde_json::from_str(&done(&country, &["runs", "--json"]).await?)?;
    assert!(runs["runs"].as_array().is_some_and(|runs| runs.len() > 3), "{runs}");
    done(&country, &["store", "check"]).await?;
    Ok(())
}

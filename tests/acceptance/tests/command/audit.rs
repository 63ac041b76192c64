//! `dragoman audit verify`: whatever is taken out of the store, altered, cut off or put back is said.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error};
use dragoman_support::process::TempSite;
use rusqlite::Connection;
use serde_json::Value;

use crate::place::{after_the_main_job, command, refused};

/// What somebody does to the store, and the code of what is found.
const TAMPERED: &[(&str, &str, &str)] = &[
    (
        "a whole run, with everything that was made of it",
        "CREATE TEMP TABLE gone AS SELECT id FROM run WHERE pipeline = 'export-release' AND parent IS NULL LIMIT 1;
         DELETE FROM body WHERE position IN (SELECT position FROM entry WHERE run IN gone);
         DELETE FROM entry WHERE run IN gone;
         DELETE FROM run WHERE id IN gone;",
        "D0710",
    ),
    (
        "one entry",
        "DELETE FROM entry WHERE position = (SELECT max(position) / 2 FROM entry);",
        "D0710",
    ),
    (
        "the tail",
        "CREATE TEMP TABLE cut AS SELECT number, json_extract(text, '$.count') AS entries FROM batch
           ORDER BY number DESC LIMIT 1;
         DELETE FROM body WHERE position IN
           (SELECT position FROM entry ORDER BY position DESC LIMIT (SELECT entries FROM cut));
         DELETE FROM entry WHERE position IN
           (SELECT position FROM entry ORDER BY position DESC LIMIT (SELECT entries FROM cut));
         DELETE FROM batch WHERE number IN (SELECT number FROM cut);",
        "D0720",
    ),
    (
        "a line of a ledger",
        "DELETE FROM ledger_line WHERE rowid_is_first;",
        "D0719",
    ),
    ("an account of a ledger", "DELETE FROM ledger_account;", "D0719"),
    ("how much was taken", "UPDATE ledger_line SET taken = '0';", "D0719"),
    ("a business key", "DELETE FROM once_key;", "D0718"),
    (
        "who did it",
        "UPDATE entry SET header = replace(header, 'customs', 'nobody') WHERE header LIKE '%customs%';",
        "D0711",
    ),
    (
        "what was said",
        "UPDATE body SET bytes = zeroblob(length(bytes)) WHERE position = (SELECT max(position) FROM body);",
        "D0713",
    ),
    (
        "a batch in the middle",
        "DELETE FROM batch WHERE number = (SELECT max(number) / 2 FROM batch);",
        "D0712",
    ),
    (
        "a document",
        "DELETE FROM document WHERE number = (SELECT min(number) FROM document);",
        "D0722",
    ),
    (
        "what a document says",
        "UPDATE document SET bytes = zeroblob(length(bytes)) WHERE number = (SELECT max(number) FROM document);",
        "D0722",
    ),
    ("what runs were made with", "DELETE FROM version;", "D0723"),
    (
        "a wait that nobody asked for",
        "INSERT INTO wait SELECT 'w', id, 'ask', 'endorse-or-refuse', '[]', began, NULL, 'null', content, NULL, NULL, NULL FROM run
           LIMIT 1;",
        "D0724",
    ),
    ("the unit of a ledger", "UPDATE ledger_line SET unit = 'GRM';", "D0719"),
    (
        "what runs began with",
        "UPDATE run SET content = zeroblob(32);",
        "D0717",
    ),
    (
        "how a run ended",
        "UPDATE run SET ending = NULL, standing = 0;",
        "D0717",
    ),
];

/// The site, store and heads of a country in a folder of their own.
pub(crate) fn copied(country: &Country) -> Result<TempSite, Error> {
    let copy = TempSite::new()?;
    copy.copy(&country.folder().join("dragoman.yaml"), "")?;
    for folder in ["store", "heads"] {
        copy.copy_all(&country.folder().join(folder), folder)?;
    }
    crate::place::private(&copy.file("store"))?;
    Ok(copy)
}

/// A country whose runs went on after its store was copied, stopped, and the old copy.
pub(crate) async fn gone_on() -> Result<(Country, TempSite), Error> {
    let mut country = after_the_main_job().await?;
    let old = copied(&country)?;
    country.serve().await?;
    let other = Case::with_permits().numbered(7);
    country.issue(&other)?;
    country.lodge(&other).await?;
    country.at_rest(PATIENCE).await?;
    country.stop().await?;
    Ok((country, old))
}

#[tokio::test]
async fn whatever_is_done_to_the_store_is_found() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let whole = country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(whole.code, Some(0), "{}{}", whole.out, whole.err);
    assert!(
        whole.out.starts_with("audit: ok, ") && whole.out.contains("outside heads agree"),
        "{}",
        whole.out
    );
    for (what, sql, code) in TAMPERED {
        let copy = copied(&country)?;
        let first = "(account, item) IN (SELECT account, item FROM ledger_line LIMIT 1)";
        let sql = sql.replace("rowid_is_first", first);
        Connection::open(copy.file("store/journal.db"))?
            .execute_batch(&sql)
            .map_err(|e| format!("{what}: {e}"))?;
        let verified = command(copy.path(), &["audit", "verify"]).await?;
        assert_eq!(verified.code, Some(1), "{what}: {}{}", verified.out, verified.err);
        assert!(verified.out.contains(&format!("[{code}]")), "{what}: {}", verified.out);
        assert!(verified.out.contains("NOT whole"), "{what}: {}", verified.out);
        let json = command(copy.path(), &["audit", "verify", "--json"]).await?;
        let json: Value = serde_json::from_str(&json.out)?;
        let codes: Vec<&str> = json["findings"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|f| f["code"].as_str())
            .collect();
        assert!(codes.contains(code), "{what}: {codes:?}");
    }
    Ok(())
}

#[tokio::test]
async fn an_old_backup_is_found_by_the_last_outside_head() -> Result<(), Error> {
    let (country, old) = gone_on().await?;
    let heads = country.folder().join("heads/heads.jsonl");
    let heads = heads.to_str().unwrap_or_default();
    let verified = command(old.path(), &["audit", "verify", "--heads", heads]).await?;
    refused(&verified, 1, "[D0720]", &["NOT whole"]);
    // With its own heads the old copy is whole: only the outside head tells.
    let alone = command(old.path(), &["audit", "verify"]).await?;
    assert_eq!(alone.code, Some(0), "{}{}", alone.out, alone.err);
    Ok(())
}

#[tokio::test]
async fn forged_and_foreign_heads_are_refused() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let file = country.folder().join("heads/heads.jsonl");
    let text = std::fs::read_to_string(&file)?;
    let last = text.lines().last().unwrap_or_default();
    let copy = copied(&country)?;
    let mut forged: Value = serde_json::from_str(last)?;
    forged["entries"] = 1.into();
    copy.write("heads/heads.jsonl", format!("{forged}\n"))?;
    let verified = command(copy.path(), &["audit", "verify"]).await?;
    refused(&verified, 1, "D0904", &["line 1", "signature"]);
    copy.write("heads/heads.jsonl", "no head\n")?;
    let verified = command(copy.path(), &["audit", "verify"]).await?;
    refused(&verified, 1, "D0904", &["heads.jsonl", "line 1"]);
    // Heads that are none are not passed over as if all was compared.
    for nothing in ["", " \n", &last[..last.len() / 2]] {
        copy.write("heads/heads.jsonl", nothing)?;
        let verified = command(copy.path(), &["audit", "verify"]).await?;
        refused(&verified, 1, "D0904", &["no whole head"]);
    }
    Ok(())
}

#[tokio::test]
async fn heads_that_nobody_can_check_do_not_agree() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let copy = copied(&country)?;
    let heads = std::fs::read_to_string(copy.file("heads/heads.jsonl"))?;
    let mut unsigned: Value = serde_json::from_str(heads.lines().last().unwrap_or_default())?;
    unsigned["signature"] = "".into();
    let (keys, key) = (copy.file("store/keys"), copy.file("store/keys/signing.key"));
    std::fs::remove_file(&key)?;
    for text in [heads.clone(), format!("{unsigned}\n")] {
        copy.write("heads/heads.jsonl", text)?;
        let verified = command(copy.path(), &["audit", "verify"]).await?;
        refused(
            &verified,
            1,
            "[D0725]",
            &["were not checked", "--key", "whole in themselves"],
        );
        assert!(!verified.out.contains("agree"), "{}", verified.out);
        assert!(!key.exists(), "no key is made to look whole");
    }
    std::fs::remove_dir_all(keys)?;
    let verified = command(copy.path(), &["audit", "verify"]).await?;
    refused(&verified, 1, "[D0725]", &["were not checked"]);
    // What the chain says is said all the same.
    unsigned["batch"] = format!("sha256:{}", "0".repeat(64)).into();
    copy.write("heads/heads.jsonl", format!("{unsigned}\n"))?;
    let verified = command(copy.path(), &["audit", "verify"]).await?;
    refused(&verified, 1, "[D0721]", &["[D0725]", "NOT whole"]);
    Ok(())
}

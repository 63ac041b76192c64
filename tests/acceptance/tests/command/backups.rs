//! A store that the outside heads do not vouch for is not served: one from before, or one that went another way.

use dragoman_acceptance::{Country, Error};
use serde_json::Value;

use crate::audit::gone_on;
use crate::place::refused;

/// Opens the site to run what there is none of: it is refused for that, or before for its store.
async fn opened(country: &Country, code: &str, words: &[&str]) -> Result<(), Error> {
    let said = country.dragoman(&["run", "none", "--trigger", "dragoman.yaml"]).await?;
    refused(&said, 1, code, words);
    Ok(())
}

#[tokio::test]
async fn an_old_backup_is_not_served_without_a_word() -> Result<(), Error> {
    let (country, old) = gone_on().await?;
    opened(&country, "D0903", &["no pipeline `none`"]).await?;

    let store = country.folder().join("store");
    std::fs::remove_dir_all(&store)?;
    std::fs::rename(old.file("store"), &store)?;
    let words = ["older than the heads", "heads.jsonl", "move the file of heads"];
    let said = country.dragoman(&["serve"]).await?;
    refused(&said, 1, "D0720", &words);
    opened(&country, "D0720", &words).await?;

    // What other stores left in the file, and a line that was cut off, say nothing of this one.
    let heads = country.folder().join("heads/heads.jsonl");
    let newer = std::fs::read_to_string(&heads)?;
    let own = std::fs::read_to_string(old.file("heads/heads.jsonl"))?;
    let mut last: Value = serde_json::from_str(newer.lines().last().unwrap_or_default())?;
    last["writer"] = "019b76da-0000-7000-8000-000000000000".into();
    std::fs::write(&heads, format!("{own}{last}\n{}", &newer[..100]))?;
    opened(&country, "D0903", &["no pipeline `none`"]).await?;

    let mut fork: Value = serde_json::from_str(own.lines().last().unwrap_or_default())?;
    fork["batch"] = format!("sha256:{}", "0".repeat(64)).into();
    std::fs::write(&heads, format!("{own}{fork}\n"))?;
    opened(&country, "D0721", &["is not the one that the head of", "heads.jsonl"]).await?;

    // The operator goes on deliberately.
    std::fs::rename(&heads, country.folder().join("heads/aside.jsonl"))?;
    opened(&country, "D0903", &["no pipeline `none`"]).await
}

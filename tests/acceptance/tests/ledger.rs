//! A ledger as an operator keeps it: what was used on paper before counts, what is too much is not endorsed, and what was
//! counted wrongly is given back.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use serde_json::Value;

/// `dragoman ledger` with these words; what it printed, where it ended with this code.
async fn ledger(country: &Country, words: &[&str], code: i32) -> Result<String, Error> {
    let said = country.dragoman(&[&["ledger"], words].concat()).await?;
    assert_eq!(said.code, Some(code), "ledger {words:?}: {}{}", said.out, said.err);
    Ok(said.out + &said.err)
}

/// The words are in a text.
fn has(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "no `{word}` in\n{text}");
    }
}

#[tokio::test]
async fn what_was_used_on_paper_counts_and_is_corrected() -> Result<(), Error> {
    let mut country = Country::start(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    let account = &*format!("PL|{}", case.permits[0]);
    let paper = [
        "adjust",
        "permit-quantity",
        account,
        "--add",
        "A=9999 C62",
        "--key",
        "paper 17",
    ];
    let dry = ledger(&country, &paper, 0).await?;
    has(&dry, &["before", "after", "taken 9999 C62", "nothing was changed"]);
    has(&ledger(&country, &["show"], 0).await?, &["nothing is claimed yet"]);
    let sure = ["--yes", "--reason", "endorsed by hand on 3 May"];
    has(
        &ledger(&country, &[&paper[..], &sure].concat(), 0).await?,
        &["adjusted: run "],
    );
    has(
        &ledger(&country, &[&paper[..], &sure].concat(), 1).await?,
        &["has claimed under the key `paper 17`"],
    );
    let other = [
        "adjust",
        "permit-quantity",
        account,
        "--add",
        "A=1 KGM",
        "--key",
        "paper 18",
    ];
    has(&ledger(&country, &other, 1).await?, &["unit_mismatch"]);
    let unknown = ["adjust", "stocks", account, "--add", "A=1 KGM", "--key", "paper 18"];
    has(
        &ledger(&country, &unknown, 1).await?,
        &["no ledger `stocks`", "permit-quantity"],
    );

    // Customs lets it go: there is not enough left of the first permit, and the second is endorsed.
    country.notify(&case, "16").await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (1, 1), "{:?}", country.facts());
    let history = ledger(&country, &["history", "permit-quantity", account], 0).await?;
    has(
        &history,
        &["paper 17  9999 C62 of A", "adjusted by ", "endorsed by hand on 3 May"],
    );

    // It was a slip. Without a server the command does it itself.
    country.stop().await?;
    let back = ["adjust", "permit-quantity", account, "--give-back", "paper 17"];
    has(&ledger(&country, &back, 0).await?, &["nothing was changed"]);
    let sure = ["--yes", "--reason", "it was 99 of another permit"];
    has(
        &ledger(&country, &[&back[..], &sure].concat(), 0).await?,
        &["adjusted: run "],
    );
    has(
        &ledger(&country, &[&back[..], &sure].concat(), 1).await?,
        &["no claim with the key `paper 17` stands"],
    );
    let shown = ledger(&country, &["show", "permit-quantity", account, "--json"], 0).await?;
    let shown: Value = serde_json::from_str(&shown)?;
    assert_eq!(shown["accounts"][0]["claims"], 0, "{shown}");
    assert_eq!(shown["accounts"][0]["items"][0]["taken"], "0", "{shown}");
    let audit = country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

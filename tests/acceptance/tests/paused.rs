//! A pipeline or a connection is paused, or a partner is down: customs is answered as ever, nobody is called, and all goes
//! on from there.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::faults::{Fault, Rule};
use tokio::time::Instant;

/// The command with these words; what it printed, where it ended with this code.
async fn said(country: &Country, words: &[&str], code: i32) -> Result<String, Error> {
    let said = country.dragoman(words).await?;
    assert_eq!(said.code, Some(code), "{words:?}: {}{}", said.out, said.err);
    Ok(said.out + &said.err)
}

/// A run is held back.
async fn until_held(country: &Country) -> Result<String, Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        for run in country.runs().await? {
            let run = run["run"].as_str().unwrap_or_default().to_owned();
            let shown = said(country, &["runs", "show", &run], 0).await?;
            if shown.contains("is held back") {
                return Ok(shown);
            }
        }
        if Instant::now() > end {
            return Err(format!("nothing is held back: {:?}", country.runs().await?).into());
        }
    }
}

#[tokio::test]
async fn a_paused_connection_holds_back_what_needs_it_also_after_a_restart() -> Result<(), Error> {
    let mut country = Country::start(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    country.at_rest(PATIENCE).await?;
    let pause = ["pause", "--connection", "permits"];
    let without = said(&country, &pause, 1).await?;
    assert!(without.contains("D0906") && without.contains("--reason"), "{without}");
    let reason = ["--reason", "the permit system is moved tonight"];
    let paused = said(&country, &[&pause[..], &reason].concat(), 0).await?;
    assert!(paused.contains("connection `permits` is paused"), "{paused}");
    let again = said(&country, &[&pause[..], &reason].concat(), 0).await?;
    assert!(again.contains("was paused already"), "{again}");
    for number in ["08", "16"] {
        assert_eq!(country.notify(&case, number).await?, 202, "notice {number}");
    }
    let held = until_held(&country).await?;
    assert!(held.contains("connection `permits` is paused"), "{held}");

    country.kill().await?;
    country.serve().await?;
    let list = said(&country, &["pause"], 0).await?;
    assert!(
        list.contains("permits") && list.contains("the permit system is moved tonight"),
        "{list}"
    );
    assert_eq!(country.count("endorsed", None), (0, 0), "{:?}", country.facts());

    let resume = ["resume", "--connection", "permits", "--reason", "it is there again"];
    let resumed = said(&country, &resume, 0).await?;
    assert!(resumed.contains("goes on"), "{resumed}");
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    let list = said(&country, &["pause"], 0).await?;
    assert!(list.contains("nothing is paused"), "{list}");
    country.stop().await?;
    let audit = said(&country, &["audit", "verify"], 0).await?;
    assert!(audit.contains("audit: ok"), "{audit}");
    Ok(())
}

#[tokio::test]
async fn a_pipeline_is_paused_while_nobody_serves() -> Result<(), Error> {
    let mut country = Country::new(&Options::default()).await?;
    let unknown = ["pause", "--pipeline", "export-relase", "--reason", "so"];
    let refused = said(&country, &unknown, 1).await?;
    assert!(refused.contains("no pipeline `export-relase`"), "{refused}");
    let pause = [
        "pause",
        "--pipeline",
        "export-release",
        "--reason",
        "the officers asked for it",
    ];
    said(&country, &pause, 0).await?;
    country.serve().await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    for number in ["08", "16"] {
        assert_eq!(country.notify(&case, number).await?, 202, "notice {number}");
    }
    let held = until_held(&country).await?;
    assert!(held.contains("pipeline `export-release` is paused"), "{held}");
    said(
        &country,
        &["resume", "--pipeline", "export-release", "--reason", "they have looked"],
        0,
    )
    .await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    Ok(())
}

/// What a command says, once it has these words.
async fn until_said(country: &Country, command: &[&str], words: &str) -> Result<String, Error> {
    let end = Instant::now() + PATIENCE;
    loop {
        let list = said(country, command, 0).await?;
        if list.contains(words) {
            return Ok(list);
        }
        if Instant::now() > end {
            return Err(format!("never said {words:?}: {list}").into());
        }
    }
}

#[tokio::test]
async fn a_partner_that_is_down_is_called_no_more_until_it_works_again() -> Result<(), Error> {
    let mut country = Country::start(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    country.at_rest(PATIENCE).await?;
    country
        .partner
        .faults()
        .push(Rule::always("*", Fault::fail_before(503)));
    for number in ["08", "16"] {
        assert_eq!(country.notify(&case, number).await?, 202, "notice {number}");
    }
    let list = until_said(&country, &["pause"], "fails since").await?;
    assert!(
        list.contains("connection importer") && list.contains("http.503"),
        "{list}"
    );
    let held = until_held(&country).await?;
    assert!(
        held.contains("nothing has worked over connection `importer` since"),
        "{held}"
    );

    // It is in the trail; whoever serves next knows it, and a person who knows better says so.
    until_said(&country, &["runs", "list"], "breakers").await?;
    country.kill().await?;
    country.serve().await?;
    let list = said(&country, &["pause"], 0).await?;
    assert!(list.contains("connection importer fails since"), "{list}");
    country.partner.faults().clear();
    let resume = ["resume", "--connection", "importer", "--reason", "they are there again"];
    let resumed = said(&country, &resume, 0).await?;
    assert!(resumed.contains("goes on"), "{resumed}");
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    assert_eq!(country.count("used", Some("exported")), (2, 1), "{:?}", country.facts());
    let list = said(&country, &["pause"], 0).await?;
    assert!(list.contains("nothing is paused"), "{list}");
    country.stop().await?;
    let audit = said(&country, &["audit", "verify"], 0).await?;
    assert!(audit.contains("audit: ok"), "{audit}");
    Ok(())
}

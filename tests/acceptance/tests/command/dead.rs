//! Dead letters that are repaired where nobody serves: from an earlier step, and by undoing.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::process::Finished;
use serde_json::Value;

use crate::place::refused;

/// A country in which permits are endorsed and the importing authority lets no usage message in.
async fn refusing(number: u32) -> Result<(Country, Case), Error> {
    let country = Country::start(&Options::default()).await?;
    let case = Case::with_permits().numbered(number);
    country.issue(&case)?;
    country.lodge(&case).await?;
    let usages = country.partner.faults();
    usages.push(Rule::always("POST /usages", Fault::fail_before(403)));
    country.notify(&case, "16").await?;
    country.at_rest(PATIENCE).await?;
    usages.clear();
    Ok((country, case))
}

/// What is printed, with the exit code and these words.
fn says(told: &Finished, code: i32, words: &[&str]) {
    assert_eq!(told.code, Some(code), "{}{}", told.out, told.err);
    for word in words {
        assert!(told.out.contains(word), "`{word}` is not in:\n{}{}", told.out, told.err);
    }
}

#[tokio::test]
async fn a_replay_from_an_earlier_step_endorses_nothing_twice_and_an_undo_takes_it_back() -> Result<(), Error> {
    let (mut country, case) = refusing(2).await?;
    // Nobody serves: the command does it itself.
    country.stop().await?;
    let of = |permit: usize| ["--about", case.permits[permit].as_str()];
    let [about, permit] = of(0);
    let shown = country.dragoman(&["dead", "list", "--json", about, permit]).await?;
    let listed: Value = serde_json::from_str(&shown.out)?;
    let run = listed["dead"][0]["run"].as_str().unwrap_or_default().to_owned();
    let shown = country.dragoman(&["dead", "show", &run]).await?;
    says(
        &shown,
        0,
        &[
            "what stands",
            "endorse: took effect",
            "what each act would do now",
            "is undone: permits.withdraw",
        ],
    );
    let nowhere = country
        .dragoman(&["dead", "replay", &run, "--from", "endorsed"])
        .await?;
    says(&nowhere, 1, &["it has no step", "its steps are"]);
    let from = [
        "dead",
        "replay",
        &run,
        "--from",
        "endorse",
        "--yes",
        "--reason",
        "from the stamp on",
    ];
    says(&country.dragoman(&from).await?, 0, &["1 done"]);
    let [about, permit] = of(1);
    let undo = [
        "dead",
        "undo",
        about,
        permit,
        "--yes",
        "--reason",
        "the consignment came back",
    ];
    says(&country.dragoman(&undo).await?, 0, &["1 done"]);
    assert_eq!(country.count("endorsed", None), (2, 1));
    assert_eq!(country.count("used", None), (1, 1));
    assert_eq!(country.count("withdrawn", None), (1, 1));
    let audit = country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    let nothing = country
        .dragoman(&["dead", "cancel", "--yes", "--reason", "all of it"])
        .await?;
    refused(&nothing, 1, "unclear", &["it is not said which runs are meant"]);
    Ok(())
}

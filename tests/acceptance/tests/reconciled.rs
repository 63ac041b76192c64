//! What came of what was taken, and what is missing: real command, real connectors, simulated partners.

use std::fs;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::faults::{Fault, Rule};

async fn said(country: &Country, words: &[&str], code: i32) -> Result<String, Error> {
    let said = country.dragoman(&[&["reconcile"], words].concat()).await?;
    assert_eq!(said.code, Some(code), "{words:?}: {}{}", said.out, said.err);
    Ok(said.out + &said.err)
}

/// A declaration whose permits are endorsed and told, and one whose partner could not be told; both let go.
async fn one_told_and_one_not() -> Result<(Country, Case, Case), Error> {
    let (told, untold) = (Case::with_permits(), Case::with_permits().numbered(2));
    let country = Country::start(&Options::default()).await?;
    for case in [&told, &untold] {
        country.issue(case)?;
        country.lodge(case).await?;
    }
    assert_eq!(country.notify(&told, "16").await?, 202);
    country.at_rest(PATIENCE).await?;
    let refused = Fault::FailBefore {
        status: 401,
        retry_after: None,
    };
    country.partner.faults().push(Rule::always("POST /usages", refused));
    assert_eq!(country.notify(&untold, "16").await?, 202);
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("used", Some("exported")), (2, 1), "{:?}", country.facts());
    Ok((country, told, untold))
}

#[tokio::test]
async fn what_was_let_go_and_not_told_is_found() -> Result<(), Error> {
    let (mut country, told, untold) = one_told_and_one_not().await?;
    let list = country.folder().join("released.txt");
    let text = format!("# what customs let go\n{}\n{}\n26PLNEVERCAME\n", told.mrn, untold.mrn);
    fs::write(&list, text)?;
    let list = list.display().to_string();
    let mut answers = Vec::new();
    for _ in ["served", "not served"] {
        let found = said(&country, &["--since", "1h"], 0).await?;
        println!("{found}");
        for line in [
            "permits[].endorse  permits.endorse        4 done",
            "permits[].usage    importer.notify_use    2 done, 2 not done",
            "missing: 2 open, 0 ended half done, 0 came to nothing",
            "      done: permits[].used, permits[].endorse",
            "      not done: permits[].usage",
        ] {
            assert!(found.contains(line), "{line:?} is not in\n{found}");
        }
        let item = format!("export-release  PL|{}: parked since", untold.permits[1]);
        assert!(found.contains(&item), "{item:?} is not in\n{found}");
        let taken = said(&country, &["--since", "1h", "--list", &list], 0).await?;
        assert!(taken.contains("list: 2 of 3 lines are here"), "{taken}");
        assert!(taken.contains("26PLNEVERCAME: no run knows of it"), "{taken}");
        let endorsed = ["--since", "1h", "--list", &list, "--step", "endorse"];
        let endorsed = said(&country, &endorsed, 0).await?;
        assert!(endorsed.contains("list: 2 of 3 lines are here"), "{endorsed}");
        let usages = ["--since", "1h", "--list", &list, "--step", "usage"];
        let usages = said(&country, &usages, 0).await?;
        assert!(usages.contains("list: 1 of 3 lines are here"), "{usages}");
        let known = format!("{}: not done; run ", untold.mrn);
        assert!(usages.contains(&known), "{known:?} is not in\n{usages}");
        // The first line has the time.
        let below = |text: String| text.split_once('\n').map(|(_, below)| below.to_owned());
        answers.push([found, taken, usages].map(below));
        if answers.len() == 1 {
            country.stop().await?;
        }
    }
    assert_eq!(answers[0], answers[1], "a server says what the store says");
    let before = said(&country, &["--day", "2020-02-29"], 0).await?;
    assert!(
        before.starts_with("2020-02-29: 0 runs were taken\nnothing is missing"),
        "{before}"
    );
    for (words, expected) in [
        (&["--day", "2026-02-30"][..], "`--day 2026-02-30` is no day"),
        (&["--since", "1h", "--list", "gone.txt"], "gone.txt cannot be read"),
        (&["--since", "noon"], "`--since noon` is no time"),
    ] {
        let refused = said(&country, words, 1).await?;
        assert!(refused.contains("D0906") && refused.contains(expected), "{refused}");
    }
    Ok(())
}

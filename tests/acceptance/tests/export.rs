//! The main job in a whole country: real command, real connectors, simulated partners. Each case says what customs
//! sends and what has taken effect in the end, counted by business fact.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::faults::{Fault, Rule};
use dragoman_support::process::Finished;
use serde_json::{Value, json};

/// What is sent, in order; what took effect in the end.
struct Expected {
    /// Endorsements: how many, each exactly once.
    endorsed: usize,
    /// Usage messages of export.
    told: usize,
    /// Withdrawn endorsements.
    withdrawn: usize,
    /// Withdrawals told to the partner.
    told_withdrawn: usize,
    /// What waits for a person.
    waits: usize,
}

/// Nothing at all.
const NOTHING: Expected = Expected {
    endorsed: 0,
    told: 0,
    withdrawn: 0,
    told_withdrawn: 0,
    waits: 0,
};

/// One permit endorsed, and the partner told of it.
const ONE: Expected = Expected {
    endorsed: 1,
    told: 1,
    ..NOTHING
};

/// Two of them.
const TWO: Expected = Expected {
    endorsed: 2,
    told: 2,
    ..NOTHING
};

async fn country(endorse_at: &str, case: &Case) -> Result<Country, Error> {
    let country = Country::start(&Options {
        endorse_at: endorse_at.into(),
        ..Options::default()
    })
    .await?;
    country.issue(case)?;
    Ok(country)
}

/// Sends messages (`D` is the declaration, a number a notice), waits until all is at rest, and compares.
async fn check(country: &Country, case: &Case, messages: &[&str], expected: &Expected) -> Result<(), Error> {
    for message in messages {
        match *message {
            "D" => country.lodge(case).await?,
            number => {
                let status = country.notify(case, number).await?;
                assert_eq!(status, 202, "notice {number}");
            }
        }
    }
    compare(country, expected).await
}

async fn compare(country: &Country, expected: &Expected) -> Result<(), Error> {
    let runs = country.at_rest(PATIENCE).await?;
    let seen = [
        country.count("endorsed", None),
        country.count("used", Some("exported")),
        country.count("withdrawn", None),
        country.count("used", Some("withdrawn")),
    ];
    let wanted = [
        expected.endorsed,
        expected.told,
        expected.withdrawn,
        expected.told_withdrawn,
    ];
    let story = || {
        runs.iter()
            .map(|r| format!("{} {} {}\n", r["pipeline"], r["status"], r["note"]))
            .collect::<String>()
    };
    for (index, (number, highest)) in seen.into_iter().enumerate() {
        assert_eq!(
            number,
            wanted[index],
            "fact {index}: {:?}\n{}",
            country.facts(),
            story()
        );
        assert!(highest <= 1, "something took effect twice: {:?}", country.facts());
    }
    assert_eq!(country.waits().await?.len(), expected.waits, "waits\n{}", story());
    let audit = country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

/// Answers the one wait that is open.
async fn answer(country: &Country, words: &[&str]) -> Result<Finished, Error> {
    let waits = country.waits().await?;
    let wait = waits[0]["wait"].as_str().unwrap_or_default();
    country.dragoman(&[&["waits", "answer", wait], words].concat()).await
}

/// As [`answer`], and it is taken.
async fn answered(country: &Country, words: &[&str]) -> Result<(), Error> {
    let finished = answer(country, words).await?;
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    Ok(())
}

/// An officer's answer: so much of the permit's item.
const TWELVE: [&str; 3] = [
    "endorse",
    "--fields",
    r#"{"lines": [{"goods_item": 1, "item": "A", "quantity": {"value": "12", "unit": "C62"}}]}"#,
];

fn note(runs: &[Value], status: &str) -> Vec<String> {
    let fitting = runs.iter().filter(|r| r["status"] == status);
    fitting
        .map(|r| r["note"].as_str().unwrap_or_default().to_owned())
        .collect()
}

#[tokio::test]
async fn in_order() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("exited", &case).await?;
    check(&country, &case, &["D", "01", "02", "08", "09", "16"], &TWO).await
}

#[tokio::test]
async fn each_three_times_and_out_of_order() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    let messages = [
        "16", "08", "01", "09", "08", "02", "D", "16", "D", "01", "08", "09", "D", "02", "01", "16", "02", "09",
    ];
    check(&country, &case, &messages, &TWO).await
}

#[tokio::test]
async fn the_published_case_has_no_permit_and_says_so() -> Result<(), Error> {
    let folder = dragoman_support::process::workspace_root().join("../shared/standards/wco/export-case");
    if !folder.is_dir() {
        assert!(
            std::env::var_os("CI").is_none(),
            "needs ../shared/standards/wco/export-case"
        );
        println!("skipped: needs ../shared/standards/wco/export-case");
        return Ok(());
    }
    let country = Country::start(&Options::default()).await?;
    let read = |name: &str| std::fs::read_to_string(folder.join(name));
    assert_eq!(
        country
            .post("/customs/declarations", &read("TT_EX011a.xml")?)
            .await?
            .status,
        202
    );
    let mut notices: Vec<_> = std::fs::read_dir(folder.join("Example_Notifications"))?
        .flatten()
        .map(|e| e.path())
        .collect();
    notices.sort();
    for notice in notices {
        assert_eq!(
            country
                .post("/customs/notices", &std::fs::read_to_string(&notice)?)
                .await?
                .status,
            202,
            "{notice:?}"
        );
    }
    compare(&country, &NOTHING).await?;
    let runs = country.runs().await?;
    assert!(
        note(&runs, "stopped")
            .iter()
            .any(|n| n == "the declaration names no CITES permit"),
        "{:?}",
        note(&runs, "stopped")
    );
    Ok(())
}

#[tokio::test]
async fn invalidated_before_the_release() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    check(&country, &case, &["D", "10"], &NOTHING).await?;
    check(&country, &case, &["08"], &NOTHING).await
}

#[tokio::test]
async fn invalidated_after_the_release_and_before_exit() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    check(&country, &case, &["D", "08"], &TWO).await?;
    let undone = Expected {
        endorsed: 2,
        told: 2,
        withdrawn: 2,
        told_withdrawn: 2,
        waits: 0,
    };
    check(&country, &case, &["10"], &undone).await?;
    // What was given back is not taken again by a late copy of the release.
    check(&country, &case, &["08", "16"], &undone).await
}

#[tokio::test]
async fn invalidated_by_a_file_in_the_folder_of_all_notices() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    country.lodge(&case).await?;
    country.drop_notice(&case, "08").await?;
    compare(&country, &TWO).await?;
    country.drop_notice(&case, "10").await?;
    let undone = Expected {
        withdrawn: 2,
        told_withdrawn: 2,
        ..TWO
    };
    compare(&country, &undone).await
}

#[tokio::test]
async fn invalidated_during_the_release() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    country
        .register
        .faults()
        .push(Rule::always("PUT /permits/*", Fault::Slow { ms: 700 }));
    country.lodge(&case).await?;
    country.at_rest(PATIENCE).await?;
    let (release, invalidation) =
        tokio::join!(country.notify(&case, "08"), async { country.notify(&case, "10").await });
    assert_eq!((release?, invalidation?), (202, 202));
    country.at_rest(PATIENCE).await?;
    let (endorsed, most) = country.count("endorsed", None);
    let (withdrawn, _) = country.count("withdrawn", None);
    assert!(most <= 1, "{:?}", country.facts());
    assert_eq!(
        endorsed,
        withdrawn,
        "what was endorsed is withdrawn: {:?}",
        country.facts()
    );
    let (told, _) = country.count("used", Some("exported"));
    let (told_withdrawn, _) = country.count("used", Some("withdrawn"));
    assert_eq!(
        told,
        told_withdrawn,
        "what was told is taken back: {:?}",
        country.facts()
    );
    Ok(())
}

#[tokio::test]
async fn invalidated_after_exit_waits_for_a_person() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("exited", &case).await?;
    check(&country, &case, &["D", "08", "16"], &TWO).await?;
    check(&country, &case, &["10"], &Expected { waits: 1, ..TWO }).await?;
    answered(&country, &["withdraw", "--reason", "the goods came back"]).await?;
    let undone = Expected {
        endorsed: 2,
        told: 2,
        withdrawn: 2,
        told_withdrawn: 2,
        waits: 0,
    };
    compare(&country, &undone).await
}

#[tokio::test]
async fn invalidated_while_an_officer_is_asked() -> Result<(), Error> {
    let case = Case::without_quantity();
    let country = country("released", &case).await?;
    check(&country, &case, &["D", "08"], &Expected { waits: 1, ..NOTHING }).await?;
    country.post("/customs/notices", &invalidation_of(&case)?).await?;
    compare(&country, &NOTHING).await
}

#[tokio::test]
async fn invalidated_while_parked() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    // The partner's token is wrong: a person must act.
    country.partner.faults().push(Rule::always(
        "POST /usages",
        Fault::FailBefore {
            status: 401,
            retry_after: None,
        },
    ));
    country.lodge(&case).await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.notify(&case, "08").await?, 202);
    let runs = country.at_rest(PATIENCE).await?;
    assert!(runs.iter().any(|r| r["status"] == "parked"), "{runs:?}");
    country.partner.faults().clear();
    assert_eq!(country.notify(&case, "10").await?, 202);
    country.at_rest(PATIENCE).await?;
    let (endorsed, _) = country.count("endorsed", None);
    let (withdrawn, _) = country.count("withdrawn", None);
    assert_eq!((endorsed, withdrawn), (2, 2), "{:?}", country.facts());
    assert_eq!(country.count("used", Some("exported")).0, 0, "{:?}", country.facts());
    Ok(())
}

/// The invalidation of the case with permits, for another case.
fn invalidation_of(case: &Case) -> Result<String, Error> {
    let other = Case::with_permits();
    Ok(other
        .notice("10")?
        .replace(&other.mrn, &case.mrn)
        .replace("DRG-2026-000417", "DRG-2026-000419"))
}

#[tokio::test]
async fn a_waiver_needs_nothing() -> Result<(), Error> {
    let case = Case::with_waiver();
    let country = country("exited", &case).await?;
    check(&country, &case, &["D", "08", "16"], &NOTHING).await?;
    let runs = country.runs().await?;
    assert!(
        note(&runs, "stopped").iter().any(|n| n.contains("waiver")),
        "{:?}",
        note(&runs, "stopped")
    );
    Ok(())
}

#[tokio::test]
async fn without_a_quantity_an_officer_decides() -> Result<(), Error> {
    let case = Case::without_quantity();
    let country = country("exited", &case).await?;
    check(&country, &case, &["D", "16"], &Expected { waits: 1, ..NOTHING }).await?;
    let refused = answer(&country, &["perhaps"]).await?;
    assert_eq!(
        refused.code,
        Some(1),
        "an answer that the decision does not have is refused"
    );
    // Nobody has said how much: an endorsement without lines, or of nothing, is none.
    for nothing in [&["endorse"][..], &["endorse", "--fields", r#"{ "lines": [] }"#]] {
        let refused = answer(&country, nothing).await?;
        assert_eq!(refused.code, Some(1), "{nothing:?}");
        assert!(refused.err.contains("lines"), "{}", refused.err);
    }
    answered(&country, &TWELVE).await?;
    compare(&country, &ONE).await
}

/// Neither the declaration nor the register says how much: the officer's word is the limit.
#[tokio::test]
async fn where_the_permit_has_no_quantity_either_the_officer_s_is_taken() -> Result<(), Error> {
    let case = Case::without_quantity();
    let country = Country::start(&Options::default()).await?;
    let mut permits = case.register()?;
    for item in permits.iter_mut().filter_map(|p| p["items"].as_array_mut()).flatten() {
        assert!(
            item.as_object_mut()
                .is_some_and(|item| item.remove("quantity").is_some())
        );
    }
    country.register.seed(json!({ "permits": permits }))?;
    country.lodge(&case).await?;
    let mut before = NOTHING;
    // The same event comes again under another id: an officer who says the same changes nothing.
    for notice in [case.notice("16")?, case.notice_again("16", 1)?] {
        assert_eq!(country.post("/customs/notices", &notice).await?.status, 202);
        compare(&country, &Expected { waits: 1, ..before }).await?;
        answered(&country, &TWELVE).await?;
        before = ONE;
        compare(&country, &before).await?;
    }
    Ok(())
}

#[tokio::test]
async fn observed_traffic_takes_no_effect_and_is_reported() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = Country::start(&Options {
        mode: "observe".into(),
        ..Options::default()
    })
    .await?;
    country.issue(&case)?;
    check(&country, &case, &["D", "16"], &NOTHING).await?;
    let report = country.dragoman(&["observe", "report"]).await?;
    assert_eq!(report.code, Some(0), "{}", report.err);
    assert!(report.out.contains("permits.endorse"), "{}", report.out);
    Ok(())
}

#[tokio::test]
async fn species_plus_down_delays_a_finding_and_nothing_else() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("exited", &case).await?;
    country.species.faults().push(Rule::always("*", Fault::CutBefore));
    check(&country, &case, &["D", "16"], &TWO).await
}

#[tokio::test]
async fn every_answer_lost_or_late_is_found_out() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("exited", &case).await?;
    country
        .register
        .faults()
        .push(Rule::once("PUT /permits/*", Fault::CutAfter));
    country
        .register
        .faults()
        .push(Rule::once("PUT /permits/*", Fault::FailAfter { status: 500 }));
    country
        .partner
        .faults()
        .push(Rule::once("POST /usages", Fault::CutAfter));
    country
        .partner
        .faults()
        .push(Rule::once("POST /usages", Fault::Garbage));
    check(&country, &case, &["D", "16"], &TWO).await
}

#[tokio::test]
async fn the_same_event_under_another_id_does_nothing_more() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    check(&country, &case, &["D", "08"], &TWO).await?;
    for time in [1, 2] {
        assert_eq!(
            country
                .post("/customs/notices", &case.notice_again("08", time)?)
                .await?
                .status,
            202
        );
        compare(&country, &TWO).await?;
    }
    // Another time of the same event: what stands, stands.
    let later = case
        .notice_again("08", 3)?
        .replace("20261116103000+01", "20261116114500+01");
    assert_eq!(country.post("/customs/notices", &later).await?.status, 202);
    compare(&country, &TWO).await?;
    let undone = Expected {
        endorsed: 2,
        told: 2,
        withdrawn: 2,
        told_withdrawn: 2,
        waits: 0,
    };
    check(&country, &case, &["10"], &undone).await?;
    assert_eq!(
        country
            .post("/customs/notices", &case.notice_again("10", 4)?)
            .await?
            .status,
        202
    );
    compare(&country, &undone).await
}

#[tokio::test]
async fn invalidated_while_the_partner_is_away() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("released", &case).await?;
    country.partner.faults().push(Rule {
        times: Some(4),
        ..Rule::always("POST /usages", Fault::CutAfter)
    });
    country.lodge(&case).await?;
    assert_eq!(country.notify(&case, "08").await?, 202);
    assert_eq!(country.notify(&case, "10").await?, 202);
    country.at_rest(PATIENCE).await?;
    let undone = (
        country.count("endorsed", None).0,
        country.count("used", Some("exported")).0,
    );
    assert_eq!(
        undone,
        (
            country.count("withdrawn", None).0,
            country.count("used", Some("withdrawn")).0
        ),
        "{:?}",
        country.facts()
    );
    Ok(())
}

#[tokio::test]
async fn what_is_parked_goes_on_when_a_person_says_so() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = country("exited", &case).await?;
    country.partner.faults().push(Rule::always(
        "POST /usages",
        Fault::FailBefore {
            status: 401,
            retry_after: None,
        },
    ));
    check(&country, &case, &["D", "16"], &Expected { endorsed: 2, ..NOTHING }).await?;
    country.partner.faults().clear();
    let listed = country
        .dragoman(&["runs", "list", "--status", "parked", "--json"])
        .await?;
    let parked: Value = serde_json::from_str(&listed.out)?;
    let parked = parked["runs"].as_array().cloned().unwrap_or_default();
    assert_eq!(parked.len(), 2, "{}", listed.out);
    for run in parked {
        let id = run["run"].as_str().unwrap_or_default().to_owned();
        let resumed = country
            .dragoman(&["runs", "resume", &id, "--reason", "the token was renewed"])
            .await?;
        assert_eq!(resumed.code, Some(0), "{}", resumed.err);
    }
    compare(&country, &TWO).await
}

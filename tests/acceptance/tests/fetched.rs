//! A country whose customs answers questions: nothing is lodged here, the declaration is asked for when the goods are let
//! go. Customs may be slow, down, or not know it yet, and each permit is endorsed once all the same.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::once::done_once;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::eventually;
use dragoman_support::faults::{Fault, Rule};
use serde_json::json;

async fn country() -> Result<Country, Error> {
    Country::start(&Options {
        endorse_at: "released".into(),
        declaration_from: "customs".into(),
        ..Options::default()
    })
    .await
}

async fn notify(country: &Country, case: &Case, notices: &[&str]) -> Result<(), Error> {
    for number in notices {
        assert_eq!(country.notify(case, number).await?, 202, "notice {number}");
    }
    Ok(())
}

/// How often customs was asked for a case's declaration.
fn asked(country: &Country, case: &Case) -> usize {
    let path = format!("/declarations/{}", case.mrn);
    let log = country.customs.log();
    log.iter().filter(|exchange| exchange.path == path).count()
}

/// Waits until customs was asked so often.
async fn until_asked(country: &Country, case: &Case, times: usize) -> Result<(), Error> {
    let seen = eventually("customs is asked", PATIENCE, async || {
        let asked = asked(country, case);
        if asked >= times {
            Ok(())
        } else {
            Err(format!("{asked} times"))
        }
    });
    Ok(seen.await?)
}

/// The one run that a person must look at; why.
async fn parked(country: &Country) -> Result<(String, String), Error> {
    let runs = country.at_rest(PATIENCE).await?;
    let parked: Vec<_> = runs.iter().filter(|run| run["status"] == "parked").collect();
    assert_eq!(parked.len(), 1, "{runs:?}");
    let text = |member: &str| parked[0][member].as_str().unwrap_or_default().to_owned();
    Ok((text("run"), text("note")))
}

#[tokio::test]
async fn only_notices_arrive_and_the_declaration_is_fetched_once() -> Result<(), Error> {
    let country = country().await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.declare(&case)?;
    notify(&country, &case, &["16", "08", "01", "02", "08", "09", "16"]).await?;
    done_once(&country, &[&case]).await?;
    assert_eq!(asked(&country, &case), 1);
    // The same event under another id: it is asked for again, and what stands, stands.
    let again = case.notice_again("08", 1)?;
    assert_eq!(country.post("/customs/notices", &again).await?.status, 202);
    done_once(&country, &[&case]).await?;
    assert_eq!(asked(&country, &case), 2);
    let runs = country.runs().await?;
    assert!(
        runs.iter().all(|run| run["pipeline"] != "declaration-lodged"),
        "{runs:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_customs_system_that_fails_is_asked_until_it_answers() -> Result<(), Error> {
    let country = country().await?;
    let faults = [
        Fault::Slow { ms: 4_000 },
        Fault::SlowAfter { ms: 4_000 },
        Fault::fail_before(503),
        Fault::FailBefore {
            status: 429,
            retry_after: Some(1),
        },
        Fault::FailAfter { status: 500 },
        Fault::Garbage,
        Fault::CutBefore,
        Fault::CutAfter,
        Fault::DropHalf,
    ];
    let mut cases = Vec::new();
    for (number, fault) in (1..).zip(faults) {
        let case = Case::with_permits().numbered(number);
        country.issue(&case)?;
        country.declare(&case)?;
        let route = format!("GET /declarations/{}", case.mrn);
        country.customs.faults().push(Rule {
            times: Some(2),
            ..Rule::once(&route, fault.clone())
        });
        notify(&country, &case, &["08", "16"]).await?;
        cases.push((case, fault));
    }
    let all: Vec<&Case> = cases.iter().map(|(case, _)| case).collect();
    done_once(&country, &all).await?;
    for (case, fault) in &cases {
        assert_eq!(asked(&country, case), 3, "{fault:?}");
    }
    Ok(())
}

/// A notice may overtake the declaration in customs' own house: the run asks again, for days where it must.
#[tokio::test]
async fn a_declaration_that_customs_does_not_know_yet_is_asked_for_again() -> Result<(), Error> {
    let country = country().await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    notify(&country, &case, &["08"]).await?;
    until_asked(&country, &case, 2).await?;
    let runs = country.runs().await?;
    let release = runs
        .iter()
        .find(|run| run["pipeline"] == "export-release" && run["parent"].is_null());
    assert!(
        release.is_some_and(|run| run["status"] == "sleeping" || run["status"] == "active"),
        "nobody is called for what passes by itself: {runs:?}"
    );
    assert!(country.facts().is_empty(), "{:?}", country.facts());
    country.declare(&case)?;
    done_once(&country, &[&case]).await
}

#[tokio::test]
async fn invalidated_before_customs_knew_its_declaration() -> Result<(), Error> {
    let country = country().await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    notify(&country, &case, &["08"]).await?;
    until_asked(&country, &case, 1).await?;
    notify(&country, &case, &["10"]).await?;
    let invalidated = eventually("the invalidation is worked off", PATIENCE, async || {
        let runs = country.runs().await.map_err(|e| e.to_string())?;
        let of_it = |run: &&serde_json::Value| run["pipeline"] == "export-invalidated";
        let stopped = runs
            .iter()
            .filter(of_it)
            .filter(|run| run["status"] == "stopped")
            .count();
        if stopped == 2 { Ok(()) } else { Err(format!("{runs:?}")) }
    });
    invalidated.await?;
    country.declare(&case)?;
    done_once(&country, &[]).await
}

/// What does not pass by itself is a person's, who mends it and lets the run go on; nothing is guessed meanwhile.
#[tokio::test]
async fn what_customs_will_not_say_waits_for_a_person() -> Result<(), Error> {
    let country = country().await?;
    let mut done = Vec::new();
    for (number, code) in (1..).zip(["401", "expected", "instead of"]) {
        let case = Case::with_permits().numbered(number);
        country.issue(&case)?;
        country.declare(&case)?;
        let wrong = match code {
            "expected" => case.notice("08")?,
            _ => Case::with_permits().declaration()?,
        };
        if code == "401" {
            country
                .customs
                .faults()
                .push(Rule::once("GET *", Fault::fail_before(401)));
        } else {
            country.customs.seed(json!({ "declarations": { &case.mrn: wrong } }))?;
        }
        notify(&country, &case, &["08"]).await?;
        let (run, note) = parked(&country).await?;
        assert!(note.contains(code), "{note}");
        assert_eq!(country.count("endorsed", Some(&case.mrn)).0, 0);
        country.declare(&case)?;
        let resumed = country
            .dragoman(&["runs", "resume", &run, "--reason", "customs has mended it"])
            .await?;
        assert_eq!(resumed.code, Some(0), "{}", resumed.err);
        done.push(case);
        done_once(&country, &done.iter().collect::<Vec<_>>()).await?;
    }
    Ok(())
}

#[tokio::test]
async fn killed_while_customs_is_asked() -> Result<(), Error> {
    let mut country = country().await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.declare(&case)?;
    country
        .customs
        .faults()
        .push(Rule::once("GET *", Fault::Slow { ms: 60_000 }));
    notify(&country, &case, &["08"]).await?;
    until_asked(&country, &case, 1).await?;
    country.kill().await?;
    country.serve().await?;
    done_once(&country, &[&case]).await?;
    assert!(asked(&country, &case) >= 2, "what was under way is asked again");
    Ok(())
}

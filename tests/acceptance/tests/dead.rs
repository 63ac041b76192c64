//! Runs that a partner's failure stopped, as an operator finds and repairs them with `dragoman dead`: real command, real
//! connectors, simulated partners. What is dry changes nothing, and what is repaired takes effect once.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::faults::{Fault, Rule};
use serde_json::Value;

/// What the partner answers while its token is wrong: nobody but a person can mend that.
const FAILURE: &str = "http.401";

/// A country whose partner refuses what it is told, with one declaration of two permits that were endorsed and not told.
async fn stopped(case: &Case) -> Result<Country, Error> {
    let country = Country::start(&Options::default()).await?;
    country.issue(case)?;
    let refused = Fault::FailBefore {
        status: 401,
        retry_after: None,
    };
    country.partner.faults().push(Rule::always("POST /usages", refused));
    country.lodge(case).await?;
    assert_eq!(country.notify(case, "16").await?, 202);
    country.at_rest(PATIENCE).await?;
    assert_eq!((told(&country), endorsed(&country)), (0, 2), "{:?}", country.facts());
    Ok(country)
}

fn told(country: &Country) -> usize {
    country.count("used", Some("exported")).0
}

fn endorsed(country: &Country) -> usize {
    country.count("endorsed", None).0
}

/// `dragoman dead` with these words; what it printed, where it ended with this code.
async fn dead(country: &Country, words: &[&str], code: i32) -> Result<String, Error> {
    let said = country.dragoman(&[&["dead"], words].concat()).await?;
    println!("$ dragoman dead {}\n{}{}", words.join(" "), said.out, said.err);
    assert_eq!(said.code, Some(code), "dead {words:?}: {}{}", said.out, said.err);
    Ok(if code == 0 { said.out } else { said.out + &said.err })
}

/// The items of those that a query finds.
async fn found(country: &Country, query: &[&str]) -> Result<Vec<String>, Error> {
    let listed = dead(country, &[&["list", "--json"], query].concat(), 0).await?;
    let listed: Value = serde_json::from_str(&listed)?;
    let text = |run: &Value| run["item"].as_str().unwrap_or_default().to_owned();
    let mut items: Vec<String> = listed["dead"].as_array().into_iter().flatten().map(text).collect();
    items.sort();
    Ok(items)
}

/// Each permit endorsed and told once, nothing dead, and the trail whole.
async fn complete(country: &Country) -> Result<(), Error> {
    let runs = country.at_rest(PATIENCE).await?;
    assert_eq!((told(country), endorsed(country)), (2, 2), "{:?}", country.facts());
    assert!(
        country.facts().values().all(|count| *count == 1),
        "{:?}",
        country.facts()
    );
    let of_the_release = || runs.iter().filter(|run| run["pipeline"] == "export-release");
    assert!(of_the_release().all(|run| run["status"] == "completed"), "{runs:?}");
    assert!(dead(country, &["list"], 0).await?.starts_with("nothing stopped"));
    let audit = country.dragoman(&["audit", "verify"]).await?;
    assert_eq!(audit.code, Some(0), "{}{}", audit.out, audit.err);
    Ok(())
}

#[tokio::test]
async fn they_are_found_by_what_an_operator_knows() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = stopped(&case).await?;
    let (first, second) = (&*format!("PL|{}", case.permits[0]), &*format!("PL|{}", case.permits[1]));
    let both: &[&str] = &[first, second];
    let begun_with = &case.permits[0][..8];
    for (query, expected) in [
        (&[] as &[&str], both),
        (&["--about", &case.permits[0]], &[first]),
        (&["--about", &case.mrn], both),
        (&["--about", begun_with], &[]),
        (&["--partner", "importer"], both),
        (&["--partner", "permits"], &[]),
        (&["--failure", FAILURE], both),
        (&["--failure", "http.503"], &[]),
        (&["--since", "1h"], both),
        (&["--until", "1h"], &[]),
        (&["--since", "1h", "--until", "2020-01-01T00:00:00Z"], &[]),
        (
            &["--pipeline", "export-release", "--about", &case.permits[1]],
            &[second],
        ),
        (&["--pipeline", "export-invalidated"], &[]),
    ] {
        assert_eq!(found(&country, query).await?, expected, "{query:?}");
    }
    let listed = dead(&country, &["list"], 0).await?;
    for word in [first, second, "over importer", FAILURE, "can: replay"] {
        assert!(listed.contains(word), "no `{word}` in\n{listed}");
    }
    Ok(())
}

#[tokio::test]
async fn one_is_replayed_and_then_the_rest_by_query() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = stopped(&case).await?;
    let listed: Value =
        serde_json::from_str(&dead(&country, &["list", "--json", "--about", &case.permits[0]], 0).await?)?;
    let run = listed["dead"][0]["run"].as_str().ok_or("nothing is listed")?;
    let shown = dead(&country, &["show", run], 0).await?;
    for word in [
        FAILURE,
        "attempts",
        "what stands",
        "took effect",
        "what each act would do now",
    ] {
        assert!(shown.contains(word), "no `{word}` in\n{shown}");
    }
    country.partner.faults().clear();

    let from = ["replay", run, "--from", "endorse"];
    let dry = dead(&country, &from, 0).await?;
    assert!(dry.contains("nothing was changed"), "{dry}");
    dead(&country, &[&from[..], &["--yes"]].concat(), 2).await?;
    assert_eq!(
        (told(&country), found(&country, &[]).await?.len()),
        (0, 2),
        "dry changes nothing"
    );

    dead(
        &country,
        &[&from[..], &["--yes", "--reason", "the token was renewed"]].concat(),
        0,
    )
    .await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(told(&country), 1, "{:?}", country.facts());
    let again = dead(&country, &[&from[..], &["--yes", "--reason", "once more"]].concat(), 1).await?;
    assert!(again.contains("neither stopped for a person nor failed"), "{again}");

    let query = ["replay", "--partner", "importer", "--failure", FAILURE, "--since", "1h"];
    let dry = dead(&country, &query, 0).await?;
    assert!(dry.contains("1 would be done"), "{dry}");
    dead(
        &country,
        &[&query[..], &["--yes", "--reason", "the token was renewed"]].concat(),
        0,
    )
    .await?;
    complete(&country).await
}

#[tokio::test]
async fn a_query_is_wanted_before_anything_is_done() -> Result<(), Error> {
    let case = Case::with_permits();
    let country = stopped(&case).await?;
    country.partner.faults().clear();
    let said = dead(&country, &["replay", "--yes", "--reason", "all of them"], 1).await?;
    assert!(said.contains("it is not said which runs are meant"), "{said}");
    let said = dead(&country, &["list", "--since", "yesterday"], 1).await?;
    assert!(said.contains("`--since yesterday` is no time"), "{said}");
    dead(
        &country,
        &["replay", "--about", &case.mrn, "--yes", "--reason", "token renewed"],
        0,
    )
    .await?;
    complete(&country).await
}

//! What runs have said is erased, by an administrator and when its period is over: who did what when stays, nothing is done
//! twice because of it, and all that reads a run can do without.

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error};
use dragoman_support::eventually;
use serde_json::Value;

use crate::place::{after_the_main_job, orderly, refused};

async fn done(country: &Country, arguments: &[&str]) -> Result<String, Error> {
    let finished = country.dragoman(arguments).await?;
    assert_eq!(
        finished.code,
        Some(0),
        "{arguments:?}: {}{}",
        finished.out,
        finished.err
    );
    orderly(&finished.out);
    Ok(finished.out)
}

async fn asked(country: &Country, arguments: &[&str]) -> Result<Value, Error> {
    Ok(serde_json::from_str(
        &done(country, &[arguments, &["--json"]].concat()).await?,
    )?)
}

/// The ids of the runs of a pipeline that have ended.
async fn ended(country: &Country, pipeline: &str) -> Result<Vec<String>, Error> {
    let listed = asked(
        country,
        &["runs", "list", "--pipeline", pipeline, "--status", "completed"],
    )
    .await?;
    let runs = listed["runs"].as_array().ok_or("a list")?;
    Ok(runs
        .iter()
        .filter_map(|run| run["run"].as_str().map(Into::into))
        .collect())
}

/// The pipelines of the country's runs.
async fn pipelines(country: &Country) -> Result<Vec<String>, Error> {
    let listed = asked(country, &["runs", "list"]).await?;
    let runs = listed["runs"].as_array().ok_or("a list")?.iter();
    let mut names: Vec<String> = runs
        .filter_map(|run| run["pipeline"].as_str().map(Into::into))
        .collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// How many texts a run has still.
async fn texts(country: &Country, run: &str) -> Result<u64, Error> {
    let would = asked(country, &["retention", "erase", run]).await?;
    assert_eq!(would["done"], false);
    Ok(would["runs"][0]["bodies"].as_u64().unwrap_or_default())
}

const WHY: [&str; 3] = ["--yes", "--reason", "its holder asked"];

#[tokio::test]
async fn what_was_erased_is_done_no_second_time() -> Result<(), Error> {
    let mut country = after_the_main_job().await?;
    let all = pipelines(&country).await?;
    let mut runs = Vec::new();
    for pipeline in &all {
        runs.extend(ended(&country, pipeline).await?);
    }
    assert!(runs.len() >= 2, "{all:?}: {runs:?}");
    let ids: Vec<&str> = runs.iter().map(String::as_str).collect();
    refused(
        &country.dragoman(&["retention", "erase", "--yes", ids[0]]).await?,
        2,
        "--reason",
        &[],
    );
    done(
        &country,
        &[&["retention", "hold", "--run", ids[0], "--reason", "a case in court"][..]].concat(),
    )
    .await?;
    let erase = [&["retention", "erase"], &ids[..], &WHY].concat();
    refused(
        &country.dragoman(&erase).await?,
        1,
        "conflict",
        &["is held", "nothing was erased"],
    );
    done(
        &country,
        &[
            "retention",
            "let-go",
            "--run",
            ids[0],
            "--reason",
            "the court has spoken",
        ],
    )
    .await?;
    assert!(texts(&country, ids[0]).await? > 0);
    let said = done(&country, &erase).await?;
    assert!(said.contains("erased; run "), "{said}");
    for run in &ids {
        assert_eq!(texts(&country, run).await?, 0, "{run}");
    }
    let checked = asked(&country, &["store", "check"]).await?;
    assert_eq!(checked["findings"], serde_json::json!([]));

    // Whoever looks at them sees what happened, and that there is nothing more to see.
    for looks in [
        &["runs", "list"][..],
        &["runs", "show", ids[0]],
        &["runs", "show", ids[0], "--json"],
        &["dead", "list", "--failed"],
        &["reconcile"],
        &["ledger", "show", "permits"],
        &["waits", "list"],
        &["retention", "show"],
        &["store", "check"],
    ] {
        done(&country, looks).await?;
    }
    let shown = done(&country, &["runs", "show", ids[0]]).await?;
    assert!(shown.contains("what it said was erased"), "{shown}");
    let recorded = country.dragoman(&["runs", "record", ids[0]]).await?;
    refused(&recorded, 1, "D0945", &["erased"]);

    // Customs says it once more, in other words: what was done stays done, and somebody is asked.
    let case = Case::with_permits();
    country.serve().await?;
    country.lodge(&case).await?;
    let again = case.notice_again("16", 7)?;
    country.post("/customs/notices", &again).await?;
    country.at_rest(PATIENCE).await?;
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    let dead = asked(&country, &["dead", "list"]).await?;
    let codes: Vec<_> = dead["dead"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|one| &one["code"])
        .collect();
    assert_eq!(codes, ["once.erased", "once.erased"]);
    country.stop().await
}

#[tokio::test]
async fn what_was_kept_for_its_period_goes_by_itself() -> Result<(), Error> {
    let mut country = after_the_main_job().await?;
    let pipeline = pipelines(&country).await?.remove(0);
    let run = ended(&country, &pipeline).await?.remove(0);
    let site = country.folder().join("dragoman.yaml");
    let text = std::fs::read_to_string(&site)?;
    std::fs::write(
        &site,
        format!("{text}\nretention: {{ after: 3650d, pipelines: {{ {pipeline}: 1ms }} }}\n"),
    )?;
    let shown = done(&country, &["retention", "show"]).await?;
    assert!(shown.contains("3650 days") && shown.contains("due: "), "{shown}");
    country.serve().await?;
    let gone = eventually("it is erased", PATIENCE, async || match texts(&country, &run).await {
        Ok(0) => Ok(()),
        other => Err(format!("{other:?}")),
    });
    gone.await?;
    country.stop().await?;
    let checked = asked(&country, &["store", "check"]).await?;
    assert_eq!(checked["findings"], serde_json::json!([]));
    Ok(())
}

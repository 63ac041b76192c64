//! `dragoman test` over the shipped pipelines, and `runs record`.

use std::path::Path;

use dragoman_acceptance::Error;
use dragoman_support::process::{target_folder, workspace_root};
use serde_json::Value;

use crate::place::{after_the_main_job, command, folders, orderly, refused, text};

/// The sites that are shipped, each with the folder of its pipelines.
const SHIPPED: [(&str, &str); 3] = [
    ("examples/export", "pipelines"),
    ("examples/cookbook", "examples/cookbook/pipelines"),
    ("examples/from-paper", "examples/from-paper/pipelines"),
];

#[tokio::test]
async fn the_cases_of_the_shipped_pipelines_hold() -> Result<(), Error> {
    for (site, folder) in SHIPPED {
        let verdicts = target_folder().join(format!("verdicts-{}.xml", std::process::id()));
        let tested = command(&workspace_root().join(site), &["test", "--junit", text(&verdicts)]).await?;
        assert_eq!(tested.code, Some(0), "{}{}", tested.out, tested.err);
        orderly(&format!("{}{}", tested.out, tested.err));
        let xml = std::fs::read_to_string(&verdicts)?;
        std::fs::remove_file(&verdicts)?;
        for pipeline in folders(folder)? {
            assert!(tested.out.contains(&format!("ok    {pipeline} / ")), "{}", tested.out);
            assert!(xml.contains(&format!("<testsuite name=\"{pipeline}\"")), "{xml}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn the_shipped_sites_are_right_laid_out_and_drawn() -> Result<(), Error> {
    for (site, folder) in SHIPPED {
        let site = workspace_root().join(site);
        let checked = command(&site, &["check"]).await?;
        assert_eq!(checked.code, Some(0), "{}", checked.err);
        assert!(!checked.err.contains("warning"), "{}", checked.err);
        let laid_out = command(&site, &["fmt", "--check"]).await?;
        assert_eq!(laid_out.code, Some(0), "{}{}", laid_out.out, laid_out.err);
        for pipeline in folders(folder)? {
            let drawn = command(&site, &["graph", &pipeline]).await?;
            assert!(drawn.code == Some(0) && drawn.out.contains("<svg"), "{}", drawn.err);
        }
    }
    Ok(())
}

#[tokio::test]
async fn what_is_asked_for_and_is_not_there_is_told() -> Result<(), Error> {
    let site = workspace_root().join("examples/export");
    let unknown = command(&site, &["test", "export-relase"]).await?;
    refused(&unknown, 1, "D0903", &["export-release"]);
    let none = command(&site, &["test", "export-release", "--case", "nowhere"]).await?;
    refused(&none, 1, "D0903", &["there is no such case", "runs record"]);
    Ok(())
}

#[tokio::test]
async fn cases_that_do_not_ask_for_it_are_killed_as_well_on_demand() -> Result<(), Error> {
    let site = workspace_root().join("examples/export");
    let mut lives = Vec::new();
    for more in [&[][..], &["--crash"]] {
        let asked = [&["test", "export-release", "--case", "no-permit", "--json"], more].concat();
        let tested = command(&site, &asked).await?;
        assert_eq!(tested.code, Some(0), "{}{}", tested.out, tested.err);
        let verdicts: Value = serde_json::from_str(&tested.out)?;
        lives.push(verdicts[0]["lives"].as_u64());
    }
    assert_eq!(lives, [Some(1), Some(5)]);
    Ok(())
}

/// The shipped pipelines without their cases, in a folder of their own.
fn pipelines(into: &Path) -> Result<(), Error> {
    for name in ["declaration-lodged", "export-invalidated", "export-release"] {
        std::fs::create_dir_all(into.join(name).join("cases"))?;
        let from = workspace_root().join("pipelines").join(name).join("pipeline.yaml");
        std::fs::copy(from, into.join(name).join("pipeline.yaml"))?;
    }
    Ok(())
}

#[tokio::test]
async fn a_real_run_becomes_a_case_that_holds_with_a_server_and_without() -> Result<(), Error> {
    let mut country = after_the_main_job().await?;
    let own = country.folder().join("own");
    pipelines(&own)?;
    let said = std::fs::read_to_string(country.folder().join("dragoman.yaml"))?;
    let shipped = workspace_root().join("pipelines").display().to_string();
    std::fs::write(country.folder().join("own.yaml"), said.replace(&shipped, "own"))?;
    for name in ["unserved", "served"] {
        if name == "served" {
            country.serve().await?;
        }
        let list = country.dragoman(&[
            "runs",
            "list",
            "--json",
            "--pipeline",
            "export-release",
            "--status",
            "completed",
        ]);
        let list: Value = serde_json::from_str(&list.await?.out)?;
        let run = list["runs"][0]["run"].as_str().unwrap_or_default().to_owned();
        let file = own.join(format!("export-release/cases/{name}.yaml"));
        let recorded = country.dragoman(&["runs", "record", &run, "--to", text(&file)]).await?;
        assert_eq!(recorded.code, Some(0), "{}{}", recorded.out, recorded.err);
        let again = country.dragoman(&["runs", "record", &run, "--to", text(&file)]).await?;
        refused(&again, 1, "D0905", &["it is there already", "give another name"]);
        let case = std::fs::read_to_string(&file)?;
        for private in [
            "Wisla Leather Works",
            "Garbarska",
            "PLECP2026000117",
            "26PL443010NS7MX4A1",
        ] {
            assert!(!case.contains(private), "`{private}` is still in\n{case}");
        }
        let tested = country
            .dragoman(&["test", "--site", "own.yaml", "--case", name])
            .await?;
        assert_eq!(tested.code, Some(0), "{}{}\n{case}", tested.out, tested.err);
    }
    Ok(())
}

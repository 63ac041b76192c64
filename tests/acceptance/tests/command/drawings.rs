//! `dragoman graph`, `dragoman fmt` and `dragoman schema`.

use dragoman_acceptance::{Country, Error, Options};
use serde_json::Value;

use crate::place::{after_the_main_job, command, refused, text};

#[tokio::test]
async fn a_pipeline_is_drawn_with_what_its_calls_do() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let drawn = country.dragoman(&["graph", "export-release"]).await?;
    assert_eq!(drawn.code, Some(0), "{}", drawn.err);
    for words in [
        "<svg ",
        "CALL · READS",
        "CALL · ACTS",
        "data-step=\"permits[].endorse\"",
        "</svg>",
    ] {
        assert!(drawn.out.contains(words), "no `{words}` in {}", drawn.out);
    }
    let drawn = country
        .dragoman(&["graph", "export-release", "--format", "mermaid"])
        .await?;
    assert!(drawn.out.starts_with("flowchart TD\n"), "{}", drawn.out);
    let unknown = country.dragoman(&["graph", "export-relase"]).await?;
    refused(
        &unknown,
        1,
        "D0903",
        &["export-relase", "did you mean `export-release`?"],
    );
    Ok(())
}

#[tokio::test]
async fn the_way_of_a_run_is_laid_over_it() -> Result<(), Error> {
    let country = after_the_main_job().await?;
    let listed = country
        .dragoman(&["runs", "list", "--json", "--pipeline", "export-release"])
        .await?;
    let listed: Value = serde_json::from_str(&listed.out)?;
    let run = listed["runs"]
        .as_array()
        .and_then(|runs| runs.iter().find(|r| r["status"] == "completed"))
        .and_then(|r| r["run"].as_str())
        .ok_or("no completed run")?
        .to_owned();
    let file = country.folder().join("run.svg");
    let drawn = country
        .dragoman(&["graph", "export-release", "--run", &run, "--out", text(&file)])
        .await?;
    assert_eq!(drawn.code, Some(0), "{}", drawn.err);
    let picture = std::fs::read_to_string(&file)?;
    for (step, told) in [
        ("declaration", "done"),
        ("permits[].endorse", "2 done"),
        ("completed", "done"),
    ] {
        let (_, rest) = picture
            .split_once(&format!("data-step=\"{step}\""))
            .ok_or("the step is not drawn")?;
        let tip = rest.split("</title>").next().unwrap_or_default();
        assert!(tip.ends_with(told), "{step}: {tip}");
    }
    let other = country
        .dragoman(&["graph", "export-invalidated", "--run", &run])
        .await?;
    refused(&other, 1, "D0901", &["not of `export-invalidated`"]);
    Ok(())
}

#[tokio::test]
async fn files_are_laid_out_and_say_the_same() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let folder = country.folder().join("flows");
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("flow.yaml");
    std::fs::write(
        &file,
        "pipeline: \"flow\"   # the name\ndragoman: 1\non: []\nsteps: []\n",
    )?;
    let checked = command(country.folder(), &["fmt", "--check", text(&folder)]).await?;
    assert_eq!(
        (checked.code, checked.out.trim()),
        (Some(1), text(&file)),
        "{}",
        checked.err
    );
    let written = command(country.folder(), &["fmt", text(&file)]).await?;
    assert_eq!(written.code, Some(0), "{}", written.err);
    assert_eq!(
        std::fs::read_to_string(&file)?,
        "dragoman: 1\npipeline: flow # the name\non: []\nsteps: []\n"
    );
    let checked = command(country.folder(), &["fmt", "--check", text(&folder)]).await?;
    assert_eq!((checked.code, checked.out.as_str()), (Some(0), ""), "{}", checked.err);
    std::fs::write(&file, "pipeline: [\n")?;
    let broken = command(country.folder(), &["fmt", text(&file)]).await?;
    refused(&broken, 1, "D0100", &["flow.yaml:"]);
    assert_eq!(std::fs::read_to_string(&file)?, "pipeline: [\n");
    Ok(())
}

#[tokio::test]
async fn editors_get_a_schema() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    for (kind, key) in [("pipeline", "steps"), ("site", "connections"), ("case", "expect")] {
        let told = country.dragoman(&["schema", kind]).await?;
        assert_eq!(told.code, Some(0), "{}", told.err);
        let schema: Value = serde_json::from_str(&told.out)?;
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
        let key = &schema["properties"][key];
        assert!(
            key["description"].is_string() && key["examples"].is_array(),
            "{kind}: {key}"
        );
    }
    Ok(())
}

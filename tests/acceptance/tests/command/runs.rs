//! `dragoman run`, `runs` and `explain`, with a server and without.

use dragoman_acceptance::{Case, Country, Error, Options};
use dragoman_support::process::workspace_root;
use serde_json::Value;

use crate::place::{after_the_main_job, command, orderly, refused, text};

/// What a person and a program are told of the main job.
async fn told(country: &Country) -> Result<(), Error> {
    let list = country.dragoman(&["runs", "list"]).await?;
    assert_eq!(list.code, Some(0), "{}", list.err);
    for words in ["RUN", "PIPELINE", "export-release", "declaration-lodged", "completed"] {
        assert!(list.out.contains(words), "no `{words}` in {}", list.out);
    }
    let json = country
        .dragoman(&[
            "runs",
            "list",
            "--json",
            "--pipeline",
            "export-release",
            "--status",
            "completed",
        ])
        .await?;
    let json: Value = serde_json::from_str(&json.out)?;
    assert_eq!(json["runs"].as_array().map(Vec::len), Some(1), "{json}");
    let run = json["runs"][0]["run"].as_str().unwrap_or_default();
    let shown = country.dragoman(&["runs", "show", run]).await?;
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    for words in [
        "COMPLETED",
        "came through `hook`",
        "about to call permits.endorse, once for",
        "ledger permit-quantity: claimed",
        "about to call importer.notify_use",
    ] {
        assert!(shown.out.contains(words), "no `{words}` in {}", shown.out);
    }
    let whole = country.dragoman(&["runs", "show", run, "--json"]).await?;
    let whole: Value = serde_json::from_str(&whole.out)?;
    assert_eq!(whole["children"].as_array().map(Vec::len), Some(2), "{whole}");
    let gone = country.dragoman(&["runs", "show", "00000000"]).await?;
    refused(&gone, 1, "error[unknown]", &["00000000"]);
    Ok(())
}

#[tokio::test]
async fn what_happened_is_told_with_a_server_and_without() -> Result<(), Error> {
    let mut country = after_the_main_job().await?;
    told(&country).await?;
    country.serve().await?;
    told(&country).await
}

/// A case's messages as files of the site.
fn files(country: &Country, case: &Case, notice: &str) -> Result<(String, String), Error> {
    let declaration = country.folder().join("declaration.xml");
    std::fs::write(&declaration, case.declaration()?)?;
    let notified = country.folder().join("notice.xml");
    std::fs::write(&notified, case.notice(notice)?)?;
    Ok((text(&declaration).into(), text(&notified).into()))
}

#[tokio::test]
async fn messages_are_run_by_hand() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    let (declaration, notice) = files(&country, &case, "16")?;
    let lodged = country
        .dragoman(&["run", "declaration-lodged", "--trigger", &declaration])
        .await?;
    assert_eq!(lodged.code, Some(0), "{}{}", lodged.out, lodged.err);
    let dry = country
        .dragoman(&["run", "export-release", "--trigger", &notice, "--dry"])
        .await?;
    assert_eq!(dry.code, Some(0), "{}{}", dry.out, dry.err);
    assert!(
        dry.out.contains("would have been done: call permits.endorse"),
        "{}",
        dry.out
    );
    assert!(country.facts().is_empty(), "{:?}", country.facts());
    let run = country
        .dragoman(&["run", "export-release", "--trigger", &notice])
        .await?;
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    let again = country
        .dragoman(&["run", "export-release", "--trigger", &notice])
        .await?;
    assert_eq!(again.code, Some(0), "{}{}", again.out, again.err);
    assert!(again.out.contains("this message was taken before"), "{}", again.out);
    assert_eq!(country.count("endorsed", None), (2, 1), "{:?}", country.facts());
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_run_is_told() -> Result<(), Error> {
    let country = Country::new(&Options::default()).await?;
    let broken = country.folder().join("broken.xml");
    std::fs::write(&broken, "<Response><FunctionCode>08</Response>")?;
    let broken = text(&broken);
    let unreadable = country
        .dragoman(&["run", "export-release", "--trigger", broken])
        .await?;
    let over_http = "error[message.unreadable]";
    refused(
        &unreadable,
        1,
        over_http,
        &["cannot be read", "kept as run", "`dragoman runs show"],
    );
    let kept = country.dragoman(&["runs", "list", "--status", "parked"]).await?;
    assert!(kept.out.contains("export-release"), "{}", kept.out);
    let gone = country
        .dragoman(&["run", "export-release", "--trigger", "gone.xml"])
        .await?;
    refused(&gone, 1, "D0904", &["gone.xml cannot be read"]);
    let name = country
        .dragoman(&["run", "export-relaese", "--trigger", broken])
        .await?;
    refused(&name, 1, "D0903", &["no pipeline `export-relaese`", "export-release"]);
    Ok(())
}

#[tokio::test]
async fn every_code_is_explained() -> Result<(), Error> {
    let root = workspace_root();
    let list = command(&root, &["explain"]).await?;
    let mut pages = 0;
    for entry in std::fs::read_dir(root.join("docs/codes"))? {
        let path = entry?.path();
        let code = path.file_stem().and_then(|s| s.to_str()).unwrap_or_default().to_owned();
        let page = std::fs::read_to_string(&path)?;
        let told = command(&root, &["explain", &code.to_lowercase()]).await?;
        assert_eq!((told.code, told.out.trim()), (Some(0), page.trim()), "{code}");
        assert!(page.starts_with(&format!("# {code}: ")), "{code}: {page}");
        assert!(page.contains("**What to "), "{code}: {page}");
        assert!(list.out.contains(&format!("{code}: ")), "{code} is not in the list");
        pages += 1;
    }
    assert!(pages > 100, "{pages}");
    let unknown = command(&root, &["explain", "D9999"]).await?;
    refused(&unknown, 1, "D0901", &["there is no code `D9999`"]);
    Ok(())
}

#[tokio::test]
async fn outside_of_a_site_one_is_told_so() -> Result<(), Error> {
    let folder = dragoman_support::process::TempSite::new()?;
    let commands: &[&[&str]] = &[
        &["check"],
        &["serve"],
        &["runs", "list"],
        &["waits", "list"],
        &["audit", "verify"],
    ];
    for arguments in commands {
        let told = command(folder.path(), arguments).await?;
        refused(&told, 1, "D0910", &["dragoman.yaml cannot be read"]);
    }
    let helped = command(folder.path(), &["--help"]).await?;
    assert_eq!(helped.code, Some(0));
    orderly(&helped.out);
    Ok(())
}

//! What monitoring sees of a site: whether it is ready, what it counts, what is stuck.

use std::collections::BTreeSet;

use dragoman_acceptance::country::PATIENCE;
use dragoman_acceptance::{Case, Country, Error, Options};

/// The guide that names all metrics.
const GUIDE: &str = include_str!("../../../docs/guide/watching-a-site.md");

/// What is not written before it has happened once.
const NOT_YET: [&str; 4] = [
    "dragoman_reconciliation_missing",
    "dragoman_runs_parked_total",
    "dragoman_probes_total",
    "dragoman_connection_failing",
];

/// The value of a line: its name with labels.
fn value(metrics: &str, line: &str) -> Option<f64> {
    let found = metrics.lines().find_map(|written| written.strip_prefix(line))?;
    found.trim().parse().ok()
}

/// The names of all metrics, as they are written.
fn names(metrics: &str) -> BTreeSet<String> {
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    let name = |line: &str| line.split([' ', '{']).next().unwrap_or_default().to_owned();
    let base = |name: String| match name.strip_suffix("_bucket").or(name.strip_suffix("_sum")) {
        Some(base) => base.to_owned(),
        None => name.strip_suffix("_count").unwrap_or(&name).to_owned(),
    };
    lines.map(name).map(base).collect()
}

#[tokio::test]
async fn a_site_says_that_it_is_ready_and_what_it_does() -> Result<(), Error> {
    let mut country = Country::start(&Options::default()).await?;
    let case = Case::with_permits();
    country.issue(&case)?;
    country.lodge(&case).await?;
    for number in ["08", "16"] {
        assert_eq!(country.notify(&case, number).await?, 202, "notice {number}");
    }
    country.at_rest(PATIENCE).await?;
    let ready = country.get("/v1/ready", false).await?;
    assert_eq!((ready.status, ready.json()["status"].as_str()), (200, Some("ready")));
    let refused = country.get("/v1/metrics", false).await?;
    assert_eq!(refused.status, 401, "not everybody sees them");
    let answer = country.get("/v1/metrics", true).await?;
    let metrics = answer.body;
    assert_eq!(answer.status, 200, "{metrics}");
    assert!(metrics.ends_with("# EOF\n"), "{metrics}");
    let begun = r#"dragoman_runs_begun_total{pipeline="export-release",child="false"}"#;
    let ended = r#"dragoman_runs_ended_total{pipeline="export-release",child="false",ending="completed"}"#;
    assert!(value(&metrics, begun) >= Some(1.0), "{metrics}");
    assert!(value(&metrics, ended) >= Some(1.0), "{metrics}");
    let told = r#"dragoman_calls_total{connection="importer",operation="notify_use",result="answered"}"#;
    assert_eq!(value(&metrics, told), Some(2.0), "{metrics}");
    assert_eq!(value(&metrics, "dragoman_runs_stuck"), Some(0.0), "{metrics}");
    assert!(
        value(&metrics, "dragoman_store_entries_total") > Some(10.0),
        "{metrics}"
    );
    for name in names(&metrics) {
        assert!(GUIDE.contains(&format!("`{name}`")), "{name} is not in the guide");
    }
    let metric = |word: &&str| word.starts_with("dragoman_") || word.starts_with("process_");
    for name in GUIDE.split('`').filter(metric).filter(|word| !word.contains(' ')) {
        let known = names(&metrics).contains(name) || NOT_YET.contains(&name);
        assert!(known, "{name} of the guide is not there:\n{metrics}");
    }

    // Nothing is stuck, whether somebody serves or not.
    for list in [&["runs", "--stuck"][..], &["runs", "list", "--stuck"]] {
        let said = country.dragoman(list).await?;
        assert_eq!(
            (said.code, said.out.trim()),
            (Some(0), "no run is stuck"),
            "{}",
            said.err
        );
    }
    let said = country.dragoman(&["runs", "--limit", "1"]).await?;
    assert!(said.out.starts_with("RUN"), "{}", said.out);
    country.stop().await?;
    let said = country.dragoman(&["runs", "--stuck"]).await?;
    assert_eq!(
        (said.code, said.out.trim()),
        (Some(0), "no run is stuck"),
        "{}",
        said.err
    );
    Ok(())
}

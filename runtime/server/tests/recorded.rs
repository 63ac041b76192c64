//! Every run that a shipped case makes can be recorded, and the recorded case holds: the same way, the same calls and
//! answers, the same end.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dragoman_cases::record::{Privacy, record_case};
use dragoman_cases::{Bench, Mismatch, Outcome, run};
use dragoman_host::CacheSettings;
use dragoman_manifest::{Case, parse_case};
use dragoman_model::Source;
use dragoman_security::MacKey;
use dragoman_server::trial;

fn project() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Compiled plugins are kept with what was built, where the tests of the command keep theirs.
fn cache() -> Option<CacheSettings> {
    let folder = project().join("target/caches/dragoman");
    let key = MacKey::open(&folder.join("keys")).ok()?;
    Some(CacheSettings {
        folder: folder.join("plugins"),
        key,
    })
}

#[track_caller]
fn read(name: &str, text: String) -> Case {
    let (case, diagnostics) = parse_case(Source::new(name, text.clone()));
    let told: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
    case.unwrap_or_else(|| panic!("{name}: {}\n{text}", told.join("\n")))
}

/// Why the run of a case, recorded, is none that holds; none: it does.
fn differs(file: &Path, bench: &Arc<Bench>) -> Option<String> {
    let name = file.display().to_string();
    let folder = file.parent().unwrap_or(Path::new("."));
    let case = read(&name, std::fs::read_to_string(file).expect("a case"));
    let recorded = match record_case(&case, folder, bench, &Privacy::default()) {
        Ok(Some(text)) => text,
        Ok(None) => return None,
        Err(error) => return Some(format!("{name}: {error}")),
    };
    let report = run(&read(&name, recorded.clone()), folder, bench);
    let told = match &report.outcome {
        Outcome::Holds if report.unused.is_empty() => return None,
        Outcome::Holds => format!("nothing asked for {:?}", report.unused),
        Outcome::Differs(all) => all.iter().map(Mismatch::render).collect(),
        Outcome::Wrong(all) => all.iter().map(|d| d.render(false)).collect::<Vec<_>>().join("\n"),
        Outcome::Broken(message) => message.clone(),
    };
    Some(format!("{name}:\n{told}\n{recorded}"))
}

/// All cases of a site, as many as there are at least.
async fn check(site: &str, at_least: usize) {
    let trial = trial(&project().join(site).join("dragoman.yaml"), cache()).await;
    let trial = trial.unwrap_or_else(|error| panic!("{site}: {error:?}"));
    assert!(trial.cases.len() >= at_least, "only {} cases", trial.cases.len());
    // A case has a runtime of its own.
    let told = tokio::task::spawn_blocking(move || {
        let differ = trial.cases.iter().filter_map(|file| differs(file, &trial.bench));
        differ.collect::<Vec<String>>()
    });
    let told = told.await.expect("all are run");
    assert!(told.is_empty(), "{} differ\n{}", told.len(), told.join("\n\n"));
}

#[tokio::test]
async fn runs_of_the_main_flow() {
    check("examples/export", 15).await;
}

#[tokio::test]
async fn runs_of_the_cookbook() {
    check("examples/cookbook", 60).await;
}

#[tokio::test]
async fn runs_of_the_flow_from_paper() {
    check("examples/from-paper", 5).await;
}

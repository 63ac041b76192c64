//! The project's own samples: read as committed, and valid against the published schemas.

mod standards;

use serde::Serialize;
use std::path::{Path, PathBuf};
use std::process::Command;
use wco_customs::{Config, read_declaration, read_notice};

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples");
    let mut found = Vec::new();
    for case in std::fs::read_dir(folder).unwrap() {
        for file in std::fs::read_dir(case.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "xml") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert_eq!(found.len(), 13, "the samples are not all there");
    found
}

/// Compares with the JSON beside the sample; `UPDATE_GOLDEN=1` writes it anew.
fn check(sample: &Path, document: &impl Serialize) {
    let golden = sample.with_extension("json");
    let found = serde_json::to_value(document).unwrap();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&golden, format!("{}\n", serde_json::to_string_pretty(&found).unwrap())).unwrap();
    }
    let text = std::fs::read_to_string(&golden).unwrap_or_default();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
    assert_eq!(found, expected, "{}", sample.display());
}

#[test]
fn samples_are_read_as_committed() {
    for sample in files() {
        let bytes = std::fs::read(&sample).unwrap();
        if sample.ends_with("declaration.xml") {
            check(&sample, &read_declaration(&bytes, &Config::default()).unwrap());
        } else {
            check(
                &sample,
                &read_notice(&bytes, "sha256:none", &Config::default()).unwrap(),
            );
        }
    }
}

#[test]
fn samples_are_valid() {
    let Some(wco) = standards::wco() else { return };
    if Command::new("xmllint").arg("--version").output().is_err() {
        println!("skipped: needs xmllint");
        return;
    }
    for sample in files() {
        let driver = if sample.ends_with("declaration.xml") {
            "driver-declaration.xsd"
        } else {
            "driver-response.xsd"
        };
        let output = Command::new("xmllint")
            .args(["--nonet", "--noout", "--schema"])
            .arg(wco.join(driver))
            .arg(&sample)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}: {}",
            sample.display(),
            String::from_utf8_lossy(&output.stderr)
        );
    }
}

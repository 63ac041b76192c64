//! What can be seen in the texts: walls, words, unsafe code, names, and what must not be named.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

/// No file is longer.
const WALL: usize = 600;
/// `lib.rs` is a table of contents.
const LIB_WALL: usize = 150;
/// No function is longer.
const FUNCTION_WALL: usize = 60;

/// Whole words of the domain: the runtime knows none of them, so that a flow of another domain needs no change there.
const DOMAIN_WORDS: [&str; 19] = [
    "cites",
    "ecites",
    "epix",
    "species",
    "permit",
    "permits",
    "endorse",
    "endorsed",
    "endorsement",
    "endorsements",
    "customs",
    "consignment",
    "taxon",
    "appendix",
    "asycuda",
    "wco",
    "ephyto",
    "importer",
    "exporter",
];

/// Rooms that would take anything.
const EMPTY_NAMES: [&str; 6] = ["util", "utils", "common", "core", "helper", "manager"];

/// Where `unsafe` is allowed, and why is written there: generated bindings and compiled components.
const UNSAFE: [&str; 4] = [
    "sdk/guest/src/bindings.rs",
    "sdk/guest-macros/src/",
    "runtime/host/src/cache.rs",
    "runtime/host/src/v0_1/bindings.rs",
];

/// The files that git knows or would take.
pub(super) fn tracked(root: &Path) -> Result<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()?;
    if !output.status.success() {
        bail!("git ls-files ended with {}", output.status);
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(text
        .lines()
        .filter(|f| root.join(f).is_file())
        .map(str::to_owned)
        .collect())
}

pub(super) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|f| f.ends_with(".rs")) {
        let text = std::fs::read_to_string(root.join(file))?;
        names(file, &mut findings);
        lengths(file, &text, &mut findings);
        unsafe_code(file, &text, &mut findings);
        if file.starts_with("runtime/") {
            words(file, &text, &mut findings);
        }
        left_undone(file, &text, &mut findings);
    }
    for room in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/adr/0001-yaml-library.md",
    ] {
        if !files.iter().any(|f| f == room) {
            findings.push(format!("{room}: is missing"));
        }
    }
    for shown in files.iter().filter_map(|file| shown(file)) {
        let readme = format!("{shown}/README.md");
        if !files.contains(&readme) {
            findings.push(format!("{readme}: is missing"));
        }
    }
    Ok(findings)
}

/// The folder of a connector, a flow or a site: each says what it is.
fn shown(file: &str) -> Option<&str> {
    let folder = |kind: &str, file_in_it: &str| {
        let folder = file.strip_suffix(file_in_it)?;
        (folder.starts_with(kind) && folder.matches('/').count() == 1).then_some(folder)
    };
    folder("plugins/", "/Cargo.toml")
        .or_else(|| folder("pipelines/", "/pipeline.yaml"))
        .or_else(|| folder("examples/", "/dragoman.yaml"))
}

fn names(file: &str, findings: &mut Vec<String>) {
    for part in file.split('/') {
        if EMPTY_NAMES.contains(&part.trim_end_matches(".rs")) {
            findings.push(format!(
                "{file}: `{part}` says nothing of what is in it; name it after what it is about"
            ));
        }
    }
}

fn lengths(file: &str, text: &str, findings: &mut Vec<String>) {
    let lines = text.lines().count();
    let wall = if file.ends_with("/lib.rs") && !file.starts_with("plugins/") && !file.starts_with("tests/guests/") {
        LIB_WALL
    } else {
        WALL
    };
    if lines > wall {
        findings.push(format!("{file}: {lines} lines; the wall is {wall}"));
    }
    // Tests are data: a table of cases may be as long as it must.
    if file.contains("/tests/") || file.starts_with("tests/") {
        return;
    }
    // A function begins at a line with `fn ` and ends at the closing brace of the same indent, as rustfmt writes it.
    let lines: Vec<&str> = text.lines().collect();
    for (start, line) in lines.iter().enumerate() {
        let trimmed = line.trim_start();
        let is_function = [
            "fn ",
            "pub fn ",
            "async fn ",
            "pub async fn ",
            "const fn ",
            "pub const fn ",
        ]
        .iter()
        .any(|w| trimmed.starts_with(w))
            || trimmed.starts_with("pub(") && trimmed.contains(" fn ");
        // Where no body opens (a trait's function, `fn f() {}` on one line) there is nothing to measure.
        let opens = lines[start..]
            .iter()
            .find(|l| l.ends_with(['{', ';', '}']))
            .is_some_and(|l| l.ends_with('{'));
        if !is_function || !opens {
            continue;
        }
        let indent = &line[..line.len() - trimmed.len()];
        let end = format!("{indent}}}");
        if let Some(length) = lines[start..].iter().position(|l| *l == end)
            && length + 1 > FUNCTION_WALL
        {
            findings.push(format!(
                "{file}:{}: a function of {} lines; the wall is {FUNCTION_WALL}",
                start + 1,
                length + 1
            ));
        }
    }
}

fn unsafe_code(file: &str, text: &str, findings: &mut Vec<String>) {
    let words = ["unsafe {", "unsafe fn", "unsafe impl", "allow(unsafe_code"];
    if file.starts_with("xtask/src/tidy/") || UNSAFE.iter().any(|u| file.starts_with(u)) {
        return;
    }
    for (number, line) in text.lines().enumerate() {
        if words.iter().any(|w| line.contains(w)) && !line.trim_start().starts_with("//") {
            findings.push(format!(
                "{file}:{}: unsafe code outside the list in xtask/src/tidy/texts.rs",
                number + 1
            ));
        }
    }
}

fn words(file: &str, text: &str, findings: &mut Vec<String>) {
    for (number, line) in text.lines().enumerate() {
        let lower = line.to_ascii_lowercase();
        for word in lower.split(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            if DOMAIN_WORDS.contains(&word) {
                findings.push(format!(
                    "{file}:{}: `{word}` is a word of the domain; the runtime knows none",
                    number + 1
                ));
            }
        }
    }
}

fn left_undone(file: &str, text: &str, findings: &mut Vec<String>) {
    if file.starts_with("xtask/src/tidy/") {
        return;
    }
    let test_file = file.contains("/tests/") || file.starts_with("tests/");
    for (number, line) in text.lines().enumerate() {
        if ["todo!(", "unimplemented!(", "FIXME", "XXX:"]
            .iter()
            .any(|w| line.contains(w))
        {
            findings.push(format!("{file}:{}: left undone", number + 1));
        }
        if test_file && line.contains("thread::sleep") {
            findings.push(format!(
                "{file}:{}: a sleep in a test: wait for the condition instead",
                number + 1
            ));
        }
    }
}

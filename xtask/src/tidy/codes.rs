//! Every code has a page, every page a code, and no code is declared twice. So has every word that a request over HTTP
//! may be answered with as its code. And every code occurs in a test, which is to raise it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

pub(super) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut declared: BTreeMap<String, String> = BTreeMap::new();
    let mut words: BTreeMap<String, String> = BTreeMap::new();
    for file in files.iter().filter(|f| f.starts_with("runtime/") && f.ends_with(".rs")) {
        let text = std::fs::read_to_string(root.join(file))?;
        for (at, _) in text.match_indices("Code::new(") {
            let rest = text[at + "Code::new(".len()..].trim_start();
            let Some(id) = rest.strip_prefix('"').and_then(|r| r.split('"').next()) else {
                continue;
            };
            if id == "D0000" {
                continue;
            }
            if let Some(other) = declared.insert(id.into(), file.clone()) {
                findings.push(format!("{file}: {id} is declared in {other} already"));
            }
        }
        words.extend(answered(&text).map(|word| (word.to_owned(), file.clone())));
    }
    for (id, file) in declared.iter().chain(&words) {
        let page = format!("docs/codes/{id}.md");
        if !files.contains(&page) {
            findings.push(format!("{file}: {id} has no page; write {page}"));
        }
    }
    for page in files
        .iter()
        .filter_map(|f| f.strip_prefix("docs/codes/")?.strip_suffix(".md"))
    {
        if !declared.contains_key(page) && !words.contains_key(page) {
            findings.push(format!("docs/codes/{page}.md: nothing raises {page}"));
        }
    }
    findings.extend(untested(root, files, &declared)?);
    Ok(findings)
}

/// Codes that occur in no test. That they occur is all that a machine can see; that the test raises them is for people.
fn untested(root: &Path, files: &[String], declared: &BTreeMap<String, String>) -> Result<Vec<String>> {
    let mut missing = declared.clone();
    for file in files.iter().filter(|file| may_test(file)) {
        // Messages to be refused need not be text.
        let bytes = std::fs::read(root.join(file))?;
        let text = String::from_utf8_lossy(&bytes);
        let tests = tests_in(file, &text);
        missing.retain(|id, _| !tests.contains(id.as_str()));
    }
    Ok(missing
        .into_iter()
        .map(|(id, file)| {
            format!("{file}: {id} occurs in no test; write one that raises it and looks for {id} in what comes out")
        })
        .collect())
}

/// Whether there may be a test in a file. The tests of this task name codes that nothing raises.
fn may_test(file: &str) -> bool {
    !file.starts_with("xtask/") && (file.ends_with(".rs") || is_for_tests(file))
}

/// Whether a file serves tests only: tests and their data, the conformance suites, cases of pipelines, snapshots.
fn is_for_tests(file: &str) -> bool {
    let within = |folder: &str| file.starts_with(&folder[1..]) || file.contains(folder);
    within("/tests/")
        || within("/src/conformance/")
        || file.ends_with("/tests.rs")
        || file.ends_with(".snap")
        || (file.ends_with(".yaml") && within("/cases/"))
}

/// The part of a file that is tests: all of it, or what stands behind `#[cfg(test)]` and a module that begins there.
fn tests_in<'a>(file: &str, text: &'a str) -> &'a str {
    if is_for_tests(file) {
        return text;
    }
    match text.find("#[cfg(test)]\nmod ") {
        Some(at) => &text[at..],
        None => "",
    }
}

/// The codes that a source text answers requests with: the second argument of each `problem(status, "code", ...)`.
fn answered(text: &str) -> impl Iterator<Item = &str> {
    text.split("problem(").skip(1).filter_map(|rest| {
        let (_, behind) = rest.split_once(',')?;
        behind.trim_start().strip_prefix('"')?.split('"').next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_without_a_test_is_named_with_where_it_is_declared() {
        let folder = std::env::temp_dir().join(format!("tidy-codes-{}", std::process::id()));
        let sources = [
            (
                "runtime/a/src/error.rs",
                "Code::new(\"D9901\", \"one\"); Code::new(\"D9902\", \"two\");",
            ),
            (
                "runtime/a/src/lib.rs",
                "// D9902\n#[cfg(test)]\nmod tests {\n    // D9901\n}\n",
            ),
            (
                "runtime/a/src/two.rs",
                "#[cfg(test)]\nfn for_tests() {}\nfn two() -> &str { \"D9902\" }\n",
            ),
            ("docs/codes/D9902.md", "# D9902: two\n"),
            ("xtask/src/tidy/codes.rs", "#[cfg(test)]\nmod tests { /* D9902 */ }"),
        ];
        let mut files = Vec::new();
        for (file, text) in sources {
            let path = folder.join(file);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("it is made");
            std::fs::write(path, text).expect("it is written");
            files.push(file.to_owned());
        }
        let declared = ["D9901", "D9902"].map(|id| (id.to_owned(), sources[0].0.to_owned()));
        let declared = BTreeMap::from(declared);
        let found = untested(&folder, &files, &declared).expect("the files are read");
        assert_eq!(
            found,
            [
                "runtime/a/src/error.rs: D9902 occurs in no test; write one that raises it and looks for D9902 in what \
              comes out"
            ]
        );
        let tests = "runtime/a/tests/two.rs";
        std::fs::create_dir_all(folder.join("runtime/a/tests")).expect("it is made");
        std::fs::write(folder.join(tests), b"\xff D9902").expect("it is written");
        files.push(tests.to_owned());
        assert!(
            untested(&folder, &files, &declared)
                .expect("the files are read")
                .is_empty()
        );
        std::fs::remove_dir_all(folder).expect("it is removed");
    }

    #[test]
    fn tests_are_found_where_tests_are() {
        let whole = "D9901";
        for (file, is_test) in [
            ("runtime/plan/tests/specs/a.yaml", true),
            ("tests/acceptance/tests/command/runs.rs", true),
            ("tests/guests/echo/src/lib.rs", true),
            ("runtime/journal/src/conformance/runs.rs", true),
            ("runtime/cli/src/snapshots/a.snap", true),
            ("runtime/manifest/src/language/tests.rs", true),
            ("pipelines/a/cases/b.yaml", true),
            ("runtime/cases/src/error.rs", false),
            ("pipelines/a/pipeline.yaml", false),
            ("docs/codes/D9901.md", false),
            ("runtime/engine/src/error.rs", false),
        ] {
            let found = if may_test(file) { tests_in(file, whole) } else { "" };
            assert_eq!(!found.is_empty(), is_test, "{file}");
        }
    }

    #[test]
    fn codes_are_found_where_requests_are_answered() {
        let text = "fn problem(status: StatusCode, code: &str) {}\nproblem(\n    StatusCode::CONFLICT,\n    \"key.conflict\",\n    &x)\nproblem(status, \"store\", &m) problem(s, UNPROVEN.id, \"x\")";
        assert_eq!(answered(text).collect::<Vec<_>>(), ["key.conflict", "store"]);
    }
}

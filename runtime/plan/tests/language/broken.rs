//! Pipelines with one mistake each, and tricky ones with none.
//!
//! A file in `tests/broken` is a list of cases. A case begins with `# case:` and what is wrong; `# expect:` has the code
//! and, in quotes, what the help must contain. `»` stands right before the place that must be pointed at, and is taken
//! away before the text is read. As in the specs, a text that does not begin with `dragoman:` is a list of steps.
//! A file in `tests/correct` is the same without expectations.

use std::fmt::Write as _;
use std::path::Path;

use dragoman_model::{Diagnostic, Span};

use crate::specs::{complete, diagnostics};

/// What stands before the place of a mistake.
const PLACE: char = '»';

/// One case of a file.
struct Case {
    /// File and title, for people.
    title: String,
    /// Code and help, as far as one is expected.
    expected: Option<(String, String)>,
    /// The text, with the mark.
    text: String,
}

/// The cases of all files of a folder.
fn cases(folder: &str) -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder of cases");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files.iter().flat_map(|file| cases_of(file)).collect()
}

fn cases_of(file: &Path) -> Vec<Case> {
    let whole = std::fs::read_to_string(file).expect("a file of cases");
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let mut cases: Vec<Case> = Vec::new();
    for line in whole.split_inclusive('\n') {
        if let Some(title) = line.strip_prefix("# case: ") {
            cases.push(Case {
                title: format!("{name}: {}", title.trim()),
                expected: None,
                text: String::new(),
            });
            continue;
        }
        let Some(case) = cases.last_mut() else { continue };
        match line.strip_prefix("# expect: ").and_then(|l| l.trim().split_once(' ')) {
            Some((code, help)) => case.expected = Some((code.into(), help.trim().trim_matches('"').into())),
            None => case.text.push_str(line),
        }
    }
    cases
}

/// Everything that was said, for a person who looks why a case fails.
fn shown(found: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in found {
        let place = diagnostic.span.as_ref().map(Span::place).unwrap_or_default();
        let help = diagnostic.help.join(" | ");
        writeln!(out, "    {} {place} {} [{help}]", diagnostic.code, diagnostic.message).expect("text takes text");
    }
    out
}

/// Why a broken pipeline is not told as it should be; none where it is.
fn misjudged(case: &Case) -> Option<String> {
    let (code, help) = case.expected.as_ref().expect("an expectation");
    let marked = case.text.find(PLACE);
    let marked = marked.unwrap_or_else(|| panic!("{}: no mark", case.title));
    let bare = case.text.replacen(PLACE, "", 1);
    let (text, _) = complete(&bare);
    let at = text.len() - bare.len() + marked;
    let found = diagnostics(&text);
    let right = match found.as_slice() {
        [only] => {
            only.code.id == code
                && only.span.as_ref().is_some_and(|s| s.range.start == at)
                && only.help.iter().any(|h| h.contains(help.as_str()))
        }
        _ => false,
    };
    let line = text[..at].matches('\n').count() + 1;
    let column = text[..at].rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    (!right).then(|| {
        let said = shown(&found);
        format!("{}\n  expected {code} {line}:{column} [{help}]\n{said}", case.title)
    })
}

#[test]
fn each_mistake_is_said_once_in_its_place_with_what_to_write() {
    let cases = cases("broken");
    let wrong: Vec<String> = cases.iter().filter_map(misjudged).collect();
    assert!(cases.len() >= 120, "only {} cases", cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

#[test]
fn nothing_is_said_about_what_is_right() {
    let cases = cases("correct");
    let wrong: Vec<String> = cases
        .iter()
        .map(|case| (case, diagnostics(&complete(&case.text).0)))
        .filter(|(_, found)| !found.is_empty())
        .map(|(case, found)| format!("{}\n{}", case.title, shown(&found)))
        .collect();
    assert!(cases.len() >= 40, "only {} cases", cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

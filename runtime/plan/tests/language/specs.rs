//! Runs the Markdown files.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use dragoman_manifest::{parse_pipeline, parse_site};
use dragoman_model::{Diagnostic, Severity, Source};
use dragoman_plan::check;

use crate::world::world;

const HEAD: &str = "dragoman: 1\npipeline: spec\non:\n  - id: hook\n    http: { path: /orders, from: partner, reply: replied }\n    read: orders.read_order\nkey: trigger.message.number\nsteps:\n";

/// All diagnostics of a text, manifest and plan.
pub(crate) fn diagnostics(text: &str) -> Vec<Diagnostic> {
    let source = Source::new("spec.yaml", text);
    let (pipeline, mut diagnostics) = parse_pipeline(source);
    if let Some(pipeline) = pipeline {
        let checked = check(&pipeline, &world());
        let no_error = |d: &[Diagnostic]| d.iter().all(|d| d.severity != Severity::Error);
        if no_error(&checked.diagnostics) && no_error(&diagnostics) {
            assert!(checked.plan.is_some(), "no error and no plan:\n{text}");
        }
        diagnostics.extend(checked.diagnostics);
    }
    diagnostics.sort_by_key(|d| d.span.as_ref().map_or(0, |s| s.range.start));
    diagnostics
}

/// All diagnostics of a site file that need no plugin but those of the world.
pub(crate) fn site_diagnostics(text: &str) -> Vec<Diagnostic> {
    let (site, mut diagnostics) = parse_site(Source::new("dragoman.yaml", text));
    if let Some(site) = site {
        let (events, found) = dragoman_plan::site_events(&site, &world());
        assert_eq!(events.len(), site.events.len());
        diagnostics.extend(found);
    }
    diagnostics
}

/// The whole pipeline of a case, and how many lines were put before it.
pub(crate) fn complete(text: &str) -> (String, usize) {
    if text.trim_start().starts_with("dragoman:") || text.starts_with('#') {
        (text.to_owned(), 0)
    } else {
        (format!("{HEAD}{text}"), HEAD.lines().count())
    }
}

/// What a case says about a text: a pipeline, or a site file.
fn said(text: &str) -> String {
    let (text, head) = complete(text);
    let found = if text.contains("\nsite:") {
        site_diagnostics(&text)
    } else {
        diagnostics(&text)
    };
    let mut out = String::new();
    for diagnostic in found {
        let (line, column) = diagnostic
            .span
            .as_ref()
            .map_or((0, 0), |s| s.source.position(s.range.start));
        let severity = match diagnostic.severity {
            Severity::Error => "",
            Severity::Warning => "warning ",
            Severity::Note => "note ",
        };
        let line = line.saturating_sub(head);
        writeln!(
            out,
            "{severity}{} {line}:{column} {}",
            diagnostic.code, diagnostic.message
        )
        .expect("text takes text");
        let marked = diagnostic
            .span
            .as_ref()
            .map(|s| s.source.text[s.range.clone()].lines().next().unwrap_or("").to_owned());
        writeln!(out, "    at: {}", marked.unwrap_or_default()).expect("text takes text");
        for help in &diagnostic.help {
            writeln!(out, "    help: {help}").expect("text takes text");
        }
    }
    if out.is_empty() {
        out.push_str("nothing\n");
    }
    out
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/specs");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder of specs")
        .map(|e| e.expect("an entry").path())
        .collect();
    files.sort();
    files
}

/// The text with each `diagnostics` block filled in, and the number of cases.
fn filled(markdown: &str) -> (String, usize) {
    let (mut out, mut yaml, mut cases) = (String::new(), None::<String>, 0);
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        if line != "```yaml" && line != "```diagnostics" {
            continue;
        }
        let block: String = lines
            .by_ref()
            .take_while(|l| *l != "```")
            .flat_map(|l| [l, "\n"])
            .collect();
        if line == "```yaml" {
            out.push_str(&block);
            yaml = Some(block);
        } else {
            let text = yaml.take().expect("a `yaml` block before each `diagnostics` block");
            out.push_str(&said(&text));
            cases += 1;
        }
        out.push_str("```\n");
    }
    (out, cases)
}

#[test]
fn what_the_specs_say_is_said() {
    let update = std::env::var_os("UPDATE_SPECS").is_some();
    let mut cases = 0;
    for file in files() {
        let before = std::fs::read_to_string(&file).expect("a spec");
        let (after, count) = filled(&before);
        cases += count;
        if update {
            std::fs::write(&file, after).expect("a spec can be written");
        } else if before != after {
            let differ: Vec<String> = after
                .lines()
                .zip(before.lines().chain(std::iter::repeat("")))
                .filter(|(a, b)| a != b)
                .take(12)
                .map(|(a, b)| format!("  is:       {a}\n  expected: {b}"))
                .collect();
            panic!("{} differs:\n{}", file.display(), differ.join("\n"));
        }
    }
    assert!(cases >= 60, "only {cases} cases were found");
}

/// Ten mistakes of different kinds in one pipeline: each is said, at its place, and nothing else.
#[test]
fn ten_mistakes_give_ten_diagnostics() {
    let text = include_str!("../ten_mistakes.yaml");
    let rendered: Vec<String> = diagnostics(text).iter().map(|d| d.render(false)).collect();
    assert_eq!(rendered.len(), 10, "{}", rendered.join("\n\n"));
    insta::assert_snapshot!(rendered.join("\n\n"));
}

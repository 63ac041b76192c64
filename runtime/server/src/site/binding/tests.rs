//! Sites that grant too little, too much or the wrong thing, as data.
//!
//! A file in `tests/broken` is a list of cases: `# case:` and what is wrong, `# expect:` with the code and, in quotes, what
//! the help must contain (`nothing` where all is well), then a site file, `---`, and the steps of a pipeline. `»` stands
//! right before the place that must be pointed at, `›` before each place that must be shown besides; both are taken away
//! before the text is read.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use dragoman_manifest::{Pipeline, parse_pipeline, parse_site};
use dragoman_model::{Diagnostic, Digest, OperationEffect, Source, Span};
use dragoman_plan::World;
use dragoman_schema::{DescribedOperation, Descriptor, Surface};

const SITE: &str = "dragoman: 1\nsite: broken\n";
const PIPELINE: &str = "dragoman: 1\npipeline: broken\non: [{ id: by-hand, manual: {} }]\nsteps:\n";

/// A plugin that reaches others and signs, and one that does neither.
fn surface(plugin: &str) -> Arc<Surface> {
    let operation = |name: &str, effect, documents: &[&str]| DescribedOperation {
        name: name.into(),
        summary: String::new(),
        input_schema: r#"{"type": "object"}"#.into(),
        output_schema: r#"{"type": "object"}"#.into(),
        effect,
        has_probe: false,
        undo: None,
        documents: documents.iter().map(|name| (*name).to_owned()).collect(),
        codes: Vec::new(),
    };
    let powers = plugin == "shop";
    let names = |names: &[&str]| match powers {
        true => names.iter().map(|name| (*name).to_owned()).collect(),
        false => Vec::new(),
    };
    let descriptor = Descriptor {
        name: plugin.into(),
        version: "1.0.0".into(),
        config_schema: "{}".into(),
        endpoints: names(&["api", "partner-*"]),
        credentials: names(&["signing"]),
        operations: vec![
            operation("look", OperationEffect::Read, &[]),
            operation("file", OperationEffect::Idempotent { key_lifetime_s: None }, &["paper"]),
        ],
        ..Descriptor::default()
    };
    let (surface, _) = Surface::from_descriptor(Digest::of(plugin.as_bytes()), descriptor).expect("a good descriptor");
    Arc::new(surface)
}

/// One case of a file.
struct Case {
    title: String,
    /// Code and help; none: nothing is said.
    expected: Option<(String, String)>,
    text: String,
}

fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/broken");
    let entries = std::fs::read_dir(folder).expect("the folder of cases");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    let mut cases: Vec<Case> = Vec::new();
    for file in files {
        let whole = std::fs::read_to_string(&file).expect("a file of cases");
        for line in whole.split_inclusive('\n') {
            if let Some(title) = line.strip_prefix("# case: ") {
                cases.push(Case {
                    title: title.trim().into(),
                    expected: None,
                    text: String::new(),
                });
                continue;
            }
            let Some(case) = cases.last_mut() else { continue };
            match line.strip_prefix("# expect: ") {
                Some(said) => {
                    let (code, help) = said.trim().split_once(' ').unwrap_or((said.trim(), ""));
                    case.expected = (code != "nothing").then(|| (code.into(), help.trim().trim_matches('"').into()));
                }
                None => case.text.push_str(line),
            }
        }
    }
    cases
}

/// A text without its marks, behind its head: with the places of `»` and of `›`.
fn bare(head: &str, text: &str) -> (String, Vec<usize>, Vec<usize>) {
    let (mut bare, mut main, mut shown) = (head.to_owned(), Vec::new(), Vec::new());
    for letter in text.chars() {
        match letter {
            '»' => main.push(bare.len()),
            '›' => shown.push(bare.len()),
            _ => bare.push(letter),
        }
    }
    (bare, main, shown)
}

/// All that is said of a site and its pipeline.
fn said(site: &str, pipeline: &str) -> Vec<Diagnostic> {
    let (site, mut found) = parse_site(Source::new("dragoman.yaml", site));
    let site = site.unwrap_or_else(|| panic!("no site: {found:?}"));
    let mut world = World::default();
    for (name, connection) in &site.connections {
        let surface = surface(&connection.plugin.value);
        found.extend(super::check(name, connection, &surface));
        world = world.with_connection(&name.value, surface);
    }
    let (pipeline, broken) = parse_pipeline(Source::new("pipeline.yaml", pipeline));
    found.extend(broken);
    let pipeline: Option<Pipeline> = pipeline;
    super::point_at_calls(&site, pipeline.iter(), &mut found);
    if let Some(pipeline) = &pipeline {
        found.extend(dragoman_plan::check(pipeline, &world).diagnostics);
    }
    found
}

/// Why a case is not told as it should be; none where it is.
fn misjudged(case: &Case) -> Option<String> {
    let (site, pipeline) = case.text.split_once("---\n").unwrap_or((&case.text, "  - sleep: 1s\n"));
    let (site, in_site, _) = bare(SITE, site);
    let (pipeline, in_pipeline, shown) = bare(PIPELINE, pipeline);
    let found = said(&site, &pipeline);
    let places = |spans: &mut dyn Iterator<Item = &Span>, file: &str| -> Vec<usize> {
        spans
            .filter(|span| span.source.name == file)
            .map(|span| span.range.start)
            .collect()
    };
    let spans = || found.iter().filter_map(|d| d.span.as_ref());
    let labels = found.iter().flat_map(|d| &d.labels).map(|label| &label.span);
    let right = match (&case.expected, found.as_slice()) {
        (None, []) => true,
        (Some((code, help)), [only]) => only.code.id == code && only.help.iter().any(|h| h.contains(help.as_str())),
        _ => false,
    };
    let at_place = places(&mut spans(), "dragoman.yaml") == in_site
        && places(&mut spans(), "pipeline.yaml") == in_pipeline
        && places(&mut labels.into_iter(), "pipeline.yaml") == shown;
    let told: BTreeMap<usize, String> = found.iter().map(|d| d.render(false)).enumerate().collect();
    (!right || !at_place).then(|| format!("{}: expected {:?}\n{told:#?}", case.title, case.expected))
}

#[test]
fn what_is_granted_wrongly_is_said_once_in_its_place_with_what_to_write() {
    let cases = cases();
    let wrong: Vec<String> = cases.iter().filter_map(misjudged).collect();
    assert!(cases.len() >= 20, "only {} cases", cases.len());
    assert!(
        wrong.is_empty(),
        "{} of {}:\n{}",
        wrong.len(),
        cases.len(),
        wrong.join("\n")
    );
}

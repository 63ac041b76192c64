//! The canonical layout: what it does, that it is one, and that what is shipped has it.
#![allow(missing_docs)]

use std::path::{Path, PathBuf};

use dragoman_manifest::{Document, format};
use dragoman_model::Source;
use proptest::prelude::*;

fn formatted(text: &str) -> Result<String, String> {
    let source = Source::new("test.yaml", text);
    format(&source, Document::Pipeline).map_err(|d| d.iter().map(|d| d.render(false)).collect::<Vec<_>>().join("\n"))
}

/// A text becomes another one, and that one stays as it is.
fn check(text: &str, expected: &str) {
    let once = formatted(text).unwrap_or_else(|e| panic!("{e}\n{text}"));
    assert_eq!(once, expected, "of\n{text}");
    assert_eq!(formatted(&once).as_deref(), Ok(expected), "again");
}

#[test]
fn keys_stand_in_the_order_of_the_reference() {
    check(
        "steps:\n- with: { b: 1, a: 2 }\n  call: a.b\n  id: x\n  odd: 1\npipeline: p\ndragoman: 1\n",
        "dragoman: 1\npipeline: p\n\nsteps:\n  - id: x\n    call: a.b\n    with: { b: 1, a: 2 }\n    odd: 1\n",
    );
}

#[test]
fn quotes_stand_only_where_they_are_needed() {
    check(
        "pipeline: \"p\"\nsummary: 'a: b'\nkey: \"x == 'y'\"\non: [ {id: 'h', manual: {} } ]\n",
        "pipeline: p\nsummary: \"a: b\"\non: [{ id: h, manual: {} }]\nkey: x == 'y'\n",
    );
}

#[test]
fn comments_keep_their_places() {
    check(
        "# head\n\ndragoman: 1   # one\nsteps: # all\n    # first\n    - call: a.b # call\n      # inner\n      id: x\n      # behind x\n    - sleep: 1s\n    # behind all\n# the output\noutput: 1\n# end\n",
        "# head\n\ndragoman: 1 # one\n\nsteps: # all\n  # first\n  # inner\n  - id: x\n    call: a.b # call\n    # behind x\n\n  - sleep: 1s\n  # behind all\n\n# the output\noutput: 1\n\n# end\n",
    );
}

#[test]
fn empty_lines_are_made_even() {
    check(
        "dragoman: 1\n\n\n\npipeline: p\nsteps:\n\n  - sleep: 1s\n  - parallel:\n\n      a: [{ sleep: 1s }]\n\n\n      b:\n        - sleep: 1s\n\n        - sleep: 2s\n        - sleep: 3s\n",
        "dragoman: 1\n\npipeline: p\n\nsteps:\n  - sleep: 1s\n\n  - parallel:\n      a: [{ sleep: 1s }]\n\n      b:\n        - sleep: 1s\n\n        - sleep: 2s\n\n        - sleep: 3s\n",
    );
}

#[test]
fn what_is_too_long_for_a_line_gets_several() {
    let long = "x".repeat(60);
    check(
        &format!("steps:\n  - {{ call: a.b, with: {{ one: {long}, two: {long} }} }}\n"),
        &format!("steps:\n  - call: a.b\n    with:\n      one: {long}\n      two: {long}\n")
            .replace("    with:\n      one", "    with:\n      one"),
    );
    check(
        &format!("key: {long} +\n  {long}\n"),
        &format!("key: >-\n  {long} +\n  {long}\n"),
    );
}

#[test]
fn texts_of_several_lines_stay_so() {
    check(
        "summary: |\n     one\n       two\n\n     three\npipeline: p\nkey: >-\n    a\n    b\n\n    c\n",
        "pipeline: p\nsummary: |\n  one\n    two\n\n  three\nkey: >-\n  a\n  b\n\n  c\n",
    );
}

#[test]
fn what_is_no_yaml_is_refused_with_the_readers_words() {
    let told = formatted("a: [1\n").expect_err("no YAML");
    assert!(told.contains("error[D01"), "{told}");
}

fn shipped() -> Vec<(PathBuf, Document)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut folders = vec![root.join("pipelines"), root.join("examples")];
    let mut files = vec![(root.join("runtime/plan/tests/good.yaml"), Document::Pipeline)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_some_and(|e| e == "yaml")
                && let Ok(text) = std::fs::read_to_string(&path)
                && let Some(document) = Document::of(&text)
            {
                files.push((path, document));
            }
        }
    }
    files
}

/// With `UPDATE_FORMAT=1` the files are written.
#[test]
fn what_is_shipped_has_the_canonical_layout() {
    let files = shipped();
    assert!(files.len() >= 5, "only {} files were found", files.len());
    for (file, document) in files {
        let text = std::fs::read_to_string(&file).expect("a text");
        let source = Source::new(file.display().to_string(), text.clone());
        let written = format(&source, document).unwrap_or_else(|d| panic!("{}", d[0].render(false)));
        let again = format(&Source::new("again", written.clone()), document);
        assert_eq!(again.as_ref(), Ok(&written), "{}", file.display());
        if std::env::var_os("UPDATE_FORMAT").is_some() {
            std::fs::write(&file, &written).expect("the file can be written");
        } else {
            assert_eq!(text, written, "{}: run `dragoman fmt`", file.display());
        }
    }
}

/// A shipped text with its lines changed by chance: comments, empty lines, quotes, other indentation.
fn changed() -> impl Strategy<Value = String> {
    let files: Vec<String> = shipped()
        .iter()
        .filter(|(_, d)| *d == Document::Pipeline)
        .filter_map(|(f, _)| std::fs::read_to_string(f).ok())
        .collect();
    let change = (0usize..400, 0u8..6, 0usize..9);
    (
        proptest::sample::select(files),
        proptest::collection::vec(change, 0..12),
        1usize..3,
    )
        .prop_map(|(text, changes, wider)| {
            let mut lines: Vec<String> = text
                .lines()
                .map(|line| {
                    let indent = line.len() - line.trim_start().len();
                    format!("{}{line}", " ".repeat(indent * (wider - 1)))
                })
                .collect();
            for (at, what, indent) in changes {
                let at = at % lines.len();
                match what {
                    0 => lines.insert(at, format!("{}# a comment {at}", " ".repeat(indent))),
                    1 => lines.insert(at, String::new()),
                    2 => lines[at].push_str(" # beside"),
                    3 => lines[at] = lines[at].replace("{ ", "{\n     # inside\n     "),
                    4 => lines[at] = lines[at].replace(": =", ":   ="),
                    _ => {
                        lines.remove(at);
                        if lines.is_empty() {
                            lines.push("dragoman: 1".into());
                        }
                    }
                }
            }
            lines.join("\n") + "\n"
        })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn formatting_twice_changes_nothing(text in changed()) {
        // What is no YAML any more is refused, and says why.
        match formatted(&text) {
            Ok(once) => {
                let again = formatted(&once);
                prop_assert_eq!(again.as_ref(), Ok(&once), "of\n{}", text);
                let comments = |t: &str| t.matches('#').count();
                prop_assert_eq!(comments(&once), comments(&text), "{}\nof\n{}", once, text);
            }
            Err(told) => prop_assert!(told.contains("error[D01") && !told.contains("D0981"), "{}\nof\n{}", told, text),
        }
    }
}

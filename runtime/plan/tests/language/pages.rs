//! The pages of the codes: each code that these rooms raise has one, and its examples are what they say.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::specs::{complete, diagnostics, site_diagnostics};

/// Codes of this room's files that only a site file raises.
const OF_SITES: [&str; 2] = ["D0922", "D0923"];

fn pages() -> Vec<(String, PathBuf)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/codes");
    let entries = std::fs::read_dir(folder)
        .expect("the folder of pages")
        .map(|e| e.expect("an entry").path());
    let mut pages: Vec<(String, PathBuf)> = entries
        .filter_map(|path| Some((path.file_stem()?.to_str()?.to_owned(), path)))
        .filter(|(code, _)| OF_SITES.contains(&&**code) || code.starts_with("D01") || code.starts_with("D04"))
        .collect();
    pages.sort();
    pages
}

/// The codes declared in a file, with their titles.
fn declared(file: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    let text = std::fs::read_to_string(path).expect("the file of codes");
    let quoted: Vec<&str> = text.split('"').skip(1).step_by(2).collect();
    quoted
        .chunks(2)
        .map(|pair| (pair[0].to_owned(), pair[1].to_owned()))
        .collect()
}

/// The codes that a text of any kind gives.
fn codes(text: &str) -> BTreeSet<&'static str> {
    if text.contains("\nsite:") {
        return site_diagnostics(text).iter().map(|d| d.code.id).collect();
    }
    diagnostics(&complete(text).0).iter().map(|d| d.code.id).collect()
}

#[test]
fn every_code_has_a_page_whose_examples_are_right() {
    let declared = [declared("src/codes.rs"), declared("../manifest/src/codes.rs")].concat();
    let pages = pages();
    let missing: Vec<&String> = declared
        .iter()
        .map(|(code, _)| code)
        .filter(|code| !pages.iter().any(|(page, _)| page == *code))
        .collect();
    assert!(missing.is_empty(), "no page for {missing:?}");
    for (code, path) in &pages {
        let (_, title) = declared
            .iter()
            .find(|(declared, _)| declared == code)
            .expect("a page of a code that is raised");
        let page = std::fs::read_to_string(path).expect("a page");
        assert!(
            page.starts_with(&format!("# {code}: {title}\n")),
            "{code}: the title is `{title}`"
        );
        let examples: Vec<&str> = page
            .split("```yaml\n")
            .skip(1)
            .filter_map(|rest| rest.split("```\n").next())
            .collect();
        // The bounds are tried with texts that no page has room for.
        if code == "D0109" {
            continue;
        }
        let [wrong, right] = examples.as_slice() else {
            panic!("{code}: a wrong example and a right one")
        };
        assert!(
            codes(wrong).contains(code.as_str()),
            "{code}: the wrong example gives {:?}",
            codes(wrong)
        );
        assert!(
            codes(right).is_empty(),
            "{code}: the right example gives {:?}",
            codes(right)
        );
    }
}

/// What the examples of the reference find there.
const HEAD: &str = "dragoman: 1\npipeline: reference\non:\n  - id: hook\n    http: { path: /orders, from: partner, reply: replied }\n    read: orders.read_order\nkey: trigger.message.number\nsteps:\n- id: order\n  call: orders.get\n  with: { number: =trigger.message.number }\n";

#[test]
fn the_examples_of_the_reference_are_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/language.md");
    let page = std::fs::read_to_string(path).expect("the reference");
    let mut tried = 0;
    for example in page
        .split("```yaml\n")
        .skip(1)
        .filter_map(|rest| rest.split("```\n").next())
    {
        let text = if example.starts_with("dragoman:") {
            example.to_owned()
        } else {
            format!("{HEAD}{example}")
        };
        let found = if text.contains("\nsite:") {
            site_diagnostics(&text)
        } else {
            diagnostics(&text)
        };
        let rendered: Vec<String> = found.iter().map(|d| d.render(false)).collect();
        assert!(rendered.is_empty(), "{}", rendered.join("\n\n"));
        tried += 1;
    }
    assert!(tried >= 9, "only {tried} examples were found");
    // The examples in the table of the other words.
    for line in page
        .lines()
        .skip_while(|l| *l != "### The others")
        .filter(|l| l.starts_with("| `"))
    {
        let Some(example) = line
            .trim_end_matches(" |")
            .rsplit("| `")
            .next()
            .and_then(|e| e.strip_suffix('`'))
        else {
            continue;
        };
        let text = format!("{HEAD}- {example}\n");
        if line.starts_with("| `")
            && ["sleep", "set", "reply", "stop", "park", "fail"]
                .iter()
                .any(|w| line.starts_with(&format!("| `{w}`")))
        {
            let found = diagnostics(&text);
            assert!(found.is_empty(), "{example}: {}", found[0].render(false));
            tried += 1;
        }
    }
    assert!(tried >= 15, "only {tried} examples were found");
}

//! The examples on the pages of the codes: the wrong one raises its code, the right one is accepted.

use std::path::Path;

use dragoman_expression::{Expected, codes};

use crate::world::World;

/// The block of a page that is marked so.
fn block<'a>(page: &'a str, mark: &str) -> Option<&'a str> {
    let (_, rest) = page.split_once(&format!("```cel {mark}\n"))?;
    rest.split_once("\n```").map(|(text, _)| text)
}

#[test]
fn the_examples_on_the_pages_are_true() {
    let all = [
        codes::SYNTAX,
        codes::UNKNOWN_NAME,
        codes::UNKNOWN_FIELD,
        codes::WRONG_TYPE,
        codes::NEVER_EQUAL,
        codes::MAYBE_ABSENT,
        codes::INDEX,
        codes::NESTED,
        codes::TOO_LONG,
        codes::UNITS,
        codes::NEEDS_CAST,
        codes::UNKNOWN_FUNCTION,
        codes::ARGUMENTS,
        codes::WRONG_RESULT,
        codes::NULL,
        codes::NOT_IN_LANGUAGE,
        codes::UNKNOWN_OPERATION,
        codes::STEP_NOT_HERE,
        codes::BRANCHES,
        codes::FAILED,
        codes::INVALID_LITERAL,
        codes::OVER_BUDGET,
    ];
    let world = World::new();
    for code in all {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../docs/codes/{code}.md"));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert!(page.starts_with(&format!("# {code}: {}\n", code.title)), "{code}");
        if let Some(wrong) = block(&page, "wrong") {
            let found = world.diagnose(wrong, &Expected::Anything).err().unwrap_or_default();
            let found: Vec<&str> = found.iter().map(|d| d.code.id).collect();
            assert_eq!(found, [code.id], "{wrong}");
        }
        let right = block(&page, "right").unwrap_or_else(|| panic!("{code} shows nothing right"));
        if let Err(diagnostics) = world.check(right) {
            panic!("{code}: {right}\n{diagnostics}");
        }
    }
}

/// The pieces of code in a page: lines of blocks, and what stands in back quotes in the first column of the tables
/// of functions.
fn examples(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside = false;
    for line in page.lines() {
        if line.starts_with("```") {
            inside = !inside;
        } else if inside {
            found.push(line.to_owned());
        } else if let Some(cell) = line.strip_prefix("| `").and_then(|row| row.split(" | ").next()) {
            let cell = format!("`{cell}");
            found.extend(cell.split('`').skip(1).step_by(2).map(str::to_owned));
        }
    }
    found
}

#[test]
fn the_examples_of_the_reference_are_true() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference/expressions.md");
    let page = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let world = World::new();
    let examples = examples(&page);
    assert!(examples.len() > 40, "{}", examples.len());
    for text in &examples {
        match world.check(text) {
            Ok((expression, _)) if !text.starts_with("cast_input") => {
                expression.evaluate(&world).unwrap_or_else(|e| panic!("{text}: {e}"));
            }
            Ok(_) => {}
            Err(diagnostics) => panic!("{text}\n{diagnostics}"),
        }
    }
    // Every function that the language offers stands on the page.
    let Err(unknown) = world.check("zzzzzz()") else {
        panic!("it is no function")
    };
    let (_, names) = unknown.split_once("the functions are ").unwrap_or_default();
    let names: Vec<&str> = names.trim().split(", ").collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        assert!(page.contains(name), "`{name}` is not in the reference");
    }
}

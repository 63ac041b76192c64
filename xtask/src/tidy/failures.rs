//! Every code of a failure that the runtime gives is in the tables of `docs/reference/failures.md`, which `dragoman explain`
//! prints, or has a page; and every row of them is a code that it gives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::Result;

const TABLES: &str = "docs/reference/failures.md";
/// The rooms that give failures.
const ROOMS: [&str; 4] = [
    "runtime/engine/src/",
    "runtime/host/src/",
    "runtime/expression/src/",
    "runtime/transports/http/src/",
];
/// Texts of that form that are no codes of failures: files, and the name of a field of the log.
const OTHERS: [&str; 2] = ["units.tsv", "dragoman.panic"];
/// The row for whatever status a partner answers with.
const STATUS: &str = "http.NNN";

pub(super) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut raised: BTreeMap<String, &str> = BTreeMap::new();
    let is_source = |file: &&String| ROOMS.iter().any(|room| file.starts_with(room)) && file.ends_with(".rs");
    for file in files.iter().filter(is_source) {
        let text = std::fs::read_to_string(root.join(file))?;
        raised.extend(codes(&text).into_iter().map(|code| (code, &**file)));
    }
    let tables = std::fs::read_to_string(root.join(TABLES))?;
    let rows: BTreeSet<&str> = tables
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let has_page = |code: &str| files.contains(&format!("docs/codes/{code}.md"));
    let missing = raised
        .iter()
        .filter(|(code, _)| !rows.contains(&***code) && !has_page(code))
        .map(|(code, file)| format!("{file}: the failure {code} is not explained; give it a row in {TABLES}"));
    let idle = rows
        .iter()
        .filter(|row| **row != STATUS && !raised.contains_key(**row))
        .map(|row| format!("{TABLES}: nothing gives {row}"));
    Ok(missing.chain(idle).collect())
}

/// The codes of failures in a source text, its tests left out.
fn codes(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    let mut found: BTreeSet<String> = text
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split('"').skip(1).step_by(2))
        .filter(|word| is_code(word) && !OTHERS.contains(word))
        .map(str::to_owned)
        .collect();
    // What becomes of a request has a short code; the connector that passes it on puts `http.` before it.
    found.extend(
        arguments(text, "denied(")
            .map(|code| format!("denied.{code}"))
            .filter(|code| is_code(code)),
    );
    let sent = arguments(text, "not_sent(").chain(arguments(text, "EgressError::sent("));
    found.extend(sent.map(|code| format!("http.{code}")).filter(|code| is_code(code)));
    found
}

/// Two words of small letters with a point between them.
fn is_code(word: &str) -> bool {
    let is_word = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    word.split_once('.')
        .is_some_and(|(family, rest)| is_word(family) && is_word(rest))
}

/// The texts that a function is called with first.
fn arguments<'a>(text: &'a str, call: &'a str) -> impl Iterator<Item = &'a str> {
    let called = text.split(call).skip(1);
    called.filter_map(|rest| rest.trim_start().strip_prefix('"')?.split('"').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_however_they_are_given() {
        let text = "const A: &str = \"run.deadline\";\n// \"not.this\"\nFailure::permanent(\n    \"each.failed\",\n    \
                    \"a text. with points\")\ndenied(\n    \"dry_run\",\n) EgressError::sent(\"cut\", x) \
                    not_sent(\"denied.path\", y) include_str!(\"units.tsv\")\n#[cfg(test)]\nmod tests { \"a.b\" }\n";
        let found: Vec<String> = codes(text).into_iter().collect();
        assert_eq!(
            found,
            [
                "denied.dry_run",
                "denied.path",
                "each.failed",
                "http.cut",
                "run.deadline"
            ]
        );
    }
}

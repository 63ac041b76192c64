//! Every code has a page, every page a code, and no code is declared twice. So has every word that a request over HTTP
//! may be answered with as its code.

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
    Ok(findings)
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
    use super::answered;

    #[test]
    fn codes_are_found_where_requests_are_answered() {
        let text = "fn problem(status: StatusCode, code: &str) {}\nproblem(\n    StatusCode::CONFLICT,\n    \"key.conflict\",\n    &x)\nproblem(status, \"store\", &m) problem(s, UNPROVEN.id, \"x\")";
        assert_eq!(answered(text).collect::<Vec<_>>(), ["key.conflict", "store"]);
    }
}

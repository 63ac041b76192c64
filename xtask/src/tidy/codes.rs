//! Every code has a page, every page a code, and no code is declared twice.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

pub(super) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    let mut declared: BTreeMap<String, String> = BTreeMap::new();
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
    }
    for (id, file) in &declared {
        let page = format!("docs/codes/{id}.md");
        if !files.contains(&page) {
            findings.push(format!("{file}: {id} has no page; write {page}"));
        }
    }
    for page in files
        .iter()
        .filter_map(|f| f.strip_prefix("docs/codes/")?.strip_suffix(".md"))
    {
        if page.starts_with('D') && !declared.contains_key(page) {
            findings.push(format!("docs/codes/{page}.md: nothing raises {page}"));
        }
    }
    Ok(findings)
}

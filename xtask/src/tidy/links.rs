//! What the texts refer to is there.

use std::path::Path;

use anyhow::Result;

/// Links of the texts to files that do not exist.
pub(super) fn check(root: &Path, files: &[String]) -> Result<Vec<String>> {
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.ends_with(".md")) {
        let folder = root.join(file).parent().map_or_else(|| root.to_owned(), Path::to_owned);
        for (number, line) in prose(&std::fs::read_to_string(root.join(file))?) {
            for target in targets(line) {
                if !folder.join(target).exists() {
                    findings.push(format!("{file}:{number}: there is no `{target}`"));
                }
            }
        }
    }
    Ok(findings)
}

/// The lines outside fenced examples, with their numbers.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut fenced = false;
    let mut lines = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        if line.trim_start().starts_with("```") {
            fenced = !fenced;
        } else if !fenced {
            lines.push((number, line));
        }
    }
    lines
}

/// The files that a line links to, without what is on the network and without headings.
fn targets(line: &str) -> Vec<&str> {
    let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    let files = links.map(|link| link.split('#').next().unwrap_or_default());
    files.filter(|file| !file.is_empty() && !file.contains("://")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_files_are_found() {
        let text = "[a](b.md) and [c](../d.md#e), [f](#g), [h](https://i.example/j)\n```\n[k](l)\n```\n[m](n)";
        let found: Vec<_> = prose(text).into_iter().flat_map(|(_, line)| targets(line)).collect();
        assert_eq!(found, ["b.md", "../d.md", "n"]);
    }
}

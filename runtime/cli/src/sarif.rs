//! Diagnostics as SARIF 2.1.0, the form that code hosts and editors show beside the lines (OASIS, 27 March 2020).

use dragoman_model::{Code, Diagnostic, Span};
use serde_json::{Value, json};

/// The schema that the log follows.
const SCHEMA: &str = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// A log with one run. In: the diagnostics, and the page of a code where there is one. Out: the log; its rules are the
/// codes that occur, sorted, and the help of each is its page.
pub(crate) fn log(diagnostics: &[Diagnostic], page: fn(&str) -> Option<String>) -> Value {
    let mut codes: Vec<Code> = diagnostics.iter().map(|d| d.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results: Vec<Value> = diagnostics.iter().map(|d| result(d, &codes)).collect();
    let rules: Vec<Value> = codes.iter().map(|code| rule(*code, page(code.id))).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "dragoman",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            } },
            // Columns count characters, as in what people read.
            "columnKind": "unicodeCodePoints",
            "results": results,
        }]
    })
}

fn rule(code: Code, page: Option<String>) -> Value {
    let mut rule = json!({ "id": code.id, "shortDescription": { "text": code.title } });
    if let (Some(page), Some(members)) = (page, rule.as_object_mut()) {
        let page = page.trim_end();
        members.insert("help".into(), json!({ "text": page, "markdown": page }));
    }
    rule
}

fn result(diagnostic: &Diagnostic, codes: &[Code]) -> Value {
    let mut text = diagnostic.message.clone();
    for help in &diagnostic.help {
        text.push_str("\nhelp: ");
        text.push_str(help);
    }
    let locations: Vec<Value> = diagnostic
        .span
        .iter()
        .map(|span| location(span, &diagnostic.marked))
        .collect();
    let related: Vec<Value> = diagnostic.labels.iter().map(|l| location(&l.span, &l.text)).collect();
    let mut result = json!({
        "ruleId": diagnostic.code.id,
        "ruleIndex": codes.binary_search(&diagnostic.code).unwrap_or_default(),
        "level": diagnostic.severity.name(),
        "message": { "text": text },
        "locations": locations,
    });
    if let (false, Some(members)) = (related.is_empty(), result.as_object_mut()) {
        members.insert("relatedLocations".into(), related.into());
    }
    result
}

fn location(span: &Span, text: &str) -> Value {
    let (line, column) = span.source.position(span.range.start);
    let (end_line, end_column) = span.source.position(span.range.end);
    let mut location = json!({ "physicalLocation": {
        "artifactLocation": { "uri": address(&span.source.name) },
        "region": { "startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column },
    } });
    if let (false, Some(members)) = (text.is_empty(), location.as_object_mut()) {
        members.insert("message".into(), json!({ "text": text }));
    }
    location
}

/// A path as a URI: relative as it was given, absolute with its scheme.
fn address(path: &str) -> String {
    let path: Vec<String> = path.split('/').map(crate::site::encoded).collect();
    let path = path.join("/");
    if path.starts_with('/') {
        format!("file://{path}")
    } else {
        path.trim_start_matches("./").to_owned()
    }
}

#[cfg(test)]
mod tests {
    use dragoman_model::Source;

    use super::*;

    const ONE: Code = code("D0101", "unknown key");
    const TWO: Code = code("D0105", "the same key twice");

    /// Codes as `manifest` declares them.
    const fn code(id: &'static str, title: &'static str) -> Code {
        Code::new(id, title)
    }

    fn page(code: &str) -> Option<String> {
        (code == "D0101").then(|| "# D0101: unknown key\n".to_owned())
    }

    #[test]
    fn a_log_has_a_rule_for_each_code_and_a_place_for_each_result() {
        let source = Source::new("./my flows/ä.yaml", "é: 1\né: 2\nwhn: 3\n");
        let diagnostics = [
            Diagnostic::error(TWO, Span::new(&source, 6..8), "the key `é` is here twice")
                .mark("again")
                .label(Span::new(&source, 0..2), "first here"),
            Diagnostic::error(ONE, Span::new(&source, 12..15), "unknown key `whn`").help("write `when`"),
            Diagnostic::without_place(ONE, "no place").warning(),
            Diagnostic::without_place(ONE, "nothing wrong").note(),
        ];
        let log = log(&diagnostics, page);
        insta::assert_json_snapshot!("sarif_results", log["runs"][0]["results"]);
        insta::assert_json_snapshot!("sarif_rules", log["runs"][0]["tool"]["driver"]["rules"]);
        assert_eq!(address("/a b/c.yaml"), "file:///a%20b/c.yaml");
    }
}

//! The place of every byte of an expression is right, however the scalar is written.

use dragoman_manifest::{ExpressionText, Template, parse_pipeline};
use dragoman_model::Source;

/// Lowers `output: <yaml>` and gives its expression.
fn expression(yaml: &str) -> ExpressionText {
    let text = format!("dragoman: 1\npipeline: p\non: [{{ id: m, manual: {{}} }}]\nsteps: []\noutput: {yaml}\n");
    let (pipeline, diagnostics) = parse_pipeline(Source::new("p.yaml", text));
    let shown: Vec<String> = diagnostics.iter().map(|d| d.render(false)).collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
    match pipeline.and_then(|p| p.output) {
        Some(Template::Expression(expression)) => expression,
        other => panic!("not an expression: {other:?}"),
    }
}

/// `needle` in the expression's text stands in the source at `written`.
fn check(yaml: &str, text: &str, needle: &str, written: &str) {
    let expression = expression(yaml);
    assert_eq!(expression.text, text, "{yaml}");
    let at = expression
        .text
        .find(needle)
        .unwrap_or_else(|| panic!("{needle} is not in {text}"));
    let span = expression.part(at..at + needle.len());
    assert_eq!(&span.source.text[span.range.clone()], written, "{yaml}");
}

#[test]
fn a_plain_expression() {
    check("=a.b + c", "a.b + c", "b + c", "b + c");
    check("=  a.b", "a.b", "a.b", "a.b");
}

#[test]
fn a_quoted_expression() {
    check("'=first(a, b)'", "first(a, b)", "a, b", "a, b");
    check("'=a == ''x'' + zed'", "a == 'x' + zed", "zed", "zed");
    check("'=a == ''x'' + zed'", "a == 'x' + zed", "'x'", "''x''");
    check(r#""=a == \"x\" + zed""#, r#"a == "x" + zed"#, "zed", "zed");
    check(r#""=\u00e9\x41 + zed""#, "éA + zed", "zed", "zed");
    check(r#""=\ud83d\ude00 + zed""#, "😀 + zed", "zed", "zed");
    check("'=é + zed'", "é + zed", "zed", "zed");
}

#[test]
fn an_expression_over_several_lines() {
    check("=a +\n  bee +\n  zed", "a + bee + zed", "zed", "zed");
    check("\"=a +\n  bee \\\n  + zed\"", "a + bee + zed", "zed", "zed");
    check(">-\n  =a +\n  bee +\n  zed", "a + bee + zed", "zed", "zed");
    check("|-\n  =a +\n    bee +\n  zed", "a +\n  bee +\nzed", "zed", "zed");
    check("|-\n  =a +\n    bee +\n  zed", "a +\n  bee +\nzed", "bee", "bee");
    check("'=a + é'", "a + é", "é", "é");
}

//! What is refused while the tree is read, each with what to write.

use std::ops::Range;

use dragoman_model::{Diagnostic, Span};
use serde_saphyr::granit_parser;

use super::node::{Node, NodeKind, Scalar, Style};
use super::reader::{Reader, Stop};
use super::scan_error;
use crate::codes;

impl Reader<'_> {
    /// `{{ ... }}` without quotes: YAML reads a mapping whose key is a mapping.
    pub(super) fn foreign_braces(&mut self, begin: &Span, key: &Node) -> Result<bool, Stop> {
        let text = &self.source.text[key.span.range.clone()];
        if key.span.range.start != begin.range.start + 1 || !text.starts_with('{') {
            return Ok(false);
        }
        let inner = text.trim_matches(['{', '}']).trim();
        let span = Span::new(self.source, begin.range.start..key.span.range.end + 1);
        let help = format!("write `={inner}`, without braces");
        self.report(
            Diagnostic::error(
                codes::FOREIGN_DELIMITERS,
                span,
                "`{{` does not begin an expression here",
            )
            .help(help),
        )?;
        Ok(true)
    }

    /// Two pieces of one text, cut by a comma of a flow collection.
    pub(super) fn cut_by_comma(&mut self, before: &Range<usize>, after: &Span) -> Result<(), Stop> {
        let whole = &self.source.text[before.start..after.range.end.max(before.start)];
        let quoted = scan_error::quoted(whole);
        let span = Span::new(self.source, before.start..after.range.end);
        self.report(
            Diagnostic::error(
                codes::CUT_BY_COMMA,
                span,
                "a comma ends this text, because it stands inside braces",
            )
            .mark("YAML reads this as several pieces")
            .help(format!("quote the text: {quoted}")),
        )
    }

    pub(super) fn has_colon_behind(&self, key: &Range<usize>) -> bool {
        self.source.text[key.end..].trim_start().starts_with(':') || self.source.text[key.clone()].starts_with('?')
    }

    pub(super) fn refuse_anchor(&mut self, anchor: usize, span: &Span) -> Result<(), Stop> {
        if anchor == 0 {
            return Ok(());
        }
        self.report(
            Diagnostic::error(codes::YAML_FEATURE, span.clone(), "an anchor of YAML is not taken here")
                .help("take `&name` away; a text that begins with `&` is quoted"),
        )
    }

    pub(super) fn refuse_tag(&mut self, tag: &granit_parser::Span, node: &Span) -> Result<(), Stop> {
        let tag = self.span(tag);
        let whole = Span::new(self.source, tag.range.start..node.range.end.max(tag.range.end));
        let text = self.source.text[whole.range.clone()].trim_end();
        let help = format!("where it was meant as \"not\" in an expression, quote the text: '{text}'");
        self.report(
            Diagnostic::error(codes::YAML_FEATURE, whole, "a tag of YAML is not taken here")
                .mark("YAML reads `!` as the beginning of a tag")
                .help(help),
        )
    }
}

/// Whether a flow scalar is an expression whose brackets or quotes are still open.
pub(super) fn is_cut(node: &Node) -> bool {
    let NodeKind::Scalar(Scalar {
        text,
        style: Style::Plain,
        ..
    }) = &node.kind
    else {
        return false;
    };
    if !text.starts_with('=') {
        return false;
    }
    let (mut open, mut quote) = (0_i32, None);
    for character in text.chars() {
        match (quote, character) {
            (Some(q), c) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(') => open += 1,
            (None, ')') => open -= 1,
            _ => {}
        }
    }
    open > 0 || quote.is_some()
}

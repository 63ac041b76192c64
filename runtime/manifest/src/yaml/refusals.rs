//! What is refused while the tree is read, each with what to write.

use std::ops::Range;

use dragoman_model::{Diagnostic, Span};
use serde_saphyr::granit_parser;

use super::node::{Entry, Mapping, Node, NodeKind, Scalar, Style};
use super::reader::{Reader, Stop};
use super::scan_error;
use crate::{Spanned, codes};

impl Reader<'_> {
    /// `{{ ... }}` without quotes: YAML reads a mapping whose key is a mapping.
    pub(super) fn foreign_braces(&mut self, begin: &Span, key: &Node) -> Result<bool, Stop> {
        let text = &self.source.text[key.span.range.clone()];
        if key.span.range.start != begin.range.start + 1 || !text.starts_with('{') {
            return Ok(false);
        }
        let inner = text.trim_matches(['{', '}']).trim();
        let span = Span::new(self.source, begin.range.start..key.span.range.end + 1);
        let help = match inner.contains(": ") {
            true => format!("write one pair of braces: `{{ {inner} }}`"),
            false => format!("write `={inner}`, without braces"),
        };
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

    /// `-sleep: 1s`: a key that begins with a dash was meant as an item of a list. Whether it is one.
    pub(super) fn space_behind_dash(&mut self, key: &Node) -> Result<bool, Stop> {
        let NodeKind::Scalar(scalar) = &key.kind else {
            return Ok(false);
        };
        let bullet = super::slips::no_dash(&scalar.text).filter(|_| !scalar.text.starts_with('-'));
        if let Some((width, message, help)) = bullet {
            let start = key.span.range.start;
            let span = Span::new(self.source, start..start + width);
            self.report(Diagnostic::error(codes::NOT_YAML, span, message).help(help))?;
            return Ok(true);
        }
        let rest = scalar.text.strip_prefix('-').filter(|_| scalar.style == Style::Plain);
        let Some(rest) = rest.filter(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase())) else {
            return Ok(false);
        };
        let help = format!("write a space behind it: `- {rest}:`");
        let text = "a space is missing behind this dash";
        self.report(Diagnostic::error(codes::NOT_YAML, key.span.clone(), text).help(help))?;
        Ok(true)
    }

    /// `with:{ number: 1 }`: without a space the colon is a part of the key. The key becomes what was meant.
    pub(super) fn space_behind_colon(&mut self, key: &mut Node, value: &mut Node) -> Result<(), Stop> {
        let NodeKind::Scalar(scalar) = &mut key.kind else {
            return Ok(());
        };
        let Some((name, rest)) = scalar.text.split_once(':').filter(|_| scalar.style == Style::Plain) else {
            return Ok(());
        };
        let named = !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        if !named || !rest.starts_with(['{', '[', '"', '\'', '=']) {
            return Ok(());
        }
        let help = format!("write a space behind it: `{name}: ...`");
        scalar.text = name.to_owned();
        value.kind = NodeKind::Refused;
        let text = "a space is missing behind this colon";
        self.report(Diagnostic::error(codes::NOT_YAML, key.span.clone(), text).help(help))
    }

    /// A key of a flow mapping without a colon: a piece of the text before it, which a comma cut off, or a key whose colon
    /// has no space behind it.
    pub(super) fn without_value(
        &mut self,
        begin: &Span,
        mapping: &mut Mapping,
        key: Node,
        name: String,
    ) -> Result<(), Stop> {
        let computed = |node: &Node| self.source.text[node.span.range.clone()].starts_with('=');
        let of_a_text = mapping.entries.last().is_some_and(|before| computed(&before.value));
        if let Some((named, rest)) = glued(&name).filter(|_| !of_a_text) {
            let help = format!("write a space behind it: `{named}: {rest}`");
            let text = "a space is missing behind this colon";
            let diagnostic = Diagnostic::error(codes::NOT_YAML, key.span.clone(), text).help(help);
            mapping.entries.push(Entry {
                key: Spanned::new(named.to_owned(), key.span.clone()),
                value: Node {
                    kind: NodeKind::Refused,
                    span: key.span,
                },
            });
            return self.report(diagnostic);
        }
        match mapping.entries.last_mut() {
            Some(before) => {
                before.value.kind = NodeKind::Refused;
                let before = before.value.span.range.clone();
                self.cut_by_comma(&before, &key.span)
            }
            // Inside `{{ }}`: the braces are reported, not what stands in them.
            None if self.source.text[..begin.range.start].ends_with('{') => Ok(()),
            None => {
                // Of answers one that brings nothing has an empty list.
                let of_answers = self.source.text[..begin.range.start].trim_end().ends_with("answers:");
                let first = name.split_once(' ').filter(|(word, _)| crate::keys::is_key(word));
                let help = match (name.split_once(" ="), first) {
                    (Some((name, value)), _) => format!("a colon is missing: write `{{ {name}: ={} }}`", value.trim()),
                    (None, Some((key, value))) => {
                        format!("a colon is missing: write `{{ {key}: {} }}`", value.trim())
                    }
                    (None, None) if of_answers && !name.contains(' ') => {
                        format!("an answer that brings nothing is written `{name}: []`")
                    }
                    (None, None) => format!("write `{{ {name}: ... }}`; a text with braces is quoted"),
                };
                // A key whose value is told is there: that it is missing is not said too.
                let kept = first.map(|(word, _)| word).or(of_answers.then_some(name.as_str()));
                mapping.entries.extend(kept.map(|word| Entry {
                    key: Spanned::new(word.to_owned(), key.span.clone()),
                    value: Node {
                        kind: NodeKind::Refused,
                        span: key.span.clone(),
                    },
                }));
                let message = format!("`{name}` has no value");
                self.report(Diagnostic::error(codes::CUT_BY_COMMA, key.span, message).help(help))
            }
        }
    }

    /// Two pieces of one text, cut by a comma of a flow collection.
    pub(super) fn cut_by_comma(&mut self, before: &Range<usize>, after: &Span) -> Result<(), Stop> {
        // There may be further commas in it: the whole is what must be quoted, which is said once.
        let said = self.diagnostics.iter_mut().find(|d| {
            let start = d.span.as_ref().map(|span| span.range.start);
            d.code == codes::CUT_BY_COMMA && start == Some(before.start)
        });
        let whole = before.start + scan_error::expression_length(&self.source.text[before.start..]);
        let end = whole.max(after.range.end);
        let quoted = scan_error::quoted(&self.source.text[before.start..end]);
        let span = Span::new(self.source, before.start..end);
        let message = "a comma ends this text, because it stands inside braces";
        let diagnostic = Diagnostic::error(codes::CUT_BY_COMMA, span, message)
            .mark("YAML reads this as several pieces")
            .help(format!("quote the text: {quoted}"));
        match said {
            Some(said) => {
                *said = diagnostic;
                Ok(())
            }
            None => self.report(diagnostic),
        }
    }

    pub(super) fn has_colon_behind(&self, key: &Range<usize>) -> bool {
        self.source.text[key.end..].trim_start().starts_with(':') || self.source.text[key.clone()].starts_with('?')
    }

    pub(super) fn refuse_anchor(&mut self, anchor: usize, span: &Span) -> Result<(), Stop> {
        if anchor == 0 {
            return Ok(());
        }
        // The anchor stands before what it names, perhaps with a tag between.
        let before = &self.source.text[..span.range.start];
        let begin = before.rfind('&').filter(|at| !before[*at..].contains('\n'));
        let name = begin.map(|at| {
            let length = before[at..].find(char::is_whitespace).unwrap_or(before.len() - at);
            Span::new(self.source, at..at + length)
        });
        let span = name.as_ref().unwrap_or(span);
        self.report(
            Diagnostic::error(codes::YAML_FEATURE, span.clone(), "an anchor of YAML is not taken here")
                .help("take `&name` away; a text that begins with `&` is quoted"),
        )
    }

    pub(super) fn refuse_tag(&mut self, tag: &granit_parser::Span, node: &Span) -> Result<(), Stop> {
        let tag = self.span(tag);
        let whole = Span::new(self.source, tag.range.start..node.range.end.max(tag.range.end));
        let text = self.source.text[whole.range.clone()].trim_end();
        // A word and then something else is a tag; `!` right before a call or a bracket was meant as "not".
        let name = self.source.text[tag.range.clone()].trim_start_matches('!');
        let behind = self.source.text[tag.range.end..].chars().next();
        let is_tag = name
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
            && behind.is_none_or(|c| c.is_whitespace());
        let operator = self.source.text[whole.range.clone()].contains(['&', '|', '=', '<', '>']);
        let help = match text.strip_prefix("!!") {
            _ if is_tag && !operator && !name.is_empty() => {
                format!("take the tag `!{name}` away: what kind a value is of is told by how it is written")
            }
            Some(_) => "take the tag away; a text that begins with `!` is put in quotes".to_owned(),
            None => format!("where it was meant as \"not\" in an expression, quote the text: '{text}'"),
        };
        self.report(
            Diagnostic::error(codes::YAML_FEATURE, whole, "a tag of YAML is not taken here")
                .mark("YAML reads `!` as the beginning of a tag")
                .help(help),
        )
    }
}

/// Whether the key at the end of a text may have text as its value: not where a duration, a number or keys stand.
pub(super) fn takes_text(before: &str) -> bool {
    const OTHERS: &[&str] = &[
        "timeout",
        "for",
        "every",
        "sleep",
        "settle",
        "deadline",
        "backoff",
        "rate",
        "concurrent",
        "backlog",
        "rounds",
        "attempts",
        "limits",
        "retry",
        "steps",
        "on",
        "undo",
        "roles",
    ];
    let key = before.trim_end().strip_suffix(':').unwrap_or_default();
    let word = key.rsplit(|c: char| !c.is_ascii_lowercase() && c != '_').next();
    !word.is_some_and(|word| OTHERS.contains(&word))
}

/// A key and its value without a space behind the colon between them.
fn glued(name: &str) -> Option<(&str, &str)> {
    let (key, value) = name.split_once(':')?;
    let named = !key.is_empty()
        && key
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    (named && !value.is_empty()).then_some((key, value))
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

//! Diagnostics: what is wrong with what somebody wrote, where, and what to write instead.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use serde_json::{Value, json};

use crate::Code;

/// A text that somebody wrote, with the name under which they know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Source {
    /// A path as the user gave it.
    pub name: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// A text under a name.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Source {
            name: name.into(),
            text: text.into(),
        })
    }

    /// Line and column of a byte offset, both from 1; columns count characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let before = &self.text[..offset];
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        (line, column)
    }
}

/// A place in a source, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Span {
    /// Where.
    pub source: Arc<Source>,
    /// From and to (exclusive).
    pub range: Range<usize>,
}

impl Span {
    /// A place in a source.
    pub fn new(source: &Arc<Source>, range: Range<usize>) -> Self {
        Span {
            source: source.clone(),
            range,
        }
    }

    /// `file:line:column` of its beginning.
    pub fn place(&self) -> String {
        let (line, column) = self.source.position(self.range.start);
        format!("{}:{line}:{column}", self.source.name)
    }

    /// A part of it, in bytes from its beginning; what lies beyond its end is cut off.
    #[must_use]
    pub fn part(&self, range: Range<usize>) -> Self {
        let clamp = |at: usize| (self.range.start + at).min(self.range.end);
        Span {
            source: self.source.clone(),
            range: clamp(range.start)..clamp(range.end),
        }
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing runs with it.
    Error,
    /// It runs, but look at it.
    Warning,
    /// Nothing is wrong with what was written; something is to be known of where it is looked at.
    Note,
}

impl Severity {
    /// The word for programs: `error`, `warning` or `note`.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Another place that is involved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is there, in a few words.
    pub text: String,
}

/// One thing that is wrong with what somebody wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Its code.
    pub code: Code,
    /// How bad.
    pub severity: Severity,
    /// What is wrong, lower-case, without a full stop.
    pub message: String,
    /// The place that is wrong; none where there is no text (a missing file).
    pub span: Option<Span>,
    /// What the primary place is marked with, if anything.
    pub marked: String,
    /// Other places involved.
    pub labels: Vec<Label>,
    /// What was expected, what to write: a sentence each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error at a place.
    pub fn error(code: Code, span: Span, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: Some(span),
            marked: String::new(),
            labels: Vec::new(),
            help: Vec::new(),
        }
    }

    /// An error that belongs to no place in a text.
    pub fn without_place(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code,
            severity: Severity::Error,
            message: message.into(),
            span: None,
            marked: String::new(),
            labels: Vec::new(),
            help: Vec::new(),
        }
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self) -> Self {
        self.severity = Severity::Warning;
        self
    }

    /// The same as a note.
    #[must_use]
    pub fn note(mut self) -> Self {
        self.severity = Severity::Note;
        self
    }

    /// Marks the primary place with a few words.
    #[must_use]
    pub fn mark(mut self, text: impl Into<String>) -> Self {
        self.marked = text.into();
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push(Label {
            span,
            text: text.into(),
        });
        self
    }

    /// Adds a sentence on what was expected or what to write.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// The text that a person reads, with the lines concerned.
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(self.message.as_str()).id(self.code.id);
        let mut group = match &self.span {
            None => Group::with_title(title),
            Some(span) => {
                let labels = || self.labels.iter().filter(|l| Arc::ptr_eq(&l.span.source, &span.source));
                // No more than the lines concerned: the renderer looks at all that it gets.
                let lines = lines_of(labels().map(|l| &l.span).chain([span]));
                let inside = |span: &Span| span.range.start - lines.start..span.range.end - lines.start;
                let mut snippet = Snippet::source(&span.source.text[lines.clone()])
                    .line_start(span.source.position(lines.start).0)
                    .path(span.source.name.as_str())
                    .annotation(AnnotationKind::Primary.span(inside(span)).label(self.marked.as_str()));
                for label in labels() {
                    snippet = snippet.annotation(
                        AnnotationKind::Context
                            .span(inside(&label.span))
                            .label(label.text.as_str()),
                    );
                }
                title.element(snippet)
            }
        };
        for label in &self.labels {
            if self
                .span
                .as_ref()
                .is_none_or(|s| !Arc::ptr_eq(&label.span.source, &s.source))
            {
                group = group.element(
                    Snippet::source(label.span.source.text.as_str())
                        .path(label.span.source.name.as_str())
                        .annotation(
                            AnnotationKind::Context
                                .span(label.span.range.clone())
                                .label(label.text.as_str()),
                        ),
                );
            }
        }
        for help in &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.render(&[group])
    }

    /// The same for programs: code, severity, message, place and help.
    pub fn to_json(&self) -> Value {
        let place = |span: &Span| {
            let (line, column) = span.source.position(span.range.start);
            let (end_line, end_column) = span.source.position(span.range.end);
            json!({ "file": span.source.name, "line": line, "column": column,
                    "end_line": end_line, "end_column": end_column })
        };
        json!({
            "code": self.code.id,
            "severity": self.severity.name(),
            "message": self.message,
            "place": self.span.as_ref().map(place),
            "labels": self.labels.iter().map(|l| json!({ "place": place(&l.span), "text": l.text })).collect::<Vec<_>>(),
            "help": self.help,
        })
    }
}

/// From the beginning of the first line of some places of one source to the end of the last one.
fn lines_of<'a>(spans: impl Iterator<Item = &'a Span>) -> Range<usize> {
    let both = spans.map(|span| {
        let text = span.source.text.as_bytes();
        let (start, end) = (span.range.start.min(text.len()), span.range.end.min(text.len()));
        let first = text[..start].iter().rposition(|b| *b == b'\n').map_or(0, |n| n + 1);
        let last = text[end..].iter().position(|b| *b == b'\n');
        (first, last.map_or(text.len(), |n| end + n + 1))
    });
    let (start, end) = both.fold((usize::MAX, 0), |(start, end), (first, last)| {
        (start.min(first), end.max(last))
    });
    start.min(end)..end
}

#[cfg(test)]
mod tests {
    use super::*;

    const CODE: Code = Code::new("D0000", "for this test");

    #[test]
    fn a_diagnostic_shows_its_line_and_what_to_write() {
        let source = Source::new("a.yaml", "steps:\n  - cal: orders.get\n");
        let diagnostic = Diagnostic::error(CODE, Span::new(&source, 11..14), "unknown key `cal`")
            .mark("not a key of a step")
            .help("write `call`");
        insta::assert_snapshot!(diagnostic.render(false), @"
        error[D0000]: unknown key `cal`
         --> a.yaml:2:5
          |
        2 |   - cal: orders.get
          |     ^^^ not a key of a step
          |
          = help: write `call`
        ");
        assert_eq!(diagnostic.to_json()["place"]["line"], 2);
        assert_eq!(diagnostic.span.map(|s| s.place()), Some("a.yaml:2:5".into()));
    }
}

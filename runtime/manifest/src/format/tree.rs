//! The text as a tree of pieces, each with the comments that belong to it.

use dragoman_model::Source;

use super::{Members, item_kind};
use crate::language::Kind;
use crate::yaml::{Comment, Node, NodeKind, Style};

/// A file.
pub(super) struct Tree<'a> {
    pub(super) root: Held<'a>,
    /// Comments behind everything.
    pub(super) closing: Vec<Lead>,
}

/// Something on lines of its own above a piece.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Lead {
    /// A comment, with its `#`.
    Comment(String),
    /// An empty line.
    Blank,
}

/// A member of a mapping or an item of a list.
pub(super) struct Piece<'a> {
    pub(super) leading: Vec<Lead>,
    /// Whether an empty line stood before it and its comments.
    pub(super) blank: bool,
    pub(super) key: Option<Written<'a>>,
    pub(super) held: Held<'a>,
    /// A comment at the end of its first line.
    pub(super) note: Option<String>,
    /// Where it belongs among the others.
    rank: usize,
}

/// A scalar as it was written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Written<'a> {
    pub(super) text: &'a str,
    pub(super) style: Style,
    /// With its quotes; of a text behind `|` or `>` the lines below, with their indentation.
    pub(super) raw: &'a str,
}

/// What a piece holds.
pub(super) enum Held<'a> {
    Scalar(Written<'a>),
    Several(Several<'a>),
}

/// A mapping or a list.
pub(super) struct Several<'a> {
    pub(super) is_map: bool,
    /// Whether it stood in brackets.
    pub(super) flow: bool,
    /// Whether comments stand inside it.
    pub(super) commented: bool,
    /// The steps of the pipeline itself: between them there always is an empty line.
    pub(super) airy: bool,
    pub(super) pieces: Vec<Piece<'a>>,
    /// Comments behind the last piece.
    pub(super) closing: Vec<Lead>,
}

impl<'a> Tree<'a> {
    pub(super) fn of(source: &'a Source, node: &'a Node, kind: Kind, comments: &'a [Comment]) -> Self {
        let mut builder = Builder {
            text: &source.text,
            comments,
            next: 0,
            at: 0,
        };
        let mut root = builder.held(node, kind, usize::MAX);
        if let Held::Several(several) = &mut root {
            for piece in &mut several.pieces {
                if let (Some("steps"), Held::Several(steps)) = (piece.key.map(|k| k.text), &mut piece.held) {
                    steps.airy = true;
                }
            }
        }
        let closing = builder.leads(usize::MAX, 0).1;
        Tree { root, closing }
    }
}

/// Goes through the text once, handing out comments.
struct Builder<'a> {
    text: &'a str,
    comments: &'a [Comment],
    /// The next comment that belongs to nothing yet.
    next: usize,
    /// The end of what was seen.
    at: usize,
}

impl<'a> Builder<'a> {
    /// The comments before a place, and whether an empty line stands before them. Those that begin left of a column are
    /// left to somebody further out.
    fn leads(&mut self, until: usize, column: usize) -> (bool, Vec<Lead>) {
        let mut leads = Vec::new();
        let mut blank = None;
        while let Some(comment) = self.comments.get(self.next) {
            if comment.start >= until || (comment.own_line && comment.column < column) {
                break;
            }
            if self.empty_line(comment.start) {
                if blank.is_none() {
                    blank = Some(true);
                } else if !leads.is_empty() {
                    leads.push(Lead::Blank);
                }
            }
            blank.get_or_insert(false);
            leads.push(Lead::Comment(comment.text.clone()));
            self.at = comment.start + comment.text.len();
            self.next += 1;
        }
        if until != usize::MAX && self.empty_line(until) {
            match blank {
                None => blank = Some(true),
                Some(_) => leads.push(Lead::Blank),
            }
        }
        (blank.unwrap_or(false), leads)
    }

    /// Whether there is an empty line between what was seen and a place.
    fn empty_line(&self, until: usize) -> bool {
        let between = self.text.get(self.at..until.min(self.text.len())).unwrap_or("");
        between.matches('\n').count() >= 2
    }

    /// A comment behind something on its line.
    fn note(&mut self, until: usize) -> Option<String> {
        let comment = self.comments.get(self.next)?;
        let between = self.text.get(self.at..comment.start)?;
        if comment.own_line || comment.start >= until || between.contains('\n') {
            return None;
        }
        self.next += 1;
        self.at = comment.start + comment.text.len();
        Some(comment.text.clone())
    }

    fn held(&mut self, node: &'a Node, kind: Kind, limit: usize) -> Held<'a> {
        match &node.kind {
            NodeKind::Scalar(scalar) => {
                let range = node.span.range.clone();
                let mut raw = &self.text[range.clone()];
                self.at = self.at.max(range.start + raw.trim_end().len());
                if is_block(scalar.style) {
                    raw = &self.text[range.start - column(self.text, range.start)..range.end];
                }
                Held::Scalar(Written {
                    text: &scalar.text,
                    style: scalar.style,
                    raw,
                })
            }
            NodeKind::Refused => Held::Scalar(Written {
                text: "",
                style: Style::Plain,
                raw: "",
            }),
            NodeKind::Sequence(items) => {
                let inner = item_kind(kind);
                let items = items.iter().map(|item| (None, item, inner, 0));
                self.several(node, false, items.collect(), limit)
            }
            NodeKind::Mapping(mapping) => {
                let members = Members::of(kind, node);
                let entries = mapping.entries.iter().map(|entry| {
                    let key = &entry.key;
                    let raw = &self.text[key.span.range.clone()];
                    let style = match raw.chars().next() {
                        Some('"') => Style::Double,
                        Some('\'') => Style::Single,
                        _ => Style::Plain,
                    };
                    let written = Written {
                        text: &key.value,
                        style,
                        raw,
                    };
                    let place = Some((written, key.span.range.clone()));
                    (
                        place,
                        &entry.value,
                        members.of_member(&key.value),
                        members.rank(&key.value),
                    )
                });
                let entries = entries.collect();
                self.several(node, true, entries, limit)
            }
        }
    }

    fn several(&mut self, node: &'a Node, is_map: bool, parts: Vec<Part<'a>>, limit: usize) -> Held<'a> {
        let range = node.span.range.clone();
        let flow = self.text[range.clone()].starts_with(['{', '[']);
        let column = if flow { 0 } else { column(self.text, range.start) };
        let inside = self.comments[self.next..]
            .iter()
            .any(|c| c.start < range.end && c.start > range.start);
        if flow {
            self.at = self.at.max(range.start + 1);
        }
        let starts: Vec<usize> = parts
            .iter()
            .map(|p| p.0.as_ref().map_or(p.1.span.range.start, |k| k.1.start))
            .collect();
        let mut pieces = Vec::new();
        for (index, (key, value, kind, rank)) in parts.into_iter().enumerate() {
            let end = if flow { range.end } else { limit };
            let until = starts.get(index + 1).copied().unwrap_or(end);
            let (blank, leading) = self.leads(starts[index], 0);
            if let Some((_, place)) = &key {
                self.at = place.end;
            }
            let (held, note) = self.noted(value, kind, until);
            pieces.push(Piece {
                leading,
                blank,
                key: key.map(|k| k.0),
                held,
                note,
                rank,
            });
        }
        let mut closing = Vec::new();
        if flow {
            closing = self.leads(range.end, 0).1;
            self.at = self.at.max(range.end);
        } else if limit != usize::MAX || column > 0 {
            closing = self.closing(limit, column);
        }
        closing.retain(|lead| *lead != Lead::Blank);
        pieces.sort_by_key(|p| p.rank);
        Held::Several(Several {
            is_map,
            flow,
            commented: inside,
            airy: false,
            pieces,
            closing,
        })
    }

    /// What a piece holds, and the comment on its first line.
    fn noted(&mut self, value: &'a Node, kind: Kind, until: usize) -> (Held<'a>, Option<String>) {
        // A comment behind a key, or behind the header of a text of several lines, stands before the value's end.
        let below = match &value.kind {
            NodeKind::Scalar(scalar) => is_block(scalar.style),
            _ => !self.is_flow(value),
        };
        let before = if below { self.note(value.span.range.end) } else { None };
        let held = self.held(value, kind, until);
        let note = before.or_else(|| self.note(until));
        (held, note)
    }

    /// Comments behind the last piece that stand at least as far to the right as it.
    fn closing(&mut self, limit: usize, column: usize) -> Vec<Lead> {
        let mut leads = Vec::new();
        while let Some(comment) = self.comments.get(self.next) {
            if comment.start >= limit || !comment.own_line || comment.column < column {
                break;
            }
            leads.push(Lead::Comment(comment.text.clone()));
            self.at = comment.start + comment.text.len();
            self.next += 1;
        }
        leads
    }

    fn is_flow(&self, node: &Node) -> bool {
        self.text[node.span.range.clone()].starts_with(['{', '['])
    }
}

/// A key and its place, the value, what it is, and where it belongs.
type Part<'a> = (Option<(Written<'a>, std::ops::Range<usize>)>, &'a Node, Kind, usize);

fn is_block(style: Style) -> bool {
    matches!(style, Style::Literal | Style::Folded)
}

/// The column of a place, from 0.
fn column(text: &str, at: usize) -> usize {
    at - text[..at].rfind('\n').map_or(0, |line| line + 1)
}

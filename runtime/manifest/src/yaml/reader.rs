//! From the parser's events to the tree, within bounds.

use std::collections::HashMap;
use std::sync::Arc;

use dragoman_model::{Diagnostic, Source, Span};
use serde_saphyr::granit_parser::{self, Event, Parser, ScalarStyle, StructureStyle};

use super::node::{Entry, Mapping, Node, NodeKind, Scalar, Style};
use super::refusals::{self, is_cut};
use super::{OffsetMap, scan_error};
use crate::{LONGEST_TEXT, Spanned, codes};

/// The most nodes.
const MOST_NODES: usize = 100_000;
/// The deepest nesting.
const DEEPEST: usize = 60;
/// So many diagnostics are enough.
const MOST_DIAGNOSTICS: usize = 200;

/// Reads one document. Where the text is not YAML at all there is no node.
pub(crate) fn read(source: &Arc<Source>) -> (Option<Node>, Vec<Diagnostic>) {
    if source.text.len() > LONGEST_TEXT {
        let mib = LONGEST_TEXT >> 20;
        let message = format!("the text has more than {LONGEST_TEXT} bytes ({mib} MiB)");
        let diagnostic = Diagnostic::error(codes::TOO_LARGE, Span::new(source, 0..0), message);
        return (None, vec![diagnostic.help("split it into several files")]);
    }
    let options = granit_parser::options! { emit_unresolved_aliases: true };
    let parser = Parser::new_from_str_with_options(&source.text, options);
    let mut reader = Reader {
        source,
        parser,
        nodes: 0,
        braces: 0,
        diagnostics: Vec::new(),
    };
    match reader.document() {
        Ok(node) => (node, reader.diagnostics),
        Err(Stop) => (None, reader.diagnostics),
    }
}

/// Reading cannot go on; why is among the diagnostics.
pub(super) struct Stop;

type Parsed<'a> = (Event<'a>, granit_parser::Span);

pub(super) struct Reader<'a> {
    pub(super) source: &'a Arc<Source>,
    parser: Parser<'a, granit_parser::StrInput<'a>>,
    nodes: usize,
    /// So many `{` and `[` are open.
    braces: usize,
    pub(super) diagnostics: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Option<Node>, Stop> {
        let mut root = None;
        loop {
            let (event, span) = self.next()?;
            match event {
                Event::StreamEnd => break,
                Event::StreamStart | Event::DocumentEnd => {}
                Event::DocumentStart(..) if root.is_some() => {
                    // Of the first one nothing is said: what it lacks may stand in the second.
                    let text = "a second document begins here";
                    let diagnostic = Diagnostic::error(codes::DOCUMENTS, self.span(&span), text);
                    self.diagnostics = vec![
                        diagnostic
                            .help("write it to a file of its own; where it belongs to the first, take `---` away"),
                    ];
                    return Err(Stop);
                }
                Event::DocumentStart(..) => {}
                event => root = Some(self.node((event, span), 0)?),
            }
        }
        if root.is_none() && self.diagnostics.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(codes::DOCUMENTS, Span::new(self.source, 0..0), "the text says nothing")
                    .help("a file begins with `dragoman: 1`"),
            );
        }
        Ok(root)
    }

    /// The next event that is not a comment.
    fn next(&mut self) -> Result<Parsed<'a>, Stop> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok(parsed)) => return Ok(parsed),
                Some(Err(error)) => {
                    self.diagnostics.push(scan_error::diagnostic(self.source, &error));
                    return Err(Stop);
                }
                None => return Ok((Event::StreamEnd, granit_parser::Span::default())),
            }
        }
    }

    fn node(&mut self, (event, at): Parsed<'a>, depth: usize) -> Result<Node, Stop> {
        self.count(&at, depth)?;
        let span = self.span(&at);
        let tag = at.tag_span().or_else(|| at.tag_start().map(granit_parser::Span::empty));
        if let Some(tag) = tag {
            self.refuse_tag(&tag, &span)?;
        }
        let refused = Ok(Node {
            kind: NodeKind::Refused,
            span: span.clone(),
        });
        match event {
            Event::Scalar(text, style, anchor, _) => {
                self.refuse_anchor(anchor, &span)?;
                if tag.is_some() {
                    refused
                } else {
                    Ok(self.scalar(&text, style, span))
                }
            }
            Event::SequenceStart(style, anchor, _) => {
                self.refuse_anchor(anchor, &span)?;
                self.inside(style, |reader| reader.sequence(style, span, depth))
            }
            Event::MappingStart(style, anchor, _) => {
                self.refuse_anchor(anchor, &span)?;
                self.inside(style, |reader| reader.mapping(style, span, depth))
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let text = &self.source.text[span.range.clone()];
                // Where a duration or something else that is never text stands, quotes would lead to the next mistake.
                let help = match refusals::takes_text(&self.source.text[..span.range.start]) {
                    true => format!("write the value again, or quote the text: `\"{text}\"`"),
                    false => "write the value again".to_owned(),
                };
                self.report(
                    Diagnostic::error(codes::YAML_FEATURE, span, "an alias of YAML is not taken here").help(help),
                )?;
                refused
            }
            _ => refused,
        }
    }

    /// Reads what stands in a list or a mapping, in braces or not.
    fn inside<R>(&mut self, style: StructureStyle, read: impl FnOnce(&mut Self) -> R) -> R {
        let braces = usize::from(style == StructureStyle::Flow);
        self.braces += braces;
        let all = read(self);
        self.braces -= braces;
        all
    }

    fn scalar(&self, text: &str, style: ScalarStyle, span: Span) -> Node {
        let style = match style {
            ScalarStyle::Plain => Style::Plain,
            ScalarStyle::SingleQuoted => Style::Single,
            ScalarStyle::DoubleQuoted => Style::Double,
            ScalarStyle::Literal => Style::Literal,
            ScalarStyle::Folded => Style::Folded,
        };
        let offsets = OffsetMap::of(text, style, &self.source.text, span.range.start, span.range.end);
        Node {
            kind: NodeKind::Scalar(Scalar {
                text: text.into(),
                style,
                offsets,
                in_braces: self.braces > 0,
            }),
            span,
        }
    }

    fn sequence(&mut self, style: StructureStyle, begin: Span, depth: usize) -> Result<Node, Stop> {
        let mut items: Vec<Node> = Vec::new();
        let end = loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::SequenceEnd) {
                break self.span(&at).range.end;
            }
            let item = self.node((event, at), depth + 1)?;
            if style == StructureStyle::Flow
                && let Some(before) = items.last()
                && is_cut(before)
            {
                self.cut_by_comma(&before.span.range.clone(), &item.span)?;
                if let Some(before) = items.last_mut() {
                    before.kind = NodeKind::Refused;
                }
                continue;
            }
            items.push(item);
        };
        let span = self.extent(style, &begin, end, items.last().map(|i| i.span.range.end));
        Ok(Node {
            kind: NodeKind::Sequence(items),
            span,
        })
    }

    fn mapping(&mut self, style: StructureStyle, begin: Span, depth: usize) -> Result<Node, Stop> {
        let mut mapping = Mapping::default();
        let mut seen = HashMap::new();
        let mut foreign = false;
        let end = loop {
            let (event, at) = self.next()?;
            if matches!(event, Event::MappingEnd) {
                break self.span(&at).range.end;
            }
            let mut key = self.node((event, at), depth + 1)?;
            let value = self.next()?;
            let mut value = self.node(value, depth + 1)?;
            if style == StructureStyle::Block {
                foreign |= self.space_behind_dash(&key)?;
                self.space_behind_colon(&mut key, &mut value)?;
            }
            if style == StructureStyle::Flow && matches!(key.kind, NodeKind::Mapping(_) | NodeKind::Refused) {
                foreign |= self.foreign_braces(&begin, &key)?;
            }
            if !foreign {
                self.entry(style, &begin, (&mut mapping, &mut seen), key, value)?;
            }
        };
        let span = self.extent(
            style,
            &begin,
            end,
            mapping.entries.last().map(|e| e.value.span.range.end),
        );
        let kind = if foreign {
            NodeKind::Refused
        } else {
            NodeKind::Mapping(mapping)
        };
        Ok(Node { kind, span })
    }

    fn entry(
        &mut self,
        style: StructureStyle,
        begin: &Span,
        (mapping, seen): (&mut Mapping, &mut HashMap<String, Span>),
        key: Node,
        value: Node,
    ) -> Result<(), Stop> {
        let NodeKind::Scalar(scalar) = &key.kind else {
            if matches!(key.kind, NodeKind::Refused) {
                return Ok(());
            }
            let message = format!("a key is {}, not text", key.describe());
            return self.report(
                Diagnostic::error(codes::WRONG_TYPE, key.span, message)
                    .help("where this was meant as a text that begins with `{` or `[`, quote it"),
            );
        };
        let name = scalar.text.clone();
        if style == StructureStyle::Flow && value.is_null() && !self.has_colon_behind(&key.span.range) {
            return self.without_value(begin, mapping, key, name);
        }
        if name == "<<" && scalar.style == Style::Plain {
            return self.report(
                Diagnostic::error(codes::YAML_FEATURE, key.span, "a merge key of YAML is not taken here")
                    .help("write the keys out"),
            );
        }
        if let Some(first) = seen.get(&name) {
            let diagnostic = Diagnostic::error(
                codes::DUPLICATE_KEY,
                key.span,
                format!("the key `{name}` is here twice"),
            )
            .mark("again")
            .label(first.clone(), "first here")
            .help("take one of the two away");
            return self.report(diagnostic);
        }
        seen.insert(name.clone(), key.span.clone());
        mapping.entries.push(Entry {
            key: Spanned::new(name, key.span),
            value,
        });
        Ok(())
    }

    fn count(&mut self, at: &granit_parser::Span, depth: usize) -> Result<(), Stop> {
        self.nodes += 1;
        let message = if depth > DEEPEST {
            format!("nested more than {DEEPEST} deep")
        } else if self.nodes > MOST_NODES {
            format!("more than {MOST_NODES} values")
        } else {
            return Ok(());
        };
        self.diagnostics
            .push(Diagnostic::error(codes::TOO_LARGE, self.span(at), message).help("split it into several files"));
        Err(Stop)
    }

    /// Adds a diagnostic. Of what YAML has and is not taken here, each kind is said once: the others go with it.
    pub(super) fn report(&mut self, diagnostic: Diagnostic) -> Result<(), Stop> {
        let again = |said: &&mut Diagnostic| said.code == codes::YAML_FEATURE && said.message == diagnostic.message;
        if diagnostic.code == codes::YAML_FEATURE
            && let Some(said) = self.diagnostics.iter_mut().find(again)
        {
            const MORE: &str = "there are more of them behind it";
            if !said.help.iter().any(|help| help == MORE) {
                said.help.push(MORE.into());
            }
            return Ok(());
        }
        self.diagnostics.push(diagnostic);
        if self.diagnostics.len() < MOST_DIAGNOSTICS {
            Ok(())
        } else {
            Err(Stop)
        }
    }

    /// A collection's place: in flow style with its braces; in block style without the white space behind it.
    fn extent(&self, style: StructureStyle, begin: &Span, end: usize, last: Option<usize>) -> Span {
        let end = if style == StructureStyle::Flow {
            end
        } else {
            last.unwrap_or(begin.range.end)
        };
        Span::new(self.source, begin.range.start..end.max(begin.range.start))
    }

    pub(super) fn span(&self, at: &granit_parser::Span) -> Span {
        let offset = |marker: &granit_parser::Marker| marker.byte_offset().unwrap_or(0).min(self.source.text.len());
        let (start, end) = (offset(&at.start), offset(&at.end));
        Span::new(self.source, start..end.max(start))
    }
}
